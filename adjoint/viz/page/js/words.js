// What nodes are called, and the formula of each with the user's names.

import { ruleOf, spoken } from "./operators.js";
import { plain } from "./formula.js";
import { elements, number, plural } from "./units.js";

const LONG = 26;

// The user's name; for what has none its expression, where that is short; else the operator's name.
export function nameOf(model, id) {
  const node = model.nodes[id];
  if (model.names[id]) return model.names[id];
  if (node.kind === "constant" || (node.kind === "input" && isScalar(node))) return constantText(node);
  const expression = plain(expressionOf(model, id) ?? "");
  if (expression && expression.length <= LONG && !isNested(expression)) return expression;
  const words = plain(node.expression ?? "");
  if (words && words.length <= LONG) return words;
  return node.operator ? spoken(node.operator) : unnamed(model, id);
}

// The operator's formula in Python's notation, or null for what has none (a leaf, data).
export function expressionOf(model, id) {
  // In order, since an expression is made of those before it: a chain of any length, without recursion.
  const made = (model.expressions ??= []);
  while (made.length <= id) {
    made.push(null);
    made[made.length - 1] = madeExpression(model, made.length - 1);
  }
  return made[id];
}

export function formulaText(model, id) {
  const expression = expressionOf(model, id);
  return expression === null ? "" : plain(expression);
}

// The derivative of one input, with the user's names in place of the row's.
// Empty where the rule is code of many steps, which says nothing in one line.
export function derivativeText(model, id, index) {
  const text = wholeDerivative(model, id, index);
  return text.length <= 60 && !text.includes("\u2026") ? text : "";
}

function wholeDerivative(model, id, index) {
  const node = model.nodes[id];
  const { derivative, derivative_named: named } = node.inputs[index];
  if (!derivative) return named ?? "";
  expressionOf(model, id);
  const texts = new Map(node.inputs.map((input) => [input.argument, operandText(model, input)]));
  const own = outputName(model, id);
  if (own) texts.set("result", own);
  return derivative.replace(/(?<![.\w])[A-Za-z_]\w*(?!\w*\s*\()/g, (word) => texts.get(word) ?? word);
}

const outputName = (model, id) => (/^[\p{L}_][\p{L}\p{N}_\u2080-\u2089]*$/u.test(model.names[id] ?? "") ? model.names[id] : null);

// What the table's rows ask; see operators.js.
export function context(model, id) {
  const node = model.nodes[id];
  const operands = [];
  for (const input of node.inputs) operands.push([input.argument, operandText(model, input), isNumber(model, input)]);
  // What flows through comes first, whatever the order of the row's operands (a bias before the input).
  operands.sort((one, two) => isMain(two[0]) - isMain(one[0]));
  const known = new Set(operands.map(([argument]) => argument));
  const extra = Object.entries(node.arguments ?? {}).filter(([argument]) => !known.has(argument));
  const scalars = extra.filter(([argument, text]) => ["self", "other", "exponent", "input"].includes(argument) && /^[-+\d.]/.test(text));
  for (const [argument, text] of scalars) operands[argument === "self" || argument === "input" ? "unshift" : "push"]([argument, text, true]);
  const first = node.inputs.length ? outputOf(model, node.inputs[0]) : null;
  const operand = (argument) => operands.find(([name]) => name === argument)?.[1] ?? argument;
  const [a, b] = [operands[0], operands[1]];
  return {
    a: a?.[1] ?? "x",
    b: b?.[1] ?? "?",
    code: { a: quoted(a), b: quoted(b) },
    isNumber: { a: a?.[2] ?? false, b: b?.[2] ?? false },
    numbers: { a: first && !a?.[2] ? `the ${plural(elements(first.shape), "number")} of ${quoted(a)}` : quoted(a) },
    each: first ? `each of the ${plural(elements(first.shape), "number")} of ${quoted(a)}`.replace(/^each of the 1 number of /, "") : quoted(a),
    elements: first ? elements(first.shape) : 0,
    whole: elements(node.outputs[0]?.shape ?? []) === 1,
    count: operands.length,
    inputs: node.inputs.length,
    has: (argument) => operands.some(([name]) => name === argument),
    operand,
    quoted: (argument) => `\`${plain(operand(argument))}\``,
    called: (what) => (model.names[id] ? `\`${model.names[id]}\`` : what),
    otherThan: (argument) => quoted(operands.find(([name]) => name !== argument) ?? a),
    arg: (argument) => node.arguments?.[argument],
    list: () => operands.map(([, text]) => text).join(", "),
  };
}

const isMain = (argument) => Number(argument === "self" || argument === "input");

function outputOf(model, input) {
  return input.node === null ? null : (model.nodes[input.node].outputs[input.output ?? 0] ?? null);
}

function quoted(operand) {
  return operand ? `\`${plain(operand[1])}\`` : "it";
}

function madeExpression(model, id) {
  const node = model.nodes[id];
  if (node.kind !== "operator") return null;
  const c = context(model, id);
  const rule = ruleOf(node.operator);
  if (rule.formula && c.count >= (/\bc\.b\b/.test(rule.formula.toString()) ? 2 : 1)) return rule.formula(c);
  if (node.expression && node.expression.length <= 2 * LONG) return node.expression;
  const operands = node.inputs.length > 4 ? `${c.a}, ${c.b}, \u2026 ${node.inputs.length} in all` : c.list();
  return `${spoken(node.operator ?? "f")}(${operands})`;
}

// An operand inside of a formula: its name, or its own formula in brackets while that is short.
function operandText(model, input) {
  if (input.node === null) return input.argument ?? "?";
  const source = model.nodes[input.node];
  const name = model.names[input.node];
  const place = source.outputs.length > 1 ? `[${input.output ?? 0}]` : "";
  if (name) return /^[\p{L}_][\p{L}\p{N}_\u2080-\u2089]*$/u.test(tail(name)) ? tail(name) + place : `(${name})`;
  if (source.kind === "constant" || (source.kind === "input" && isScalar(source))) return constantText(source);
  if (source.kind !== "operator") return unnamed(model, input.node);
  const expression = model.expressions[input.node];
  if (!expression || expression.length > LONG) return spoken(source.operator ?? "f") + place;
  return /[ ]/.test(expression) && !/^[\w.\u03c3]+\([^()]*\)$/.test(expression) ? `(${expression})` : expression;
}

// Of a parameter's path, what tells it apart where it is used: "layer1.0.conv1.weight" is the weight.
const tail = (name) => (name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : name);

const isNested = (expression) => (expression.match(/[\w.]\(/g) ?? []).length > 1; // f(g(x))

// A tensor that no variable holds goes by what it is used as: weight, bias.
function unnamed(model, id) {
  const as = new Set(model.users[id].map((use) => model.nodes[use.node].inputs[use.input].argument));
  const [only] = as;
  return as.size === 1 && !["self", "other", "input", "x"].includes(only) ? only : model.nodes[id].kind === "leaf" ? "leaf" : "data";
}

const isScalar = (node) => (node.outputs[0]?.shape.length ?? 1) === 0 && node.outputs[0]?.value?.numbers !== undefined && !Array.isArray(node.outputs[0]?.value?.numbers);

function isNumber(model, input) {
  return input.node !== null && model.nodes[input.node].kind === "constant";
}

function constantText(node) {
  const value = node.outputs[0]?.value?.numbers;
  const flat = Array.isArray(value) ? value.flat(Infinity) : value === null || value === undefined ? [] : [value];
  if (flat.length === 1) return number(flat[0]).replace("\u2212", "-");
  return node.name ?? "constant";
}
