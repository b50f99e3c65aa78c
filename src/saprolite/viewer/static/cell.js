// The panel of a cell: the series of all years with its trend, then layers, minerals, drivers, soil.

import { chart } from "./chart.js";
import { DIFFERENCE, find } from "./choice.js";
import { factsAt, seriesAt } from "./data.js";
import { make, tableOf } from "./elements.js";
import { degrees, layerInWords, period, probability, shown, unitInWords } from "./numbers.js";

export async function cellPanel(page, grid, choice, cell, zoneOf) {
  const run = choice.runs[0];
  const facts = run.facts.length ? await factsAt(page, run, cell) : () => NaN;
  const missing = page.grid.missing_inputs.filter((_, bit) => grid.missing[cell] & (1 << bit));
  const head = [
    make("h2", {}, `Cell ${degrees(grid.lat(cell), grid.lon(cell))}`),
    make("p", {}, `${zoneOf(cell)}; ${shown(grid.area[cell], 4)} km²`),
  ];
  if (missing.length) head.push(make("p", { class: "warning" }, `No value: the cell lacks ${missing.join(", ")}.`));
  const { figure, csv } = await seriesFigure(page, choice, cell, facts);
  return {
    elements: [...head, figure, ...sections(run, choice, facts), ...await driverFigures(page, run, choice, cell, facts)],
    csv,
  };
}

// The series of the shown experiment and layers; of both runs where their difference is shown.
async function seriesFigure(page, choice, cell, facts) {
  const quantity = yearlyOf(choice);
  const series = like(quantity.series, choice.series, "label");
  const layers = like(choice.runs[0].groups, choice.layers, "key");
  const both = await Promise.all(choice.runs.map(async (run) => {
    const own = find(run, quantity.name);
    const found = own && like(own.series, series, "label", null);
    const group = run.groups.find(({ key }) => key === layers.key);
    return found && group && run.years.length ? seriesAt(page, run, own, found, group, cell) : null;
  }));
  const [run] = choice.runs;
  const unit = unitInWords(quantity.unit);
  const lines = both.map((values, at) => values && { values: aligned(run.years, choice.runs[at].years, values), kind: at ? "other" : "" })
    .filter(Boolean);
  const name = [quantity.title, series.name, layerInWords(layers.name)].filter(Boolean).join(", ");
  const caption = [make("strong", {}, name), ` (${unit}). `];
  const trend = trendOf(run, quantity, series, layers, facts, lines[0]?.values ?? []);
  if (trend) caption.push(`Trend ${shown(trend.slope)} ${unitInWords(trend.unit)}, p = ${probability(trend.p)}`
    .replace("= <", "<") + `${trend.p < run.alpha ? " (significant)" : ""}. `);
  if (lines.length > 1) caption.push("Green: this run; dashed orange: the other run.");
  if (!run.years.length) caption.push("No year has a value yet.");
  const figure = make("figure", {},
    chart({ years: run.years, lines, trend: choice.how === DIFFERENCE ? null : trend, year: choice.isYear ? choice.time : null, label: name }),
    make("figcaption", {}, ...caption));
  return { figure, csv: { name, unit: quantity.unit, years: run.years, values: lines[0]?.values ?? [] } };
}

// What the shown quantity is a trend of, or the flux.
function yearlyOf({ quantity, runs: [run] }) {
  const whole = find(run, quantity.name.replace(/_trend$/, ""));
  return whole?.yearly ? whole : find(run, "flux");
}

// From the run's own store or its analysis; a least-squares line goes through the means.
function trendOf(run, quantity, series, layers, facts, values) {
  const of = find(run, `${quantity.name}_trend`);
  const column = of ? of.layers.findIndex(({ key }) => key === layers.key) : -1;
  if (column < 0) return null;
  const slope = facts(of.name, "slope", series.label, column);
  if (!Number.isFinite(slope)) return null;
  const intercept = facts(of.name, "intercept", series.label, column);
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const start = Number.isFinite(intercept) ? intercept + slope : mean - (slope * (values.length - 1)) / 2;
  return { slope, start, unit: of.unit, p: facts(of.name, "p", series.label, column) };
}

