// The page: reads the recording, lays out what is unfolded, and lets everything follow the slider.

import { byId, h } from "./dom.js";
import { warmUp } from "./elk.js";
import { grouped } from "./groups.js";
import { inflated } from "./inflate.js";
import { listen } from "./keys.js";
import { showLayers } from "./layers.js";
import { laidOut } from "./layout.js";
import { light, nodesOf } from "./lighting.js";
import { Minimap } from "./minimap.js";
import { groupPanel, nodePanel } from "./panel.js";
import { describedSize, indexed } from "./recording.js";
import { Scene } from "./scene.js";
import { searchable } from "./search.js";
import { showSource } from "./source.js";
import { Tabs } from "./tabs.js";
import { themed } from "./theme.js";
import { legend, Timeline } from "./timeline.js";
import { View } from "./view.js";
import { initiallyOpen, unfoldedUpTo, visibleBoxes, visibleEdges } from "./visible.js";
import { elements } from "./units.js";

const LESSON = 40; // boxes up to which they show their numbers
const MANY = 160; // boxes that "unfold more" goes up to

async function start() {
  warmUp();
  const model = indexed(JSON.parse(await inflated("recording")));
  const tree = grouped(model);
  const state = { k: 0, open: initiallyOpen(model, tree), selected: null, shown: null };
  byId("title").textContent = model.title || "recording";
  byId("size").textContent = describedSize(model);
  notes(model);

  const surface = byId("graph");
  let minimap = null;
  let scene = null;
  themed(() => scene?.layout && refresh());
  const view = new View(surface, (at) => (scene?.moveTo(at), minimap?.draw()));
  const groups = new Map();
  const walk = (group) => (groups.set(group.key, group), group.children.forEach((child) => typeof child === "number" || walk(child)));
  walk(tree.root);

  const act = {
    wasDrag: () => view.dragged,
    bringIntoView: (place) => view.shows(place, 0) || view.center(place),
    select(key) {
      state.selected = key === null ? null : key;
      if (key !== null) tabs.show("details", true);
      else tabs.raise(false);
      refresh();
    },
    async fold(key) {
      const group = groups.get(key);
      if (!group) return;
      if (state.open.has(key)) closeAll(group, state.open);
      else openOne(group, state.open);
      await arrangeAgain(key);
    },
    foldSelected() {
      const { selected } = state;
      if (selected === null) return undefined;
      const group = groups.get(selected) ?? tree.owner.get(Number(selected.slice(1)));
      if (!group || group.kind === "root") return undefined;
      state.selected = group.key;
      return act.fold(group.key);
    },
    async foldAll() {
      state.open = initiallyOpen(model, tree);
      state.selected = null;
      await arrangeAgain(null);
      act.fit();
    },
    async unfoldMore() {
      state.open = unfoldedUpTo(tree, MANY);
      await arrangeAgain(null);
      act.fit();
    },
    // Unfolds what hides a node or group, and goes there.
    async reveal({ node, group, nodes }) {
      const ids = nodes ?? (node === undefined ? null : [node]);
      const id = ids?.find((each) => tree.owner.has(each));
      let owner = group ? group.parent : id === undefined ? null : tree.owner.get(id);
      if (!group && id === undefined) return;
      let changed = false;
      for (; owner; owner = owner.parent)
        if (!state.open.has(owner.key)) {
          state.open.add(owner.key);
          changed = true;
        }
      state.selected = group ? group.key : `n${id}`;
      if (changed) await arrangeAgain(null);
      tabs.show("details", true);
      const box = scene.boxes.get(state.selected);
      if (box) view.center(box.place, Math.max(view.scale, 0.8));
      refresh();
    },
    fit() {
      if (scene.layout) {
        const [id] = nodesOf(model.steps[state.k]);
        const box = scene.boxFor(id ?? model.steps.find((step) => step.event === "forward")?.node);
        view.fit(scene.layout.width, scene.layout.height, byId("line-strip").clientHeight, box?.place);
      }
    },
  };

  scene = new Scene(surface, model, act);
  minimap = new Minimap(view);
  const tabs = new Tabs();
  const lightLine = showSource(model, (nodes) => act.reveal({ nodes }));
  const lightLayers = showLayers(model, tree, act);
  searchable(model, tree, (target) => act.reveal(target));
  const timeline = new Timeline(model, (k) => goTo(k));
  byId("legend").append(legend());
  listen({ timeline, view, act });
  byId("zoom-in").addEventListener("click", () => view.zoom(1.25));
  byId("zoom-out").addEventListener("click", () => view.zoom(0.8));
  byId("zoom-fit").addEventListener("click", () => act.fit());
  byId("fold-all").addEventListener("click", () => act.foldAll());
  byId("unfold-more").addEventListener("click", () => act.unfoldMore());
  for (const id of ["fold-all", "unfold-more"]) byId(id).hidden = groups.size < 2;

  let turn = 0;
  async function arrangeAgain(anchor) {
    const mine = ++turn;
    surface.classList.add("busy");
    const slow = setTimeout(() => (byId("arranging").hidden = false), 250);
    const visible = visibleBoxes(tree, state.open);
    const edges = visibleEdges(model, visible);
    const single = [...visible.boxes.values()].filter((box) => !box.children);
    const numbers = single.length <= LESSON && single.some((box) => typeof box.item === "number" && hasNumbers(model, box.item));
    const full = numbers ? (single.length <= 8 ? 6 : single.length <= 12 ? 3 : 2) : 0;
    const layout = await laidOut(model, visible, edges, full, view.size.width / view.size.height);
    clearTimeout(slow);
    if (mine !== turn) return; // a later fold has overtaken this one
    byId("arranging").hidden = true;
    const before = anchor === null ? null : scene.boxes.get(anchor)?.place;
    scene.rep = visible.rep;
    scene.draw(visible, layout);
    const after = anchor === null ? null : scene.boxes.get(anchor)?.place;
    if (before && after) view.set(view.x + (before.x - after.x) * view.scale, view.y + (before.y - after.y) * view.scale, view.scale);
    surface.classList.remove("busy");
    refresh();
    minimap.show(layout, scene.boxes);
    // What was just unfolded should be seen.
    if (after && !view.shows(after)) {
      const room = Math.min(1, view.size.width / (after.width + 60), view.size.height / (after.height + 60));
      view.center(after, Math.max(0.35, Math.min(view.scale, room)));
    }
  }

  function goTo(k) {
    state.k = k;
    refresh();
    const step = model.steps[k];
    const box = nodesOf(step).map((id) => scene.boxFor(id)).find(Boolean);
    if (box && !view.shows(box.place, 0)) view.center(box.place);
  }

  function refresh() {
    const step = model.steps[state.k];
    light(model, scene, state.k);
    timeline.show(state.k);
    const [id] = nodesOf(step);
    lightLine(step.event.startsWith("backward ") ? model.backwards[step.backward]?.line ?? null : id === undefined ? null : model.nodes[id].line);
    lightLayers(state.k);
    for (const box of scene.boxes.values()) box.element.classList.toggle("selected", box.key === state.selected);
    for (const { element, edge } of scene.edges.values()) element.classList.toggle("touched", edge.from === state.selected || edge.to === state.selected);
    details(id);
    minimap.draw();
  }

  // What is selected, else what the step is about.
  function details(current) {
    const key = state.selected ?? (current === undefined ? null : `n${current}`);
    const pane = byId("pane-details");
    const stamp = `${key} ${state.k} ${state.open.has(key)}`;
    if (stamp === state.shown) return;
    const scroll = state.shown?.startsWith(`${key} `) ? pane.scrollTop : 0;
    state.shown = stamp;
    byId("pinned").hidden = state.selected === null;
    if (key === null) pane.replaceChildren(welcome());
    else if (groups.has(key)) pane.replaceChildren(...shown(groupPanel(model, tree, groups.get(key), state.k, act, state.open.has(key))));
    else pane.replaceChildren(...shown(nodePanel(model, tree, Number(key.slice(1)), state.k, act)));
    pane.scrollTop = scroll;
  }

  byId("unpin").addEventListener("click", () => act.select(null));
  await arrangeAgain(null);
  act.fit();
  // A phone's bars that come and go change the height alone, and leave the view as it is.
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) act.fit();
    width = innerWidth;
  });
  document.documentElement.dataset.ready = "true";
  performance.mark("graph drawn");
}

