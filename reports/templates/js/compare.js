// Two models: the paired difference on every benchmark, its test, and the examples on which they differ.
pages.compare = {
  title: "Compare",
  async render(main, params) {
    const names = first.models.map((m) => m.name);
    const [one, other] = defaults(params, names);
    put(main, h("h1", null, "Compare two models"));
    const to = (change) => go("compare", { a: one, b: other, ...change });
    const options = names.map((n) => [n, n]);
    main.append(h("div", { class: "fields" },
      picker("A", options, one, (a) => to({ a }), { id: "model-a" }),
      picker("B", options, other, (b) => to({ b }), { id: "model-b" }),
      h("button", { type: "button", class: "plain", onclick: () => to({ a: other, b: one }) }, "Swap")));
    if (first.comparison.reason) return void main.append(emptyNote(bdi(first.comparison.reason)));
    if (one === other) return void main.append(emptyNote("Pick two different models."));
    const found = (await Promise.all(outcomes.map(async (o, place) => ({ o, place, pair: await pairOf(place, one, other) })))).filter((f) => f.pair);
    if (!found.length) {
      main.append(emptyNote(bdi(one), " and ", bdi(other), " have answered no benchmark by the same protocol, so nothing can be compared."));
      return void main.append(leftOut([one, other]));
    }
    main.append(summary(found, one, other));
    main.append(forest(found, one, other));
    main.append(paragraphs(found));
    const own = h("section", { "aria-labelledby": "by-culture" });
    main.append(own);
    byCulture(own, found, one, other, params.get("benchmark"));
    main.append(leftOut([one, other]));
  },
};

function defaults(params, names) {
  const over = first.comparison.over?.models?.map((m) => m.model) || outcomes[0]?.models || names;
  const one = names.includes(params.get("a")) ? params.get("a") : over[0] || names[0];
  const rest = [...over, ...names].filter((n) => n !== one);
  return [one, names.includes(params.get("b")) ? params.get("b") : rest[0] || one];
}

const verdictOf = (pair, one, other) => ({
  one: [bdi(one), " is better"],
  other: [bdi(other), " is better"],
  equivalent: "equivalent within the margin",
  open: "no significant difference",
}[pair.verdict]);

function summary(found, one, other) {
  const count = (v) => found.filter((f) => f.pair.verdict === v).length;
  const open = found.length - count("one") - count("other");
  return h("p", { class: "lede" }, bdi(one), ` is better on ${count("one")}, `, bdi(other), ` on ${count("other")}; on ${open} of ${found.length} there is no significant difference (which does not make them equal).`);
}

// The largest distance from zero, for a common axis.
function reach(pairs) {
  const far = pairs.flatMap((p) => [p.difference, p.interval?.low ?? 0, p.interval?.high ?? 0]).map((v) => Math.abs(parseFloat(v)));
  return Math.max(1, ...far) * 1.05;
}

// Examples that only A, and only B, has right.
function onlyOne({ discordant, turn: way }) {
  const [ofA, ofB] = [discordant.only_a, discordant.only_b];
  return way === "forward" ? `${ofA} / ${ofB}` : `${ofB} / ${ofA}`;
}

