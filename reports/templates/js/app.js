// Which page is shown: `#/NAME?key=value`.
const NAV = [["", "Board"], ["compare", "Compare"], ["pairs", "All pairs"], ["cultures", "Cultures"], ["models", "Models"], ["benchmarks", "Benchmarks"], ["examples", "Examples"], ...(first.explained ? [["explain", "Explain"]] : []), ["run", "Run"]];

function go(page, params) {
  location.hash = address(page, params);
}

let turn = 0;
async function show() {
  const mine = ++turn;
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const page = pages[path || "board"] || pages.board;
  const fresh = document.createElement("div");
  fresh.className = `page ${path || "board"}`;
  for (const a of document.querySelectorAll("#nav a")) {
    if (a.dataset.page === path) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  document.title = `${path ? `${page.title} · ` : ""}${first.title}`;
  try {
    await page.render(fresh, new URLSearchParams(query));
  } catch (error) {
    put(fresh, [h("h1", null, page.title), h("p", { class: "warning", role: "alert" }, "This page cannot be shown: ", String(error.message || error), ". Another browser may help: this one must know DecompressionStream.")]);
  }
  // A later click has won.
  if (mine !== turn) return;
  const main = document.getElementById("main");
  const same = main.dataset.page === path;
  const id = document.activeElement?.id;
  main.replaceChildren(fresh);
  main.dataset.page = path;
  // A change of a picker keeps the reader's place; a new page starts at its head.
  if (same && id && document.getElementById(id)) document.getElementById(id).focus({ preventScroll: true });
  else if (mine > 1) { window.scrollTo(0, 0); main.focus({ preventScroll: true }); }
  document.documentElement.dataset.ready = String(mine);
}

// The reader's system decides, unless the reader does.
function themes() {
  const words = { "": "Colours: as the system", light: "Colours: light", dark: "Colours: dark" };
  const signs = { "": "◐", light: "☀", dark: "☾" };
  const button = h("button", { type: "button", class: "icon", id: "theme", onclick: () => set({ "": "dark", dark: "light", light: "" }[now]) });
  let now = "";
  const set = (theme) => {
    now = theme;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    kept.set("theme", theme);
    replace(button, h("span", { "aria-hidden": "true" }, signs[theme]), said(words[theme]));
    button.title = words[theme];
  };
  set(kept.get("theme") || "");
  return button;
}

replace(document.getElementById("nav"), NAV.map(([page, name]) => h("a", { href: address(page), "data-page": page }, name)));
document.getElementById("tools").append(themes());
window.addEventListener("hashchange", show);
listen();
show();
