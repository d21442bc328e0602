// Countries as tiles, roughly where they lie; drawn by us. The numbers are those of the table above it.
const TILES = `
.. .. .. .. .. GL .. .. .. IS .. .. NO SE FI .. .. RU .. .. .. .. .. ..
.. CA .. .. .. .. .. .. IE GB .. DK .. EE LV LT BY .. KZ .. MN .. .. ..
.. US .. .. .. .. .. .. .. NL BE DE PL CZ SK UA MD .. UZ KG CN KP .. ..
.. MX .. .. .. .. .. FR LU CH LI AT HU RO .. GE AM TM TJ .. .. KR JP ..
.. GT BZ .. BS .. .. ES AD MC IT SI HR RS BG TR AZ AF PK NP BT TW .. ..
.. SV HN CU DO PR .. PT SM VA MT BA ME XK MK CY SY IQ IR IN BD MM LA VN
.. .. NI JM HT .. .. MA DZ TN .. AL GR .. LB IL PS JO KW LK .. TH KH HK
.. .. CR PA TT BB .. EH ML NE LY EG .. .. .. SA BH QA AE MV .. MY PH MO
.. .. CO VE GY SR .. SN MR BF TD SD ER .. YE OM .. .. .. .. SG ID BN PG
.. .. EC .. .. GF .. GM GN CI GH NG SS ET DJ SO .. .. .. .. .. TL .. ..
.. .. PE BR .. .. .. GW SL LR TG BJ CM CF UG KE .. SC .. .. .. AU .. FJ
.. .. BO PY .. .. .. .. CV GQ GA CG CD RW BI TZ KM .. .. .. .. .. NZ ..
.. .. CL UY .. .. .. .. ST .. AO ZM MW MZ .. MG MU .. .. .. .. .. .. ..
.. .. AR .. .. .. .. .. .. .. NA BW ZW .. .. .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. ZA LS SZ .. .. .. .. .. .. .. .. .. .. ..`.trim().split("\n").map((line) => line.split(" "));

function tileMap(cells, own, names, params, pick) {
  const model = cells.find((c) => c.model === params.get("model")) || cells[0];
  const scores = new Map(own(model).filter((r) => r.kind === "culture").map((r) => [r.name, r]));
  const values = [...scores.values()].map((r) => parseFloat(r.score));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const called = new Map(names);
  const placed = new Set();
  const tiles = TILES.flatMap((line, y) => line.map((code, x) => {
    if (code === "..") return null;
    const r = scores.get(code);
    if (!r) return null;
    placed.add(code);
    return h("div", { class: "tile", style: { ...shade((parseFloat(r.score) - low) / (high - low || 1)), "grid-row": y + 1, "grid-column": x + 1 }, title: `${called.get(code) || code}: ${r.score} ${ends(r)}, n = ${r.n}` }, h("b", null, code), r.score);
  }));
  if (!placed.size) return h("span");
  const ghosts = TILES.flatMap((line, y) => line.map((code, x) => (code === ".." || placed.has(code) ? null : h("div", { class: "tile ghost", style: { "grid-row": y + 1, "grid-column": x + 1 } }))));
  const rest = [...scores.keys()].filter((c) => !placed.has(c));
  return h("section", null, h("h2", null, "On a map of tiles"),
    h("div", { class: "fields" }, picker("Model", cells.map((c) => [c.model, c.model]), model.model, pick, { id: "of-model" })),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Map of tiles" }, h("div", { class: "tiles", role: "img", "aria-label": `Scores of ${model.model} by country; the same numbers are in the table above` }, ghosts, tiles)),
    rest.length ? h("p", { class: "quiet" }, `Not on the map: ${rest.map((c) => called.get(c) || c).join(", ")}.`) : null);
}
