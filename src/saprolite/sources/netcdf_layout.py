"""What a NetCDF file says of its variables, and where in the file their chunks lie.

h5py reads all of it in half the time that netCDF4 needs to open a file of many variables,
and is the only one that tells where a chunk lies. Whatever is unusual is left to netCDF4.
This module is imported where a file is opened, not before: h5py takes a tenth of a second.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import h5py

# netCDF4 before h5py: each brings an HDF5 library, and the other order is known to fail.
import netCDF4  # noqa: F401
import numpy as np
import numpy.typing as npt

from saprolite.sources.files import (
    HDF5_LOCK,
    Array,
    attributes_of,
    decode,
    netcdf,
    require_file,
    unpacked,
)

AXES = ("time", "lat", "lon")
_ATTRIBUTES = ("units", "calendar", "_FillValue", "missing_value", "scale_factor", "add_offset")
_DEFLATE, _SHUFFLE = 1, 2
Index = tuple[int, ...]


class NotPlain(Exception):
    """A file or variable that is left to netCDF4; the text says why."""


class Extent(NamedTuple):
    """Where the bytes of a chunk lie in the file."""

    offset: int
    length: int


@dataclass(frozen=True)
class Layout:
    """How a variable (time, lat, lon) is stored: chunks of one shape, each at its own place.

    ``dtype`` is that of the stored numbers, byte order included; ``attributes`` are those that
    unpack them. ``extents`` goes by the number of the chunk along each axis.
    """

    shape: Index
    chunk: Index
    dtype: str
    shuffled: bool
    deflated: bool
    extents: Mapping[Index, Extent]
    attributes: Mapping[str, Any]

    @cached_property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return np.dtype(self.dtype).itemsize

    @cached_property
    def chunk_bytes(self) -> int:
        """Bytes of an inflated chunk."""
        return int(np.prod(self.chunk)) * self.itemsize

    @cached_property
    def packed(self) -> bool:
        """Whether stored numbers are to be scaled or shifted."""
        scale, offset = (self.attributes.get(name) for name in ("scale_factor", "add_offset"))
        return scale not in (None, 1.0) or offset not in (None, 0.0)

    @cached_property
    def fills(self) -> npt.NDArray[Any]:
        """Stored numbers that mean a missing value."""
        found = [self.attributes.get(name) for name in ("_FillValue", "missing_value")]
        given = [number for fill in found if fill is not None for number in np.ravel(fill).tolist()]
        return np.array(list(dict.fromkeys(given))).astype(self.dtype)


class Variable(NamedTuple):
    """A variable as its file describes it; ``layout`` None where netCDF4 must read it."""

    dimensions: tuple[str, ...]
    attributes: Mapping[str, Any]
    layout: Layout | None = None

    @property
    def units(self) -> str:
        """The ``units`` attribute, or an empty text."""
        return str(self.attributes.get("units", "")).strip()


class Head(NamedTuple):
    """What a file holds: those of the wanted variables that are there, and the decoded axes.

    ``size`` and ``modified`` (ns) tell whether the file is still the one that was described;
    ``reason`` says why netCDF4 must read the fields, and is empty where it need not.
    """

    variables: dict[str, Variable]
    axes: dict[str, Array]
    size: int
    modified: int
    reason: str


def read_head(path: Path, names: Sequence[str], what: str) -> Head:
    """Describe the variables ``names`` (time, lat, lon) and the axes of a file.

    Raises ``InputError`` for a file that is absent, empty, truncated or not NetCDF.
    """
    require_file(path, what)
    status = path.stat()
    try:
        with HDF5_LOCK:
            variables, axes = _plain_head(path, names)
        reason = ""
    except NotPlain as why:
        variables, axes = _netcdf4_head(path, names, what)
        reason = str(why)
    return Head(variables, axes, status.st_size, status.st_mtime_ns, reason)


def _netcdf4_head(
    path: Path, names: Sequence[str], what: str
) -> tuple[dict[str, Variable], dict[str, Array]]:
    with netcdf(path, what) as dataset:
        held = dataset.variables
        variables = {
            name: Variable(held[name].dimensions, attributes_of(held[name]))
            for name in (*names, *AXES)
            if name in held
        }
        return variables, {name: decode(held[name]) for name in AXES if name in held}


def _plain_head(path: Path, names: Sequence[str]) -> tuple[dict[str, Variable], dict[str, Array]]:
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    try:
        file = h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY, access)
    except OSError as error:
        raise NotPlain("not a plain HDF5 file") from error
    try:
        if file.get_create_plist().get_userblock():
            raise NotPlain("a file with a user block")
        axes, variables = {}, {}
        for name in AXES:
            dataset = h5py.h5d.open(file, name.encode())
            attributes = _attributes(dataset)
            axes[name] = unpacked(_values(dataset), attributes)
            variables[name] = Variable((name,), attributes)
        sizes = tuple(axis.size for axis in axes.values())
        for name in names:
            variables[name] = _plain_variable(file, name, sizes)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise NotPlain(f"h5py cannot describe it ({error})") from error
    finally:
        file.close()
    return variables, axes


def _plain_variable(file: Any, name: str, sizes: Index) -> Variable:
    dataset = h5py.h5d.open(file, name.encode())
    attributes = _attributes(dataset)
    told_by_sizes = dataset.shape == sizes and len(set(sizes)) == len(sizes)
    dimensions = AXES if told_by_sizes else _dimensions(file, dataset, name)
    if dimensions != AXES:
        return Variable(dimensions, attributes)
    if dataset.shape != sizes:
        raise NotPlain(f"{name} is shorter than its dimensions")
    return Variable(dimensions, attributes, _layout(dataset, name, attributes))


def _dimensions(file: Any, dataset: Any, name: str) -> tuple[str, ...]:
    """The names of the dimension scales, which is how netCDF-4 keeps its dimensions: slow."""
    if not h5py.h5a.exists(dataset, b"DIMENSION_LIST"):
        raise NotPlain(f"{name} has no dimension scales")
    attribute = h5py.h5a.open(dataset, b"DIMENSION_LIST")
    scales = np.empty(attribute.shape, attribute.dtype)
    attribute.read(scales)
    opened = [h5py.h5r.dereference(scale[0], file) for scale in scales]
    return tuple(h5py.h5i.get_name(scale).decode().rpartition("/")[2] for scale in opened)


def _layout(dataset: Any, name: str, attributes: Mapping[str, Any]) -> Layout:
    stored, dtype = dataset.get_create_plist(), dataset.dtype
    if dtype.kind not in "fiu":
        raise NotPlain(f"{name} holds no numbers ({dtype})")
    filters = tuple(stored.get_filter(k)[0] for k in range(stored.get_nfilters()))
    if filters not in ((), (_DEFLATE,), (_SHUFFLE,), (_SHUFFLE, _DEFLATE)):
        raise NotPlain(f"{name} is stored with filters that only HDF5 knows {filters}")
    kind = stored.get_layout()
    if kind == h5py.h5d.CHUNKED:
        chunk = stored.get_chunk()
        extents = _chunk_extents(dataset, chunk)
    elif kind == h5py.h5d.CONTIGUOUS and not stored.get_external_count():
        chunk = (1, *dataset.shape[1:])
        extents = _month_extents(dataset)
    else:
        raise NotPlain(f"{name} is neither in chunks nor in one piece")
    counts = [-(-size // step) for size, step in zip(dataset.shape, chunk, strict=True)]
    if not all(index in extents for index in product(*map(range, counts))):
        raise NotPlain(f"{name} has chunks that were never written")
    return Layout(
        dataset.shape,
        chunk,
        dtype.str,
        _SHUFFLE in filters,
        _DEFLATE in filters,
        extents,
        attributes,
    )


def _chunk_extents(dataset: Any, chunk: Index) -> dict[Index, Extent]:
    if not hasattr(dataset, "chunk_iter"):
        raise NotPlain("h5py was built with a HDF5 library that does not list chunks")
    extents = {}

    def note(info: Any) -> None:
        if info.filter_mask == 0:  # else a filter was left out for this chunk alone
            index = tuple(at // step for at, step in zip(info.chunk_offset, chunk, strict=True))
            extents[index] = Extent(info.byte_offset, info.size)

    dataset.chunk_iter(note)
    return extents


def _month_extents(dataset: Any) -> dict[Index, Extent]:
    """One piece holds its months one after the other."""
    offset = dataset.get_offset()
    if offset is None:
        return {}
    month = int(np.prod(dataset.shape[1:])) * dataset.dtype.itemsize
    return {(k, 0, 0): Extent(offset + k * month, month) for k in range(dataset.shape[0])}


def _attributes(dataset: Any) -> dict[str, Any]:
    found = {}
    for name in _ATTRIBUTES:
        if h5py.h5a.exists(dataset, name.encode()):
            attribute = h5py.h5a.open(dataset, name.encode())
            value = np.empty(attribute.shape, attribute.dtype)
            attribute.read(value)
            found[name] = _plain_value(value)
    return found


def _plain_value(value: npt.NDArray[Any]) -> Any:
    if value.size != 1:
        raise NotPlain("an attribute of several values")
    item = value.ravel()[0]
    return item.decode() if isinstance(item, bytes) else item


def _values(dataset: Any) -> npt.NDArray[Any]:
    values = np.empty(dataset.shape, dataset.dtype)
    dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    return values
