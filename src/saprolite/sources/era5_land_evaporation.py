"""Evapotranspiration of ERA5-Land alone, for a forcing of another product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from saprolite.errors import InputError, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.era5_land import (
    ASKED,
    EVAPORATION,
    WHAT,
    checked_months,
    combined,
    evapotranspiration_rate,
)
from saprolite.sources.evapotranspiration import Gridded, Key
from saprolite.sources.files import Spread, netcdf, spread_problem
from saprolite.sources.monthly_files import Slot, months_of


@dataclass(frozen=True, eq=False)
class Era5LandEvaporation:
    """A checked set of months of ``e``."""

    slots: dict[Key, Slot]
    product: str = "era5_land"

    @property
    def months(self) -> tuple[Key, ...]:
        """The months that are there."""
        return tuple(self.slots)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        return tuple(dict.fromkeys(slot.field.path for slot in self.slots.values()))

    def on_grid(self, key: Key, grid: Grid, rows: slice) -> Gridded:
        """A month on some rows of a grid: area mean over the land of the product.

        Raises ``InputError`` for a file that is damaged and for values out of range.
        """
        slot = self.slots[key]
        weights = slot.field.cells.onto(grid, rows)
        with netcdf(slot.field.path, WHAT) as dataset:
            rate = evapotranspiration_rate(combined(slot, weights.source_rows, dataset))
        if np.isfinite(rate).any():
            found = Spread.of(rate)._replace(mean=None)  # a band in winter tells no unit
            where = f"{slot.field.path} ({key[0]}-{key[1]:02d})"
            advice = "e must be in m of water per day, negative where water leaves the surface"
            problem = spread_problem(where, "evapotranspiration", found, advice)
            raise_if_any(InputError, "ERA5-Land cannot be used", [problem] if problem else [])
        return Gridded(weights.mean(rate), weights.cover(np.isfinite(rate)))


def open_era5_land_evaporation(path: Path, years: Iterable[int]) -> Era5LandEvaporation:
    """Check a folder or file for the months of ``e`` in some years; no values are read.

    Raises ``InputError`` that lists all that is wrong; years may lack.
    """
    asked = {EVAPORATION: ASKED[EVAPORATION]}
    slots, _, _ = checked_months(path, asked, (), set(months_of(years)))
    return Era5LandEvaporation(slots[EVAPORATION])
