"""Fields of NetCDF files on chosen cells, read chunk by chunk without the HDF5 library.

The place of every chunk is known (see ``netcdf_layout``), so threads read, inflate and gather
chunks side by side, where HDF5 lets one thread in at a time and unpacks cells that nobody wants.
The numbers are those that netCDF4 gives, to the last bit.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Array, Spread, broken, unpacked
from saprolite.sources.netcdf_kernels import gather_shuffled, spread
from saprolite.sources.netcdf_layout import Extent, Head, Index, Layout
from saprolite.threads import cores

Row = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int64]
Convert = Callable[[Array], Array]
Job = Callable[[], None]
Inflate = Callable[[bytes, int], bytes | bytearray]
_PIECE = 16384  # values that are converted at a time, in the cache of a core


class Wanted(NamedTuple):
    """A variable at some positions along time, each with the row of the result that it fills.

    ``convert`` turns float64 values in the unit of the file into those of the result; the result
    is rounded to float32 once, after it.
    """

    name: str
    rows: Mapping[int, Row]
    convert: Convert | None = None


@dataclass(frozen=True)
class Tile:
    """The chosen cells that lie in the chunks of one row and column of a grid of chunks.

    ``inside`` are their flat indices in a month of the chunk, and ``starts`` and ``stops`` the
    runs of neighbours among these; ``chosen`` says which of all the cells they are.
    """

    row: int
    column: int
    chosen: slice | Cells
    inside: Cells
    starts: Cells
    stops: Cells


class Gatherer:
    """Reads fields at flat (row-major) indices of the file's own grid."""

    def __init__(self, cells: Cells, shape: Index) -> None:
        self._row, self._column = np.divmod(cells, shape[1])
        self._tiles: dict[Index, list[Tile]] = {}

    def jobs(self, path: Path, head: Head, wanted: Wanted, what: str) -> Iterator[Job]:
        """One piece of work for every chunk that holds a wanted value; they may run side by side.

        A job raises ``InputError`` where the file has changed or is damaged.
        """
        layout = head.variables[wanted.name].layout
        assert layout is not None, head.reason
        by_chunk: dict[int, dict[int, Row]] = {}
        for position, row in wanted.rows.items():
            number, month = divmod(position, layout.chunk[0])
            by_chunk.setdefault(number, {})[month] = row
        for number, rows in by_chunk.items():
            for tile in self._tiled(layout.chunk):
                extent = layout.extents[(number, tile.row, tile.column)]
                yield partial(_gather, path, head, extent, wanted, rows, tile, what)

    def _tiled(self, chunk: Index) -> list[Tile]:
        key = chunk[1:]
        if key not in self._tiles:
            self._tiles[key] = list(self._tiles_of(*key))
        return self._tiles[key]

    def _tiles_of(self, height: int, width: int) -> Iterator[Tile]:
        row, in_row = np.divmod(self._row, height)
        column, in_column = np.divmod(self._column, width)
        inside = in_row * width + in_column
        across = int(column.max(initial=0)) + 1
        tile = row * across + column
        numbers = np.flatnonzero(np.bincount(tile))
        for number in numbers:
            chosen = slice(None) if numbers.size == 1 else np.flatnonzero(tile == number)
            here = inside[chosen]
            breaks = np.flatnonzero(np.diff(here) != 1)
            row_of_tile, column_of_tile = divmod(int(number), across)
            starts = here[np.append(0, breaks + 1)]
            stops = here[np.append(breaks, here.size - 1)] + 1
            yield Tile(row_of_tile, column_of_tile, chosen, here, starts, stops)


def run_jobs(jobs: Sequence[Job]) -> None:
    """Run all jobs on the cores of this process; raises one ``InputError`` with all problems."""
    tasks = [_pool(os.getpid()).submit(job) for job in jobs]
    raise_if_any(InputError, "Input files cannot be read", _problems(tasks))


def spreads(fields: Sequence[Row], chosen: npt.NDArray[np.bool_]) -> list[Spread]:
    """The spread of each field over the chosen cells; NaN is missing, infinity is not."""
    found = _pool(os.getpid()).map(partial(_spread, chosen=chosen), fields)
    return list(found)


def _spread(values: Row, chosen: npt.NDArray[np.bool_]) -> Spread:
    number, smallest, largest, total = spread(values, chosen)
    mean = total / number if number else np.nan
    return Spread(int(number), float(smallest), float(largest), mean)


