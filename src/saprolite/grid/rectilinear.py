"""Cells between parallels and meridians as files hold them: uneven steps, any order, any seam.

Grids of models (Gaussian latitudes, longitude from 0, cells centred on the poles) and of
reanalyses whose points are cell centres fit no regular grid between -180 and 180 degrees. Their
values stay in the order of the file; the weights of an area mean know that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid.cells import Grid
from saprolite.grid.regrid import interval_overlaps, sphere_height

Array = npt.NDArray[np.float64]
Bounds = npt.ArrayLike | None
_SLIVER = 1e-6  # share of a source cell that rounding of its borders explains
_AROUND = 1e-3  # degrees by which rounded longitudes may miss or exceed the full circle


@dataclass(frozen=True, eq=False)
class Rectilinear:
    """Borders of rows (south to north) and columns (west to east) in degrees.

    ``descending``: whether the file holds its rows from north to south. Columns are in the order
    of the file and may start at any longitude.
    """

    lat_edges: Array
    lon_edges: Array
    descending: bool = False

    @classmethod
    def of(
        cls,
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        where: str,
        lat_bounds: Bounds = None,
        lon_bounds: Bounds = None,
    ) -> Rectilinear:
        """From the centres of a file, and the borders (n, 2) where it gives them.

        Borders that are not given lie halfway between centres, and at the poles at most. Raises
        ``InputError`` for centres that are missing or out of order, and for cells that overlap or
        leave a gap.

        >>> cells = Rectilinear.of([90.0, 0.0, -90.0], [0.0, 180.0], "points")
        >>> cells.lat_edges.tolist(), cells.lon_edges.tolist(), cells.descending
        ([-90.0, -45.0, 45.0, 90.0], [-90.0, 90.0, 270.0], True)
        """
        rows, columns = np.asarray(lat, float), _unwrapped(np.asarray(lon, float))
        problems = [
            problem
            for name, centres in (("lat", rows), ("lon", columns))
            if (problem := _order_problem(f"{where}: {name}", name, centres))
        ]
        raise_if_any(InputError, f"{where} is not on a usable grid", problems)
        descending = bool(rows[0] > rows[-1])
        problems += _bounds_problems(where, lat_bounds, lon_bounds)
        raise_if_any(InputError, f"{where} is not on a usable grid", problems)
        if descending:
            rows = rows[::-1]
        lat_edges = _edges_of(lat_bounds) if lat_bounds is not None else _halfway(rows)
        lon_edges = (
            _edges_of(lon_bounds, circular=True) if lon_bounds is not None else _halfway(columns)
        )
        inside = (lat_edges[:-1] <= rows + 1e-6) & (rows - 1e-6 <= lat_edges[1:])
        if not inside.all() or lon_edges[-1] - lon_edges[0] > 360.0 + _AROUND:
            span = f"longitudes over {lon_edges[-1] - lon_edges[0]:g} degrees"
            found = span if inside.all() else "centres of rows outside their borders"
            accepted = "each row within its borders, each longitude once"
            problems.append(Problem(f"{where}: lat, lon", found, accepted, "fetch the file again"))
            raise_if_any(InputError, f"{where} is not on a usable grid", problems)
        return cls(np.clip(lat_edges, -90.0, 90.0), lon_edges, descending)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return (self.lat_edges.size - 1, self.lon_edges.size - 1)

    @property
    def around(self) -> bool:
        """Whether the columns go all around the globe."""
        return bool(abs(self.lon_edges[-1] - self.lon_edges[0] - 360.0) <= _AROUND)

    def same_as(self, other: Rectilinear) -> bool:
        """Whether both have the same cells in the same order (to 1e-4 of a degree)."""
        return (
            self.shape == other.shape
            and self.descending == other.descending
            and bool(np.allclose(self.lat_edges, other.lat_edges, rtol=0.0, atol=1e-4))
            and bool(np.allclose(self.lon_edges, other.lon_edges, rtol=0.0, atol=1e-4))
        )

    def describe(self) -> str:
        """One line for messages."""
        lat, lon = self.lat_edges, self.lon_edges
        return (
            f"{self.shape[0]} x {self.shape[1]} cells, lat {lat[0]:g} to {lat[-1]:g}"
            f"{' (north first)' if self.descending else ''}, lon {lon[0]:g} to {lon[-1]:g}"
        )

    def grid(self, where: str) -> Grid:
        """The same cells as a regular grid from -180 to 180 degrees; ``InputError`` if they are
        none, as those around the globe that are centred on the poles or on 180 degrees."""
        lon = 0.5 * (self.lon_edges[:-1] + self.lon_edges[1:])
        lat = 0.5 * (self.lat_edges[:-1] + self.lat_edges[1:])
        return Grid.from_centres(lat, np.sort((lon + 180.0) % 360.0 - 180.0), where)

    def onto(self, target: Grid, rows: slice = slice(None)) -> Weights:
        """Weights of area means on some rows of a grid; the grids need not nest."""
        part = target.part(rows, slice(None))
        lat = interval_overlaps(sphere_height(self.lat_edges), sphere_height(part.lat_edges))
        turns = [self.lon_edges + turn for turn in (-720.0, -360.0, 0.0, 360.0)]
        lon = sum(interval_overlaps(edges, part.lon_edges) for edges in turns)
        lat = _without_slivers(lat, np.diff(sphere_height(self.lat_edges)))
        lon = _without_slivers(lon, np.diff(self.lon_edges))
        if self.descending:
            lat = lat[:, ::-1]
        touched = np.flatnonzero(np.diff(lat.tocsc().indptr))
        used = slice(int(touched[0]), int(touched[-1]) + 1) if touched.size else slice(0, 0)
        whole = np.outer(np.diff(sphere_height(part.lat_edges)), np.diff(part.lon_edges))
        return Weights(lat[:, used], lon, whole, used)


@dataclass(frozen=True, eq=False)
class Weights:
    """Area weights from the rows ``source_rows`` of a file to cells of a grid."""

    lat: Any
    lon: Any
    whole: Array
    source_rows: slice

    def amounts(self, values: npt.NDArray[Any]) -> Array:
        """Area sum of values without gaps, (row, column) of the file, over each target cell."""
        return np.asarray((self.lon @ (self.lat @ np.asarray(values, np.float64)).T).T)

    def cover(self, share: npt.NDArray[Any]) -> Array:
        """Share of each target cell that a mask of the file covers, or a share of its cells."""
        return np.round(self.amounts(share) / self.whole, 9)

    def mean(self, values: npt.NDArray[Any]) -> Array:
        """Area mean of the values that are there, NaN where a target cell has none.

        >>> cells = Rectilinear.of([45.0, -45.0], [90.0, 270.0], "four cells")
        >>> weights = cells.onto(Grid.globe(90.0))
        >>> weights.mean(np.array([[1.0, 2.0], [3.0, np.nan]])).tolist()
        [[nan, nan, 3.0, 3.0], [2.0, 2.0, 1.0, 1.0]]
        """
        return next(self.means([values]))

    def means(
        self, fields: Iterable[npt.NDArray[Any]], share: npt.NDArray[Any] | float = 1.0
    ) -> Iterator[Array]:
        """Area means of several fields; the cover of those with the same gaps is made once.

        ``share``: of each cell of the file, the part that its value is of.

        >>> weights = Rectilinear.of([45.0, -45.0], [90.0, 270.0], "four cells").onto(
        ...     Grid(np.array([-45.0, 45.0]), np.array([0.0]), (90.0, 360.0)))
        >>> values = np.array([[1.0, 2.0], [3.0, np.nan]])
        >>> share = np.array([[1.0, 0.5], [1.0, 1.0]])
        >>> next(weights.means([values], share)).round(12).tolist()
        [[3.0], [1.333333333333]]
        """
        last: npt.NDArray[np.bool_] | None = None
        covered: Array = np.empty(0)
        there: npt.NDArray[np.bool_] = np.empty(0, bool)
        for values in fields:
            valid = np.isfinite(values)
            if last is None or not np.array_equal(valid, last):
                last, covered = valid, self.amounts(valid * share)
                there = covered > _SLIVER * self.whole
                covered = np.where(there, covered, 1.0)
            amount = self.amounts(np.where(valid, values, 0.0) * share)
            yield np.where(there, amount / covered, np.nan)


def _without_slivers(shared: Any, widths: Array) -> Any:
    shared = shared.tocsr()
    shared.data[shared.data < _SLIVER * widths[shared.indices]] = 0.0
    shared.eliminate_zeros()
    return shared


def _unwrapped(lon: Array) -> Array:
    """Longitudes with the one step back across the seam undone (350, 0 becomes 350, 360)."""
    back = np.flatnonzero(np.diff(lon) < 0.0)
    if back.size == 1 and lon.size > 2:
        lon = lon.copy()
        lon[back[0] + 1 :] += 360.0
    return lon


def _halfway(centres: Array) -> Array:
    steps = np.diff(centres)
    inner = 0.5 * (centres[:-1] + centres[1:])
    first, last = centres[0] - 0.5 * steps[0], centres[-1] + 0.5 * steps[-1]
    return np.round(np.concatenate([[first], inner, [last]]), 9)


def _edges_of(bounds: npt.ArrayLike, circular: bool = False) -> Array:
    pairs = np.sort(np.asarray(bounds, float), axis=1)
    if circular:
        pairs[:, 0] = _unwrapped(pairs[:, 0])
        pairs[:, 1] = _unwrapped(pairs[:, 1])
    elif pairs[0, 0] > pairs[-1, 0]:
        pairs = pairs[::-1]
    return np.round(np.append(pairs[:, 0], pairs[-1, 1]), 9)


def _order_problem(where: str, name: str, centres: Array) -> Problem | None:
    steps = np.diff(centres) if centres.ndim == 1 else np.array([])
    limit = (-90.0, 90.0) if name == "lat" else (-360.0, 720.0)
    found = None
    if centres.ndim != 1:
        found = f"{centres.ndim} dimensions: a curvilinear grid"
    elif centres.size < 2:
        found = f"{centres.size} value"
    elif not np.isfinite(centres).all():
        found = f"{int((~np.isfinite(centres)).sum())} missing values"
    elif not ((steps > 0.0).all() or (name == "lat" and (steps < 0.0).all())):
        found = "values out of order"
    elif centres.min() < limit[0] or centres.max() > limit[1]:
        found = f"{centres.min():g} to {centres.max():g}"
    if found is None:
        return None
    return Problem(
        where, found, "centres of cells in degrees, two or more, in order along each axis",
        "fetch the file again, on the product's own grid of latitude and longitude",
    )  # fmt: skip


def _bounds_problems(where: str, *bounds: Bounds) -> Sequence[Problem]:
    problems = []
    for name, given in zip(("lat_bnds", "lon_bnds"), bounds, strict=True):
        if given is None:
            continue
        pairs = np.asarray(given, float)
        good = pairs.ndim == 2 and pairs.shape[1] == 2 and bool(np.isfinite(pairs).all())
        if good:
            pairs = np.sort(pairs, axis=1)
            if name == "lon_bnds":
                pairs = np.stack([_unwrapped(pairs[:, 0]), _unwrapped(pairs[:, 1])], axis=1)
            elif pairs[0, 0] > pairs[-1, 0]:
                pairs = pairs[::-1]
            width = np.diff(pairs, axis=1)[:, 0]
            gaps = np.abs(pairs[1:, 0] - pairs[:-1, 1])
            good = bool((width > 0.0).all() and (gaps <= 1e-3 * width[1:] + 1e-4).all())
        if not good:
            problems.append(
                Problem(
                    f"{where}: {name}", "cells that overlap or leave a gap, or missing borders",
                    "borders of cells that touch one another", "fetch the whole file again",
                )
            )  # fmt: skip
    return problems
