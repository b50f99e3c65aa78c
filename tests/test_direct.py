"""A year of the forcing that has been read is not read again, nor held longer than it is needed."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.direct import DirectForcing, ReadYear
from saprolite.sources.forcing import ForcingYear, HeldForcing


class Counting(DemoPlanet):
    """The demo planet, with the years that were read of it."""

    read: list[int]

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        self.read.append(year)
        return super().read_year(year, cells)


def held() -> tuple[Counting, DirectForcing, npt.NDArray[np.int64]]:
    planet = Counting(10.0)
    object.__setattr__(planet, "read", [])
    cells = np.flatnonzero(planet.land())
    first = ReadYear(1970, cells, planet.read_year(1970, cells))
    return planet, DirectForcing(planet, first), cells


def same(one: ForcingYear, other: ForcingYear) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_the_first_year_is_that_of_the_product() -> None:
    planet, forcing, cells = held()
    plain = DirectForcing(planet)
    assert same(forcing.read_year(1970, cells), plain.read_year(1970, cells))
    assert planet.read == [1970, 1970]
    assert np.isnan(forcing.read_year(1970, cells).soil_moisture).any()  # land ice


def test_it_is_given_until_another_is_read() -> None:
    planet, forcing, cells = held()
    for year in (1970, 1970, 1971, 1970):
        forcing.read_year(year, cells)
    assert planet.read == [1970, 1971, 1970]


def test_other_cells_are_read() -> None:
    planet, forcing, cells = held()
    part = forcing.read_year(1970, cells[5:9])
    assert planet.read == [1970, 1970]
    assert same(part, ForcingYear(*(a[..., 5:9] for a in forcing.read_year(1970, cells))))


def test_what_takes_its_place_does_not_hold_it() -> None:
    _, forcing, cells = held()
    values = weakref.ref(forcing.read_year(1970, cells).soil_moisture)
    stored = HeldForcing(forcing, cells)
    assert stored.land().any()
    del forcing
    gc.collect()
    assert values() is None
