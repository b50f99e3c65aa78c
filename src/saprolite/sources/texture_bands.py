"""Clay, silt and sand read band by band: checked together, one mask for the three."""

from __future__ import annotations

import numpy as np

from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Array

TEXTURE = ("clay", "silt", "sand")
# A map in which more cells do not add up is in another unit, or its parts are of other variables.
_MOST_OFF = 0.01


class TextureCheck:
    """Keeps the cells whose clay, silt and sand are fractions that add up to 1; counts the others.

    >>> check = TextureCheck("map")
    >>> check.band(np.array([[[0.3, 0.0]], [[0.3, 0.0]], [[0.4, 0.0]]]))[:, 0].tolist()
    [[0.3, nan], [0.3, nan], [0.4, nan]]
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._kept = 0
        self._off = 0
        self._outside = 0
        self._sums = (np.inf, -np.inf)
        self._range = (np.inf, -np.inf)

    def band(self, parts: Array) -> Array:
        """The three parts (part, row, column) of some rows, NaN in all where one is missing.

        Three zeros are no soil and missing. A mean over cells with different masks would not add
        up to 1.
        """
        total = parts.sum(axis=0)
        known = np.isfinite(total) & (parts != 0.0).any(axis=0)
        outside = known & ((parts < 0.0) | (parts > 1.0)).any(axis=0)
        off = known & (np.abs(total - 1.0) > TEXTURE_SUM_TOLERANCE + 1e-9)
        good = known & ~off & ~outside
        self._kept += int(good.sum())
        self._outside += int(outside.sum())
        self._off += int(off.sum())
        if outside.any():
            self._range = _wider(self._range, parts[:, outside])
        if off.any():
            self._sums = _wider(self._sums, total[off])
        return np.where(good, parts, np.nan)

    def finish(self) -> None:
        """Raise if a part left 0 to 1, if many sums are off, or if no cell was good."""
        problems = []
        parts = "clay, silt, sand"
        if self._outside:
            problems.append(
                Problem(
                    f"{self._where}: {parts}",
                    f"{self._range[0]:g} to {self._range[1]:g} in {self._outside} cells",
                    "mass fractions from 0 to 1",
                    "check the unit and the fill value of the maps",
                )
            )
        elif self._off > _MOST_OFF * (self._kept + self._off):
            problems.append(
                Problem(
                    f"{self._where}: clay + silt + sand",
                    f"a sum of {self._sums[0]:.3f} to {self._sums[1]:.3f} in {self._off} of "
                    f"{self._kept + self._off} cells",
                    f"1 within {TEXTURE_SUM_TOLERANCE} in all but {100.0 * _MOST_OFF:g} % of them",
                    "check the units, and that the three maps are what their names say",
                )
            )
        elif not self._kept:
            problems.append(
                Problem(
                    f"{self._where}: {parts}",
                    "no value at all, only missing ones",
                    "mass fractions from 0 to 1",
                    "check the fill value and the files",
                )
            )
        raise_if_any(InputError, "The texture cannot be used", problems)

    def notes(self) -> tuple[str, ...]:
        """How many cells were left out because their parts do not add up."""
        if not self._off:
            return ()
        share = 100.0 * self._off / (self._kept + self._off)
        return (f"texture: {self._off} cells ({share:.2g} %) whose parts miss 100 % are left out",)


def _wider(span: tuple[float, float], values: Array) -> tuple[float, float]:
    return (min(span[0], float(values.min())), max(span[1], float(values.max())))
