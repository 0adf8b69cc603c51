// The tree that folds: modules (each call of one), repeated blocks and loop iterations, and chunks of what is still too many.

import { spoken } from "./operators.js";
import { runs } from "./repeats.js";

const CHUNK = 24; // children that one unfolding shows at most, about
const SMALL = 26; // a graph of so many nodes is shown whole

export function grouped(model) {
  const root = group("root", "root", null, { title: model.title || "program" });
  const drawn = model.nodes.filter((node) => !isInline(model, node));
  const leading = drawn.length > SMALL ? towardsGradients(model) : null;
  model.aside = new Set();
  const calls = callsOf(model);
  const made = new Map();
  for (const node of drawn) {
    const chain = placeOf(model, node, calls);
    const parent = chain.length ? moduleGroup(root, chain, calls, made) : phaseGroup(root, node, made, leading);
    if (parent.key === "aside") model.aside.add(node.id);
    parent.children.push(node.id);
  }
  if (drawn.length > SMALL) fold(model, root);
  unwrap(root);
  const owner = new Map();
  finish(model, root, owner);
  return { root, owner };
}

// Numbers stand in the formulas of the operators that use them, and are not boxes of their own.
export const isInline = (model, node) => node.kind === "constant" && model.users[node.id].length > 0;

function group(kind, key, parent, more) {
  return { kind, key, parent, children: [], nodes: [], ...more };
}

function phaseGroup(root, node, made, leading) {
  if (leading && !leading.has(node.id)) return madeOnce(made, "aside", root, () => group("phase", "aside", root, ASIDE));
  const title = { optimizer: "optimizer", backward: "recorded backward" }[node.phase];
  if (!title || node.kind !== "operator") return root;
  return madeOnce(made, `phase ${node.phase}`, root, () => group("phase", `phase ${node.phase}`, root, { title, subtitle: "" }));
}

// What no gradient passes and leads to none: parameters' first values, counts, metrics. In a small program it is part of the
// lesson; in a large one it would hide the network.
const ASIDE = { title: "Outside of the graph", subtitle: "first values, counts, metrics" };

// The nodes that an operator with a gradient is computed from, and those operators; null where there is no such operator.
function towardsGradients(model) {
  const leading = new Set();
  const waiting = model.nodes.filter((node) => node.kind === "operator" && (node.grad_fn || node.phase === "optimizer")).map((node) => node.id);
  if (!waiting.some((id) => model.nodes[id].grad_fn)) return null;
  while (waiting.length) {
    const id = waiting.pop();
    if (leading.has(id)) continue;
    leading.add(id);
    for (const input of model.nodes[id].inputs) if (input.node !== null) waiting.push(input.node);
  }
  return leading;
}

// The modules, from the outermost on, that a node lies in, each with the number of its call. A parameter lies where it is used.
function placeOf(model, node, calls) {
  if (node.kind === "operator") return chainOf(model, node, calls);
  if (node.kind !== "leaf" && (node.module === null || node.module === undefined)) return [];
  const chains = model.users[node.id].map((use) => model.nodes[use.node]).filter((user) => user.phase !== "optimizer").map((user) => chainOf(model, user, calls));
  if (!chains.length) return chainOf(model, node, calls);
  let common = chains[0];
  for (const chain of chains) {
    let same = 0;
    while (same < Math.min(chain.length, common.length) && chain[same][0] === common[same][0] && chain[same][1] === common[same][1]) same++;
    common = common.slice(0, same);
  }
  return common;
}

function chainOf(model, node, calls) {
  const chain = [];
  if (node.module === null || node.module === undefined) return chain;
  let call = callOf(model, node);
  let module = model.modules[node.module];
  while (module) {
    chain.unshift([module, call]);
    const parent = module.parent === null || module.parent === undefined ? null : model.modules[module.parent];
    if (parent) call = Math.max(1, Math.ceil((call * calls[parent.id]) / calls[module.id]));
    module = parent;
  }
  return chain;
}

