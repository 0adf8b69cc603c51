// Python expressions (derivatives, as their rows have them) read as mathematics: plain text for the graph, MathML for the panel.

import { math } from "./dom.js";

const POWER = { "**": 14 };
const BINARY = {
  or: 1, and: 2, "==": 4, "!=": 4, "<": 4, ">": 4, "<=": 4, ">=": 4, "|": 5, "^": 6, "&": 7,
  "+": 9, "-": 9, "*": 10, "/": 10, "//": 10, "%": 10, "@": 10,
};
const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([\p{L}_][\p{L}\p{N}\p{M}_\u2080-\u2089\u2032]*)|('[^']*'|"[^"]*")|(\*\*|\/\/|==|!=|<=|>=|[-+*/%@()[\],.=<>:&|^~{}]))/uy;
const SUPERSCRIPT = { "-": "\u207b", T: "\u1d40" };
"0123456789".split("").forEach((digit, i) => (SUPERSCRIPT[digit] = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[i]));

// The expression's tree, or null for what is no expression of the kind that rows are written in.
export function parse(text) {
  try {
    const reader = new Reader(tokens(text));
    const tree = reader.tuple();
    return reader.done() ? tree : null;
  } catch {
    return null;
  }
}

export function plain(text) {
  const tree = parse(text);
  return tree ? flat(tree, 0) : text;
}

export function typeset(text, left = null) {
  const tree = parse(text);
  if (!tree) return null;
  const body = rendered(tree, 0);
  return math("math", { display: "inline" }, left ? math("mrow", {}, name(left), math("mo", {}, "="), body) : body);
}

// What multiplies the gradient g in a product ("× 2y"), where the expression is one; else the expression.
export function factor(text) {
  const tree = parse(text);
  if (!tree) return text;
  if (isGradient(tree)) return "\u00d7 1";
  if (tree.kind === "binary" && tree.operator === "/" && isGradient(tree.left)) return `\u00f7 ${flat(tree.right, 11)}`;
  const factors = product(tree);
  const rest = factors.filter((part) => !isGradient(part));
  if (factors.length > 1 && rest.length === factors.length - 1)
    return `\u00d7 ${rest.map((part) => flat(part, 10)).join(" \u00b7 ")}`;
  if (tree.kind === "unary" && isGradient(tree.of)) return "\u00d7 \u22121";
  return flat(tree, 0);
}

class Reader {
  constructor(list) {
    this.list = list;
    this.at = 0;
  }
  done() {
    return this.at === this.list.length;
  }
  next(value) {
    const token = this.list[this.at];
    if (value !== undefined && token?.text !== value) throw new Error(`expected ${value}`);
    this.at++;
    return token;
  }
  sees(value) {
    return this.list[this.at]?.text === value;
  }
  tuple() {
    const first = this.expression(0);
    if (!this.sees(",")) return first;
    const items = [first];
    while (this.sees(",")) {
      this.next();
      if (!this.done() && !this.sees(")")) items.push(this.expression(0));
    }
    return { kind: "tuple", items };
  }
  expression(binding) {
    let left = this.prefix();
    for (;;) {
      const operator = this.list[this.at]?.text;
      const power = POWER[operator] ?? BINARY[operator];
      if (power === undefined || power < binding || this.list[this.at].kind === "string") return this.conditional(left, binding);
      this.next();
      const right = operator === "**" ? this.expression(12) : this.expression(power + 1);
      left = { kind: "binary", operator, left, right };
    }
  }
  conditional(tree, binding) {
    if (binding > 0 || !this.sees("if")) return tree;
    this.next();
    const test = this.expression(1);
    this.next("else");
    return { kind: "conditional", yes: tree, test, no: this.expression(0) };
  }
  prefix() {
    if (this.sees("-") || this.sees("~") || this.sees("not") || this.sees("+"))
      return { kind: "unary", operator: this.next().text, of: this.expression(12) };
    return this.suffixes(this.atom());
  }
  atom() {
    const token = this.next();
    if (token.kind !== "sign") return { kind: token.kind, text: token.text };
    if (token.text === "(" || token.text === "[") {
      const close = token.text === "(" ? ")" : "]";
      if (this.sees(close)) return this.next(), { kind: "tuple", items: [] };
      const inner = this.tuple();
      this.next(close);
      return inner.kind === "tuple" || token.text === "(" ? inner : { kind: "tuple", items: [inner] };
    }
    throw new Error(`unexpected ${token.text}`);
  }
  suffixes(tree) {
    for (;;) {
      if (this.sees("(")) tree = { kind: "call", of: tree, arguments: this.list_of(")") };
      else if (this.sees("[")) tree = { kind: "index", of: tree, arguments: this.list_of("]") };
      else if (this.sees(".")) {
        this.next();
        tree = { kind: "attribute", of: tree, text: this.next().text };
      } else return tree;
    }
  }
  list_of(close) {
    this.next();
    const items = [];
    while (!this.sees(close)) {
      items.push(this.argument());
      if (this.sees(",")) this.next();
      else if (!this.sees(close)) throw new Error("expected , or the end");
    }
    this.next(close);
    return items;
  }
  argument() {
    if (this.list[this.at]?.kind === "name" && this.list[this.at + 1]?.text === "=") {
      const key = this.next().text;
      this.next("=");
      return { kind: "keyword", key, of: this.expression(0) };
    }
    if (this.sees(":")) return this.slice(null);
    const value = this.expression(0);
    return this.sees(":") ? this.slice(value) : value;
  }
  slice(start) {
    this.next(":");
    const stop = this.sees("]") || this.sees(",") ? null : this.expression(0);
    return { kind: "slice", start, stop };
  }
}