def fetch_ahead(path: Path, head: Head, names: Iterable[str], positions: Iterable[int]) -> None:
    """Ask the system to bring the chunks of some months into its file cache meanwhile."""
    if not hasattr(os, "posix_fadvise"):
        return
    with suppress(OSError), path.open("rb", buffering=0) as stream:  # who reads it will complain
        for extent in _extents(head, names, set(positions)):
            os.posix_fadvise(stream.fileno(), *extent, os.POSIX_FADV_WILLNEED)


def _extents(head: Head, names: Iterable[str], positions: set[int]) -> Iterator[Extent]:
    for name in names:
        layout = head.variables[name].layout
        if layout is not None:
            numbers = {position // layout.chunk[0] for position in positions}
            yield from (extent for index, extent in layout.extents.items() if index[0] in numbers)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Threads that all reading of a process shares; a forked process has to make its own."""
    return ThreadPoolExecutor(cores(), thread_name_prefix=f"saprolite-reading-{process}")


def _problems(tasks: Sequence[Future[None]]) -> Iterator[Problem]:
    """Wait for all tasks, so that none writes into arrays that are given up."""
    for task in tasks:
        error = task.exception()
        if isinstance(error, InputError):
            yield from error.problems
        elif error is not None:
            raise error


def _gather(
    path: Path,
    head: Head,
    extent: Extent,
    wanted: Wanted,
    rows: Mapping[int, Row],
    tile: Tile,
    what: str,
) -> None:
    """Fill the chosen cells of some rows (by month within the chunk) from one chunk."""
    layout = head.variables[wanted.name].layout
    assert layout is not None
    data = _inflated(_read(path, head, extent, what), path, layout, what)
    whole = isinstance(tile.chosen, slice)
    for month, row in rows.items():
        result = row if whole else np.empty(tile.inside.size, np.float32)
        values = _values(data, layout, month, tile, result)
        if wanted.convert is not None:
            _convert(values, wanted.convert, result)
        elif values is not result:
            result[:] = _rounded(values)
        if not whole:
            row[tile.chosen] = result


def _values(
    data: npt.NDArray[np.uint8], layout: Layout, month: int, tile: Tile, result: Row
) -> Row | Array:
    """The unpacked values of a month: those of plain float32 at once in ``result``."""
    area = layout.chunk[1] * layout.chunk[2]
    first = month * area
    if layout.dtype == "<f4" and layout.shuffled and not layout.packed:
        bits = result.view(np.uint32)
        starts, stops = tile.starts, tile.stops
        gather_shuffled(data, data.size // 4, first, starts, stops, layout.fills, bits)
        return result
    if layout.shuffled:
        bytes_of = data.reshape(layout.itemsize, -1)[:, first : first + area].T
    else:
        bytes_of = data.reshape(-1, layout.itemsize)[first : first + area]
    stored = np.ascontiguousarray(bytes_of).reshape(-1).view(layout.dtype)
    return unpacked(stored[tile.inside], layout.attributes)


def _convert(values: Row | Array, convert: Convert, result: Row) -> None:
    for start in range(0, values.size, _PIECE):
        piece = slice(start, start + _PIECE)
        result[piece] = _rounded(convert(values[piece].astype(np.float64)))


def _rounded(values: Row | Array) -> Row:
    """Rounded to float32; what is too large becomes infinite, which no range accepts."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _read(path: Path, head: Head, extent: Extent, what: str) -> bytes:
    try:
        with path.open("rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            stream.seek(extent.offset)
            data = stream.read(extent.length)
    except OSError as error:
        raise broken(path, what, str(error)) from error
    if (status.st_size, status.st_mtime_ns) != (head.size, head.modified):
        raise broken(path, what, "another file than the one that was checked")
    return data


def _inflated(data: bytes, path: Path, layout: Layout, what: str) -> npt.NDArray[np.uint8]:
    inflate, error_kind = inflater()
    try:
        inflated = inflate(data, layout.chunk_bytes) if layout.deflated else data
    except error_kind as error:
        raise broken(path, what, f"damaged data: {error}") from error
    if len(inflated) != layout.chunk_bytes:
        found = f"damaged data: {len(inflated)} of {layout.chunk_bytes} bytes of a chunk"
        raise broken(path, what, found)
    return np.frombuffer(inflated, np.uint8)


@cache
def inflater() -> tuple[Inflate, type[Exception]]:
    """libdeflate, or the standard library where it is not installed: the same bytes, slower."""
    try:
        from deflate import DeflateError, zlib_decompress
    except ImportError:
        return (lambda data, size: zlib.decompress(data, bufsize=size)), zlib.error
    return zlib_decompress, DeflateError
