// The graph on the page: an SVG element a box and an edge, kept while they stay visible so that they glide to new places.

import { svg } from "./dom.js";
import { drawnBox } from "./boxes.js";
import { beside, curve, rounded } from "./paths.js";
import { nameOf } from "./words.js";

const BACK = 6; // how far the line of the gradient is from that of the value

export class Scene {
  constructor(surface, model, act) {
    this.surface = surface;
    this.model = model;
    this.act = act;
    this.boxes = new Map(); // key → {element, look, place, item}
    this.edges = new Map(); // key → {element, edge}
    this.layers = { frames: svg("g"), edges: svg("g"), boxes: svg("g"), labels: svg("g") };
    this.world = svg("g", { class: "world" }, Object.values(this.layers));
    surface.append(arrowheads(), this.world);
    surface.addEventListener("click", (event) => this.clicked(event));
    // Who goes through the boxes by keyboard sees where they are.
    surface.addEventListener("focusin", (event) => {
      const box = this.boxes.get(event.target.closest?.(".box")?.dataset.key);
      if (box && event.target.matches(":focus-visible")) act.bringIntoView(box.place);
    });
    surface.addEventListener("dblclick", (event) => this.doubleClicked(event));
  }

  moveTo({ x, y, scale }) {
    this.world.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.surface.classList.toggle("far", scale < 0.45);
  }

  draw(visible, layout) {
    this.layout = layout;
    const boxes = new Map();
    for (const [key, place] of layout.places) {
      const { item } = visible.boxes.get(key);
      const look = layout.looks.get(key);
      const frame = look.kind === "container";
      if (frame && !look.title) continue; // the whole graph needs no frame
      const old = this.boxes.get(key);
      const element = old && (old.look.kind === "container") === frame ? old.element : svg("g");
      if (!element.isConnected) (frame ? this.layers.frames : this.layers.boxes).append(element);
      element.replaceChildren(...drawnBox(look, place));
      element.setAttribute("class", `box ${look.kind}`);
      element.setAttribute("style", `transform: translate(${place.x}px, ${place.y}px)`);
      element.dataset.key = key;
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", this.labelOf(item, look));
      if (typeof item !== "number") element.setAttribute("aria-expanded", String(frame));
      boxes.set(key, { key, element, look, place, item });
    }
    for (const [key, { element }] of this.boxes) if (boxes.get(key)?.element !== element) element.remove();
    // Focus goes through the boxes in the order of execution.
    for (const key of layout.places.keys()) if (boxes.has(key)) boxes.get(key).element.parentNode.append(boxes.get(key).element);
    this.boxes = boxes;

    this.layers.edges.replaceChildren();
    this.layers.labels.replaceChildren();
    this.edges = new Map();
    for (const edge of layout.edges) {
      const element = svg("g", { class: `edge${edge.needsGrad ? " differentiable" : ""}${edge.far ? " long" : ""}` },
        svg("path", { class: "value", d: edge.far ? curve(edge.ends)[0] : rounded(edge.points), "marker-end": "url(#down)" }));
      let label = null;
      if (edge.needsGrad) {
        const back = edge.far ? curve(edge.ends, BACK)[1] : rounded(beside(edge.points, BACK).reverse());
        element.append(svg("path", { class: "gradient", d: back, pathLength: 100, "marker-end": "url(#up)" }));
      }
      if (edge.label?.x !== undefined) {
        const { x, y, local, numbers } = edge.label;
        label = svg("g", { class: "edge-label", transform: `translate(${x} ${y})` },
          local ? svg("text", { class: "local", x: 4, y: 11.5 }, local) : null,
          numbers ? svg("text", { class: `numbers${/NaN|\u221e/.test(numbers) ? " trouble" : ""}`, x: 4, y: local ? 27.5 : 11.5 }, numbers) : null);
        this.layers.labels.append(label);
      }
      this.layers.edges.append(element);
      this.edges.set(edge.key, { element, label, edge });
    }
  }

  boxFor(node) {
    return this.boxes.get(this.rep?.get(node)) ?? null;
  }

  labelOf(item, look) {
    if (typeof item !== "number") return `${item.title}, ${item.subtitle || item.kind}, ${item.nodes.length} nodes, ${look.kind === "container" ? "unfolded" : "folded"}`;
    return `${nameOf(this.model, item)}, ${this.model.nodes[item].operator ?? this.model.nodes[item].kind}`;
  }

  clicked(event) {
    const box = event.target.closest?.(".box");
    if (this.act.wasDrag()) return;
    if (!box) return this.act.select(null);
    if (event.target.closest(".fold")) return this.act.fold(box.dataset.key);
    this.act.select(box.dataset.key);
  }

  doubleClicked(event) {
    const box = event.target.closest?.(".box");
    if (box && !event.target.closest(".fold")) this.act.fold(box.dataset.key);
  }
}

function arrowheads() {
  const head = (id, color) => svg("marker", { id, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 9, markerHeight: 9, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" },
    svg("path", { d: "M0.5 0.8L7 4L0.5 7.2Z", class: color }));
  return svg("defs", {}, head("down", "head-down"), head("up", "head-up"));
}
