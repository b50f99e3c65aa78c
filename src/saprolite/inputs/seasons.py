"""Whether summer is where it belongs: what tells latitudes that run the wrong way, and months that
stand half a year off, from the values themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.sources.forcing import ForcingYear

# Poleward of these latitudes (degrees) summer and winter differ by more than this (K) in most
# places, and nowhere by chance.
_LATITUDE, _DIFFERENCE = 30.0, 5.0
_LEAST_CELLS, _MOST_WRONG = 20, 0.5
_JUNE_TO_AUGUST, _DECEMBER_TO_FEBRUARY = [5, 6, 7], [11, 0, 1]
_NEXT = (
    "check that lat names the rows of the fields (not upside down) and that every file holds "
    "the month that it says"
)


def require_seasons(
    values: ForcingYear, grid: Grid, cells: npt.NDArray[np.int64], year: int
) -> None:
    """Raise ``InputError`` if a year of forcing, on flat (row-major) cells of its grid, has its
    seasons in the wrong hemisphere."""
    lat = grid.lat[cells // grid.lon.size]
    where = f"forcing: soil_temperature ({year})"
    problem = season_problem(values.soil_temperature[:, 0], lat, where)
    if problem:
        raise InputError("The inputs cannot be used (1 problem)", [problem])


def season_problem(
    temperature: npt.NDArray[np.floating[Any]], lat: npt.NDArray[np.float64], where: str
) -> Problem | None:
    """What is wrong if most cells beyond 30 degrees have their summer in the winter of their
    hemisphere, else None.

    ``temperature``: of the uppermost layer, K, the twelve months of a year (month, cell), NaN where
    missing; ``lat``: of the cells, degrees. Cells with less than 5 K between the seasons say
    nothing, nor do fewer than 20 others.

    >>> months = np.arange(1, 13)[:, None]
    >>> lat = np.linspace(-60.0, 80.0, 200)
    >>> warm = 285.0 + 10.0 * np.cos(2.0 * np.pi * (months - 7) / 12.0) * np.sign(lat)
    >>> season_problem(warm, lat, "forcing") is None
    True
    >>> season_problem(warm, -lat, "forcing").found
    'summer in the wrong half of the year in 115 of 115 cells poleward of 30 degrees'
    """
    summer = temperature[_JUNE_TO_AUGUST].mean(axis=0)
    winter = temperature[_DECEMBER_TO_FEBRUARY].mean(axis=0)
    difference = np.where(lat < 0.0, winter - summer, summer - winter)
    telling = (np.abs(lat) >= _LATITUDE) & (np.abs(difference) >= _DIFFERENCE)
    wrong = int((difference[telling] < 0.0).sum())
    count = int(telling.sum())
    if count < _LEAST_CELLS or wrong <= _MOST_WRONG * count:
        return None
    return Problem(
        where,
        f"summer in the wrong half of the year in {wrong} of {count} cells poleward of "
        f"{_LATITUDE:g} degrees",
        "June to August warmer than December to February in the north, colder in the south",
        _NEXT,
    )