const shown = (parts) => parts.flat(Infinity).filter(Boolean);

function welcome() {
  return h("div", { class: "welcome" },
    h("p", {}, "Every box is a tensor, and the operator that made it. Select one to see all that is known about it."),
    h("p", {}, "The slider below goes through what happened, in order."));
}

function hasNumbers(model, id) {
  const output = model.nodes[id].outputs[0];
  return Boolean(output?.value?.numbers !== null && output?.value?.numbers !== undefined && elements(output.shape) <= 36) || Boolean(output?.value?.image);
}

function openOne(group, open) {
  open.add(group.key);
  // A group with a single group inside says nothing by itself.
  if (group.children.length === 1 && typeof group.children[0] !== "number") openOne(group.children[0], open);
}

function closeAll(group, open) {
  open.delete(group.key);
  for (const child of group.children) if (typeof child !== "number") closeAll(child, open);
}

function notes(model) {
  const lines = [...(model.notes ?? [])];
  if (model.omitted?.nodes) lines.push(`${model.omitted.nodes} nodes beyond the recorder's bound are not here.`);
  byId("notes").replaceChildren(...lines.map((line) => h("li", {}, line)));
  byId("notes").hidden = !lines.length;
}

start().catch((error) => {
  byId("failure").hidden = false;
  byId("failure").textContent = `The page could not be drawn: ${error.message}`;
  throw error;
});
