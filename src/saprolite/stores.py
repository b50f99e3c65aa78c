"""Zarr v3 groups and the small files of a run folder, on a disk or an object store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

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
from saprolite.zarr_group import Group

if TYPE_CHECKING:
    import xarray as xr

# What reading a damaged or half-removed store raises, from zarr, its codecs and the disk.
DAMAGED = (StoreError, KeyError, TypeError, ValueError, RuntimeError, OSError)


def write_json(path: Place, content: Any) -> None:
    """Write JSON whole or not at all; numbers that are not finite become null."""
    write_text(path, json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")


def create_group(path: Place, attributes: Mapping[str, Any]) -> Group:
    """A new, empty group in the place of what was there."""
    group = Group(path)
    with writing(path):
        remove(path)
        group.create(attributes)
    return group


def open_group(path: Place) -> Group:
    """An existing group, to add to or to read."""
    group = Group(path)
    try:
        group.attributes  # noqa: B018
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(
            "A store of the run cannot be opened (1 problem)",
            [Problem(str(path), f"{type(error).__name__}: {error}",
                     "a Zarr store that saprolite wrote",
                     "start over: saprolite run STUDY.toml --out OUT --restart")],
        ) from error  # fmt: skip
    return group


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
    "Group",
    "Place",
    "chunk_checksum",
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
