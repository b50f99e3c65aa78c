"""Geometry: areas against an independent ellipsoid, regridding and layers that conserve."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from saprolite.constants import MEAN_EARTH_RADIUS
from saprolite.errors import InputError
from saprolite.grid import (
    Grid,
    conservative,
    majority,
    normalise,
    overlap,
    remap_amounts,
    remap_layers,
)


def field_on(grid: Grid, values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(
        values, dims=("lat", "lon"), coords={"lat": grid.lat, "lon": grid.lon}, name="f"
    )


def test_sphere_areas_add_up_to_the_sphere() -> None:
    whole = 4.0 * np.pi * (MEAN_EARTH_RADIUS / 1000.0) ** 2
    for resolution in (0.25, 1.0, 2.5):
        assert Grid.globe(resolution).areas("sphere").sum() == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("south", [-60.0, -0.5, 0.0, 33.25, 60.0, 89.0])
def test_ellipsoid_areas_against_geodesics(south: float) -> None:
    """A narrow cell's border of parallels, finely divided, as a geodesic polygon (pyproj)."""
    grid = Grid.globe(0.25)
    row = round((south + 90.0) / 0.25)
    lon = np.linspace(0.0, 0.25, 200)
    polygon_lon = np.concatenate([lon, lon[::-1]])
    polygon_lat = np.concatenate([np.full(200, south), np.full(200, south + 0.25)])
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(polygon_lon, polygon_lat)
    assert grid.areas()[row, 0] == pytest.approx(abs(area) / 1e6, rel=1e-6)


def test_grid_refuses_what_is_not_regular() -> None:
    with pytest.raises(InputError, match="not regularly spaced"):
        Grid.from_centres([0.0, 1.0, 3.0], [0.0, 1.0], "f.nc")
    with pytest.raises(InputError, match="within -90 to 90"):
        Grid.from_centres([89.0, 90.0, 91.0], [0.0, 1.0], "f.nc")
    with pytest.raises(InputError, match="2 problems"):
        Grid.from_centres([1.0, 0.0], [float("nan"), 1.0], "f.nc")


def test_grid_takes_float32_centres() -> None:
    lat = (np.arange(-59.875, 90.0, 0.25)).astype(np.float32)
    grid = Grid.from_centres(lat, np.arange(-179.875, 180.0, 0.25).astype(np.float32), "f.nc")
    assert grid.lat_edges[0] == -60.0
    assert grid.lat_edges[-1] == 90.0


def test_conservative_keeps_a_constant_and_the_total() -> None:
    fine, coarse = Grid.globe(0.5), Grid.globe(2.0)
    constant = conservative(field_on(fine, np.full(fine.shape, 3.7)), coarse)
    assert np.allclose(constant, 3.7, rtol=1e-13)
    values = np.random.default_rng(0).uniform(size=fine.shape)
    result = conservative(field_on(fine, values), coarse).values
    total = (values * fine.areas("sphere")).sum()
    assert (result * coarse.areas("sphere")).sum() == pytest.approx(total, rel=1e-12)


def test_conservative_on_cells_that_do_not_nest() -> None:
    fine, coarse = Grid.globe(0.5), Grid.globe(1.25)
    values = np.random.default_rng(1).uniform(size=fine.shape)
    result = conservative(field_on(fine, values), coarse).values
    total = (values * fine.areas("sphere")).sum()
    assert (result * coarse.areas("sphere")).sum() == pytest.approx(total, rel=1e-12)


def test_conservative_needs_its_share_of_valid_area() -> None:
    fine, coarse = Grid.globe(1.0), Grid.globe(2.0)
    values = np.full(fine.shape, 5.0)
    values[90, 0] = np.nan  # a quarter of cell (45, 0)
    values[90:92, 2] = np.nan  # half of cell (45, 1)
    values[90:92, 4:6] = np.nan  # all of cell (45, 2)
    values[91, 4] = 5.0  # but for a quarter
    result = conservative(field_on(fine, values), coarse, valid_share=0.49).values
    assert result[45, :2] == pytest.approx([5.0, 5.0], rel=1e-12)
    assert np.isnan(result[45, 2])
    assert np.isnan(result).sum() == 1


def test_normalise_flips_and_rolls() -> None:
    grid = Grid.globe(30.0)
    values = np.arange(72.0).reshape(grid.shape)
    turned = xr.DataArray(
        np.roll(values[::-1], 6, axis=1), dims=("lat", "lon"),
        coords={"lat": grid.lat[::-1], "lon": np.roll(grid.lon, 6) % 360.0},
    )  # fmt: skip
    assert (normalise(turned).values == values).all()
    assert (normalise(turned).lon.values == grid.lon).all()


