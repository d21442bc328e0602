// A page for each model.
pages.models = {
  title: "Models",
  async render(main, params) {
    const model = modelOf.get(params.get("name"));
    if (!model) return void modelList(main);
    const { card, answered } = (await json("models"))[model.name] || {};
    put(main, [h("p", { class: "crumbs" }, link("models", {}, "All models")), h("h1", null, bdi(model.title)), h("p", { class: "lede" }, bdi(model.description))]);
    main.append(h("div", { class: "two" },
      h("section", null, h("h2", null, "Card"), card ? facts([["name", bdi(model.name)], ...card.map(({ name, value }) => [name, name === "config" ? h("pre", null, value) : bdi(value)])]) : emptyNote("The run has no card of it.")),
      h("section", null, h("h2", null, "Known overlap of training data"), model.contamination.length ? h("ul", null, model.contamination.map((c) => h("li", null, titleOf(c.benchmark), ": ", bdi(c.why)))) : h("p", null, "None known."),
        model.imported.length ? h("p", null, `Answers imported from ${model.imported.join(", ")}; it was not asked here.`) : null,
        h("p", null, link("compare", { a: model.name }, "Compare it with another model")))));
    main.append(modelScores(model));
    await breakdown(main, model, params);
    await confusions(main, model, answered || []);
    await cost(main, model);
  },
};

function modelList(main) {
  put(main, [h("h1", null, "Models"), table({
    caption: "All models of the run", quiet: true, cls: "wide",
    head: [{ label: "model", sort: true }, { label: "what it is" }, { label: "scores", num: true, sort: true }],
    rows: first.models.map((m) => {
      const cells = cellsOf(m.name);
      return [modelLink(m.name), [h("strong", null, bdi(m.title)), " ", bdi(m.description)], `${cells.filter((c) => c.score).length} of ${cells.length}`];
    }),
  })]);
}

function modelScores(model) {
  const rows = cellsOf(model.name).map((c) => {
    const b = benchmarkOf.get(c.benchmark);
    const name = [benchmarkLink(c.benchmark), c.sample ? [" ", sampleTag()] : null];
    if (c.reason) return [name, c.protocol || "–", { cell: reasonText(c), sort: "none" }, "", "", "", "", bdi(c.reason.message)];
    const { score, standing } = c;
    return [name, [c.protocol, h("span", { class: "note" }, `${c.served}, ${c.variant}`)], { cell: [score.value, c.mark], sort: score.value }, bar(score.value, score, [0, 100]), score.interval, standing ? `${standing.rank} ${standing.ranks}` : "–", standing?.letters || "–",
      [`${b.metric}; n = ${score.n}; ${score.answered} answered, ${score.unparsable} unparsable, ${score.missing} missing; ${score.clusters} clusters`, score.majority ? `; majority ${score.majority}` : "", c.seeds.length > 1 ? `; seeds ${standing?.of_seeds.join(", ") || c.seeds.join(", ")}` : "", h("span", { class: "note" }, score.method)]];
  });
  return h("section", null, h("h2", null, "Scores"), table({
    caption: `All scores of ${model.name}`, quiet: true, cls: "wide",
    head: [{ label: "benchmark" }, { label: "protocol" }, { label: "score, %", num: true, sort: true }, { label: "0 to 100" }, { label: `${first.confidence} % interval`, num: true }, { label: "rank" }, { label: "letters" }, { label: "details" }],
    rows,
  }));
}

