// A page for each benchmark.
pages.benchmarks = {
  title: "Benchmarks",
  async render(main, params) {
    const b = benchmarkOf.get(params.get("name"));
    if (!b) return void benchmarkList(main);
    const about = (await json("benchmarks"))[b.name];
    const { dataset } = about;
    put(main, [h("p", { class: "crumbs" }, link("benchmarks", {}, "All benchmarks")), h("h1", null, bdi(b.title), " ", b.data === "sample" ? sampleTag() : null),
      dataset ? h("p", { class: "lede" }, bdi(dataset.summary)) : null,
      dataset?.warning ? h("p", { class: "warning" }, h("strong", null, "Content warning: "), bdi(dataset.warning)) : null]);
    main.append(h("section", null, h("h2", null, "Source"), facts([
      ["metric", b.metric],
      ["data used", b.data === "official" ? "official data" : b.data === "sample" ? ["SAMPLE: the project's own synthetic data. ", bdi(b.because)] : bdi(b.because)],
      b.references.length && ["reference lines", b.references.map((line, i) => [i ? ", " : "", bdi(line.name), ` ${line.value}`])],
      ["license", bdi(b.license)],
      dataset && ["paper", bdi(dataset.paper)],
      dataset && ["homepage", bdi(dataset.homepage)],
      dataset && ["how to get them", dataset.status],
      about.parts?.length ? ["mean of", about.parts.map((p, i) => [i ? ", " : "", benchmarkLink(p)])] : null,
      about.only?.length ? ["only", about.only.join(", ")] : null,
      ["hash of the examples", b.sha256.map((x) => h("code", null, x))],
    ]),
    dataset ? h("details", null, h("summary", null, "How to cite"), h("pre", null, dataset.citation)) : null,
    b.notes.length ? [h("h3", null, "Noted about the data"), h("ul", null, b.notes.map((n) => h("li", null, bdi(n))))] : null));
    for (const task of about.tasks) main.append(taskSection(task));
    const tasks = new Set(about.tasks.map((t) => t.name));
    const curves = (await json("training")).filter((c) => tasks.has(c.task));
    if (curves.length) main.append(h("section", null, h("h2", null, "Training"), curves.map((c) => [h("h3", null, bdi(c.title)), drawing(c.drawing)])));
    const lead = first.leads.filter((l) => l.benchmark === b.name);
    if (lead.length) main.append(h("section", null, h("h2", null, "Who leads"), lead.map((l) => [h("p", { class: "sentence" }, badge(l.level), " ", bdi(l.sentence)), rankingOf(l)])));
  },
};

function benchmarkList(main) {
  put(main, [h("h1", null, "Benchmarks"), table({
    caption: "All benchmarks of the run", quiet: true, cls: "wide",
    head: [{ label: "benchmark", sort: true }, { label: "metric", sort: true }, { label: "data", sort: true }, { label: "n", num: true, sort: true }, { label: "license" }, { label: "noted" }],
    rows: first.benchmarks.map((b) => [benchmarkLink(b.name), b.metric, b.data === "sample" ? sampleTag() : b.data, b.n || "varies", h("span", { class: "small" }, bdi(b.license)), h("span", { class: "small" }, b.notes.map((n) => h("span", { class: "note" }, bdi(n))))]),
  })]);
}

function taskSection(task) {
  const { data } = task;
  const section = h("section", null, h("h2", null, bdi(task.title || task.name)), task.question ? h("p", null, bdi(task.question)) : null);
  if (!data) {
    put(section, emptyNote("The prepared data are not on the machine that wrote this page, so their counts are not here."));
    return section;
  }
  const { overlap, leaks, chars } = data;
  put(section, [
    facts([
      ["examples", [data.examples, ` (${data.parts.map((p) => `${p.name} ${p.examples}`).join(", ")})`]],
      ["independent clusters", data.clusters],
      ["upstream rows", `${data.rows.read} read, ${data.rows.skipped} skipped, ${data.rows.dropped} dropped`],
      ["length of the texts", `${chars.min} to ${chars.max} characters, median ${chars.median}, mean ${chars.mean}`],
      ["overlap", `${overlap.test_texts_in_train} test texts and ${overlap.test_clusters_in_train} test clusters are also in train; ${overlap.valid_texts_in_train} valid texts are also in train`],
      ["twins in test", `${leaks.repeated} test examples have the text and culture of another one; ${leaks.contradicted} of them a twin with another label`],
      ["labels in the texts", `${leaks.own_label_in_text} test texts name their own label, ${leaks.other_label_in_text} another one`],
    ]),
    balance(task, data),
    agreement(task, data.votes),
    h("details", null, h("summary", null, "Files"), table({
      caption: "Upstream files", quiet: true, cls: "wide",
      head: [{ label: "source" }, { label: "file" }, { label: "bytes", num: true }, { label: "sha256" }, { label: "checked against" }],
      rows: data.sources.map((f) => [f.id, bdi(f.file), f.bytes, h("code", null, f.sha256), f.verified]),
    })),
  ]);
  return section;
}

// Examples by part, culture and label, as they were counted.
function balance(task, data) {
  const labels = data.labels.length <= 12 ? data.labels : null;
  if (!labels) return h("p", { class: "quiet" }, `${data.labels.length} labels: too many for a table.`);
  const rows = Object.entries(data.counts).flatMap(([part, cultures]) => Object.entries(cultures).map(([c, counts]) => [part, task.names?.[c] || c, ...labels.map((l) => counts[l] || 0)]));
  const most = Math.max(1, ...rows.flatMap((r) => r.slice(2)));
  return [h("h3", null, "Balance of the labels"), table({
    caption: "Examples by part, culture and label", quiet: true, cls: "matrix",
    head: [{ label: "part", sort: true }, { label: task.culture || "culture", sort: true }, ...labels.map((l) => ({ label: bdi(l), num: true, sort: true }))],
    rows: rows.map(([p, c, ...n]) => [p, bdi(c), ...n.map((x) => ({ cell: h("span", { class: "heat", style: shade(x / most) }, x), sort: x }))]),
  })];
}

// What the votes of several annotators leave a model to know.
function agreement(task, votes) {
  if (!votes) return null;
  return [h("h3", null, "How far people agree"),
    h("p", null, `${votes.votes} votes on ${votes.items} items, mostly ${votes.panel} an example. Percentages have 95 % intervals by item. The ceiling is the accuracy of someone who knows which share of people would vote for the label; few votes an item allow more than one ceiling.`),
    table({
      caption: "Agreement of annotators, and the best possible accuracy", quiet: true, cls: "wide",
      head: [{ label: task.culture || "culture", sort: true }, { label: "examples", num: true }, { label: "Krippendorff's alpha", num: true }, { label: "one annotator against the others", num: true }, { label: "a second panel", num: true }, { label: "ceiling", num: true }, ...votes.splits.map((split) => ({ label: `ceiling on ${split}`, num: true })), { label: "votes allow", num: true }],
      rows: votes.rows.map((r) => [r.culture ? bdi(task.names?.[r.culture] || r.culture) : "mean", r.examples, r.alpha, r.one, r.panel, r.ceiling, ...r.on, r.allowed]),
    }),
    h("ul", null, votes.sentences.map((x) => h("li", null, bdi(x))))];
}
