"""A scenario: maps of the change by climatic region, and lines against a baseline that is named."""

from __future__ import annotations

from typing import Any, NamedTuple

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from saprolite.analysis.scenario import DRIVERS, GLOBE, HISTORY, ScenarioComparison
from saprolite.analysis.zones import group_masks
from saprolite.places import Place
from saprolite.report.figures.files import caption_lines, save_figure
from saprolite.report.figures.style import ZONE_COLOURS, new_figure, plain
from saprolite.report.figures.world_map import map_axes

Array = npt.NDArray[np.float64]
_PANELS = (("A tropical",), ("B arid",), ("C temperate",), ("D cold", "E polar"))
_LAND, _WIDTH = "#dddddd", 10.0
_SERIES = "percent_of_history_mean"
_TOTAL = "total_Tg_C_yr-1"
_MASK_COLOURS = {"drier soil": "#b5652b", "wetter soil": "#2f6690", "warmer soil": "#a3262a",
                 "cooler soil": "#5b7fb5", "drier and warmer soil": "#7b4b94"}  # fmt: skip
_DRIVER_COLOURS = dict(zip(DRIVERS, ("#2f6690", "#8fb8d8", "#b5402b", "#3a7d44"), strict=True))
_LEAST_FLUX = 1e-3  # t C km-2 yr-1; a percentage of less than this says nothing


class Background(NamedTuple):
    """Land, climate classes, (lat, lon), and the borders of the cells, degrees."""

    land: npt.NDArray[np.bool_]
    climate: npt.NDArray[np.int16]
    lat_edges: Array
    lon_edges: Array


