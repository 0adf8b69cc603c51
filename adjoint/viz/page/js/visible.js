// Which boxes stand for which nodes while some groups are unfolded, and the edges between the boxes.

import { isInline } from "./groups.js";

const BUDGET = 24; // boxes that are read at first sight
const SMALL = 26;
const FEW = 14;

// The groups that are unfolded when the page opens: from the outside in, as long as the picture stays readable.
export function initiallyOpen(model, tree) {
  const open = new Set([tree.root.key]);
  const total = tree.root.nodes.length;
  // Of a small program all is shown; the modules of a network only where they are very few.
  const everything = total <= (model.modules.length ? FEW : SMALL);
  let shown = tree.root.children.length;
  let wave = [tree.root];
  while (wave.length) {
    const next = [];
    for (const at of wave) {
      const inSight = at.children.reduce((sum, child) => sum + (typeof child === "number" ? 1 : child.kind === "phase" ? 0 : child.nodes.length), 0);
      for (const child of at.children) {
        if (typeof child === "number" || (!everything && isFolded(child))) continue;
        const after = shown - 1 + child.children.length;
        const alone = at.children.length === 1;
        const layer = child.kind === "module" && child.children.every((inner) => typeof inner === "number"); // a Linear is one thing
        const worth = everything || alone || (!layer && (at.unit === "iteration" || child.nodes.length > inSight * 0.4));
        if (!worth || (after > BUDGET && !alone)) continue;
        shown = after;
        open.add(child.key);
        next.push(child);
      }
    }
    wave = next;
  }
  return open;
}

// Repetitions stay folded, but for the first iteration of a loop.
function isFolded(group) {
  return group.kind === "chunk" || group.kind === "phase" || (group.times > 1 && group.unit !== "iteration");
}

// Unfolds from the outside in until about `limit` boxes are shown.
export function unfoldedUpTo(tree, limit) {
  const open = new Set();
  let shown = 1;
  let wave = [tree.root];
  while (wave.length) {
    const next = [];
    for (const at of wave) {
      if (shown + at.children.length > limit && at !== tree.root) continue;
      open.add(at.key);
      shown += at.children.length;
      next.push(...at.children.filter((child) => typeof child !== "number"));
    }
    wave = next;
  }
  return open;
}

// The visible boxes: {key, item, children|null}, the outermost being the root's, and `rep`: node → key of the box for it.
export function visibleBoxes(tree, open) {
  const rep = new Map();
  const boxes = new Map();
  const place = (item) => {
    const key = typeof item === "number" ? `n${item}` : item.key;
    const box = { key, item, children: null };
    boxes.set(key, box);
    if (typeof item === "number") rep.set(item, key);
    else if (open.has(item.key)) box.children = item.children.map(place);
    else for (const id of item.nodes) rep.set(id, key);
    return box;
  };
  return { root: place(tree.root), boxes, rep };
}

// Between the parts that a long program is cut into, an edge that says no more than a way through the parts between is left
// out: every part of a program uses something of most of those before it.
function withoutDetours(edges, boxes) {
  const isPart = (key) => boxes.get(key).item.kind === "chunk";
  const parts = [...boxes.keys()].filter(isPart);
  if (parts.length < 4) return;
  const next = new Map(parts.map((key, i) => [key, parts[i + 1]]));
  for (const [key, { from, to }] of edges) {
    if (!isPart(from) || !isPart(to) || next.get(from) === to) continue;
    let at = from;
    while (at !== undefined && at !== to && edges.has(`${at}>${next.get(at)}`)) at = next.get(at);
    if (at === to) edges.delete(key);
  }
}

// Edges between visible boxes; one stands for all inputs that lead from nodes of the one to nodes of the other.
export function visibleEdges(model, { rep, boxes }) {
  const edges = new Map();
  for (const node of model.nodes) {
    const to = rep.get(node.id);
    if (to === undefined) continue;
    node.inputs.forEach((input, i) => {
      if (input.node === null || isInline(model, model.nodes[input.node])) return;
      if (model.aside.has(input.node) !== model.aside.has(node.id)) return;
      const from = rep.get(input.node);
      if (from === undefined || from === to) return;
      // Between two single nodes each input is an edge of its own: in y * y, y has two.
      const single = from[0] === "n" && to[0] === "n";
      const key = single ? `${from}>${to}#${i}` : `${from}>${to}`;
      const edge = edges.get(key);
      if (edge) edge.inputs.push([node.id, i]);
      else edges.set(key, { key, from, to, single, inputs: [[node.id, i]] });
    });
  }
  withoutDetours(edges, boxes);
  for (const edge of edges.values()) {
    edge.needsGrad = edge.inputs.some(([id, i]) => model.nodes[id].inputs[i].requires_grad);
    edge.arrive = edge.inputs.flatMap(([id, i]) => model.at[id].inputs[i]).sort((a, b) => a - b);
    edge.forward = edge.inputs.map(([id]) => model.at[id].forward).sort((a, b) => a - b);
  }
  return [...edges.values()];
}
