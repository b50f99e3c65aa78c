"""Regular grids of latitude and longitude, and the areas of their cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saprolite.constants import MEAN_EARTH_RADIUS, WGS84_FLATTENING, WGS84_SEMI_MAJOR_AXIS
from saprolite.errors import InputError, Problem, raise_if_any

Array = npt.NDArray[np.float64]
_M2_PER_KM2 = 1.0e6
_ROUNDING = 0.01  # share of a step by which the centres of a file may miss their place


@dataclass(frozen=True, eq=False)
class Grid:
    """Cell centres of a regular grid, latitude ascending, longitude -180 to 180 ascending, and the
    height and width of a cell (all in degrees)."""

    lat: Array
    lon: Array
    step: tuple[float, float]

    @classmethod
    def from_centres(cls, lat: npt.ArrayLike, lon: npt.ArrayLike, where: str) -> Grid:
        """A grid from the centres of a file, already in ascending order.

        Raises ``InputError`` if the spacing is not regular or the cells leave the globe.
        """
        centres = [_regular(np.asarray(lat, float)), _regular(np.asarray(lon, float))]
        problems = []
        for name, given, regular, low, high in (
            ("lat", lat, centres[0], -90.0, 90.0),
            ("lon", lon, centres[1], -180.0, 180.0),
        ):
            if regular is None:
                found = f"{np.size(given)} values from {np.min(given)} to {np.max(given)}"
                problems.append(
                    Problem(
                        f"{where}: {name}",
                        found + ", not regularly spaced",
                        "a regular grid of cell centres, two cells or more",
                        "give the file on the product's own grid",
                    )
                )
                continue
            step = _step(regular)
            bounds = edges(regular, step)
            # Files hold float32: at 180 degrees its steps are 1.5e-5 degrees.
            slack = max(1e-6, _ROUNDING * step)
            if bounds[0] < low - slack or bounds[-1] > high + slack:
                problems.append(
                    Problem(
                        f"{where}: {name}",
                        f"cells from {bounds[0]:g} to {bounds[-1]:g} degrees",
                        f"within {low:g} to {high:g} degrees",
                        "check the coordinates of the file",
                    )
                )
        raise_if_any(InputError, f"{where} is not on a usable grid", problems)
        assert centres[0] is not None and centres[1] is not None
        return cls(centres[0], centres[1], (_step(centres[0]), _step(centres[1])))

    @classmethod
    def globe(cls, resolution: float, south: float = -90.0, north: float = 90.0) -> Grid:
        """The whole globe, or a band of it, at a resolution in degrees that divides 360.

        >>> Grid.globe(2.0).shape
        (90, 180)
        """
        rows = round((north - south) / resolution)
        columns = round(360.0 / resolution)
        return cls(
            np.asarray(south + (np.arange(rows) + 0.5) * resolution, float),
            np.asarray(-180.0 + (np.arange(columns) + 0.5) * resolution, float),
            (resolution, resolution),
        )

    def box(self, west: float, south: float, east: float, north: float) -> tuple[slice, slice]:
        """Rows and columns of the cells whose centre lies in a box (degrees); may be empty.

        >>> Grid.globe(2.0).box(0.0, 50.0, 4.0, 52.0)
        (slice(70, 71, None), slice(90, 92, None))
        """
        rows = np.flatnonzero((self.lat >= south) & (self.lat <= north))
        columns = np.flatnonzero((self.lon >= west) & (self.lon <= east))
        pair = [
            slice(int(i[0]), int(i[-1]) + 1) if i.size else slice(0, 0) for i in (rows, columns)
        ]
        return (pair[0], pair[1])

    def part(self, rows: slice, columns: slice) -> Grid:
        """The grid of some of its rows and columns."""
        return Grid(self.lat[rows], self.lon[columns], self.step)

    @property
    def lat_edges(self) -> Array:
        """Borders of the rows, degrees, south to north."""
        return edges(self.lat, self.step[0])

    @property
    def lon_edges(self) -> Array:
        """Borders of the columns, degrees, west to east."""
        return edges(self.lon, self.step[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return (self.lat.size, self.lon.size)

    def same_as(self, other: Grid) -> bool:
        """Whether both have the same cells (to 1e-4 of a degree: files hold float32)."""
        return self.shape == other.shape and bool(
            np.allclose(self.lat, other.lat, atol=1e-4)
            and np.allclose(self.lon, other.lon, atol=1e-4)
        )

    def describe(self) -> str:
        """One line for messages."""
        lat, lon = self.lat_edges, self.lon_edges
        return (
            f"{self.lat.size} x {self.lon.size} cells, lat {lat[0]:g} to {lat[-1]:g}, "
            f"lon {lon[0]:g} to {lon[-1]:g}"
        )

    def areas(self, earth: str = "wgs84") -> Array:
        """Cell areas in km2, (lat, lon), on the ellipsoid or on the sphere of the same area.

        >>> f"{Grid.globe(2.0).areas().sum():.4e} {Grid.globe(2.0).areas('sphere').sum():.4e}"
        '5.1007e+08 5.1007e+08'
        """
        bounds = self.lat_edges
        band = {"wgs84": ellipsoid_band_area, "sphere": sphere_band_area}[earth]
        per_degree = band(bounds[:-1], bounds[1:]) / 360.0
        widths = np.diff(self.lon_edges)
        return per_degree[:, None] * widths[None, :] / _M2_PER_KM2


def edges(centres: Array, step: float) -> Array:
    """Cell borders of regularly spaced centres.

    >>> edges(np.array([-1.0, 0.0, 1.0]), 1.0)
    array([-1.5, -0.5,  0.5,  1.5])
    """
    return np.round(np.append(centres - step / 2.0, centres[-1] + step / 2.0), 9)


def _step(centres: Array) -> float:
    return float((centres[-1] - centres[0]) / (centres.size - 1))


def sphere_band_area(south: npt.ArrayLike, north: npt.ArrayLike) -> Array:
    """Area between two parallels on the sphere: 2 pi R2 (sin north - sin south), m2.

    >>> f"{sphere_band_area(-90.0, 90.0) / (4.0 * np.pi * MEAN_EARTH_RADIUS**2):.12f}"
    '1.000000000000'
    """
    sines = np.sin(np.deg2rad(north)) - np.sin(np.deg2rad(south))
    return np.asarray(2.0 * np.pi * MEAN_EARTH_RADIUS**2 * sines)


def ellipsoid_band_area(south: npt.ArrayLike, north: npt.ArrayLike) -> Array:
    """Area between two parallels on the WGS 84 ellipsoid, closed form, m2.

    Source: Snyder 1987, Map projections, eq 3-12 (authalic latitude).

    >>> f"{ellipsoid_band_area(-90.0, 90.0):.6e}"
    '5.100656e+14'
    """
    return np.asarray(np.pi * _authalic(north) - np.pi * _authalic(south))


def _authalic(latitude: npt.ArrayLike) -> Array:
    eccentricity = np.sqrt(WGS84_FLATTENING * (2.0 - WGS84_FLATTENING))
    sine = np.sin(np.deg2rad(np.asarray(latitude, float)))
    polar_axis = WGS84_SEMI_MAJOR_AXIS * (1.0 - WGS84_FLATTENING)
    es = eccentricity * sine
    return np.asarray(polar_axis**2 * (sine / (1.0 - es**2) + np.arctanh(es) / eccentricity))


def _regular(centres: Array) -> Array | None:
    """The centres with their rounding removed, or None if they are not regular and ascending."""
    if centres.size < 2 or not np.isfinite(centres).all():
        return None
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    if step <= 0.0 or np.abs(np.diff(centres) - step).max() > _ROUNDING * step:
        return None
    return np.asarray(np.round(centres[0] + step * np.arange(centres.size), 9))
