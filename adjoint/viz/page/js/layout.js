// From visible boxes to places: the graph as ELK wants it, and what it answers.

import { arrange } from "./elk.js";
import { boxOf, widthOf } from "./boxes.js";
import { factor, plain } from "./formula.js";
import { number } from "./units.js";
import { derivativeText } from "./words.js";
import { rowsOf } from "./arrays.js";

const MOST_SPAN = 700; // boxes that all edges together pass by

// {places: Map(key → {x, y, width, height}), looks: Map(key → look), edges: [{…edge, points, label}], width, height}
export async function laidOut(model, visible, edges, full, ratio) {
  const looks = new Map();
  const toElk = (box) => {
    const look = boxOf(model, box, full);
    looks.set(box.key, look);
    if (!box.children) return { id: box.key, width: look.width + (look.rise ?? 0), height: look.height + (look.rise ?? 0) };
    return { id: box.key, children: box.children.map(toElk), layoutOptions: { "elk.padding": `[top=${look.title ? 40 : 12},left=16,bottom=16,right=16]` } };
  };
  const near = withoutFar(visible, edges);
  const careful = visible.boxes.size < 250 && near.length < 2.5 * visible.boxes.size + 20;
  const graph = {
    ...toElk(visible.root),
    layoutOptions: {
      "elk.algorithm": "layered", "elk.direction": "DOWN", "elk.hierarchyHandling": "INCLUDE_CHILDREN", "elk.edgeRouting": "ORTHOGONAL",
      "elk.json.shapeCoords": "ROOT", "elk.json.edgeCoords": "ROOT", "elk.padding": "[top=20,left=20,bottom=20,right=20]",
      "elk.spacing.nodeNode": "26", "elk.spacing.edgeNode": "18", "elk.spacing.edgeEdge": "16", "elk.spacing.componentComponent": "40", "elk.aspectRatio": String(ratio),
      "elk.layered.spacing.nodeNodeBetweenLayers": full ? "24" : "26", "elk.layered.spacing.edgeNodeBetweenLayers": "16", "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
      "elk.spacing.edgeLabel": "8", "elk.layered.edgeLabels.sideSelection": "ALWAYS_UP",
      "elk.layered.nodePlacement.strategy": careful ? "NETWORK_SIMPLEX" : "BRANDES_KOEPF",
      "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED", "elk.layered.considerModelOrder.strategy": careful && visible.boxes.size < 80 ? "PREFER_NODES" : "NONE",
      "elk.layered.thoroughness": careful && visible.boxes.size < 80 ? "12" : "2",
    },
    edges: near.map((edge) => {
      const label = full ? labelOf(model, edge) : null;
      edge.label = label;
      return { id: edge.key, sources: [edge.from], targets: [edge.to], labels: label ? [{ id: `${edge.key}/label`, text: " ", width: label.width, height: label.height }] : [] };
    }),
  };
  const answer = await arrange(graph);
  const places = new Map();
  collect(answer, places, looks);
  const drawn = new Map(edges.map((edge) => [edge.key, edge]));
  walkEdges(answer, (edge) => {
    const own = drawn.get(edge.id);
    if (!own || !edge.sections?.length) return;
    const [section] = edge.sections;
    own.points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    if (own.label && edge.labels?.length) Object.assign(own.label, { x: edge.labels[0].x, y: edge.labels[0].y });
  });
  for (const edge of edges) if (edge.far) edge.ends = [places.get(edge.from), places.get(edge.to)];
  return { places, looks, edges: edges.filter((edge) => edge.points || edge.far), width: answer.width, height: answer.height };
}

// An edge that passes many layers is a dummy node in each of them: a few hundred such cost seconds. Where there are that many,
// the longest are left out of the layout, and drawn as curves over it.
function withoutFar(visible, edges) {
  const single = [...visible.boxes.values()].filter((box) => !box.children);
  const order = new Map(single.map((box, i) => [box.key, i]));
  const span = (edge) => Math.abs(order.get(edge.to) - order.get(edge.from));
  const kept = [];
  let cost = 0;
  for (const edge of [...edges].sort((a, b) => span(a) - span(b))) {
    cost += span(edge);
    edge.far = kept.length > single.length * 1.2 && cost > MOST_SPAN;
    if (!edge.far) kept.push(edge);
  }
  const near = new Set(kept);
  return edges.filter((edge) => near.has(edge));
}

function collect(at, places, looks) {
  const look = looks.get(at.id);
  const rise = look?.rise ?? 0;
  places.set(at.id, { x: at.x ?? 0, y: (at.y ?? 0) + rise, width: at.width - rise, height: at.height - rise });
  for (const child of at.children ?? []) collect(child, places, looks);
}

function walkEdges(at, visit) {
  for (const edge of at.edges ?? []) visit(edge);
  for (const child of at.children ?? []) walkEdges(child, visit);
}

// What stands beside an edge: by what the gradient is multiplied on its way up, and what it then is.
function labelOf(model, edge) {
  if (!edge.single || !edge.needsGrad) return null;
  const [[id, index]] = edge.inputs;
  const node = model.nodes[id];
  const derivative = derivativeText(model, id, index);
  const local = derivative ? factor(derivative) : "";
  const gradient = node.gradient?.left?.[index];
  const rows = gradient ? rowsOf(gradient) : null;
  const flat = rows ? rows.flat() : [];
  const numbers = rows && rows.length === 1 && flat.length <= 6 ? flat.map((x) => number(x, 3)).join("  ") : "";
  const shown = local.length > 26 ? "" : local; // the panel has the long ones
  if (!shown && !numbers) return null;
  const width = Math.ceil(Math.max(widthOf(shown, "formula"), widthOf(numbers, "cell")) + 8);
  return { local: shown, numbers, width, height: (shown ? 16 : 0) + (numbers ? 16 : 0), plain: derivative ? plain(derivative) : "" };
}
