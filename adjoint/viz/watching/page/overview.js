// The overview: one row a layer, one column a step, one colour a number. What stands out is unusual.
"use strict";

const log10 = (x) => (x > 0 ? Math.log10(x) : x === 0 || x === null ? null : NaN);

/** What the colours can show: of a row (see rowsOf) a series and the number of it, its unit, and the scale. */
const VIEWS = [
  {
    key: "update", title: "update / weight", kind: "update", source: "parameter", log: true,
    meaning: "How much one step changes a layer's weights, by their norm. About 0.001 is usual; much more is unstable, much less hardly learns.",
    value: (s, i) => log10(s.ratio[i] === null ? null : number(s.ratio[i])), quantity: "update", show: (v) => shown(10 ** v),
  },
  {
    key: "gradient", title: "gradient", kind: "gradient", source: "parameter", log: true,
    meaning: "The size of an element of a weight's gradient (root mean square). Layers that are much paler than the others get hardly any.",
    value: (s, i) => log10(number(s.norm[i]) / Math.sqrt(sizeOf(s.name))), quantity: "gradient", show: (v) => shown(10 ** v),
  },
  {
    key: "activation", title: "outputs", kind: "activation", source: "output", log: true,
    meaning: "The standard deviation of a layer's outputs. It should neither die out nor grow from layer to layer.",
    value: (s, i) => log10(number(s.std[i])), quantity: "activation", show: (v) => shown(10 ** v),
  },
  {
    key: "zero", title: "zeros", kind: "activation", source: "output", range: [0, 1],
    meaning: "The share of a layer's outputs that are exactly zero, through which no gradient passes: a ReLU's is often one half.",
    value: (s, i) => (s.zero ? number(s.zero[i]) : 0), quantity: "activation", show: percent,
  },
  {
    key: "weight", title: "weights", kind: "weight", source: "parameter", log: true,
    meaning: "The size of a weight's elements (root mean square).",
    value: (s, i) => log10(number(s.norm[i]) / Math.sqrt(sizeOf(s.name))), quantity: "weight", show: (v) => shown(10 ** v),
  },
];

const sizeOf = (name) => page.data.shapes[name].reduce((a, b) => a * b, 1) || 1;


