// All there is to know about one node, or about a group.

import { arrayView, briefly } from "./arrays.js";
import { h } from "./dom.js";
import { plain, typeset } from "./formula.js";
import { hasGrad, isFreed, latest, savedBytes } from "./recording.js";
import { ruleOf, spoken } from "./operators.js";
import { context, derivativeText, expressionOf, formulaText, nameOf } from "./words.js";
import { bytes, count, plural, seconds, shape } from "./units.js";
import { prose } from "./dom.js";

export function nodePanel(model, tree, id, k, act) {
  const node = model.nodes[id];
  const name = nameOf(model, id);
  return [
    h("header", {},
      h("h2", {}, name),
      h("p", { class: "badges" },
        badge(node.kind === "operator" ? spoken(node.operator ?? "operator") : { leaf: "leaf", input: "data", constant: "constant" }[node.kind], node.kind),
        node.grad_fn && node.kind === "operator" ? badge(node.grad_fn, "plain") : null,
        node.kind === "operator" && !node.grad_fn ? badge("not recorded by autograd", "plain") : null,
        node.in_place ? badge("in place", "plain") : null,
        node.view_of !== null && node.view_of !== undefined ? badge("view", "plain") : null,
        node.phase === "optimizer" ? badge("optimizer", "plain") : null)),
    where(model, tree, node, act),
    forward(model, id, node, act),
    derivatives(model, id, node, act),
    gradients(model, id, node, k, act),
    saved(model, node, k, act),
    section("Used by", model.users[id].length ? h("ul", { class: "links" }, model.users[id].slice(0, 12).map((use) => h("li", {}, link(model, use.node, act), h("small", {}, ` as ${model.nodes[use.node].inputs[use.input].argument}`))),
      model.users[id].length > 12 ? h("li", {}, `and ${model.users[id].length - 12} more`) : null) : null),
  ];
}

export function groupPanel(model, tree, group, k, act, isOpen) {
  const nodes = group.nodes.map((id) => model.nodes[id]);
  const operators = nodes.filter((node) => node.kind === "operator");
  const time = (which) => operators.reduce((sum, node) => sum + (node.seconds?.[which] ?? 0), 0);
  const facts = [
    ["operators", count(operators.length)],
    group.module?.parameters ? ["parameters", count(group.module.parameters)] : null,
    ["kept for the backward", bytes(operators.reduce((sum, node) => sum + savedBytes(node), 0))],
    time("forward") ? ["forward", seconds(time("forward"))] : null,
    time("backward") ? ["backward", seconds(time("backward"))] : null,
  ];
  return [
    h("header", {}, h("h2", {}, group.title), h("p", { class: "badges" }, group.subtitle ? badge(group.subtitle, "plain") : null, group.callText ? badge(group.callText, "plain") : null)),
    group.module?.path ? h("p", { class: "path" }, group.module.path) : null,
    group.module?.text ? h("p", { class: "constructor" }, group.module.text) : null,
    h("p", {}, h("button", { type: "button", class: "action", onclick: () => act.fold(group.key) }, isOpen ? "Fold" : "Unfold", h("kbd", {}, "f"))),
    factsTable(facts),
    section("Inside", h("ul", { class: "links" }, group.children.slice(0, 40).map((child) =>
      typeof child === "number"
        ? h("li", {}, link(model, child, act), h("small", {}, ` ${briefly(model.nodes[child].outputs[0]?.value, model.nodes[child].outputs[0])}`))
        : h("li", {}, h("button", { type: "button", onclick: () => act.reveal({ group: child }) }, child.title), h("small", {}, ` ${child.subtitle}`))),
      group.children.length > 40 ? h("li", {}, `and ${group.children.length - 40} more`) : null)),
  ];
}

const badge = (text, kind) => h("span", { class: `badge ${kind}` }, text);

function section(title, ...content) {
  const shown = content.flat().filter(Boolean);
  return shown.length ? h("section", {}, h("h3", {}, title), shown) : null;
}

