// What is shown, out of what there is: a choice that a run does not have becomes the nearest one.

export const DIFFERENCE = "difference";
const DEFAULT = { run: "this", quantity: "flux" };

export const find = (run, name) => run.quantities.find((quantity) => quantity.name === name);

// The pieces that a view names, of a page: runs that are needed, quantity, series, layers, time.
export function chosen(page, view) {
  const [first, second] = page.runs;
  const how = second && [second.name, DIFFERENCE].includes(view.run) ? view.run : first.name;
  const runs = how === DIFFERENCE ? [first, second] : [how === first.name ? first : second];
  const quantities = offered(page, how);
  if (!quantities.length) throw new Error("The two runs have nothing in common that could be compared.");
  const quantity = quantities.find((each) => each.name === (view.quantity ?? DEFAULT.quantity)) ?? quantities[0];
  const series = named(quantity.series, "key", view.series, quantity.series[0]);
  const layers = named(quantity.layers, "key", view.layers, quantity.layers.at(-1));
  const years = quantity.yearly ? yearsOf(runs) : [];
  const year = years.includes(Number(view.time)) ? Number(view.time) : null;
  const fixed = quantity.times[0];
  const time = year ?? fixed ?? years.at(-1);
  return { how, runs, quantity, series, layers, years, time, isYear: quantity.yearly && time !== fixed };
}

// The quantities that can be shown of one run, or of the difference of two.
export function offered(page, how) {
  const [first, second] = page.runs;
  if (how !== DIFFERENCE) return (how === first.name ? first : second).quantities;
  const years = yearsOf(page.runs);
  const samePeriod = years.length === first.years.length && years.length === second.years.length;
  return first.quantities.flatMap((quantity) => {
    const other = find(second, quantity.name);
    if (!other || other.unit !== quantity.unit || quantity.classes.length) return [];
    const shared = (name) => quantity[name].filter((each) => other[name].some(({ key }) => key === each.key));
    // Means and trends of other years than those of the other run are no pair.
    const paired = samePeriod || quantity.heading === "Soil";
    const common = { ...quantity, series: shared("series"), layers: shared("layers"),
      times: quantity.times.filter((time) => paired && other.times.includes(time)),
      yearly: quantity.yearly && years.length > 0 };
    return common.series.length && common.layers.length && (common.times.length || common.yearly) ? [common] : [];
  });
}

const named = (list, name, value, otherwise) => list.find((each) => each[name] === value) ?? otherwise;

const yearsOf = (runs) => runs[0].years.filter((year) => runs.every((run) => run.years.includes(year)));
