// Zoom and pan: by wheel, by dragging, with two fingers, by the buttons and keys.

const LEAST = 0.05;
const MOST = 3;

export class View {
  constructor(surface, moved) {
    this.surface = surface;
    this.moved = moved; // called after every change
    this.x = 0;
    this.y = 0;
    this.scale = 1;
    this.pointers = new Map();
    this.dragged = false;
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) surface.addEventListener(name, (event) => this.up(event));
  }

  get size() {
    return { width: this.surface.clientWidth || 1, height: this.surface.clientHeight || 1 };
  }

  set(x, y, scale) {
    this.x = x;
    this.y = y;
    this.scale = Math.min(MOST, Math.max(LEAST, scale));
    this.moved(this);
  }

  // Keeps the point of the graph under (x, y), which is in pixels of the surface, where it is.
  zoom(by, x = this.size.width / 2, y = this.size.height / 2) {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * by));
    const ratio = scale / this.scale;
    this.set(x - (x - this.x) * ratio, y - (y - this.y) * ratio, scale);
  }

  // All of a graph of this size, or, where that would be too small to read, the part around `first`.
  fit(width, height, top = 0, first = null, readable = 0.6) {
    const w = this.size.width;
    const h = this.size.height - top;
    const whole = Math.min(w / width, h / height, 1.35);
    const scale = Math.max(whole, readable);
    const within = (room, size, middle) => (size * scale <= room + 1 ? (room - size * scale) / 2 : Math.min(0, Math.max(room - size * scale, room / 2 - middle * scale)));
    const x = within(w, width, first ? first.x + first.width / 2 : width / 2);
    this.set(x, top + within(h, height, first ? first.y + first.height / 2 : 0), scale);
  }

  shows({ x, y, width, height }, margin = 20) {
    const left = x * this.scale + this.x;
    const top = y * this.scale + this.y;
    const { width: w, height: h } = this.size;
    return left > margin - width * this.scale * 0.5 && top > margin && left + width * this.scale * 0.5 < w - margin && top + height * this.scale < h - margin;
  }

  center({ x, y, width, height }, scale = this.scale) {
    const { width: w, height: h } = this.size;
    this.surface.classList.add("gliding");
    clearTimeout(this.glide);
    this.glide = setTimeout(() => this.surface.classList.remove("gliding"), 350);
    this.set(w / 2 - (x + width / 2) * scale, h / 2 - (y + height / 2) * scale, scale);
  }

  wheel(event) {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.set(this.x - event.deltaX - (event.shiftKey ? event.deltaY : 0), this.y, this.scale);
    const box = this.surface.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 30 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), event.clientX - box.left, event.clientY - box.top);
  }

  down(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) this.dragged = false;
    this.travel = 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.pointers.set(event.pointerId, now);
    this.travel += Math.hypot(now.x - before.x, now.y - before.y);
    if (this.travel > 4 && !this.dragged) {
      this.dragged = true;
      this.surface.setPointerCapture?.(event.pointerId);
    }
    if (!others.length) return this.set(this.x + now.x - before.x, this.y + now.y - before.y, this.scale);
    const [other] = others;
    const box = this.surface.getBoundingClientRect();
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    this.set(this.x + (now.x - before.x) / 2, this.y + (now.y - before.y) / 2, this.scale);
    this.zoom(apart(now) / apart(before), (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
  }
}
