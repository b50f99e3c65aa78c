"""The drivers of a soil column: means of a year or of all years, by experiment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.engine.kernels import is_climatology
from saprolite.inputs import Prepared
from saprolite.models import CO2Pathway, Drivers, month_seconds
from saprolite.sources.forcing import ForcingYear

Array = npt.NDArray[np.float64]
_YEARS_HELD = 4


class MeanDrivers(NamedTuple):
    """Means over time: soil moisture (m3 m-3), temperature (K) and unfrozen share (0 to 1) as
    (layer, cell), evapotranspiration (mm yr-1) as (cell,), CO2 of the air (ppm, or None)."""

    soil_moisture: Array
    soil_temperature: Array
    unfrozen: Array
    evapotranspiration: Array
    atmospheric_co2: float | None


class ColumnDrivers:
    """Gives the drivers of each year of a run as its study asks."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        column = prepared.study.column
        assert column is not None
        self.is_climatology = is_climatology(prepared)
        self._experiment = column.experiment
        self._base_year = prepared.study.base_year
        # The twelve months before a month are those of the mean year itself.
        reading = prepared.model.reading
        mode = "annual" if reading.et_mode == "trailing12" else reading.et_mode
        self._model = CO2Pathway(reading.change(et_mode=mode), (), (), (), (), ())
        # Blocks of several bands, on several threads, ask for the same years.
        self._making = threading.Lock()
        self._mean = lru_cache(_YEARS_HELD)(self._mean_of)

    def of(self, year: int) -> MeanDrivers:
        """The drivers of a year: in an experiment one of its own, the others of the base year."""
        if self.is_climatology:
            with self._making:
                return self._climatology
        if self._experiment == "control" or year == self._base_year:
            return self._mean(year)
        with self._making:
            base = self._base
        own = self._mean(year)
        if self._experiment == "soil_moisture":
            return base._replace(soil_moisture=own.soil_moisture)
        if self._experiment == "soil_temperature":
            return base._replace(soil_temperature=own.soil_temperature, unfrozen=own.unfrozen)
        return base._replace(evapotranspiration=own.evapotranspiration)

    def soil_co2(
        self, means: MeanDrivers, cells: npt.NDArray[np.int64]
    ) -> tuple[Array, npt.NDArray[np.bool_]]:
        """PCO2 (atm) of the mean evapotranspiration (Eq 2), and where its floor was reached."""
        month = means.evapotranspiration[cells] / eq.MONTHS
        months = np.broadcast_to(month, (eq.MONTHS, *month.shape))
        nothing = np.zeros(eq.MONTHS)
        drivers = Drivers(nothing, nothing, months, (), None, means.atmospheric_co2)
        raw, floored = self._model.co2_argument(drivers, 0)
        return np.asarray(self._model.soil_co2(drivers, 0)), np.asarray(raw < floored)

    @cached_property
    def _base(self) -> MeanDrivers:
        return self._mean(self._base_year)

    @cached_property
    def _climatology(self) -> MeanDrivers:
        years = self._prepared.study.years
        total = self._mean(years[0])
        for year in years[1:]:
            total = _combined(total, self._mean(year), lambda a, b: a + b)
        return _combined(total, total, lambda a, _: a / len(years))

    def _mean_of(self, year: int) -> MeanDrivers:
        prepared, model = self._prepared, self._prepared.model
        # Means are those of double precision, whatever the inputs are kept in.
        stored = prepared.read_year(year)
        forcing = ForcingYear(*(array.astype(np.float64) for array in stored))
        seconds = month_seconds(model.reading.calendar, year)
        whole = sum(seconds)
        unfrozen = model.unfrozen(forcing.soil_temperature)
        moisture: Array = np.zeros(forcing.soil_moisture.shape[1:])
        temperature, share = np.zeros_like(moisture), np.zeros_like(moisture)
        water: Array = np.zeros(forcing.evapotranspiration.shape[1:])
        for month, length in enumerate(seconds):
            weight = length / whole
            moisture = moisture + forcing.soil_moisture[month] * weight
            temperature = temperature + forcing.soil_temperature[month] * weight
            share = share + unfrozen(month) * weight
            water = water + eq.monthly_amount(forcing.evapotranspiration[month], length)
        air = prepared.atmospheric_co2.get(year)
        return MeanDrivers(moisture, temperature, share, water, air)


def _combined(one: MeanDrivers, other: MeanDrivers, how: Callable[[Any, Any], Any]) -> MeanDrivers:
    """Each driver of two years put together; CO2 of the air only where both have it."""
    air = None
    if one.atmospheric_co2 is not None and other.atmospheric_co2 is not None:
        air = how(one.atmospheric_co2, other.atmospheric_co2)
    return MeanDrivers(
        how(one.soil_moisture, other.soil_moisture),
        how(one.soil_temperature, other.soil_temperature),
        how(one.unfrozen, other.unfrozen),
        how(one.evapotranspiration, other.evapotranspiration),
        air,
    )
