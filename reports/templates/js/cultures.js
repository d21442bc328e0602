// Models by cultures, how unequal they fare, and a map of tiles where a culture is a country.
pages.cultures = {
  title: "Cultures",
  async render(main, params) {
    put(main, h("h1", null, "Cultures"));
    const able = first.leads.filter((l) => l.ranking.length);
    if (!able.length) return void main.append(emptyNote("No model has a score."));
    // Countries and official data first, then where most models are.
    const rank = (l) => (benchmarkOf.get(l.benchmark).culture === "country") * 1000 + !l.sample * 500 + l.ranking.length;
    const id = (l) => `${l.benchmark} ${l.protocol}`;
    const leads = await json("leads");
    const withCultures = able.filter((l) => leads.some((c) => c.benchmark === l.benchmark && c.protocol === l.protocol));
    if (!withCultures.length) return void main.append(emptyNote("No benchmark of this run is broken down by culture."));
    const lead = withCultures.find((l) => id(l) === params.get("of")) || [...withCultures].sort((x, y) => rank(y) - rank(x))[0];
    const b = benchmarkOf.get(lead.benchmark);
    main.append(h("div", { class: "fields" }, picker("Benchmark and protocol", withCultures.map((l) => [id(l), `${titleOf(l.benchmark)} · ${l.protocol}`]), id(lead), (of) => go("cultures", { of }), { id: "of" })));
    if (lead.sample) main.append(h("p", null, sampleTag(), " Computed on synthetic data; it says nothing about these cultures."));
    const rows = await scoresOf(lead.benchmark);
    const cells = first.cells.filter((c) => c.benchmark === lead.benchmark && c.protocol === lead.protocol && c.score);
    const own = (cell) => rows.filter((r) => r.model === cell.model && r.protocol === cell.protocol && r.variant === cell.variant && r.metric === cell.score.metric);
    const names = leads.filter((l) => l.benchmark === lead.benchmark && l.protocol === lead.protocol).map((l) => [l.culture, l.name]);
    main.append(heat(lead, b, cells, own, names));
    main.append(gaps(cells, own, b));
    if (b.culture === "country") main.append(tileMap(cells, own, names, params, (model) => go("cultures", { of: id(lead), model })));
  },
};

function heat(lead, b, cells, own, names) {
  const values = cells.flatMap((c) => own(c).filter((r) => r.kind === "culture").map((r) => parseFloat(r.score)));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return h("section", null, h("h2", null, `Scores by ${b.culture}`),
    table({
      caption: `Models by ${b.culture}: ${b.title}, ${lead.protocol}`, quiet: true, cls: `matrix${names.length > 16 ? " dense" : ""}`,
      head: [{ label: "model", sort: true }, ...names.map(([tag, name]) => ({ label: h("span", { class: names.length > 7 ? "turned" : null, title: tag }, bdi(name)), num: true, sort: true }))],
      rows: cells.map((c) => {
        const found = new Map(own(c).filter((r) => r.kind === "culture").map((r) => [r.name, r]));
        return [modelLink(c.model), ...names.map(([tag]) => {
          const r = found.get(tag);
          if (!r) return { cell: "–", sort: "none" };
          return { cell: h("span", { class: "heat", style: shade((parseFloat(r.score) - low) / (high - low || 1)), title: hint(r) }, r.score), sort: r.score };
        })];
      }),
    }),
    h("p", { class: "quiet" }, `${capital(b.metric_name)}, percent; darker is higher within this table. Hover a cell for its interval, its n, the interval that holds for all at once, and the empirical-Bayes value; the model's page lists them all.`));
}

// Interval, n, and what the culture is worth among the others.
function hint(r) {
  const a = r.among || {};
  const parts = [`${ends(r)}, n = ${r.n}`];
  if (a.simultaneous_low) parts.push(`all cultures at once [${a.simultaneous_low}, ${a.simultaneous_high}]`);
  if (a.shrunken) parts.push(`empirical Bayes ${a.shrunken}`);
  return parts.join("; ");
}

function gaps(cells, own, b) {
  const names = b.cultures || {};
  const name = (tag) => names[tag] || tag;
  const of = (c, kind) => own(c).find((r) => r.kind === kind);
  const rows = cells.filter((c) => of(c, "culture-gap")).map((c) => {
    const [gap, worst] = [of(c, "culture-gap"), of(c, "worst-culture")];
    return [modelLink(c.model), c.score.value, gap.score, ends(gap), bar(gap.score, gap, [0, 100], 0), `${name(gap.name)} → ${name(gap.value)}`, gap.gap ? `${gap.gap.best_n} / ${gap.gap.worst_n}` : "–", gap.gap ? gap.gap.if_equal : "–", gap.gap ? gap.gap.p_equal : "–", worst ? worst.score : "–", worst ? ends(worst) : "–", worst ? name(worst.name) : "–"];
  });
  if (!rows.length) return h("span");
  return h("section", null, h("h2", null, "How unequal do they fare?"), table({
    caption: `Gap from the best to the worst ${b.culture}, and the worst one; points and percent with ${first.confidence} % intervals`,
    head: [{ label: "model", sort: true }, { label: "score", num: true, sort: true }, { label: "gap", num: true, sort: true }, { label: "interval", num: true }, { label: "0 to 100" }, { label: "from best to worst" }, { label: "n of both", num: true }, { label: "gap if equal", num: true, sort: true }, { label: "p equal", num: true, sort: true }, { label: "worst", num: true, sort: true }, { label: "interval", num: true }, { label: b.culture }],
    rows,
  }), h("p", { class: "quiet" }, `Only those with at least ten independent examples are compared. "Gap if equal" is the gap that such groups would show on average if the model were equally good on all of them; "p equal" tests that it is. The intervals hold whichever ${b.culture} is the best and the worst.`));
}