function sections(run, choice, facts) {
  const made = [];
  const at = (quantity, time, label, layers) =>
    facts(quantity.name, time, label, quantity.layers.findIndex(({ name }) => name === layers));
  const flux = find(run, "flux");
  const trend = find(run, "flux_trend");
  const unit = ({ unit: text }) => (text ? ` (${unitInWords(text)})` : "");
  if (flux) {
    const heads = ["layer", `mean flux${unit(flux)}`, ...(trend ? [`trend${unit(trend)}`, "p"] : [])];
    made.push(["Layers", tableOf(`Control, ${period(run.years[0], run.years.at(-1))}`, heads, flux.layers.map(({ name }) => [
      layerInWords(name), shown(at(flux, "mean", "control", name)),
      ...(trend ? [shown(at(trend, "slope", "control", name)), probability(at(trend, "p", "control", name))] : []),
    ]))]);
  }
  const minerals = find(run, "flux_by_mineral");
  if (minerals) {
    const column = like(minerals.layers, choice.layers, "name", minerals.layers.at(-1)).name;
    const values = minerals.series.map(({ label }) => at(minerals, "mean", label, column));
    const whole = values.reduce((total, value) => total + value, 0);
    made.push(["Minerals", tableOf(`${layerInWords(column)}, mean of the years`, ["mineral", `flux${unit(minerals)}`, "share (%)"],
      minerals.series.map(({ name }, row) => [name, shown(values[row]), shown((100 * values[row]) / whole)]))]);
  }
  const of = (quantity) => like(quantity.layers, choice.layers, "name", quantity.layers.at(-1)).name;
  const parts = [];
  if (trend && trend.series.length > 1) {
    parts.push(tableOf(`Trends of experiments, ${layerInWords(of(trend))}`, ["experiment", `trend${unit(trend)}`, "p"],
      trend.series.map(({ label, name }) => [name, shown(at(trend, "slope", label, of(trend))), probability(at(trend, "p", label, of(trend)))])));
  }
  const relative = find(run, "relative_contribution");
  if (relative) {
    const control = find(run, "main_control");
    const code = control ? at(control, "value", "all", of(control)) : NaN;
    const main = control?.classes.find((each) => each.code === code)?.name;
    parts.push(tableOf(`Relative contribution to the trend (Eq 10), ${layerInWords(of(relative))}${main ? `; main control: ${main}` : ""}`,
      ["driver", "%"], relative.series.map(({ label, name }) => [name, shown(at(relative, "value", label, of(relative)))])));
  }
  if (parts.length) made.push(["Drivers", ...parts]);
  const soil = run.quantities.filter(({ heading }) => heading === "Soil");
  if (soil.length) {
    const single = soil.filter(({ series }) => series.length === 1);
    const shares = soil.filter(({ series }) => series.length > 1);
    const heads = soil[0].layers.map(({ name }) => name);
    made.push(["Soil (inputs)",
      tableOf("By layer", ["input", ...heads.map(layerInWords)], single.map((quantity) =>
        [`${quantity.title}${unit(quantity)}`, ...heads.map((name) => shown(at(quantity, "value", "all", name)))])),
      ...shares.map((quantity) => tableOf(`${quantity.title}${unit(quantity)}`, ["mineral", ...heads.map(layerInWords)],
        quantity.series.map(({ label, name }) => [name, ...heads.map((layer) => shown(at(quantity, "value", label, layer)))])))]);
  }
  return made.map(([title, ...tables], number) =>
    make("details", { open: number === 0 ? "" : null }, make("summary", {}, title), ...tables));
}

// Series of the drivers, where the run has them.
async function driverFigures(page, run, choice, cell, facts) {
  const drivers = run.quantities.filter(({ yearly, name }) => yearly && name !== "flux" && name !== choice.quantity.name);
  const figures = await Promise.all(drivers.map(async (quantity) => {
    const alone = { how: choice.how === DIFFERENCE ? run.name : choice.how, runs: [run], quantity, series: quantity.series[0],
      layers: choice.layers, isYear: choice.isYear, time: choice.time };
    return (await seriesFigure(page, alone, cell, facts)).figure;
  }));
  return figures.length ? [make("details", {}, make("summary", {}, "Soil moisture and temperature by year"), ...figures)] : [];
}

const like = (list, wanted, by, otherwise = list[0]) => list.find((each) => each[by] === wanted?.[by]) ?? otherwise;

const aligned = (years, own, values) => years.map((year) => values[own.indexOf(year)] ?? NaN);
