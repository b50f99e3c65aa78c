// What the run is: reading, period, notes, how exact the numbers of the page are.

import { byId, make } from "./elements.js";
import { period } from "./numbers.js";

export function about(page) {
  const [run] = page.runs;
  document.title = `${run.title} – saprolite`;
  byId("title").textContent = run.title;
  byId("subtitle").textContent = `${period(...run.period)}; ${run.reading}`;
  const unfinished = page.runs.filter((each) => !each.finished).map((each) =>
    `${page.runs.length > 1 ? `“${each.title}” (${each.name === "this" ? "this run" : "the other run"})` : "This run"} is not finished: ` +
    `${each.years.length} of ${each.period[1] - each.period[0] + 1} years have values. Means are over these years; there are no trends.`);
  byId("warning").hidden = !unfinished.length;
  byId("warning").textContent = unfinished.join(" ");
  byId("about-text").replaceChildren(...page.runs.flatMap((each) => described(each, page.runs.length > 1)), exactness(page));
}

function described(run, named) {
  const head = named ? [make("h3", {}, run.name === "this" ? "This run" : "The other run")] : [];
  const lines = [run.title, `Period ${period(...run.period)}; ${run.reading}`, run.source, ...run.notes,
    run.analysed ? null : "Not analysed: saprolite analyse adds contributions, main control and trends of drivers.",
    `Fingerprint ${run.fingerprint.slice(0, 16)}`];
  return [...head, make("ul", {}, ...lines.filter(Boolean).map((line) => make("li", {}, line)))];
}

function exactness(page) {
  const { maps, cells } = page.relative_error;
  return make("p", {}, `Values of maps are rounded to ${(100 * maps).toPrecision(2)} % of their size at most, those of a cell to ` +
    `${(100 * cells).toPrecision(2)} %. A cell belongs to an area if its centre does; layers without a value leave a cell of the ` +
    `column without one, and out of the totals here. Areas of cells: ${page.grid.earth}. Coastlines: Natural Earth. ` +
    `Colours: Crameri. ${page.software}; Leaflet.`);
}
