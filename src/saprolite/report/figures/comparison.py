"""Two models against each other: a log-log scatter per mineral, its statistics written in it."""

from __future__ import annotations

import textwrap

import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import LogLocator, NullFormatter

from saprolite.analysis.ratios import QUANTITIES, ratio_statistics
from saprolite.places import Place
from saprolite.report.figures.files import caption_lines, save_figure
from saprolite.report.figures.style import new_figure, plain

Array = npt.NDArray[np.float64]
UNITS = {
    "rate": "mol$_c$ m$^{-2}$ s$^{-1}$ of mineral surface",
    "weathering": "eq ha$^{-1}$ yr$^{-1}$ of the pure mineral",
}
_PANEL = 3.7  # inches
_FACTOR = 10.0
_PH_RANGE = (4.0, 9.0)
_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}


def draw_comparison(
    table: pd.DataFrame,
    path: Place,
    *,
    title: str,
    label_a: str,
    label_b: str,
    caption: str,
    quantity: str = "rate",
) -> list[Place]:
    """Scatter of model a (up) against model b, with the lines 1:1, 10:1 and 1:10.

    ``table`` is that of a comparison; ``path`` has no suffix: PNG and PDF get theirs; ``caption``
    names the readings and goes below the figure and into the files' metadata. Raises
    ``InputError`` for an unknown quantity.
    """
    statistics = ratio_statistics(table, quantity).set_index("mineral")
    minerals = list(dict.fromkeys(table["mineral"].tolist()))
    name_a, name_b = QUANTITIES[quantity]
    unit = UNITS[quantity]
    low, high = _limits(table[[name_a, name_b]].to_numpy(float))
    width = _PANEL * len(minerals) + 1.0
    # The caption needs its own room, more where the figure is narrow.
    lines = caption_lines(caption, width)
    head = textwrap.wrap(title, int(width * 10))
    figure = new_figure(width, _PANEL + 0.7 + 0.13 * len(lines) + 0.17 * len(head))
    figure.set_layout_engine("compressed")  # square panels leave room that a title would float in
    panels = np.atleast_1d(figure.subplots(1, len(minerals), sharex=True, sharey=True))
    colours = ScalarMappable(Normalize(*_PH_RANGE), cm.roma)
    for axes, mineral in zip(panels, minerals, strict=True):
        part = table[table["mineral"] == mineral]
        axes.scatter(part[name_b], part[name_a], c=colours.to_rgba(part["ph"].to_numpy(float)),
                     s=3.0, lw=0.0, alpha=0.6, rasterized=True)  # fmt: skip
        _lines(axes, low, high)
        axes.set_title(mineral, fontsize=10)
        axes.set_xlabel(f"{label_b}\n({unit})", fontsize=8)
        axes.text(0.03, 0.97, _summary(statistics.loc[mineral]), transform=axes.transAxes,
                  va="top", fontsize=7.5, linespacing=1.3,
                  bbox=_BOX)  # fmt: skip
        plain(axes)
    panels[0].set_ylabel(f"{label_a}\n({unit})", fontsize=8)
    bar = figure.colorbar(colours, ax=list(panels), shrink=0.8, pad=0.01, extend="both")
    bar.set_label("pH of the horizon", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    figure.suptitle("\n".join(head), fontsize=10)
    return save_figure(figure, path, title, caption)


def _limits(values: Array) -> tuple[float, float]:
    """Whole decades that hold all values above 0."""
    found = values[np.isfinite(values) & (values > 0.0)]
    if found.size == 0:
        return 0.1, 10.0
    low, high = np.floor(np.log10(found.min())), np.ceil(np.log10(found.max()))
    return float(10.0**low), float(10.0 ** max(high, low + 1.0))


def _lines(axes: Axes, low: float, high: float) -> None:
    """1:1 and a factor of ten to both sides, each named at its end."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    ends = np.array([low, high])
    axes.plot(ends, ends, color="black", lw=0.9)
    for factor in (_FACTOR, 1.0 / _FACTOR):
        axes.plot(ends, factor * ends, color="black", lw=0.7, ls="--")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=8))
        axis.set_minor_formatter(NullFormatter())
    for factor, name in ((1.0, "1:1"), (_FACTOR, "10:1"), (1.0 / _FACTOR, "1:10")):
        x = high / max(factor, 1.0)
        # Along the line and just above it.
        axes.annotate(name, (x, x * factor), (-7, -3), textcoords="offset points", fontsize=7,
                      ha="right", va="bottom", rotation=45, rotation_mode="anchor")  # fmt: skip


def _summary(row: pd.Series) -> str:
    """The statistics of a panel, ratios a over b."""
    if row["n"] == 0:
        return "no pair"
    return (
        f"n = {row['n']:,.0f}\n"
        f"mean ratio {row['mean_ratio']:.2f}, median {row['median_ratio']:.2f}\n"
        f"geometric mean {row['geometric_mean_ratio']:.2f}\n"
        f"slope through 0: {row['slope_through_origin']:.2f}\n"
        f"log$_{{10}}$ bias {row['log10_bias']:+.2f}, scatter {row['log10_scatter']:.2f}\n"
        f"within ×3: {100.0 * row['share_within_3']:.0f} %, "
        f"×10: {100.0 * row['share_within_10']:.0f} %"
    )
