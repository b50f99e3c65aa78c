// A view as the part of the address after #: short, readable, and back.

const NAMES = ["run", "quantity", "series", "layers", "time", "dots", "zone", "area", "at", "zoom", "cell"];

export function written(view) {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    if (view[name] !== undefined && view[name] !== null && view[name] !== "") query.set(name, view[name]);
  }
  // Commas and spaces stay legible.
  return `#${query.toString().replace(/%2C/g, ",").replace(/%3B/g, ";")}`;
}

export function read(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  return Object.fromEntries(NAMES.filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
}

export function pair(text) {
  const numbers = String(text ?? "").split(",").map(Number);
  return numbers.length === 2 && numbers.every(Number.isFinite) ? numbers : null;
}

export const corners = (text) => {
  const found = String(text ?? "").split(";").map(pair);
  return found.length > 2 && found.every(Boolean) ? found : null;
};
