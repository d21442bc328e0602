// Search and filter the examples; only the rows in view are in the page, however many there are.
const OUT = 65534, MISSING = 65535;

const sets = first.examples.sets;
const taskOfBenchmark = (benchmark) => benchmarkOf.get(benchmark)?.task;

function setFor(benchmark, protocol, ...models) {
  const task = taskOfBenchmark(benchmark);
  return sets.findIndex((x) => x.task === task && models.every((m) => x.columns.some((c) => c.model === m && c.protocol === protocol)));
}

// Columns of a set: gold, culture, and answers of each model.
const opened = new Map();
function openSet(place) {
  if (!opened.has(place)) opened.set(place, Promise.all([json(`texts-${place}`), bytes(`answers-${place}`)]).then(([texts, raw]) => {
    const { n } = sets[place];
    let at = 0;
    const next = () => {
      const out = new Uint16Array(n);
      for (let i = 0; i < n; i++) out[i] = raw[at + i] | (raw[at + n + i] << 8);
      at += 2 * n;
      return out;
    };
    const [gold, culture] = [next(), next()];
    const columns = sets[place].columns.map((c) => ({ ...c, answers: next(), right: c.of > 1 ? next() : null }));
    return { ...sets[place], ...texts, gold, culture, columns, lower: null };
  }));
  return opened.get(place);
}

const answerName = (set, code) => (code === OUT ? "unparsable" : code === MISSING ? "no answer" : set.labels[code]);

pages.examples = {
  title: "Examples",
  async render(main, params) {
    put(main, h("h1", null, "Examples"));
    for (const { task, why } of first.examples.without) main.append(emptyNote(bdi(task), ": ", bdi(why)));
    if (!sets.length) return void main.append(emptyNote("No examples are on this page."));
    const byTask = sets.findIndex((x) => x.task === params.get("task") && (!params.get("a") || x.columns.some((c) => c.model === params.get("a"))));
    const place = Math.max(0, byTask >= 0 ? byTask : sets.findIndex((x) => x.task === params.get("task")));
    const of = (name) => params.get(name) || "";
    await exampleList(main, { set: place, a: of("a"), b: of("b"), protocol: of("protocol"), show: of("show") || "all", culture: of("culture"), gold: of("gold"), answer: of("answer"), q: of("q") }, true);
  },
};

const ROW = 76;

async function exampleList(main, wanted, whole) {
  const set = await openSet(wanted.set);
  const column = (name) => set.columns.findIndex((c) => c.model === name && (!wanted.protocol || c.protocol === wanted.protocol));
  const anywhere = (name) => (column(name) >= 0 ? column(name) : set.columns.findIndex((c) => c.model === name));
  const state = { q: "", culture: "", gold: "", answer: "", ...wanted, a: anywhere(wanted.a), b: anywhere(wanted.b) };
  if (whole && state.a < 0 && set.columns.length) state.a = 0;
  if (whole && state.b < 0 && set.columns.length > 1) state.b = state.a === 1 ? 0 : 1;
  const names = set.columns.map((c, i) => [String(i), `${c.model}${set.protocols.length > 1 ? ` · ${c.protocol}` : ""}`]);
  const status = h("p", { class: "quiet", role: "status" });
  const list = virtual((row) => exampleRow(set, state, row), () => exampleHead(set, state));
  const again = () => {
    const rows = filterRows(set, state);
    status.textContent = `${rows.length} of ${set.n} examples`;
    list.show(rows);
    if (whole) history.replaceState(null, "", address("examples", { task: set.task, a: set.columns[state.a]?.model, b: set.columns[state.b]?.model, show: state.show === "all" ? "" : state.show, culture: state.culture, gold: state.gold, answer: state.answer, q: state.q }));
  };
  const change = (name, number) => (value) => { state[name] = number ? Number(value) : value; again(); };
  const search = h("input", { type: "search", id: "search", autocomplete: "off", value: state.q });
  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { state.q = search.value; again(); }, 120); });
  const shows = [["all", "all examples"], ["wrong", "A is wrong"], ["right", "A is right"], ["differ", "A and B answer differently"], ["only-a", "only A is right"], ["only-b", "only B is right"], ["both", "both are wrong"]];
  put(main, [
    whole ? h("p", { class: "lede" }, set.question ? bdi(set.question) : null, set.sample ? [" ", sampleTag()] : null) : null,
    h("div", { class: "fields" },
      whole ? picker("Task", sets.map((x, i) => [String(i), `${x.title} · ${x.protocols.join(", ")}`]), String(wanted.set), (v) => go("examples", { task: sets[v].task, a: sets[v].columns[0]?.model }), { id: "task" }) : null,
      h("label", { class: "field grow" }, h("span", null, "Search in texts and ids"), search),
      set.cultures.length > 1 ? picker(capital(set.kind), [["", "all"], ...set.cultures.map((c) => [c.tag, c.name]).sort((x, y) => x[1].localeCompare(y[1]))], state.culture, change("culture"), { id: "of-culture" }) : null,
      picker("Gold", [["", "any"], ...set.labels.map((l) => [l, l])], state.gold, change("gold"), { id: "gold" }),
      picker("A", names, String(state.a), change("a", true), { id: "column-a" }),
      picker("A answers", [["", "anything"], ...set.labels.map((l) => [l, l]), ["\u0000out", "unparsable"], ["\u0000missing", "no answer"]], state.answer, change("answer"), { id: "answer" }),
      picker("B", [["-1", "none"], ...names], String(state.b), change("b", true), { id: "column-b" }),
      picker("Show", shows, state.show, change("show"), { id: "show" })),
    veil(set, list.box), status, list.box]);
  again();
}

