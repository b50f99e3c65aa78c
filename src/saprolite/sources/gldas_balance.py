"""The water balance of a GLDAS Noah month, from an original file with all fields."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from saprolite.constants import SECONDS_PER_DAY
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.files import Array, decode, known_unit, netcdf, unit_of
from saprolite.sources.gldas import LAND_ICE_MOISTURE, LAYER_DEPTHS
from saprolite.sources.gldas_3hourly import STEPS_PER_DAY
from saprolite.sources.gldas_files import EVAPOTRANSPIRATION, MOISTURE, WHAT

_RATES = ("Rainf_f_tavg", EVAPOTRANSPIRATION)
_SUMS = ("Qs_acc", "Qsb_acc")
_STORES = (*MOISTURE, "SWE_inst", "CanopInt_inst")
_UNITS = dict.fromkeys(_RATES, "kg m-2 s-1") | dict.fromkeys((*_SUMS, *_STORES), "kg m-2")


class MonthBalance(NamedTuple):
    """Amounts of a month on (lat, lon), mm month-1; NaN over water and on land ice.

    ``drainage`` is what leaves the soil at 2 m (``Qsb_acc``); ``storage``, mm, the mean over the
    month of soil water, snow and water on the canopy.
    """

    grid: Grid
    precipitation: Array
    evapotranspiration: Array
    surface_runoff: Array
    drainage: Array
    storage: Array

    @property
    def surplus(self) -> Array:
        """Precipitation less evapotranspiration and runoff: what the storage takes up."""
        return self.precipitation - self.evapotranspiration - self.surface_runoff - self.drainage


def month_balance(path: Path) -> MonthBalance:
    """Read the balance of an original monthly file.

    ``_tavg`` rates are times the seconds of the month; ``_acc`` fields are means of 3-hour sums:
    times 8 and the days. The month is that of the file's ``time_bnds``.

    Raises ``InputError`` for a file that lacks a field or has one in another unit.
    """
    with netcdf(path, WHAT) as dataset:
        held = dataset.variables
        wanted = (*_UNITS, "lat", "lon", "time_bnds")
        problems = [Problem(f"{path}: {name}", "not in the file", "an original file, all 36 fields",
                            "fetch the file without a choice of fields")
                    for name in wanted if name not in held]  # fmt: skip
        units = {name: unit_of(held[name]) for name in _UNITS if name in held}
        problems += [Problem(f"{path}: {name}", f"units {found!r}", repr(_UNITS[name]),
                             "fetch the original file")
                     for name, found in units.items()
                     if known_unit(found, [_UNITS[name]]) is None]  # fmt: skip
        raise_if_any(InputError, "The water balance cannot be read", problems)
        fields = {name: decode(held[name], 0) for name in _UNITS}
        first, last = decode(held["time_bnds"], 0)
        grid = Grid.from_centres(decode(held["lat"]), decode(held["lon"]), str(path))
    full = [1000.0 * depth * LAND_ICE_MOISTURE for depth in LAYER_DEPTHS]
    layers = zip(MOISTURE, full, strict=True)
    ice = np.all([fields[name] >= most for name, most in layers], axis=0)
    # The forcing has values over lakes too, where there is no soil.
    soil = ~ice & np.all([np.isfinite(values) for values in fields.values()], axis=0)
    days = float(last - first)
    rates = [np.where(soil, fields[name], np.nan) * SECONDS_PER_DAY * days for name in _RATES]
    runoff = [np.where(soil, fields[name], np.nan) * STEPS_PER_DAY * days for name in _SUMS]
    storage = np.where(soil, sum(fields[name] for name in _STORES), np.nan)
    return MonthBalance(grid, rates[0], rates[1], runoff[0], runoff[1], storage)
