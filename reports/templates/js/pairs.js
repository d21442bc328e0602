// All pairs of one benchmark as a table of p-values, and all benchmarks together.
pages.pairs = {
  title: "All pairs",
  async render(main, params) {
    put(main, h("h1", null, "All pairs"));
    if (first.comparison.reason) return void main.append(emptyNote(bdi(first.comparison.reason)));
    const figures = await json("figures");
    main.append(overSection(figures));
    if (!outcomes.length) return void main.append(leftOut());
    const place = Math.min(outcomes.length - 1, Number(params.get("of")) || 0);
    const o = outcomes[place];
    const { models, pairs } = await json(`pairs-${place}`);
    main.append(h("section", { "aria-labelledby": "one-benchmark" },
      h("h2", { id: "one-benchmark" }, "One benchmark"),
      h("div", { class: "fields" }, picker("Benchmark and protocol", outcomes.map((x, i) => [String(i), outcomeName(x)]), String(place), (of) => go("pairs", { of }), { id: "of" })),
      o.sample ? h("p", null, sampleTag(), " It ranks nothing.") : null,
      h("p", { class: "quiet" }, `n = ${o.n}, ${o.clusters} independent clusters. Test: ${o.test} (${o.why}); ${o.family} hypotheses are corrected together.`),
      o.omnibus ? h("p", { class: "quiet" }, `All models at once: ${o.omnibus.title}, ${o.omnibus.statistic} (df ${o.omnibus.df}), p ${o.omnibus.p}.`) : null,
      h("h3", null, "Corrected p of every pair"),
      matrix(models, pairs, o),
      h("p", { class: "quiet" }, `▲ the row is better, ▼ the column is better, both significant at ${first.comparison.alpha}; darker: smaller p. A large p does not make two models equal.`),
      h("h3", null, "Ranks"),
      drawing(figures[`ranks-${place}`]),
      o.notes.length ? h("ul", { class: "quiet" }, o.notes.map((n) => h("li", null, bdi(n)))) : null));
    main.append(leftOut());
  },
};

function matrix(models, pairs, o) {
  const key = (a, b) => `${a}\u0000${b}`;
  const found = new Map();
  for (const p of pairs) {
    found.set(key(p.a, p.b), [p, "forward"]);
    found.set(key(p.b, p.a), [p, "turned"]);
  }
  const names = models.map((m) => m.model);
  const better = (p, way) => ({ "a-better": way === "forward", "b-better": way === "turned" }[p.verdict] ?? null);
  return table({
    caption: `Corrected p of every pair on ${outcomeName(o)}`, quiet: true, cls: `matrix${names.length > 16 ? " dense" : ""}`,
    head: [{ label: "model" }, ...names.map((n) => ({ label: h("span", { class: "turned" }, bdi(n)) }))],
    rows: models.map((m) => [
      [bdi(m.model), h("span", { class: "note" }, `${m.value} ${m.letters}`)],
      ...names.map((n) => {
        const [p, turn] = found.get(key(m.model, n)) || [];
        if (!p) return { cell: said(n === m.model ? "itself" : "not compared"), class: "self" };
        const wins = better(p, turn);
        const sure = 1 - Math.min(1, pNumber(p.corrected) / 0.2);
        return {
          cell: h("a", { class: "heat", href: address("compare", { a: m.model, b: n }), style: shade(sure), title: `${m.model} against ${n}: ${p.difference[turn].difference} points` },
            wins === null ? "" : wins ? "▲" : "▼", " ", p.corrected, said(wins === null ? ", no significant difference" : wins ? `, ${m.model} is better` : `, ${n} is better`)),
        };
      }),
    ]),
  });
}

function overSection(figures) {
  const { over } = first.comparison;
  const section = h("section", { "aria-labelledby": "over" }, h("h2", { id: "over" }, "Over all benchmarks"));
  if (over.reason) {
    section.append(emptyNote(bdi(over.reason)));
    return section;
  }
  const left = [...over.left_out.map((l) => ({ ...l, name: titleOf(l.name) })), ...over.models_left_out];
  put(section, [
    h("p", { class: "quiet" }, `${over.benchmarks.length} benchmarks that share no example: ${over.benchmarks.map(titleOf).join(", ")}. Test: ${over.test} (${over.why}).`),
    over.friedman ? h("p", { class: "quiet" }, `Friedman's chi-square ${over.friedman.chi2} (df ${over.friedman.df}), p ${over.friedman.p}; critical difference of mean ranks ${over.friedman.cd}.`) : null,
    figures.cd ? drawing(figures.cd) : null,
    table({
      caption: "Mean ranks; models that share a letter do not differ significantly",
      head: [{ label: "model", sort: true }, { label: "mean rank", num: true, sort: true }, { label: "letters" }],
      rows: over.models.map((m) => [modelLink(m.model), m.mean_rank, m.letters]),
    }),
    h("details", null, h("summary", null, `All ${over.pairs.length} pairs over benchmarks`), table({
      caption: "Pairs over benchmarks; differences in points", quiet: true,
      head: [{ label: "A", sort: true }, { label: "B", sort: true }, { label: "mean A − B", num: true, sort: true }, { label: "p", num: true }, { label: "corrected p", num: true, sort: true }, { label: "Nemenyi p", num: true }, { label: "better / open / worse", num: true }, { label: "replicated A / B", num: true }],
      rows: over.pairs.map((p) => {
        const { wins, ties, losses } = p.win_tie_loss;
        return [bdi(p.a), bdi(p.b), p.difference, p.p, { cell: p.corrected, sort: pNumber(p.corrected) }, p.nemenyi || "–", `${wins} / ${ties} / ${losses}`, `${p.replicated.a} / ${p.replicated.b}`];
      }),
    })),
    left.length ? h("details", null, h("summary", null, "What is left out, and why"), h("ul", null, left.map((l) => h("li", null, bdi(l.name), ": ", bdi(l.reason))))) : null,
    over.notes.length ? h("ul", { class: "quiet" }, over.notes.map((n) => h("li", null, bdi(n)))) : null,
  ]);
  return section;
}
