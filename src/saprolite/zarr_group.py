"""Zarr v3 groups, their metadata and their small arrays written and read by ourselves.

Zarr's own way goes through an event loop and threads, some milliseconds for each array, and its
import takes a sixth of a second: together an eighth of a run of five years at a quarter degree.
What is written here is JSON that the specification fixes, the same that Zarr writes; arrays that
are complete are one chunk, packed with Zstandard as Zarr packs by default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.chunks import Codec, chunk_file, little
from saprolite.places import Place, files_below, make_folder, remove, write_bytes

METADATA = "zarr.json"
_TEXT = "string"
_NUMBERS = "fiu"


class ArrayMetadata(NamedTuple):
    """What an array is: its shape, that of a chunk, type of its numbers, names of its axes."""

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    dims: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A group in a folder or on an object store, with its arrays."""

    path: Place

    @property
    def attributes(self) -> dict[str, Any]:
        """What is said of the group as a whole. ``OSError`` or ``ValueError`` where it is none."""
        return dict(self._own()["attributes"])

    def say(self, **attributes: Any) -> None:
        """Set attributes of the group; the others stay."""
        own = self._own()
        self._write({**own, "attributes": {**own["attributes"], **attributes}})

    def array(self, name: str) -> ArrayMetadata:
        """What an array of the group is. ``OSError`` or ``ValueError`` where it is not there."""
        found = _read(self.path / name / METADATA, "array")
        kind = found["data_type"]
        return ArrayMetadata(
            tuple(found["shape"]),
            tuple(found["chunk_grid"]["configuration"]["chunk_shape"]),
            np.dtype("O" if kind == _TEXT else kind),
            tuple(found.get("dimension_names", ())),
        )

    def names(self) -> list[str]:
        """The arrays of the group, sorted."""
        below = sorted(files_below(self.path))
        return [name.partition("/")[0] for name in below if name.endswith(f"/{METADATA}")]

    def add(
        self,
        name: str,
        dims: Sequence[str],
        values: npt.ArrayLike,
        attributes: Mapping[str, Any],
    ) -> None:
        """Add an array that is complete, in one chunk, in the place of one of the same name."""
        array = np.asarray(values)
        text = array.dtype.kind == "U"
        kind, fill = (_TEXT, "") if text else (array.dtype.name, _fill(array.dtype))
        first = {"name": "vlen-utf8", "configuration": {}} if text else _bytes_codec(array.dtype)
        packed = {"name": "zstd", "configuration": {"level": 0, "checksum": False}}
        chunks = tuple(max(1, size) for size in array.shape)
        about = _about(array.shape, chunks, kind, fill, [first, packed], attributes, dims)
        self._create(name, about)
        if array.size:
            self.fill(name, array)

    def fill(self, name: str, values: npt.NDArray[Any]) -> None:
        """Write the numbers or texts of an array that is complete anew."""
        from numcodecs import vlen, zstd

        text = values.dtype.kind == "U"
        data = vlen.VLenUTF8().encode(values.astype(object)) if text else little(values)
        file = chunk_file(self.path / name, (0,) * values.ndim)
        make_folder(file.parent)
        write_bytes(file, zstd.compress(data, 0), durable=False)

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """The numbers of an array that is complete. Raises what ``stores.DAMAGED`` lists where they
        are not there or damaged."""
        from numcodecs import zstd

        about = self.array(name)
        file = chunk_file(self.path / name, (0,) * len(about.shape))
        kind = about.dtype.newbyteorder("<")
        return np.frombuffer(zstd.decompress(file.read_bytes()), kind).reshape(about.shape)

    def add_empty(
        self,
        name: str,
        dims: Sequence[str],
        shape: tuple[int, ...],
        chunks: tuple[int, ...],
        attributes: Mapping[str, Any],
        dtype: npt.DTypeLike = "f8",
        codec: Codec = Codec.LZ4,
    ) -> None:
        """Add an array whose chunks :func:`saprolite.chunks.write_chunk` writes; a chunk that is
        not there reads NaN, or 0 where numbers are whole."""
        kind = np.dtype(dtype)
        codecs = [_bytes_codec(kind), *codec.metadata(kind.itemsize)]
        self._create(name, _about(shape, chunks, kind.name, _fill(kind), codecs, attributes, dims))

    def consolidate(self) -> None:
        """Copy the metadata of all arrays into the group, so that xarray opens it in one read."""
        arrays = {name: _read(self.path / name / METADATA, "array") for name in self.names()}
        inline = {"kind": "inline", "must_understand": False, "metadata": arrays}
        self._write({**self._own(), "consolidated_metadata": inline})

    def create(self, attributes: Mapping[str, Any]) -> None:
        """Write the group itself, with nothing in it."""
        make_folder(self.path)
        self._write({"attributes": dict(attributes), "zarr_format": 3, "node_type": "group"})

    def _own(self) -> dict[str, Any]:
        return _read(self.path / METADATA, "group")

    def _create(self, name: str, about: dict[str, Any]) -> None:
        remove(self.path / name)
        make_folder(self.path / name)
        _write(self.path / name / METADATA, about)

    def _write(self, about: dict[str, Any]) -> None:
        _write(self.path / METADATA, about)


def _about(
    shape: Sequence[int], chunks: Sequence[int], kind: str, fill: Any, codecs: list[Any],
    attributes: Mapping[str, Any], dims: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """The metadata of an array, as the specification of Zarr v3 has them."""
    return {
        "shape": list(shape),
        "data_type": kind,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": dict(attributes),
        **({"dimension_names": list(dims)} if len(dims) else {}),
        "zarr_format": 3,
        "node_type": "array",
        "storage_transformers": [],
    }


def _bytes_codec(dtype: np.dtype[Any]) -> dict[str, Any]:
    if dtype.itemsize == 1:
        return {"name": "bytes"}
    return {"name": "bytes", "configuration": {"endian": "little"}}


def _fill(dtype: np.dtype[Any]) -> Any:
    """What a chunk that is not there has."""
    if dtype.kind not in _NUMBERS:
        raise ValueError(f"an array of {dtype}; a store has numbers and texts")
    return "NaN" if dtype.kind == "f" else 0


def _read(file: Place, node: str) -> dict[str, Any]:
    found = json.loads(file.read_bytes())
    expected = {"zarr_format": 3, "node_type": node}
    if not isinstance(found, dict) or not expected.items() <= found.items():
        raise ValueError(f"{file} is not the metadata of a Zarr v3 {node}")
    return found


def _write(file: Place, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, default=_of_numpy)
    write_bytes(file, text.encode("utf-8"), durable=False)


def _of_numpy(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} in the attributes of a store: {value!r}")