// Counted from 1, whether the recording counts from 0 or 1.
function callOf(model, node) {
  model.firstCall ??= Math.min(1, ...model.nodes.map((each) => each.call ?? 1));
  return (node.call ?? model.firstCall) + 1 - model.firstCall;
}

function moduleGroup(root, chain, calls, made) {
  let at = root;
  for (const [module, nth] of chain) {
    const key = `${at.key}/${module.id}.${nth}`;
    const parent = at;
    at = madeOnce(made, key, parent, () =>
      group("module", key, parent, {
        module,
        call: nth,
        title: module.name || module.kind,
        subtitle: module.kind,
        callText: calls[module.id] > 1 ? `call ${nth} of ${calls[module.id]}` : "",
      }));
  }
  return at;
}

function madeOnce(made, key, parent, make) {
  if (!made.has(key)) {
    const fresh = make();
    made.set(key, fresh);
    parent.children.push(fresh);
  }
  return made.get(key);
}

// How often each module was called; a container that calls nothing itself, as often as its children.
function callsOf(model) {
  const calls = model.modules.map(() => 0);
  for (const node of model.nodes)
    if (node.module !== null && node.module !== undefined && node.kind === "operator")
      calls[node.module] = Math.max(calls[node.module], callOf(model, node));
  for (let id = calls.length - 1; id >= 0; id--) {
    if (calls[id]) continue;
    const below = model.modules.filter((module) => module.parent === id).map((module) => calls[module.id]).filter(Boolean);
    calls[id] = below.length ? Math.min(...below) : 1;
  }
  return calls;
}

function fold(model, at) {
  for (const child of at.children) if (typeof child !== "number") fold(model, child);
  hoist(model, at);
  const signatures = at.children.map((child) => signature(model, child));
  const hasModules = at.children.some((child) => child.kind === "module");
  const folded = [];
  for (const { start, period, times } of runs(signatures, (period) => leastTimes(period, hasModules))) {
    const members = at.children.slice(start, start + period * times);
    if (times === 1 || (period === 1 && typeof members[0] === "number" && times < 6)) folded.push(...members);
    else folded.push(repeat(model, at, members, period, times));
  }
  at.children = chunked(at, folded, "part");
}

// Tensors that several operators share come first: a loop's weights would otherwise stand in its first iteration only.
function hoist(model, at) {
  const shared = (child) => typeof child === "number" && model.nodes[child].kind !== "operator" && model.users[child].length > 1;
  at.children = [...at.children.filter(shared), ...at.children.filter((child) => !shared(child))];
}

const leastTimes = (period, hasModules) => (hasModules ? 2 : period > 1 ? 3 : 6);

function repeat(model, parent, members, period, times) {
  const one = members.slice(0, period);
  const made = group("repeat", `${parent.key}/repeat ${keyOf(members[0])}`, parent, { times, ...repeatTitle(model, one, members, times) });
  const blocks = [];
  for (let i = 0; i < times; i++) {
    const block = members.slice(i * period, (i + 1) * period);
    if (period === 1) blocks.push(adopt(block[0], made));
    else {
      const iteration = group("block", `${made.key}/${i + 1}`, made, { title: `${made.unit} ${i + 1}`, subtitle: "" });
      iteration.children = block.map((child) => adopt(child, iteration));
      blocks.push(iteration);
    }
  }
  made.children = made.unit === "iteration" ? firstAndRest(made, blocks) : chunked(made, blocks, made.unit);
  return made;
}

// A loop unfolds into its first iteration, which says what all do, and one box for the others.
function firstAndRest(made, blocks) {
  const rest = group("chunk", `${made.key}/rest`, made, { title: `iterations 2\u2013${blocks.length}`, subtitle: "" });
  rest.children = chunked(rest, blocks.slice(1).map((block) => adopt(block, rest)), "iteration", 1);
  return [blocks[0], rest];
}

