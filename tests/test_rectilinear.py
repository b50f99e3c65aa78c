"""Cells of models on cells of a study: area sums are kept, whatever the order and the steps."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from saprolite.errors import InputError
from saprolite.grid import Grid, Rectilinear, conservative


def heights(lat_edges: np.ndarray) -> np.ndarray:
    return np.diff(np.sin(np.deg2rad(lat_edges)))


@given(
    st.lists(st.floats(0.2, 5.0), min_size=3, max_size=12),
    st.lists(st.floats(0.2, 5.0), min_size=3, max_size=12),
    st.floats(-180.0, 200.0), st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_the_area_sum_is_kept(
    rows: list[float], columns: list[float], start: float, descending: bool, seed: int
) -> None:
    lat_edges = -90.0 + 180.0 * np.concatenate([[0.0], np.cumsum(rows) / np.sum(rows)])
    lon_edges = start + 360.0 * np.concatenate([[0.0], np.cumsum(columns) / np.sum(columns)])
    lat_bounds = np.stack([lat_edges[:-1], lat_edges[1:]], axis=1)
    lon_bounds = np.stack([lon_edges[:-1], lon_edges[1:]], axis=1)
    step = -1 if descending else 1
    cells = Rectilinear.of(lat_bounds.mean(axis=1)[::step], lon_bounds.mean(axis=1), "model",
                           lat_bounds[::step], lon_bounds)  # fmt: skip
    assert cells.around
    values = np.random.default_rng(seed).uniform(1.0, 2.0, cells.shape)
    weights = cells.onto(Grid.globe(30.0))
    got = weights.mean(values[weights.source_rows])
    target = weights.whole
    whole = np.outer(heights(lat_edges), np.diff(lon_edges))[::step]
    # What rounding may leave over a border, 1e-6 of a cell of the file, is dropped.
    dropped = 1e-6 * np.diff(lon_edges).max() / 30.0
    sliver = dropped + 1e-6 * heights(lat_edges).max() / heights(np.array([60.0, 90.0]))[0]
    assert (got * target).sum() == pytest.approx((values * whole).sum(), rel=max(sliver, 1e-8))
    cover = weights.cover(np.ones(cells.shape, bool))
    assert cover == pytest.approx(np.ones(target.shape), abs=2.0 * sliver)


def test_on_regular_cells_it_is_the_conservative_mean() -> None:
    fine = Grid.globe(4.0)
    values = np.random.default_rng(1).uniform(size=fine.shape)
    values[values > 0.7] = np.nan
    field = xr.DataArray(values, dims=("lat", "lon"), coords={"lat": fine.lat, "lon": fine.lon})
    expected = conservative(field, Grid.globe(12.0, -60.0), 1e-6).values
    for turn in (0, 45, 17):  # the same field, from another longitude, north first
        lon = np.roll(fine.lon, -turn) % 360.0
        cells = Rectilinear.of(fine.lat[::-1], lon, "file")
        weights = cells.onto(Grid.globe(12.0, -60.0))
        rolled = np.roll(values, -turn, axis=1)[::-1][weights.source_rows]
        np.testing.assert_allclose(weights.mean(rolled), expected, rtol=1e-12)


def test_gaussian_latitudes_reach_the_poles() -> None:
    lat = np.rad2deg(np.arcsin(np.polynomial.legendre.leggauss(48)[0]))
    cells = Rectilinear.of(lat, np.arange(96) * 3.75, "gaussian")
    assert cells.lat_edges[0] > -90.0  # halfway: the caps are not made up
    assert cells.shape == (48, 96)
    weights = cells.onto(Grid.globe(5.0))
    warm = np.repeat(np.cos(np.deg2rad(lat))[:, None], 96, axis=1)
    mean = weights.mean(warm[weights.source_rows])
    assert mean[18] == pytest.approx(np.cos(np.deg2rad(2.5)), abs=1e-3)


def test_rows_of_a_band_are_those_of_the_whole() -> None:
    cells = Rectilinear.of([80.0, 40.0, 0.0, -40.0, -80.0], [0.0, 120.0, 240.0], "file")
    values = np.arange(15.0).reshape(5, 3)
    grid = Grid.globe(15.0)
    whole = cells.onto(grid)
    band = cells.onto(grid, slice(4, 6))
    assert band.source_rows == slice(2, 4)
    got = band.mean(values[band.source_rows])
    np.testing.assert_array_equal(got, whole.mean(values[whole.source_rows])[4:6])


@pytest.mark.parametrize(("lat", "lon", "word"), [
    ([0.0, np.nan, 2.0], [0.0, 1.0], "1 missing values"), ([0.0, 2.0, 1.0], [0.0, 1.0], "order"),
    ([0.0], [0.0, 1.0], "1 value"), ([0.0, 95.0], [0.0, 1.0], "0 to 95"),
    ([[0.0, 1.0]], [0.0, 1.0], "curvilinear"), ([0.0, 1.0], [2.0, 1.0], "order"),
    ([0.0, 1.0], [0.0, 180.0, 359.0, 361.0], "longitudes over"),
])  # fmt: skip
def test_axes_that_are_none(lat: list[float], lon: list[float], word: str) -> None:
    with pytest.raises(InputError, match=word):
        Rectilinear.of(lat, lon, "file")


def test_borders_that_do_not_touch() -> None:
    with pytest.raises(InputError, match="overlap or leave a gap"):
        Rectilinear.of([0.0, 10.0], [0.0, 90.0], "file", [[-5.0, 4.0], [5.0, 15.0]])
    with pytest.raises(InputError, match="outside their borders"):
        Rectilinear.of([0.0, 10.0], [0.0, 90.0], "file", [[1.0, 5.0], [5.0, 15.0]])
