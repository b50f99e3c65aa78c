"""GLDAS Noah 2.0 and 2.1 as one record: the seam between the versions, left as it is or scaled.

The versions have different forcing: over 2001 to 2014 the evapotranspiration of 2.1 is about 15 %
above that of 2.0. Spliced as they are, the step at the seam passes for a trend. Scaled, the mean of
one version is brought to that of the other for each cell and calendar month of the years that both
have: soil moisture and evapotranspiration by a ratio, soil temperature by a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.gldas import LAYER_EDGES, Cells, GldasMonthly
from saprolite.sources.kept import Arrays, Keep, anew
from saprolite.sources.overlap import (
    LEAST_MOISTURE,
    LEAST_RATE,
    Adjustment,
    RatioRule,
    Tally,
    adjusted,
    common_means,
    difference,
    ratio_or_difference,
    tally,
    tally_text,
)

Mask = npt.NDArray[np.bool_]
_ADJUSTED = ("soil_moisture", "soil_temperature", "evapotranspiration")


class Rules(NamedTuple):
    """When soil moisture and evapotranspiration are scaled by a ratio."""

    soil_moisture: RatioRule = RatioRule(LEAST_MOISTURE)
    evapotranspiration: RatioRule = RatioRule(LEAST_RATE)


RULES = Rules()


class Scaling(NamedTuple):
    """Adjustments (month, layer, cell) and (month, cell) of one version to the other, float32, on
    the ``cells`` of the grid that are land in both; ``limited`` counts values of soil moisture in
    the overlap that leave 0 to 1 when they are scaled; ``by_year`` is the evapotranspiration of the
    target to that of the base over the land of both, year by year."""

    cells: Cells
    soil_moisture: Adjustment
    soil_temperature: Adjustment
    evapotranspiration: Adjustment
    moisture_counts: Tally
    rate_counts: Tally
    limited: int
    by_year: tuple[float, ...]
    overlap: tuple[int, ...]
    version: str
    rules: Rules

    def arrays(self) -> Arrays:
        """What was found, as arrays to be kept; the choices that led to it are not among them."""
        parts = dict(zip(_ADJUSTED, self[1:4], strict=True))
        return {
            "cells": self.cells,
            **{f"{name}_size": part.size for name, part in parts.items()},
            **{f"{name}_added": part.added for name, part in parts.items()},
            "counts": np.array([self.moisture_counts, self.rate_counts]),
            "limited": np.array(self.limited),
            "by_year": np.array(self.by_year),
        }

    @classmethod
    def of_arrays(
        cls, found: Arrays, overlap: Sequence[int], version: str, rules: Rules
    ) -> Scaling:
        """The scaling that was kept as arrays, and the choices that led to it."""
        parts = (Adjustment(found[f"{name}_size"], found[f"{name}_added"]) for name in _ADJUSTED)
        wet, warm, rate = parts
        moisture, water = (Tally(*map(int, row)) for row in found["counts"])
        return cls(found["cells"], wet, warm, rate, moisture, water, int(found["limited"]),
                   tuple(found["by_year"].tolist()), tuple(overlap), version, rules)  # fmt: skip

    def of(self, values: ForcingYear, cells: Cells) -> ForcingYear:
        """A year of the scaled version at the level of the other; no value off the cells."""
        place = np.minimum(np.searchsorted(self.cells, cells), max(self.cells.size - 1, 0))
        known = self.cells[place] == cells if self.cells.size else np.zeros(cells.size, bool)
        scaled = ForcingYear(*(np.empty_like(array) for array in values))
        for result, array, adjustment in zip(scaled, values, self[1:4], strict=True):
            for index in np.ndindex(array.shape[:-1]):
                here = adjusted(array[index], adjustment.at((*index, place)))
                result[index] = np.where(known, here, np.nan)
        np.clip(scaled.soil_moisture, 0.0, 1.0, out=scaled.soil_moisture)
        return scaled


def scaling(
    base: GldasMonthly, target: GldasMonthly, overlap: Sequence[int], version: str, rules: Rules
) -> Scaling:
    """The adjustment of ``base``, a ``version``, to ``target`` from the years of the overlap.

    One calendar month of all these years is held at a time.
    """
    cells = np.flatnonzero(base.land() & target.land())
    area = base.grid.areas().ravel()[cells]
    layers = len(LAYER_EDGES) - 1
    wet, warm, rate = (_empty(12, *more, cells.size) for more in ((layers,), (layers,), ()))
    wet_counts, rate_counts, limited = [], [], 0
    totals = np.zeros((2, len(overlap)))
    for month in range(12):
        keys = [(year, month + 1) for year in overlap]
        old, new = base.read_months(keys, cells), target.read_months(keys, cells)
        for layer in range(layers):
            values = old.soil_moisture[:, layer]
            means = common_means(values, new.soil_moisture[:, layer])
            rule = rules.soil_moisture
            found = _keep(wet, (month, layer), ratio_or_difference(means.base, means.target, rule))
            wet_counts.append(tally(found, means.base, rule))
            moist = adjusted(values, found)
            limited += int(((moist < 0.0) | (moist > 1.0)).sum())
            means = common_means(old.soil_temperature[:, layer], new.soil_temperature[:, layer])
            _keep(warm, (month, layer), difference(means.base, means.target))
        means = common_means(old.evapotranspiration, new.evapotranspiration)
        rule = rules.evapotranspiration
        found = _keep(rate, (month,), ratio_or_difference(means.base, means.target, rule))
        rate_counts.append(tally(found, means.base, rule))
        for index in range(len(overlap)):
            pair = old.evapotranspiration[index], new.evapotranspiration[index]
            both = np.isfinite(pair[0] + pair[1])
            totals[:, index] += [float(np.sum(item[both] * area[both])) for item in pair]
    return Scaling(cells, wet, warm, rate, _total(wet_counts), _total(rate_counts), limited,
                   tuple(totals[1] / totals[0]), tuple(overlap), version, rules)  # fmt: skip


def _empty(*shape: int) -> Adjustment:
    return Adjustment(np.empty(shape, np.float32), np.empty(shape, bool))


def _keep(kept: Adjustment, index: tuple[int, ...], found: Adjustment) -> Adjustment:
    """Keep an adjustment, float32, at its place; returns it as it came."""
    kept.size[index], kept.added[index] = found
    return found


def _total(parts: Sequence[Tally]) -> Tally:
    return Tally(*map(sum, zip(*parts, strict=True)))


@dataclass(frozen=True)
class SplicedGldas:
    """GLDAS 2.0 before the seam and 2.1 from it on; with a ``scaling``, one at the other's level.

    Land is what both versions have as land, land ice what either has as ice.
    """

    older: GldasMonthly
    newer: GldasMonthly
    seam_year: int
    scaling: Scaling | None = None
    layer_edges: tuple[float, ...] = LAYER_EDGES
    product: str = "gldas_noah_monthly_spliced"

    @property
    def grid(self) -> Grid:
        """Grid of both versions."""
        return self.newer.grid

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, those of the overlap among them."""
        return (*self.older.files, *self.newer.files)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen at the seam, and how often the rule of the scaling was which."""
        own = (*self.older.notes, *self.newer.notes)
        seam = f"forcing: GLDAS Noah 2.0 before {self.seam_year}, 2.1 from then on"
        if self.scaling is None:
            step = "spliced as they are: evapotranspiration steps by about +15 % at the seam, "
            return (f"{seam}, {step}which a trend takes for change", *own)
        return (seam, *scaling_notes(self.scaling), *own)

    def land(self) -> Mask:
        """Cells that are land in both versions."""
        return np.asarray(self.older.land() & self.newer.land())

    def land_ice(self) -> Mask:
        """Land cells that are land ice in either version."""
        return np.asarray((self.older.land_ice() | self.newer.land_ice()) & self.land())

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid, float32."""
        source = self.older if year < self.seam_year else self.newer
        values = source.read_year(year, cells)
        version = "2.0" if year < self.seam_year else "2.1"
        if self.scaling is None or self.scaling.version != version:
            return values
        return self.scaling.of(values, cells)


