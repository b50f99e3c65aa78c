// From values to colours: 256 steps of a scale, round ends that 98 % of the cells stay within.

const NO_VALUE = 0xff9c9c9c; // grey; ABGR, as the pixels of a canvas are read
const PALE = 0x40000000;

export function table(hex) {
  const colours = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const rgb = parseInt(hex.slice(6 * i, 6 * i + 6), 16);
    colours[i] = abgr(rgb);
  }
  return colours;
}

export function range(values, centred) {
  const finite = Float32Array.from(values.filter(Number.isFinite), centred ? Math.abs : undefined).sort();
  if (!finite.length) return { low: centred ? -1 : 0, high: 1 };
  const at = (share) => finite[Math.min(finite.length - 1, Math.round(share * (finite.length - 1)))];
  const high = roundEnd(at(0.98), Math.ceil);
  if (centred) return { low: -high, high };
  const low = at(0.02);
  return low > 0.5 * high ? rangeAbove(low, at(0.98)) : { low: Math.min(0, roundEnd(low, Math.floor)), high };
}

export function within(values, { low, high }) {
  let below = false;
  let above = false;
  for (const value of values) {
    if (value < low) below = true;
    else if (value > high) above = true;
  }
  return { below, above };
}

// One colour for each cell. Cells outside `inside` are pale.
export function paint(values, inside, colourOf) {
  const pixels = new Uint32Array(values.length);
  for (let cell = 0; cell < values.length; cell++) {
    const colour = colourOf(values[cell]);
    pixels[cell] = inside && !inside[cell] ? (colour & 0xffffff) | PALE : colour;
  }
  return pixels;
}

export function continuous(colours, { low, high }) {
  const step = 256 / (high - low || 1);
  return (value) => {
    if (value !== value) return NO_VALUE;
    return colours[Math.max(0, Math.min(255, Math.floor((value - low) * step)))];
  };
}

export function ofClasses(classes) {
  const colours = new Map(classes.filter((each) => each.colour)
    .map((each) => [each.code, abgr(parseInt(each.colour.slice(1), 16))]));
  return (code) => colours.get(code) ?? NO_VALUE;
}

function abgr(rgb) {
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

function roundEnd(value, round) {
  if (value === 0) return round === Math.ceil ? 1 : 0;
  const step = 10 ** Math.floor(Math.log10(Math.abs(value))) / 5;
  return Number((round(value / step - 1e-9) * step).toPrecision(12));
}

function rangeAbove(low, high) {
  const step = 10 ** Math.floor(Math.log10(high - low || Math.abs(high) || 1)) / 2;
  const ends = [Math.floor(low / step) * step, Math.ceil(high / step) * step].map((end) => Number(end.toPrecision(12)));
  return ends[0] === ends[1] ? { low: ends[0] - step, high: ends[1] + step } : { low: ends[0], high: ends[1] };
}
