"""How long a TIFF file must be, by its own structure (TIFF 6.0 and BigTIFF); nothing is decoded.

GDAL opens a file that lacks its last bytes with a warning, without what these held: its place on
the Earth, or a part of the map.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
_INTEGERS = {3: "H", 4: "I", 16: "Q"}
# Where the pieces of a map lie, and how long they are: strips, tiles.
_PIECES = ((273, 279), (324, 325))


class _Layout(NamedTuple):
    """Byte order and widths of one kind of TIFF."""

    order: str
    entries: str
    word: str  # of counts of values, and of offsets

    @property
    def width(self) -> int:
        return struct.calcsize(self.word)


def length_of_tiff(path: Path) -> int:
    """The number of bytes that a TIFF file must have; ``ValueError`` for no TIFF."""
    with path.open("rb") as stream:
        try:
            return max(_ends(stream))
        except (struct.error, OverflowError, OSError, KeyError) as error:
            raise ValueError("the directory of the TIFF is incomplete") from error


def missing_bytes(path: Path) -> str:
    """What a TIFF file lacks, an empty text where it is whole or no TIFF."""
    try:
        size, needed = path.stat().st_size, length_of_tiff(path)
    except ValueError as error:
        return "" if "not a TIFF" in str(error) else str(error)
    return f"a truncated TIFF, {size} of {needed} bytes" if size < needed else ""


def _ends(stream: BinaryIO) -> Iterator[int]:
    """Where each part that the structure names ends."""
    start = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None or len(start) < 8:
        raise ValueError("not a TIFF")
    (magic,) = struct.unpack(order + "H", start[2:4])
    if magic not in (42, 43):
        raise ValueError("not a TIFF")
    layout = _Layout(order, "H", "I") if magic == 42 else _Layout(order, "Q", "Q")
    offset = struct.unpack(order + layout.word, start[4:8] if magic == 42 else start[8:16])[0]
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        values: dict[int, tuple[int, ...]] = {}
        (number,) = _read(stream, offset, layout.order + layout.entries, 1)
        place = offset + struct.calcsize(layout.entries)
        size = 4 + 2 * layout.width
        for index in range(number):
            where = place + index * size
            tag, kind = _read(stream, where, layout.order + "H", 2)
            (count,) = _read(stream, where + 4, layout.order + layout.word, 1)
            length = count * _SIZES.get(kind, 1)
            at = where + 4 + layout.width
            if length > layout.width:
                (at,) = _read(stream, at, layout.order + layout.word, 1)
            yield at + length
            if any(tag in pair for pair in _PIECES):
                values[tag] = _read(stream, at, layout.order + _INTEGERS[kind], count)
        yield place + number * size + layout.width
        for offsets, lengths in _PIECES:
            for begin, length in zip(values.get(offsets, ()), values.get(lengths, ()), strict=True):
                yield begin + length
        (offset,) = _read(stream, place + number * size, layout.order + layout.word, 1)


def _read(stream: BinaryIO, offset: int, form: str, count: int) -> tuple[int, ...]:
    stream.seek(offset)
    full = f"{form[0]}{count}{form[1:]}"
    return struct.unpack(full, stream.read(struct.calcsize(full)))
