// The legend: what is shown, its unit, the scale with its ends, grey, dots.

import { byId, make } from "./elements.js";
import { raised, unitInWords } from "./numbers.js";

export function legend(title, choice, scale, colours, beyond, dotted) {
  const { quantity } = choice;
  const parts = [make("p", { class: "what" }, title)];
  if (quantity.meaning) parts.push(make("p", { class: "meaning" }, quantity.meaning));
  if (quantity.classes.length) {
    parts.push(make("ul", {}, ...quantity.classes.filter((each) => each.colour).map((each) =>
      item(each.colour, each.name))));
  } else {
    const power = powerOf(scale);
    parts.push(bar(colours), ticks(scale, beyond, power));
    parts.push(make("p", { class: "unit" },
      [power ? `10${raised(power)}` : "", unitInWords(quantity.unit) || (power ? "" : "dimensionless")].filter(Boolean).join("\u00a0")));
  }
  const notes = make("ul", {}, item("#9c9c9c", "land without a value"));
  if (dotted) notes.append(make("li", {}, make("span", { class: "swatch dotted" }), dotted));
  byId("legend").replaceChildren(...parts, notes);
}

function item(colour, text) {
  const swatch = make("span", { class: "swatch" });
  swatch.style.background = colour;
  return make("li", {}, swatch, text);
}

function bar(colours) {
  const canvas = make("canvas", { width: 256, height: 1, class: "bar", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  new Uint32Array(image.data.buffer).set(colours);
  context.putImageData(image, 0, 0);
  return canvas;
}

function ticks({ low, high }, { below, above }, power) {
  const text = (value) => plain(value / 10 ** power);
  return make("p", { class: "ticks" },
    make("span", {}, `${below ? "≤ " : ""}${text(low)}`), make("span", {}, text((low + high) / 2)),
    make("span", {}, `${above ? "≥ " : ""}${text(high)}`));
}

// Very small and very large numbers share a power of ten, which stands with the unit.
function powerOf({ low, high }) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  return size >= 0.01 && size < 1e5 ? 0 : Math.floor(Math.log10(size));
}

const plain = (value) => String(Number(value.toPrecision(4))).replace("-", "−");
