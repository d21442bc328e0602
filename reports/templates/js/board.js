// The landing page: who leads and whether significantly, then the board.
pages.board = {
  title: "Board",
  async render(main, params) {
    const cultureLeads = await json("leads");
    put(main, h("div", { class: "head" }, h("h1", null, bdi(first.title)), first.sample ? h("p", { class: "lede" }, sampleTag(), " Some columns use synthetic data, not the benchmark's.") : null));
    main.append(question(cultureLeads, params));
    put(main, charts());
    main.append(boardSection(params));
    main.append(remarks());
    const published = publishedSection();
    if (published) main.append(published);
  },
};

// "Which model is better on …, and is it significant?"
function question(cultureLeads, params) {
  const answer = h("div", { "aria-live": "polite" });
  const kinds = new Map();
  for (const lead of cultureLeads) {
    const kind = benchmarkOf.get(lead.benchmark)?.culture || "culture";
    if (!kinds.has(kind)) kinds.set(kind, new Set());
    kinds.get(kind).add(lead.name);
  }
  const groups = [...kinds].map(([kind, names]) => ({ group: kind, options: [...names].sort().map((n) => [n, n]) }));
  const state = { culture: params.get("culture") || "", benchmark: params.get("benchmark") || "" };
  const draw = () => {
    const leads = (state.culture ? cultureLeads.filter((l) => l.name === state.culture) : first.leads).filter((l) => !state.benchmark || l.benchmark === state.benchmark);
    replace(answer, answerOf(leads, state));
  };
  const set = (name) => (value) => {
    state[name] = value;
    history.replaceState(null, "", address("", state));
    draw();
  };
  draw();
  return h("section", { class: "card", "aria-labelledby": "question" },
    h("h2", { id: "question" }, "Which model is better, and is it significant?"),
    h("div", { class: "fields" },
      picker("Culture", [["", "all cultures"], ...groups], state.culture, set("culture"), { id: "culture" }),
      picker("Benchmark", [["", "all benchmarks"], ...first.benchmarks.map((b) => [b.name, b.title])], state.benchmark, set("benchmark"), { id: "benchmark" })),
    answer);
}

function answerOf(leads, state) {
  if (!leads.length) return emptyNote("No model has a score there. The board below shows why.");
  // Few answers are told in full, many in a table of one line each.
  if (leads.length <= 3) return [...leads].sort((x, y) => y.ranking.length - x.ranking.length).map((l, i) => [verdict(l), i ? h("details", null, h("summary", null, "All models"), rankingOf(l)) : rankingOf(l)]);
  const rows = leads.map((l) => [
    [benchmarkLink(l.benchmark), " ", h("span", { class: "quiet" }, l.protocol), l.sample ? [" ", sampleTag()] : null],
    l.ranking.length ? [modelLink(l.ranking[0].model), " ", h("span", { class: "quiet" }, `${l.ranking[0].value} ${ends(l.ranking[0])}`)] : "–",
    badge(l.level, l.sample),
    l.level === "untested" ? h("span", { class: "quiet" }, l.ranking.length === 1 ? "the only model there" : "nothing was tested") : l.untold.length ? few(l.untold) : "–",
    link("", { culture: state.culture, benchmark: l.benchmark }, "Why?", said(` ${titleOf(l.benchmark)}, ${l.protocol}`)),
  ]);
  return [
    state.culture || state.benchmark ? null : verdict(first.overall),
    table({
      caption: state.culture ? `Who leads on ${state.culture}, by benchmark and protocol` : "Who leads, by benchmark and protocol",
      quiet: true, cls: "leads",
      head: [{ label: "benchmark" }, { label: "highest score" }, { label: "significant?" }, { label: "no significant difference from it" }, { label: said("details") }],
      rows,
    }),
  ];
}

const few = (names) => [names.slice(0, 3).map((n, i) => [i ? ", " : "", bdi(n)]), names.length > 3 ? ` and ${names.length - 3} more` : null];

const verdict = (lead) => h("div", { class: `verdict ${lead.level}` },
  h("p", { class: "sentence" }, badge(lead.level, lead.sample), " ", lead.sample ? [sampleTag(), " "] : null, bdi(lead.sentence)),
  lead.why ? h("p", { class: "quiet" }, bdi(lead.why)) : null);

