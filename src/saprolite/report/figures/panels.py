"""Panels that several figures of the study have: a map of trends, a profile along the latitudes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import ascii_lowercase
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize

from saprolite.analysis.analysed import Analysed
from saprolite.report.figures.page import FONT, GAP, HEAD, WIDTH, Box, Page
from saprolite.report.figures.style import Array, colour_limit
from saprolite.report.figures.world_map import coloured, stipple

# Without the darkest ends, on which dots cannot be seen.
RISES_GREEN, WET_BLUE, WARM_RED = (
    ListedColormap(colours(np.linspace(0.1, 0.9, 256)), colours.name)
    for colours in (cm.bam, cm.broc_r, cm.vik)
)
CENTRED = (
    "Colours are centred on 0 and reach the size that 98 % of the cells stay below; arrows: values "
    "beyond. Grey: land without a value."
)
LINE = "#0b3c5d"
LEFT, HIGH = 0.62, 1.5  # of panels that are no maps, inches
_END = 0.22  # on the right of them: half a label
_COVERAGE = LinearSegmentedColormap.from_list("coverage", ["#f0d9a8", "#3a7d8c"])
BAR = 0.07
BAR_ROOM = 0.4  # a bar, its numbers and its label


class Scale(NamedTuple):
    """Colours of a map: which, from where to where, and whether values lie beyond the ends."""

    colours: Colormap
    norm: Normalize
    extend: str


def diverging(colours: Colormap, maps: Sequence[Array], limit: float | None = None) -> Scale:
    """Colours centred on 0, to the size that 98 % of the values stay below, or a given limit."""
    sizes = np.abs(np.concatenate([values.ravel() for values in maps]))
    end = colour_limit(sizes) if limit is None else limit
    beyond = bool(np.any(sizes[np.isfinite(sizes)] > end))
    return Scale(colours, Normalize(-end, end), "both" if beyond else "neither")


def upward(colours: Colormap, maps: Sequence[Array]) -> Scale:
    """Colours from 0 to what 98 % of the values stay below on the map with the highest."""
    end = max(colour_limit(values) for values in maps)
    beyond = any(bool(np.any(values > end)) for values in maps)
    return Scale(colours, Normalize(0.0, end), "max" if beyond else "neither")


def columns(count: int, top: float) -> list[Box]:
    """Places of maps side by side, as wide as fits; one map alone gets three quarters of a page."""
    if count == 1:
        return [Box(0.125 * WIDTH, top, 0.75 * WIDTH, 0.0)]
    width = (WIDTH - (count + 1) * GAP) / count
    return [Box(GAP + number * (width + GAP), top, width, 0.0) for number in range(count)]


def map_grid(
    page: Page,
    run: Analysed,
    maps: Mapping[str, Array],
    scales: Sequence[Scale],
    label: str,
    sure: Callable[[str], Any] | None = None,
) -> float:
    """Maps two by two from the top of the page, by title; returns where they end.

    ``scales``: one for all, drawn once below, or one a map, each below its own. ``sure``: gives the
    cells of a title that get dots.
    """
    top, own = 0.05, len(scales) > 1
    titles = list(maps)
    for first in range(0, len(titles), 2):
        bottom = top
        for title, box in zip(titles[first : first + 2], columns(2, top + HEAD), strict=False):
            number = titles.index(title)
            scale = scales[number if own else 0]
            axes, taken = page.map(box, run, coloured(maps[title], scale.colours, scale.norm),
                                   ascii_lowercase[number], title)  # fmt: skip
            if sure is not None:
                stipple(axes, run.maps, sure(title), taken.width)
            below = taken.top + taken.height
            if own:
                bar_below(page, Box(taken.left, below, taken.width, 0.0), scale, label)
                below += BAR_ROOM
            bottom = max(bottom, below)
        top = bottom
    if not own:
        bar_below(page, Box(0.0, top, WIDTH, 0.0), scales[0], label)
        top += BAR_ROOM
    return top


def bar_below(page: Page, box: Box, scale: Scale, label: str) -> None:
    """A colour bar over the middle of the place above it."""
    width = min(0.8 * box.width, 3.2)
    left = box.left + 0.5 * (box.width - width)
    page.bar(Box(left, box.top + 0.06, width, BAR), *scale[:2], label, scale.extend)


def wide_box(top: float) -> Box:
    """The place of a panel over the whole width, below its title."""
    return Box(LEFT, top + HEAD, WIDTH - LEFT - _END, HIGH)


def latitude_axes(page: Page, run: Analysed, top: float, letter: str, title: str) -> Axes:
    """Axes of a profile, latitude to the right."""
    axes = page.axes(wide_box(top), letter, title)
    edges = run.maps.lat_edges
    axes.set_xlim(edges[0], edges[-1])
    if edges[-1] - edges[0] > 60.0:
        axes.set_xticks(range(-60, 91, 15))
        axes.set_xlim(max(edges[0], -60.0), min(edges[-1], 90.0))
    axes.xaxis.set_major_formatter(lambda value, _: degrees(value))
    axes.axhline(0.0, color="#666666", lw=0.5, zorder=0)
    return axes


def coverage_strip(page: Page, over: Axes, table: pd.DataFrame, top: float) -> float:
    """The share of land with a value by latitude as a strip of greys; returns where it ends."""
    axes = page.axes(wide_box(top)._replace(top=top, height=0.1))
    latitude = table["latitude_degrees_north"].to_numpy(float)
    half = 0.5 * float(np.diff(latitude).mean()) if latitude.size > 1 else 0.5
    cover = 100.0 * table["coverage_of_land_1"].to_numpy(float)[None]
    scale = Scale(_COVERAGE, Normalize(0.0, 100.0), "neither")
    axes.imshow(np.ma.masked_invalid(cover), aspect="auto", cmap=scale.colours, norm=scale.norm,
                extent=(latitude[0] - half, latitude[-1] + half, 0.0, 1.0))  # fmt: skip
    axes.set_xlim(over.get_xlim())
    axes.set_yticks([])
    axes.tick_params(labelbottom=False, bottom=False)
    page.bar(Box(LEFT, top + 0.19, 1.6, BAR), *scale[:2], "land with a value (%); white: no land",
             scale.extend)  # fmt: skip
    return top + 0.1 + BAR_ROOM


def annotate(axes: Axes, features: pd.DataFrame, value: str, count: int = 3) -> None:
    """Write latitude and value at the maxima and minima that stand out most."""
    for kind, upwards in (("maximum", True), ("minimum", False)):
        here = features[features["feature"] == kind]
        prominence = here.filter(like="prominence").iloc[:, 0].astype(float)
        for row in here.loc[prominence.nlargest(count).index].to_dict("records"):
            at, size = row["latitude_degrees_north"], row[value]
            axes.plot(at, size, "o", ms=2.2, color="#b3441e", zorder=4)
            axes.annotate(f"{degrees(at)}: {number(size)}", (at, size),
                          (0, 4 if upwards else -4), textcoords="offset points", ha="center",
                          va="bottom" if upwards else "top", fontsize=FONT - 1,
                          bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7,
                                "pad": 0.6})  # fmt: skip
    axes.margins(y=0.16)


def number(value: float) -> str:
    """Three digits, a real minus.

    >>> number(-0.012), number(12.0), number(123.4)
    ('−0.0120', '12.0', '123')
    """
    return f"{value:#.3g}".rstrip(".").replace("-", "−")


def percent(value: float, digits: int = 1) -> str:
    """A percentage with a real minus.

    >>> percent(-59.42), percent(21.0)
    ('−59.4 %', '21.0 %')
    """
    return f"{value:.{digits}f} %".replace("-", "−")


def degrees(latitude: float) -> str:
    """A latitude as people write it.

    >>> degrees(-7.5), degrees(0.0), degrees(30.0)
    ('7.5° S', '0°', '30° N')
    """
    side = " N" if latitude > 0.0 else " S" if latitude < 0.0 else ""
    return f"{abs(latitude):g}°{side}"


def cell_table(run: Analysed, maps: Mapping[str, Array]) -> pd.DataFrame:
    """The numbers of maps, a row a land cell."""
    row, column = np.nonzero(run.maps.land)
    return pd.DataFrame(
        {
            "latitude_degrees_north": run.maps.lat[row],
            "longitude_degrees_east": run.maps.lon[column],
        }
        | {name: np.asarray(values)[row, column] for name, values in maps.items()}
    )


def significance(run: Analysed) -> str:
    """What the dots of a map say."""
    test = {"least_squares": "least squares, F test", "theil_sen": "Theil-Sen, Mann-Kendall"}
    adjusted = "" if run.choices.false_discovery == "none" else ", adjusted for false discovery"
    return (
        f"Dots, on an even lattice: p < {run.choices.alpha:g} in the cell below "
        f"({test[run.choices.trend]}{adjusted})."
    )