function forest(found, one, other) {
  const most = reach(found.map((f) => f.pair));
  return h("section", null, h("h2", null, "By benchmark"),
    table({
      caption: `${one} minus ${other}, in points, with ${first.confidence} % intervals`, cls: "forest",
      head: [
        { label: "benchmark" }, { label: "A", num: true, sort: true }, { label: "B", num: true, sort: true }, { label: "A − B", num: true, sort: true },
        { label: `${first.confidence} % interval`, num: true }, { label: "← B better · A better →" },
        { label: "corrected p", num: true, sort: true }, { label: "effect" }, { label: "detectable", num: true, note: "with 80 % power, after correction" }, { label: "only A / B right", num: true }, { label: "verdict" },
      ],
      rows: found.map(({ o, pair }) => [
        [benchmarkLink(o.benchmark, o.title), h("span", { class: "note" }, `${o.protocol}, n = ${o.n}`), o.sample ? sampleTag() : null],
        pair.one, pair.other, pair.difference, pair.interval ? ends(pair.interval) : "same answers",
        bar(pair.difference, pair.interval, [-most, most], 0, pair.verdict),
        { cell: pair.corrected, sort: pNumber(pair.corrected), title: `p before correction: ${pair.p}; Benjamini-Hochberg over all benchmarks: ${pair.bh}` },
        pair.effect || "–", pair.detectable || "–",
        pair.discordant ? onlyOne(pair) : "–",
        h("span", { class: `said-${pair.verdict}` }, { one: "▲ ", other: "▼ " }[pair.verdict] || "", verdictOf(pair, one, other)),
      ]),
    }),
    h("p", { class: "quiet" }, first.comparison.families, `; alpha = ${first.comparison.alpha}. "Detectable" is the smallest difference that a sample of this size shows with 80 % power, after correction over the pairs of the benchmark.`),
    h("details", null, h("summary", null, "Which test, and why"), h("ul", null, found.map(({ o }) => h("li", null, h("strong", null, outcomeName(o)), `: ${o.test} (${o.why}). `, h("code", null, o.signature))))));
}

function paragraphs(found) {
  return h("details", null, h("summary", null, "Sentences for a paper"), found.map(({ pair }) => h("p", { class: "prose" }, bdi(pair.text))));
}

function byCulture(section, found, one, other, wanted) {
  const able = found.filter((f) => f.pair.cultures || benchmarkOf.get(f.o.benchmark)?.task);
  if (!able.length) return;
  const pick = able.find((f) => String(f.place) === wanted) || able.find((f) => f.pair.cultures && !f.o.sample) || able.find((f) => f.pair.cultures) || able[0];
  const { o, pair } = pick;
  const both = { a: one, b: other };
  put(section, [h("h2", { id: "by-culture" }, "Where do they differ?"),
    h("div", { class: "fields" }, picker("Benchmark", able.map((f) => [String(f.place), outcomeName(f.o)]), String(pick.place), (benchmark) => go("compare", { ...both, benchmark }), { id: "of-benchmark" }))]);
  if (pair.cultures) {
    const names = benchmarkOf.get(o.benchmark)?.cultures || {};
    const rows = pair.cultures.rows.map((r) => ({ name: r.culture, ...r.difference[pair.turn] }));
    const most = reach(rows);
    put(section, [table({
      caption: `${one} minus ${other} by ${benchmarkOf.get(o.benchmark)?.culture || "culture"}: ${outcomeName(o)}`, cls: "forest",
      head: [{ label: benchmarkOf.get(o.benchmark)?.culture || "culture", sort: true }, { label: "A − B", num: true, sort: true }, { label: `${first.confidence} % interval`, num: true }, { label: "← B better · A better →" }],
      rows: rows.map((r) => [names[r.name] || r.name, r.difference, ends(r.interval), bar(r.difference, r.interval, [-most, most], 0)]),
    }), h("p", { class: "quiet" }, `Does the difference depend on the culture? Corrected p ${pair.cultures.p_corrected}. These intervals are not corrected for the number of cultures.`)]);
  }
  const set = setFor(o.benchmark, o.protocol, one, other);
  if (set < 0) return;
  const list = h("section", { "aria-labelledby": "differ" }, h("h2", { id: "differ" }, "Examples on which they differ"));
  section.append(list);
  exampleList(list, { set, a: one, b: other, protocol: o.protocol, show: "differ", only: benchmarkOf.get(o.benchmark).only }, false);
}

function leftOut(models) {
  const rows = (first.comparison.left_out || []).filter((l) => !models || models.includes(l.model));
  if (!rows.length) return h("span");
  return h("details", null, h("summary", null, `What was not compared, and why (${rows.length})`), table({
    caption: "Not compared", quiet: true, cls: "wide",
    head: [{ label: "model", sort: true }, { label: "benchmark", sort: true }, { label: "protocol" }, { label: "why" }],
    rows: rows.map((l) => [bdi(l.model), titleOf(l.benchmark), l.protocol, bdi(l.reason)]),
  }));
}