def draw_scenario(
    found: ScenarioComparison, background: Background, stem: Place, title: str, caption: str
) -> list[Place]:
    """Four maps of the change of the column's flux (mean over the members, % of history's mean) and
    three charts: the globe, the climatic regions, regions of drier and warmer soil."""
    lines = caption_lines(caption, _WIDTH)
    figure = new_figure(_WIDTH, 8.4 + 0.13 * len(lines))
    grid = figure.add_gridspec(3, 6, height_ratios=(2.5, 2.5, 3.2))
    change = percent_change(found)
    limit = _limit(change)
    groups = group_masks(background.climate)
    maps: list[Any] = []
    for number, zones_of_panel in enumerate(_PANELS):
        row, side = divmod(number, 2)
        position = grid[row, 3 * side : 3 * side + 3]
        axes = map_axes(figure, position, background)
        inside = np.logical_or.reduce([groups[name] for name in zones_of_panel])
        mesh = _map(axes, background, np.where(inside, change, np.nan), limit)
        axes.set_title(", ".join(zones_of_panel), fontsize=9)
        maps.append(axes)
    bar = figure.colorbar(mesh, ax=maps, orientation="vertical", shrink=0.6, pad=0.01,
                          extend="both")  # fmt: skip
    bar.set_label("change of the flux (% of the mean of history)", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    globe, zones, masks = (figure.add_subplot(grid[2, 2 * at : 2 * at + 2]) for at in range(3))
    _globe(globe, found)
    names = [zone for zone in found.change["zone"].unique() if zone in groups]
    _percents(zones, found, dict(zip(names, ZONE_COLOURS, strict=False)), "climatic regions")
    present = {name: colour for name, colour in _MASK_COLOURS.items()
               if (found.annual["zone"] == name).any()}  # fmt: skip
    _percents(masks, found, present, "where the soil gets ...")
    figure.suptitle(title, fontsize=10)
    return save_figure(figure, stem, title, caption)


def draw_drivers(found: ScenarioComparison, stem: Place, title: str, caption: str) -> list[Place]:
    """What each driver brings to the change, by zone; mean over the members, their range."""
    figure = new_figure(8.4, 4.4)
    axes = figure.add_subplot()
    value = "contribution_percent_of_history_mean"
    groups = found.drivers.groupby(["zone", "driver"], sort=False)[value]
    table = groups.agg(["mean", "min", "max"])
    zones = list(found.drivers["zone"].unique())
    width, several = 0.8 / len(DRIVERS), len(found.members) > 1
    for number, driver in enumerate(DRIVERS):
        part = table.xs(driver, level="driver").loc[zones]
        at = np.arange(len(zones)) + (number - 1.5) * width
        low_high = np.abs(part[["min", "max"]].to_numpy().T - part["mean"].to_numpy())
        label = driver.replace("_", " ").replace("co2", "CO2")
        axes.bar(at, part["mean"], width, color=_DRIVER_COLOURS[driver], label=label,
                 yerr=low_high if several else None, error_kw={"lw": 0.8})  # fmt: skip
    net = table.xs("all", level="driver").loc[zones]
    axes.plot(np.arange(len(zones)), net["mean"], "D", color="black", ms=4, label="all four")
    axes.axhline(0.0, color="#777777", lw=0.7)
    axes.set_xticks(np.arange(len(zones)), [zone.replace(" ", "\n") for zone in zones], fontsize=7)
    axes.set_ylabel("contribution to the change\n(% of the mean of history)", fontsize=9)
    axes.legend(fontsize=8, frameon=False, ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    plain(axes)
    axes.tick_params(axis="x", labelsize=7.5)
    figure.suptitle(title, fontsize=10)
    return save_figure(figure, stem, title, caption)


def percent_change(found: ScenarioComparison) -> Array:
    """Mean change over the members in % of history's mean, (lat, lon); NaN where that is next to
    nothing."""
    change = np.mean([member.change for member in found.members], axis=0)
    enough = found.history_flux > _LEAST_FLUX
    filled = np.full(found.cells.shape, np.nan)
    filled[found.cells] = np.where(
        enough, 100.0 * change / np.where(enough, found.history_flux, 1.0), np.nan
    )
    return filled


def _limit(change: Array) -> float:
    """End of the scale, %: a round number that 95 % of the changes stay below."""
    known = np.abs(change[np.isfinite(change)])
    high = float(np.percentile(known, 95.0)) if known.size else 1.0
    if high == 0.0:
        return 1.0
    step = 10.0 ** np.floor(np.log10(high))
    return float(np.ceil(high / step) * step)


def _map(axes: Any, background: Background, values: Array, limit: float) -> Any:
    shared = {"transform": ccrs.PlateCarree(), "rasterized": True}
    edges = (background.lon_edges, background.lat_edges)
    land = np.ma.masked_where(~background.land, np.zeros(values.shape))
    axes.pcolormesh(*edges, land, cmap=ListedColormap([_LAND]), **shared)
    return axes.pcolormesh(*edges, np.ma.masked_invalid(values), cmap=cm.vik, vmin=-limit,
                           vmax=limit, **shared)  # fmt: skip


def _globe(axes: Axes, found: ScenarioComparison) -> None:
    """Totals of history and of the scenario, and the baselines as level lines."""
    part = found.annual[found.annual["zone"] == GLOBE]
    first = part[part["member"] == found.members[0].name]
    past = first[first["run"] == HISTORY]
    axes.plot(past["year"], past[_TOTAL], color="#333333", lw=1.1, label="history")
    _ribbon(axes, _of_zone(found, GLOBE), _TOTAL, "#a3262a", "scenario")
    row = found.change[(found.change["zone"] == GLOBE)].groupby("depth", sort=False).mean(
        numeric_only=True
    ).iloc[-1]  # fmt: skip
    for (name, definition), style in zip(found.definitions.items(), ("-", "--", ":"), strict=True):
        axes.axhline(row[f"{name}_{_TOTAL}"], color="#888888", lw=0.8, ls=style,
                     label=definition.partition(" (")[0].removeprefix("mean of "))  # fmt: skip
    axes.set_ylabel("carbon sink, globe (Tg C yr$^{-1}$)", fontsize=8)
    axes.set_title("globe; level lines: baselines", fontsize=9)
    axes.legend(fontsize=6.5, frameon=False)
    _plain_years(axes)


def _percents(axes: Axes, found: ScenarioComparison, colours: dict[str, str], title: str) -> None:
    """Series of zones in % of the mean of history."""
    for zone, colour in colours.items():
        label = zone.removesuffix(" soil") if zone.endswith(" soil") else zone
        _ribbon(axes, _of_zone(found, zone), _SERIES, colour, label)
    axes.axhline(100.0, color="#888888", lw=0.8)
    definition = found.definitions["history_mean"].partition(" (")[0]
    axes.set_ylabel(f"% of baseline:\n{definition}", fontsize=8)
    axes.set_title(title if colours else f"{title}: no region", fontsize=9)
    if colours:
        axes.legend(fontsize=6.5, frameon=False)
    _plain_years(axes)


def _of_zone(found: ScenarioComparison, zone: str) -> pd.DataFrame:
    return found.spread[found.spread["zone"] == zone]


def _ribbon(axes: Axes, spread: pd.DataFrame, name: str, colour: str, label: str) -> None:
    """Mean over the members, and their range where there are several."""
    known = spread.set_index("year").sort_index()
    # Years without a run break the line.
    known = known.reindex(range(int(known.index[0]), int(known.index[-1]) + 1))
    year = known.index.to_numpy(float)
    low, middle, high = (known[f"{kind}_{name}"].to_numpy(float) for kind in ("min", "mean", "max"))
    marker = "o" if year.size == 1 else None
    axes.plot(year, middle, color=colour, lw=1.2, label=label, marker=marker, ms=3)
    if (high > low).any():
        axes.fill_between(year, low, high, color=colour, alpha=0.2, lw=0.0)


def _plain_years(axes: Axes) -> None:
    plain(axes)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=7.5)
