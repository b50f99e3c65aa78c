"""Blocks of the CO2 pathway: static factors once, then a year of a band in one fused kernel."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.compiled.pathway import DRIVERS, BaseCycle, ForcingArrays, FusedPathway
from saprolite.compiled.pathway_choices import NEAR_FREEZING_K, Wanted
from saprolite.compiled.sums import mean_over_months
from saprolite.engine.kernels import Block, Extra, Result, workers_of
from saprolite.engine.turns import SharedByBand
from saprolite.inputs import Prepared
from saprolite.models import CO2Pathway, Soil, month_seconds
from saprolite.stages import Report
from saprolite.study import Study
from saprolite.study_parts import Experiments
from saprolite.variables import REGISTRY

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BY_EXPERIMENT = "carbon_sink_flux_by_experiment"
CONTRIBUTION = "carbon_sink_contribution"
BY_MONTH = "carbon_sink_flux_by_month"
DRIVER_MEANS = ("soil_moisture_annual_mean", "soil_temperature_annual_mean")
COUNTS = (
    "et_below_floor_cell_months",
    "saturation_clipped_layer_cell_months",
    f"within_{NEAR_FREEZING_K}_K_of_freezing_layer_cell_months",
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

    def complete(self, land_ice: Flags) -> Flags:
        """Where a flux is to be expected, (layer + 1, cell); the last row: in any layer."""
        found = np.isfinite(self.by_group).all(axis=0) & ~land_ice
        return np.vstack([found, found.any(axis=0)])

    def mineral_shares(self, model: CO2Pathway) -> Array:
        """Share of its group's flux that each mineral has, (mineral, layer, cell)."""
        shares = np.empty_like(self.by_mineral)
        for index, group in enumerate(model.groups):
            total = self.by_group[index]
            for member in group.members:
                # 0/0: no mineral of the group in the layer, so no flux to share.
                shares[member] = self.by_mineral[member] / np.where(total == 0.0, 1.0, total)
        return shares


