"""What all figures share: size, colours, the world map, the line that says what run it is."""

from __future__ import annotations

import io
import textwrap
from typing import Any, Protocol

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from saprolite.analysis import RunMaps
from saprolite.places import Place, make_folder, write_bytes, write_text, writing

Array = npt.NDArray[np.float64]
FLUX_LABEL = "carbon sink flux (t C km$^{-2}$ yr$^{-1}$)"
SEQUENTIAL = cm.imola_r
NO_DATA = "#c9c9c9"
ZONE_COLOURS = ("#1b7f4d", "#d9a43b", "#7fb24a", "#4a7fb2", "#9a9fb5", "#555555")
_FONT = 9
_NARROW = 60.0  # degrees: below this the map is a plain latitude-longitude one


class Edged(Protocol):
    """What has the borders of the cells of a map, degrees."""

    @property
    def lon_edges(self) -> Array:
        """From west to east."""
        ...

    @property
    def lat_edges(self) -> Array:
        """From south to north."""
        ...


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches, drawn without a screen."""
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Place, maps: RunMaps) -> None:
    """Write the PNG; the caption names the reading and what is not data, the metadata too."""
    save_with_caption(figure, path, str(maps.attributes["comment"]))


def save_with_caption(figure: Figure, path: Place, caption: str) -> None:
    """Write a PNG or a PDF, by the name of ``path``; the caption goes below and into the file."""
    lines = textwrap.wrap(caption, int(figure.get_figwidth() * 16))
    figure.supxlabel("\n".join(lines), fontsize=6.5, color="#444444", x=0.01, ha="left")
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


def save_with_numbers(
    figure: Figure, folder: Place, name: str, caption: str, numbers: pd.DataFrame
) -> list[Place]:
    """Write NAME.png, NAME.pdf and, as NAME.csv, the numbers that are drawn; returns the three."""
    paths = [folder / f"{name}.{kind}" for kind in ("png", "pdf", "csv")]
    for path in paths[:2]:
        save_with_caption(figure, path, caption)
    write_text(paths[2], f"# {caption}\n{numbers.to_csv(index=False)}")
    return paths


def map_axes(figure: Figure, position: Any, maps: Edged) -> Any:
    """Axes of an equal-area world map, or of a plain map of a small region."""
    lon_edges, lat_edges = maps.lon_edges, maps.lat_edges
    narrow = lon_edges[-1] - lon_edges[0] < _NARROW
    projection = ccrs.PlateCarree() if narrow else ccrs.EqualEarth()
    axes = figure.add_subplot(position, projection=projection)
    if narrow:
        axes.set_extent([lon_edges[0], lon_edges[-1], lat_edges[0], lat_edges[-1]],
                        crs=ccrs.PlateCarree())  # fmt: skip
        lines = axes.gridlines(draw_labels=True, lw=0.4, color="#999999", alpha=0.6)
        lines.top_labels = lines.right_labels = False
        lines.xlabel_style = lines.ylabel_style = {"size": 7}
    else:
        axes.set_global()
        south, north = max(-60.0, lat_edges[0]), min(85.0, lat_edges[-1])
        (_, low, _), (_, high, _) = projection.transform_points(
            ccrs.PlateCarree(), np.zeros(2), np.array([south, north])
        )
        axes.set_ylim(low, high)
    axes.spines["geo"].set_edgecolor("#888888")
    axes.spines["geo"].set_linewidth(0.6)
    return axes


def draw_map(axes: Any, maps: RunMaps, values: Array, limit: float) -> Any:
    """A flux map: colours from 0 to ``limit``, land without a value grey, water white."""
    edges = (maps.lon_edges, maps.lat_edges)
    grey = np.ma.masked_where(~(maps.land & ~np.isfinite(values)), np.zeros_like(values))
    shared = {"transform": ccrs.PlateCarree(), "rasterized": True}
    axes.pcolormesh(*edges, grey, cmap=ListedColormap([NO_DATA]), **shared)
    return axes.pcolormesh(*edges, np.ma.masked_invalid(values), cmap=SEQUENTIAL, vmin=0.0,
                           vmax=limit, **shared)  # fmt: skip


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