function factsTable(facts) {
  return h("dl", { class: "facts" }, facts.filter(Boolean).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}

function link(model, id, act) {
  return h("button", { type: "button", onclick: () => act.reveal({ node: id }) }, nameOf(model, id));
}

function where(model, tree, node, act) {
  const parts = [];
  if (node.line) {
    const file = model.files[node.line.file];
    parts.push(h("p", { class: "statement" }, h("span", {}, `${file?.name ?? "line "}:${node.line.number}`), h("code", {}, node.line.text)));
  }
  const path = [];
  for (let group = tree.owner.get(node.id); group && group.kind !== "root"; group = group.parent) path.unshift(group);
  if (path.length)
    parts.push(h("p", { class: "path" }, path.flatMap((group, i) => [i ? " \u203a " : null, h("button", { type: "button", onclick: () => act.reveal({ group }) }, group.title)])));
  return parts;
}

function forward(model, id, node) {
  const expression = expressionOf(model, id);
  const formula = expression ? (typeset(expression, model.names[id] && /^[\p{L}_][\p{L}\p{N}_\u2080-\u2089]*$/u.test(model.names[id]) ? model.names[id] : null) ?? h("code", {}, formulaText(model, id))) : null;
  const given = Object.entries(node.arguments ?? {}).filter(([, text]) => !text.startsWith("array("));
  return section(node.kind === "operator" ? "Forward" : "Value",
    formula ? h("p", { class: sizeClass(formula.textContent) }, formula) : null,
    given.length ? h("p", { class: "arguments" }, given.map(([key, value], i) => [i ? ", " : "", h("code", {}, `${key}=${value}`)])) : null,
    node.outputs.map((output, i) => [
      factsTable([
        [node.outputs.length > 1 ? `result ${i}` : "shape", [sizeOf(output.shape), output.dtype].filter(Boolean).join(", ")],
        output.bytes ? ["size", bytes(output.bytes)] : null,
        i === 0 && node.seconds?.forward !== null && node.seconds?.forward !== undefined ? ["time", seconds(node.seconds.forward)] : null,
      ]),
      output.value ? arrayView(output.value) : null,
    ]));
}

const sizeClass = (text) => (text.length > 30 ? "formula long" : "formula");

function sizeOf(dimensions) {
  if (!dimensions) return "unknown";
  return dimensions.length === 1 ? plural(dimensions[0], "number") : dimensions.length ? shape(dimensions) : "one number";
}

function derivatives(model, id, node, act) {
  const rows = node.inputs.map((input, i) => ({ input, i })).filter(({ input }) => input.requires_grad);
  if (!node.grad_fn) return null;
  if (!rows.length) return null;
  const reason = (input) => ruleOf(node.operator).back?.(context(model, id), input.argument, `\`${input.node === null ? input.argument : nameOf(model, input.node)}\``);
  return section("Derivative",
    h("p", { class: "hint" }, ...prose("`g` is the gradient that arrives.")),
    rows.slice(0, 8).map(({ input, i }) => {
      const text = derivativeText(model, id, i);
      const why = reason(input);
      return h("div", { class: "derivative" },
        h("div", { class: "towards" }, "for ", input.node === null ? input.argument : link(model, input.node, act)),
        text ? h("p", { class: sizeClass(text) }, typeset(text) ?? h("code", {}, plain(text))) : null,
        input.derivative && input.derivative !== text ? h("p", { class: "row-formula" }, "the rule: ", h("code", {}, `${input.argument}: ${input.derivative}`)) : null,
        why ? h("p", { class: "why" }, ...prose(why[0].toUpperCase() + why.slice(1) + ".")) : null);
    }));
}

function gradients(model, id, node, k, act) {
  if (!node.gradient) return node.grad_fn || node.kind === "leaf" ? section("Gradient", h("p", { class: "absent" }, "No gradient arrived in this recording.")) : null;
  const { arrive } = model.at[id];
  const pending = arrive.length && latest(arrive, k) < 0;
  const title = node.kind === "leaf" ? `Gradient${hasGrad(model, id, k) ? ", in .grad" : ""}` : "Gradient";
  return section(title,
    pending ? h("p", { class: "hint" }, `It arrives at step ${count(arrive[0])}.`) : null,
    node.seconds?.backward ? factsTable([["time of the backward", seconds(node.seconds.backward)]]) : null,
    node.gradient.arrived.map((array, i) => (array ? [h("h4", {}, node.gradient.arrived.length > 1 ? `arrived at result ${i}` : "arrived"), arrayView(array, "gradient")] : null)),
    (node.kind === "leaf" ? [] : node.gradient.left).map((array, i) =>
      array && node.inputs[i] ? [h("h4", {}, "left for ", node.inputs[i].node === null ? node.inputs[i].argument : link(model, node.inputs[i].node, act)), arrayView(array, "gradient")] : null));
}

function saved(model, node, k, act) {
  if (!node.saved.length) return null;
  const freed = isFreed(model, node.id, k);
  return section("Kept for the backward",
    h("p", { class: "hint" }, freed ? "Freed: the backward has passed here." : `${plural(node.saved.length, "tensor")}, ${bytes(savedBytes(node))}, until the backward has passed.`),
    node.saved.map((saved) =>
      h("details", { class: freed ? "freed" : "" },
        h("summary", {}, h("code", {}, saved.name), saved.of !== null && saved.of !== undefined ? [" = ", link(model, saved.of, act)] : null,
          h("small", {}, ` ${saved.shape?.length ? shape(saved.shape) : "number"} \u00b7 ${bytes(saved.bytes)}`)),
        saved.value ? arrayView(saved.value) : h("p", { class: "absent" }, "its values were not kept"))));
}
