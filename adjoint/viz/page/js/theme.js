// Light and dark: the system's, until the reader says otherwise.

import { byId } from "./dom.js";

export function themed(changed) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = remembered();
  const apply = () => {
    const theme = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    byId("theme").setAttribute("aria-label", theme === "dark" ? "Switch to light colours" : "Switch to dark colours");
    changed();
  };
  dark.addEventListener("change", apply);
  byId("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("adjoint theme", chosen);
    } catch {
      // A page that is a file may have no storage; the choice then lasts as long as the page.
    }
    apply();
  });
  apply();
}

function remembered() {
  try {
    return localStorage.getItem("adjoint theme");
  } catch {
    return null;
  }
}
