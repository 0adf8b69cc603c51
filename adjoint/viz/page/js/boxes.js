// What a box of the graph contains, and how large it is: rows of text and of numbers, measured before anything is laid out.

import { svg } from "./dom.js";
import { image as imageOf, rowsOf } from "./arrays.js";
import { formulaText, nameOf } from "./words.js";
import { resultShape } from "./groups.js";
import { savedBytes } from "./recording.js";
import { spoken } from "./operators.js";
import { bytes, count, number, plural, shape } from "./units.js";

const FONTS = {
  title: "600 13px var(--sans)", small: "400 11px var(--sans)", formula: "400 12px var(--mono)", cell: "400 11px var(--mono)", label: "500 9.5px var(--sans)",
};
const PAD = 10;
const CELL = 19;
const MOST = 6; // columns of numbers that a box shows

const canvas = document.createElement("canvas").getContext("2d");
const families = {};

export function widthOf(text, font) {
  families[font] ??= FONTS[font].replace(/var\((--\w+)\)/, (_, name) => getComputedStyle(document.documentElement).getPropertyValue(name));
  canvas.font = families[font];
  return canvas.measureText(text).width;
}

function clipped(text, font, width) {
  if (widthOf(text, font) <= width) return text;
  let end = text.length;
  while (end > 1 && widthOf(text.slice(0, end) + "\u2026", font) > width) end--;
  return text.slice(0, end) + "\u2026";
}

// {width, height, rows, kind}: boxes show their numbers while these are at most `full` rows; none at all if `full` is 0.
export function boxOf(model, box, full) {
  if (box.children) return containerOf(model, box);
  return typeof box.item === "number" ? nodeBox(model, box.item, full) : groupBox(model, box.item);
}

function nodeBox(model, id, full) {
  const node = model.nodes[id];
  const kind = node.kind === "operator" ? (node.grad_fn ? "operator" : "unrecorded") : node.kind;
  const output = node.outputs[0];
  const name = nameOf(model, id);
  const formula = formulaText(model, id);
  const rows = [];
  const tag = { leaf: "leaf", input: "data", constant: "constant" }[node.kind] ?? "";
  rows.push(text("title", clipped(name, "title", 210), { tag: tag === name ? "" : tag }));
  if (full && formula && withoutNumbers(formula) !== withoutNumbers(name)) rows.push(text("formula", clipped(formula, "formula", 230)));
  else if (!full && node.kind === "operator" && node.operator && spoken(node.operator) !== name) rows.push(text("small", spoken(node.operator)));
  const value = full ? numbersIn(output?.value, full) : null;
  const gradient = full && (node.grad_fn || node.kind === "leaf") ? numbersIn((node.kind === "leaf" ? node.grad : null) ?? node.gradient?.arrived?.[0], full) : null;
  if (!value && output) {
    if (full && node.kind === "input" && output.value?.image) rows.push({ kind: "image", image: output.value.image, width: 60, height: 60 });
    rows.push(text("small", shape(output.shape) + (node.outputs.length > 1 ? `  (${node.outputs.length} results)` : "")));
  }
  if (value || gradient) {
    const cell = Math.max(24, ...[value, gradient].filter(Boolean).flat(2).map((x) => widthOf(number(x), "cell") + 14));
    if (value) rows.push(cells("value", value, cell, node.kind === "operator" ? "value" : "value"));
    if (gradient) rows.push(cells("gradient", gradient, cell, node.kind === "leaf" ? ".grad" : "gradient"));
  }
  if (full && node.saved.length) rows.push(text("keeps", clipped(keepsText(model, node), "small", 220)));
  return sized(kind, rows);
}

// x\u2083 + 2 is the x + 2 that stands above it.
const withoutNumbers = (text) => text.replace(/[\u2080-\u2089]/g, "");

function keepsText(model, node) {
  const names = [...new Set(node.saved.map((saved) => (saved.of !== null && saved.of !== undefined ? nameOf(model, saved.of) : saved.name)))];
  const size = savedBytes(node);
  return `keeps ${names.join(", ")}${size ? ` \u00b7 ${bytes(size)}` : ""}`;
}

function numbersIn(array, most) {
  const rows = array ? rowsOf(array) : null;
  if (!rows || !rows.length || rows.length > (rows[0]?.length === 1 ? Math.min(most, 3) : most) || !rows[0].length || rows[0].length > MOST) return null;
  return rows;
}

function groupBox(model, group) {
  const subtitle = group.inside ?? group.subtitle;
  const rows = [text("title", clipped(group.title, "title", 170), { fold: "+", beside: subtitle && subtitle !== group.title ? clipped(subtitle, "small", 150) : "" })];
  const operators = group.nodes.filter((id) => model.nodes[id].kind === "operator").length;
  const parameters = group.module?.parameters;
  const out = resultShape(model, group);
  const size = [
    group.callText, operators > 1 ? plural(operators, "operator") : operators ? null : plural(group.nodes.length, "tensor"),
    parameters ? `${count(parameters)} parameters` : null, out ? `\u2192 ${shape(out)}` : null,
  ];
  rows.push(text("small", size.filter(Boolean).join(" \u00b7 ")));
  const sizes = sized("group", rows);
  sizes.height += 5; // the bar of progress
  sizes.rise = group.times || group.inside ? 8 : 0; // the boxes behind it stand out to the top and right
  sizes.stacked = Boolean(group.times) || Boolean(group.inside);
  return sizes;
}

