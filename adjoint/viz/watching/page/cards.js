// The cards: one a layer, with its plots. What is not on the screen is not drawn.
"use strict";

class Cards {
  constructor() {
    this.cards = new Map();
    this.visible = new Set();
    this.place = document.getElementById("cards");
    this.observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const card = entry.target.card;
        if (entry.isIntersecting) {
          this.visible.add(card);
          card.draw();
        } else this.visible.delete(card);
      }
    }, { rootMargin: "300px" });
    this.search = document.getElementById("search");
    this.sort = document.getElementById("sort");
    this.search.addEventListener("input", () => this.arrange());
    this.sort.addEventListener("change", () => this.arrange());
  }

  update() {
    for (const layer of page.layers)
      if (!this.cards.has(layer.path)) {
        const card = new Card(layer);
        this.cards.set(layer.path, card);
        this.observer.observe(card.root);
      }
    this.arrange();
    for (const card of this.visible) card.draw();
  }

  arrange() {
    const wanted = this.search.value.trim().toLowerCase();
    let order = page.layers.map((layer) => this.cards.get(layer.path));
    if (this.sort.checked) order = order.slice().sort((a, b) => page.severity(b.layer) - page.severity(a.layer));
    order = order.filter(({ layer }) => (layer.path + " " + layer.kind).toLowerCase().includes(wanted));
    const roots = order.map((card) => card.root);
    const now = [...this.place.children];
    if (roots.length !== now.length || roots.some((r, i) => r !== now[i])) this.place.replaceChildren(...roots);
    document.getElementById("matches").textContent = wanted ? `${order.length} of ${page.layers.length} layers` : `${page.layers.length} layers`;
    for (const card of order) card.mark();
  }

  show(layer) {
    this.search.value = "";
    this.arrange();
    const card = this.cards.get(layer.path);
    if (!card) return;
    card.draw();
    card.root.scrollIntoView({ block: "start" });
    for (const c of this.cards.values()) c.root.classList.toggle("found", c === card);
    card.root.focus({ preventScroll: true });
  }

  look() {
    for (const card of this.visible) for (const plot of card.plots.values()) plot.mark(page.at);
  }
}

class Card {
  constructor(layer) {
    this.layer = layer;
    this.plots = new Map();
    this.head = html("h3");
    this.words = html("p");
    this.words.hidden = true;
    this.grid = html("div", { class: "plots" });
    this.root = html("article", { class: "card", tabindex: "-1", "data-path": layer.path }, this.head, this.words, this.grid);
    this.root.card = this;
    const shape = layer.parameters.length ? " " + page.data.shapes[layer.parameters[0]].join(" × ") : "";
    const kind = layer.path in page.data.inputs ? "called as a function" : layer.kind + shape;
    this.head.append(layer.path + " ", html("span", {}, kind));
  }

  mark() {
    const found = page.data.findings.filter((f) => f.names.some((n) => page.owner.get(n) === this.layer));
    this.root.classList.toggle("marked", found.some((f) => f.severity === 1));
    this.root.classList.toggle("serious", found.some((f) => f.severity > 1));
    this.words.hidden = !found.length;
    this.words.textContent = found.map((f) => this.told(f)).join(" · ");
  }

  /** A finding about several layers, as it concerns this one. */
  told(finding) {
    if (finding.names.length === 1) return finding.text;
    const own = finding.names.filter((n) => page.owner.get(n) === this.layer).map((n) => n.slice(n.lastIndexOf(".") + 1));
    return own.join(", ") + ": " + finding.what;
  }

  draw() {
    const specs = specsOf(this.layer);
    for (const key of this.plots.keys())
      if (!specs.some((s) => s.key === key)) {
        this.plots.get(key).figure.remove();
        this.plots.delete(key);
      }
    const steps = page.extent();
    for (const spec of specs) {
      if (!this.plots.has(spec.key)) {
        const plot = new Plot();
        this.plots.set(spec.key, plot);
        this.grid.append(plot.figure);
      }
      this.plots.get(spec.key).draw(spec, steps);
    }
    this.grid.classList.toggle("one", specs.length === 1);
    if (!specs.length) this.grid.textContent = page.data.steps.length ? "Not seen: it was not called by itself." : "";
    else if (this.grid.firstChild && this.grid.firstChild.nodeType === 3) this.grid.firstChild.remove();
  }
}

const stepsOf = (s) => s.at.map((a) => page.data.steps[a]);
const of = (s, field) => (s[field] ? s[field].map((v) => (v === null ? null : number(v))) : s.at.map(() => 0));
const logs = (values) => values.map((v) => (v > 0 ? Math.log10(v) : v === 0 ? null : v)); // of zero there is none

/** The numbers of a series over time with their spread, and their histogram. */
function spread(s, key, title, kind) {
  const x = stepsOf(s);
  const [low, high] = [of(s, "low"), of(s, "high")];
  const middle = of(s, "mean");
  return {
    key, title, kind, format: (v) => (v === undefined ? "" : "mean " + shown(v)), lines: s.quantiles ? [] : [{ x, y: middle }],
    bands: { x, quantiles: s.quantiles, low, high, middle },
    side: s.heights ? { x, heights: s.heights, low, high } : undefined,
  };
}

/** What there is to draw of a layer. */
function specsOf(layer) {
  const specs = [];
  const get = (quantity, name) => page.series.get(quantity + " " + name);
  const outputs = get("activation", layer.path);
  if (outputs) {
    specs.push(spread(outputs, "outputs", "outputs", "activation"));
    const lines = [];
    if (outputs.zero) lines.push({ x: stepsOf(outputs), y: of(outputs, "zero"), name: "zero" });
    if (outputs.saturated) lines.push({ x: stepsOf(outputs), y: of(outputs, "saturated"), name: "saturated", second: lines.length > 0 });
    if (lines.length)
      specs.push({
        key: "zero", title: lines.map((l) => l.name).join(", ") + " (share)", kind: "activation", format: percent, range: [0, 1], lines,
        tick: (t) => Math.round(t * 100) + "%",
      });
  }
  const names = layer.parameters;
  if (!names.length) return specs;
  const main = names[0];
  const short = (name) => name.slice(name.lastIndexOf(".") + 1);
  const lines = (quantity, values) =>
    names.map((n, k) => [get(quantity, n), k, n]).filter(([s]) => s).map(([s, k, n]) => ({ x: stepsOf(s), y: values(s), name: short(n), second: k > 0 }));
  const gradient = lines("gradient", (s) => logs(of(s, "norm")));
  if (gradient.length)
    specs.push({ key: "gradient", title: "|gradient|", kind: "gradient", format: (v) => (v === null ? "0" : shown(10 ** v)), log: true, lines: gradient });
  const arrived = get("gradient", main);
  if (arrived && arrived.heights) {
    const shape = { x: stepsOf(arrived), heights: arrived.heights, low: of(arrived, "low"), high: of(arrived, "high") };
    specs.push({ key: "gradients", title: `gradient of ${short(main)}`, kind: "gradient", shape });
  }
  const ratios = lines("update", (s) => logs(of(s, "ratio")));
  if (ratios.length)
    specs.push({ key: "ratio", title: "update / weight", kind: "update", format: (v) => (v === null ? "0" : shown(10 ** v)), log: true, guide: -3, lines: ratios, leave: true });
  if (get("weight", main)) specs.push(spread(get("weight", main), "weights", short(main), "weight"));
  return specs;
}