// Texts that may hurt are blurred, and silent, until they are asked for.
function veil(set, box) {
  if (!set.warning) return null;
  const set_ = (open) => {
    box.classList.toggle("veiled", !open);
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Blur the texts" : "Show the texts";
    kept.set("texts", open ? "shown" : "");
    box.dispatchEvent(new Event("veil"));
  };
  const button = h("button", { type: "button", class: "plain", id: "veil", onclick: () => set_(box.classList.contains("veiled")) });
  set_(kept.get("texts") === "shown");
  return h("p", { class: "warning" }, h("strong", null, "Content warning: "), bdi(set.warning), " ", button);
}

function filterRows(set, state) {
  const a = set.columns[state.a], b = set.columns[state.b];
  const culture = state.culture ? set.cultures.findIndex((c) => c.tag === state.culture || c.name === state.culture) : -1;
  const gold = state.gold ? set.labels.indexOf(state.gold) : -1;
  const answer = { "": -1, "\u0000out": OUT, "\u0000missing": MISSING }[state.answer] ?? set.labels.indexOf(state.answer);
  const only = state.only ? new Set(set.cultures.map((c, i) => (state.only.includes(c.tag) ? i : -1))) : null;
  const q = state.q.trim().toLowerCase();
  if (q && !set.lower) set.lower = set.texts.map((t) => t.toLowerCase());
  const right = (c, i) => c.answers[i] === set.gold[i];
  const keep = {
    all: () => true,
    wrong: (i) => a && !right(a, i),
    right: (i) => a && right(a, i),
    differ: (i) => a && b && a.answers[i] !== b.answers[i],
    "only-a": (i) => a && b && right(a, i) && !right(b, i),
    "only-b": (i) => a && b && !right(a, i) && right(b, i),
    both: (i) => a && b && !right(a, i) && !right(b, i),
  }[state.show] || (() => true);
  const rows = [];
  for (let i = 0; i < set.n; i++) {
    if (culture >= 0 && set.culture[i] !== culture) continue;
    if (only && !only.has(set.culture[i])) continue;
    if (gold >= 0 && set.gold[i] !== gold) continue;
    if (answer >= 0 && a?.answers[i] !== answer) continue;
    if (!keep(i)) continue;
    if (q && !set.lower[i].includes(q) && !set.ids[i].toLowerCase().includes(q)) continue;
    rows.push(i);
  }
  return rows;
}

