// The pages in a real Chromium: what a reader does, what assistive technology needs, and that nothing is asked of a network.
// Pages: PAGE (the SAMPLE run), HOSTILE (strings that must do nothing); SUMMARY is the run's summary.json. See scripts/test-browser.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { PAGE, HOSTILE, SUMMARY, CHROMIUM = "/usr/bin/chromium", SHOTS } = process.env;
const summary = JSON.parse(fs.readFileSync(SUMMARY, "utf8"));
const ROUTES = ["", "compare", "pairs", "cultures", "models", "models?name=majority", "benchmarks", "benchmarks?name=crehate", "examples", "run"];
const percent = (v) => { // As Rust's {:.1} and JavaScript's toFixed agree away from exact ties; a tie may round either way.
  const text = (v * 100).toFixed(1);
  return [text, (v * 100 - 1e-9).toFixed(1)];
};
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
});
after(() => browser.close());

// A page that fails its test on any error of its script, any refusal of its policy and any request but the file itself.
async function open(t, file, route = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("pageerror", (e) => trouble.push(String(e)));
  page.on("console", (m) => m.type() === "error" && trouble.push(m.text()));
  page.on("request", (r) => { if (!r.url().startsWith(`file://${file}`) && !r.url().startsWith("data:")) trouble.push(`asked for ${r.url()}`); });
  t.after(async () => { await context.close(); });
  await page.goto(`file://${file}#/${route}`);
  await ready(page);
  page.trouble = trouble;
  return page;
}
const ready = (page) => page.waitForFunction(() => document.documentElement.dataset.ready);
async function to(page, route) {
  const now = await page.evaluate(() => document.documentElement.dataset.ready);
  await page.evaluate((r) => { location.hash = `#/${r}`; }, route);
  await page.waitForFunction((earlier) => document.documentElement.dataset.ready !== earlier, now);
}

test("the board shows the numbers of summary.json and sorts by them", async (t) => {
  const page = await open(t, PAGE);
  const cells = summary.cells.filter((c) => c.outcome.score);
  const shown = await page.$$eval("#board .value", (all) => all.map((v) => v.firstChild.textContent));
  assert.equal(shown.length, cells.length);
  const wanted = cells.flatMap((c) => percent(c.outcome.score.value));
  for (const value of shown) assert.ok(wanted.includes(value), value);
  await page.click("#board thead th:nth-child(2) button");
  const column = () => page.$$eval("#board tbody tr > :nth-child(2)", (all) => all.map((td) => parseFloat(td.dataset.sort)).filter((v) => !Number.isNaN(v)));
  assert.deepEqual(await column(), (await column()).sort((x, y) => y - x));
  assert.equal(await page.getAttribute("#board thead th:nth-child(2)", "aria-sort"), "descending");
  await page.click("#board thead th:nth-child(2) button");
  assert.deepEqual(await column(), (await column()).sort((x, y) => x - y));
  assert.deepEqual(page.trouble, []);
});

test("the chart shows every score of its benchmark, the best first, and never SAMPLE as a success", async (t) => {
  const page = await open(t, PAGE);
  const cells = summary.cells.filter((c) => c.outcome.score);
  const groups = new Set(cells.map((c) => `${c.benchmark} ${c.protocol}`));
  const shown = await page.$$eval(".chart", (all) => all.map((c) => [...c.querySelectorAll(".number")].map((n) => parseFloat(n.firstChild.textContent))));
  assert.equal(shown.length, groups.size);
  assert.equal(shown.flat().length, cells.length);
  for (const values of shown) assert.deepEqual(values, [...values].sort((x, y) => y - x));
  const green = await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--yes"));
  assert.ok(green);
  assert.equal(await page.$$eval(".badge.significant:not(.on-sample)", (all) => all.length), 0, "all of this run is SAMPLE");
  assert.ok(await page.$$eval(".rows li", (all) => all.every((li) => li.classList.contains("on-sample"))));
  assert.deepEqual(page.trouble, []);
});

test("the board filters by model, protocol and benchmark", async (t) => {
  const page = await open(t, PAGE);
  await page.fill("#filter-models", "major");
  const rows = await page.$$eval("#board tbody tr", (all) => all.map((row) => row.textContent));
  const [references, models] = [rows.filter((row) => row.startsWith("reference: ")), rows.filter((row) => !row.startsWith("reference: "))];
  assert.equal(models.length, 1, rows.join());
  assert.ok(references.length, "what simple rules score stays below the models");
  await page.fill("#filter-models", "");
  const columns = await page.$$eval("#board thead th", (all) => all.length);
  await page.click(".boxes summary");
  await page.uncheck("[data-benchmark=crehate]");
  assert.equal(await page.$$eval("#board thead th", (all) => all.length), columns - 1);
  const protocol = summary.cells.find((c) => c.benchmark === "emgsd" && c.outcome.score).protocol;
  await page.selectOption("#filter-protocol", protocol);
  const protocols = await page.$$eval("#board td .small:nth-of-type(3)", (all) => all.map((x) => x.textContent.split(",")[0]));
  assert.ok(protocols.length && protocols.every((p) => p === protocol), protocols.join());
});

test("a newcomer learns who is better on Singapore, and whether significantly, by one choice", async (t) => {
  const page = await open(t, PAGE);
  await page.selectOption("#culture", "Singapore");
  const words = await page.textContent(".verdict .sentence");
  assert.match(words, /Singapore/);
  assert.match(words, /significant|likely|Yes|nothing is tested/i);
  assert.match(page.url(), /culture=Singapore/);
  await page.reload();
  await ready(page);
  assert.match(await page.textContent(".verdict .sentence"), /Singapore/, "the choice is in the address");
});