class PathwayKernel:
    """The CO2 pathway: static factors times four drivers, all experiments in the same pass."""

    counted = COUNTS

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._statics = Statics.of(prepared.model, prepared.soil)
        self._complete = self._statics.complete(prepared.land_ice)
        self._wanted = wanted(prepared.study.experiments, prepared.study.output.monthly)
        self._fused = FusedPathway(prepared.model, prepared.study.engine.precision, self._wanted)
        self._factors = self._fused.scaled(self._statics.by_group)
        self._density = np.ascontiguousarray(self._statics.bulk_density, self._fused.real)
        self.extras = extras_of(prepared.study)
        # By band and year: of the years that workers are at, and the one before.
        self._water: dict[tuple[int, int], dict[int, npt.NDArray[Any]]] = {}
        self._water_lock = threading.Lock()
        self.shares_bands = self._wanted.needs_base
        self._bases = SharedByBand(self._base_cycle, workers_of(prepared))

    def warm_up(self, report: Report) -> None:
        """Compile, or take the code of an earlier run from the disk."""
        self._fused.compile(report)

    def block(self, block: Block) -> Result:
        """One year of a band."""
        air = self._prepared.atmospheric_co2.get(block.year)
        shared = self._bases.of(block.cells) if self.shares_bands else nullcontext()
        forcing = self._forcing(block.year, block.cells)
        with shared as base:
            found = self._fused.year(
                forcing, block.year, air, self._density,
                block.cells, self._factors, self._complete, base,
            )  # fmt: skip
        arrays: dict[str, npt.NDArray[Any]] = {
            BY_EXPERIMENT: found.alone, CONTRIBUTION: found.contributions, BY_MONTH: found.months,
        }  # fmt: skip
        extras = {}
        if self._prepared.study.output.driver_means:
            extras = self._driver_means(block.year, forcing)
        for extra in self.extras:
            if not extra.labels:
                continue
            values = arrays[extra.name]
            if extra.name == BY_EXPERIMENT and len(extra.labels) < len(DRIVERS):
                values = values[[DRIVERS.index(name) for name in extra.labels]]
            extras[extra.name] = values
        counts = dict(zip(COUNTS, found.counts, strict=True))
        return Result(found.flux, None, extras, counts)

    def shares(self) -> Array:
        """Static shares of the minerals in their kinetic groups."""
        return self._statics.mineral_shares(self._prepared.model)

    def known(self) -> Flags:
        """Where every static factor is known."""
        return np.isfinite(self._statics.by_group)

    def _driver_means(self, year: int, forcing: ForcingArrays) -> dict[str, npt.NDArray[Any]]:
        """Means of a year by the length of its months, (layer, cell)."""
        seconds = np.array(month_seconds(self._prepared.model.reading.calendar, year))
        weights, found = seconds / seconds.sum(), {}
        drivers = (forcing.soil_moisture, forcing.soil_temperature)
        for name, months in zip(DRIVER_MEANS, drivers, strict=True):
            found[name] = np.empty(months.shape[1:], np.float32)
            mean_over_months(months, weights, found[name])
        return found

    def _forcing(self, year: int, cells: slice) -> ForcingArrays:
        values = self._prepared.read_year(year, cells)
        if self._prepared.model.reading.et_mode != "trailing12":
            return ForcingArrays(*values)
        return ForcingArrays(*values, self._year_before(year, cells, values.evapotranspiration))

    def _year_before(
        self, year: int, cells: slice, own: npt.NDArray[Any]
    ) -> npt.NDArray[Any] | None:
        """Evapotranspiration of the year before, None before the record; kept from the block of
        that year, so that its other drivers are not read again for it, or else read."""
        prepared = self._prepared
        with self._water_lock:
            kept = self._water.setdefault((cells.start, cells.stop), {})
            kept[year] = own
            while len(kept) > workers_of(prepared) + 1:
                del kept[next(iter(kept))]
            before = kept.get(year - 1)
        if before is None and (year > prepared.study.first_year or prepared.previous_year):
            before = prepared.read_year(year - 1, cells).evapotranspiration
        return before

    def _base_cycle(self, cells: slice) -> BaseCycle:
        """The base year's factors of a band."""
        year = self._prepared.study.base_year
        air = self._prepared.atmospheric_co2.get(year)
        forcing = self._forcing(year, cells)
        return self._fused.base_cycle(forcing, year, air, self._density, cells, self._factors)


def wanted(experiments: Experiments, monthly: bool) -> Wanted:
    """What a study asks of the fused kernel."""
    return Wanted(
        alone=any(name in experiments.run for name in DRIVERS),
        contributions="shapley" in experiments.run,
        months=monthly,
        frozen_follows=experiments.frozen_soil == "follows",
    )


def extras_of(study: Study) -> tuple[Extra, ...]:
    """Experiments, contributions and months, as a study asks for them."""
    experiments = study.experiments
    alone = tuple(name for name in DRIVERS if name in experiments.run)
    about = {"base_year": study.base_year}
    frozen = {"frozen_soil": f"{experiments.frozen_soil} soil temperature"}
    found = []
    if alone:
        found.append(Extra(BY_EXPERIMENT, "experiment", alone, {**about, **frozen}))
    if "shapley" in experiments.run:
        found.append(Extra(CONTRIBUTION, "driver", DRIVERS, about))
    if study.output.monthly:
        labels = tuple(str(month) for month in range(1, 13))
        found.append(Extra(BY_MONTH, "month_of_year", labels, {}))
    if study.output.driver_means:
        methods = {"cell_methods": "time: mean", "coordinates": "depth"}
        found += [
            Extra(name, "", (), {**REGISTRY[name].attributes, **methods}) for name in DRIVER_MEANS
        ]
    return tuple(found)
