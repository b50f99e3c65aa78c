// The values of a choice, and the scale that their colours have at any time and in any experiment.

import { range } from "./colours.js";
import { DIFFERENCE } from "./choice.js";
import { map } from "./data.js";
import { layerInWords, period, shown, unitInWords } from "./numbers.js";

const ranges = new Map();
const CHANGES = { sink: "change", soil: "change", moisture: "moisture_change", temperature: "temperature_change" };

export async function valuesOf(choice, time = choice.time, series = choice.series) {
  const maps = await Promise.all(choice.runs.map((run) => map(run, choice.quantity, series, choice.layers, time)));
  if (choice.how !== DIFFERENCE) return maps[0];
  return maps[0].map((value, cell) => value - maps[1][cell]);
}

// Significance of a trend, by cell; null where the shown map has none.
export async function significanceOf(choice) {
  if (choice.how === DIFFERENCE || !choice.quantity.times.includes("p")) return null;
  const p = await map(choice.runs[0], choice.quantity, choice.series, choice.layers, "p");
  return (cell) => p[cell] < choice.runs[0].alpha;
}

// Round ends of the scale: those of the mean (of the control, for experiments), not of each year.
export async function scaleOf(choice) {
  const { quantity, series, how } = choice;
  const centred = series.centred || how === DIFFERENCE;
  const like = how === DIFFERENCE ? series : quantity.series.find((each) => each.label === series.like) ?? series;
  const time = quantity.times[0] ?? choice.years.at(-1);
  const key = [choice.runs[0].name, how, quantity.name, like.key, choice.layers.key, time].join("/");
  if (!ranges.has(key)) ranges.set(key, range(await valuesOf(choice, time, like), centred));
  return { ...ranges.get(key), name: how === DIFFERENCE ? CHANGES[series.scale] ?? series.scale : series.scale };
}

export function worded({ quantity }, value) {
  if (quantity.classes.length) return quantity.classes.find(({ code }) => code === value)?.name ?? "no value";
  return Number.isFinite(value) ? `${shown(value)} ${unitInWords(quantity.unit)}` : "no value";
}

export function describe(choice) {
  const { quantity, series, layers, time, runs, how } = choice;
  const { years } = runs[0];
  const all = period(years.at(0), years.at(-1));
  const when = choice.isYear ? String(time) : quantity.heading === "Soil" ? "" : time === "mean" && years.length > 1 ? `mean ${all}` : all;
  const what = how === DIFFERENCE ? `${quantity.title}: this run − the other run` : quantity.title;
  return [what, series.name, layerInWords(layers.name), when].filter(Boolean).join(", ");
}