function tokens(text) {
  const list = [];
  TOKEN.lastIndex = 0;
  text = text.trim();
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) throw new Error("no token");
    const kind = found[1] ? "number" : found[2] ? "name" : found[3] ? "string" : "sign";
    list.push({ kind, text: found[1] ?? found[2] ?? found[3] ?? found[4] });
  }
  return list;
}

// What NumPy needs and mathematics does not: the module's name, conjugates and casts of real numbers.
function simplified(tree) {
  if (tree.kind === "call" && tree.of.kind === "attribute") {
    const { of, text } = tree.of;
    if (of.kind === "name" && (of.text === "np" || of.text === "numpy" || of.text === "torch"))
      return { kind: "call", of: { kind: "name", text }, arguments: tree.arguments };
    if (text === "conj" && !tree.arguments.length) return of;
    if (text === "astype" || text === "reshape" || text === "copy") return of;
    if (text === "sum" || text === "mean") return { kind: "call", of: { kind: "name", text }, arguments: [of, ...tree.arguments] };
  }
  if (tree.kind === "attribute" && tree.of.kind === "name" && (tree.of.text === "np" || tree.of.text === "math"))
    return { kind: "name", text: tree.text === "pi" ? "\u03c0" : tree.text };
  return tree;
}

const called = (tree, ...names) => tree.kind === "call" && tree.of.kind === "name" && names.includes(tree.of.text);
const isGradient = (tree) => {
  const read = simplified(tree);
  return read.kind === "name" && read.text === "g";
};

function product(tree) {
  return tree.kind === "binary" && tree.operator === "*" ? [...product(tree.left), ...product(tree.right)] : [tree];
}

const SIGN = { "*": " \u00b7 ", "/": " / ", "//": " // ", "@": " @ ", "-": " \u2212 ", "<=": " \u2264 ", ">=": " \u2265 ", "!=": " \u2260 ", "==": " = " };

function flat(tree, binding) {
  tree = simplified(tree);
  const list = (items) => items.map((item) => flat(item, 0)).join(", ");
  const wrapped = (text, own) => (own < binding ? `(${text})` : text);
  switch (tree.kind) {
    case "binary": {
      if (tree.operator === "**") {
        const exponent = flat(tree.right, 0).replace("\u2212", "-");
        const base = flat(tree.left, 15);
        const raised = [...exponent].every((c) => SUPERSCRIPT[c]);
        return wrapped(raised ? base + [...exponent].map((c) => SUPERSCRIPT[c]).join("") : `${base}^${flat(tree.right, 15)}`, 14);
      }
      const own = BINARY[tree.operator];
      return wrapped(flat(tree.left, own) + (SIGN[tree.operator] ?? ` ${tree.operator} `) + flat(tree.right, own + 1), own);
    }
    case "unary":
      return wrapped((tree.operator === "-" ? "\u2212" : tree.operator === "not" ? "not " : tree.operator) + flat(tree.of, 12), 12);
    case "call":
      if (called(tree, "absolute", "abs") && tree.arguments.length === 1) return `|${flat(tree.arguments[0], 0)}|`;
      if (called(tree, "sqrt") && tree.arguments.length === 1) return `\u221a${flat(tree.arguments[0], 15)}`;
      if (called(tree, "square") && tree.arguments.length === 1) return `${flat(tree.arguments[0], 15)}\u00b2`;
      if (called(tree, "outer") && tree.arguments.length === 2) return `${flat(tree.arguments[0], 11)} \u2297 ${flat(tree.arguments[1], 11)}`;
      return `${flat(tree.of, 15)}(${list(tree.arguments)})`;
    case "index": return `${flat(tree.of, 15)}[${list(tree.arguments)}]`;
    case "attribute": return tree.text === "T" || tree.text === "mT" ? `${flat(tree.of, 15)}\u1d40` : `${flat(tree.of, 15)}.${tree.text}`;
    case "keyword": return `${tree.key}=${flat(tree.of, 0)}`;
    case "slice": return `${tree.start ? flat(tree.start, 0) : ""}:${tree.stop ? flat(tree.stop, 0) : ""}`;
    case "tuple": return `(${list(tree.items)})`;
    case "conditional": return wrapped(`${flat(tree.yes, 1)} if ${flat(tree.test, 1)}, else ${flat(tree.no, 0)}`, 0);
    default: return tree.text;
  }
}

