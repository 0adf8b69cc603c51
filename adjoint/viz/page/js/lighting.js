// What each box and edge looks like at a step: computed, reached by a gradient, written to, freed.

import { backwardBegan, below, hasGrad, isFreed, isLit, latest } from "./recording.js";
import { isLastPassOf } from "./sentences.js";

export function light(model, scene, k) {
  const step = model.steps[k];
  const [about, source] = nodesOf(step);
  const current = about === undefined ? null : scene.rep.get(about);
  const from = source === undefined ? null : scene.rep.get(source);
  for (const box of scene.boxes.values()) {
    const { element, item } = box;
    const on = typeof item === "number" ? nodeState(model, item, k) : groupState(model, box, k);
    on.current = box.key === current;
    on.source = box.key === from && from !== current;
    for (const [name, value] of Object.entries(on)) element.classList.toggle(name, value);
    if (on.current || on.source) element.dataset.phase = phase(step);
  }
  const began = backwardBegan(model, k);
  const along = step.edge ? model.nodes[step.edge[0]]?.inputs[step.edge[1]] : null;
  for (const { element, label, edge } of scene.edges.values()) {
    const flowed = below(edge.forward, k) > 0;
    const lit = edge.needsGrad && began >= 0 && latest(edge.arrive, k) >= began;
    const isCurrent = step.event === "arrive" && along !== null && edge.inputs.some(([id, i]) => id === step.edge[0] && i === step.edge[1]);
    element.classList.toggle("flowed", flowed);
    element.classList.toggle("flowing", step.event === "forward" && edge.inputs.some(([id]) => id === step.node));
    element.classList.toggle("lit", lit);
    element.classList.toggle("current", isCurrent);
    if (label) {
      const [[id, i]] = edge.inputs;
      label.classList.toggle("flowed", flowed);
      label.classList.toggle("lit", lit && isLastPassOf(model, id, i, k));
      label.classList.toggle("current", isCurrent);
    }
  }
}

// The node that a step is about, and where its gradient comes from.
export function nodesOf(step) {
  if (step.event === "arrive" && step.edge) return [step.node, step.edge[0]].filter((id) => id !== null && id !== undefined);
  return step.node === null || step.node === undefined ? [] : [step.node];
}

function phase(step) {
  return { forward: "forward", accumulate: "leaf", free: "saved", optimizer: "update", zero_grad: "update" }[step.event] ?? "gradient";
}

function nodeState(model, id, k) {
  const node = model.nodes[id];
  const { arrive, accumulate } = model.at[id];
  const leaf = node.kind === "leaf";
  return {
    computed: model.at[id].forward <= k,
    lit: leaf && accumulate.length ? hasGrad(model, id, k) : isLit(model, arrive, k),
    written: leaf && hasGrad(model, id, k),
    freed: isFreed(model, id, k),
    // The recorded gradient is the sum of all that arrive, in the last backward: before that its numbers are not yet true.
    partial: leaf && accumulate.length ? latest(accumulate, k) !== accumulate.at(-1) : latest(arrive, k) !== (arrive.at(-1) ?? -1),
  };
}

// A folded group is lit by shares: of its operators so many are computed, so many have their gradient.
function groupState(model, { item, element }, k) {
  const marks = (item.marks ??= marksOf(model, item));
  const began = backwardBegan(model, k);
  const computed = below(marks.forward, k) / (marks.forward.length || 1);
  const reached = began < 0 ? 0 : (below(marks.gradient, k) - below(marks.gradient, began - 1)) / (marks.differentiable || 1);
  element.style.setProperty("--computed", Math.min(1, computed));
  element.style.setProperty("--reached", Math.min(1, reached));
  return { computed: computed > 0, lit: reached > 0, freed: marks.free.length > 0 && below(marks.free, k) === marks.free.length, written: false };
}

function marksOf(model, group) {
  const steps = { forward: [], gradient: [], free: [], differentiable: 0 };
  for (const id of group.nodes) {
    const at = model.at[id];
    if (model.nodes[id].kind === "operator") steps.forward.push(at.forward);
    const reached = firsts(model, at.arrive);
    if (reached.length) steps.differentiable++;
    steps.gradient.push(...reached);
    steps.free.push(...at.free);
  }
  for (const name of ["forward", "gradient", "free"]) steps[name].sort((a, b) => a - b);
  return steps;
}

// The first gradient of each backward, where a node gets several.
function firsts(model, arrive) {
  const found = [];
  let last = -1;
  for (const k of arrive) {
    const began = backwardBegan(model, k);
    if (began !== last) found.push(k);
    last = began;
  }
  return found;
}
