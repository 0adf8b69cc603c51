// The tabs of the side panel; on a phone the panel is a sheet that rises from the bottom, and the source is one of its tabs.

import { byId } from "./dom.js";

const NAMES = ["details", "layers", "source"];

export class Tabs {
  constructor() {
    this.narrow = matchMedia("(max-width: 760px)");
    for (const name of NAMES) {
      const tab = byId(`tab-${name}`);
      tab.addEventListener("click", () => this.show(name, true));
      tab.addEventListener("keydown", (event) => this.arrow(event, name));
    }
    byId("sheet-close").addEventListener("click", () => this.raise(false));
    byId("sheet-open").addEventListener("click", () => this.raise(true));
    this.narrow.addEventListener("change", () => this.place());
    this.place();
    this.show("details");
  }

  place() {
    byId(this.narrow.matches ? "pane-source" : "left").append(byId("source"));
    byId("tab-source").hidden = !this.narrow.matches;
    if (!this.narrow.matches && this.current === "source") this.show("details");
  }

  show(name, raise = false) {
    this.current = name;
    for (const other of NAMES) {
      const on = other === name;
      byId(`tab-${other}`).setAttribute("aria-selected", String(on));
      byId(`tab-${other}`).tabIndex = on ? 0 : -1;
      byId(`pane-${other}`).hidden = !on;
    }
    if (raise) this.raise(true);
  }

  raise(up) {
    byId("panel").classList.toggle("up", up);
  }

  arrow(event, name) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const shown = NAMES.filter((other) => !byId(`tab-${other}`).hidden);
    const next = shown[(shown.indexOf(name) + by + shown.length) % shown.length];
    this.show(next);
    byId(`tab-${next}`).focus();
    event.preventDefault();
  }
}
