// Drawing an area: clicks (or the space bar) set corners, double click or Enter closes.

const { L } = window;
const STYLE = { color: "#111", weight: 2, fill: false, interactive: false };

export function drawing(map, cross, { start, done, end }) {
  let corners = null;
  const line = L.polyline([], { ...STYLE, dashArray: "5 5" });

  const redraw = (tip) => line.setLatLngs(tip ? [...corners, tip] : corners);
  const add = ({ lat, lng }) => {
    corners.push([round(lat), round(lng)]);
    redraw();
  };
  const onClick = (event) => {
    // The second click of a double click sets no corner of its own.
    if (!event.originalEvent || event.originalEvent.detail < 2) add(event.latlng);
  };
  const onMove = (event) => corners.length && redraw([event.latlng.lat, event.latlng.lng]);
  const onKey = (event) => {
    if (event.key === "Escape") stop();
    else if (event.key === "Enter") finish();
    else if (event.key === "Backspace") { corners.pop(); redraw(); }
    else if (event.key === " " && document.activeElement === map.getContainer()) add(map.getCenter());
    else return;
    event.preventDefault();
  };

  function begin() {
    corners = [];
    map.doubleClickZoom.disable();
    map.on({ click: onClick, mousemove: onMove, dblclick: finish });
    document.addEventListener("keydown", onKey, true);
    line.addTo(map);
    cross.hidden = false;
    start();
  }
  function stop() {
    if (!corners) return;
    corners = null;
    map.off({ click: onClick, mousemove: onMove, dblclick: finish });
    document.removeEventListener("keydown", onKey, true);
    line.remove().setLatLngs([]);
    cross.hidden = true;
    // Not at once: the double click that closed the area would zoom the map.
    setTimeout(() => map.doubleClickZoom.enable(), 0);
    end();
  }
  function finish() {
    const found = corners;
    stop();
    if (found && found.length > 2) done(found);
  }
  return { begin, finish, get active() { return corners !== null; } };
}

export const outline = (corners) => L.polygon(corners, STYLE);

const round = (value) => Number(value.toFixed(3));
