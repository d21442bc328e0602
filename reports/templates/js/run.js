// The run: what it was made with, and how to make it again.
pages.run = {
  title: "Run",
  async render(main) {
    const run = await json("run");
    put(main, [h("h1", null, "The run"),
      facts([
        ["suite", bdi(first.suite)], ["harness", run.harness], ["page written by", run.page], ["seeds", run.seeds.join(", ")],
        ["limit", run.limit ? `the first ${run.limit} examples only` : "none"], ["commit", run.commit && h("code", null, run.commit)],
        ["machine", `${run.machine.os}, ${run.machine.arch}, ${run.machine.processor}, ${run.machine.cores} cores`], ["signature", h("code", null, bdi(first.signature))],
      ]),
      h("section", null, h("h2", null, "Make it again"), h("p", null, "At the same commit, with the same data (hashes below):"), h("pre", { class: "command" }, run.command),
        h("p", { class: "quiet" }, "Finished cells are not run again; the same seeds give the same bytes.")),
      h("section", null, h("h2", null, "Data"), table({
        caption: "SHA-256 of the prepared examples", quiet: true, cls: "wide", head: [{ label: "task", sort: true }, { label: "sha256" }],
        rows: Object.entries(run.data).map(([t, x]) => [bdi(t), h("code", null, x)]),
      })),
      h("section", null, h("h2", null, "Cells"), table({
        caption: "Every cell: one model, task, protocol and seed", quiet: true, cls: "wide",
        head: [{ label: "model", sort: true }, { label: "task", sort: true }, { label: "protocol", sort: true }, { label: "seed", num: true, sort: true }, { label: "state", sort: true }, { label: "key" }, { label: "plugin" }],
        rows: run.cells.map((c) => [modelLink(c.model), c.task, c.protocol, c.seed, c.reason ? bdi(c.reason) : "done", h("code", { title: c.key }, c.key.slice(0, 12)), h("span", { class: "small" }, bdi(c.plugin))]),
      })),
      leftOut()]);
  },
};
