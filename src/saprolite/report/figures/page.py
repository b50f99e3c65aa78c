"""A figure of the study: panels laid out in inches from the top, the caption below, its files."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from saprolite.analysis import csv_text
from saprolite.analysis.analysed import Analysed
from saprolite.places import Place, write_text
from saprolite.report.figures.files import write_kinds
from saprolite.report.figures.style import Array
from saprolite.report.figures.world_map import PIXELS_PER_INCH, is_narrow, map_axes, paint, shape_of

WIDTH = 7.2  # inches, two columns of a journal
GAP = 0.12
FONT = 7.0
HEAD = 0.2  # above each panel, for its letter and title
_CAPTION_FONT, _CHARACTERS_PER_INCH, _LINE = 6.0, 23.0, 0.105
_TALLEST = 1.2  # height of a map over its width
_LABELS = (0.28, 0.14)  # inches beside and below the map of a region: its degrees
_FONTS: Any = {"pdf.fonttype": 42, "font.size": FONT, "axes.linewidth": 0.5}


class Box(NamedTuple):
    """A place on the page, inches: from the left, from the top, width, height."""

    left: float
    top: float
    width: float
    height: float


class Page:
    """A figure that grows downwards; :meth:`save` gives it its height, caption and files."""

    def __init__(self) -> None:
        self._figure = Figure(figsize=(WIDTH, WIDTH), dpi=PIXELS_PER_INCH)
        FigureCanvasAgg(self._figure)
        self._placed: list[tuple[Any, Box]] = []

    def axes(self, box: Box, letter: str = "", title: str = "") -> Axes:
        """Plain axes at a place, a letter and a title above them."""
        with mpl.rc_context(_FONTS):
            axes = self._figure.add_subplot(111)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=FONT - 1, length=2.0, width=0.5)
        self._keep(axes, box, letter, title)
        return axes

    def map(
        self, box: Box, run: Analysed, colours: Array, letter: str = "", title: str = ""
    ) -> tuple[Any, Box]:
        """Axes of a map, painted, and the place they take; the height of ``box`` does not count."""
        with mpl.rc_context(_FONTS):
            axes = map_axes(self._figure, 111, run.maps)
        shape = shape_of(axes)
        beside, below = _LABELS if is_narrow(run.maps) else (0.0, 0.0)
        width = (box.width - beside) * min(1.0, _TALLEST / shape)
        left = box.left + beside + 0.5 * (box.width - beside - width)
        drawn = Box(left, box.top, width, width * shape)
        self._keep(axes, drawn, letter, title)
        paint(axes, run.maps, colours, width)
        return axes, drawn._replace(height=drawn.height + below)

    def bar(self, box: Box, colours: Colormap, norm: Normalize, label: str, extend: str) -> None:
        """A horizontal colour bar."""
        axes = self.axes(box)
        bar = self._figure.colorbar(ScalarMappable(norm, colours), cax=axes, extend=extend,
                                    orientation="horizontal")  # fmt: skip
        bar.outline.set_linewidth(0.4)
        bar.ax.tick_params(labelsize=FONT - 1, length=2.0, width=0.4, pad=1.5)
        bar.set_label(label, fontsize=FONT - 0.5, labelpad=1.5)

    def save(
        self,
        run: Analysed,
        place: tuple[Place, str],
        bottom: float,
        caption: str,
        tables: Mapping[str, pd.DataFrame],
    ) -> list[Place]:
        """Write PNG, PDF, and each table of numbers as CSV; returns what was written.

        ``place``: folder and name. ``bottom``: where the panels end, inches from the top. The
        caption is followed by the reading and the notes of the run.
        """
        folder, name = place
        title, comment = str(run.heading["title"]), str(run.maps.attributes["comment"])
        text = f"{caption} {comment[:1].upper()}{comment[1:]}."
        lines = textwrap.wrap(text, int((WIDTH - 2 * GAP) * _CHARACTERS_PER_INCH))
        height = bottom + GAP + (len(lines) + 1.5) * _LINE + GAP
        figure = self._figure
        figure.set_size_inches(WIDTH, height)
        for axes, box in self._placed:
            axes.set_position((box.left / WIDTH, 1.0 - (box.top + box.height) / height,
                               box.width / WIDTH, box.height / height))  # fmt: skip
        left, y = GAP / WIDTH, 1.0 - (bottom + GAP) / height
        style: dict[str, Any] = {"fontsize": _CAPTION_FONT, "va": "top", "linespacing": 1.25}
        figure.text(left, y, title, weight="bold", **style)
        figure.text(left, y - 1.3 * _LINE / height, "\n".join(lines), color="#222222", **style)
        with mpl.rc_context(_FONTS):
            written = write_kinds(figure, folder / name, f"{name}: {title}", f"{title}. {text}")
        heading = dict(run.heading) | {"notes": [caption, *run.heading["notes"]]}
        for kind, table in tables.items():
            written.append(folder / f"{name}_{kind}.csv")
            write_text(written[-1], csv_text(table, heading))
        return written

    def _keep(self, axes: Any, box: Box, letter: str, title: str) -> None:
        self._placed.append((axes, box))
        head = f"$\\bf{{{letter}}}$  {title}" if letter else title
        axes.set_title(head, loc="left", fontsize=FONT, pad=2.5)
