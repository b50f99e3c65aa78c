// What becomes of an area: which cells lie in it, and their total, mean or shares by cell area.

const T_PER_TG = 1e6;

// Cells whose centre lies in a polygon of [lat, lon] corners; corners that cross count as a hole.
export function inPolygon(grid, corners) {
  const inside = new Uint8Array(grid.cells);
  for (let cell = 0; cell < grid.cells; cell++) {
    if (holds(corners, grid.lat(cell), grid.lon(cell))) inside[cell] = 1;
  }
  return inside;
}

export function inZone(grid, codes) {
  const wanted = new Set(codes);
  return Uint8Array.from(grid.climate, (code) => (wanted.has(code) ? 1 : 0));
}

export const both = (a, b) => (a && b ? a.map((flag, cell) => flag & b[cell]) : a ?? b);

export function overArea(grid, values, inside, classes) {
  const found = { cells: 0, area: 0, valid: 0, sum: 0, shares: new Map() };
  const known = new Set(classes.filter((each) => each.colour).map((each) => each.code));
  for (let cell = 0; cell < values.length; cell++) {
    if (inside && !inside[cell]) continue;
    const area = grid.area[cell];
    const value = values[cell];
    found.cells += 1;
    found.area += area;
    if (classes.length) {
      found.shares.set(value, (found.shares.get(value) ?? 0) + area);
      if (known.has(value)) found.valid += area;
    } else if (value === value) {
      found.valid += area;
      found.sum += value * area;
    }
  }
  found.mean = found.valid ? found.sum / found.valid : NaN;
  found.total = found.sum / T_PER_TG;
  return found;
}

function holds(corners, lat, lon) {
  let inside = false;
  for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
    const [y, x] = corners[i];
    const [v, u] = corners[j];
    if (y > lat !== v > lat && lon < ((u - x) * (lat - y)) / (v - y) + x) inside = !inside;
  }
  return inside;
}
