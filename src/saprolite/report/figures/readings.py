"""Readings side by side: total, misfit of the shares, shares of climate groups and of layers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from saprolite.analysis.readings import FITS, GROUPS_RMS, LAYER, SHARE, TOTAL, share_columns
from saprolite.analysis.targets import Target
from saprolite.places import Place
from saprolite.report.figures.files import save_with_numbers
from saprolite.report.figures.style import ZONE_COLOURS, new_figure, plain

Array = npt.NDArray[np.float64]
NAME = "readings"
_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
_INK, _MISFIT, _BAND = "#0b3c5d", "#b3b3b3", "#eef2f5"
_MOST = 40  # rows that can be read
_WIDE = 38  # characters of a reading's name on a line


def draw_readings(
    table: pd.DataFrame,
    folder: Place,
    *,
    title: str,
    notes: Sequence[str],
    target: Target | None = None,
    tolerance: float = 0.2,
) -> list[Place]:
    """Draw the table of readings, the best fit on top; returns PNG, PDF and the numbers as CSV.

    ``notes`` (target, verdict, period) go below the figure.
    """
    has_misfit = GROUPS_RMS in table
    table = table.sort_values(GROUPS_RMS if has_misfit else TOTAL, ignore_index=True)
    caption = "; ".join([*notes, *(["dashed: target"] if target else [])])
    if len(table) > _MOST:
        caption = f"the first {_MOST} of {len(table)} readings; {caption}"
    shown = table.head(_MOST)
    names = ["\n".join(textwrap.wrap(name, _WIDE)) for name in shown["reading"]]
    lines = [name.count("\n") + 1 for name in names]
    heights = np.maximum(1.0, 0.75 * np.array(lines))
    rows = -(np.cumsum(heights) - heights / 2.0)
    tall = 1.7 + 0.26 * heights.sum() + 0.13 * len(caption) / 170
    figure = new_figure(11.0, tall)
    widths = [1.3, *([0.8] if has_misfit else []), 1.6, 1.6]
    panels = figure.subplots(1, len(widths), sharey=True, width_ratios=widths)
    fits = shown[FITS].to_numpy(bool) if FITS in shown else np.ones(len(shown), bool)
    _draw_totals(panels[0], shown, rows, fits, target)
    if has_misfit:
        _draw_misfit(panels[1], shown, rows, fits, tolerance)
    groups, layers = share_columns(table)
    columns = {"climate groups": groups, "layers": layers}
    shares = (target.zone_shares, target.layer_shares) if target else (None, None)
    blues = [cm.oslo(x) for x in np.linspace(0.75, 0.3, len(layers))]
    for axes, (what, used), colours, wanted in zip(
        panels[-2:], columns.items(), (ZONE_COLOURS, blues), shares, strict=True
    ):
        _draw_shares(axes, shown[used], rows, colours, wanted)
        axes.set_xlabel(f"share of {what} (%)", fontsize=9)
    panels[0].set_yticks(rows, names, fontsize=7.5)
    panels[0].set_ylim(rows[-1] - heights[-1] / 2.0 - 0.1, 0.1)
    for letter, axes in zip("abcd", panels, strict=False):
        plain(axes)
        axes.tick_params(axis="y", labelsize=7.5, length=0)
        axes.annotate(letter, (0.0, 1.0), (-9, 3), xycoords="axes fraction", fontweight="bold",
                      textcoords="offset points", fontsize=9, va="bottom")  # fmt: skip
    figure.suptitle(title, fontsize=10)
    return save_with_numbers(figure, folder, NAME, caption, table)


def _draw_totals(
    axes: Axes,
    table: pd.DataFrame,
    rows: Array,
    fits: npt.NDArray[np.bool_],
    target: Target | None,
) -> None:
    totals = table[TOTAL].to_numpy(float)
    if target is not None and target.total is not None:
        axes.axvspan(target.total / 2.0, 2.0 * target.total, color=_BAND, lw=0)
        axes.axvline(target.total, color="#444444", lw=0.9, ls="--")
        axes.annotate("target, and a factor of 2", (target.total, 1.0), (0, 3), fontsize=7,
                      xycoords=("data", "axes fraction"), textcoords="offset points", ha="center",
                      color="#444444", va="bottom")  # fmt: skip
    _dots(axes, totals, rows, fits)
    for x, y in zip(totals, rows, strict=True):
        axes.annotate(f"{x:.3g}", (x, y), (5, 0), textcoords="offset points", fontsize=7,
                      va="center", bbox=_BOX)  # fmt: skip
    axes.set_xscale("log")
    low, high = totals.min(), totals.max()
    axes.set_xlim(low / 1.4, high * 1.7)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
             if low / 1.4 <= tick <= high * 1.7]  # fmt: skip
    if len(ticks) > 1:
        axes.set_xticks(ticks)
    axes.set_xlabel("total (Tg C yr$^{-1}$)", fontsize=9)


def _draw_misfit(
    axes: Axes, table: pd.DataFrame, rows: Array, fits: npt.NDArray[np.bool_], tolerance: float
) -> None:
    misfit = table[GROUPS_RMS].to_numpy(float)
    axes.axvspan(0.0, tolerance, color=_BAND, lw=0)
    _dots(axes, misfit, rows, fits)
    finite = misfit[np.isfinite(misfit)]
    axes.set_xlim(0.0, 1.15 * max(tolerance, float(finite.max()) if finite.size else 0.0))
    axes.set_xlabel("misfit of groups A-D\n(rms of ln share)", fontsize=9)


def _dots(axes: Axes, values: Array, rows: Array, fits: npt.NDArray[np.bool_]) -> None:
    """A dot for each reading, filled where it fits."""
    axes.scatter(values, rows, s=26, c=np.where(fits, _INK, "white"), zorder=3,
                 edgecolors=[_INK if fit else _MISFIT for fit in fits], linewidths=1.2)  # fmt: skip


def _draw_shares(
    axes: Axes,
    shares: pd.DataFrame,
    rows: Array,
    colours: Sequence[object],
    target: tuple[float, ...] | None,
) -> None:
    """Stacked bars, and the borders of the target's shares as lines."""
    left = np.zeros(len(rows))
    for name, colour in zip(shares, colours, strict=False):
        width = shares[name].to_numpy(float)
        short = str(name).removesuffix(SHARE).removeprefix(LAYER)
        axes.barh(rows, width, 0.66, left=left, color=colour, label=short)
        left += width
    for border in np.cumsum(target)[:-1] if target else ():
        axes.axvline(border, color="black", lw=0.9, ls="--")
    axes.set_xlim(0.0, 100.0)
    axes.legend(fontsize=6.5, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0),
                handlelength=1.0, columnspacing=0.9)  # fmt: skip
