"""Sites with weathering rates: where they are, and the run's rate over theirs."""

from __future__ import annotations

from typing import Any, NamedTuple

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.ticker import FuncFormatter

from saprolite.analysis.sites import LATITUDE, LEFT_OUT, LONGITUDE, RATIO, SITE, SiteComparison
from saprolite.places import Place
from saprolite.report.figures.files import caption_lines, save_figure
from saprolite.report.figures.style import new_figure, plain
from saprolite.report.figures.world_map import NO_DATA

Array = npt.NDArray[np.float64]
_LAND = "#e6e6e6"
_COLOURS = ("#0b3c5d", "#b5652b", "#3a7d44", "#7b4b94", "#8a8a8a", "#c29b00")
_LINES = (("mean_ratio_1", "mean", "-"), ("median_ratio_1", "median", "--"),
          ("ratio_of_means_1", "ratio of means", ":"))  # fmt: skip
_MARGIN = 0.08
_WORLD = 120.0  # degrees of longitude: sites that reach further are drawn on a map of the world
_PERCENT = 100.0
_MAP_WIDTH = 6.4  # inches


class Land(NamedTuple):
    """The land of a run, (lat, lon), and the borders of its cells, degrees."""

    land: npt.NDArray[np.bool_]
    lat_edges: Array
    lon_edges: Array


def draw_site_map(found: SiteComparison, land: Land, stem: Place, caption: str) -> list[Place]:
    """Map of the sites, coloured by their rate; sites that are left out are crosses."""
    table = found.table
    caption_room = 0.14 * len(caption_lines(caption, _MAP_WIDTH))
    figure = new_figure(_MAP_WIDTH, _MAP_WIDTH * _height_to_width(table) + 1.6 + caption_room)
    axes = _map_axes(figure, table, land)
    used = table[table[LEFT_OUT] == ""]
    left = table[table[LEFT_OUT] != ""]
    shared = {"transform": ccrs.PlateCarree(), "zorder": 3}
    axes.scatter(left[LONGITUDE], left[LATITUDE], c="#555555", s=12, marker="x", lw=0.7, **shared)
    if not used.empty:
        low, high = np.percentile(used[SITE], [2.0, 98.0])
        dots = axes.scatter(
            used[LONGITUDE], used[LATITUDE], c=used[SITE], s=_size(len(used)), cmap=cm.batlow,
            norm=LogNorm(low, max(high, 1.01 * low)), lw=0.0, **shared,
        )  # fmt: skip
        bar = figure.colorbar(dots, ax=axes, orientation="horizontal", shrink=0.7, pad=0.03,
                              extend="both")  # fmt: skip
        bar.set_label("weathering rate at the site (eq ha$^{-1}$ yr$^{-1}$)", fontsize=9)
        bar.ax.tick_params(labelsize=8, which="both")
        bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        bar.ax.xaxis.set_minor_formatter(FuncFormatter(_few_numbers))
    title = f"{len(used):,} sites compared"
    if len(left):
        title += f", {len(left):,} left out (crosses)"
    axes.set_title(title, fontsize=10)
    return save_figure(figure, stem, title, caption)


def draw_site_ratios(found: SiteComparison, stem: Place, caption: str) -> list[Place]:
    """The ratio of run to site by longitude and how it is spread, with mean and median lines."""
    used = found.table[found.table[LEFT_OUT] == ""]
    everything = found.statistics.iloc[-1]
    figure = new_figure(8.4, 4.6)
    ratios, spread = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    regions = used["region"] if "region" in used else pd.Series("", used.index)
    names = list(dict.fromkeys(regions))
    for number, name in enumerate(names):
        part = used[regions == name]
        label = (name or "no region") if len(names) > 1 else None
        ratios.scatter(part[LONGITUDE], _PERCENT * part[RATIO], s=_size(len(used)), lw=0.0,
                       alpha=0.7, color=_COLOURS[number % len(_COLOURS)], label=label)  # fmt: skip
    ratios.set_yscale("log")
    bounds = _decades(_PERCENT * used[RATIO].to_numpy(float))
    ratios.set_ylim(*bounds)
    spread.hist(_PERCENT * used[RATIO], bins=np.geomspace(*bounds, 31), orientation="horizontal",
                color=NO_DATA, edgecolor="white", lw=0.4)  # fmt: skip
    for axes in (ratios, spread):
        axes.axhline(_PERCENT, color="#999999", lw=0.8)
        for column, name, style in _LINES:
            if np.isfinite(everything[column]):
                value = _PERCENT * everything[column]
                label = f"{name} {value:.3g} %" if axes is ratios else None
                axes.axhline(value, color="black", lw=1.1, ls=style, label=label)
        plain(axes)
    ratios.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ratios.set_xlabel("longitude (degrees east)", fontsize=9)
    ratios.set_ylabel("weathering rate, run over site (%)", fontsize=9)
    ratios.legend(fontsize=7, framealpha=0.9, loc="upper left", ncols=3)
    spread.set_xlabel("sites", fontsize=9)
    title = (
        f"Run over site, n = {everything['n']:,.0f}; within ×3: "
        f"{_PERCENT * everything['share_within_3_1']:.0f} %, ×10: "
        f"{_PERCENT * everything['share_within_10_1']:.0f} %; log$_{{10}}$ bias "
        f"{everything['log10_bias_1']:+.2f}, scatter {everything['log10_scatter_1']:.2f}"
    )
    figure.suptitle(title, fontsize=10)
    return save_figure(figure, stem, "Run over site", caption)


