// The controls: filled from what the page offers, told apart from what they change.

import { DIFFERENCE, offered } from "./choice.js";
import { byId, options } from "./elements.js";
import { layerInWords, period } from "./numbers.js";

const RUN_NAMES = { this: "this run", against: "the other run", [DIFFERENCE]: "difference: this − other" };

export function fillControls(page, choice, view) {
  byId("run-label").hidden = page.runs.length < 2;
  const runs = page.runs.length < 2 ? ["this"] : ["this", "against", DIFFERENCE];
  options(byId("run"), [{ items: runs.map((value) => ({ value, text: RUN_NAMES[value] })) }], choice.how);
  options(byId("quantity"), byHeading(offered(page, choice.how)), choice.quantity.name);
  const { series, layers } = choice.quantity;
  byId("series-label").hidden = series.length < 2;
  byId("series-word").textContent = choice.quantity.name.includes("mineral") ? "Mineral"
    : choice.quantity.name === "relative_contribution" ? "Driver" : "Experiment";
  options(byId("series"), [{ items: series.map(({ key, name }) => ({ value: key, text: name })) }], choice.series.key);
  options(byId("layers"), [{ items: layers.map(({ key, name }) => ({ value: key, text: layerInWords(name) })) }], choice.layers.key);
  fillTime(choice);
  byId("dots-label").hidden = choice.how === DIFFERENCE || !choice.quantity.times.includes("p");
  byId("dots-word").textContent = `dots where significant (p < ${choice.runs[0].alpha})`;
  byId("dots").checked = view.dots !== "no";
}

export function fillZones(zones) {
  const groups = [{ items: [{ value: "", text: "all land" }] }];
  for (const heading of new Set(zones.map(({ kind }) => kind))) {
    groups.push({ heading, items: zones.filter(({ kind }) => kind === heading).map(({ name }) => ({ value: name, text: name })) });
  }
  options(byId("zone"), groups, "");
}

function fillTime(choice) {
  const { quantity, years } = choice;
  byId("when").hidden = !quantity.yearly || years.length < 2;
  byId("when-mean").parentElement.hidden = !quantity.times.length;
  byId("when-mean").checked = !choice.isYear;
  byId("when-year").checked = choice.isYear;
  byId("mean-word").textContent = `mean ${period(years[0], years.at(-1))}`;
  const slider = byId("year");
  slider.min = 0;
  slider.max = Math.max(0, years.length - 1);
  slider.value = choice.isYear ? years.indexOf(choice.time) : years.length - 1;
  const shownYear = years[Number(slider.value)];
  slider.setAttribute("aria-valuetext", String(shownYear));
  byId("year-word").textContent = String(shownYear);
  byId("timeline").classList.toggle("idle", !choice.isYear);
}

function byHeading(quantities) {
  const headings = [...new Set(quantities.map(({ heading }) => heading))];
  return headings.map((heading) => ({ heading, items: quantities.filter((each) => each.heading === heading)
    .map(({ name, title }) => ({ value: name, text: title })) }));
}
