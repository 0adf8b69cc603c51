// The whole graph in a corner, with the part that is in view, while not all of it is.

import { byId } from "./dom.js";

export class Minimap {
  constructor(view) {
    this.view = view;
    this.canvas = byId("minimap");
    this.layout = null;
    const jump = (event) => {
      if (!(event.buttons & 1)) return;
      const box = this.canvas.getBoundingClientRect();
      this.view.center({ x: (event.clientX - box.left) / this.ratio, y: (event.clientY - box.top) / this.ratio, width: 0, height: 0 });
      event.stopPropagation();
    };
    this.canvas.addEventListener("pointerdown", jump);
    this.canvas.addEventListener("pointermove", jump);
  }

  show(layout, boxes) {
    this.layout = layout;
    this.boxes = boxes;
    this.draw();
  }

  draw() {
    if (!this.layout) return;
    const { width, height } = this.layout;
    const { x, y, scale, size } = this.view;
    const inside = x >= -4 && y >= -4 && x + width * scale <= size.width + 4 && y + height * scale <= size.height + 4;
    this.canvas.hidden = inside;
    if (inside) return;
    this.ratio = Math.min(150 / width, 180 / height);
    const sharp = window.devicePixelRatio || 1;
    const [w, h] = [width * this.ratio, height * this.ratio];
    this.canvas.width = w * sharp;
    this.canvas.height = h * sharp;
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    const context = this.canvas.getContext("2d");
    const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
    context.scale(sharp * this.ratio, sharp * this.ratio);
    for (const { place, look, element } of this.boxes.values()) {
      context.fillStyle = color(look.kind === "container" ? "--line" : element.classList.contains("lit") ? "--gradient" : element.classList.contains("computed") ? "--forward" : "--edge");
      context.globalAlpha = look.kind === "container" ? 0.35 : 0.75;
      context.fillRect(place.x, place.y, place.width, place.height);
    }
    context.globalAlpha = 1;
    context.strokeStyle = color("--ink");
    context.lineWidth = 1.5 / this.ratio;
    context.strokeRect(-x / scale, -y / scale, size.width / scale, size.height / scale);
  }
}
