// A series of years as a line, with its trend line and the year of the map.

import { drawn } from "./elements.js";
import { shown } from "./numbers.js";

const WIDTH = 340;
const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 20;
const TOP = 10;
const RIGHT = 10;

// lines: [{ values, kind }]; trend: { slope, start } (value in the first year) or null.
export function chart({ years, lines, trend, year, label }) {
  const all = lines.flatMap((line) => line.values).filter(Number.isFinite);
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": label });
  if (!all.length) return svg;
  const [low, high] = spread(Math.min(...all), Math.max(...all));
  const span = Math.max(1, years.at(-1) - years[0]);
  const x = (when) => LEFT + (years.length > 1 ? (when - years[0]) / span : 0.5) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  for (const value of ticks(low, high)) {
    svg.append(drawn("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      drawn("text", { x: LEFT - 5, y: y(value) + 3.5, "text-anchor": "end" }, tick(value)));
  }
  for (const when of [...new Set([years[0], years[Math.floor((years.length - 1) / 2)], years.at(-1)])]) {
    const anchor = when === years[0] ? "start" : when === years.at(-1) ? "end" : "middle";
    svg.append(drawn("text", { x: x(when), y: HEIGHT - 5, "text-anchor": years.length > 1 ? anchor : "middle" }, String(when)));
  }
  if (low < 0 && high > 0) svg.append(drawn("line", { class: "zero", x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0) }));
  if (year !== null) svg.append(drawn("line", { class: "now", x1: x(year), x2: x(year), y1: TOP, y2: HEIGHT - BOTTOM }));
  for (const { values, kind } of lines) {
    svg.append(drawn("path", { class: `line ${kind}`, d: pathOf(years, values, x, y) }));
    values.forEach((value, at) => Number.isFinite(value) && years.length < 60 &&
      svg.append(drawn("circle", { class: `point ${kind}`, cx: x(years[at]), cy: y(value), r: 1.8 },
        drawn("title", {}, `${years[at]}: ${shown(value)}`))));
  }
  if (trend && Number.isFinite(trend.slope)) {
    const end = trend.start + trend.slope * (years.length - 1);
    svg.append(drawn("line", { class: "trend", x1: x(years[0]), y1: y(trend.start), x2: x(years.at(-1)), y2: y(end) }));
  }
  return svg;
}

function spread(low, high) {
  if (low === high) return [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const room = 0.06 * (high - low);
  return [low - room < 0 && low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

// Round numbers within the ends, three to six of them.
function ticks(low, high) {
  const rough = (high - low) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((each) => each * size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(10)));
}

const tick = (value) => {
  const size = Math.abs(value);
  return size === 0 || (size >= 1e-3 && size < 1e6) ? String(value).replace("-", "−") : shown(value, 2);
};

function pathOf(years, values, x, y) {
  let pen = "M";
  return values.map((value, at) => {
    if (!Number.isFinite(value)) { pen = "M"; return ""; }
    const step = `${pen}${x(years[at]).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}
