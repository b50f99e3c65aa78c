"""The command ``saprolite analyse``: what a finished run says of trends, drivers and zones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saprolite.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def analyse(out: str, *, study: Path | None = None) -> None:
    """Analyse a finished run: trends, drivers, zones, their maps, tables and figures.

    Parameters
    ----------
    out
        Folder of the run, or its URL.
    study
        A study file whose [analysis] is used in the place of the one that the run was made with.
    """
    from saprolite.analysis_workflow import FIGURES, FOLDER, STORE
    from saprolite.analysis_workflow import analyse as analyse_run
    from saprolite.places import place

    with Progress() as report:
        found = analyse_run(out, study, report)
    _print_trends(found.tables)
    for note in found.notes:
        print(f"  note: {note}")
    folder = place(out)
    print(f"  look at {folder / FIGURES}, {folder / FOLDER}, {folder / STORE}")


def _print_trends(tables: dict[str, pd.DataFrame]) -> None:
    if "trends" not in tables:
        return
    trends = tables["trends"]
    here = trends[(trends["series"] == "control") & (trends["kind"] == "globe")]
    print("Trends of the control, globe")
    for row in here.to_dict("records"):
        print(
            f"  {row['layers']:12s} {row['slope_of_total_Tg_C_yr-2']:+.3g} Tg C yr-2 "
            f"(p = {row['p']:.2g}); rises significantly on "
            f"{row['rising_significantly_area_percent']:.1f} % of the area, "
            f"falls on {row['falling_significantly_area_percent']:.1f} %"
        )
