"""The error of resampling: fields whose error is known, gaps, and a real field of GLDAS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from saprolite.data_commands import resampling
from saprolite.errors import InputError
from saprolite.grid import Grid, resampled, resampling_error
from saprolite.sources.netcdf_fields import read_map

FINE, COARSE = Grid.globe(5.0), Grid.globe(10.0)
STATISTICS = slice(0, 4)


def on_map(values: np.ndarray, grid: Grid = FINE) -> xr.DataArray:
    dims = ("layer", "lat", "lon")[-values.ndim :]
    return xr.DataArray(values, dims=dims, coords={"lat": grid.lat, "lon": grid.lon})


def test_a_constant_has_no_error() -> None:
    field = on_map(np.full(FINE.shape, -3.7))
    found = resampling_error(field, resampled(field, COARSE))
    assert found[STATISTICS] == pytest.approx((0.0, 0.0, 0.0, 0.0), abs=1e-12)
    assert (found.without_ratio_percent, found.cells) == (0.0, 36 * 72)


def test_a_gradient_along_the_parallels() -> None:
    """f = column + 1: every cell misses its pair's mean by a half; the mean of f is 36.5."""
    column = np.arange(1.0, 73.0)
    field = on_map(np.tile(column, (36, 1)))
    found = resampling_error(field, resampled(field, COARSE))
    assert found.mean_absolute_relative_percent == pytest.approx(100.0 * np.mean(0.5 / column))
    assert found.mean_absolute_percent == pytest.approx(100.0 * 0.5 / 36.5)
    assert found.rms_percent == pytest.approx(100.0 * 0.5 / 36.5)
    assert found.bias_percent == pytest.approx(0.0, abs=1e-12)


def test_area_is_the_weight() -> None:
    """A checkerboard of the 5-degree rows about one parallel alone, elsewhere constant: its share
    of the area is sin(10) - sin(0), of a whole of 2."""
    values = np.full(FINE.shape, 2.0)
    values[18:20] += np.where(np.add.outer([0, 1], np.arange(72)) % 2, 1.0, -1.0)
    board = on_map(values)
    # Rows of a pair differ in area, which the mean of a coarse cell sees: 2 + d and 2 - d hold.
    field = resampled(board, COARSE)
    found = resampling_error(board, field)
    inside = np.sin(np.deg2rad(10.0)) / 2.0
    assert field.values[18:20] == pytest.approx(2.0, abs=1e-12)
    assert found.mean_absolute_percent == pytest.approx(100.0 * inside / 2.0)
    assert found.rms_percent == pytest.approx(100.0 * np.sqrt(inside) / 2.0)
    assert found.mean_absolute_relative_percent == pytest.approx(
        100.0 * inside * (1.0 + 1.0 / 3.0) / 2.0
    )


def test_gaps_stay_and_count_nowhere() -> None:
    """The half of a coarse cell that is there is its mean, so that it has no error."""
    values = np.tile(np.arange(1.0, 73.0), (36, 1))
    values[:, ::2] = np.nan
    field = on_map(values)
    back = resampled(field, COARSE)
    assert np.array_equal(np.isnan(back), np.isnan(field))
    found = resampling_error(field, back)
    assert found.cells == 36 * 36
    assert found[STATISTICS] == pytest.approx((0.0, 0.0, 0.0, 0.0), abs=1e-12)
    nothing = resampling_error(field, field * np.nan)
    assert nothing.cells == 0
    assert np.isnan(nothing[:5]).all()


