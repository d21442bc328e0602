// The chart of the landing page: for each benchmark and protocol the models, the best first, with their intervals on one axis. Official data come
// before SAMPLE.
const SHOWN = 8;

function charts() {
  const groups = [];
  for (const b of first.benchmarks) {
    const scored = first.cells.filter((c) => c.benchmark === b.name && c.score);
    for (const protocol of [...new Set(scored.map((c) => c.protocol))].sort()) {
      const cells = scored.filter((c) => c.protocol === protocol);
      groups.push({ b, protocol, cells: cells.sort((x, y) => parseFloat(y.score.value) - parseFloat(x.score.value)) });
    }
  }
  if (!groups.length) return null;
  groups.sort((x, y) => Number(x.b.data === "sample") - Number(y.b.data === "sample"));
  return h("section", { "aria-labelledby": "charts-title" },
    h("h2", { id: "charts-title" }, "Scores by benchmark"),
    h("p", { class: "quiet" }, `Percent, the best first; the line is the ${first.confidence} % interval. `, h("strong", null, "Dark"), ": no significant difference from the best. Dashed: the best simple rule, such as one answer for all."),
    h("div", { class: "charts" }, groups.map(chart)));
}

function chart({ b, protocol, cells }) {
  const rule = [...b.references].sort((x, y) => parseFloat(y.value) - parseFloat(x.value))[0];
  const points = cells.flatMap(({ score }) => [score.low, score.value, score.high]).concat(rule ? [rule.value] : []).map(parseFloat).filter((v) => !Number.isNaN(v));
  const axis = [Math.max(0, Math.floor(Math.min(...points) / 10) * 10), Math.min(100, Math.ceil(Math.max(...points) / 10) * 10)];
  const holder = h("ol", { class: "rows" });
  const draw = (some) => replace(holder, some.map((cell) => chartRow(cell, axis, rule)));
  draw(cells.slice(0, SHOWN));
  const more = cells.length > SHOWN ? h("button", { type: "button", class: "link more", onclick: () => { draw(cells); more.remove(); } }, `Show all ${cells.length} models`) : null;
  return h("article", { class: "chart" },
    h("h3", null, benchmarkLink(b.name), " ", b.data === "sample" ? sampleTag() : null),
    h("p", { class: "small" }, [b.metric, b.n ? `n = ${b.n}` : null, protocol].filter(Boolean).join(" · ")),
    holder, more,
    h("p", { class: "small axis" }, h("span", null, `${axis[0]} %`), h("span", null, `${axis[1]} %`)),
    rule ? h("p", { class: "small" }, "┆ ", bdi(rule.name), ` ${rule.value}`) : null);
}

function chartRow(cell, axis, rule) {
  const { score, standing } = cell;
  const level = cell.sample ? "on-sample" : standing && !standing.best ? "behind" : "";
  return h("li", { class: level, title: standing ? `rank ${standing.rank}, ${standing.ranks}` : null },
    h("span", { class: "rank" }, standing ? standing.rank : "–"),
    modelLink(cell.model),
    bar(score.value, score, axis, rule?.value, level),
    h("span", { class: "number" }, score.value, cell.mark, h("span", { class: "said" }, ` ${score.interval}`)));
}
