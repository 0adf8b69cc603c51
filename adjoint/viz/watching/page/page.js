// The page: the data, what is looked at, and keeping both up to date.
"use strict";

const page = {
  data: null,
  at: null, // the sample that is pointed at
  layers: [], // the model's, and functional activations behind the layer whose input they are
  series: new Map(), // "gradient conv1.weight" -> series
  owner: new Map(), // name of a parameter or a layer -> layer

  extent() {
    const { steps, logged } = this.data;
    const all = Object.values(logged).map((v) => v[v.length - 1][0]);
    const first = Math.min(steps.length ? steps[0] : Infinity, ...Object.values(logged).map((v) => v[0][0]));
    return [Number.isFinite(first) ? first : 0, Math.max(steps.length ? steps[steps.length - 1] : 0, ...all)];
  },

  severity(layer) {
    return Math.max(0, ...this.data.findings.filter((f) => f.names.some((n) => this.owner.get(n) === layer)).map((f) => f.severity));
  },

  findingsOf(layer, quantity, name) {
    return this.data.findings.find((f) => f.names.includes(name) && f.quantity === quantity);
  },

  take(data) {
    this.data = data;
    this.series = new Map(data.series.map((s) => [s.quantity + " " + s.name, s]));
    const layers = [];
    for (const layer of data.layers) {
      for (const [path, kind] of Object.entries(data.inputs)) if (path.startsWith(layer.path + " ← ")) layers.push(kept(path, kind));
      layers.push(kept(layer.path, layer.kind, layer.parameters));
    }
    this.layers = layers;
    this.owner = new Map(layers.flatMap((l) => [[l.path, l], ...l.parameters.map((p) => [p, l])]));
    this.draw();
  },

  draw() {
    const { data } = this;
    document.getElementById("title").textContent = data.title;
    drawFindings();
    drawScalars();
    this.overview.draw();
    this.cards.update();
  },

  look(at) {
    if (at === this.at) return;
    this.at = at;
    for (const plot of scalars.values()) plot.mark(at);
    this.overview.draw();
    this.cards.look();
  },
};

/** The same object for the same layer, whatever the data say anew. */
const layersByPath = new Map();
function kept(path, kind, parameters = []) {
  if (!layersByPath.has(path)) layersByPath.set(path, { path, kind, parameters });
  return layersByPath.get(path);
}

const scalars = new Map();

function drawScalars() {
  const { data } = page;
  const specs = [];
  for (const [name, values] of Object.entries(data.logged))
    specs.push({ key: "logged " + name, title: name, kind: "logged", format: shown, lines: [{ x: values.map((v) => v[0]), y: values.map((v) => number(v[1])) }] });
  const at = data.rates.map((r, i) => (r === null ? -1 : i)).filter((i) => i >= 0);
  if (at.length && !("lr" in data.logged))
    specs.push({ key: "rate", title: "learning rate", kind: "update", format: shown, lines: [{ x: at.map((i) => data.steps[i]), y: at.map((i) => number(data.rates[i])) }] });
  const squares = new Map();
  for (const s of data.series) if (s.quantity === "gradient") s.at.forEach((a, i) => squares.set(a, (squares.get(a) || 0) + number(s.norm[i]) ** 2));
  const whole = [...squares].sort((a, b) => a[0] - b[0]);
  if (whole.length)
    specs.push({
      key: "whole", title: "|gradient| of the model", kind: "gradient", log: true, format: (v) => (v === null ? "0" : shown(10 ** v)),
      lines: [{ x: whole.map(([a]) => data.steps[a]), y: logs(whole.map(([, v]) => Math.sqrt(v))) }],
    });
  document.getElementById("training").hidden = !specs.length;
  const place = document.getElementById("scalars");
  for (const spec of specs) {
    if (!scalars.has(spec.key)) {
      const plot = new Plot();
      scalars.set(spec.key, plot);
      place.append(plot.figure);
    }
    scalars.get(spec.key).draw(spec, page.extent());
  }
}

function drawFindings() {
  const { data } = page;
  const list = document.getElementById("findings");
  if (!data.findings.length) {
    list.replaceChildren(html("li", { class: "none" }, data.steps.length ? `Nothing is unusual in ${data.layers.length} layers.` : "Nothing was seen yet."));
    return;
  }
  list.replaceChildren(
    ...data.findings.map((f) => {
      const button = html("button", { type: "button" }, f.text);
      button.addEventListener("click", () => {
        const layer = page.owner.get(f.names[0]);
        if (layer) page.cards.show(layer);
      });
      return html("li", { class: f.severity > 1 ? "serious" : "notable" }, button);
    })
  );
}

function tell(text, event) {
  const tip = document.getElementById("tip");
  tip.hidden = text === null;
  if (text === null) return;
  tip.textContent = text;
  const x = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
  const y = event.clientY + 18 + tip.offsetHeight > window.innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18;
  tip.style.left = Math.max(8, x) + "px";
  tip.style.top = y + "px";
}

function status(state) {
  const { data } = page;
  const texts = { live: "live", ended: "ended", gone: "the program has ended; this is what was seen", kept: "" };
  const dot = html("span", { class: "dot " + state });
  const many = data ? data.parameters.toLocaleString("en") : "";
  const words = data ? [`step `, html("b", {}, String(data.step)), ` · ${data.steps.length} looked at, ${data.every === 1 ? "every one" : "one in " + data.every} · ${many} parameters`] : ["waiting"];
  document.getElementById("status").replaceChildren(dot, texts[state] ? texts[state] + " · " : "", ...words);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Ask the program again and again; only what is new comes, and the latest sample, which may have got more. */
async function live() {
  let misses = 0;
  for (;;) {
    if (document.hidden && page.data) {
      await sleep(500);
      continue;
    }
    try {
      const known = page.data;
      const since = known ? Math.max(0, known.steps.length - 1) : 0;
      const answer = await fetch(`data?since=${since}&thinned=${known ? known.thinned : 0}&version=${known ? known.version : 0}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = await answer.json();
      const changed = !known || fresh.step !== known.step || fresh.version !== known.version || fresh.closed !== known.closed || JSON.stringify(fresh.logged) !== JSON.stringify(known.logged);
      if (changed) page.take(joined(known, fresh));
      status(fresh.closed ? "ended" : "live");
      misses = 0;
    } catch {
      misses += 1;
      if (page.data && misses > 1) status("gone");
      if (misses > 20) return;
    }
    await sleep(Math.min(1000 * 1.5 ** misses, 10000));
  }
}

/** What the reader chose before, on this page or the explorer's; where pages may keep nothing, nothing. */
function chosen(name) {
  try {
    if (name) localStorage.setItem("adjoint theme", name);
    return localStorage.getItem("adjoint theme");
  } catch {
    return null;
  }
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  if (page.data) page.draw();
}

async function start() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  theme(chosen() || (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => theme(dark.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () => {
    const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    theme(other);
    chosen(other);
  });
  page.overview = new Overview();
  page.cards = new Cards();
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width && page.data) page.draw();
    width = window.innerWidth;
  });
  const text = document.getElementById("data").textContent.trim();
  if (!text) {
    status("live");
    return live();
  }
  page.take(await unpacked(text));
  status("kept");
}

start();
