"""Uncertainty of a run: its total as drawn, intervals of the numbers, what they are due to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from saprolite.places import Place
from saprolite.report.figures.files import save_with_numbers
from saprolite.report.figures.style import new_figure, plain

Array = npt.NDArray[np.float64]
NAME = "uncertainty"
_INK, _LIGHT, _RUN, _FIRST = "#0b3c5d", "#a9c3d6", "#b5452c", "#d9a43b"
_BINS = 60
_SHOWN_PERCENT = 99.5  # of the draws are on the axis


def draw_uncertainty(
    total: Array,
    intervals: pd.DataFrame,
    indices: pd.DataFrame,
    folder: Place,
    *,
    title: str,
    caption: str,
    quadrature_percent: float | None,
) -> list[Place]:
    """Draw the total's histogram, the intervals and the Sobol indices; PNG, PDF, numbers as CSV.

    ``total``: drawn global totals, Tg C yr-1; ``intervals`` and ``indices`` are the tables of the
    analysis, the indices those of the global total.
    """
    shown = intervals[(intervals["unit"] == "Tg C yr-1")].reset_index(drop=True)
    rows = max(len(shown), 2 * len(indices) / 1.5)
    tall = 2.0 + 0.24 * rows + 0.13 * len(caption) / 170
    figure = new_figure(11.0, tall)
    panels = figure.subplots(1, 3 if len(indices) else 2)
    bins = _draw_histogram(panels[0], total, shown.iloc[0], quadrature_percent)
    _draw_intervals(panels[1], shown)
    if len(indices):
        _draw_indices(panels[2], indices)
    for letter, axes in zip("abc", panels, strict=False):
        plain(axes)
        axes.annotate(letter, (0.0, 1.0), (0, 4), xycoords="axes fraction", fontweight="bold",
                      textcoords="offset points", fontsize=9, va="bottom")  # fmt: skip
    for axes in panels[1:]:
        axes.tick_params(axis="y", labelsize=7.5, length=0)
    figure.suptitle(title, fontsize=10)
    numbers = pd.concat(
        [
            bins.assign(panel="a"),
            shown.assign(panel="b"),
            indices.assign(panel="c"),
        ],
        ignore_index=True,
    )
    return save_with_numbers(figure, folder, NAME, caption, numbers)


def _draw_histogram(
    axes: Axes, total: Array, row: pd.Series, quadrature_percent: float | None
) -> pd.DataFrame:
    """Counts of the drawn totals; lines at the run's own value and the percentiles."""
    high = float(np.percentile(total, _SHOWN_PERCENT))
    low = float(total.min())
    if high <= low:
        low, high = low - 0.5, low + 0.5
    counts, edges = np.histogram(total, _BINS, (low, high))
    shares = 100.0 * counts / total.size
    axes.stairs(shares, edges, fill=True, color=_LIGHT)
    top = float(shares.max())
    axes.set_ylim(0.0, 1.38 * top)
    axes.axvline(row["run"], 0, 1.0 / 1.38, color=_RUN, lw=1.3)
    _span(axes, (row["P5"], row["P50"], row["P95"]), 1.08 * top, _INK,
          f"P5, P50, P95: {row['P5']:.3g}, {row['P50']:.3g}, {row['P95']:.3g}")  # fmt: skip
    if quadrature_percent is not None:
        half = row["run"] * quadrature_percent / 100.0
        _span(axes, (row["run"] - half, row["run"], row["run"] + half), 1.22 * top, _RUN,
              f"run {row['run']:.3g} ± {quadrature_percent:.1f} % (quadrature, 1 sd)")  # fmt: skip
    axes.set_xlabel("global total (Tg C yr$^{-1}$)", fontsize=9)
    axes.set_ylabel("share of the draws (%)", fontsize=9)
    return pd.DataFrame({"bin_from_Tg_C_yr-1": edges[:-1], "bin_to_Tg_C_yr-1": edges[1:],
                         "share_of_draws_percent": shares})  # fmt: skip


def _span(
    axes: Axes, ends: tuple[float, float, float], height: float, colour: str, text: str
) -> None:
    axes.plot([ends[0], ends[2]], [height, height], color=colour, lw=1.6, solid_capstyle="butt")
    axes.plot(ends[1], height, "o", color=colour, ms=4.5)
    axes.annotate(text, (ends[0], height), (0, 4), textcoords="offset points", fontsize=7,
                  color=colour)  # fmt: skip


def _draw_intervals(axes: Axes, shown: pd.DataFrame) -> None:
    """P5 to P95 with P50, and the run's own value."""
    rows = -np.arange(len(shown), dtype=float)
    axes.hlines(rows, shown["P5"], shown["P95"], color=_LIGHT, lw=5.0)
    axes.plot(shown["P50"], rows, "o", color=_INK, ms=4.5, label="P50 (bar: P5 to P95)")
    axes.plot(shown["run"], rows, "|", color=_RUN, ms=10, mew=1.6, label="run")
    axes.set_yticks(rows, [str(name) for name in shown["quantity"]])
    axes.set_xlim(left=0.0)
    axes.set_xlabel("Tg C yr$^{-1}$", fontsize=9)
    axes.legend(fontsize=7, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)


def _draw_indices(axes: Axes, indices: pd.DataFrame) -> None:
    """First-order and total Sobol indices of the global total."""
    indices = indices.sort_values("sobol_total_1", ascending=False)
    rows = -np.arange(len(indices), dtype=float)
    for kind, colour, offset, label in (
        ("total", _LIGHT, -0.19, "total"), ("first_order", _FIRST, 0.19, "first order"),
    ):  # fmt: skip
        values, bounds = indices[f"sobol_{kind}_1"], indices[f"sobol_{kind}_bound_1"]
        axes.barh(rows + offset, values, 0.36, color=colour, label=label, xerr=bounds,
                  error_kw={"lw": 0.8, "ecolor": "#444444"})  # fmt: skip
    axes.set_yticks(rows, [str(name).replace(": ", ":\n") for name in indices["variable"]])
    axes.set_xlim(left=0.0)
    axes.set_xlabel("Sobol index of the global total (1)", fontsize=9)
    axes.legend(fontsize=7, frameon=False, loc="lower right")
