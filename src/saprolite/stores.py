"""Zarr v3 groups and the small files of a run folder, on a disk or an object store."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saprolite.chunks import Codec, chunk_checksum, map_chunk, write_chunk
from saprolite.errors import Problem, StoreError
from saprolite.places import (
    Place,
    files_below,
    is_local,
    make_folder,
    place,
    remove,
    sweep,
    unwritable,
    write_bytes,
    write_text,
    writing,
)

if TYPE_CHECKING:
    import xarray as xr
    import zarr

# What reading a damaged or half-removed store raises, from zarr, its codecs and the disk.
DAMAGED = (StoreError, KeyError, TypeError, ValueError, RuntimeError, OSError)


def write_json(path: Place, content: Any) -> None:
    """Write JSON whole or not at all; numbers that are not finite become null."""
    write_text(path, json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")


def create_group(path: Place, attributes: Mapping[str, Any]) -> zarr.Group:
    """A new, empty group in the place of what was there."""
    import zarr

    with writing(path):
        remove(path)
        make_folder(path.parent)
        return zarr.create_group(_zarr(path), attributes=dict(attributes), zarr_format=3)


def consolidate(path: Place) -> zarr.Group:
    """Copy the metadata of all arrays into the group, so that xarray opens it in one read; returns
    the group, whose attributes may still be set."""
    import zarr

    with writing(path), warnings.catch_warnings():
        # Not yet in the Zarr 3 specification; readers that do not know it ignore it.
        warnings.simplefilter("ignore", category=UserWarning)
        return zarr.consolidate_metadata(_zarr(path))


def open_group(path: Place) -> zarr.Group:
    """An existing group, to add to or to read."""
    import zarr

    try:
        return zarr.open_group(_zarr(path), mode="r+", use_consolidated=False)
    except (OSError, ValueError) as error:
        raise StoreError(
            "A store of the run cannot be opened (1 problem)",
            [Problem(str(path), str(error), "a Zarr store that saprolite wrote",
                     "start over: saprolite run STUDY.toml --out OUT --restart")],
        ) from error  # fmt: skip


def add_array(
    group: zarr.Group,
    name: str,
    dims: Sequence[str],
    values: npt.ArrayLike,
    attributes: Mapping[str, Any],
) -> None:
    """Add an array that is complete, in one chunk."""
    array = np.asarray(values)
    dtype: Any = "string" if array.dtype.kind == "U" else array.dtype
    stored = group.create_array(
        name,
        shape=array.shape,
        chunks=tuple(max(1, size) for size in array.shape),
        dtype=dtype,
        dimension_names=list(dims),
        attributes=dict(attributes),
        fill_value=np.nan if array.dtype.kind == "f" else None,
    )
    stored[...] = array


def add_empty(
    group: zarr.Group,
    name: str,
    dims: Sequence[str],
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    attributes: Mapping[str, Any],
    dtype: npt.DTypeLike = "f8",
    codec: Codec = Codec.LZ4,
) -> None:
    """Add an array whose chunks :func:`write_chunk` writes; a chunk that is not there reads NaN,
    or 0 where numbers are whole."""
    kind = np.dtype(dtype)
    group.create_array(
        name, shape=shape, chunks=chunks, dtype=kind, dimension_names=list(dims),
        attributes=dict(attributes), fill_value=np.nan if kind.kind == "f" else 0,
        compressors=codec.for_zarr(),
    )  # fmt: skip


def open_dataset(path: Place) -> xr.Dataset:
    """A store as an xarray Dataset, lazily read."""
    import xarray as xr

    if not path.is_dir():
        raise StoreError(
            "No such store (1 problem)",
            [Problem(str(path), "not there", "a folder that saprolite run wrote",
                     "saprolite run STUDY.toml --out OUT")],
        )  # fmt: skip
    dataset: xr.Dataset = xr.open_zarr(_zarr(path), consolidated=False, chunks=None)
    texts = {
        name: (coordinate.dims, [str(text) for text in coordinate.values], coordinate.attrs)
        for name, coordinate in dataset.coords.items()
        if coordinate.ndim == 1 and coordinate.dtype.kind in "OT"
    }
    return dataset.assign_coords(texts)


def _zarr(path: Place) -> Any:
    """What Zarr takes for a place."""
    if isinstance(path, Path):
        return str(path)
    from zarr.storage import FsspecStore

    return FsspecStore.from_url(str(path), storage_options=dict(path.storage_options))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


__all__ = [
    "DAMAGED",
    "Codec",
    "Place",
    "add_array",
    "add_empty",
    "chunk_checksum",
    "consolidate",
    "create_group",
    "files_below",
    "is_local",
    "make_folder",
    "map_chunk",
    "open_dataset",
    "open_group",
    "place",
    "remove",
    "sweep",
    "unwritable",
    "write_bytes",
    "write_chunk",
    "write_json",
    "write_text",
    "writing",
]
