"""Maps: equal-area axes, cells painted as pixels of the projection, dots where a trend is sure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
from matplotlib.colors import Colormap, Normalize, to_rgba

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
NO_DATA = "#999999"
_COAST = "#5e5e5e"
_NARROW = 60.0  # degrees: below this the projection is centred on the region
_DOTS_PER_INCH = 52.0
PIXELS_PER_INCH = 300.0
_WHITE, _CLEAR = (255, 255, 255, 255), (255, 255, 255, 0)


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


class Landed(Edged, Protocol):
    """What has land, too."""

    @property
    def land(self) -> Flags:
        """Cells with land, (lat, lon)."""
        ...


class Cells(NamedTuple):
    """The cell under each of some points of the projection; ``inside``: whether there is one."""

    row: npt.NDArray[np.intp]
    column: npt.NDArray[np.intp]
    inside: Flags


def is_narrow(maps: Edged) -> bool:
    """Whether the map is that of a region, with degrees beside it."""
    return bool(maps.lon_edges[-1] - maps.lon_edges[0] < _NARROW)


def map_axes(figure: Any, position: Any, maps: Edged) -> Any:
    """Axes of an equal-area map: of the world, or centred on a region."""
    lon_edges, lat_edges = maps.lon_edges, maps.lat_edges
    middle = 0.5 * (lon_edges[0] + lon_edges[-1])
    narrow = is_narrow(maps)
    if narrow:
        projection: Any = ccrs.LambertAzimuthalEqualArea(
            middle, 0.5 * (lat_edges[0] + lat_edges[-1])
        )
    else:
        projection = ccrs.EqualEarth(middle)
    axes = figure.add_subplot(position, projection=projection)
    west, east, south, north = _shown(lon_edges, lat_edges)
    along = np.linspace(0.0, 1.0, 91)
    lon = np.concatenate(
        [west + (east - west) * along] * 2 + [np.full(91, west), np.full(91, east)]
    )
    lat = np.concatenate([np.full(91, south), np.full(91, north)]
                         + [south + (north - south) * along] * 2)  # fmt: skip
    x, y, _ = projection.transform_points(ccrs.PlateCarree(), lon, lat).T
    axes.set_xlim(np.nanmin(x), np.nanmax(x))
    axes.set_ylim(np.nanmin(y), np.nanmax(y))
    _graticule(axes, projection, narrow)
    axes.spines["geo"].set_edgecolor("#888888")
    axes.spines["geo"].set_linewidth(0.5)
    return axes


def shape_of(axes: Any) -> float:
    """Height of a map over its width."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    return float((north - south) / (east - west))


def coloured(values: Array, colours: Colormap, norm: Normalize) -> Array:
    """RGBA of the cells of a map; cells without a value in the grey of no data."""
    found = np.asarray(colours(norm(np.ma.masked_invalid(values))))
    found[~np.isfinite(values)] = to_rgba(NO_DATA)
    return found


def paint(axes: Any, maps: Landed, colours: Array, width: float) -> None:
    """Draw the colours (lat, lon, RGBA) of the land cells; water is white, the coast a line.

    Each pixel takes the colour of the cell that its centre lies in: nothing is interpolated.
    ``width`` is that of the axes in inches.
    """
    columns = max(round(width * PIXELS_PER_INCH), 2)
    rows = max(round(columns * shape_of(axes)), 2)
    axes.imshow(
        np.zeros((rows, columns, 4), np.uint8), extent=(*axes.get_xlim(), *axes.get_ylim()),
        origin="lower", zorder=1, interpolation="none",
    )  # fmt: skip
    repaint(axes, maps, colours)


def repaint(axes: Any, maps: Landed, colours: Array) -> None:
    """Other colours for what :func:`paint` drew."""
    (image,) = axes.images
    rows, columns = image.get_size()
    shown = _shown_cells(axes, maps, columns, rows)
    whole = np.round(255.0 * colours).astype(np.uint8).reshape(-1, 4)
    palette = np.concatenate([whole, [_WHITE, np.multiply(255, to_rgba(_COAST)), _CLEAR]])
    image.set_data(palette.astype(np.uint8).view(np.uint32)[:, 0][shown].view(np.uint8)
                   .reshape(rows, columns, 4))  # fmt: skip


def stipple(axes: Any, maps: Edged, where: Flags, width: float) -> Cells:
    """Dots on an even lattice, one wherever the cell below it is True; returns these cells."""
    columns = max(int(width * _DOTS_PER_INCH), 2)
    rows = max(int(columns * shape_of(axes)), 2)
    cells = _grid_cells(axes, maps, columns, rows)
    shown = cells.inside & where[cells.row, cells.column]
    shown &= np.indices(shown.shape).sum(axis=0) % 2 == 0
    x, y = _centres((*axes.get_xlim(), *axes.get_ylim()), columns, rows)
    axes.scatter(x[shown], y[shown], s=0.3, c="black", lw=0.0, zorder=2, rasterized=True)
    return Cells(cells.row[shown], cells.column[shown], shown[shown])


def _shown(lon_edges: Array, lat_edges: Array) -> tuple[float, float, float, float]:
    """West, east, south, north of a map; not the ice of the poles."""
    south, north = max(-60.0, float(lat_edges[0])), min(85.0, float(lat_edges[-1]))
    if south >= north:
        south, north = float(lat_edges[0]), float(lat_edges[-1])
    inward = 1e-6 * float(lon_edges[-1] - lon_edges[0])
    return float(lon_edges[0]) + inward, float(lon_edges[-1]) - inward, south, north


