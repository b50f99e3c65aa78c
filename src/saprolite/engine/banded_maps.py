"""Maps of a Zarr group whose chunks are bands of latitude rows, written from packed land cells.

A chunk holds one label of each leading dimension, all layers, the rows of a band and all
longitudes. No map is ever unpacked: its land is copied into the bytes of a chunk (see ``frames``),
which a thread keeps from one map to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.engine.frames import Frame
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared
from saprolite.stores import (
    DAMAGED,
    Group,
    Place,
    chunk_checksum,
    map_chunk,
    write_chunk,
)

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Index = tuple[int, ...]


class Band(NamedTuple):
    """A band of rows with land: which chunk along latitude, its rows, its packed cells."""

    chunk: int
    rows: slice
    cells: slice


class _Kind(NamedTuple):
    """What a chunk of an array is: type of its numbers, its layers (None without that axis)."""

    dtype: np.dtype[Any]
    layers: int | None

    def shape(self, cells: int) -> tuple[int, ...]:
        """Of packed cells."""
        return (cells,) if self.layers is None else (self.layers, cells)


class BandedMaps:
    """The banded arrays of a group; any of them may be written by many threads at once."""

    def __init__(self, path: Place, group: Group, prepared: Prepared, rows: int) -> None:
        self._path = path
        self._group = group
        self._rows = rows
        self._shape = prepared.grid.shape
        self._layers = len(prepared.layer_edges) - 1
        self._cells = prepared.cells
        self._kinds: dict[str, _Kind] = {}
        self._own = threading.local()
        self.bands = tuple(self._cut())
        self._frames: dict[tuple[int, _Kind], Frame] = {}

    def create(
        self,
        name: str,
        leading: Mapping[str, int],
        attributes: Mapping[str, Any],
        *,
        dtype: npt.DTypeLike = "f8",
        layered: bool = True,
    ) -> None:
        """Add an empty array, in the place of one of the same name.

        ``leading``: size of each dimension before (layer, lat, lon), or (lat, lon) if not
        ``layered``.
        """
        layers = {"layer": self._layers} if layered else {}
        dims = {**leading, **layers, "lat": self._shape[0], "lon": self._shape[1]}
        chunks = (*(1,) * len(leading), *layers.values(), self._rows, self._shape[1])
        self._group.add_empty(name, list(dims), tuple(dims.values()), chunks, attributes, dtype)
        self._kinds.pop(name, None)

    def write(self, name: str, index: Index, band: Band, values: Array) -> str:
        """Write (layer, cell) or (cell,) on the cells of a band as a chunk; returns its checksum.

        ``index``: position in each leading dimension.
        """
        kind = self._kind(name)
        data = self._blank(band, kind)
        self._frame(band, kind).fill(np.ascontiguousarray(values, kind.dtype), data)
        return write_chunk(self._path / name, self._place(index, band, kind), data)

    def read(self, name: str, index: Index, band: Band, into: Array | None = None) -> Array:
        """What is stored on the cells of a band, (layer, cell) or (cell,), ``into`` an array where
        one is given.

        Raises ``StoreError`` where it is missing or damaged.
        """
        with _reading(self._path / name):
            kind = self._kind(name)
            cells = band.cells.stop - band.cells.start
            values = np.empty(kind.shape(cells), kind.dtype) if into is None else into
            frame, place = self._frame(band, kind), self._place(index, band, kind)
            data = map_chunk(self._path / name, place, np.uint8, (frame.fixed.size,))
            if not frame.take(data, values):
                raise ValueError("a chunk that is not packed as saprolite does it")
            return values

    def checksum(self, name: str, index: Index, band: Band) -> str | None:
        """Checksum of the stored bytes of a chunk; None where there is none."""
        return chunk_checksum(self._path / name, self._place(index, band, self._kind(name)))

    def _cut(self) -> Iterator[Band]:
        height, width = self._shape
        for chunk, first in enumerate(range(0, height, self._rows)):
            rows = slice(first, min(first + self._rows, height))
            ends = np.searchsorted(self._cells, (rows.start * width, rows.stop * width))
            if ends[1] > ends[0]:
                yield Band(chunk, rows, slice(int(ends[0]), int(ends[1])))

    def _kind(self, name: str) -> _Kind:
        if name not in self._kinds:
            array = self._group.array(name)
            layers = self._layers if "layer" in array.dims else None
            self._kinds[name] = _Kind(array.dtype.newbyteorder("<"), layers)
        return self._kinds[name]

    def _place(self, index: Index, band: Band, kind: _Kind) -> Index:
        return (*index, *(() if kind.layers is None else (0,)), band.chunk, 0)

    def _frame(self, band: Band, kind: _Kind) -> Frame:
        """The bytes that the maps of a band have in common."""
        key = (band.chunk, kind)
        if key not in self._frames:
            width = self._shape[1]
            land = self._cells[band.cells] - band.rows.start * width
            area = self._rows * width
            self._frames[key] = Frame.of(land, kind.layers or 1, area, kind.dtype)
        return self._frames[key]

    def _blank(self, band: Band, kind: _Kind) -> Bytes:
        """The bytes of a chunk, of which a thread fills in the land again and again."""
        held: dict[_Kind, tuple[Band, Bytes]] = self._own.__dict__.setdefault("blanks", {})
        if kind not in held or held[kind][0] != band:
            held[kind] = (band, self._frame(band, kind).fixed.copy())
        return held[kind][1]


def rows_of_bands(height: int, bands: int) -> int:
    """Rows of a chunk so that ``height`` rows make up to ``bands`` bands of equal height.

    >>> rows_of_bands(600, 1), rows_of_bands(600, 7), rows_of_bands(3, 5)
    (600, 86, 1)
    """
    return max(1, -(-height // bands))


def dims_of(group: Group) -> dict[str, Sequence[str]]:
    """The dimensions of every array of a group, by its name, sorted."""
    return {name: group.array(name).dims for name in group.names()}


@contextmanager
def _reading(where: Place) -> Iterator[None]:
    """Turn what reading a damaged or half-removed store raises into a clear error."""
    try:
        yield
    except StoreError:
        raise
    except DAMAGED as error:
        raise StoreError(
            "The results of the run cannot be read (1 problem)",
            [Problem(str(where), f"{type(error).__name__}: {error}", "the store as it was written",
                     "the same command again: it computes anew what is missing or damaged")],
        ) from error  # fmt: skip
