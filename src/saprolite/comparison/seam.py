"""GLDAS 2.1 against 2.0 over the years that both have: maps, and tables by latitude and climate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from saprolite.analysis.zones import group_masks
from saprolite.errors import Problem, StudyError, raise_if_any
from saprolite.grid import Grid
from saprolite.inputs.gldas_forcing import common_versions
from saprolite.inputs.statics import Collected, StaticReader
from saprolite.models.calendar import month_seconds
from saprolite.sources.gldas import LAYER_DEPTHS, LAYER_EDGES, GldasMonthly
from saprolite.study import Study
from saprolite.study_parts import GldasForcing
from saprolite.version import __version__

Array = npt.NDArray[np.float64]
BAND_DEGREES = 10
_LEAST_MM = 1.0  # mm yr-1 of the base: a ratio to less says nothing


class Level(NamedTuple):
    """Means of one version over the common years, by cell: evapotranspiration in mm yr-1; soil
    moisture (m3 m-3) and temperature (K) of 0 to 2 m, weighted by thickness. ``by_year``: the area
    mean of evapotranspiration in each year, mm yr-1."""

    evapotranspiration: Array
    soil_moisture: Array
    soil_temperature: Array
    by_year: Array


class RatioStatistics(NamedTuple):
    """How the ratio of two sources spreads over places, each counted once; and their means."""

    number: int
    mean: float
    median: float
    lower_quartile: float
    upper_quartile: float
    smallest: float
    largest: float


@dataclass(frozen=True)
class SeamComparison:
    """Both versions on the packed ``cells`` of a grid: land in both, no land ice; areas in km2."""

    grid: Grid
    cells: npt.NDArray[np.int64]
    area: Array
    climate: npt.NDArray[np.int16]
    years: tuple[int, ...]
    older: Level
    newer: Level
    title: str

    @property
    def ratio(self) -> Array:
        """Evapotranspiration of 2.1 to that of 2.0; NaN below 1 mm yr-1 of 2.0."""
        return ratio_of(self.newer.evapotranspiration, self.older.evapotranspiration, _LEAST_MM)

    @property
    def moisture_ratio(self) -> Array:
        """Soil moisture of 2.1 to that of 2.0."""
        return ratio_of(self.newer.soil_moisture, self.older.soil_moisture, 0.0)

    @property
    def temperature_difference(self) -> Array:
        """Soil temperature of 2.1 less that of 2.0, K."""
        return self.newer.soil_temperature - self.older.soil_temperature


def ratio_of(new: Array, old: Array, least: float) -> Array:
    """new/old where old is above ``least``, else NaN."""
    large = old > least
    return np.where(large, new / np.where(large, old, 1.0), np.nan)


def ratio_statistics(ratio: Array) -> RatioStatistics:
    """Statistics of the finite ratios.

    >>> ratio_statistics(np.array([1.0, 1.1, 1.3, np.nan])).median
    1.1
    """
    finite = ratio[np.isfinite(ratio)]
    if finite.size == 0:
        return RatioStatistics(0, *(np.nan,) * 6)
    low, middle, high = np.percentile(finite, (25.0, 50.0, 75.0))
    return RatioStatistics(finite.size, float(finite.mean()), float(middle), float(low),
                           float(high), float(finite.min()), float(finite.max()))  # fmt: skip


def compare_versions(
    study: Study, report: Callable[[str, int, int], None] = lambda *_: None
) -> SeamComparison:
    """Read both versions of the GLDAS forcing of a study over the years that both have.

    Raises ``StudyError`` for another forcing, ``InputError`` for files that cannot be used.
    """
    spec = study.inputs.forcing
    if not isinstance(spec, GldasForcing):
        found = f'product = "{spec.product}"'
        raise_if_any(StudyError, "No seam to report on", [
            Problem("inputs.forcing", found, "both versions of GLDAS Noah monthly",
                    'product = "gldas" with path_2_0 and path_2_1')])  # fmt: skip
    assert isinstance(spec, GldasForcing)
    older, newer, years = common_versions(spec)
    soil = older.land() & newer.land() & ~older.land_ice() & ~newer.land_ice()
    cells = np.flatnonzero(soil)
    area = newer.grid.areas(study.grid.earth).ravel()[cells]
    levels = []
    for number, source in enumerate((older, newer)):
        levels.append(_level(source, years, cells, area))
        report("comparing versions", number + 1, 2)
    collected = Collected()
    climate = StaticReader(study, newer.grid, soil, LAYER_EDGES, collected).climate()
    raise_if_any(StudyError, "The climate map cannot be used", collected.problems)
    return SeamComparison(
        newer.grid, cells, area, climate, years, levels[0], levels[1], study.title
    )


def _level(
    source: GldasMonthly, years: tuple[int, ...], cells: npt.NDArray[np.int64], area: Array
) -> Level:
    seconds = np.array(month_seconds("mean", years[0]))[:, None]
    depths = np.array(LAYER_DEPTHS)[:, None]
    sums = np.zeros((3, cells.size))
    by_year = []
    for year in years:
        wet, warm, rate = source.read_year(year, cells)
        amount = (rate * seconds).sum(axis=0)
        by_year.append(float(np.average(amount, weights=area)))
        sums[0] += amount
        sums[1] += (wet.mean(axis=0, dtype=np.float64) * depths).sum(axis=0) / depths.sum()
        sums[2] += (warm.mean(axis=0, dtype=np.float64) * depths).sum(axis=0) / depths.sum()
    rate_mean, wet_mean, warm_mean = sums / len(years)
    return Level(rate_mean, wet_mean, warm_mean, np.array(by_year))


def seam_table(found: SeamComparison) -> pd.DataFrame:
    """One row for all land, each band of latitude and each climate group that has a cell, and one
    for each year: a ratio that drifts is no step that a scaling could take away."""
    rows = []
    for kind, name, chosen in _groups(found):
        if not chosen.any():
            continue
        weights = found.area[chosen]

        def mean(values: Array, chosen: Any = chosen, weights: Array = weights) -> float:
            return float(np.average(values[chosen], weights=weights))

        old, new = (mean(level.evapotranspiration) for level in (found.older, found.newer))
        wet = (mean(found.newer.soil_moisture), mean(found.older.soil_moisture))
        spread = ratio_statistics(found.ratio[chosen])
        rows.append({
            "kind": kind,
            "name": name,
            "cells": int(chosen.sum()),
            "area_km2": float(weights.sum()),
            "evapotranspiration_2_0_mm_yr-1": old,
            "evapotranspiration_2_1_mm_yr-1": new,
            "ratio_of_area_means_1": new / old if old > _LEAST_MM else np.nan,
            "cells_with_a_ratio": spread.number,
            **{f"ratio_{key}_1": value for key, value in spread._asdict().items()
               if key != "number"},
            "soil_moisture_ratio_of_area_means_1": wet[0] / wet[1],
            "soil_temperature_difference_K": mean(found.temperature_difference),
        })  # fmt: skip
    pairs = zip(found.years, found.older.by_year, found.newer.by_year, strict=True)
    rows += [
        {
            "kind": "year",
            "name": str(year),
            "cells": found.cells.size,
            "area_km2": float(found.area.sum()),
            "evapotranspiration_2_0_mm_yr-1": old,
            "evapotranspiration_2_1_mm_yr-1": new,
            "ratio_of_area_means_1": new / old,
        }
        for year, old, new in pairs
    ]
    return pd.DataFrame(rows)


def _groups(found: SeamComparison) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    yield "land", "all", np.ones(found.cells.size, bool)
    latitude = found.grid.lat[found.cells // found.grid.lon.size]
    for south in range(-90, 90, BAND_DEGREES):
        inside = (latitude >= south) & (latitude < south + BAND_DEGREES)
        yield "latitude_band", f"{_degrees(south)} to {_degrees(south + BAND_DEGREES)}", inside
    for name, mask in group_masks(found.climate).items():
        yield "climate_group", name, mask


def _degrees(latitude: int) -> str:
    return "0" if latitude == 0 else f"{abs(latitude)}{'N' if latitude > 0 else 'S'}"


def seam_dataset(found: SeamComparison) -> xr.Dataset:
    """Maps of both versions, of the ratio of evapotranspiration and of soil moisture, and of the
    difference of soil temperature, with CF attributes."""
    what = f"mean of {found.years[0]}-{found.years[-1]}"
    column = "of 0 to 2 m"
    maps = {
        "evapotranspiration_2_0": (found.older.evapotranspiration, "mm yr-1",
                                   f"evapotranspiration of GLDAS 2.0, {what}"),
        "evapotranspiration_2_1": (found.newer.evapotranspiration, "mm yr-1",
                                   f"evapotranspiration of GLDAS 2.1, {what}"),
        "evapotranspiration_ratio": (found.ratio, "1", "GLDAS 2.1 to 2.0, where 2.0 has more than "
                                     f"{_LEAST_MM:g} mm yr-1"),
        "soil_moisture_ratio": (found.moisture_ratio, "1", f"GLDAS 2.1 to 2.0 {column}"),
        "soil_temperature_difference": (found.temperature_difference, "K",
                                        f"GLDAS 2.1 less 2.0 {column}"),
        "climate_class": (found.climate.astype(np.float64), "1", "Koeppen-Geiger class"),
        "cell_area": (found.area, "km2", "area of the cell"),
    }  # fmt: skip
    variables = {}
    for name, (values, units, long_name) in maps.items():
        variables[name] = (("lat", "lon"), unpacked(found, values).astype(np.float32),
                           {"units": units, "long_name": long_name})  # fmt: skip
    coords = {
        "lat": ("lat", found.grid.lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", found.grid.lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    attributes = {
        "Conventions": "CF-1.11",
        "title": f"{found.title}: GLDAS Noah 2.1 against 2.0",
        "source": f"saprolite {__version__}",
        "comment": caption(found),
    }
    return xr.Dataset(variables, coords, attributes)


def unpacked(found: SeamComparison, values: Array) -> Array:
    """Values of the cells as a map, NaN elsewhere."""
    result = np.full(found.grid.lat.size * found.grid.lon.size, np.nan)
    result[found.cells] = values
    return result.reshape(found.grid.shape)


def caption(found: SeamComparison) -> str:
    """What the comparison is of, and its main numbers."""
    spread = ratio_statistics(found.ratio)
    first, last = (found.newer.by_year / found.older.by_year)[[0, -1]]
    return (
        f"GLDAS Noah 2.1 against 2.0, {found.years[0]}-{found.years[-1]} ({len(found.years)} "
        f"years), land ice left out; ratio of evapotranspiration over {spread.number} cells: "
        f"mean {spread.mean:.3f}, median {spread.median:.3f}, quartiles "
        f"{spread.lower_quartile:.3f} to {spread.upper_quartile:.3f}; of area means "
        f"{first:.3f} in {found.years[0]}, {last:.3f} in {found.years[-1]}"
    )
