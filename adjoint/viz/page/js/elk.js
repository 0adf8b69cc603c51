// The layered layout of the Eclipse Layout Kernel, in a worker of its own so that the page never stands still.

import { inflated } from "./inflate.js";

let worker = null;
let counter = 0;
const waiting = new Map();

export async function arrange(graph) {
  worker ??= started();
  const to = await worker;
  return new Promise((resolve, reject) => {
    waiting.set(++counter, { resolve, reject });
    to.postMessage({ id: counter, cmd: "layout", graph, layoutOptions: {}, options: {} });
  });
}

// Called early, so that the kernel is being read while the recording is.
export function warmUp() {
  worker ??= started();
}

async function started() {
  const source = await inflated("elk");
  let made;
  try {
    made = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  } catch {
    made = onThisThread(source);
  }
  made.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.get(data.id) ?? {};
    waiting.delete(data.id);
    if (data.error) reject?.(new Error(data.error.message ?? String(data.error)));
    else resolve?.(data.data);
  };
  made.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
  return made;
}

// Where a browser allows no worker from a page that is a file.
function onThisThread(source) {
  const module = { exports: {} };
  new Function("module", "exports", source)(module, module.exports);
  return new module.exports.Worker();
}
