"""Files of the comparison with other studies: Table 1, the ratios, the scheme of the budget."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from saprolite.analysis.references import comparisons, references, table_1
from saprolite.places import Place, write_text
from saprolite.report.figures.budget import draw_budget
from saprolite.stages import Report, counted, quiet

_BUDGET = ("fossil", "land_use", "atmosphere", "ocean", "land", "imbalance_low", "imbalance_high",
           "rocks_xi", "silicate_zhang")  # fmt: skip
_DIGITS = "%.9g"
_SHORT = ("quantity", "object", "region", "unit", "this_run", "depth", "weighting", "other_low",
          "other_high", "ratio_low_1", "ratio_high_1", "printed_in_manuscript", "reference",
          "confidence")  # fmt: skip
CONFIDENCE = ("confidence: S printed in the manuscript, R read in the named public source, U "
              "recalled and to be verified")  # fmt: skip


def write_references(
    fluxes: xr.Dataset, folder: Place, depth_cm: float, report: Report = quiet
) -> tuple[dict[str, pd.DataFrame], list[Place]]:
    """Write ``table1`` (CSV, Markdown), ``comparisons.csv`` and ``fig01_budget`` (PNG, PDF, CSV).

    ``depth_cm`` is that of the weathering rates in equivalents. Returns tables and files.
    """
    notes = (
        f"run: {fluxes.attrs['title']}; {fluxes.attrs['reading_summary']}",
        f"weathering rates (eq ha-1 yr-1) of the run: 0-{depth_cm:g} cm",
        CONFIDENCE,
        *(f"run: {note}" for note in fluxes.attrs["notes"]),
    )
    head = "".join(f"# {note}\n" for note in notes)
    parts = {"table1": table_1, "comparisons": comparisons}
    tables = {name: parts[name](fluxes, depth_cm)
              for name in counted(tuple(parts), "other studies", report)}  # fmt: skip
    written: list[Place] = []

    def write(name: str, text: str) -> None:
        written.append(folder / name)
        write_text(written[-1], text)

    for name, table in tables.items():
        write(f"{name}.csv", head + table.to_csv(index=False, float_format=_DIGITS))
    bullets = "".join(f"* {note}\n" for note in notes)
    write("table1.md", f"{bullets}\n{_markdown(tables['table1'][list(_SHORT)])}")
    budget = _budget(tables["table1"])
    write("fig01_budget.csv", head + budget.to_csv(float_format=_DIGITS))
    sources = "; ".join(
        f"{row['object']}: {row['citation']}, {row['period']} [{row['confidence']}]"
        for _, row in budget.iterrows() if row["citation"]
    )  # fmt: skip
    apart = "sinks by weathering are in part counted in that of the land: they do not add up"
    caption = ". ".join((notes[0], CONFIDENCE, apart, sources, *notes[3:]))
    written += draw_budget(budget, folder / "fig01_budget", caption)
    return tables, written


def _budget(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the scheme, that of the run at the end."""
    own = float(table.loc[table["unit"] == "Pg C yr-1", "this_run"].iloc[0])
    budget = references().loc[list(_BUDGET)]
    row: dict[str, Any] = dict.fromkeys(map(str, budget), "") | {
        "quantity": "carbon sink", "object": "clay minerals", "region": "global", "low": own,
        "high": own, "unit": "Pg C yr-1", "source": "area sum of this run",
    }  # fmt: skip
    return pd.concat([budget, pd.DataFrame(row, index=pd.Index(["this_run"], name="id"))])


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(map(str, table)), ["---"] * table.shape[1]]
    rows += [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
             for row in table.to_numpy(object).tolist()]  # fmt: skip
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
