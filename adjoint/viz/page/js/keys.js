// The keyboard. What a key does is said once more in the page's help.

import { byId } from "./dom.js";

export function listen({ timeline, view, act }) {
  const help = byId("help");
  byId("help-button").addEventListener("click", () => help.showModal());
  const does = {
    ArrowRight: (event) => (event.shiftKey ? timeline.byPhase(1) : timeline.by(1)),
    ArrowLeft: (event) => (event.shiftKey ? timeline.byPhase(-1) : timeline.by(-1)),
    ArrowDown: () => timeline.by(1),
    ArrowUp: () => timeline.by(-1),
    PageDown: () => timeline.by(10),
    PageUp: () => timeline.by(-10),
    Home: () => timeline.by(-Infinity),
    End: () => timeline.by(Infinity),
    " ": () => timeline.toggle(),
    "/": () => byId("search").focus(),
    "+": () => view.zoom(1.25),
    "=": () => view.zoom(1.25),
    "-": () => view.zoom(0.8),
    0: () => act.fit(),
    f: () => act.foldSelected(),
    u: () => act.unfoldMore(),
    c: () => act.foldAll(),
    t: () => byId("theme").click(),
    "?": () => help.showModal(),
    Escape: () => act.select(null),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const { target } = event;
    if (target.matches?.("input[type=search], input[type=text]")) return;
    const box = target.closest?.(".box");
    if (box && event.key === "Enter") {
      event.preventDefault();
      return event.shiftKey ? act.fold(box.dataset.key) : act.select(box.dataset.key);
    }
    if (event.key === " " && target.matches?.("button, summary")) return;
    if (target.matches?.("[role=tab]") && event.key.startsWith("Arrow")) return;
    const action = Object.prototype.hasOwnProperty.call(does, event.key) ? does[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}
