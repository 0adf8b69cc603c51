// The norm of the gradient per layer, on a logarithmic scale: where it fades, and where it grows.

import { byId, h } from "./dom.js";
import { latest } from "./recording.js";
import { nameOf } from "./words.js";
import { number } from "./units.js";

const SHOWN = 300;

// Returns what brings the bars to a step.
export function showLayers(model, tree, act) {
  const layers = layersOf(model);
  const panel = byId("layers");
  if (!layers.length) {
    panel.replaceChildren(h("p", { class: "absent" }, "No gradient reached a leaf in this recording."));
    return () => {};
  }
  const norms = layers.map((layer) => layer.norm).filter((norm) => norm > 0 && Number.isFinite(norm));
  const high = Math.ceil(Math.log10(Math.max(...norms, 1e-30)) + 0.02);
  const low = Math.min(high - 1, Math.floor(Math.log10(Math.min(...norms, 1e30))));
  const share = (norm) => (norm > 0 ? Math.max(0.02, (Math.log10(norm) - low) / (high - low)) : 0);
  const rows = layers.slice(0, SHOWN).map((layer) => {
    const row = h("button", { type: "button", class: "layer", style: `--length:${Number.isFinite(layer.norm) ? share(layer.norm) : 1}`, onclick: () => act.reveal(layer.target) },
      h("span", { class: "name", title: layer.name }, layer.name), h("span", { class: "bar" }, h("i", {})),
      h("span", { class: "norm" }, Number.isFinite(layer.norm) ? number(layer.norm, 3) : number(layer.text)));
    if (!Number.isFinite(layer.norm) || layer.norm === 0) row.classList.add("trouble");
    return { row, layer };
  });
  panel.replaceChildren(
    h("p", { class: "hint" }, model.modules.length ? "The norm of each layer's gradient in the last backward, in the order of the forward." : "The norm of each leaf's gradient in the last backward."),
    h("div", { class: "scale", "aria-hidden": "true" }, h("span", {}, power(low)), h("span", {}, power(high))),
    ...rows.map(({ row }) => row),
    layers.length > SHOWN ? h("p", { class: "hint" }, `and ${layers.length - SHOWN} more`) : "");
  return (k) => {
    for (const { row, layer } of rows) row.classList.toggle("reached", latest(layer.steps, k) >= 0);
  };
}

function power(exponent) {
  return exponent >= -3 && exponent <= 3 ? number(10 ** exponent) : `1e${exponent}`.replace("-", "\u2212");
}

function layersOf(model) {
  const layers = new Map();
  for (const node of model.nodes) {
    if (node.kind !== "leaf" || !node.gradient?.arrived?.[0]) continue;
    const inModule = node.module !== null && node.module !== undefined;
    const key = inModule ? `m${node.module}` : `n${node.id}`;
    const { norm } = node.gradient.arrived[0];
    const layer = layers.get(key) ?? {
      name: inModule ? model.modules[node.module].path || model.modules[node.module].kind : nameOf(model, node.id), squares: 0, text: null, steps: [], target: { node: node.id }, first: node.id,
    };
    if (typeof norm === "number") layer.squares += norm * norm;
    else layer.text = norm ?? layer.text;
    layer.steps.push(...model.at[node.id].arrive);
    layers.set(key, layer);
  }
  return [...layers.values()].map((layer) => ({ ...layer, norm: layer.text === null ? Math.sqrt(layer.squares) : NaN, steps: layer.steps.sort((a, b) => a - b) }));
}