def scaling_notes(found: Scaling) -> tuple[str, ...]:
    """What a user must know about a scaling."""
    other = "2.1" if found.version == "2.0" else "2.0"
    years = f"{found.overlap[0]}-{found.overlap[-1]} ({len(found.overlap)} years)"
    notes = [
        f"forcing: GLDAS {found.version} scaled to {other} by cell and calendar month over "
        f"{years}: ratio of soil moisture and of evapotranspiration, difference of soil temperature"
    ]
    notes.append(
        f"forcing: evapotranspiration of {other} to that of {found.version} by year: "
        f"{found.by_year[0]:.3f} in {found.overlap[0]}, {found.by_year[-1]:.3f} in "
        f"{found.overlap[-1]}; a drift stays in the record, a scaling takes away its mean"
    )
    for name, counts, rule, unit in (
        ("soil moisture", found.moisture_counts, found.rules.soil_moisture, "m3 m-3"),
        ("evapotranspiration", found.rate_counts, found.rules.evapotranspiration, "kg m-2 s-1"),
    ):
        notes.append(f"forcing: {name} scaled by {rule.text(unit)}")
        notes += tally_text(f"forcing: {name}", counts, rule, unit)
        if counts.unknown:
            notes.append(f"forcing: no {name} in both versions in {counts.unknown} monthly means")
    if found.limited:
        notes.append(
            f"forcing: scaled soil moisture kept within 0 to 1 m3 m-3, {found.limited} values of "
            "the overlap"
        )
    return tuple(notes)


def spliced(
    older: GldasMonthly,
    newer: GldasMonthly,
    seam_year: int,
    scaled_version: str | None = None,
    overlap: Sequence[int] = (),
    rules: Rules = RULES,
    keep: Keep = anew,
) -> SplicedGldas:
    """Two checked versions as one record; ``scaled_version`` is brought to the level of the other
    by the ``rules``; ``keep`` finds the arrays of the scaling, or has them made.

    Raises ``InputError`` where their grids differ.
    """
    if not older.grid.same_as(newer.grid):
        raise InputError(
            "The two versions of GLDAS do not go together (1 problem)",
            [Problem(f"{newer.files[0]}: lat, lon", newer.grid.describe(),
                     f"{older.grid.describe()}, as in {older.files[0]}",
                     "fetch both versions on one grid, 0.25 or 1.0 degree")],
        )  # fmt: skip
    found = None
    if scaled_version is not None:
        pair = (older, newer) if scaled_version == "2.0" else (newer, older)
        made = keep(lambda: scaling(*pair, overlap, scaled_version, rules).arrays())
        found = Scaling.of_arrays(made, overlap, scaled_version, rules)
    return SplicedGldas(older, newer, seam_year, found)
