"""What all figures share: size, type, colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]
FLUX_LABEL = "carbon sink flux (t C km$^{-2}$ yr$^{-1}$)"
SEQUENTIAL = cm.imola_r
ZONE_COLOURS = ("#1b7f4d", "#d9a43b", "#7fb24a", "#4a7fb2", "#9a9fb5", "#555555")
DOTS_PER_INCH = 150.0
_FONT = 9


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches, drawn without a screen."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def colour_limit(values: Array) -> float:
    """A round upper end of the scale that 98 % of the values stay below.

    >>> colour_limit(np.linspace(0.0, 1.7, 100))
    1.8
    """
    finite = values[np.isfinite(values)]
    high = float(np.percentile(finite, 98)) if finite.size else 1.0
    if high <= 0.0:
        return 1.0
    step = 10.0 ** np.floor(np.log10(high)) / 5.0
    return round(float(np.ceil(high / step) * step), 12)


def plain(axes: Axes) -> None:
    """No frame on the top and the right, small type."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=_FONT)
