// What several pages share: links, badges, bars.
const pages = {};
const link = (page, params, ...children) => h("a", { href: address(page, params) }, children);
const modelLink = (name, text) => link("models", { name }, bdi(text || name));
const benchmarkLink = (name, text) => link("benchmarks", { name }, bdi(text || titleOf(name)));

function address(page, params) {
  const query = new URLSearchParams(Object.entries(params || {}).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  return `#/${page}${query.size ? `?${query}` : ""}`;
}

const LEVELS = {
  significant: ["●", "significant"],
  likely: ["◐", "likely"],
  open: ["○", "not significant"],
  untested: ["–", "not tested"],
};

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

// What was found on synthetic data is never shown as a success.
function badge(level, sample) {
  const [sign, words] = LEVELS[level];
  return h("span", { class: `badge ${level}${sample ? " on-sample" : ""}` }, h("span", { "aria-hidden": "true" }, sign, " "), words);
}

const reasonText = (cell) => h("span", { class: "reason", title: cell.reason.message }, cell.reason.kind);

// An interval in print, as everywhere in the program.
const ends = ({ low, high }) => `[${low}, ${high}]`;

// An interval on a common axis from `low` to `high`, with a line at `zero` where there is one. The numbers are beside it.
function bar(value, interval, [low, high], zero, cls) {
  const x = (v) => (100 * (parseFloat(v) - low)) / (high - low || 1);
  const svg = s("svg", { class: `bar ${cls || ""}`, viewBox: "0 0 100 16", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
  if (zero !== undefined) put(svg, s("line", { class: "zero", x1: x(zero), x2: x(zero), y1: 0, y2: 16 }));
  if (interval) put(svg, s("line", { class: "range", x1: x(interval.low), x2: x(interval.high), y1: 8, y2: 8 }));
  put(svg, s("line", { class: "dot", x1: x(value), x2: x(value), y1: 3, y2: 13 }));
  return svg;
}

const shade = (share) => ({ "--shade": `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%` });

function emptyNote(...words) {
  return h("p", { class: "empty" }, words);
}

// A benchmark and the protocol of an outcome.
const outcomeName = (o) => `${o.title} · ${o.protocol}`;
