// One plain sentence for every step of the slider.

import { context, derivativeText, formulaText, nameOf } from "./words.js";
import { factor, plain } from "./formula.js";
import { latest, savedBytes } from "./recording.js";
import { ruleOf, spoken } from "./operators.js";
import { bytes, number, shape } from "./units.js";

// {label, text, phase}: backticks in the text mark names.
export function sentence(model, k) {
  const step = model.steps[k];
  const say = SAY[step.event] ?? ((m, s) => ({ label: s.event, text: s.text ?? "", phase: "forward" }));
  return say(model, step, k);
}

const SAY = {
  start(model) {
    if (!model.nodes.length) return { label: "Nothing was recorded", phase: "forward", text: "No operator ran on a tensor while the recorder was on." };
    const roots = new Set(model.begins.map((k) => model.steps[k].node));
    const [root] = roots;
    const result = roots.size === 1 && root !== null ? `\`${nameOf(model, root)}\`` : "the result";
    return {
      label: "Before the first step",
      phase: "forward",
      text: model.begins.length
        ? `First the numbers are computed, from the top down. Then the gradients come up from ${result}: the gradient of a number says how much ${result} would change, per unit, if that number grew a little. Press play, or the right arrow key.`
        : "The numbers are computed from the top down. No backward ran in this recording, so there are no gradients to see yet. Press play, or the right arrow key.",
    };
  },

  forward(model, step) {
    const node = model.nodes[step.node];
    const name = model.names[step.node];
    const formula = formulaText(model, step.node);
    const what = ruleOf(node.operator).forward?.(context(model, step.node));
    const head = name && formula ? `\`${name} = ${formula}\`` : `\`${formula || spoken(node.operator ?? "operator")}\``;
    const made = result(node.outputs[0]?.value, node.outputs[0]);
    const unrecorded = node.grad_fn ? "" : node.phase === "no_grad" ? " Not recorded: gradients are off here." : "";
    return { label: "Forward", phase: "forward", text: `${head}: ${what ?? `compute \`${spoken(node.operator ?? "")}\``}.${made ? ` Result${made.replace(/^ =/, ":").replace(/^, /, ": ")}.` : ""}${unrecorded}` };
  },

  "backward begins"(model, step, k) {
    if (step.node === null || step.node === undefined) return { label: "Backward", phase: "gradient", text: "The backward begins." };
    const name = nameOf(model, step.node);
    const arrived = model.nodes[step.node].gradient?.arrived?.[0];
    const next = model.steps[k + 1]?.event;
    if (!["arrive", "accumulate", "free", "backward ends"].includes(next))
      return { label: "Backward begins", phase: "gradient", text: `A backward starts at \`${name}\`, and stops at once with an error.` };
    const one = !arrived || single(arrived) === 1;
    return {
      label: "Backward begins",
      phase: "gradient",
      text: one
        ? `Backward starts at \`${name}\`, with the gradient 1: if \`${name}\` grows by 1, then \`${name}\` grows by 1. Each step up asks the same of what \`${name}\` was made of.`
        : `Backward starts at \`${name}\`, with the gradient that was given${result(arrived)}.`,
    };
  },

  arrive(model, step, k) {
    const [from, index] = step.edge ?? [null, null];
    if (from === null) return { label: "Gradient", phase: "gradient", text: `A gradient arrives at \`${nameOf(model, step.node)}\`.` };
    const node = model.nodes[from];
    const input = node.inputs[index];
    const target = input.node === null ? input.argument : nameOf(model, input.node);
    const formula = plain(derivativeText(model, from, index));
    const reason = ruleOf(node.operator).back?.(context(model, from), input.argument, `\`${target}\``);
    const why = reason ?? (formula && formula !== "g" ? `by the rule of \`${spoken(node.operator ?? "")}\`, the gradient here is \`${formula}\`, where g is what arrived` : `\`${spoken(node.operator ?? "the operator")}\` passes its gradient on`);
    const gradient = isLastPassOf(model, from, index, k) ? result(node.gradient?.left?.[index]) : step.norm !== null && step.norm !== undefined ? `, of norm ${number(step.norm)}` : "";
    const before = input.node === null ? 0 : othersInPass(model, input.node, k);
    const total = before && isLastArrival(model, input.node, k) ? result(model.nodes[input.node].gradient?.arrived?.[input.output ?? 0]) : "";
    const again = before ? ` It is used more than once, and its gradients add up${total ? `: together${total}` : ""}.` : "";
    const first = formula.includes("g") && model.steps[k - 1].event === "backward begins" ? `, where \`g\` is what arrived at \`${nameOf(model, from)}\`` : "";
    return { label: `Gradient of ${target}`, phase: "gradient", text: `${capital(why)}. \`${target}\` gets ${formula ? `\`${formula}\`${gradient}${first}` : gradient.replace(/^(, | = )/, "") || "its share"}.${again}` };
  },

  accumulate(model, step, k) {
    const name = nameOf(model, step.node);
    const before = latest(model.at[step.node].accumulate, k - 1);
    const cleared = Math.max(latest(model.at[step.node].zero, k - 1), latest(model.zeroed, k - 1));
    const isLast = k === model.at[step.node].accumulate.at(-1);
    const value = isLast ? result(model.nodes[step.node].gradient?.arrived?.[0]) : step.norm !== null && step.norm !== undefined ? `, of norm ${number(step.norm)}` : "";
    const total = isLast && model.zeroed.at(-1) === undefined ? result(model.nodes[step.node].grad) : "";
    return {
      label: `${name}.grad is written`,
      phase: "leaf",
      text: before > cleared
        ? `\`${name}.grad\` still holds an earlier backward's gradient: the new one${value ? ` (${value.replace(/^( = |, )/, "")})` : ""} is added to it${total ? `, which makes ${total.replace(/^( = |, )/, "")}` : ""}. \`zero_grad()\` would have cleared it.`
        : `\`${name}\` is a leaf, so this is where the way ends: the gradient is kept in \`${name}.grad\`${value}.`,
    };
  },

  free(model, step) {
    const node = model.nodes[step.node];
    const kept = node?.saved ?? [];
    const list = kept.map((saved) => `\`${saved.of !== null && saved.of !== undefined ? nameOf(model, saved.of) : saved.name}\``);
    const size = savedBytes(node);
    return {
      label: "Memory is freed",
      phase: "saved",
      text: kept.length
        ? `\`${nameOf(model, step.node)}\` is done: what it had kept for the backward (${[...new Set(list)].join(", ")}${size ? `, ${bytes(size)}` : ""}) is let go.`
        : `\`${nameOf(model, step.node)}\` is done. It had kept no tensors.`,
    };
  },

  // What the gradient means, by the numbers of a leaf that the user made.
  "backward ends"(model, step, k) {
    const label = "Backward is done";
    const root = step.node === null || step.node === undefined ? "the result" : `\`${nameOf(model, step.node)}\``;
    const began = latest(model.begins, k);
    for (const node of model.nodes) {
      if (node.kind !== "leaf" || latest(model.at[node.id].accumulate, k) < began) continue;
      const name = nameOf(model, node.id);
      const gradient = node.gradient?.arrived?.[0];
      if (gradient?.nan) return { label, phase: "gradient", text: `\`${name}.grad\` holds NaN, which no update survives: step back to where the first one appears.` };
      const numbers = gradient?.numbers === null || gradient?.numbers === undefined ? [] : [gradient.numbers].flat(Infinity);
      const which = numbers.findIndex((x) => typeof x === "number" && x !== 0);
      if (which < 0 || (node.module !== null && node.module !== undefined)) continue;
      const slope = numbers[which];
      const what = numbers.length === 1 ? `\`${name}\`` : `${which ? `number ${which + 1}` : "the first number"} of \`${name}\``;
      const told = numbers.length === 1 ? `\`${name}.grad\` is ${number(slope)}` : which ? `Number ${which + 1} of \`${name}.grad\` is ${number(slope)}` : `\`${name}.grad\` begins with ${number(slope)}`;
      return { label, phase: "gradient", text: `Every leaf has its gradient. ${told}: if ${what} grew by 0.01, ${root} would ${slope < 0 ? "fall" : "grow"} by about ${number(Math.abs(slope) / 100, 3)}.` };
    }
    return { label, phase: "gradient", text: `The gradients of ${root} have reached every leaf that it depends on.` };
  },

  optimizer(model, step) {
    const name = step.node === null || step.node === undefined ? null : nameOf(model, step.node);
    return { label: "Optimizer", phase: "update", text: (step.text ? `\`${step.text}\`: ` : "") + (name ? `The optimizer moves \`${name}\` against its gradient, to make the loss smaller.` : "The optimizer moves every parameter against its gradient, to make the loss smaller.") };
  },

  zero_grad(model, step) {
    const name = step.node === null || step.node === undefined ? null : nameOf(model, step.node);
    return { label: "zero_grad", phase: "update", text: (step.text ? `\`${step.text}\`: ` : "") + (name ? `\`${name}.grad\` is cleared.` : "Every `.grad` is cleared, so that the next backward starts from nothing.") };
  },
};

