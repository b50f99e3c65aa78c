"""Totals by layer and climate group, and the total of each year."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from saprolite.analysis import RunMaps, zone_rows
from saprolite.places import Place
from saprolite.report.figures.files import save_with_caption
from saprolite.report.figures.style import ZONE_COLOURS, new_figure, plain

_TOTAL_LABEL = "total (Tg C yr$^{-1}$)"


def draw_totals(maps: RunMaps, folder: Place) -> Place:
    """Bars per layer, divided by climate group, and per climate group; totals written on them."""
    zones = zone_rows(maps)
    figure = new_figure(8.4, 4.4)
    layers, groups = figure.subplots(1, 2)
    position = np.arange(len(maps.layer_names))
    base = np.zeros(position.size)
    for colour, zone in zip(ZONE_COLOURS, zones, strict=True):
        if zone.land_area == 0.0:
            continue
        layers.bar(position, zone.by_layer, 0.7, bottom=base, color=colour, label=zone.name)
        base += np.array(zone.by_layer)
    for x, value in enumerate(base):
        layers.annotate(f"{value:.3g}", (x, value), (0, 3), textcoords="offset points", ha="center",
                        fontsize=8)  # fmt: skip
    layers.set_xticks(position, maps.layer_names)
    layers.set_ylabel(_TOTAL_LABEL, fontsize=9)
    layers.legend(fontsize=8, frameon=False)

    shown = [(zone, colour) for zone, colour in zip(zones, ZONE_COLOURS, strict=True)
             if zone.land_area > 0.0]  # fmt: skip
    for x, (zone, colour) in enumerate(shown):
        groups.bar(x, zone.total, 0.7, color=colour)
        groups.annotate(f"{zone.total:.3g}", (x, zone.total), (0, 3), textcoords="offset points",
                        ha="center", fontsize=8)  # fmt: skip
    groups.set_xticks(range(len(shown)), [zone.name.replace(" ", "\n", 1) for zone, _ in shown])
    groups.set_ylabel(_TOTAL_LABEL, fontsize=9)
    for axes in (layers, groups):
        plain(axes)
        axes.margins(y=0.1)
    whole = sum(zone.total for zone in zones)
    figure.suptitle(f"{maps.attributes['title']}\n{maps.depth_name}: {whole:.4g} Tg C yr$^{{-1}}$",
                    fontsize=10)  # fmt: skip
    path = folder / "totals_by_layer_and_zone.png"
    save_with_caption(figure, path, str(maps.attributes["comment"]))
    return path


def draw_annual_totals(maps: RunMaps, folder: Place) -> Place:
    """The total of each year, by layer and altogether."""
    figure = new_figure(8.4, 4.0)
    totals, departure = figure.subplots(1, 2)
    marker = "o" if len(maps.years) < 20 else None
    for name, values in zip(maps.layer_names, maps.annual.T, strict=True):
        totals.plot(maps.years, values, lw=1.2, marker=marker, ms=3, label=name)
    totals.set_ylabel(_TOTAL_LABEL, fontsize=9)
    totals.set_ylim(bottom=0.0)
    totals.legend(fontsize=8, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    column = maps.annual.sum(axis=1)
    mean = column.mean() if column.size else np.nan
    departure.axhline(0.0, color="#999999", lw=0.6)
    if mean > 0.0:
        departure.plot(maps.years, 100.0 * (column / mean - 1.0), lw=1.5, color="#0b3c5d",
                       marker=marker, ms=3)  # fmt: skip
    departure.set_title(f"{maps.depth_name}, mean {mean:.4g} Tg C yr$^{{-1}}$", fontsize=9)
    departure.set_ylabel("departure from the mean (%)",
                         fontsize=9)  # fmt: skip
    for axes in (totals, departure):
        if maps.years:
            axes.set_xlim(maps.years[0] - 0.5, maps.years[-1] + 0.5)
        if len(maps.years) < 4:
            axes.set_xticks(maps.years)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
        plain(axes)
    if len(maps.years) < 2:
        departure.remove()  # a single year does not depart from itself
    figure.suptitle(f"{maps.attributes['title']}: total of each year", fontsize=10)
    path = folder / "annual_totals.png"
    save_with_caption(figure, path, str(maps.attributes["comment"]))
    return path
