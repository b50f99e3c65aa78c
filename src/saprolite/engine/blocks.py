"""One block of a run, a year: annual flux of every group, layer and cell, and what was clipped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.constants import FREEZING_POINT
from saprolite.inputs import Prepared
from saprolite.models import CO2Pathway, Drivers, Soil, month_seconds

Array = npt.NDArray[np.float64]
NEAR_FREEZING_K = 0.2
COUNTS = (
    "et_below_floor_cell_months",
    "saturation_clipped_layer_cell_months",
    "within_0.2_K_of_freezing_layer_cell_months",
    "layer_cell_years_without_a_result_though_static_inputs_are_complete",
)


@dataclass(frozen=True)
class Statics:
    """The static factors of a run: by mineral and by group, (layer, cell), t C km-2 s-1."""

    by_mineral: Array
    by_group: Array
    bulk_density: Array

    @classmethod
    def of(cls, model: CO2Pathway, soil: Soil) -> Statics:
        """Compute them once per run."""
        factors = model.static_factors(soil)
        groups = model.group_factors(factors)
        return cls(np.stack(factors), np.stack(groups), np.asarray(soil.bulk_density))

    def mineral_shares(self, model: CO2Pathway) -> Array:
        """Share of its group's flux that each mineral has, (mineral, layer, cell)."""
        shares = np.empty_like(self.by_mineral)
        for index, group in enumerate(model.groups):
            total = self.by_group[index]
            for member in group.members:
                # 0/0: no mineral of the group in the layer, so no flux to share.
                shares[member] = self.by_mineral[member] / np.where(total == 0.0, 1.0, total)
        return shares


def compute_year(statics: Statics, prepared: Prepared, year: int) -> tuple[Array, dict[str, int]]:
    """Flux of a year as (group, layer, cell), t C km-2 yr-1, and the counts of the block.

    The cells are taken in pieces of ``cells_per_block``; no result depends on the size.
    """
    model = prepared.model
    forcing = prepared.read_year(year)
    needs_previous = model.reading.et_mode == "trailing12"
    previous = None
    if needs_previous and (year > prepared.study.first_year or prepared.previous_year):
        before = month_seconds(model.reading.calendar, year - 1)
        previous = _amounts(prepared.read_year(year - 1).evapotranspiration, before)
    seconds = month_seconds(model.reading.calendar, year)
    flux = np.empty_like(statics.by_group)
    counts = dict.fromkeys(COUNTS, 0)
    step = prepared.study.engine.cells_per_block
    for start in range(0, prepared.cells.size, step):
        part = slice(start, start + step)
        drivers = Drivers(
            forcing.soil_moisture[..., part],
            forcing.soil_temperature[..., part],
            _amounts(forcing.evapotranspiration[:, part], seconds),
            seconds,
            None if previous is None else previous[:, part],
            prepared.atmospheric_co2.get(year),
        )
        groups = list(statics.by_group[..., part])
        result = model.annual_flux(groups, drivers, statics.bulk_density[:, part])
        flux[..., part] = np.stack(result)
        _count(counts, model, drivers, statics, part, flux[..., part], prepared)
    return flux, counts


def _amounts(rate: Array, seconds: tuple[float, ...]) -> Array:
    """Monthly amounts, mm month-1, from mean rates."""
    return np.stack([eq.monthly_amount(month, length)
                     for month, length in zip(rate, seconds, strict=True)])  # fmt: skip


def _count(
    counts: dict[str, int],
    model: CO2Pathway,
    drivers: Drivers,
    statics: Statics,
    part: slice,
    flux: Array,
    prepared: Prepared,
) -> None:
    """Add up what the equations clipped, over layers and cells with complete static inputs."""
    complete = np.isfinite(statics.by_group[..., part]).all(axis=0) & ~prepared.land_ice[part]
    any_layer = complete.any(axis=0)
    for month in range(len(drivers.seconds)):
        raw, floored = model.co2_argument(drivers, month)
        counts[COUNTS[0]] += int(((raw < floored) & any_layer).sum())
        saturation = model.saturation(drivers.soil_moisture[month], statics.bulk_density[:, part])
        clipped = (saturation < 0.0) | (saturation > 1.0)
        counts[COUNTS[1]] += int((clipped & complete).sum())
        near = np.abs(drivers.soil_temperature[month] - FREEZING_POINT) <= NEAR_FREEZING_K
        counts[COUNTS[2]] += int((near & complete).sum())
    missing = ~np.isfinite(flux).all(axis=0)
    counts[COUNTS[3]] += int((missing & complete).sum())
