// Plots: small pictures of one quantity over the steps, as SVG.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function html(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const HEIGHT = 108;
const INSET = { left: 34, right: 4, top: 8, bottom: 16 };
const SIDE = 44; // of the histogram beside a band

/**
 * One plot: a caption and a picture. `spec` says what is drawn:
 *   title, kind (the colour), format(y) -> text, log (axis of powers of ten), range ([low, high], fixed), guide (a line there),
 *   or shape: {x, heights, low, high}, a histogram alone
 *   lines: [{x: steps, y: values, name, second}], bands: {x, quantiles, low, high}, side: {heights, low, high} by sample
 */
class Plot {
  constructor() {
    this.value = html("output");
    this.title = html("b");
    this.svg = element("svg", { height: HEIGHT, role: "img" });
    this.figure = html("figure", { class: "plot" }, html("figcaption", {}, this.title, this.value), this.svg);
    this.cross = null;
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => page.look(null));
  }

  draw(spec, steps) {
    this.spec = spec;
    if (spec.shape) return this.histogram(spec);
    this.figure.className = "plot " + spec.kind;
    this.title.textContent = spec.title;
    this.title.title = spec.title;
    const width = Math.max(120, this.svg.clientWidth || 200);
    const right = width - INSET.right - (spec.side ? SIDE : 0);
    const [low, high] = rangeOf(spec);
    const last = steps[1] > steps[0] ? steps[1] : steps[0] + 1;
    this.x = (step) => INSET.left + ((step - steps[0]) / (last - steps[0])) * (right - INSET.left);
    this.back = (px) => steps[0] + ((px - INSET.left) / (right - INSET.left)) * (last - steps[0]);
    const y = (v) => HEIGHT - INSET.bottom - ((v - low) / (high - low)) * (HEIGHT - INSET.bottom - INSET.top);
    this.y = y;
    this.right = right;
    const parts = [];
    const drawn = spec.bands || spec.lines.some((line) => line.y.some(Number.isFinite));
    if (!drawn) parts.push(element("text", { x: (INSET.left + right) / 2, y: HEIGHT / 2, "text-anchor": "middle" }, spec.log ? "zero throughout" : "never finite"));
    for (const t of !drawn ? [] : spec.log ? powers(low, high) : ticks(low, high)) {
      parts.push(element("line", { class: "axis", x1: INSET.left, x2: right, y1: y(t), y2: y(t) }));
      parts.push(element("text", { x: INSET.left - 4, y: y(t) + 3.5, "text-anchor": "end" }, spec.log ? power(t) : spec.tick ? spec.tick(t) : shown(t)));
    }
    parts.push(element("text", { x: INSET.left, y: HEIGHT - 3 }, String(steps[0])));
    parts.push(element("text", { x: right, y: HEIGHT - 3, "text-anchor": "end" }, String(steps[1])));
    if (spec.guide !== undefined && spec.guide > low && spec.guide < high)
      parts.push(element("line", { class: "guide", x1: INSET.left, x2: right, y1: y(spec.guide), y2: y(spec.guide) }));
    if (spec.bands) parts.push(...this.bands(spec.bands, y));
    for (const line of spec.lines || []) parts.push(...this.line(line, y, spec.log));
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", `${spec.title}: ${spec.format(latest(spec))}`);
    this.mark(page.at);
  }

  /** A histogram alone, at the step that is pointed at or the latest. */
  histogram(spec) {
    this.figure.className = "plot " + spec.kind;
    this.title.textContent = this.title.title = spec.title;
    this.mark(page.at);
  }

  shape(step) {
    const { x, heights, low, high } = this.spec.shape;
    const width = Math.max(120, this.svg.clientWidth || 200);
    const i = step === null ? x.length - 1 : x.indexOf(step);
    const right = width - INSET.right;
    const [left, bottom] = [6, HEIGHT - INSET.bottom];
    const parts = [element("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom })];
    this.value.textContent = i < 0 ? "" : "step " + x[i];
    if (i >= 0 && heights[i] && !(low[i] < high[i])) {
      const text = low[i] === high[i] ? `all are ${shown(low[i])}` : "never finite";
      parts.push(element("text", { x: (left + right) / 2, y: HEIGHT / 2, "text-anchor": "middle" }, text));
    } else if (i >= 0 && heights[i]) {
      const bars = [...heights[i]].map((c) => DIGITS.indexOf(c) / 61);
      const each = (right - left) / bars.length;
      let d = "";
      bars.forEach((h, k) => {
        const tall = h * (bottom - INSET.top);
        if (h > 0) d += `M${(left + k * each + 0.5).toFixed(1)} ${bottom}v${-Math.max(1, tall).toFixed(1)}h${(each - 1).toFixed(1)}V${bottom}z`;
      });
      parts.push(element("path", { class: "bars", d }));
      const zero = left + ((0 - low[i]) / (high[i] - low[i])) * (right - left);
      if (zero > left + 30 && zero < right - 30) {
        parts.push(element("line", { class: "guide", x1: zero, x2: zero, y1: INSET.top, y2: bottom }));
        parts.push(element("text", { x: zero, y: HEIGHT - 3, "text-anchor": "middle" }, "0"));
      }
      parts.push(element("text", { x: left, y: HEIGHT - 3 }, shown(low[i])));
      parts.push(element("text", { x: right, y: HEIGHT - 3, "text-anchor": "end" }, shown(high[i])));
    }
    this.svg.replaceChildren(...parts);
    this.svg.setAttribute("aria-label", `${this.spec.title}: histogram, ${this.value.textContent}`);
  }

  line({ x, y: values, second }, y, log) {
    let path = "";
    let pen = false;
    const bad = [];
    x.forEach((step, i) => {
      const v = values[i];
      if (v === null) pen = false;
      else if (Number.isFinite(v)) {
        path += (pen ? "L" : "M") + this.x(step).toFixed(1) + " " + y(v).toFixed(1);
        pen = true;
      } else {
        pen = false;
        if (!(log && v === -Infinity)) bad.push(element("rect", { class: "bad", x: this.x(step) - 1.5, y: INSET.top, width: 3, height: 6 }));
      }
    });
    const only = x.length === 1 && Number.isFinite(values[0]);
    if (only) path += "l.01 0";
    return [element("path", { class: second ? "line second" : "line", d: path, ...(only ? { "stroke-width": 4 } : {}) }), ...bad];
  }

  bands({ x, quantiles, low, high }, y) {
    const made = [];
    const shape = (above, below, opacity) => {
      const there = x.map((step, i) => [this.x(step), above(i), below(i)]).filter(([, a, b]) => Number.isFinite(a) && Number.isFinite(b));
      if (!there.length) return;
      if (there.length === 1) there.push([there[0][0] + 2, there[0][1], there[0][2]]);
      const top = there.map(([px, a]) => `${px.toFixed(1)} ${y(a).toFixed(1)}`);
      const bottom = there.map(([px, , b]) => `${px.toFixed(1)} ${y(b).toFixed(1)}`).reverse();
      made.push(element("path", { class: "band", opacity, d: `M${top.join("L")}L${bottom.join("L")}Z` }));
    };
    shape((i) => high[i], (i) => low[i], 0.13);
    if (quantiles) {
      const q = (k) => (i) => (quantiles[i].length ? number(quantiles[i][k]) : NaN);
      shape(q(4), q(0), 0.2);
      shape(q(3), q(1), 0.35);
      made.push(...this.line({ x, y: x.map((_, i) => q(2)(i)) }, y));
    }
    return made;
  }

  /** The cross at a sample, the value there, and the histogram of it. */
  mark(at) {
    if (!this.spec) return;
    if (this.spec.shape) return this.shape(at === null ? null : page.data.steps[at]);
    for (const old of this.svg.querySelectorAll(".cross, .bars")) old.remove();
    const step = at === null ? null : page.data.steps[at];
    const value = step === null ? latest(this.spec) : valueAt(this.spec, step);
    this.value.textContent = value === undefined ? "" : this.spec.format(value);
    if (step !== null) {
      const px = Math.round(this.x(step)) + 0.5;
      this.svg.append(element("line", { class: "cross", x1: px, x2: px, y1: INSET.top - 4, y2: HEIGHT - INSET.bottom }));
    }
    if (this.spec.side) this.side(step);
  }

  side(step) {
    const { x, heights, low, high } = this.spec.side;
    let i = step === null ? x.length - 1 : x.indexOf(step);
    if (i < 0 || !heights[i]) return;
    const bars = [...heights[i]].map((c) => DIGITS.indexOf(c) / 61);
    const [top, bottom] = [this.y(high[i]), this.y(low[i])];
    const each = Math.max(0.6, (bottom - top) / bars.length);
    let d = "";
    bars.forEach((h, k) => {
      if (h > 0) d += `M${this.right + 5} ${(bottom - k * each).toFixed(2)}h${Math.max(1, h * (SIDE - 7)).toFixed(1)}v${(-each).toFixed(2)}H${this.right + 5}z`;
    });
    this.svg.append(element("path", { class: "bars", d }));
  }

  point(event) {
    if (!this.back) return;
    const box = this.svg.getBoundingClientRect();
    page.look(nearest(this.back(event.clientX - box.left)));
  }
}

const latest = (spec) => {
  const line = spec.lines && spec.lines.length ? spec.lines[0] : null;
  if (line) return line.y[line.y.length - 1];
  return spec.bands ? spec.bands.middle[spec.bands.middle.length - 1] : undefined;
};

function valueAt(spec, step) {
  const [x, y] = spec.lines && spec.lines.length ? [spec.lines[0].x, spec.lines[0].y] : [spec.bands.x, spec.bands.middle];
  let i = x.length - 1;
  while (i > 0 && x[i] > step) i--;
  return y[i];
}

/** Which sample is nearest to a step. */
function nearest(step) {
  const steps = page.data.steps;
  let best = 0;
  steps.forEach((s, i) => {
    if (Math.abs(s - step) < Math.abs(steps[best] - step)) best = i;
  });
  return best;
}

function rangeOf(spec) {
  if (spec.range) return spec.range;
  let low = Infinity;
  let high = -Infinity;
  const take = (v) => {
    if (Number.isFinite(v)) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  };
  for (const line of spec.lines || []) if (!(line.second && spec.lines.length > 1 && spec.leave)) line.y.forEach(take);
  if (spec.bands) [...spec.bands.low, ...spec.bands.high].forEach(take);
  if (low > high) return [0, 1];
  if (spec.log) {
    const middle = (low + high) / 2;
    if (high - low < 1) [low, high] = [Math.min(low, middle - 0.5), Math.max(high, middle + 0.5)];
  } else if (high - low < 1e-12 * Math.max(1, Math.abs(high))) {
    const around = Math.abs(high) / 2 || 1;
    [low, high] = [low - around, high + around];
  }
  const room = (high - low) * 0.04;
  return [low - room, high + room];
}

function powers(low, high) {
  const first = Math.ceil(low);
  const last = Math.floor(high);
  if (last - first < 1) {
    // Less than two powers of ten: twos and fives, too.
    const found = [];
    for (let p = first - 1; p <= last + 1; p++) for (const m of [1, 2, 5]) found.push(p + Math.log10(m));
    const inside = found.filter((v) => v >= low && v <= high);
    return inside.length ? inside : [(low + high) / 2];
  }
  const step = Math.max(1, Math.ceil((last - first) / 3));
  const found = [];
  for (let p = first; p <= last; p += step) found.push(p);
  return found;
}

function power(p) {
  const raised = { "-": "⁻", ".": "·", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  if (Number.isInteger(p) && p >= -2 && p <= 3) return shown(10 ** p);
  return Number.isInteger(p) ? "10" + [...String(p)].map((c) => raised[c]).join("") : shown(10 ** p);
}