test("two models are compared, and swapped, without a number changing", async (t) => {
  const page = await open(t, PAGE, "compare?a=majority&b=hashed-ngrams");
  const column = (n) => page.$eval(".forest", (table, place) => [...table.tBodies[0].rows].map((r) => r.children[place].textContent), n);
  const [a, b] = [await column(1), await column(2)];
  assert.ok(a.length > 1);
  await page.click("text=Swap");
  await page.waitForFunction(() => document.querySelector("#model-a").value === "hashed-ngrams");
  assert.deepEqual([await column(2), await column(1)], [a, b]);
  assert.ok(await page.$$eval(".examples tbody tr[aria-rowindex]", (all) => all.length), "examples on which they differ");
  assert.deepEqual(page.trouble, []);
});

test("examples are searched, filtered and scrolled; hateful texts wait until they are asked for", async (t) => {
  const page = await open(t, PAGE, "examples?task=crehate&a=majority");
  const count = async () => parseInt(await page.textContent(".page.examples [role=status]"), 10);
  const all = await count();
  assert.ok(all > 500, String(all));
  assert.ok(await page.$$eval(".examples tbody tr", (rows) => rows.length) < 60, "only rows in view exist");
  assert.equal(await page.getAttribute(".examples tbody .text", "aria-hidden"), "true");
  assert.ok(await page.$eval(".window", (w) => getComputedStyle(w.querySelector(".text")).filter.includes("blur")));
  await page.click("#veil");
  assert.equal(await page.getAttribute(".examples tbody .text", "aria-hidden"), null);
  const word = (await page.textContent(".examples tbody .text")).trim().split(/\s+/).find((w) => /^[a-z]{5,}$/i.test(w));
  await page.fill("#search", word);
  await page.waitForFunction((n) => parseInt(document.querySelector(".page.examples [role=status]").textContent, 10) < n, all);
  assert.ok(await count() > 0);
  await page.fill("#search", "");
  await page.waitForFunction((n) => parseInt(document.querySelector(".page.examples [role=status]").textContent, 10) === n, all);
  await page.selectOption("#show", "wrong");
  const wrong = await count();
  await page.selectOption("#show", "right");
  assert.equal(wrong + await count(), all);
  await page.selectOption("#show", "all");
  await page.selectOption("#of-culture", "SG");
  assert.ok(await count() < all);
  await page.selectOption("#of-culture", "");
  await page.$eval(".window", (w) => { w.scrollTop = w.scrollHeight; });
  await page.waitForFunction((n) => [...document.querySelectorAll(".examples tbody tr[aria-rowindex]")].some((r) => r.getAttribute("aria-rowindex") === String(n + 1)), all);
  await page.click(".examples tbody tr[aria-rowindex] button");
  assert.ok(await page.isVisible("dialog[open] table"));
  await page.keyboard.press("Escape");
  assert.equal(await page.$("dialog"), null);
  assert.deepEqual(page.trouble, []);
});

test("every page stands at 360 px and at full width, light and dark, with no serious violation of axe", async (t) => {
  for (const [mode, options] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, phone: { viewport: { width: 360, height: 740 } } })) {
    const page = await open(t, PAGE, "", { colorScheme: "light", ...options });
    for (const [place, route] of ROUTES.entries()) {
      if (place) await to(page, route);
      const name = `${mode} ${route || "board"}`;
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${name} is ${wide} px wide in a window of ${window}`);
      if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name.replace(/\W+/g, "-")}.png`, fullPage: true });
      if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
      const serious = violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`);
      assert.deepEqual(serious, [], name);
    }
    assert.deepEqual(page.trouble, [], mode);
  }
});

test("the colours follow the system until the reader chooses", async (t) => {
  const page = await open(t, PAGE, "", { colorScheme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.emulateMedia({ colorScheme: "light" });
  const light = await ground();
  assert.notEqual(dark, light);
  await page.click("#theme");
  assert.equal(await ground(), dark);
  await page.click("#theme");
  assert.equal(await ground(), light);
});

test("it prints: no navigation, the whole board, light", async (t) => {
  const page = await open(t, PAGE, "", { colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.isVisible("#nav"), false);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.ok((await page.pdf({ preferCSSPageSize: true })).length > 10_000);
});

test("it is worked by keyboard alone", async (t) => {
  const page = await open(t, PAGE);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  for (let i = 0; i < 40 && await page.evaluate(() => document.activeElement.dataset.page) !== "pairs"; i++) await page.keyboard.press("Tab");
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none", "the focus is seen");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".page.pairs h1");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main", "the reader stands at the new page");
  assert.equal(await page.getAttribute("#nav [aria-current]", "data-page"), "pairs");
});

test("hostile names, texts and errors do nothing", async (t) => {
  const page = await open(t, HOSTILE);
  for (const [place, route] of ["", "compare", "pairs", "cultures", "models", "models?name=hostile", "models?name=no-such", "benchmarks", "benchmarks?name=hostile-texts", "examples", "run"].entries()) {
    if (place) await to(page, route);
    if (await page.$("#veil")) await page.click("#veil");
    assert.equal(await page.evaluate(() => globalThis.hurt), undefined, route);
    assert.deepEqual(await page.$$eval("main img, main script, main iframe, main b:not(.tile b), [onerror], [onload], a[href^='javascript']", (all) => all.map((e) => e.outerHTML)), [], route);
    assert.equal(await page.evaluate(() => /[\u202a-\u202e]/.test([...document.querySelectorAll("main h1, main th, main label, main option")].map((e) => e.textContent).join(""))), false, route);
  }
  await to(page, "models?name=hostile");
  assert.match(await page.textContent("h1"), /<img src=x/, "it is shown as it is written");
  assert.deepEqual(page.trouble, []);
});