def test_majority_never_averages_and_ignores_nodata() -> None:
    fine, coarse = Grid.globe(1.0), Grid.globe(2.0)
    codes = np.zeros(fine.shape, np.int16)
    codes[90:92, 0:2] = [[1, 3], [3, 0]]  # 3 wins; the mean would be a 2 that is not there
    codes[90:92, 2:4] = [[0, 0], [0, 7]]  # the only vote
    codes[90:92, 4:6] = [[5, 5], [9, 9]]  # by area the row nearer the equator wins
    result = majority(field_on(fine, codes), coarse).values
    assert list(result[45, :4]) == [3, 7, 5, 0]


depths = st.lists(st.floats(0.02, 1.5), min_size=1, max_size=6).map(
    lambda steps: [0.0, *np.cumsum(steps).tolist()]
)


@given(depths, depths, st.data())
def test_layers_conserve(source: list[float], target: list[float], data: st.DataObject) -> None:
    values = np.array([data.draw(st.floats(0.0, 10.0)) for _ in source[1:]])
    # Densities: thickness x value over the depth that both cover, the deepest horizon extended.
    mean = remap_layers(values, source, target)
    extended = [*source[:-1], max(source[-1], target[-1])]
    shared = overlap(extended, [0.0, target[-1]])[0]
    assert (mean * np.diff(target)).sum() == pytest.approx(
        (values * shared).sum(), rel=1e-9, abs=1e-12
    )
    assert mean.min() >= values.min() - 1e-9
    assert mean.max() <= values.max() + 1e-9
    # Amounts: the sum, as far down as the target goes.
    amounts = remap_amounts(values, source, [*target, max(target[-1], source[-1]) + 1.0])
    assert amounts.sum() == pytest.approx(values.sum(), rel=1e-9, abs=1e-12)


def test_layers_of_the_clay_maps_on_the_layers_of_gldas() -> None:
    """Topsoil on 0-10 and 10-30 of 10-40, subsoil on the rest, extended below 1 m."""
    result = remap_layers(np.array([0.3, 0.6]), [0.0, 0.3, 1.0], [0.0, 0.1, 0.4, 1.0, 2.0])
    assert result == pytest.approx([0.3, 0.4, 0.6, 0.6], rel=1e-12)


def test_a_missing_horizon_is_missing_where_it_reaches() -> None:
    result = remap_layers(np.array([0.3, np.nan]), [0.0, 0.3, 1.0], [0.0, 0.1, 0.4, 1.0, 2.0])
    assert result[0] == 0.3
    assert np.isnan(result[1:]).all()


def test_layers_refuse_depths_in_disorder() -> None:
    with pytest.raises(InputError, match="increasing downwards"):
        remap_layers(np.array([1.0, 2.0]), [0.0, 0.4, 0.3], [0.0, 1.0])


def test_majority_on_the_same_cells_is_the_class_itself() -> None:
    whole, part = Grid.globe(10.0), Grid.globe(10.0, -60.0, 90.0)
    codes = np.random.default_rng(2).integers(0, 31, whole.shape)
    found = majority(field_on(whole, codes), part)
    np.testing.assert_array_equal(found.values, codes[3:])
    assert found.values.dtype == np.int16
    # By votes: the same cells, cut in four.
    fine = Grid.globe(5.0)
    votes = majority(field_on(fine, codes.repeat(2, 0).repeat(2, 1)), part)
    np.testing.assert_array_equal(found.values, votes.values)
    # A map that does not reach as far has no class there.
    beyond = majority(field_on(part, codes[3:]), whole).values
    np.testing.assert_array_equal(beyond, np.where(np.arange(18)[:, None] < 3, 0, codes))


def test_majority_of_a_coarser_map_is_the_class_it_lies_in() -> None:
    coarse, fine = Grid.globe(2.0), Grid.globe(0.5)
    codes = np.random.default_rng(2).integers(1, 30, coarse.shape).astype(np.int16)
    result = majority(field_on(coarse, codes), fine).values
    assert (result == np.kron(codes, np.ones((4, 4), np.int16))).all()


@pytest.mark.parametrize("seconds", [30.0, 120.0, 300.0, 7200.0])
def test_centres_in_float32_are_those_of_the_globe(seconds: float) -> None:
    """A map of 30 seconds whose file holds float32 is still around the globe, and no more."""
    step = seconds / 3600.0
    exact = Grid.globe(step)
    found = Grid.from_centres(exact.lat.astype("f4"), exact.lon.astype("f4"), "map")
    assert found.same_as(exact)
    assert found.step == pytest.approx(exact.step, rel=1e-6)
    with pytest.raises(InputError, match="within -180 to 180"):
        Grid.from_centres(exact.lat, exact.lon + 0.1 * step, "map")
