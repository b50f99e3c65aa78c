"""Files of the comparison with sites: the pairs, the statistics, a map, the ratios."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from saprolite.analysis.maps import edges_of
from saprolite.analysis.sites import SiteComparison, compare_sites
from saprolite.comparison.site_table import read_sites_table
from saprolite.places import Place, write_text
from saprolite.report.figures.sites import Land, draw_site_map, draw_site_ratios
from saprolite.stages import Report, quiet

_DIGITS = "%.9g"


def write_sites(
    fluxes: xr.Dataset, table: Path, columns: Path | None, folder: Place, *, depth_cm: float,
    farthest_km: float | None = None, report: Report = quiet,
) -> tuple[SiteComparison, list[Place]]:  # fmt: skip
    """Compare a run with a table of sites and write CSV, PNG and PDF into a folder.

    ``sites.csv`` has one row a site, ``site_statistics.csv`` one a region. Files of the same names
    are replaced. Returns the comparison and what was written.
    """
    report("sites", 0, 4)
    sites, left_out, read_notes = read_sites_table(table, columns)
    report("sites", 1, 4)
    found = compare_sites(sites, fluxes, depth_cm, farthest_km)
    report("sites", 2, 4)
    gone = [f"{cause} {count}" for cause, count in left_out.items() if count]
    notes = (
        str(fluxes.attrs["reading_summary"]),
        *found.notes,
        *read_notes,
        *(f"rows of the table left out: {', '.join(gone)}" for _ in gone[:1]),
        *(f"run: {note}" for note in fluxes.attrs["notes"]),
    )
    found = SiteComparison(found.table, found.statistics, notes)
    head = "".join(f"# {note}\n" for note in notes)
    written: list[Place] = []
    for name, frame in (("sites", found.table), ("site_statistics", found.statistics)):
        written.append(folder / f"{name}.csv")
        write_text(written[-1], head + frame.to_csv(index=False, float_format=_DIGITS))
    land = Land(
        fluxes["land"].values > 0,
        *(edges_of(fluxes[f"{name}_bounds"].values) for name in ("lat", "lon")),
    )
    caption = ". ".join(notes)
    written += draw_site_map(found, land, folder / "fig07a_sites", caption)
    report("sites", 3, 4)
    written += draw_site_ratios(found, folder / "fig07b_site_ratios", caption)
    report("sites", 4, 4)
    return found, written
