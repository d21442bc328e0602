// Only where the page is served: how far the running suite is. A page from a disk asks nothing and nobody.
function listen() {
  if (!first.live) return;
  const line = document.getElementById("live");
  const events = new EventSource("events");
  events.addEventListener("progress", (event) => {
    const p = JSON.parse(event.data);
    line.hidden = false;
    replace(line,
      h("progress", { max: p.total, "aria-label": "cells done", value: p.done + p.failed }), " ",
      `${p.done} of ${p.total} cells done${p.failed ? `, ${p.failed} failed` : ""}`,
      p.running.length ? h("span", { class: "quiet" }, " · now: ", p.running.map((r, i) => [i ? ", " : "", bdi(`${r.name}${r.answers ? ` (${r.answers} answers)` : ""}`)])) : null,
      p.stamp !== first.live ? [" ", h("button", { type: "button", class: "plain", id: "reload", onclick: () => location.reload() }, "Show the new results")] : null);
  });
  events.onerror = () => { line.hidden = false; replace(line, "The server is gone; this page stays as it is."); };
}