function containerOf(model, box) {
  const group = box.item;
  const title = group.kind === "root" ? "" : group.title;
  return { kind: "container", title: clipped(title, "title", 220), subtitle: clipped(group.subtitle && group.subtitle !== title ? group.subtitle : "", "small", 160), rows: [], width: 0, height: 0 };
}

const text = (kind, words, more = {}) => ({ kind, text: words, height: kind === "title" ? 18 : kind === "keeps" ? 18 : 16, ...more });

function cells(tone, rows, cell, label) {
  return { kind: "cells", tone, rows, cell, label, height: rows.length * CELL + 3 };
}

const fontOf = { title: "title", formula: "formula", small: "small", count: "small", keeps: "small" };
const LABEL = 50; // the column of "value" and "gradient"

function rowWidth(row) {
  if (row.kind === "cells") return LABEL + row.cell * row.rows[0].length;
  if (row.kind === "image") return row.width;
  const extra = row.tag ? widthOf(row.tag, "label") + 22 : row.fold ? 26 : row.kind === "keeps" ? 16 : 0;
  return widthOf(row.text, fontOf[row.kind]) + extra + (row.beside ? widthOf(row.beside, "small") + 8 : 0);
}

function sized(kind, rows) {
  const width = Math.ceil(Math.max(64, ...rows.map(rowWidth)) + 2 * PAD);
  const height = rows.reduce((sum, row) => sum + row.height, 0) + 2 * PAD - 4;
  return { kind, rows, width, height };
}

// The box's elements, at the origin.
export function drawnBox(look, { width, height }) {
  const parts = [];
  const round = look.kind === "leaf" || look.kind === "input" || look.kind === "constant" ? 14 : 7;
  if (look.stacked) for (const offset of [8, 4]) parts.push(svg("rect", { class: "stack", x: offset, y: -offset, width, height, rx: round }));
  parts.push(svg("rect", { class: "ring", x: -4, y: -4, width: width + 8, height: height + 8, rx: round + 4 }));
  parts.push(svg("rect", { class: "body", width, height, rx: round }));
  if (look.kind === "container") {
    if (look.title) {
      parts.push(svg("text", { class: "title", x: 34, y: 21 }, look.title));
      if (look.subtitle) parts.push(svg("text", { class: "small", x: 42 + widthOf(look.title, "title"), y: 21 }, look.subtitle));
      parts.push(foldButton(18, 16, "\u2212"));
    }
    return parts;
  }
  let y = PAD - 2;
  for (const row of look.rows) {
    if (row.kind === "cells") parts.push(...drawnCells(row, y, width));
    else if (row.kind === "image") parts.push(drawnImage(row, (width - row.width) / 2, y));
    else {
      const indent = row.kind === "keeps" ? 14 : 0;
      if (indent) parts.push(svg("circle", { class: "pin", cx: PAD + 4, cy: y + 9, r: 3.5 }));
      parts.push(svg("text", { class: row.kind, x: PAD + indent, y: y + row.height - 5 }, row.text));
      if (row.beside) parts.push(svg("text", { class: "count", x: PAD + widthOf(row.text, "title") + 8, y: y + row.height - 5 }, row.beside));
      if (row.tag) parts.push(svg("text", { class: "tag", x: width - PAD, y: y + row.height - 5, "text-anchor": "end" }, row.tag));
      if (row.fold) parts.push(foldButton(width - 16, y + 9, row.fold));
    }
    y += row.height;
  }
  if (look.kind === "group") {
    parts.push(svg("rect", { class: "well", x: PAD, y: height - 9, width: width - 2 * PAD, height: 3, rx: 1.5 }));
    parts.push(svg("rect", { class: "progress forward", x: PAD, y: height - 9, width: width - 2 * PAD, height: 3, rx: 1.5 }));
    parts.push(svg("rect", { class: "progress gradient", x: PAD, y: height - 9, width: width - 2 * PAD, height: 3, rx: 1.5 }));
  }
  return parts;
}

function foldButton(x, y, sign) {
  return svg("g", { class: "fold", transform: `translate(${x} ${y})` },
    svg("circle", { r: 12, class: "touch" }), svg("circle", { r: 8 }),
    svg("path", { d: sign === "+" ? "M-3.5 0H3.5M0 -3.5V3.5" : "M-3.5 0H3.5" }));
}

function drawnCells({ tone, rows, cell, label }, y, width) {
  const parts = [svg("text", { class: "label", x: PAD, y: y + 13 }, label)];
  const left = width - PAD - cell * rows[0].length;
  const group = svg("g", { class: `cells ${tone}` });
  rows.forEach((numbers, i) => numbers.forEach((x, j) => {
    group.append(svg("rect", { x: left + j * cell + 1, y: y + i * CELL, width: cell - 2, height: CELL - 2, rx: 3 }));
    group.append(svg("text", { x: left + j * cell + cell / 2, y: y + i * CELL + 12.5, "text-anchor": "middle", class: typeof x === "string" ? "trouble" : null }, number(x)));
  }));
  parts.push(group);
  return parts;
}

function drawnImage({ image, width, height }, x, y) {
  return svg("image", { class: "thumbnail", x, y: y + 2, width, height: height - 6, href: imageOf(image).toDataURL(), preserveAspectRatio: "xMidYMid" });
}