function rankingOf(lead) {
  if (lead.ranking.length < 2) return null;
  const span = [0, 100];
  const [best, next] = lead.ranking;
  const rows = lead.ranking.map((r) => [
    modelLink(r.model), r.value, bar(r.value, r, span), ends(r), r.n,
    r.model === best.model ? "" : (lead.untold || []).includes(r.model) ? "no significant difference from the first" : lead.level === "untested" ? "not tested" : "significantly different from the first",
  ]);
  const shown = rows.slice(0, 8);
  const make = (some) => table({
    caption: "All models here, the best first", quiet: true, cls: "ranking",
    head: [{ label: "model" }, { label: "score, %", num: true }, { label: "0 to 100" }, { label: `${first.confidence} % interval` }, { label: "n", num: true }, { label: "against the first" }],
    rows: some,
  });
  const box = h("div", null, make(shown));
  if (rows.length > shown.length) box.append(h("button", { type: "button", class: "plain", onclick: () => replace(box, make(rows)) }, `Show all ${rows.length}`));
  return [box, h("p", null, link("examples", { task: benchmarkOf.get(lead.benchmark)?.task, culture: lead.culture, a: best.model, b: next.model, show: "differ" }, "Look at the examples on which the first two differ"))];
}

function boardSection() {
  const protocols = [...new Set(first.cells.map((c) => c.protocol).filter(Boolean))].sort();
  const state = { text: "", protocol: "", hidden: new Set(), ranks: true };
  const holder = h("div");
  const count = h("p", { class: "quiet", role: "status" });
  const draw = () => {
    const columns = first.benchmarks.map((b, i) => [b, i]).filter(([b]) => !state.hidden.has(b.name));
    const wanted = state.text.trim().toLowerCase();
    const rows = first.rows.filter((row) => {
      const model = first.models[row.model];
      return !wanted || model.name.toLowerCase().includes(wanted) || model.title.toLowerCase().includes(wanted);
    }).filter(({ cells }) => !state.protocol || columns.some(([, i]) => cells[i] !== null && first.cells[cells[i]].protocol === state.protocol));
    replace(holder, boardTable(rows, columns, state));
    count.textContent = `${rows.length} of ${first.rows.length} rows, ${columns.length} of ${first.benchmarks.length} benchmarks`;
  };
  const filter = h("input", { type: "search", id: "filter-models", autocomplete: "off", oninput: () => { state.text = filter.value; draw(); } });
  const boxes = first.benchmarks.map((b) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: true, "data-benchmark": b.name, onchange: (e) => { state.hidden[e.target.checked ? "delete" : "add"](b.name); draw(); } }), " ", bdi(b.title)));
  draw();
  return h("section", { "aria-labelledby": "board-title" },
    h("h2", { id: "board-title" }, "The board"),
    h("p", { class: "quiet" }, "Percent, with the interval below it. ", h("strong", null, "Bold"), ": no significant difference from the best of its benchmark and protocol. Models that share a letter do not differ significantly, which does not make them equal. Compare scores only within one protocol."),
    h("div", { class: "fields" },
      h("label", { class: "field" }, h("span", null, "Models"), filter),
      picker("Protocol", [["", "all protocols"], ...protocols.map((p) => [p, p])], "", (v) => { state.protocol = v; draw(); }, { id: "filter-protocol" }),
      h("details", { class: "field boxes" }, h("summary", null, "Benchmarks"), h("div", null, boxes)),
      h("label", { class: "check" }, h("input", { type: "checkbox", checked: true, onchange: (e) => { state.ranks = e.target.checked; draw(); } }), " ranks")),
    count, holder);
}

