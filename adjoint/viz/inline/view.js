// A picture in a notebook: a click on a box tells what is in it, and opens what is closed.  Works on the element that the
// script stands in; nothing is global, and nothing is fetched.

(() => {
  const view = document.currentScript.closest(".adjoint-view");
  const data = JSON.parse(view.querySelector("script[type='application/json']").textContent);
  const [nav, picture, panel] = ["nav", ".picture", "aside"].map((part) => view.querySelector(part));
  const path = [0];

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  };

  // Notebooks say by a class or by their background whether they are dark; a page that says nothing follows the system.
  function follow() {
    const marks = [document.body, document.documentElement].map((at) => `${at.dataset.jpThemeLight ?? ""} ${at.dataset.vscodeThemeKind ?? ""} ${at.dataset.theme ?? ""} ${at.dataset.mdColorScheme ?? ""}`).join(" ");
    const dark = /false|dark|slate/.test(marks) || (!/\S/.test(marks) && matchMedia("(prefers-color-scheme: dark)").matches);
    view.dataset.theme = dark ? "dark" : "light";
    for (const svg of picture.querySelectorAll("svg")) svg.setAttribute("class", `adjoint-picture ${view.dataset.theme}`);
  }

  function show() {
    const at = path[path.length - 1];
    if (!kept.has(at)) kept.set(at, prepared(view.querySelector(`template[data-view="${at}"]`).content.firstElementChild));
    picture.replaceChildren(kept.get(at));
    shown = at;
    nav.replaceChildren(
      ...path.flatMap((number, i) => {
        const button = element("button", { type: "button" }, data.views[number].title);
        button.disabled = i === path.length - 1;
        button.addEventListener("click", () => (path.splice(i + 1), show()));
        return i ? ["\u203a", button] : [button];
      }),
      element("span", { class: "hint" }, "click a box"),
    );
    follow();
    panel.hidden = true;
  }

  function prepared(svg) {
    for (const box of svg.querySelectorAll("[data-box]")) {
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "button");
      box.addEventListener("click", () => choose(box));
      box.addEventListener("dblclick", () => opened(box));
      box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") (event.preventDefault(), choose(box));
      });
    }
    return svg;
  }

  function choose(box) {
    for (const other of picture.querySelectorAll(".chosen")) other.classList.remove("chosen");
    box.classList.add("chosen");
    const told = data.views[shown].boxes[Number(box.dataset.box)];
    panel.hidden = false;
    panel.replaceChildren(...described(told));
    panel.scrollTop = 0;
  }

  function opened(box) {
    const { view: number } = data.views[shown].boxes[Number(box.dataset.box)];
    if (number !== undefined) open(number);
  }

  function open(number) {
    path.push(number);
    show();
  }

  function described(told) {
    const parts = [element("h4", {}, told.title), told.kind ? element("p", {}, told.kind) : null];
    if (told.view !== undefined) {
      const button = element("button", { type: "button", class: "open" }, "Open it");
      button.addEventListener("click", () => open(told.view));
      parts.push(button);
    }
    if (told.norms) parts.push(section("gradient in each of the repetitions", element("div", { class: "gradient" }, bars(told.norms), ends("first", "last"))));
    const node = told.node === undefined ? null : data.nodes[told.node];
    return [...parts, ...(node ? ofNode(node) : [])].filter(Boolean);
  }

  const section = (title, ...content) => element("section", {}, element("h5", {}, title), content);

  function ofNode(node) {
    return [
      node.line ? section(node.place, element("pre", {}, node.line)) : null,
      ...node.outputs.map((output, i) => section(node.outputs.length > 1 ? `result ${i}` : node.leaf ? "value" : "result", facts(output.about), array(output.value, "value"))),
      node.grad ? section(".grad", array(node.grad, "gradient")) : null,
      ...node.arrived.map((gradient) => (gradient ? section(node.leaf ? "gradient that arrived" : "gradient g that arrived", array(gradient, "gradient")) : null)),
      ...node.inputs.filter((input) => input.derivative).map((input) =>
        section(`gradient for ${input.name}`, element("pre", {}, input.derivative), input.left ? array(input.left, "gradient") : null)),
      node.saved.length ? section("kept for the backward", ...node.saved.map((saved) => facts(saved))) : null,
      node.times ? section("time", facts(node.times)) : null,
    ];
  }

  const facts = (text) => (text ? element("p", { class: "facts" }, text) : null);

  function array(summary, tone) {
    if (!summary) return null;
    const parts = [];
    if (summary.rows) parts.push(element("table", {}, element("tbody", {}, summary.rows.map((row) => element("tr", {}, row.map((x) => element("td", {}, x)))))));
    if (summary.image) parts.push(image(summary.image));
    if (summary.histogram) parts.push(bars(summary.histogram), ends(summary.low, summary.high));
    if (summary.trouble) parts.push(element("p", { class: "trouble" }, summary.trouble));
    if (summary.about) parts.push(facts(summary.about));
    return element("div", { class: tone }, parts);
  }

  function bars(counts) {
    const most = Math.max(...counts, 1e-30);
    return element("div", { class: "bars" }, counts.map((n) => element("i", { style: `height:${n ? Math.max(3, (100 * n) / most) : 0}%`, title: String(n) })));
  }

  const ends = (low, high) => element("div", { class: "ends" }, element("span", {}, low), element("span", {}, high));

  function image({ width, height, channels, data: packed }) {
    const scale = Math.max(1, Math.floor(112 / Math.max(width, height)));
    const canvas = element("canvas", { width, height, style: `width:${width * scale}px`, role: "img", "aria-label": "the array as an image" });
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(width, height);
    const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    for (let i = 0; i < width * height; i++)
      for (let c = 0; c < 4; c++) pixels.data[4 * i + c] = c === 3 ? 255 : bytes[channels === 3 ? 3 * i + c : i];
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  let shown = 0;
  const kept = new Map([[0, prepared(picture.firstElementChild)]]);
  show();
  new MutationObserver(follow).observe(document.body, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
})();
