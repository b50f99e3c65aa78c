"""The carbon budget as a scheme: emissions, sinks, what is left over, and the sink of a run."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from saprolite.places import Place
from saprolite.report.figures.files import save_figure
from saprolite.report.figures.style import new_figure

# Of an arrow: the row of the table, its place, whether it leads up, its colour.
_ARROWS = (
    ("fossil", 0.9, True, "#7a5c3e"),
    ("land_use", 2.5, True, "#b5652b"),
    ("land", 4.1, False, "#3a7d44"),
    ("ocean", 5.7, False, "#2f6690"),
    ("rocks_xi", 7.5, False, "#6b6b6b"),
    ("silicate_zhang", 9.1, False, "#8a8a8a"),
    ("this_run", 10.7, False, "#7b4b94"),
)
_NAMES = {"rocks_xi": "weathering\nof rocks", "silicate_zhang": "weathering\nof silicates",
          "this_run": "clay minerals\n(this run)"}  # fmt: skip
_GROUND, _AIR, _WIDTH = 0.9, 3.6, 11.6


def draw_budget(table: pd.DataFrame, stem: Place, caption: str) -> list[Place]:
    """Scheme of the budget; ``table`` by id with ``low``, ``high``, ``object``, ``confidence`` and
    ``period``, a row ``this_run`` among them; Pg C yr-1."""
    figure = new_figure(8.4, 4.4)
    axes = figure.add_subplot()
    axes.set_xlim(-0.1, _WIDTH + 0.1)
    axes.set_ylim(0.0, 5.3)
    axes.axis("off")
    rows: dict[str, dict[str, Any]] = {str(name): dict(row) for name, row in table.iterrows()}
    missing, air = rows["imbalance_low"], rows["atmosphere"]
    imbalance = f"{missing['low']:g} to {rows['imbalance_high']['high']:g}{_tag(missing)}"
    above = f"atmosphere  +{air['low']:.3g}{_tag(air)}\nimbalance {imbalance}"
    _box(axes, _AIR, 1.4, "#dbe7f3", above)
    _box(axes, 0.0, _GROUND, "#ece4d6", "land, ocean, soil and rocks")
    for name, x, up, colour in _ARROWS:
        row = rows[name]
        ends = ((x, _GROUND), (x, _AIR)) if up else ((x, _AIR), (x, _GROUND))
        arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=16, lw=2.2, color=colour,
                                shrinkA=2, shrinkB=2)  # fmt: skip
        axes.add_patch(arrow)
        label = _NAMES.get(name, str(row["object"]).replace(" ", "\n", 1))
        box = {"facecolor": "white", "edgecolor": colour, "lw": 0.8, "boxstyle": "round,pad=0.3"}
        axes.text(x, 0.5 * (_GROUND + _AIR), f"{label}\n{row['low']:.3g}{_tag(row)}", ha="center",
                  va="center", fontsize=7.5, bbox=box, linespacing=1.3)  # fmt: skip
    axes.set_title("Global carbon budget (Pg C yr$^{-1}$; arrows not to scale)", fontsize=10)
    return save_figure(figure, stem, "Global carbon budget", caption)


def _box(axes: Any, bottom: float, height: float, colour: str, text: str) -> None:
    axes.add_patch(FancyBboxPatch((0.1, bottom + 0.06), _WIDTH - 0.2, height - 0.12, fc=colour,
                                  ec="none", boxstyle="round,pad=0.05"))  # fmt: skip
    axes.text(0.5 * _WIDTH, bottom + 0.5 * height, text, ha="center", va="center", fontsize=8.5,
              linespacing=1.5)  # fmt: skip


def _tag(row: dict[str, Any]) -> str:
    return f" [{row['confidence']}]" if row["confidence"] else ""
