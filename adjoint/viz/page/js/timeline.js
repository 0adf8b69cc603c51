// The slider, over a plot of the memory that is alive at each step; the buttons that play it; the sentence of the step.

import { byId, h, prose, svg } from "./dom.js";
import { phaseOf } from "./recording.js";
import { sentence } from "./sentences.js";
import { bytes, count } from "./units.js";

const POINTS = 600; // of the plot, at most
const SPEEDS = [0.5, 1, 2, 4];

export class Timeline {
  constructor(model, goTo) {
    this.model = model;
    this.goTo = goTo;
    this.last = model.steps.length - 1;
    this.k = 0;
    this.timer = null;
    this.speed = 1;
    this.slider = byId("slider");
    this.slider.max = this.last;
    this.slider.addEventListener("input", () => (this.pause(), goTo(Number(this.slider.value))));
    byId("first").addEventListener("click", () => (this.pause(), goTo(0)));
    byId("back").addEventListener("click", () => this.by(-1));
    byId("forth").addEventListener("click", () => this.by(1));
    byId("final").addEventListener("click", () => (this.pause(), goTo(this.last)));
    byId("play").addEventListener("click", () => this.toggle());
    byId("speed").addEventListener("click", () => this.faster());
    plot(model);
  }

  by(steps) {
    this.pause();
    this.goTo(Math.min(this.last, Math.max(0, this.k + steps)));
  }

  // The nearest step, in that direction, at which another phase begins: to the backward, to the update, to the start.
  byPhase(direction) {
    this.pause();
    const kind = (k) => (this.model.steps[k].event === "forward" || k === 0 ? "forward" : ["optimizer", "zero_grad"].includes(this.model.steps[k].event) ? "update" : "backward");
    let k = this.k + direction;
    while (k > 0 && k < this.last && kind(k) === kind(k - 1)) k += direction;
    this.goTo(Math.min(this.last, Math.max(0, k)));
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.k >= this.last) this.goTo(0);
    byId("play").setAttribute("aria-pressed", "true");
    byId("play").setAttribute("aria-label", "Pause");
    byId("sentence").setAttribute("aria-live", "off"); // nobody can listen that fast
    // A lesson leaves time to read; a long recording is over in half a minute.
    const pace = Math.min(2200, Math.max(40, 45000 / this.last));
    const stride = Math.max(1, Math.round(this.last / (30000 / pace)));
    const tick = () => {
      if (this.k >= this.last) return this.pause();
      this.goTo(Math.min(this.last, this.k + stride));
      this.timer = setTimeout(tick, pace / this.speed);
    };
    this.timer = setTimeout(tick, this.k === 0 ? 50 : pace / this.speed);
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    byId("play").setAttribute("aria-pressed", "false");
    byId("play").setAttribute("aria-label", "Play");
    byId("sentence").setAttribute("aria-live", "polite");
  }

  faster() {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
    byId("speed").textContent = `${this.speed}\u00d7`.replace("0.5", "\u00bd");
  }

  show(k) {
    this.k = k;
    const step = this.model.steps[k];
    const share = this.last ? k / this.last : 0;
    this.slider.value = k;
    const { label, text, phase } = sentence(this.model, k);
    this.slider.setAttribute("aria-valuetext", `step ${k} of ${this.last}: ${text.replaceAll("`", "")}`);
    const place = byId("timeline");
    place.style.setProperty("--share", share);
    place.dataset.phase = phaseOf(step);
    byId("sentence-label").textContent = label;
    byId("sentence-label").dataset.phase = phase;
    byId("sentence-text").replaceChildren(...prose(text));
    byId("position").textContent = `${count(k)} / ${count(this.last)}`;
    byId("alive").textContent = bytes(step.bytes);
    byId("kept").textContent = bytes(step.saved_bytes);
  }
}

function plot(model) {
  const { steps } = model;
  const last = Math.max(1, steps.length - 1);
  const stride = Math.max(1, Math.ceil(steps.length / POINTS));
  const points = [];
  for (let k = 0; k < steps.length; k += stride) {
    const part = steps.slice(k, k + stride);
    points.push({ x: k, bytes: Math.max(...part.map((s) => s.bytes || 0)), saved: Math.max(...part.map((s) => s.saved_bytes || 0)) });
  }
  points.push({ ...points.at(-1), x: last });
  const peak = Math.max(1, ...points.map((point) => Math.max(point.bytes, point.saved)));
  const width = 1000;
  const height = 100;
  const x = (k) => (k / last) * width;
  const y = (value) => height - (value / peak) * (height - 8);
  const area = (of) => {
    let path = `M0 ${height}`;
    points.forEach((point, i) => (path += `${i ? `H${x(point.x).toFixed(1)}` : "L0 " + height}V${y(point[of]).toFixed(1)}`));
    return `${path}H${width}V${height}Z`;
  };
  byId("plot").replaceChildren(
    ...bands(steps).map(([from, to, kind]) => svg("rect", { class: `band ${kind}`, x: x(Math.max(0, from - 0.5)), width: Math.max(0.5, x(Math.min(last, to + 0.5)) - x(Math.max(0, from - 0.5))), y: 0, height })),
    svg("path", { class: "alive", d: area("bytes") }),
    svg("path", { class: "kept", d: area("saved") }));
  byId("peak").textContent = `peak ${bytes(peak === 1 ? 0 : peak)}`;
}

// Stretches of steps that belong together: forward, backward, update.
function bands(steps) {
  const kind = (step) => ({ forward: "forward", start: "forward", optimizer: "update", zero_grad: "update" })[step.event] ?? "gradient";
  const found = [];
  steps.forEach((step, k) => {
    const own = kind(step);
    if (found.length && found.at(-1)[2] === own) found.at(-1)[1] = k;
    else found.push([k, k, own]);
  });
  return found.length > 400 ? [] : found;
}

export function legend() {
  return h("ul", { class: "legend" },
    [["forward", "values, down"], ["gradient", "gradients, up"], ["leaf", ".grad of a leaf"], ["saved", "kept for the backward"]].map(([kind, words]) => h("li", { class: kind }, words)));
}
