// The page: one view (what, when, where), drawn anew when a control, the map or the address changes.

import { about } from "./about.js";
import { both, inPolygon, inZone, overArea } from "./areas.js";
import { cellPanel } from "./cell.js";
import { chosen } from "./choice.js";
import { coast, graticule } from "./coast.js";
import { continuous, ofClasses, paint, table, within } from "./colours.js";
import { fillControls, fillZones } from "./controls.js";
import { json, openPage } from "./data.js";
import { dots } from "./dots.js";
import { drawing, outline } from "./draw.js";
import { byId, make } from "./elements.js";
import { field } from "./field.js";
import * as hash from "./hash.js";
import { legend } from "./legend.js";
import { degrees } from "./numbers.js";
import { describe, scaleOf, significanceOf, valuesOf, worded } from "./shown.js";
import { panelButtons } from "./panel.js";
import { player } from "./play.js";
import { totalText } from "./totals.js";

const { L } = window;

start().catch(tell);

async function start() {
  const { page, scales, grid } = await openPage();
  about(page);
  fillZones(page.zones);
  if (!page.runs[0].quantities.length || (!page.runs[0].years.length && page.runs[0].quantities[0].yearly)) {
    byId("controls").classList.add("empty");
    tell(new Error("No year of this run has a value yet."));
    return;
  }
  const colours = Object.fromEntries(Object.entries(scales).map(([name, hex]) => [name, table(hex)]));
  viewer(page, grid, colours, await json("coast.json"));
}

