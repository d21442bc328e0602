// The data: `first` is in the page, parts are inflated when they are looked at.
const first = JSON.parse(document.getElementById("first").textContent);
const inflated = new Map();
const waiting = new Map();

function base64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) found[i] = letters.charCodeAt(i);
  return found;
}

// Where parts lie beside the page, each is a script that hands its text over.
function beside(id) {
  globalThis.culturePart = (name, text) => waiting.get(name)?.(text);
  return new Promise((resolve, reject) => {
    waiting.set(id, resolve);
    document.head.append(h("script", { src: `parts/${id}.js`, onerror: () => reject(new Error(`parts/${id}.js is not beside the page`)) }));
  });
}

async function inflate(id) {
  const block = document.getElementById(`part-${id}`);
  const text = block ? block.textContent : await beside(id);
  const stream = new Blob([base64(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function bytes(id) {
  if (!inflated.has(id)) inflated.set(id, inflate(id));
  return inflated.get(id);
}

const parsed = new Map();
function json(id) {
  if (!parsed.has(id)) parsed.set(id, bytes(id).then((b) => { inflated.delete(id); return JSON.parse(new TextDecoder().decode(b)); }));
  return parsed.get(id);
}

const benchmarkOf = new Map(first.benchmarks.map((b) => [b.name, b]));
const modelOf = new Map(first.models.map((m) => [m.name, m]));
const titleOf = (benchmark) => benchmarkOf.get(benchmark)?.title || benchmark;
const outcomes = first.comparison.outcomes || [];
const cellsOf = (model) => first.cells.filter((c) => c.model === model);

// A benchmark's further scores.
const scoresOf = (benchmark) => json(`scores-${first.benchmarks.findIndex((b) => b.name === benchmark)}`);

// The pair of two models in an outcome, read as `one` against `other`.
async function pairOf(place, one, other) {
  const { pairs } = await json(`pairs-${place}`);
  const found = pairs.find((p) => (p.a === one && p.b === other) || (p.a === other && p.b === one));
  if (!found) return null;
  const forward = found.a === one;
  const turn = forward ? "forward" : "turned";
  const verdict = { "a-better": forward ? "one" : "other", "b-better": forward ? "other" : "one", undecided: "open" }[found.verdict] || found.verdict;
  const [a, b] = [found.score_a, found.score_b];
  return { ...found, ...found.difference[turn], effect: found.effect[turn], verdict, turn, one: forward ? a : b, other: forward ? b : a };
}

// A p-value as a number, to shade by; never to be shown.
const pNumber = (p) => (p.startsWith("<") ? 0 : parseFloat(p));