const sign = (text) => math("mo", {}, text);
const row = (...children) => math("mrow", {}, ...children);

function name(text) {
  if (text.length === 1) return math("mi", {}, text);
  const [, base, low] = text.match(/^(.*?)([\u2080-\u2089]*)$/u);
  const letters = math("mi", { mathvariant: "normal" }, base);
  if (!low) return letters;
  return math("msub", {}, letters, math("mn", {}, [...low].map((c) => c.codePointAt(0) - 0x2080).join("")));
}

function rendered(tree, binding) {
  tree = simplified(tree);
  const list = (items) => items.flatMap((item, i) => (i ? [sign(","), rendered(item, 0)] : [rendered(item, 0)]));
  const wrapped = (element, own) => (own < binding ? row(sign("("), element, sign(")")) : element);
  switch (tree.kind) {
    case "binary":
      if (tree.operator === "**") return math("msup", {}, rendered(tree.left, 15), rendered(tree.right, 0));
      if (tree.operator === "/") return math("mfrac", {}, rendered(tree.left, 0), rendered(tree.right, 0));
      return wrapped(
        row(rendered(tree.left, BINARY[tree.operator]), sign((SIGN[tree.operator] ?? tree.operator).trim()),
          rendered(tree.right, BINARY[tree.operator] + 1)), BINARY[tree.operator]);
    case "unary": return wrapped(row(sign(tree.operator === "-" ? "\u2212" : "\u00ac"), rendered(tree.of, 12)), 12);
    case "call":
      if (tree.arguments.length === 1) {
        const inner = tree.arguments[0];
        if (called(tree, "sqrt")) return math("msqrt", {}, rendered(inner, 0));
        if (called(tree, "exp")) return math("msup", {}, math("mi", {}, "e"), rendered(inner, 0));
        if (called(tree, "square")) return math("msup", {}, rendered(inner, 15), math("mn", {}, "2"));
        if (called(tree, "absolute", "abs")) return row(sign("|"), rendered(inner, 0), sign("|"));
        if (called(tree, "conj", "conjugate")) return math("mover", {}, rendered(inner, 0), sign("\u00af"));
      }
      if (called(tree, "outer") && tree.arguments.length === 2)
        return wrapped(row(rendered(tree.arguments[0], 11), sign("\u2297"), rendered(tree.arguments[1], 11)), 10);
      return row(rendered(tree.of, 15), sign("("), ...list(tree.arguments), sign(")"));
    case "index": return row(rendered(tree.of, 15), sign("["), ...list(tree.arguments), sign("]"));
    case "attribute":
      if (tree.text === "T" || tree.text === "mT") return math("msup", {}, rendered(tree.of, 15), math("mi", { mathvariant: "normal" }, "T"));
      return row(rendered(tree.of, 15), sign("."), name(tree.text));
    case "keyword": return row(name(tree.key), sign("="), rendered(tree.of, 0));
    case "slice": return row(tree.start ? rendered(tree.start, 0) : "", sign(":"), tree.stop ? rendered(tree.stop, 0) : "");
    case "tuple": return row(sign("("), ...list(tree.items), sign(")"));
    case "conditional":
      return row(rendered(tree.yes, 1), math("mtext", {}, "\u00a0if\u00a0"), rendered(tree.test, 1), math("mtext", {}, "\u00a0else\u00a0"), rendered(tree.no, 0));
    case "number": return math("mn", {}, tree.text);
    case "string": return math("mtext", {}, tree.text);
    default: return name(tree.text);
  }
}
