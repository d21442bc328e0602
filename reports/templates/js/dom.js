// Elements from values. Text goes in as text nodes only; nothing on the page is ever parsed as markup but our own drawings.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  put(element, children);
  return element;
}

function put(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// A name or a text of others: isolated, so that its direction turns nothing around it.
const bdi = (text, attributes) => h("bdi", { dir: "auto", ...attributes }, text);

// For ears only.
const said = (text) => h("span", { class: "said" }, text);

function replace(element, ...children) {
  element.replaceChildren();
  put(element, children);
}

// A drawing made by the program: SVG, never HTML.
function drawing(svg) {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return h("p", null, "This drawing cannot be shown.");
  return h("div", { class: "drawing", tabindex: "0", role: "region", "aria-label": parsed.querySelector("title")?.textContent || "figure" }, document.importNode(parsed, true));
}

// <select> with a label. Options: [value, text] or {group, options}.
function picker(label, options, value, change, attributes) {
  const option = ([v, text]) => h("option", { value: v, selected: v === value }, text);
  const select = h("select", { onchange: () => change(select.value), ...attributes },
    options.map((o) => (o.group ? h("optgroup", { label: o.group }, o.options.map(option)) : option(o))));
  return h("label", { class: "field" }, h("span", null, label), select);
}

// A real table: caption, scope, a sticky first column, sortable columns where `sort` says so.
// head: {label, num, sort, note}; a cell is a node, a text or {cell, sort, class}.
function table({ caption, head, rows, cls, quiet, rowHead = 0, id }) {
  const ths = head.map((c, i) => {
    const th = h("th", { scope: "col", class: c.num ? "num" : null });
    if (c.sort) {
      th.setAttribute("aria-sort", "none");
      put(th, h("button", { class: "sort", type: "button", onclick: () => sortBy(body, ths, i, c.num) }, c.label, h("span", { class: "arrow", "aria-hidden": "true" })));
    } else put(th, c.label);
    if (c.note) put(th, h("span", { class: "note" }, c.note));
    return th;
  });
  const body = h("tbody", null, rows.map((row) => tr(row, head, rowHead)));
  const full = h("table", { class: cls, id }, h("caption", { class: quiet ? "said" : null }, caption), h("thead", null, h("tr", null, ths)), body);
  const wrap = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": typeof caption === "string" ? caption : "table" }, full);
  wrap.body = body;
  return wrap;
}

function tr(row, head, rowHead) {
  return h("tr", row.attributes, (row.cells || row).map((cell, i) => {
    const plain = cell === null || typeof cell !== "object" || cell instanceof Node || Array.isArray(cell);
    const { cell: inner, sort, class: cls, title } = plain ? { cell } : cell;
    const classes = [head[i]?.num ? "num" : "", cls || ""].join(" ").trim();
    return h(i === rowHead ? "th" : "td", { scope: i === rowHead ? "row" : null, class: classes || null, "data-sort": sort, title }, inner);
  }));
}

function sortBy(body, ths, column, numeric) {
  const down = ths[column].getAttribute("aria-sort") === (numeric ? "descending" : "ascending");
  const order = numeric ? (down ? "ascending" : "descending") : down ? "descending" : "ascending";
  for (const [i, th] of ths.entries()) if (th.hasAttribute("aria-sort")) th.setAttribute("aria-sort", i === column ? order : "none");
  const key = (row) => row.children[column].dataset.sort ?? row.children[column].textContent;
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...body.children].map((row, place) => ({ row, place, key: numeric ? parseFloat(key(row)) : key(row).toLowerCase() }));
  rows.sort((a, b) => {
    // What has no number is last, whichever way.
    const [x, y] = [Number.isNaN(a.key), Number.isNaN(b.key)];
    if (x || y) return x - y || a.place - b.place;
    return (a.key < b.key ? -sign : a.key > b.key ? sign : 0) || a.place - b.place;
  });
  body.append(...rows.map((r) => r.row));
}

// A list of names and values.
const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter((p) => p && p[1] !== null && p[1] !== undefined && p[1] !== "").map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));

const sampleTag = () => h("strong", { class: "sample", title: "Computed on the project's own synthetic data, not on the benchmark; it ranks nothing." }, "SAMPLE");

// Kept for this visit only; a page from a disk may have no store.
const kept = {
  get(name) { try { return sessionStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { sessionStorage.setItem(name, value); } catch { /* then it is not kept */ } },
};
