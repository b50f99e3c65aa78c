// Numbers and units in words: three digits that count, powers as superscripts, minus as minus.

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export function raised(text) {
  return [...String(text)].map((letter) => SUPERSCRIPTS[letter] ?? letter).join("");
}

export function shown(value, digits = 3) {
  if (!Number.isFinite(value)) return "no value";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e6) {
    const text = size >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
    return spaced(text).replace("-", "−");
  }
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${mantissa.replace("-", "−")} × 10${raised(Number(exponent))}`;
}

export const count = (value) => spaced(String(value));

export function probability(p) {
  if (!Number.isFinite(p)) return "no value";
  if (p < 0.001) return "< 0.001";
  return p.toPrecision(2);
}

export function unitInWords(unit) {
  return unit.replace(/CO2/g, "CO₂")
    .replace(/([A-Za-z])(-?\d+)/g, (_, letter, power) => letter + raised(power)).replaceAll(" ", "\u00a0");
}

// A range of depths does not break, and its dash is one.
export const layerInWords = (name) => name.replace(/(\d)-(\d)/, "$1\u2060–\u2060$2").replace(" ", "\u00a0");

export function period(first, last) {
  return first === last ? String(first) : `${first}\u2060–\u2060${last}`;
}

export function degrees(lat, lon) {
  const side = (value, plus, minus) => `${Math.abs(value).toFixed(2)}° ${value < 0 ? minus : plus}`;
  return `${side(lat, "N", "S")}, ${side(lon, "E", "W")}`;
}

function spaced(text) {
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return part === undefined ? grouped : `${grouped}.${part}`;
}
