"""Files of the comparison of GLDAS 2.1 with 2.0: a NetCDF file of maps, a figure, a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from saprolite.comparison.seam import (
    SeamComparison,
    caption,
    compare_versions,
    seam_dataset,
    seam_table,
    unpacked,
)
from saprolite.places import writing
from saprolite.report.figures.seam import draw_ratio_map
from saprolite.sources.files import HDF5_LOCK
from saprolite.stores import write_text
from saprolite.study import Study

NAME = "gldas_2_1_against_2_0"


def write_seam(
    study: Study, folder: Path, report: Callable[[str, int, int], None] = lambda *_: None
) -> tuple[SeamComparison, list[Path]]:
    """Compare the versions of a study's GLDAS forcing and write NAME.nc, NAME.png and NAME.csv.

    Files of the same names are replaced. Returns the comparison and what was written.
    """
    found = compare_versions(study, report)
    paths = [folder / f"{NAME}.{kind}" for kind in ("nc", "csv", "png")]
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with writing(paths[0]), HDF5_LOCK:
        paths[0].unlink(missing_ok=True)
        seam_dataset(found).to_netcdf(paths[0], engine="netcdf4")
    table = seam_table(found).to_csv(index=False, float_format="%.9g")
    write_text(paths[1], f"# {found.title}\n# {caption(found)}\n{table}")
    draw_ratio_map(
        found.grid.lon_edges,
        found.grid.lat_edges,
        unpacked(found, found.ratio),
        paths[2],
        title="Evapotranspiration of GLDAS 2.1 to that of 2.0",
        caption=f"{found.title}. {caption(found)}",
    )
    return found, paths