class Overview {
  constructor() {
    this.view = VIEWS[0];
    this.canvas = document.querySelector("#map canvas");
    const choice = document.getElementById("choice");
    for (const view of VIEWS) {
      const button = html("button", { type: "button", role: "radio", "aria-checked": String(view === this.view), "data-view": view.key }, view.title);
      button.addEventListener("click", () => {
        this.view = view;
        for (const b of choice.children) b.setAttribute("aria-checked", String(b === button));
        this.draw();
      });
      choice.append(button);
    }
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => (page.look(null), tell(null)));
    this.canvas.addEventListener("click", (event) => {
      const row = this.rowAt(event);
      if (row) page.cards.show(row.layer);
    });
  }

  /** The rows that have something to show in this view: a layer and its series. */
  rows() {
    const found = [];
    for (const layer of page.layers) {
      // One row a layer: its weight. Vectors begin at zero or one, so their ratios say little.
      let names = this.view.source === "output" ? [layer.path] : layer.parameters.slice(0, 1);
      if (this.view.key === "update") names = layer.parameters.filter((n) => page.data.shapes[n].length > 1);
      for (const name of names) {
        const series = page.series.get(this.view.quantity + " " + name);
        if (series) found.push({ layer, name, series });
      }
    }
    return found;
  }

  draw() {
    const { view, canvas } = this;
    const rows = (this.shown = this.rows());
    document.getElementById("meaning").textContent = rows.length ? view.meaning : "Nothing of this was seen yet.";
    const colors = getComputedStyle(document.documentElement);
    const token = (name) => colors.getPropertyValue(name).trim();
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.parentElement.clientWidth - 16;
    const ROW = (this.row = rows.length > 80 ? 13 : 17);
    const height = Math.max(1, rows.length) * ROW;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = height + "px";
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const values = rows.map(({ series }) => series.at.map((_, i) => view.value(series, i)));
    const [low, high] = (this.range = view.range || span(values.flat()));
    const scale = ramp(token("--surface"), token("--" + KIND_TOKENS[view.kind]), token("--ink"));
    const label = (this.label = Math.min(width * 0.42, 290));
    const last = 58;
    const count = page.data.steps.length;
    const cell = (this.cell = Math.max(0.5, (width - label - last) / Math.max(1, count)));
    pen.textBaseline = "middle";
    rows.forEach(({ layer, name, series }, r) => {
      const y = r * ROW;
      const found = page.findingsOf(layer, view.quantity, name);
      if (found) {
        pen.fillStyle = found.severity > 1 ? token("--trouble") : token("--update");
        pen.beginPath();
        pen.arc(5, y + ROW / 2, 3.5, 0, 7);
        pen.fill();
      }
      pen.fillStyle = found ? token("--ink") : token("--muted");
      pen.font = `${ROW > 13 ? 12 : 10.5}px ${token("--mono")}`;
      const only = name === layer.parameters[0] ? layer.path : name;
      pen.fillText(fitted(pen, only, label - 20), 14, y + ROW / 2);
      series.at.forEach((at, i) => {
        const v = values[r][i];
        if (v === null) return;
        pen.fillStyle = Number.isFinite(v) ? scale(high > low ? (v - low) / (high - low) : 0.5) : token("--trouble");
        if (series.nan && series.nan[i] + (series.infinite ? series.infinite[i] : 0) > 0) pen.fillStyle = token("--trouble");
        pen.fillRect(label + at * cell, y + 1, Math.max(cell - (cell > 5 ? 1 : 0), 0.7), ROW - 2);
      });
      const v = values[r][values[r].length - 1];
      pen.fillStyle = token("--muted");
      pen.fillText(v === null ? "0" : Number.isFinite(v) ? view.show(v) : "NaN", label + count * cell + 6, y + ROW / 2);
    });
    if (page.at !== null) {
      pen.strokeStyle = token("--ink");
      pen.globalAlpha = 0.6;
      pen.strokeRect(label + page.at * cell - 0.5, 0.5, Math.max(cell, 1.5), height - 1);
      pen.globalAlpha = 1;
    }
    canvas.setAttribute("aria-label", `${view.title}: ${rows.length} rows, ${count} steps`);
    const bar = html("i");
    bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(scale).join(", ")})`;
    const parts = rows.length ? [view.show(low), bar, view.show(high), html("i", { class: "bad" }), "not finite"] : [];
    document.getElementById("scale").replaceChildren(...parts);
  }

  rowAt(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.shown[Math.floor((event.clientY - box.top) / this.row)];
  }

  point(event) {
    const row = this.rowAt(event);
    const box = this.canvas.getBoundingClientRect();
    const at = Math.floor((event.clientX - box.left - this.label) / this.cell);
    const inside = at >= 0 && at < page.data.steps.length;
    page.look(inside ? at : null);
    if (!row) return tell(null);
    const i = inside ? row.series.at.indexOf(at) : -1;
    const v = i >= 0 ? this.view.value(row.series, i) : null;
    const finding = page.findingsOf(row.layer, this.view.quantity, row.name);
    tell(
      row.name + (i >= 0 ? `\nstep ${page.data.steps[at]}: ${v === null ? "0" : Number.isFinite(v) ? this.view.show(v) : "NaN"}` : "") + (finding ? "\n" + finding.text : ""),
      event
    );
  }
}

const KIND_TOKENS = { activation: "forward", gradient: "gradient", weight: "leaf", update: "update", logged: "saved" };

/** The range of finite numbers, without the few that are far away from the rest. */
function span(values) {
  const sorted = values.filter((v) => v !== null && Number.isFinite(v)).sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const at = (q) => sorted[Math.round(q * (sorted.length - 1))];
  const [low, high] = [at(0.01), at(0.99)];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/** From a number between 0 and 1 to a colour: from the ground over the quantity's colour towards the ink. */
function ramp(ground, color, ink) {
  const [a, b, c] = [ground, color, ink].map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const mix = (x, y, t) => x.map((v, k) => Math.round(v + (y[k] - v) * t));
  return (t) => {
    t = Math.min(1, Math.max(0, t));
    const found = t < 0.7 ? mix(mix(a, b, 0.08), b, t / 0.7) : mix(b, mix(b, c, 0.6), (t - 0.7) / 0.3);
    return `rgb(${found.join(" ")})`;
  };
}

/** A name with its middle cut out to fit a width: its beginning says which block, its end which layer. */
function fitted(pen, name, width) {
  if (pen.measureText(name).width <= width) return name;
  const count = Math.max(4, Math.floor(width / pen.measureText("m").width) - 1); // the font has one width
  const end = Math.floor(count / 2);
  return name.slice(0, count - end) + "…" + name.slice(-end);
}
