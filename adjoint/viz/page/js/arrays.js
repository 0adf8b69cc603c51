// An array as the panel shows it: its numbers where they are few, an image where it looks like one, a histogram, statistics.

import { h, svg } from "./dom.js";
import { number, shape } from "./units.js";

export function arrayView(array, tone = "value") {
  if (!array) return h("p", { class: "absent" }, "not recorded");
  return h("div", { class: `array ${tone}` },
    array.numbers !== null && array.numbers !== undefined ? numbersTable(array) : null,
    h("div", { class: "pictures" }, array.image ? image(array.image) : null, array.histogram && !isShort(array) ? histogram(array.histogram) : null),
    statistics(array));
}

// Rows of numbers for arrays of up to two dimensions; deeper ones as the rows of their last dimension.
export function rowsOf(array) {
  const { numbers } = array;
  if (numbers === null || numbers === undefined) return null;
  if (!Array.isArray(numbers)) return [[numbers]];
  let rows = [numbers];
  while (Array.isArray(rows[0]?.[0])) rows = rows.flat();
  return rows;
}

function numbersTable(array) {
  const rows = rowsOf(array);
  if (!rows.length || !rows[0].length) return h("p", { class: "absent" }, "no elements");
  const largest = Math.max(...rows.flat().map((x) => (typeof x === "number" ? Math.abs(x) : 0)), 1e-30);
  return h("div", { class: "scrolls" },
    h("table", { class: "numbers" }, rows.map((cells) => h("tr", {}, cells.map((x) =>
      h("td", { class: typeof x === "string" ? "trouble" : null, style: `--share:${typeof x === "number" ? Math.abs(x) / largest : 1}` }, number(x)))))));
}

export function image({ width, height, channels, data }, size = 112) {
  const canvas = h("canvas", { width, height, class: "image", role: "img", "aria-label": `the array as an image, ${width} by ${height}` });
  const scale = Math.max(1, Math.floor(size / Math.max(width, height)));
  canvas.style.width = `${Math.max(width * scale, 28)}px`;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 4; c++) pixels.data[4 * i + c] = c === 3 ? 255 : bytes[channels === 3 ? 3 * i + c : i];
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function histogram({ low, high, counts }) {
  const tallest = Math.max(...counts, 1);
  const width = 150;
  const step = width / counts.length;
  const bars = counts.map((n, i) => {
    const height = n ? Math.max(1.5, (n / tallest) * 46) : 0;
    return svg("rect", { x: i * step + 0.5, y: 48 - height, width: Math.max(step - 1, 1), height, rx: 1 });
  });
  const zero = low < 0 && high > 0 ? svg("line", { class: "zero", x1: (-low / (high - low)) * width, x2: (-low / (high - low)) * width, y1: 0, y2: 48 }) : null;
  return h("figure", { class: "histogram" },
    svg("svg", { viewBox: `0 0 ${width} 49`, width, height: 49, role: "img", "aria-label": `histogram from ${number(low)} to ${number(high)}` }, zero, bars),
    h("figcaption", {}, h("span", {}, number(low, 3)), h("span", {}, number(high, 3))));
}

function statistics(array) {
  const parts = [];
  const many = !(array.numbers !== null && array.numbers !== undefined && rowsOf(array).flat().length <= 1);
  if (many) {
    if (array.mean !== null && array.mean !== undefined) parts.push(["mean", number(array.mean, 3)]);
    if (array.std !== null && array.std !== undefined) parts.push(["std", number(array.std, 3)]);
    if (array.min !== null && array.min !== undefined && !array.histogram) parts.push(["min", number(array.min, 3)], ["max", number(array.max, 3)]);
    if (array.norm !== null && array.norm !== undefined) parts.push(["norm", number(array.norm, 3)]);
    if (array.zero) parts.push(["zeros", `${(100 * array.zero).toFixed(array.zero < 0.1 ? 1 : 0)} %`]);
  }
  const trouble = [];
  if (array.nan) trouble.push(["NaN", String(array.nan)]);
  if (array.inf) trouble.push(["infinite", String(array.inf)]);
  if (!parts.length && !trouble.length) return null;
  const item = (kind) => ([label, text]) => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, text));
  return h("dl", { class: "statistics" }, trouble.map(item("trouble")), parts.map(item("")));
}

const isShort = (array) => array.numbers !== null && array.numbers !== undefined;

export function briefly(array, output) {
  if (!array) return output ? shape(output.shape) : "";
  const rows = rowsOf(array);
  if (rows && rows.length === 1 && rows[0].length === 1) return number(rows[0][0]);
  return shape(array.shape);
}
