"""Change factors of a scenario: known changes come back, no change changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from saprolite.errors import InputError
from saprolite.grid import Grid
from saprolite.inputs.change_factors import ChangedForcing, Methods
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.overlap import RatioRule

YEARS = range(2000, 2004)


@dataclass(frozen=True)
class Planet:
    """A forcing of two layers whose years differ by known factors."""

    resolution: float
    wetter: float = 1.0
    warmer: float = 0.0
    more_water: float = 1.0
    sea: tuple[int, ...] = ()
    bias: float = 1.0
    layer_edges: tuple[float, ...] = (0.0, 0.1, 0.4)
    product: str = "planet"
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        return Grid.globe(self.resolution)

    def land(self) -> np.ndarray:
        land = np.ones(self.grid.shape, bool)
        land.ravel()[list(self.sea)] = False
        return land

    def land_ice(self) -> np.ndarray:
        return np.zeros(self.grid.shape, bool)

    def read_year(self, year: int, cells: np.ndarray) -> ForcingYear:
        later = float(year >= 2050)
        month = np.arange(12)[:, None, None] + 0.0 * cells
        shape = (12, 2, cells.size)
        moisture = np.broadcast_to(0.2 + 0.01 * month, shape) * self.bias
        kelvin = np.broadcast_to(280.0 + month, shape) + 5.0 * (self.bias - 1.0)
        water = (1e-5 + 1e-6 * month[:, 0]) * self.bias
        return ForcingYear(
            moisture * self.wetter**later,
            kelvin + self.warmer * later + 0.1 * (year % 2),
            water * self.more_water**later,
        )


BASE = Planet(30.0)
CELLS = np.arange(BASE.grid.lat.size * BASE.grid.lon.size)


def test_a_scenario_that_repeats_history_changes_nothing() -> None:
    model = replace(BASE, bias=1.4, resolution=45.0)
    found = ChangedForcing(BASE, model, YEARS, Methods()).read_year(2000, CELLS)
    expected = BASE.read_year(2000, CELLS)
    np.testing.assert_allclose(found.soil_moisture, expected.soil_moisture, rtol=1e-6)
    np.testing.assert_allclose(found.evapotranspiration, expected.evapotranspiration, rtol=1e-6)
    np.testing.assert_allclose(found.soil_temperature, expected.soil_temperature, rtol=1e-6)


def test_known_changes_come_through_the_bias_of_the_model() -> None:
    model = replace(BASE, bias=1.4, wetter=0.9, warmer=2.5, more_water=1.2, resolution=45.0)
    found = ChangedForcing(BASE, model, YEARS, Methods()).read_year(2050, CELLS)
    means = [np.mean([BASE.read_year(y, CELLS)[n] for y in YEARS], axis=0) for n in range(3)]
    np.testing.assert_allclose(found.soil_moisture, means[0] * 0.9, rtol=1e-6)
    # The model's mean holds half the years with 0.1 K more; 2050 is one of those without.
    np.testing.assert_allclose(found.soil_temperature, means[1] + 2.5 - 0.05, rtol=1e-6)
    np.testing.assert_allclose(found.evapotranspiration, means[2] * 1.2, rtol=1e-6)


def test_a_difference_is_the_same_amount_in_the_base() -> None:
    model = replace(BASE, bias=1.4, wetter=0.9)
    found = ChangedForcing(BASE, model, YEARS, Methods("difference")).read_year(2050, CELLS)
    mean = BASE.read_year(2000, CELLS).soil_moisture
    np.testing.assert_allclose(found.soil_moisture, mean - 0.1 * 1.4 * mean, rtol=1e-6)


def test_no_more_water_is_taken_away_than_there_is() -> None:
    """A model twice as wet as the base loses more than the base has."""
    dry = ChangedForcing(BASE, replace(BASE, bias=2.0, wetter=0.3), YEARS, Methods("difference"))
    assert (dry.read_year(2050, CELLS).soil_moisture == 0.0).all()
    assert "moisture is kept within 0 to 1 m3 m-3" in " ".join(dry.notes)


def test_no_cell_depends_on_which_others_are_read() -> None:
    model = replace(BASE, wetter=0.9, warmer=1.0)
    changed = ChangedForcing(BASE, model, YEARS, Methods())
    whole, part = changed.read_year(2050, CELLS), changed.read_year(2050, CELLS[7:20])
    for all_cells, some in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_cells[..., 7:20], some)


def test_sea_of_the_model_takes_the_nearest_land_and_no_further() -> None:
    columns = BASE.grid.lon.size
    row = 3 * columns
    sea = tuple(range(row, row + columns))
    near = ChangedForcing(BASE, replace(BASE, wetter=0.9, sea=sea), YEARS, Methods())
    assert np.isfinite(near.read_year(2050, CELLS).soil_moisture).all()
    wide = tuple(range(columns))  # three rows from the nearest land at most
    wide += tuple(range(columns, 5 * columns))
    far = ChangedForcing(BASE, replace(BASE, wetter=0.9, sea=wide), YEARS, Methods())
    lacking = np.isnan(far.read_year(2050, CELLS).soil_moisture[0, 0]).reshape(BASE.grid.shape)
    assert lacking[:3].all()
    assert not lacking[3:].any()


def test_dew_and_dust_do_not_turn_the_base_around() -> None:
    month = np.array([1.0, 1.0, -1.0, 0.0, 1e-9])
    mean = np.array([1e-9, 2.0, 1.0, 1.0, 1.0])
    found = Methods().change("evapotranspiration", month, mean)
    np.testing.assert_array_equal(found.size, [5.0, 0.5, -2.0, -1.0, 0.2])
    np.testing.assert_array_equal(found.added, [False, False, True, True, False])
    missing = Methods().change("soil_moisture", np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
    assert np.isnan(missing.size).all()
    least = Methods(rate_rule=RatioRule(1e-7, (0.5, 2.0), "limit"))
    found = least.change("evapotranspiration", month, mean)
    np.testing.assert_array_equal(found.size, [1.0 - 1e-9, 0.5, -2.0, -1.0, 0.5])
    np.testing.assert_array_equal(found.added, [True, False, True, True, False])


def test_a_cell_of_the_model_without_a_value_says_nothing_of_its_neighbours() -> None:
    """Half of a cell of the base lies on a cell that lacks a year: the other half decides."""

    @dataclass(frozen=True)
    class Gap(Planet):
        def read_year(self, year: int, cells: np.ndarray) -> ForcingYear:
            values = super().read_year(year, cells)
            return values._replace(soil_moisture=np.where(cells == 0, np.nan, values.soil_moisture))

    model = Gap(10.0, wetter=0.9, warmer=2.0)
    found = ChangedForcing(BASE, model, YEARS, Methods()).read_year(2050, CELLS)
    np.testing.assert_allclose(
        found.soil_moisture, 0.9 * BASE.read_year(2000, CELLS).soil_moisture, rtol=1e-6
    )


def test_what_does_not_fit_is_named_at_once() -> None:
    model = replace(BASE, layer_edges=(0.0, 0.2, 0.4))
    with pytest.raises(InputError) as caught:
        ChangedForcing(BASE, model, (), Methods(soil_temperature="ratio"))  # type: ignore[arg-type]
    assert len(caught.value.problems) == 3
