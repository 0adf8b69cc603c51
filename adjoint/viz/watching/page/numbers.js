// Numbers: from what JSON has to what is drawn, and to what is read.
"use strict";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A number of the data; NaN and infinite ones are strings there, and null is none. */
function number(x) {
  if (typeof x === "number") return x;
  return x === "inf" ? Infinity : x === "-inf" ? -Infinity : NaN;
}

/** A number in as few characters as tell it. */
function shown(x) {
  if (x === Infinity) return "∞";
  if (x === -Infinity) return "−∞";
  if (Number.isNaN(x)) return "NaN";
  const size = Math.abs(x);
  let text;
  if (x === 0) text = "0";
  else if (size >= 1e5 || size < 1e-3) {
    const [digits, power] = x.toExponential(1).split("e");
    text = digits.replace(/\.0$/, "") + "e" + Number(power);
  } else text = String(Number(x.toPrecision(3)));
  return text.replace(/-/g, "−");
}

const percent = (x) => (x > 0 && x < 0.001 ? "<0.1" : String(Number((x * 100).toFixed(x < 0.1 ? 1 : 0)))) + " %";

/** A few round numbers within a range: two at least, where it is one. */
function ticks(low, high) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.ceil(Math.log10(span));
  const count = (step) => Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  const step = [1, 0.5, 0.25, 0.2, 0.1, 0.05].map((m) => m * power).find((s) => count(s) >= 2) || power / 20;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.min(count(step), 9) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** The middle one of finite numbers. */
function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length ? sorted[sorted.length >> 1] : NaN;
}

/** What a page has in it: gzip in base64. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

/** Take the samples that a server sent, from number `since` on, into what is known already. */
function joined(known, fresh) {
  if (!known || fresh.since === 0) return fresh;
  const since = fresh.since;
  const before = new Map(known.series.map((s) => [s.quantity + " " + s.name, s]));
  const series = [];
  for (const s of fresh.series) {
    const key = s.quantity + " " + s.name;
    series.push(spliced(before.get(key), s, since));
    before.delete(key);
  }
  for (const s of before.values()) series.push(spliced(s, null, since)); // not in the latest samples
  const join = (name) => known[name].slice(0, since).concat(fresh[name]);
  return { ...fresh, since: 0, steps: join("steps"), seconds: join("seconds"), rates: join("rates"), series };
}

const COLUMNS = ["norm", "mean", "std", "low", "high", "zero", "saturated", "nan", "infinite", "ratio", "quantiles", "heights"];

function spliced(old, fresh, since) {
  const one = { quantity: (old || fresh).quantity, name: (old || fresh).name };
  const count = old ? old.at.filter((a) => a < since).length : 0;
  const more = fresh ? fresh.at.length : 0;
  one.at = (old ? old.at.slice(0, count) : []).concat(fresh ? fresh.at : []);
  for (const c of COLUMNS) {
    if (!(old && old[c]) && !(fresh && fresh[c])) continue; // a column of zeros is left out
    const a = count === 0 ? [] : old[c] ? old[c].slice(0, count) : new Array(count).fill(0);
    one[c] = a.concat(more === 0 ? [] : fresh[c] || new Array(more).fill(0));
  }
  return one;
}