def _graticule(axes: Any, projection: Any, narrow: bool) -> None:
    if narrow:
        lines = axes.gridlines(draw_labels=True, lw=0.3, color="#999999", alpha=0.6,
                               x_inline=False, y_inline=False, rotate_labels=False)  # fmt: skip
        lines.top_labels = lines.right_labels = False
        lines.xlabel_style = lines.ylabel_style = {"size": 6}
        return
    along = np.linspace(-90.0, 90.0, 91)
    style = {"color": "#999999", "lw": 0.25, "zorder": 3, "alpha": 0.6}
    middle = projection.proj4_params["lon_0"]
    for lat in (-60.0, -30.0, 0.0, 30.0, 60.0):
        lon = middle + np.array([-179.999, 179.999])
        points = projection.transform_points(ccrs.PlateCarree(), lon, np.full(2, lat))
        axes.plot(points[:, 0], points[:, 1], **style)
    for lon in range(-120, 180, 60):
        points = projection.transform_points(ccrs.PlateCarree(), np.full(91, float(lon)), along)
        axes.plot(points[:, 0], points[:, 1], **style)


def _beside_water(land: Flags, inside: Flags) -> Flags:
    beside = np.zeros_like(land)
    water = inside & ~land
    beside[1:] |= water[:-1]
    beside[:-1] |= water[1:]
    beside[:, 1:] |= water[:, :-1]
    beside[:, :-1] |= water[:, 1:]
    return beside


def _centres(extent: tuple[float, ...], columns: int, rows: int) -> tuple[Array, Array]:
    """Centres of a grid over an extent, in the coordinates of the projection."""
    west, east, south, north = extent
    x = west + (east - west) * (np.arange(columns) + 0.5) / columns
    y = south + (north - south) * (np.arange(rows) + 0.5) / rows
    across, up = np.meshgrid(x, y)
    return across, up


def _shown_cells(axes: Any, maps: Landed, columns: int, rows: int) -> npt.NDArray[np.int32]:
    """What each pixel shows: the number of a land cell or, from that of all cells on, water, the
    coast, nothing."""
    return _land_looked_up(*_grid_of(axes, maps, columns, rows), maps.land.tobytes())


def _grid_cells(axes: Any, maps: Edged, columns: int, rows: int) -> Cells:
    return _looked_up(*_grid_of(axes, maps, columns, rows))


def _grid_of(axes: Any, maps: Edged, columns: int, rows: int) -> tuple[Any, ...]:
    return (
        axes.projection, (*axes.get_xlim(), *axes.get_ylim()), columns, rows,
        np.asarray(maps.lon_edges, np.float64).tobytes(),
        np.asarray(maps.lat_edges, np.float64).tobytes(),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _land_looked_up(
    projection: Any, extent: tuple[float, ...], columns: int, rows: int,
    lon: bytes, lat: bytes, is_land: bytes,
) -> npt.NDArray[np.int32]:  # fmt: skip
    """Kept, as all maps of a run have one grid and one land."""
    cells = _cells_under(projection, extent, columns, rows, lon, lat)
    every = np.frombuffer(is_land, np.bool_)
    width = np.frombuffer(lon).size - 1
    numbers = (cells.row * width + cells.column).astype(np.int32)
    land = cells.inside & every[numbers]
    water, coast, nothing = range(every.size, every.size + 3)
    numbers[~land] = water
    numbers[land & _beside_water(land, cells.inside)] = coast
    numbers[~cells.inside] = nothing
    return numbers


def _cells_under(
    projection: Any, extent: tuple[float, ...], columns: int, rows: int, lon: bytes, lat: bytes
) -> Cells:
    """The cells under a grid of points."""
    lon_edges, lat_edges = np.frombuffer(lon), np.frombuffer(lat)
    x, y = _centres(extent, columns, rows)
    geographic = _along_parallels if isinstance(projection, ccrs.EqualEarth) else _by_point
    longitude, latitude, known = geographic(projection, x, y)
    first = lon_edges[0]
    turned = first + np.mod(longitude - first, 360.0)
    column = np.searchsorted(lon_edges, turned, side="right") - 1
    row = np.searchsorted(lat_edges, latitude, side="right") - 1
    width, height = lon_edges.size - 1, lat_edges.size - 1
    inside = known & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return Cells(np.clip(row, 0, height - 1), np.clip(column, 0, width - 1), inside)


# Kept likewise, for the dots; the pixels of a map are so many that only their numbers are.
_looked_up = lru_cache(maxsize=16)(_cells_under)


def _by_point(projection: Any, x: Array, y: Array) -> tuple[Array, Array, Flags]:
    """Longitude and latitude of points (row, column), and whether they lie on the Earth."""
    points = ccrs.PlateCarree().transform_points(projection, x, y)
    longitude, latitude = points[..., 0], points[..., 1]
    known = np.isfinite(longitude) & np.isfinite(latitude)
    longitude, latitude = np.where(known, longitude, 0.0), np.where(known, latitude, 0.0)
    # Beyond the border of the projection the inverse gives a point that lies elsewhere on the map.
    back = projection.transform_points(ccrs.PlateCarree(), longitude, latitude)
    known &= np.hypot(back[..., 0] - x, back[..., 1] - y) < 1e3
    return longitude, latitude, known


def _along_parallels(projection: Any, x: Array, y: Array) -> tuple[Array, Array, Flags]:
    """The same where parallels are straight and x goes with the longitude along each: one point of
    every row is enough, where millions would take seconds."""
    middle, quarter = float(projection.proj4_params["lon_0"]), 90.0
    height = y[:, 0]
    _, latitude, known = _by_point(projection, np.zeros_like(height), height)
    east = projection.transform_points(
        ccrs.PlateCarree(), np.full_like(height, middle + quarter), latitude
    )
    beside = quarter * x / east[:, :1]
    flat = np.broadcast_to(latitude[:, None], x.shape)
    return middle + beside, flat, known[:, None] & (np.abs(beside) <= 180.0)
