"""A map of the ratio of two sources: white where they agree."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
from cmcrameri import cm

from saprolite.report.figures.files import save_with_caption
from saprolite.report.figures.style import new_figure
from saprolite.report.figures.world_map import map_axes

Array = npt.NDArray[np.float64]
_REACH = 0.5  # colours go from 1 less this to 1 more


class MapEdges(NamedTuple):
    """Borders of the cells of a map, degrees."""

    lon_edges: Array
    lat_edges: Array


def draw_ratio_map(
    lon_edges: Array, lat_edges: Array, ratio: Array, path: Path, *, title: str, caption: str
) -> Path:
    """Map of a ratio (lat, lon); NaN is left out. ``caption`` goes below it and into the file."""
    figure = new_figure(8.4, 5.0)
    axes = map_axes(figure, 111, MapEdges(lon_edges, lat_edges))
    mesh = axes.pcolormesh(
        lon_edges, lat_edges, np.ma.masked_invalid(ratio), cmap=cm.vik_r, vmin=1.0 - _REACH,
        vmax=1.0 + _REACH, transform=ccrs.PlateCarree(), rasterized=True,
    )  # fmt: skip
    bar = figure.colorbar(mesh, ax=axes, orientation="horizontal", fraction=0.05, pad=0.03,
                          shrink=0.6, extend="both")  # fmt: skip
    bar.set_label("ratio (1)", fontsize=9)
    axes.set_title(title, fontsize=10)
    save_with_caption(figure, path, caption)
    return path
