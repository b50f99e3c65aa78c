// The legend: what is shown, its unit, the scale with its ends, grey, dots.

import { byId, make } from "./elements.js";
import { shown, unitInWords } from "./numbers.js";

export function legend(title, choice, scale, colours, beyond, dotted) {
  const { quantity } = choice;
  const parts = [make("p", { class: "what" }, title)];
  if (quantity.meaning) parts.push(make("p", { class: "meaning" }, quantity.meaning));
  if (quantity.classes.length) {
    parts.push(make("ul", {}, ...quantity.classes.filter((each) => each.colour).map((each) =>
      item(each.colour, each.name))));
  } else {
    parts.push(bar(colours), ticks(scale, beyond));
    parts.push(make("p", { class: "unit" }, unitInWords(quantity.unit) || "dimensionless"));
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

function ticks({ low, high }, { below, above }) {
  const middle = (low + high) / 2;
  return make("p", { class: "ticks" },
    make("span", {}, `${below ? "≤ " : ""}${short(low)}`), make("span", {}, short(middle)),
    make("span", {}, `${above ? "≥ " : ""}${short(high)}`));
}

const short = (value) => {
  const text = shown(value);
  return text.includes("×") || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
};