function repeatTitle(model, one, members, times) {
  if (one.length === 1 && typeof one[0] !== "number") {
    const first = one[0];
    const last = members[members.length - 1];
    return { title: first.title === last.title ? first.title : `${first.title} \u2026 ${last.title}`, subtitle: `${first.subtitle} \u00d7${times}`, unit: first.subtitle };
  }
  const ids = one.flatMap((child) => [...everyNode(child)]);
  const operators = [...new Set(ids.map((id) => model.nodes[id].operator).filter(Boolean))].map(spoken);
  const shown = operators.slice(0, 3).join(", ") + (operators.length > 3 ? ", \u2026" : "");
  const where = linesOf(model, ids);
  if (one.length === 1) return { title: shown || "tensors", subtitle: `\u00d7${times}${where && `, ${where}`}`, unit: shown || "tensor" };
  return { title: where ? `Loop, ${where}` : `Loop of ${shown}`, subtitle: `${times} iterations`, unit: "iteration" };
}

function linesOf(model, ids) {
  const lines = ids.map((id) => model.nodes[id].line).filter(Boolean);
  if (!lines.length || lines.some((line) => line.file !== lines[0].file)) return "";
  const numbers = lines.map((line) => line.number);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return low === high ? `line ${low}` : `lines ${low}\u2013${high}`;
}

function chunked(parent, children, unit, skipped = 0) {
  if (children.length <= CHUNK * 1.5) return children;
  let size = CHUNK;
  while (size * CHUNK < children.length) size *= CHUNK;
  const chunks = [];
  for (let start = 0; start < children.length; start += size) {
    const members = children.slice(start, start + size);
    const range = `${skipped + start + 1}\u2013${skipped + start + members.length}`;
    const chunk = group("chunk", `${parent.key}/${unit} ${range}`, parent, { title: range, subtitle: unit === "part" ? "in order" : unit === "iteration" ? "iterations" : unit, offset: start });
    chunk.children = members.map((child) => adopt(child, chunk));
    chunk.children = chunked(chunk, chunk.children, unit, skipped + start);
    chunks.push(chunk);
  }
  return chunks;
}

function adopt(child, parent) {
  if (typeof child !== "number") child.parent = parent;
  return child;
}

const keyOf = (child) => (typeof child === "number" ? `node ${child}` : child.key);

function signature(model, child) {
  if (typeof child === "number") {
    const node = model.nodes[child];
    const from = node.line ? `${node.line.file}:${node.line.number}` : "";
    return node.kind === "operator" ? `${node.operator} ${from}` : node.kind;
  }
  if (!child.signature) {
    const inside = child.children.map((inner) => signature(model, inner)).join("|");
    child.signature = `${child.subtitle} ${child.module?.parameters ?? ""} ${resultShape(model, child)}{${inside}}`;
  }
  return child.signature;
}

// Of the last operator in it. Blocks of another width are not the same block.
export function resultShape(model, item) {
  const last = [...everyNode(item)].reverse().find((id) => model.nodes[id].kind === "operator" && model.nodes[id].phase !== "optimizer");
  return last === undefined ? null : (model.nodes[last].outputs[0]?.shape ?? null);
}

function* everyNode(item) {
  if (typeof item === "number") yield item;
  else for (const child of item.children) yield* everyNode(child);
}

// A group that holds a single group is that group: Sequential(Block × 12) is one box, not two.
function unwrap(at) {
  for (const child of at.children) if (typeof child !== "number") unwrap(child);
  if (at.kind !== "module" || at.children.length !== 1 || typeof at.children[0] === "number") return;
  const [only] = at.children;
  if (only.kind !== "repeat") return;
  at.children = only.children.map((child) => adopt(child, at));
  at.times = only.times;
  at.subtitle = only.subtitle;
  at.unit = only.unit;
}

function finish(model, at, owner) {
  for (const child of at.children) {
    if (typeof child === "number") {
      owner.set(child, at);
      at.nodes.push(child);
    } else {
      child.parent = at;
      finish(model, child, owner);
      for (const id of child.nodes) at.nodes.push(id);
    }
  }
  if (at.kind === "module" && !at.times) {
    const inner = at.children.filter((child) => child.kind === "module");
    const kinds = new Set(inner.map((child) => child.subtitle));
    if (inner.length > 1 && kinds.size === 1 && inner.length === at.children.length) at.inside = `${[...kinds][0]} \u00d7${inner.length}`;
  }
}