function boardTable(rows, columns, state) {
  const notes = [];
  const head = [{ label: "model", sort: true }, ...columns.map(([b]) => ({
    label: b.title, num: true, sort: true,
    note: [b.metric, h("br"), b.n ? `n = ${b.n}` : "n varies", b.data === "sample" ? [h("br"), sampleTag()] : null],
  }))];
  const body = rows.map(({ model: place, cells }) => {
    const model = first.models[place];
    return [
      { cell: [modelLink(model.name), model.imported.length ? h("span", { class: "note" }, `imported from ${model.imported.join(", ")}`) : null], sort: model.name },
      ...columns.map(([b, i]) => {
        const cell = cells[i] === null ? null : first.cells[cells[i]];
        if (!cell || (state.protocol && cell.protocol !== state.protocol)) return { cell: "", sort: "none" };
        if (cell.reason) return { cell: reasonCell(cell, notes), sort: "none", class: "none" };
        return { cell: scoreCell(cell, b, state), sort: cell.score.value, class: cell.standing?.best && !cell.sample ? "best" : null };
      }),
    ];
  });
  for (const name of new Set(columns.flatMap(([b]) => b.references.map((line) => line.name)))) {
    body.push([{ cell: h("span", { class: "quiet" }, `reference: ${name}`), sort: "none" },
      ...columns.map(([b]) => ({ cell: b.references.find((line) => line.name === name)?.value ?? "", sort: "none" }))]);
  }
  const wrap = table({ caption: `All models on all benchmarks: ${first.title}`, quiet: true, head, rows: body, cls: "board", id: "board" });
  return [wrap, notes.length ? h("ol", { class: "notes" }, notes.map((n, i) => h("li", { id: `why-${i + 1}` }, h("strong", null, n.kind), ": ", bdi(n.message)))) : null];
}

function scoreCell(cell, b, state) {
  const { score, standing } = cell;
  const own = b.n ? null : h("span", { class: "small" }, `n = ${score.n}`);
  return [
    h("span", { class: "value" }, score.value, cell.mark ? h("span", { title: "training data known to overlap" }, cell.mark) : null,
      standing?.letters ? h("sup", { class: "letters" }, said(" group "), standing.letters) : null),
    h("span", { class: "small" }, score.interval),
    h("span", { class: "small" }, cell.protocol, cell.seeds.length > 1 ? `, ${cell.seeds.length} seeds` : null),
    state.ranks && standing ? h("span", { class: "small" }, `rank ${standing.ranks}`) : null,
    score.unanswered ? h("span", { class: "small", title: `${score.unparsable} unparsable, ${score.missing} missing` }, score.unanswered) : null,
    cell.macro_mean ? h("span", { class: "small" }, `macro ${cell.macro_mean.value} ${cell.macro_mean.interval}`) : null,
    cell.not_above ? h("span", { class: "small" }, `not above: ${cell.not_above}`) : null,
    own,
  ];
}

function reasonCell(cell, notes) {
  let place = notes.findIndex((n) => n.kind === cell.reason.kind && n.message === cell.reason.message);
  if (place < 0) place = notes.push(cell.reason) - 1;
  return [h("span", { class: "reason" }, cell.reason.kind), h("sup", null, `[${place + 1}]`)];
}

function remarks() {
  const samples = first.benchmarks.filter((b) => b.data === "sample" && b.because);
  if (!first.remarks.length && !samples.length) return h("span");
  return h("section", null, h("h2", null, "What to know"), h("ul", null,
    first.remarks.map((line) => h("li", null, bdi(line))),
    [...new Set(samples.map((b) => b.because))].map((why) => h("li", null, sampleTag(), " ", samples.filter((b) => b.because === why).map((b) => b.title).join(", "), ": ", bdi(why)))));
}

function publishedSection() {
  if (!first.published.length) return null;
  return h("section", null, h("details", null,
    h("summary", null, h("h2", { class: "inline" }, `Published by others (${first.published.length})`)),
    h("p", { class: "quiet" }, "As printed in the source; other splits and protocols, so in no rank and no test here."),
    table({
      caption: "Numbers that others printed", quiet: true, cls: "wide",
      head: [{ label: "model", sort: true }, { label: "benchmark", sort: true }, { label: "value", num: true, sort: true }, { label: "metric" }, { label: "subset", sort: true }, { label: "protocol" }, { label: "source" }, { label: "year" }],
      rows: first.published.map((p) => [bdi(p.model), benchmarkLink(p.benchmark), { cell: `${p.value} ${p.unit}`, sort: p.value }, p.metric, p.subset || "all", p.protocol, h("span", { class: "small" }, bdi(p.source)), p.date]),
    })));
}
