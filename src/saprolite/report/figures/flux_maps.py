"""Maps of the mean carbon sink flux: one per layer, and the whole column."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import MaxNLocator

from saprolite.analysis import RunMaps
from saprolite.analysis.run_map import RunMap
from saprolite.places import Place
from saprolite.report.figures.files import settle_with_caption, write_figure
from saprolite.report.figures.panels import RISES_GREEN, Scale, diverging, upward
from saprolite.report.figures.style import FLUX_LABEL, SEQUENTIAL, Array, new_figure
from saprolite.report.figures.world_map import Landed, coloured, map_axes, paint, repaint

_MOST_TICKS = 6


def draw_flux_maps(maps: RunMaps, folder: Place) -> list[Place]:
    """One file per layer on one colour scale, and one for the column on its own."""
    layers = dict(zip(maps.layer_names, maps.layers, strict=True))
    return [
        *draw_depths(maps, layers, folder),
        *draw_depths(maps, {maps.depth_name: maps.column}, folder),
    ]


def draw_run_map(figure: Any, position: Any, maps: Landed, found: RunMap) -> Axes:
    """A map of anything, from 0 upwards; of a change, centred on 0."""
    values = [found.values]
    scale = diverging(RISES_GREEN, values) if found.is_change else upward(SEQUENTIAL, values)
    return _draw(figure, position, maps, found, scale)


def draw_depths(maps: RunMaps, depths: dict[str, Array], folder: Place) -> list[Place]:
    """A file of each depth, in which only the title and the colours of the cells differ."""
    figure, scale = new_figure(8.4, 4.8), upward(SEQUENTIAL, list(depths.values()))
    found = [RunMap(values, _title(maps, depth), FLUX_LABEL) for depth, values in depths.items()]
    axes, caption = _draw(figure, 111, maps, found[0], scale), str(maps.attributes["comment"])
    settle_with_caption(figure, caption)
    paths = []
    for depth, shown in zip(depths, found, strict=True):
        axes.title.set_text(shown.title)
        repaint(axes, maps, coloured(shown.values, scale.colours, scale.norm))
        paths.append(folder / f"flux_map_{depth.replace(' ', '')}.png")
        write_figure(figure, paths[-1], paths[-1].stem, caption)
    return paths


def _title(maps: RunMaps, depth: str) -> str:
    return f"{maps.attributes['title']}\n{depth}, {_period(maps)}; grey: land without a value"


def _draw(figure: Any, position: Any, maps: Landed, found: RunMap, scale: Scale) -> Axes:
    axes: Axes = map_axes(figure, position, maps)
    paint(axes, maps, coloured(found.values, scale.colours, scale.norm), figure.get_figwidth())
    bar = figure.colorbar(
        ScalarMappable(scale.norm, scale.colours), ax=axes, orientation="horizontal",
        fraction=0.05, pad=0.03, shrink=0.6, extend=scale.extend,
    )  # fmt: skip
    bar.set_label(found.label, fontsize=9)
    bar.locator = MaxNLocator(_MOST_TICKS)
    bar.update_ticks()
    bar.ax.tick_params(labelsize=8)
    bar.ax.xaxis.set_major_formatter("{x:g}")
    axes.set_title(found.title, fontsize=10)
    return axes


def _period(maps: RunMaps) -> str:
    if not maps.years:
        return "no year with a value"
    first, last = maps.years[0], maps.years[-1]
    return f"{first}" if first == last else f"mean {first}-{last}"
