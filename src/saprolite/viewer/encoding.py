"""Numbers as the page reads them: little-endian float32, rounded in binary, planes of bytes, zlib.

Rounding keeps the first bits of the mantissa (round half to even), so the error is relative and
nowhere greater than half the last bit that is kept; what is not kept is zeros, and costs nothing
once the bytes of equal rank lie together.
"""

from __future__ import annotations

from typing import Any

import deflate
import numpy as np
import numpy.typing as npt

MAP_BITS, CELL_BITS = 12, 16
_MANTISSA_BITS = 23
_LEVEL = 6


def relative_error(bits: int) -> float:
    """The greatest relative error of a number whose mantissa keeps so many bits.

    >>> f"{relative_error(MAP_BITS):.2g} {relative_error(CELL_BITS):.2g}"
    '0.00012 7.6e-06'
    """
    return float(2.0 ** -(bits + 1))


def rounded(values: npt.ArrayLike, bits: int) -> npt.NDArray[np.float32]:
    """Float32 with only the first ``bits`` of the mantissa; NaN stays.

    >>> rounded([1.0, 3.14159265, np.nan], 12).tolist()
    [1.0, 3.1416015625, nan]
    """
    given = np.asarray(values, np.float32)
    drop = _MANTISSA_BITS - bits
    whole = given.view(np.uint32)
    half = np.uint32((1 << (drop - 1)) - 1) + ((whole >> np.uint32(drop)) & np.uint32(1))
    kept = (whole + half) & np.uint32(0xFFFFFFFF << drop & 0xFFFFFFFF)
    return np.where(np.isfinite(given), kept.view(np.float32), given)


def packed(values: npt.ArrayLike, bits: int) -> bytes:
    """Numbers as a file of the page: rounded float32, the four planes of bytes, zlib."""
    small = rounded(values, bits).astype("<f4")
    planes = small.ravel().view(np.uint8).reshape(-1, 4).T
    return deflated(np.ascontiguousarray(planes))


def deflated(data: Any) -> bytes:
    """Bytes with zlib, as ``DecompressionStream("deflate")`` of a browser reads them."""
    return bytes(deflate.zlib_compress(bytes(data), _LEVEL))
