// Numbers as people read them.

const MINUS = "\u2212";

export function number(x, digits = 4) {
  if (x === null || x === undefined) return "\u2013";
  if (typeof x === "boolean") return x ? "True" : "False";
  if (typeof x === "string") return { inf: "\u221e", "-inf": MINUS + "\u221e", nan: "NaN" }[x] ?? x;
  const size = Math.abs(x);
  let text;
  if (size === 0) text = "0";
  else if (Number.isInteger(x) && size < 1e6) text = String(size);
  else if (size >= 1e6 || size < 1e-3) {
    const [mantissa, exponent] = size.toExponential(Math.max(1, digits - 3)).split("e");
    text = `${mantissa}e${exponent.replace("+", "").replace("-", MINUS)}`;
  } else {
    text = size.toPrecision(digits);
    if (text.includes(".")) text = text.replace(/\.?0+$/, "");
    if (text.includes("e")) text = String(Math.round(size));
  }
  return x < 0 ? MINUS + text : text;
}

export function bytes(n) {
  if (n === null || n === undefined) return "\u2013";
  return scaled(n, 1000, ["bytes", "kB", "MB", "GB", "TB"]);
}

export function count(n) {
  if (n >= 1000 && n < 10000) return `${String(n)[0]}\u2009${String(n).slice(1)}`;
  return n < 1000 ? String(n) : scaled(n, 1000, ["", "k", "M", "G"]);
}

export function seconds(t) {
  if (t === null || t === undefined) return "\u2013";
  if (t < 1e-3) return `${(t * 1e6).toPrecision(t < 1e-5 ? 2 : 3).replace(/\.0+$/, "")} \u00b5s`;
  if (t < 1) return `${(t * 1e3).toPrecision(3)} ms`;
  return `${t.toPrecision(3)} s`;
}

export function shape(dimensions) {
  if (!dimensions) return "";
  return dimensions.length ? dimensions.join("\u2009\u00d7\u2009") : "one number";
}

export const elements = (dimensions) => (dimensions ?? []).reduce((product, size) => product * size, 1);

export function plural(n, one, many = one + "s") {
  return `${count(n)} ${n === 1 ? one : many}`;
}

function scaled(n, base, units) {
  let unit = 0;
  while (n >= base && unit < units.length - 1) {
    n /= base;
    unit++;
  }
  const text = unit ? (n >= 100 ? n.toFixed(0) : n.toPrecision(3).replace(/\.?0+$/, "")) : String(n);
  return `${text} ${units[unit]}`.trim();
}
