// Coastlines of Natural Earth (public domain), in hundredths of a degree, each point from the last.

const { L } = window;

export function coast(lines) {
  const renderer = L.canvas({ padding: 0.3 });
  return L.polyline(lines.map(unfolded), {
    renderer, color: "#333", weight: 0.7, opacity: 0.7, interactive: false, smoothFactor: 1,
  });
}

export function graticule() {
  const lines = [];
  for (let lon = -180; lon <= 180; lon += 30) lines.push([[-90, lon], [90, lon]]);
  for (let lat = -60; lat <= 60; lat += 30) lines.push([[lat, -180], [lat, 180]]);
  return L.polyline(lines, { renderer: L.canvas({ padding: 0.3 }), color: "#7d8fa0", weight: 0.5, opacity: 0.5, interactive: false });
}

function unfolded(steps) {
  const points = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    points.push([y / 100, x / 100]);
  }
  return points;
}
