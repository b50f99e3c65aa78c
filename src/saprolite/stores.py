"""Zarr v3 groups and small files of a run folder, written so that nothing is half there."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr

from saprolite.errors import Problem, StoreError


def write_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part")
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Write JSON whole or not at all; numbers that are not finite become null."""
    write_text(path, json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")


def unwritable(path: Path, error: OSError) -> StoreError:
    """The error for a place that cannot be written."""
    return StoreError(
        "The results cannot be written (1 problem)",
        [Problem(str(path), error.strerror or str(error), "a folder on a disk with space, writable",
                 "free space, or give another --out; the same command then goes on")],
    )  # fmt: skip


# What reading a damaged or half-removed store raises, from zarr, its codecs and the disk.
DAMAGED = (StoreError, KeyError, ValueError, RuntimeError, OSError)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about a place that cannot be written into a clear error."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder of ours; a folder disappears at once or not at all."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    doomed = path.with_name(path.name + ".removed")
    if doomed.exists():
        shutil.rmtree(doomed)
    path.replace(doomed)
    shutil.rmtree(doomed)


def create_group(path: Path, attributes: Mapping[str, Any]) -> zarr.Group:
    """A new, empty group in the place of what was there."""
    with writing(path):
        if path.exists():
            remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return zarr.create_group(path, attributes=dict(attributes), zarr_format=3)


def consolidate(path: Path) -> None:
    """Copy the metadata of all arrays into the group, so that xarray opens it in one read."""
    with writing(path), warnings.catch_warnings():
        # Not yet in the Zarr 3 specification; readers that do not know it ignore it.
        warnings.simplefilter("ignore", category=UserWarning)
        zarr.consolidate_metadata(str(path))


def open_group(path: Path) -> zarr.Group:
    """An existing group, to add to or to read."""
    try:
        return zarr.open_group(path, mode="r+", use_consolidated=False)
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
    dtype: str = "f8",
) -> None:
    """Add an array that is filled chunk by chunk; what is not written yet reads as NaN."""
    group.create_array(
        name, shape=shape, chunks=chunks, dtype=dtype, dimension_names=list(dims),
        attributes=dict(attributes), fill_value=np.nan,
    )  # fmt: skip


def open_dataset(path: Path) -> xr.Dataset:
    """A store as an xarray Dataset, lazily read."""
    if not path.is_dir():
        raise StoreError(
            "No such store (1 problem)",
            [Problem(str(path), "not there", "a folder that saprolite run wrote",
                     "saprolite run STUDY.toml --out OUT")],
        )  # fmt: skip
    dataset: xr.Dataset = xr.open_zarr(path, consolidated=False, chunks=None)
    if "mineral" not in dataset.coords:
        return dataset
    names = [str(name) for name in dataset["mineral"].values]
    labelled: xr.Dataset = dataset.assign_coords(
        mineral=("mineral", names, dataset["mineral"].attrs)
    )
    return labelled


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
