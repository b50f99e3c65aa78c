// The files of the page: fetched once, inflated, float32 put together from its planes of bytes.

const KEPT = 120;
const kept = new Map();

export async function openPage() {
  const [page, scales] = await Promise.all([json("data/page.json"), json("scales.json")]);
  return { page, scales, grid: gridOf(page.grid, await inflated("data/grid.bin")) };
}

export const json = async (path) => (await answer(path)).json();

// The values of a map, one for each cell: numbers, or codes of classes.
export function map(run, quantity, series, layers, time) {
  const path = `data/${run.name}/maps/${quantity.name}/${series.key}/${layers.key}/${time}.bin`;
  return once(path, async () => {
    const bytes = await inflated(path);
    return quantity.classes.length ? bytes : floats(bytes);
  });
}

// All years of a series at a cell: layers of a group add up; of a state they are a mean by thickness.
export async function seriesAt(page, run, quantity, series, group, cell) {
  const { values, position, width } = await tile(page, cell, `${run.name}/cells/${quantity.name}/${series.key}`);
  const years = run.years.length;
  const weights = quantity.area === "sum" ? group.shares.map(() => 1) : group.shares;
  return run.years.map((_, year) => weights.reduce((total, weight, layer) =>
    total + weight * values[((group.first + layer) * years + year) * width + position], 0));
}

// What is listed of a cell: a function of quantity, time, series (label) and number of the layer.
export async function factsAt(page, run, cell) {
  const { values, position, width } = await tile(page, cell, `${run.name}/cells/facts`);
  const starts = new Map();
  let row = 0;
  for (const fact of run.facts) {
    const layers = run.quantities.find((each) => each.name === fact.quantity).layers.length;
    fact.series.forEach((label) => {
      starts.set(`${fact.quantity}/${fact.time}/${label}`, row);
      row += layers;
    });
  }
  return (quantity, time, label, layer) => {
    const start = starts.get(`${quantity}/${time}/${label}`);
    return start === undefined ? NaN : values[(start + layer) * width + position];
  };
}

async function tile(page, cell, folder) {
  const number = Math.floor(cell / page.tile);
  const path = `data/${folder}/${number}.bin`;
  const values = await once(path, async () => floats(await inflated(path)));
  const width = Math.min(page.tile, page.grid.cells - number * page.tile);
  return { values, position: cell - number * page.tile, width };
}

// A promise by path; the oldest give way. One that failed is asked for again.
function once(path, make) {
  let found = kept.get(path);
  if (found === undefined) {
    found = make();
    found.catch(() => kept.delete(path));
  }
  kept.delete(path);
  kept.set(path, found);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return found;
}

async function answer(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response;
}

async function inflated(path) {
  const stream = (await (await answer(path)).blob()).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function floats(bytes) {
  const count = bytes.length / 4;
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    words[i] = bytes[i] | (bytes[count + i] << 8) | (bytes[2 * count + i] << 16) | (bytes[3 * count + i] << 24);
  }
  return new Float32Array(words.buffer);
}

function gridOf({ lat, lon, cells }, bytes) {
  const area = new Float64Array(bytes.buffer, 0, cells);
  const position = new Uint32Array(bytes.buffer, 8 * cells, cells);
  const [climate, missing] = [12, 13].map((at) => new Uint8Array(bytes.buffer, at * cells, cells));
  const [south, north, rows] = lat;
  const [west, east, columns] = lon;
  const cellOf = new Int32Array(rows * columns).fill(-1);
  position.forEach((place, cell) => { cellOf[place] = cell; });
  const high = (north - south) / rows;
  const wide = (east - west) / columns;
  const row = (cell) => Math.floor(position[cell] / columns);
  const column = (cell) => position[cell] % columns;
  return {
    // South, west, north, east of the land, a cell wider on every side.
    land() {
      const box = [[90, 180], [-90, -180]];
      for (let cell = 0; cell < cells; cell++) {
        [this.lat(cell), this.lon(cell)].forEach((value, axis) => {
          box[0][axis] = Math.min(box[0][axis], value);
          box[1][axis] = Math.max(box[1][axis], value);
        });
      }
      return [[box[0][0] - high, box[0][1] - wide], [box[1][0] + high, box[1][1] + wide]];
    },
    area, climate, missing, cellOf, position, rows, columns, cells, south, north, west, east, high, wide,
    lat: (cell) => south + (row(cell) + 0.5) * high,
    lon: (cell) => west + (column(cell) + 0.5) * wide,
    at(latitude, longitude) {
      const r = Math.floor((latitude - south) / high);
      const c = Math.floor((longitude - west) / wide);
      return r < 0 || c < 0 || r >= rows || c >= columns ? -1 : cellOf[r * columns + c];
    },
  };
}
