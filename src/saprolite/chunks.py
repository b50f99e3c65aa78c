"""Chunks of Zarr v3 arrays, encoded and written by ourselves.

Zarr's own pipeline costs several times the encoding and does not scale with threads; so the bytes
of a chunk are made here, exactly as the codecs of its array's metadata say: ``bytes`` (little
endian), then nothing or Blosc. A chunk is written whole or not at all, and its
checksum (CRC-32C) is taken from the bytes that are written.
"""

from __future__ import annotations

import math
import mmap
import os
from enum import Enum
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt

from saprolite.places import Place, make_folder, write_bytes

Array = npt.NDArray[Any]
_PIECE = 512 * 1024  # bytes read at a time for a checksum: they stay in the cache of a core
# Of maps with a third of land, LZ4 takes away the water; a shuffle would save another tenth, and
# cost more than all the rest. The blocks have a size of our own, so that the bytes are the same on
# any machine.
BLOCK_BYTES = 256 * 1024


class Codec(Enum):
    """How the bytes of a chunk are stored: as they are, or packed by Blosc."""

    RAW = "raw"
    LZ4 = "lz4"

    def metadata(self, itemsize: int) -> list[dict[str, Any]]:
        """What the metadata of an array of such numbers say of it."""
        if self is Codec.RAW:
            return []
        blosc = {"typesize": itemsize, "cname": "lz4", "clevel": 1, "shuffle": "noshuffle",
                 "blocksize": BLOCK_BYTES}  # fmt: skip
        return [{"name": "blosc", "configuration": blosc}]

    def packed(self, numbers: Array) -> Array:
        """The bytes of a chunk."""
        if self is Codec.RAW:
            return little(numbers)
        from numcodecs import blosc

        data = blosc.compress(little(numbers), b"lz4", 1, blosc.NOSHUFFLE, BLOCK_BYTES)
        return np.frombuffer(data, np.uint8)


def write_chunk(array: Place, index: tuple[int, ...], data: Array) -> str:
    """Write a whole chunk of the array in the folder ``array``; returns its checksum.

    ``index`` counts chunks along each dimension; ``data`` are the bytes of the chunk, or its
    numbers (C order) where it is stored as it is. ``OSError`` where it cannot be written, or where
    the array is not there any more.
    """
    content = little(data)
    file = chunk_file(array, index)
    try:
        write_bytes(file, content, durable=False)
    except FileNotFoundError:
        # The first chunk of its folder; a store that was removed must not come back by halves.
        (array / "zarr.json").stat()
        make_folder(file.parent)
        write_bytes(file, content, durable=False)
    return checksum_of(content)


def little(numbers: Array) -> Array:
    """Numbers as the codec ``bytes`` has them: little endian, in C order."""
    return np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))


def map_chunk(
    array: Place, index: tuple[int, ...], dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> Array:
    """The numbers of a whole chunk that is stored as it is, or the bytes of any, read-only; a local
    one is mapped into memory.

    ``OSError`` where it is not there, ``ValueError`` where it has another size.
    """
    file, kind = chunk_file(array, index), np.dtype(dtype).newbyteorder("<")
    expected = math.prod(shape) * kind.itemsize
    if not isinstance(file, Path):
        data = file.read_bytes()
        _require_size(len(data), expected)
        return np.frombuffer(data, kind).reshape(shape)
    with file.open("rb") as stream:
        _require_size(os.fstat(stream.fileno()).st_size, expected)
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, kind).reshape(shape)


def chunk_checksum(array: Place, index: tuple[int, ...]) -> str | None:
    """Checksum of the stored bytes of a chunk; None where there is none."""
    return file_checksum(chunk_file(array, index))


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


def _require_size(found: int, expected: int) -> None:
    if found != expected:
        raise ValueError(f"a chunk of {found} bytes, not {expected}")


def chunk_file(array: Place, index: tuple[int, ...]) -> Place:
    """The file that a chunk is."""
    return array / "/".join(["c", *map(str, index)])
