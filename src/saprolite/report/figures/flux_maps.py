"""Maps of the mean carbon sink flux: one per layer, and the whole column."""

from __future__ import annotations

from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from saprolite.analysis import RunMaps
from saprolite.places import Place
from saprolite.report.figures.style import (
    FLUX_LABEL,
    SEQUENTIAL,
    Array,
    colour_limit,
    new_figure,
    save,
)
from saprolite.report.figures.world_map import coloured, map_axes, paint


def draw_flux_maps(maps: RunMaps, folder: Place) -> list[Place]:
    """One file per layer on one colour scale, and one for the column on its own."""
    limit = max(colour_limit(layer) for layer in maps.layers)
    paths = []
    for name, values in zip(maps.layer_names, maps.layers, strict=True):
        paths.append(_one_map(maps, values, name, limit, folder))
    paths.append(_one_map(maps, maps.column, maps.depth_name, colour_limit(maps.column), folder))
    return paths


def _one_map(maps: RunMaps, values: Array, depth: str, limit: float, folder: Place) -> Place:
    figure = new_figure(8.4, 4.8)
    axes = map_axes(figure, 111, maps)
    norm = Normalize(0.0, limit)
    paint(axes, maps, coloured(values, SEQUENTIAL, norm), figure.get_figwidth())
    bar = figure.colorbar(
        ScalarMappable(norm, SEQUENTIAL), ax=axes, orientation="horizontal", fraction=0.05,
        pad=0.03, shrink=0.6, extend="max",
    )  # fmt: skip
    bar.set_label(FLUX_LABEL, fontsize=9)
    bar.ax.tick_params(labelsize=8)
    what = f"{depth}, {_period(maps)}; grey: land without a value"
    axes.set_title(f"{maps.attributes['title']}\n{what}",
                   fontsize=10)  # fmt: skip
    path = folder / f"flux_map_{depth.replace(' ', '')}.png"
    save(figure, path, maps)
    return path


def _period(maps: RunMaps) -> str:
    if not maps.years:
        return "no year with a value"
    first, last = maps.years[0], maps.years[-1]
    return f"{first}" if first == last else f"mean {first}-{last}"
