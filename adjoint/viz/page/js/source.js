// The user's program: the lines that took part, the one of the step lit.

import { byId, h } from "./dom.js";

export function showSource(model, choose) {
  const panel = byId("source-lines");
  const used = new Map(); // "file:number" → nodes
  for (const node of model.nodes) {
    if (!node.line) continue;
    const key = `${node.line.file}:${node.line.number}`;
    if (!used.has(key)) used.set(key, []);
    used.get(key).push(node.id);
  }
  const rows = new Map();
  model.files.forEach((file, id) => {
    const numbers = Object.keys(file.lines).map(Number).sort((a, b) => a - b);
    if (!numbers.length) return;
    const list = h("ol", { class: "code" });
    let before = null;
    for (const n of numbers) {
      if (before !== null && n > before + 1) list.append(h("li", { class: "gap", "aria-hidden": "true" }, "\u22ef"));
      before = n;
      const nodes = used.get(`${id}:${n}`);
      const row = h("li", { class: nodes ? "used" : "" },
        h("span", { class: "number" }, String(n)),
        nodes ? h("button", { type: "button", title: `${nodes.length} recorded here`, onclick: () => choose(nodes) }, file.lines[n] || " ") : h("span", { class: "text" }, file.lines[n] || " "));
      rows.set(`${id}:${n}`, row);
      list.append(row);
    }
    panel.append(h("h3", { title: file.path }, file.name), list);
  });
  if (!rows.size) panel.append(h("p", { class: "absent" }, "The recording has no source lines."));
  let lit = null;
  return (line) => {
    const row = line ? rows.get(`${line.file}:${line.number}`) : null;
    byId("line-strip").textContent = line ? `${line.number}  ${line.text}` : "";
    if (row === lit) return;
    lit?.classList.remove("current");
    row?.classList.add("current");
    if (row) keepVisible(panel, row);
    lit = row;
  };
}

function keepVisible(panel, row) {
  const top = row.offsetTop - panel.offsetTop;
  if (top < panel.scrollTop + 30 || top > panel.scrollTop + panel.clientHeight - 60) panel.scrollTop = Math.max(0, top - panel.clientHeight / 2);
}
