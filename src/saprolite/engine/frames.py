"""The bytes of maps of land and water as Blosc with LZ4 has them, laid out once for all maps.

On every map of a run the same cells are land. So it is known before there is a number where LZ4
finds water (repeats of a NaN) and where it lets land stand (literals): the bytes around the land
are the same for all maps, and packing a map is copying its land into its places. Any reader of
Blosc unpacks the result; here land is taken out again without unpacking the water.

Formats: c-blosc 1, README_CHUNK_FORMAT (a header, where each block begins, its size and bytes);
LZ4, lz4_Block_format (a token, literals, the offset of a repeat; lengths go on in bytes of 255).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.chunks import BLOCK_BYTES
from saprolite.compiled.packing import fill_in, take_out

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_HEADER, _NUMBER = 16, 4
_FORMAT, _LZ4_FORMAT = 2, 1
_AS_IS, _ONE_STREAM, _LZ4 = 0x02, 0x10, 0x20
# The length of a repeat is counted from 4; a token holds lengths below 15.
_LEAST, _IN_TOKEN = 4, 15
# LZ4 wants literals at the end of a block; a shorter repeat is not worth its three bytes.
_LITERAL_END, _SHORTEST = 16, 16


class Frame(NamedTuple):
    """The bytes of a map: ``fixed``, of which the land is left blank; where each piece of land
    begins in them (``places``) and how many bytes it has (``sizes``), in map order."""

    fixed: Bytes
    places: Positions
    sizes: Positions

    @classmethod
    def of(cls, land: Positions, layers: int, area: int, dtype: np.dtype[Any]) -> Frame:
        """The frame of maps (layer, place) that have numbers on ``land`` (increasing places, of
        ``area``) and NaN elsewhere."""
        first, last = (
            land[np.diff(land, **beyond) != 1] for beyond in ({"prepend": -2}, {"append": -2})
        )
        offsets = area * np.arange(layers)[:, None]
        begins, ends = (offsets + first).ravel(), (offsets + last + 1).ravel()
        return _frame(begins, ends, layers * area, dtype)

    def fill(self, values: Array, data: Bytes) -> None:
        """Put the land of a map, (layer, cell) in C order, into a copy of ``fixed``."""
        fill_in(values, self.places, self.sizes, data)

    def take(self, data: Bytes, values: Array) -> bool:
        """Take the land out of the bytes of a map; False where the others are not ``fixed``."""
        if data.size != self.fixed.size:
            return False
        return take_out(data, self.fixed, self.places, self.sizes, values)


class _Water(NamedTuple):
    """Stretches of water within a block, ``begins`` to ``ends``, of which ``froms`` to ``tos`` is
    a repeat: all of it but the NaN that is repeated, or nothing."""

    begins: Positions
    froms: Positions
    tos: Positions
    ends: Positions

    @classmethod
    def around(cls, begins: Positions, ends: Positions, blocks: Positions, item: int) -> _Water:
        """What is between the pieces of land."""
        count = blocks[-1]
        start = np.unique(np.concatenate([[0], ends, blocks]))[:-1]
        block = blocks[np.searchsorted(blocks, start, "right")]
        stop = np.minimum(block, np.append(begins, count)[np.searchsorted(begins, start)])
        wet = stop > start
        start, block, stop = start[wet], block[wet], stop[wet]
        to = np.minimum(stop, block - _LITERAL_END // item)
        return cls(start, start + 1, to, stop).repeated((to - start - 1) * item >= _SHORTEST)

    def repeated(self, kept: Flags) -> _Water:
        """The same stretches with these repeats alone."""
        froms, tos = (np.where(kept, at, self.begins) for at in (self.froms, self.tos))
        return self._replace(froms=froms, tos=tos)

    def repeats(self) -> tuple[Positions, Positions]:
        """Where the repeats begin and end."""
        kept = self.tos > self.froms
        return self.froms[kept], self.tos[kept]

    def literals(self) -> Positions:
        """Every place that is not repeated."""
        return np.concatenate([_each(self.begins, self.froms), _each(self.tos, self.ends)])


class _Sequences(NamedTuple):
    """The sequences of all blocks: literals from ``begins`` to ``stops``, then a repeat to
    ``ends``, which the last one of a block has not; all but ``bare`` ones, of blocks that stay as
    they are, have a token. ``at``: where each begins; ``literals``: where its literals do."""

    begins: Positions
    stops: Positions
    ends: Positions
    bare: Flags
    sizes: Positions  # of the blocks
    at: Positions
    literals: Positions

    @classmethod
    def of(cls, water: _Water, blocks: Positions, item: int, as_is: Flags) -> _Sequences:
        """The sequences of a map whose repeats those of the water are."""
        froms, tos = water.repeats()
        ends = np.concatenate([tos, blocks])
        order = np.argsort(ends)
        ends, stops = ends[order], np.concatenate([froms, blocks])[order]
        begins = np.append(0, ends[:-1])
        block = np.searchsorted(blocks, begins, "right")
        bare = as_is[block]
        literal, repeat = (stops - begins) * item, (ends - stops) * item
        head = np.where(bare, 0, 1 + _more(literal))
        size = head + literal + np.where(repeat > 0, 2 + _more(repeat - _LEAST), 0)
        sizes = np.bincount(block, size, blocks.size).astype(np.int64)
        at = np.cumsum(size) - size + _HEADER + _NUMBER * (blocks.size + 1 + block)
        return cls(begins, stops, ends, bare, sizes, at, at + head)

    def write(self, data: Bytes, item: int) -> None:
        """Write tokens, lengths and offsets."""
        literal, repeat = (self.stops - self.begins) * item, (self.ends - self.stops) * item
        rest = np.maximum(repeat - _LEAST, 0)
        token = (np.minimum(literal, _IN_TOKEN) << 4) | np.minimum(rest, _IN_TOKEN)
        data[self.at[~self.bare]] = token[~self.bare]
        _write_lengths(data, self.at + 1, np.where(self.bare, 0, literal))
        after = self.literals + literal
        _write(data, after[repeat > 0], np.array([item, 0], np.uint8))
        _write_lengths(data, after + 2, rest)

    def places(self, numbers: Positions, item: int) -> Positions:
        """Where numbers of the map that are literals have their bytes."""
        sequence = np.searchsorted(self.ends, numbers, "right")
        return np.asarray(self.literals[sequence] + (numbers - self.begins[sequence]) * item)


def _frame(begins: Positions, ends: Positions, count: int, dtype: np.dtype[Any]) -> Frame:
    """Of a flat map of ``count`` numbers with land from ``begins`` to ``ends``."""
    item = dtype.itemsize
    length = min(BLOCK_BYTES // item, count)
    blocks = np.append(np.arange(length, count, length), count)  # where each ends
    begins, ends = _cut(begins, ends, blocks)
    water = _Water.around(begins, ends, blocks, item)
    packed = _Sequences.of(water, blocks, item, np.zeros(blocks.size, bool))
    # Blosc knows a block that stays as it is by its size.
    as_is = packed.sizes >= np.diff(blocks, prepend=0) * item
    water = water.repeated(~as_is[np.searchsorted(blocks, water.begins, "right")])
    sequences = _Sequences.of(water, blocks, item, as_is)
    heads = _HEADER + _NUMBER * blocks.size
    spans = _NUMBER + sequences.sizes
    total, most = heads + int(spans.sum()), _HEADER + count * item
    if total >= most:
        data = np.concatenate([np.zeros(_HEADER, np.uint8), np.tile(_nan(dtype), count)])
        _head(data, _AS_IS | _ONE_STREAM | _LZ4, item, (count, length))
        return Frame(data, _HEADER + begins * item, (ends - begins) * item)
    data = np.zeros(total, np.uint8)
    _head(data, _ONE_STREAM | _LZ4, item, (count, length))
    starts = heads + np.cumsum(spans) - spans
    data[_HEADER:heads] = _little(starts).ravel()
    _write(data, starts, _little(sequences.sizes))
    sequences.write(data, item)
    _write(data, sequences.places(water.literals(), item), _nan(dtype))
    return Frame(data, sequences.places(begins, item), (ends - begins) * item)


def _head(data: Bytes, flags: int, item: int, numbers: tuple[int, int]) -> None:
    """Write the header; ``numbers`` of the map and of a block."""
    data[:4] = _FORMAT, _LZ4_FORMAT, flags, item
    sizes = np.array([item * numbers[0], item * numbers[1], data.size])
    data[4:_HEADER] = _little(sizes).ravel()


def _cut(begins: Positions, ends: Positions, blocks: Positions) -> tuple[Positions, Positions]:
    """Pieces of land, cut where a block ends within them."""
    if not begins.size:
        return begins, ends
    piece = np.maximum(np.searchsorted(begins, blocks) - 1, 0)
    cuts = blocks[(begins[piece] < blocks) & (blocks < ends[piece])]
    return np.sort(np.append(begins, cuts)), np.sort(np.append(ends, cuts))


def _more(lengths: Positions) -> Positions:
    """Bytes that lengths take besides the token."""
    return np.asarray(np.where(lengths < _IN_TOKEN, 0, 1 + (lengths - _IN_TOKEN) // 255))


def _write_lengths(data: Bytes, at: Positions, lengths: Positions) -> None:
    """Write what a token does not hold of lengths: bytes of 255, and one of the rest."""
    more = _more(lengths)
    at, more, lengths = at[more > 0], more[more > 0], lengths[more > 0]
    last = at + more - 1
    data[_each(at, last)] = 255
    data[last] = (lengths - _IN_TOKEN) % 255


def _write(data: Bytes, at: Positions, pieces: Bytes) -> None:
    """Write the same few bytes at many places, or a row of them at each."""
    data[at[:, None] + np.arange(pieces.shape[-1])] = pieces


def _each(begins: Positions, ends: Positions) -> Positions:
    """All numbers from each begin to its end.

    >>> _each(np.array([3, 7, 9]), np.array([5, 7, 10])).tolist()
    [3, 4, 9]
    """
    sizes = ends - begins
    return np.asarray(np.arange(sizes.sum()) + np.repeat(begins - np.cumsum(sizes) + sizes, sizes))


def _little(numbers: Positions) -> Bytes:
    """Numbers of four bytes, (number, byte)."""
    return numbers.astype("<u4").view(np.uint8).reshape(-1, _NUMBER)


def _nan(dtype: np.dtype[Any]) -> Bytes:
    return np.array([np.nan], dtype.newbyteorder("<")).view(np.uint8)
