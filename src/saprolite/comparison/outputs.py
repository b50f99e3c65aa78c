"""Files of the comparisons: for each a figure per quantity, its pairs, and one table of ratios."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from saprolite.comparison.manuscript import MANUSCRIPT, Comparison
from saprolite.comparison.sites import ComparisonSites
from saprolite.report.figures.comparison import draw_comparison
from saprolite.stages import Report, counted, quiet
from saprolite.stores import write_text, writing

STATISTICS = "comparison_statistics.csv"
_DIGITS = "%.9g"


def write_comparisons(
    sites: ComparisonSites, folder: str | Path, comparisons: Iterable[Comparison] = MANUSCRIPT,
    report: Report = quiet,
) -> pd.DataFrame:  # fmt: skip
    """Run comparisons at the sites and write them into a folder; returns the statistics.

    Writes ``NAME.csv.gz`` (pairs), ``NAME_rate`` and ``NAME_weathering`` (PNG and PDF) for each
    comparison, and ``comparison_statistics.csv`` with one row per comparison, quantity and mineral.
    """
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    origin = (
        f"{len(sites.table)} horizons of {sites.profiles} profiles; "
        + "; ".join(sites.notes)
        + ". Left out: "
        + ", ".join(f"{cause} {count}" for cause, count in sites.left_out.items() if count)
        + "."
    )
    rows = []
    for comparison in counted(tuple(comparisons), "comparing models", report):
        pairs = comparison.run(sites.table)
        file = folder / f"{comparison.name}.csv.gz"
        with writing(file):
            pairs.table.to_csv(file, index=False, float_format=_DIGITS)
        caption = f"{comparison.caption} {origin}"
        for quantity, statistics in pairs.statistics.items():
            draw_comparison(
                pairs.table, folder / f"{comparison.name}_{quantity}",
                title=comparison.title, label_a=comparison.label_a, label_b=comparison.label_b,
                caption=caption, quantity=quantity,
            )  # fmt: skip
            named = statistics.copy()
            named.insert(0, "comparison", comparison.name)
            named.insert(1, "figure", comparison.figure)
            named.insert(2, "claims", " ".join(comparison.claims))
            named.insert(3, "quantity", quantity)
            rows.append(named.assign(models=comparison.caption))
    table = pd.concat(rows, ignore_index=True)
    write_text(folder / STATISTICS, f"# {origin}\n{table.to_csv(index=False)}")
    return table
