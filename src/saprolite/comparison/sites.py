"""Sites for comparing models: the horizons of soil profiles, with soil water, warmth and CO2.

Profiles hold no soil moisture or temperature: these come from the nearest land cell of a gridded
product, as means over the whole period, and the soil CO2 from its evapotranspiration (Eq 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.constants import DAYS_PER_YEAR, SECONDS_PER_DAY
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.nearest import nearest_points
from saprolite.models import CO2Pathway, Drivers, Reading, month_seconds
from saprolite.sources.forcing import Forcing
from saprolite.sources.gldas import open_gldas
from saprolite.sources.wise_profiles import WiseProfiles, read_wise_profiles
from saprolite.stages import Report, counted, quiet

Array = npt.NDArray[np.float64]
# A cell of 1 degree reaches up to 79 km from its centre.
FARTHEST_KM = 100.0
_MONTHS = 12


@dataclass(frozen=True)
class Climate:
    """Means over a period at some cells: soil moisture (m3 m-3) and temperature (K) as (layer,
    cell), evapotranspiration (mm yr-1) as (cell,)."""

    soil_moisture: Array
    soil_temperature: Array
    evapotranspiration: Array


@dataclass(frozen=True)
class ComparisonSites:
    """Horizons with all that a rate law of a soil layer asks for, one a row.

    ``table``: the columns of :class:`saprolite.sources.wise_profiles.WiseProfiles`, and
    ``distance`` to the cell's centre (km), ``soil_moisture`` (m3 m-3), ``soil_temperature`` (K),
    ``evapotranspiration`` (mm yr-1), ``soil_co2`` (atm).
    ``left_out``: horizons left out by their first cause; ``notes``: what a user must know.
    """

    table: pd.DataFrame
    left_out: dict[str, int]
    notes: tuple[str, ...]

    @property
    def profiles(self) -> int:
        """Number of profiles."""
        return int(self.table["profile"].nunique())


def read_sites(
    wise: str | Path, gldas: str | Path, years: Iterable[int], reading: Reading | None = None,
    report: Report = quiet,
) -> ComparisonSites:  # fmt: skip
    """Sites from the horizon table of ISRIC-WISE 3 and the months of GLDAS Noah.

    ``reading`` is that of Eq 2 (intercept and floor); canonical by default. Raises
    ``InputError`` that names everything that is wrong with a file.
    """
    years = tuple(years)
    profiles = read_wise_profiles(Path(wise))
    forcing = open_gldas(Path(gldas), years)
    return build_sites(profiles, forcing, years, reading or Reading(), report=report)


def build_sites(
    profiles: WiseProfiles,
    forcing: Forcing,
    years: tuple[int, ...],
    reading: Reading,
    farthest_km: float = FARTHEST_KM,
    report: Report = quiet,
) -> ComparisonSites:
    """Give each horizon the climate of the nearest land cell that is no land ice.

    Horizons without a pH, without land within ``farthest_km``, and in cells with a missing value
    are left out and counted.
    """
    problems = _problems(years, farthest_km, reading)
    raise_if_any(InputError, "The sites cannot be built", problems)
    table = profiles.table
    left_out = dict(profiles.left_out)
    keep = table["ph"].notna()
    left_out["no pH"] = int((~keep).sum())
    table = table[keep].reset_index(drop=True)

    land = np.flatnonzero(forcing.land() & ~forcing.land_ice())
    nearest, distance = nearest_cells(
        forcing.grid, land, table["latitude"].to_numpy(), table["longitude"].to_numpy()
    )
    far = distance > farthest_km
    left_out[f"no land of the forcing within {farthest_km:g} km"] = int(far.sum())
    table = table[~far].reset_index(drop=True)
    cells, lane = np.unique(nearest[~far], return_inverse=True)

    climate = mean_climate(forcing, years, cells, report)
    shares = layer_shares(table["top"].to_numpy(), table["bottom"].to_numpy(), forcing.layer_edges)
    table = table.assign(
        distance=distance[~far],
        soil_moisture=(shares * climate.soil_moisture[:, lane].T).sum(axis=1),
        soil_temperature=(shares * climate.soil_temperature[:, lane].T).sum(axis=1),
        evapotranspiration=climate.evapotranspiration[lane],
    )
    table["soil_co2"] = annual_soil_co2(table["evapotranspiration"].to_numpy(), reading)
    drivers = table[["soil_moisture", "soil_temperature", "soil_co2"]]
    known = drivers.notna().all(axis=1)
    left_out["no soil moisture, temperature or evapotranspiration"] = int((~known).sum())
    notes = (
        *profiles.notes,
        f"soil moisture and temperature: means of {years[0]} to {years[-1]} of the nearest cell "
        f"of {forcing.product}, by the overlap of its layers with the horizon; its deepest layer "
        "stands for what lies deeper",
        f"soil CO2: Eq 2 at the mean annual evapotranspiration, 10^{reading.pco2_intercept:g} atm "
        "where that is 0",
    )
    return ComparisonSites(table[known].reset_index(drop=True), left_out, notes)


def nearest_cells(
    grid: Grid, cells: npt.NDArray[np.int64], latitude: Array, longitude: Array
) -> tuple[npt.NDArray[np.int64], Array]:
    """Nearest of some cells (flat indices of the grid) to each point, and its distance, km.

    Along the great circle, on a sphere, so that it holds over the date line and near the poles.

    >>> cells, distance = nearest_cells(Grid.globe(2.0), np.array([0, 179]), np.array([-89.0]),
    ...                                 np.array([-179.9]))
    >>> cells, distance.round(2)
    (array([0]), array([1.75]))
    """
    row, column = np.divmod(cells, grid.lon.size)
    index, distance = nearest_points(latitude, longitude, grid.lat[row], grid.lon[column])
    return cells[index], distance


def mean_climate(
    forcing: Forcing,
    years: tuple[int, ...],
    cells: npt.NDArray[np.int64],
    report: Report = quiet,
) -> Climate:
    """Means over all months of the years, weighted by the length of the months."""
    seconds = np.asarray(month_seconds("mean", years[0]))
    weight = seconds / seconds.sum()
    moisture: Array = np.zeros((len(forcing.layer_edges) - 1, cells.size))
    temperature = np.zeros_like(moisture)
    water: Array = np.zeros(cells.size)
    for year in counted(years, "reading years", report):
        values = forcing.read_year(year, cells)
        moisture += np.tensordot(weight, values.soil_moisture, axes=1)
        temperature += np.tensordot(weight, values.soil_temperature, axes=1)
        water += weight @ values.evapotranspiration
    count = float(len(years))
    return Climate(
        moisture / count, temperature / count, water / count * SECONDS_PER_DAY * DAYS_PER_YEAR
    )


def layer_shares(top: Array, bottom: Array, edges: tuple[float, ...]) -> Array:
    """Part of each horizon (rows) that lies in each layer (columns); the deepest has no bottom.

    >>> layer_shares(np.array([0.0, 1.5]), np.array([0.2, 3.0]), (0.0, 0.1, 0.4, 2.0))
    array([[0.5, 0.5, 0. ],
           [0. , 0. , 1. ]])
    """
    upper = np.asarray(edges[:-1])[None, :]
    lower = np.append(edges[1:-1], np.inf)[None, :]
    shared = np.minimum(bottom[:, None], lower) - np.maximum(top[:, None], upper)
    return np.asarray(np.clip(shared, 0.0, None) / (bottom - top)[:, None])


def annual_soil_co2(evapotranspiration: Array, reading: Reading) -> Array:
    """PCO2 (atm) of Eq 2 at a mean annual evapotranspiration (mm yr-1) under a reading.

    >>> annual_soil_co2(np.array([1000.0]), Reading()).round(7)
    array([0.0176097])
    """
    month = np.asarray(evapotranspiration) / _MONTHS
    drivers = Drivers(0.0, 0.0, np.stack([month] * _MONTHS), (), np.stack([month] * _MONTHS))
    return np.asarray(CO2Pathway.of(reading, ("illite",)).soil_co2(drivers, 0))


def _problems(years: tuple[int, ...], farthest_km: float, reading: Reading) -> list[Problem]:
    problems = []
    if not years:
        problems.append(Problem("years", "none", "one year or more", "years = range(2012, 2023)"))
    if not farthest_km > 0.0:
        problems.append(
            Problem("farthest_km", repr(farthest_km), "a distance above 0 km",
                    f"farthest_km = {FARTHEST_KM:g}")
        )  # fmt: skip
    # The soil air is common to all models, and a mean over many years.
    for name, accepted in (
        ("atmosphere", ("fixed",)),
        ("et_mode", ("monthly_x12", "annual", "trailing12")),
        ("pco2_limit", ("none",)),
    ):
        if (value := getattr(reading, name)) not in accepted:
            problems.append(
                Problem(f"reading.{name}", repr(value), ", ".join(accepted),
                        f'{name} = "{accepted[0]}" for the soil CO2 of sites')
            )  # fmt: skip
    return problems