function viewer(page, grid, colours, lines) {
  const view = hash.read(location.hash);
  const map = L.map("map", {
    crs: L.CRS.EPSG4326, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: -1, maxZoom: 8, maxBounds: [[-100, -200], [100, 200]],
    maxBoundsViscosity: 0.8, attributionControl: false, zoomControl: true, wheelPxPerZoomLevel: 100,
  });
  const box = grid.land();
  const values = { now: null };
  const layer = field(grid);
  const stipple = dots(grid);
  let cellMark = null;
  let areaMark = null;
  let count = 0;
  let whole = false;

  const zone = () => page.zones.find(({ name }) => name === view.zone);
  const zoneOf = (cell) => {
    const own = page.zones.filter(({ codes }) => codes.includes(grid.climate[cell])).map(({ name }) => name);
    return own.length ? `Climate ${own.join(", ")}` : "No climate class";
  };
  const insideOf = () => {
    const corners = hash.corners(view.area);
    return both(zone() && inZone(grid, zone().codes), corners && inPolygon(grid, corners));
  };
  const whereOf = () => [hash.corners(view.area) ? "Drawn area" : null, zone()?.name].filter(Boolean).join(", ") || "All land of the run";
  const chosenCell = () => {
    const at = hash.pair(view.cell);
    return at ? grid.at(...at) : -1;
  };
  const yearOf = () => String(chosen(page, view).years[Number(byId("year").value)]);

  place();
  graticule().addTo(map);
  layer.addTo(map);
  coast(lines).addTo(map);
  stipple.addTo(map);

  const pencil = drawing(map, byId("cross"), {
    start: () => toggleDrawing(true),
    end: () => toggleDrawing(false),
    done: (corners) => change({ area: corners.map((each) => each.join(",")).join(";") }),
  });
  const play = player(byId("play"), () => {
    const { years, time, isYear } = chosen(page, view);
    return change({ time: years[isYear ? (years.indexOf(time) + 1) % years.length : 0] });
  });

  listen();
  draw();

  // Everything that the view says; a later call makes an earlier one stop.
  async function draw() {
    const number = ++count;
    try {
      const choice = chosen(page, view);
      settle(choice);
      fillControls(page, choice, view);
      byId("zone").value = zone()?.name ?? "";
      const [found, scale, significant] = await Promise.all([valuesOf(choice), scaleOf(choice), significanceOf(choice)]);
      if (number !== count) return;
      const { classes } = choice.quantity;
      const steps = colours[scale.name];
      const inside = insideOf();
      layer.draw(paint(found, inside, classes.length ? ofClasses(classes) : continuous(steps, scale)));
      const dotted = significant && view.dots !== "no";
      stipple.show(dotted ? (cell) => significant(cell) && (!inside || inside[cell]) : null);
      values.now = { choice, found };
      legend(describe(choice), choice, scale, steps, within(found, scale), dotted ? `significant, p < ${choice.runs[0].alpha}` : null);
      byId("total").replaceChildren(...totalText(page, choice, overArea(grid, found, inside, classes), whereOf()));
      markArea();
      byId("problem").hidden = true;
      await drawCell(choice, number);
      if (number === count) document.body.dataset.drawn = hash.written(view);
    } catch (error) {
      tell(error);
    }
  }

  async function drawCell(choice, number) {
    const cell = chosenCell();
    const panel = byId("panel");
    cellMark?.remove();
    if (cell < 0) {
      panel.hidden = true;
      panel.replaceChildren();
      return;
    }
    const [south, west] = [grid.lat(cell) - grid.high / 2, grid.lon(cell) - grid.wide / 2];
    cellMark = L.rectangle([[south, west], [south + grid.high, west + grid.wide]],
      { color: "#111", weight: 2, fill: false, interactive: false }).addTo(map);
    const first = panel.hidden;
    if (first) {
      // Something to see at once: on a fine grid the first cell takes a moment.
      panel.replaceChildren(make("p", { class: "help" }, "Reading the cell …"));
      panel.hidden = false;
      resize();
    }
    const { elements, csv } = await cellPanel(page, grid, choice, cell, zoneOf);
    if (number !== count) return;
    const open = [...panel.querySelectorAll("details[open]")].map((each) => each.firstChild.textContent);
    const [head, ...rest] = elements;
    const value = values.now.found[cell];
    panel.replaceChildren(panelButtons(csv, hash.written(view), close), head,
      make("p", { class: "value", "data-value": value }, `${describe(choice)}: ${worded(choice, value)}`), ...rest);
    if (!first) panel.querySelectorAll("details").forEach((each) => { each.open = open.includes(each.firstChild.textContent); });
  }

  function close() {
    change({ cell: null }).then(resize);
    map.getContainer().focus();
  }

  function listen() {
    const choose = (name) => byId(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
    ["run", "quantity", "series", "layers", "zone"].forEach(choose);
    byId("dots").addEventListener("change", (event) => change({ dots: event.target.checked ? null : "no" }));
    byId("when-mean").addEventListener("change", () => { play.stop(); change({ time: null }); });
    byId("when-year").addEventListener("change", () => change({ time: yearOf() }));
    byId("year").addEventListener("input", () => { play.stop(); change({ time: yearOf() }); });
    byId("draw").addEventListener("click", () => (pencil.active ? pencil.finish() : pencil.begin()));
    byId("clear").addEventListener("click", () => change({ area: null }));
    byId("show-cell").addEventListener("click", goTo);
    byId("goto").addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); goTo(); } });
    byId("controls").addEventListener("submit", (event) => event.preventDefault());
    map.on("click", ({ latlng }) => { if (!pencil.active) pick(latlng.lat, latlng.lng); });
    map.on("mousemove", ({ latlng }) => hover(latlng));
    map.on("mouseout", () => { byId("hover").textContent = ""; });
    map.on("moveend", remember);
    map.on("dragstart zoomstart", () => { whole = false; });
    window.addEventListener("resize", resize);
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !pencil.active) pick(map.getCenter().lat, map.getCenter().lng);
    });
    window.addEventListener("hashchange", () => {
      if (location.hash === hash.written(view)) return;
      for (const name of Object.keys(view)) delete view[name];
      Object.assign(view, hash.read(location.hash));
      place();
      draw();
    });
  }

  function change(what) {
    Object.assign(view, what);
    return draw();
  }

  // The address names all that is shown, what nobody chose as well.
  function settle({ how, quantity, series, layers, time, isYear }) {
    Object.assign(view, { run: page.runs.length > 1 ? how : null, quantity: quantity.name, series: series.key, layers: layers.key,
      time: isYear ? String(time) : null });
    remember();
  }

  function remember() {
    const zoom = String(map.getZoom());
    const before = hash.pair(view.at);
    // Leaflet keeps whole pixels: a centre that is still within one is the same.
    const same = before && view.zoom === zoom && map.latLngToContainerPoint(before).distanceTo(map.getSize().divideBy(2)) < 1.5;
    if (!same) {
      const { lat, lng } = map.getCenter();
      view.at = `${lat.toFixed(2)},${lng.toFixed(2)}`;
    }
    view.zoom = zoom;
    history.replaceState(null, "", hash.written(view));
  }

  // The panel takes its room from the map: the whole land stays whole until somebody moves the map.
  function resize() {
    map.invalidateSize({ animate: false });
    if (whole) fit();
  }

  function fit() {
    map.fitBounds(box, { animate: false, maxZoom: 6 });
    whole = true;
  }

  function place() {
    const centre = hash.pair(view.at);
    const zoom = Number(view.zoom ?? NaN);
    if (centre && Number.isFinite(zoom)) map.setView(centre, zoom, { animate: false });
    else fit();
  }

  function pick(lat, lon) {
    const cell = grid.at(lat, lon);
    change({ cell: cell < 0 ? null : `${round(grid.lat(cell))},${round(grid.lon(cell))}` });
  }

  function goTo() {
    const [lat, lon] = ["lat", "lon"].map((id) => (byId(id).value.trim() === "" ? NaN : Number(byId(id).value.replace(",", "."))));
    if (grid.at(lat, lon) < 0) tell(new Error(`No land of this run at ${byId("lat").value} N, ${byId("lon").value} E: give degrees, such as 12.5 and -3.`));
    else { map.panTo([lat, lon]); pick(lat, lon); }
  }

  function hover({ lat, lng }) {
    if (!values.now) return;
    const cell = grid.at(lat, lng);
    byId("hover").textContent = cell < 0 ? "" : `${degrees(grid.lat(cell), grid.lon(cell))}: ${worded(values.now.choice, values.now.found[cell])}`;
  }

  function toggleDrawing(on) {
    byId("draw").setAttribute("aria-pressed", String(on));
    byId("draw").textContent = on ? "Close the area" : "Draw an area";
    byId("draw-help").hidden = !on;
    map.getContainer().classList.toggle("drawing", on);
    if (on) map.getContainer().focus();
  }

  function markArea() {
    areaMark?.remove();
    const corners = hash.corners(view.area);
    byId("clear").hidden = !corners;
    if (corners) areaMark = outline(corners).addTo(map);
  }
}

function tell(error) {
  console.error(error);
  byId("problem").textContent = error.message;
  byId("problem").hidden = false;
}

const round = (value) => Number(value.toFixed(4));