const exampleHead = (set, state) => ["id", set.kind, "gold", set.columns[state.a] && `A: ${set.columns[state.a].model}`, set.columns[state.b] && `B: ${set.columns[state.b].model}`, "text"].filter(Boolean);

function answerCell(set, c, i) {
  const right = c.answers[i] === set.gold[i];
  return h("span", { class: right ? "yes" : "no" }, h("span", { "aria-hidden": "true" }, right ? "✓ " : "✗ "), said(right ? "right: " : "wrong: "), bdi(answerName(set, c.answers[i])), c.right ? h("span", { class: "note" }, `${c.right[i]} of ${c.of} right`) : null);
}

function exampleRow(set, state, i) {
  const [a, b] = [set.columns[state.a], set.columns[state.b]];
  return [
    h("button", { type: "button", class: "link", onclick: (e) => openExample(set, i, e.target.closest(".window")) }, bdi(set.ids[i])),
    bdi(set.cultures[set.culture[i]].name), bdi(set.labels[set.gold[i]]),
    a && answerCell(set, a, i), b && answerCell(set, b, i),
    textOf(set.texts[i]),
  ].filter(Boolean);
}

const textOf = (text) => h("span", { class: "text" }, bdi(text));

function openExample(set, i, box) {
  const veiled = box?.classList.contains("veiled");
  const dialog = h("dialog", { class: "example", "aria-labelledby": "example-title" },
    h("form", { method: "dialog" }, h("button", { class: "plain close" }, "Close")),
    h("h2", { id: "example-title" }, bdi(set.ids[i])),
    h("p", null, `${set.kind}: `, bdi(set.cultures[set.culture[i]].name), "; gold: ", h("strong", null, bdi(set.labels[set.gold[i]])), set.groups.map((g) => ["; ", g.name, ": ", bdi(g.names[g.codes[i]] || "none")])),
    veiled ? h("p", { class: "empty" }, "The text is hidden; \"Show the texts\" shows it.") : h("blockquote", null, bdi(set.texts[i])),
    table({
      caption: "What every model answers", quiet: true,
      head: [{ label: "model", sort: true }, { label: "protocol" }, { label: "answer", sort: true }],
      rows: set.columns.map((c) => [bdi(c.model), c.protocol, answerCell(set, c, i)]),
    }));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// A table of rows of one height of which only those in view exist.
function virtual(render, head) {
  const body = h("tbody");
  const headRow = h("tr");
  const full = h("table", { class: "examples" }, h("caption", { class: "said" }, "Examples"), h("thead", null, headRow), body);
  const box = h("div", { class: "window", tabindex: "0", role: "region", "aria-label": "Examples" }, full);
  let rows = [];
  const space = (n, width) => h("tr", { class: "space", "aria-hidden": "true" }, h("td", { colspan: width, style: { height: `${n * ROW}px` } }));
  const draw = () => {
    const names = head();
    const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
    const to = Math.min(rows.length, from + Math.ceil((box.clientHeight || 600) / ROW) + 16);
    const veiled = box.classList.contains("veiled");
    const shown = rows.slice(from, to).map((row, at) => h("tr", { "aria-rowindex": from + at + 2 }, render(row).map((cell, c, all) => h(c ? "td" : "th", { scope: c ? null : "row" }, h("div", { class: "row" }, c === all.length - 1 && veiled ? [said("text hidden"), fill(cell, { "aria-hidden": "true" }, [])] : cell)))));
    replace(body, from ? space(from, names.length) : null, shown, to < rows.length ? space(rows.length - to, names.length) : null);
  };
  let asked = false;
  const later = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
  box.addEventListener("scroll", later, { passive: true });
  box.addEventListener("veil", draw);
  new ResizeObserver(later).observe(box);
  return {
    box,
    show(found) {
      rows = found;
      full.setAttribute("aria-rowcount", rows.length + 1);
      replace(headRow, head().map((name) => h("th", { scope: "col" }, bdi(name))));
      box.scrollTop = 0;
      draw();
    },
  };
}
