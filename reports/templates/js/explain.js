// What models said of their answers: the gate by culture, clusters by culture, single examples.
pages.explain = {
  title: "Explain",
  async render(main, params) {
    put(main, h("h1", null, "Why does it answer so?"));
    const files = await json("explained");
    if (!files.length) return void main.append(emptyNote("Nothing was explained. `culture-eval explain --model NAME --benchmark NAME --out RUN/explain/NAME.jsonl` writes what this page shows."));
    const file = files.find((f) => f.name === params.get("of")) || files[0];
    put(main, [h("div", { class: "fields" }, picker("File", files.map((f) => [f.name, f.name]), file.name, (of) => go("explain", { of }), { id: "of" })), h("p", { class: "quiet" }, `${file.n} examples explained.`)]);
    if (file.gates.length) main.append(h("section", null, h("h2", null, "The gate by culture"), table({
      caption: "Mean probability that the gate gives each expert, percent", quiet: true, cls: "matrix",
      head: [{ label: "culture", sort: true }, { label: "examples", num: true, sort: true }, ...file.experts.map((e) => ({ label: bdi(e), num: true, sort: true }))],
      rows: file.gates.map((row) => [bdi(row.culture), row.n, ...row.means.map((x) => ({ cell: h("span", { class: "heat", style: shade(parseFloat(x) / 100) }, x), sort: x }))]),
    })));
    for (const [name, counts] of Object.entries(file.clusters)) if (counts.length) main.append(clusterMap(name, counts, file.maps[name]));
    main.append(explainedExamples(file));
  },
};

function clusterMap(name, counts, map) {
  const clusters = [...new Set(counts.map((c) => c.cluster))].sort((x, y) => x - y);
  const cultures = [...new Set(counts.map((c) => c.culture))];
  const of = new Map(counts.map((c) => [`${c.culture}\u0000${c.cluster}`, c.n]));
  const most = Math.max(1, ...counts.map((c) => c.n));
  return h("section", null, h("h2", null, `Clusters: ${name}`), map ? drawing(map) : null, table({
    caption: `Examples of each culture in each ${name} cluster`, quiet: true, cls: "matrix",
    head: [{ label: "culture", sort: true }, ...clusters.map((k) => ({ label: String(k), num: true, sort: true }))],
    rows: cultures.map((c) => [bdi(c), ...clusters.map((k) => { const n = of.get(`${c}\u0000${k}`) || 0; return { cell: h("span", { class: "heat", style: shade(n / most) }, n), sort: n }; })]),
  }));
}

function explainedExamples(file) {
  const section = h("section", { class: "window-less" }, h("h2", null, `Examples (${file.lines.length} of ${file.n})`));
  const shown = kept.get("texts") === "shown";
  const holder = h("div", { class: shown ? "" : "veiled" });
  const button = h("button", { type: "button", class: "plain", id: "veil", "aria-pressed": String(shown), onclick: () => {
    const open = holder.classList.contains("veiled");
    kept.set("texts", open ? "shown" : "");
    holder.classList.toggle("veiled", !open);
    button.textContent = open ? "Blur the texts" : "Show the texts";
    button.setAttribute("aria-pressed", String(open));
    draw();
  } }, shown ? "Blur the texts" : "Show the texts");
  const draw = () => replace(holder, file.lines.slice(0, 50).map((l) => h("article", { class: "card" },
    h("p", null, h("strong", null, bdi(l.id)), ` · ${l.culture} · gold: `, bdi(l.gold), l.alpha ? ` · alpha ${l.alpha}` : "", l.gate ? ` · gate ${file.experts.map((e, i) => `${e} ${l.gate[i]}`).join(", ")}` : ""),
    h("p", { class: "text", "aria-hidden": holder.classList.contains("veiled") ? "true" : null }, bdi(l.text)),
    l.said ? h("pre", null, l.said) : holder.classList.contains("veiled") ? null : ["explicit", "latent"].map((kind) => l[kind].length ? h("details", null, h("summary", null, `What the ${kind} slots looked at`), l[kind].map((slot) => h("p", { class: "tokens" }, slot.map(({ text, weight, lexicon }) => [h("span", { class: "token", style: shade(parseFloat(weight) * 3), title: `${weight}${lexicon ? ", in the lexicon" : ""}` }, bdi(text), lexicon ? h("sup", null, "L") : null), " "])))) : null))));
  draw();
  put(section, [h("p", { class: "warning" }, "Texts may be offensive. ", button), holder]);
  return section;
}
