// Search by name, operator, module path, line of the program.

import { byId, h } from "./dom.js";
import { nameOf } from "./words.js";

const MOST = 60;

export function searchable(model, tree, choose) {
  const field = byId("search");
  const list = byId("found");
  let entries = null;
  let found = [];
  let at = -1;

  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (i) => {
    at = i;
    [...list.children].forEach((row, j) => row.setAttribute("aria-selected", String(j === i)));
    list.children[i]?.scrollIntoView({ block: "nearest" });
    if (list.children[i]) field.setAttribute("aria-activedescendant", list.children[i].id);
  };
  const take = (i) => {
    if (!found[i]) return;
    close();
    field.blur();
    choose(found[i].target);
  };
  const update = () => {
    entries ??= entriesOf(model, tree);
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return close();
    const all = entries.filter((entry) => words.every((word) => entry.text.includes(word)));
    all.sort((a, b) => rank(a, words[0]) - rank(b, words[0]));
    found = all.slice(0, MOST);
    list.replaceChildren(...found.map((entry, i) =>
      h("li", { id: `found-${i}`, role: "option", onpointerdown: (event) => (event.preventDefault(), take(i)) },
        h("b", {}, entry.name), h("span", {}, entry.kind), h("small", {}, entry.where))));
    if (!found.length) list.append(h("li", { class: "none" }, "Nothing is called so."));
    else if (all.length > MOST) list.append(h("li", { class: "none" }, `\u2026 and ${all.length - MOST} more`));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(found.length ? 0 : -1);
  };
  field.addEventListener("input", update);
  field.addEventListener("focus", () => field.value && update());
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) mark((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if (event.key === "Enter") take(at);
    else if (event.key === "Escape") {
      field.value = "";
      close();
      field.blur();
    }
    event.stopPropagation();
  });
}

const rank = (entry, word) => (entry.name.toLowerCase().startsWith(word) ? 0 : entry.name.toLowerCase().includes(word) ? 1 : 2) + (entry.target.group ? 0 : 0.5);

function entriesOf(model, tree) {
  const entries = [];
  const walk = (group) => {
    if (group.kind === "module") {
      const path = group.module.path || group.module.kind;
      entries.push({ name: path, kind: group.module.kind, where: group.callText, target: { group } });
    }
    for (const child of group.children) if (typeof child !== "number") walk(child);
  };
  walk(tree.root);
  for (const node of model.nodes) {
    if (!tree.owner.has(node.id)) continue;
    const path = node.module === null || node.module === undefined ? "" : model.modules[node.module].path;
    const line = node.line ? `${model.files[node.line.file]?.name ?? ""}:${node.line.number} ${node.line.text}` : "";
    entries.push({ name: nameOf(model, node.id), kind: node.operator ?? node.kind, where: path || line, more: `${line} ${node.grad_fn ?? ""}`, target: { node: node.id } });
  }
  for (const entry of entries) entry.text = `${entry.name} ${entry.kind} ${entry.where} ${entry.more ?? ""}`.toLowerCase();
  return entries;
}
