// The recording, with what every part of the page asks of it: who uses a node, and at which steps something happens to it.

import { plural } from "./units.js";

// Steps are counted from 1; step 0 is the state before anything happened. Lists of steps are sorted, so that the state at a
// step is a search in them (`latest`), whichever way the slider moves.
export function indexed(recording) {
  const { nodes } = recording;
  const steps = [{ event: "start", node: null, edge: null, backward: null, bytes: 0, saved_bytes: 0, at: 0 }, ...recording.steps];
  const users = nodes.map(() => []);
  const at = nodes.map((node) => ({
    forward: null, arrive: [], accumulate: [], free: [], zero: [], optimizer: [], inputs: node.inputs.map(() => []),
  }));
  for (const node of nodes)
    node.inputs.forEach((input, i) => input.node !== null && users[input.node]?.push({ node: node.id, input: i }));

  const begins = []; // steps at which a backward begins
  const zeroed = []; // ... at which all gradients are cleared
  steps.forEach((step, k) => {
    if (step.event === "backward begins") begins.push(k);
    if (step.event === "zero_grad" && step.node === null) zeroed.push(k);
    const node = step.node === null || step.node === undefined ? null : at[step.node];
    if (step.event === "forward" && node) node.forward ??= k;
    if (step.event === "accumulate" && node) node.accumulate.push(k);
    if (step.event === "free" && node) node.free.push(k);
    if (step.event === "zero_grad" && node) node.zero.push(k);
    if (step.event === "optimizer" && node) node.optimizer.push(k);
    if (step.event === "arrive") {
      const [from, input] = step.edge ?? [null, null];
      if (from !== null && at[from]?.inputs[input]) {
        at[from].inputs[input].push(k);
        const target = nodes[from].inputs[input].node;
        if (target !== null) at[target].arrive.push(k);
      } else if (node) node.arrive.push(k);
    }
    if (step.event === "backward begins") {
      const root = step.node ?? recording.backwards?.[step.backward]?.root;
      step.node = root ?? null;
      if (root !== null && root !== undefined) at[root].arrive.push(k);
    }
  });
  for (const node of nodes) {
    // weights.grad.zero_() clears a gradient as zero_grad() does.
    const cleared = node.operator === "zero" && node.in_place ? /^(.+)\.grad\.zero_\(\)$/.exec(node.expression ?? "") : null;
    const leaf = cleared ? nodes.find((other) => other.kind === "leaf" && other.name === cleared[1]) : null;
    if (leaf && at[node.id].forward !== null) at[leaf.id].zero.push(at[node.id].forward);
    // What was made outside of the recording is there from its first use on.
    if (at[node.id].forward === null) {
      const first = users[node.id].map((use) => at[use.node].forward).filter((k) => k !== null);
      at[node.id].forward = node.kind === "operator" && first.length ? Math.max(0, Math.min(...first) - 1) : 0;
    }
  }
  const names = displayed(recording);
  return { ...recording, steps, users, at, begins, zeroed, names };
}

// The last of the sorted steps that is not after k, or -1.
export function latest(list, k) {
  return list[below(list, k) - 1] ?? -1;
}

// How many of the sorted steps are not after k.
export function below(list, k) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= k) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The gradients shown at step k are those of the backward that is under way, or that was the last.
export const backwardBegan = (model, k) => latest(model.begins, k);

export function isLit(model, list, k) {
  const began = backwardBegan(model, k);
  return began >= 0 && latest(list, k) >= began;
}

export function hasGrad(model, node, k) {
  const { accumulate, zero } = model.at[node];
  const written = latest(accumulate, k);
  return written >= 0 && written > Math.max(latest(zero, k), latest(model.zeroed, k));
}

export function isFreed(model, node, k) {
  const freed = latest(model.at[node].free, k);
  return freed >= 0;
}

const isLeaf = (node) => node.kind === "leaf";
export const savedBytes = (node) => node.saved.reduce((sum, saved) => sum + (saved.bytes || 0), 0);

export function phaseOf(step) {
  switch (step.event) {
    case "start": case "forward": return "forward";
    case "optimizer": case "zero_grad": return "update";
    case "accumulate": return "leaf";
    case "free": return "saved";
    default: return "gradient";
  }
}

export function describedSize(model) {
  const operators = model.nodes.filter((node) => node.kind === "operator").length;
  // A leaf that was only written to, as by an initialisation, is the one that is used later.
  const isUsed = (node) => !model.users[node.id].length || model.users[node.id].some((use) => !model.nodes[use.node].in_place);
  const leaves = model.nodes.filter((node) => isLeaf(node) && isUsed(node)).length;
  return `${plural(operators, "operator")}, ${plural(leaves, "leaf", "leaves")}, ${plural(model.steps.length - 1, "step")}`;
}

// A variable that is assigned more than once (z = …; z = z.mean()) is told apart by a number: z₁, z₂.
function displayed({ nodes }) {
  const own = (node) => node.outputs[0]?.name ?? node.name ?? null;
  const total = new Map();
  for (const node of nodes) if (own(node)) total.set(own(node), (total.get(own(node)) ?? 0) + 1);
  const seen = new Map();
  return nodes.map((node) => {
    const name = own(node);
    if (!name || total.get(name) === 1) return name;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    return name + [...String(seen.get(name))].map((digit) => String.fromCodePoint(0x2080 + Number(digit))).join("");
  });
}
