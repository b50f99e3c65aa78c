// What the panel of a cell has on top: a link to the view, its series as a file, a way out.

import { make } from "./elements.js";

export function panelButtons(csv, address, close) {
  const link = make("a", { href: address }, "Link to this view");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    navigator.clipboard?.writeText(location.href).then(() => { link.textContent = "Link copied"; }, () => {});
  });
  const out = make("button", { type: "button", "aria-label": "Close the panel of the cell" }, "✕");
  out.addEventListener("click", close);
  const save = make("a", { href: `data:text/csv;charset=utf-8,${encodeURIComponent(textOf(csv))}`, download: "cell.csv" }, "Series as CSV");
  return make("p", { class: "buttons" }, link, save, out);
}

function textOf({ name, unit, years, values }) {
  const head = `# ${name}\nyear,value_${unit.replaceAll(" ", "_") || "1"}\n`;
  return head + years.map((year, at) => `${year},${values[at]}\n`).join("");
}