def test_cells_near_zero_have_no_relative_error() -> None:
    values = np.tile([0.0, 2.0], (36, 36))
    found = resampling_error(on_map(values), resampled(on_map(values), COARSE))
    assert found.without_ratio_percent == pytest.approx(50.0)
    assert found.mean_absolute_relative_percent == pytest.approx(50.0)
    assert found.mean_absolute_percent == pytest.approx(100.0)
    of_none = resampling_error(on_map(values), resampled(on_map(values), COARSE), least=2.0)
    assert np.isnan(of_none.mean_absolute_relative_percent)
    assert of_none.without_ratio_percent == 100.0


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 50.0), st.sampled_from([7.5, 10.0, 22.5]))
def test_bias_and_scale(seed: int, factor: float, resolution: float) -> None:
    """No unit changes a percentage; whole fine cells in coarse ones leave no bias, gaps or not."""
    random = np.random.default_rng(seed)
    values = random.uniform(0.5, 2.0, (2, *FINE.shape))
    values[random.uniform(size=values.shape) < 0.3] = np.nan
    field, grid = on_map(values), Grid.globe(resolution)
    found = resampling_error(field, resampled(field, grid))
    scaled = resampling_error(field * factor, resampled(field * factor, grid))
    assert scaled[STATISTICS] == pytest.approx(found[STATISTICS], rel=1e-9, abs=1e-9)
    assert abs(found.bias_percent) <= found.mean_absolute_percent <= found.rms_percent
    if resolution == 10.0:
        assert found.bias_percent == pytest.approx(0.0, abs=1e-10)


def test_real_soil_moisture_from_one_to_two_degrees(data: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Against sums written out over the blocks of four cells."""
    file = data / "gldas/noah10_monthly_v21/GLDAS_NOAH10_M.A201207.021.nc4"
    fine = read_map(file, "SoilMoi0_10cm_inst")
    found = resampling_error(fine, resampled(fine, Grid.globe(2.0)))
    area = np.broadcast_to(np.cos(np.deg2rad(fine["lat"].values))[:, None], fine.shape)
    blocks = [
        array.reshape(75, 2, 180, 2).transpose(0, 2, 1, 3).reshape(75, 180, 4)
        for array in (np.where(np.isfinite(fine), area, 0.0), np.nan_to_num(fine.values))
    ]
    whole = blocks[0].sum(axis=-1)
    mean = (blocks[0] * blocks[1]).sum(axis=-1) / np.where(whole > 0.0, whole, 1.0)
    change = np.abs(mean[..., None] - blocks[1])
    land = blocks[0] > 0.0
    assert found.cells == land.sum()
    relative = np.average(change[land] / blocks[1][land], weights=blocks[0][land])
    of_mean = (change * blocks[0])[land].sum() / (blocks[1] * blocks[0])[land].sum()
    assert found.mean_absolute_relative_percent == pytest.approx(100.0 * relative, rel=1e-6)
    assert found.mean_absolute_percent == pytest.approx(100.0 * of_mean, rel=1e-6)
    assert 5.0 < found.mean_absolute_relative_percent < 15.0
    resampling(file, "SoilMoi0_10cm_inst", resolution=2.0)
    printed = capsys.readouterr().out
    assert f"{found.mean_absolute_relative_percent:.4f} %" in printed
    assert f"over {found.cells} values" in printed
    resampling(file, "Evap_tavg", resolution=2.0, least=1e-6)
    assert "1e-06 kg m-2 s-1 or less" in capsys.readouterr().out


def test_what_cannot_be_resampled_is_refused(data: Path) -> None:
    file = data / "gldas/noah10_monthly_v21/GLDAS_NOAH10_M.A201207.021.nc4"
    with pytest.raises(InputError, match="did you mean 'SoilMoi0_10cm_inst'"):
        resampling(file, "SoilMoi0_10cm", resolution=2.0)
    for wrong in (0.5, 0.0, 7.0, 120.0):
        with pytest.raises(InputError, match="1 to 90 degrees, dividing 180"):
            resampling(file, "SoilMoi0_10cm_inst", resolution=wrong)
    field = on_map(np.ones(FINE.shape))
    with pytest.raises(InputError, match="as fine"):
        resampling_error(field, on_map(np.ones(COARSE.shape), COARSE))
