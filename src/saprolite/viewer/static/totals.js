// The total of the shown map over all land, a zone or a drawn area, in words.

import { DIFFERENCE } from "./choice.js";
import { make } from "./elements.js";
import { count, shown, unitInWords } from "./numbers.js";

export function totalText(page, choice, found, where) {
  const { quantity } = choice;
  const unit = unitInWords(quantity.unit);
  const lines = [];
  if (quantity.area === "sum") {
    const of = (what) => unitInWords(quantity.unit.replace("t C km-2", `Tg ${what}`));
    lines.push(["Total", `${shown(page.co2_per_c * found.total, 4)} ${of("CO2")}`, "co2", page.co2_per_c * found.total]);
    lines.push(["as carbon", `${shown(found.total, 4)} ${of("C")}`, "carbon", found.total]);
  }
  if (quantity.area === "shares") {
    for (const each of quantity.classes) {
      const share = (100 * (found.shares.get(each.code) ?? 0)) / found.area;
      lines.push([each.name, `${shown(found.area ? share : NaN)} %`, `class-${each.code}`, share]);
    }
  } else {
    lines.push(["Mean (by area)", `${shown(found.mean, 4)} ${unit}`, "mean", found.mean]);
  }
  lines.push(["Land", `${shown(found.area / 1e6, 4)}\u00a0million\u00a0km², ${count(found.cells)}\u00a0${found.cells === 1 ? "cell" : "cells"}`, "area", found.area]);
  const share = (100 * found.valid) / found.area;
  lines.push(["with a value", `${shown(found.area ? share : NaN, 4)} % of it`, "valid", found.valid]);
  const head = [where, choice.how === DIFFERENCE ? "difference" : null, quantity.area === "shares" ? "shares of the land" : null];
  return [make("h2", {}, head.filter(Boolean).join(": ")),
    make("dl", {}, ...lines.flatMap(([name, text, key, value]) =>
      [make("dt", {}, name), make("dd", { "data-key": key, "data-value": value }, text)]))];
}