async function breakdown(main, model, params) {
  const able = [...new Set(cellsOf(model.name).filter((c) => c.score).map((c) => c.benchmark))];
  if (!able.length) return;
  const benchmark = able.includes(params.get("benchmark")) ? params.get("benchmark") : able[0];
  const rows = (await scoresOf(benchmark)).filter((r) => r.model === model.name);
  const b = benchmarkOf.get(benchmark);
  const metrics = [...new Set(rows.map((r) => r.metric))];
  const section = h("section", { "aria-labelledby": "groups" }, h("h2", { id: "groups" }, "By culture and group"));
  const state = { metric: b.metric_name, variant: cellsOf(model.name).find((c) => c.benchmark === benchmark && c.score).variant };
  if (!metrics.includes(state.metric)) [state.metric] = metrics;
  const variants = [...new Set(rows.map((r) => r.variant))];
  const holder = h("div");
  const names = b.cultures || {};
  const label = (r) => ({ all: "all examples", "culture-mean": "mean over cultures", culture: names[r.name] || r.name, group: `${r.name}: ${r.value || "none"}`, "culture-gap": `gap, ${names[r.name] || r.name} to ${names[r.value] || r.value}`, "worst-culture": `worst, ${names[r.name] || r.name}` }[r.kind]);
  const draw = () => replace(holder, table({
    caption: `${state.metric} of ${model.name} on ${b.title}, ${state.variant}`, quiet: true,
    head: [{ label: "what", sort: true }, { label: "protocol" }, { label: "score, %", num: true, sort: true }, { label: "0 to 100" }, { label: `${first.confidence} % interval`, num: true }, { label: "all at once", num: true }, { label: "empirical Bayes", num: true, sort: true }, { label: "n", num: true, sort: true }, { label: "without answer", num: true }],
    rows: rows.filter((r) => r.metric === state.metric && r.variant === state.variant).map((r) => [bdi(label(r)), r.protocol, r.score, bar(r.score, r, [0, 100]), ends(r), r.among?.simultaneous_low ? `[${r.among.simultaneous_low}, ${r.among.simultaneous_high}]` : "–", r.among?.shrunken || "–", r.gap ? `${r.gap.best_n} / ${r.gap.worst_n}` : r.n, r.unparsable + r.missing]),
  }));
  put(section, [h("div", { class: "fields" },
    picker("Benchmark", able.map((n) => [n, titleOf(n)]), benchmark, (v) => go("models", { name: model.name, benchmark: v }), { id: "of-benchmark" }),
    picker("Metric", metrics.map((m) => [m, m]), state.metric, (v) => { state.metric = v; draw(); }, { id: "of-metric" }),
    variants.length > 1 ? picker("Answers", variants.map((v) => [v, v]), state.variant, (v) => { state.variant = v; draw(); }, { id: "of-variant" }) : null), holder]);
  draw();
  main.append(section);
}

async function confusions(main, model, answered) {
  if (!answered.length) return;
  const curves = await json("calibrations");
  main.append(h("section", null, h("h2", null, "Which answers it gives"), answered.map((a) => {
    const curve = curves[`${a.set} ${model.name} ${a.protocol}`];
    const parts = [];
    if (a.labels) {
      const most = Math.max(1, ...a.confusion.flat());
      parts.push(table({
        caption: `Gold label (rows) and answer (columns)${a.of > 1 ? `, all ${a.of} answers to each example` : ""}`, cls: "matrix",
        head: [{ label: "gold" }, ...[...a.labels, "unparsable", "missing"].map((l) => ({ label: bdi(l), num: true }))],
        rows: a.confusion.map((row, i) => [bdi(a.labels[i]), ...row.map((n, j) => ({ cell: h("span", { class: "heat", style: shade(n / most) }, n, i === j ? said(", right") : null), class: i === j ? "right" : null }))]),
      }));
    } else parts.push(h("p", { class: "quiet" }, "Too many labels for a table of confusions."));
    if (curve) {
      parts.push(h("h4", null, `Calibration: expected error ${a.calibration.ece} points over ${a.calibration.n} answers`), drawing(curve),
        h("details", null, h("summary", null, "The curve as a table"), table({
          caption: "Confidence and accuracy, percent", quiet: true,
          head: [{ label: "confidence" }, { label: "answers", num: true }, { label: "mean confidence", num: true }, { label: "right", num: true }, { label: "interval", num: true }],
          rows: a.calibration.bins.map((b) => [`${b.low}–${b.high}`, b.n, b.confidence, b.accuracy, b.interval ? ends(b.interval) : "–"]),
        })));
    }
    return h("details", { open: answered.length < 4 }, h("summary", null, h("h3", { class: "inline" }, `${a.task} · ${a.protocol}`)), parts);
  })));
}

async function cost(main, model) {
  const rows = (await json("times")).filter((r) => r.model === model.name);
  if (!rows.length) return;
  main.append(h("section", null, h("h2", null, "Cost and time"), table({
    caption: "Seconds and memory of each cell on the machine of the run", quiet: true,
    head: [{ label: "task", sort: true }, { label: "protocol" }, { label: "seed", num: true }, { label: "fit, s", num: true, sort: true }, { label: "predict, s", num: true, sort: true }, { label: "total, s", num: true, sort: true }, { label: "memory, MiB", num: true, sort: true }, { label: "threads", num: true }],
    rows: rows.map((r) => [r.task, r.protocol, r.seed, r.fit, r.predict, r.total, r.memory, r.threads]),
  })));
}
