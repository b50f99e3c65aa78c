"""What all figures share: size, colours, the line that says what run it is."""

from __future__ import annotations

import io
import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from saprolite.analysis import RunMaps
from saprolite.places import Place, make_folder, write_bytes, write_text, writing

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


def save(figure: Figure, path: Place, maps: RunMaps) -> None:
    """Write the PNG; the caption names the reading and what is not data, the metadata too."""
    save_with_caption(figure, path, str(maps.attributes["comment"]))


def save_with_caption(figure: Figure, path: Place, caption: str) -> None:
    """Write a PNG; the caption goes below and into the file."""
    settle_with_caption(figure, caption)
    write_figure(figure, path, caption)


def settle_with_caption(figure: Figure, caption: str) -> None:
    """Put the caption below a finished figure, and lay it out for good."""
    put_caption(figure, caption)
    settle(figure)


def settle(figure: Figure) -> None:
    """Lay a finished figure out and leave it so: to write it would else draw all of it twice."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def write_figure(figure: Figure, path: Place, caption: str) -> None:
    """Write a PNG or a PDF, by the name of ``path``, with the caption in the file."""
    kind, about = (
        path.suffix.removeprefix("."),
        "Subject" if path.suffix == ".pdf" else "Description",
    )
    metadata: dict[str, Any] = {"Title": path.stem, about: caption}
    if kind == "pdf":
        metadata["CreationDate"] = None  # the same figure has the same bytes
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind, metadata=metadata)
    with writing(path):
        make_folder(path.parent)
        write_bytes(path, drawn.getbuffer())


def put_caption(figure: Figure, caption: str) -> None:
    """Small lines below everything."""
    lines = textwrap.wrap(caption, int(figure.get_figwidth() * 16))
    figure.supxlabel("\n".join(lines), fontsize=6.5, color="#444444", x=0.01, ha="left")


def save_with_numbers(
    figure: Figure, folder: Place, name: str, caption: str, numbers: pd.DataFrame
) -> list[Place]:
    """Write NAME.png, NAME.pdf and, as NAME.csv, the numbers that are drawn; returns the three."""
    paths = [folder / f"{name}.{kind}" for kind in ("png", "pdf", "csv")]
    settle_with_caption(figure, caption)
    for path in paths[:2]:
        write_figure(figure, path, caption)
    write_text(paths[2], f"# {caption}\n{numbers.to_csv(index=False)}")
    return paths


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