const capital = (text) => text[0].toUpperCase() + text.slice(1); // a backtick stays what it is

function othersInPass(model, target, k) {
  const began = latest(model.begins, k);
  return model.at[target].arrive.filter((step) => step >= began && step < k && model.steps[step].event === "arrive").length;
}

function isLastArrival(model, target, k) {
  return model.at[target].arrive.at(-1) === k;
}

export function isLastPassOf(model, from, index, k) {
  const list = model.at[from].inputs[index];
  return list.length > 0 && latest(list, k) === list.at(-1);
}

function single(array) {
  const value = array?.numbers;
  const flat = Array.isArray(value) ? value.flat(Infinity) : value === null || value === undefined ? [] : [value];
  return flat.length === 1 ? flat[0] : null;
}

// " = [1, 2, 3]", or for what is larger its size and norm.
function result(array, output) {
  if (!array) return output ? (output.shape.length ? `, a tensor of ${shape(output.shape)}` : "") : "";
  if (array.numbers !== null && array.numbers !== undefined) {
    const flat = Array.isArray(array.numbers) ? array.numbers.flat(Infinity) : null;
    if (!flat) return ` = ${number(array.numbers)}`;
    if (array.shape.length <= 1 && flat.length <= 5) return ` = [${flat.map((x) => number(x)).join(", ")}]`;
  }
  const norm = array.norm !== null && array.norm !== undefined ? ` of norm ${number(array.norm, 3)}` : "";
  return `, ${shape(array.shape)}${norm}`;
}

