"""The figures of a run, one file per figure; a figure never computes a flux."""

from __future__ import annotations

from collections.abc import Callable

from saprolite.analysis import RunMaps
from saprolite.places import Place
from saprolite.report.figures.flux_maps import draw_flux_maps
from saprolite.report.figures.latitude import draw_latitude_profile
from saprolite.report.figures.totals import draw_annual_totals, draw_totals


def draw_all(maps: RunMaps, folder: Place, report: Callable[[str, int, int], None]) -> list[Place]:
    """Draw every figure of a run into a folder."""
    report("drawing", 0, 4)
    paths = draw_flux_maps(maps, folder)
    report("drawing", 1, 4)
    for number, draw in enumerate((draw_latitude_profile, draw_totals, draw_annual_totals), 2):
        paths.append(draw(maps, folder))
        report("drawing", number, 4)
    return paths


__all__ = ["draw_all"]
