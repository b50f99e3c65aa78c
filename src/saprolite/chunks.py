"""Chunks of Zarr v3 arrays, encoded and written by ourselves.

Zarr's own pipeline costs several times the encoding and does not scale with threads; so Zarr makes
the metadata, and the bytes of a chunk are made here, exactly as the codecs of that metadata say:
``bytes`` (little endian), then nothing (:data:`RAW`) or Blosc (:data:`LZ4`). A chunk is written
whole or not at all, and its checksum (CRC-32C) is taken from the bytes that are written.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any, NamedTuple

import google_crc32c
import numpy as np
import numpy.typing as npt

from saprolite.places import Place, make_folder, write_bytes

Array = npt.NDArray[Any]
_PIECE = 512 * 1024  # bytes read at a time for a checksum: they stay in the cache of a core
# Of maps with a third of land, LZ4 takes away the water; a shuffle would double the time to save
# another tenth. The size of the blocks is fixed, so that the bytes are the same on any machine.
_BLOSC = {"cname": "lz4", "clevel": 1, "blocksize": 256 * 1024}


class Codec(NamedTuple):
    """How the bytes of a chunk are stored: as they are, or packed by Blosc."""

    packed: bool

    def encode(self, values: Array) -> Any:
        """The bytes of a chunk, C order, little endian."""
        little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        return _blosc().encode(little) if self.packed else little

    def decode(
        self, data: Any, dtype: npt.DTypeLike, shape: tuple[int, ...], into: Array | None = None
    ) -> Array:
        """The values of a chunk; ``ValueError`` or ``RuntimeError`` where it is damaged.

        What is packed is unpacked ``into`` an array of the chunk where one is given: new memory
        costs as much as the unpacking.
        """
        little = np.dtype(dtype).newbyteorder("<")
        if not self.packed:
            return np.frombuffer(data, little).reshape(shape)
        values = np.empty(shape, little) if into is None else into
        # Blosc believes its header: one that is cut off would be read beyond its end.
        header = np.frombuffer(data[:16], "<u4")
        if header.size != 4 or (header[1], header[3]) != (values.nbytes, len(data)):
            raise ValueError("a chunk that is cut off, or of another size")
        _blosc().decode(data, values)
        return values

    def for_zarr(self) -> Any:
        """The compressors that Zarr is to write into the metadata."""
        if not self.packed:
            return None
        from zarr.codecs import BloscCodec

        return BloscCodec(shuffle="noshuffle", **_BLOSC)  # type: ignore[arg-type]


RAW = Codec(packed=False)
LZ4 = Codec(packed=True)


def write_chunk(array: Place, index: tuple[int, ...], values: Array, codec: Codec = LZ4) -> str:
    """Write a whole chunk of the array in the folder ``array``; returns its checksum.

    ``index`` counts chunks along each dimension. ``OSError`` where it cannot be written, or where
    the array is not there any more.
    """
    data, file = codec.encode(values), _file(array, index)
    try:
        write_bytes(file, data, durable=False)
    except FileNotFoundError:
        # The first chunk of its folder; a store that was removed must not come back by halves.
        (array / "zarr.json").stat()
        make_folder(file.parent)
        write_bytes(file, data, durable=False)
    return checksum_of(data)


def read_chunk(
    array: Place,
    index: tuple[int, ...],
    dtype: npt.DTypeLike,
    shape: tuple[int, ...],
    codec: Codec = LZ4,
    into: Array | None = None,
) -> Array:
    """Read a whole chunk; one that is local and stored as it is, is mapped into memory, read-only,
    one that is packed is unpacked ``into`` an array of its shape where one is given.

    ``OSError`` where it is not there, ``ValueError`` or ``RuntimeError`` where it is damaged.
    """
    file = _file(array, index)
    if codec.packed or not isinstance(file, Path):
        return codec.decode(file.read_bytes(), dtype, shape, into)
    with file.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return codec.decode(mapped, dtype, shape)


def chunk_checksum(array: Place, index: tuple[int, ...]) -> str | None:
    """Checksum of the stored bytes of a chunk; None where there is none."""
    return file_checksum(_file(array, index))


def file_checksum(file: Place) -> str | None:
    """Checksum of the bytes of a file, a piece at a time; None where there is none."""
    total, piece = 0, np.empty(_PIECE, np.uint8)
    try:
        stream: Any = file.open("rb", buffering=0) if isinstance(file, Path) else file.open("rb")
        with stream:
            while size := stream.readinto(piece):
                total = google_crc32c.extend(total, piece[:size])
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    return f"{total:08x}"


def checksum_of(data: Any) -> str:
    """CRC-32C of bytes or of a contiguous array, in hexadecimal digits.

    >>> checksum_of(b"123456789")
    'e3069283'
    """
    return f"{google_crc32c.extend(0, data):08x}"


def _file(array: Place, index: tuple[int, ...]) -> Place:
    return array / "/".join(["c", *map(str, index)])


def _blosc() -> Any:
    from numcodecs import Blosc, blosc

    # Our threads are the parallelism; Blosc's own pool would be one for all of them.
    blosc.use_threads = False
    return Blosc(shuffle=Blosc.NOSHUFFLE, **_BLOSC)