def _map_axes(figure: Any, table: pd.DataFrame, land: Land) -> Any:
    """An equal-area map around the sites, with the land of the run below them."""
    west, east = table[LONGITUDE].min(), table[LONGITUDE].max()
    south, north = table[LATITUDE].min(), table[LATITUDE].max()
    edges = np.ma.masked_where(~land.land, np.ones(land.land.shape))
    fill = {"cmap": ListedColormap([_LAND]), "transform": ccrs.PlateCarree(), "rasterized": True}
    if east - west > _WORLD:
        axes: Any = figure.add_subplot(111, projection=ccrs.EqualEarth())
        axes.set_global()
    else:
        centre = ccrs.LambertAzimuthalEqualArea(0.5 * (west + east), 0.5 * (south + north))
        axes = figure.add_subplot(111, projection=centre)
        wide, high = (max(_MARGIN * size, 1.0) for size in (east - west, north - south))
        box = (west - wide, east + wide, max(south - high, -89.0), min(north + high, 89.0))
        axes.set_extent(box, crs=ccrs.PlateCarree())
        lines = axes.gridlines(draw_labels=True, lw=0.4, color="#999999", alpha=0.6)
        lines.top_labels = lines.right_labels = False
        lines.xlabel_style = lines.ylabel_style = {"size": 7}
        # Cells on the far side of the Earth have no place on such a map.
        rows, columns = (
            _near(centres, low - 20.0, up + 20.0)
            for centres, low, up in ((land.lat_edges, *box[2:]), (land.lon_edges, *box[:2]))
        )
        edges = edges[rows, columns]
        land = Land(land.land, land.lat_edges[rows.start : rows.stop + 1],
                    land.lon_edges[columns.start : columns.stop + 1])  # fmt: skip
    axes.pcolormesh(land.lon_edges, land.lat_edges, edges, **fill)
    axes.spines["geo"].set_edgecolor("#888888")
    return axes


def _height_to_width(table: pd.DataFrame) -> float:
    """Of the map around the sites, roughly."""
    wide, high = (float(np.ptp(table[name])) + 2.0 for name in (LONGITUDE, LATITUDE))
    if wide > _WORLD:
        return 0.5
    return float(np.clip(high / (wide * np.cos(np.deg2rad(table[LATITUDE].mean()))), 0.4, 1.1))


def _near(edges: Array, low: float, high: float) -> slice:
    """The cells between borders that reach into a range."""
    inside = np.flatnonzero((edges[1:] > low) & (edges[:-1] < high))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 1)


def _size(sites: int) -> float:
    return float(np.clip(4000.0 / max(sites, 1), 5.0, 40.0))


def _decades(values: Array) -> tuple[float, float]:
    """Whole decades that hold all ratios, %, and ten to both sides of 100."""
    found = np.append(values[values > 0.0], _PERCENT)
    low, high = np.floor(np.log10(found.min())), np.ceil(np.log10(found.max()))
    return float(10.0 ** min(low, 1.0)), float(10.0 ** max(high, 3.0))


def _few_numbers(value: float, _: int) -> str:
    """Label of a tick between decades: 2 and 5 of each."""
    digit = value / 10.0 ** np.floor(np.log10(value))
    return f"{value:g}" if round(digit) in (2, 5) else ""
