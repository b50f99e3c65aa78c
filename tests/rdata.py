"""A data frame of an R data file (format 3, XDR, any of R's compressions): numbers and texts."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_SYMBOL, _PAIRS, _TEXT = 1, 2, 9
_LOGICAL, _INTEGER, _REAL, _TEXTS, _LIST = 10, 13, 14, 16, 19
_REFERENCE, _END, _ALTERNATIVE = 255, 254, 238
_MISSING_INTEGER = -(2**31)


class _Reader:
    """Walks through the serialised objects; only what a plain data frame holds."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._symbols: list[str] = []

    def take(self, count: int) -> bytes:
        self._at += count
        return self._content[self._at - count : self._at]

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def numbers(self, kind: str) -> np.ndarray:
        count = self.integer()
        return np.frombuffer(self.take(count * np.dtype(kind).itemsize), kind)

    def item(self) -> Any:
        flags = self.integer()
        kind, attributed, tagged = flags & 255, bool(flags & 512), bool(flags & 1024)
        if kind == _END:
            return None
        if kind == _REFERENCE:
            return self._symbols[(flags >> 8) - 1]
        if kind == _SYMBOL:
            self._symbols.append(self.item())
            return self._symbols[-1]
        if kind == _TEXT:
            count = self.integer()
            return None if count < 0 else self.take(count).decode("utf-8", "replace")
        if kind == _PAIRS:
            return self._pairs(attributed, tagged)
        if kind in (_INTEGER, _LOGICAL):
            value: Any = self.numbers(">i4").astype(float)
            value[value == _MISSING_INTEGER] = np.nan
        elif kind == _REAL:
            value = self.numbers(">f8").astype(float)
        elif kind in (_TEXTS, _LIST):
            value = [self.item() for _ in range(self.integer())]
        elif kind == _ALTERNATIVE:
            info, state, _ = self.item(), self.item(), self.item()
            assert info, "an alternative representation without a name"
            count, first, step = state  # the only one in a data frame: a compact sequence
            return first + step * np.arange(count)
        else:
            raise ValueError(f"object of type {kind}")
        if attributed:
            return {"value": value, **(self.item() or {})}
        return value

    def _pairs(self, attributed: bool, tagged: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            if attributed:
                self.item()
            name = self.item() if tagged else str(len(found))
            found[name] = self.item()
            flags = self.integer()
            if flags & 255 == _END:
                return found
            attributed, tagged = bool(flags & 512), bool(flags & 1024)


def read_rda(path: Path) -> pd.DataFrame:
    """The data frame that an ``.rda`` file holds."""
    raw = path.read_bytes()
    opener = {b"\x1f\x8b": gzip, b"BZ": bz2, b"\xfd7": lzma}[raw[:2]]
    content = opener.decompress(raw)
    assert content[:7] == b"RDX3\nX\n"
    reader = _Reader(content)
    reader.take(7)
    reader.take(12)  # version of the format, of R, and the oldest R that reads it
    reader.take(reader.integer())  # name of the encoding
    (frame,) = reader.item().values()
    columns = dict(zip(frame["names"], frame["value"], strict=True))
    plain = {}
    for name, column in columns.items():
        if isinstance(column, dict) and "levels" in column:
            levels = np.array([*column["levels"], None], object)
            codes = np.nan_to_num(column["value"], nan=0.0).astype(int) - 1
            plain[name] = levels[codes]
        else:
            plain[name] = column["value"] if isinstance(column, dict) else column
    return pd.DataFrame(plain)
