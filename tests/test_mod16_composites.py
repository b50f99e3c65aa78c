"""Eight-day MOD16: composites in months, sinusoidal pixels on a grid, HDF4 tiles where pyhdf is."""

from __future__ import annotations

import shutil
from calendar import isleap, monthrange
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasterio.warp import transform

from saprolite.constants import SECONDS_PER_DAY
from saprolite.errors import InputError
from saprolite.grid import Grid
from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.evapotranspiration import OwnEvapotranspiration
from saprolite.sources import hdf_tiles
from saprolite.sources.composites import (
    MonthlyRate,
    Share,
    amounts,
    cells_of_pixels,
    composite_days,
    composites_of_month,
    pixel_area,
    pixel_rows,
)
from saprolite.sources.mod16_composites import open_mod16_composites
from saprolite.testing.mod16_composites import tile_values, write_composites, write_hdf

TILES = [(18, 3), (18, 4), (19, 4), (30, 11)]
PIXELS = 60


def as_numpy(path: Path, stored: Any, tile: Any) -> None:
    """The arithmetic needs no HDF4: tiles as NumPy writes them, under the published names."""
    with path.open("wb") as stream:
        np.save(stream, stored)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("composites")
    write_composites(path, TILES, PIXELS, 2001, as_numpy)
    return path


@pytest.mark.parametrize("year", [2000, 2001, 2004, 1900])
def test_every_day_of_a_year_belongs_to_one_month_and_composite(year: int) -> None:
    days = dict.fromkeys(range(1, 362, 8), 0)
    for month in range(1, 13):
        shares = composites_of_month(year, month)
        assert sum(share.days for share in shares.values()) == monthrange(year, month)[1]
        for day, share in shares.items():
            assert share.of == composite_days(year, day)
            days[day] += share.days
    assert days == {day: composite_days(year, day) for day in days}
    assert composite_days(year, 361) == (6 if isleap(year) else 5)
    for day in (0, 2, 362, 369):
        with pytest.raises(ValueError, match="no composite"):
            composite_days(year, day)


@given(st.floats(0.1, 8.0), st.sampled_from([2000, 2001]), st.integers(1, 12))
def test_a_steady_rate_comes_back(per_day: float, year: int, month: int) -> None:
    """Five, six or eight days: the rate of a steady evaporation is the same in every month."""
    monthly = MonthlyRate((1,))
    for share in composites_of_month(year, month).values():
        monthly.add(np.array([per_day * share.of]), share)
    assert monthly.rate()[0] * SECONDS_PER_DAY == pytest.approx(per_day, rel=1e-12)


def test_a_month_needs_half_of_its_days() -> None:
    monthly = MonthlyRate((3,))
    for value, days in (
        ([8.0, 8.0, np.nan], 8),
        ([8.0, np.nan, np.nan], 8),
        ([np.nan, np.nan, 8.0], 7),
        ([16.0, 16.0, np.nan], 8),
    ):
        monthly.add(np.array(value), Share(days, 8))
    rate = monthly.rate() * SECONDS_PER_DAY
    assert rate[0] == pytest.approx((8.0 + 8.0 + 16.0) / 24.0)
    assert rate[1] == pytest.approx(24.0 / 16.0)
    assert np.isnan(rate[2])


def test_fill_classes_and_valid_range() -> None:
    stored = np.arange(32701, 32768).astype(np.int16)
    assert np.isnan(amounts(stored)).all()
    assert amounts(np.array([-32767, 32700], np.int16)) == pytest.approx([-3276.7, 3270.0])
    assert np.isnan(amounts(np.array([-32768], np.int16))[0])


def test_pixels_lie_where_proj_has_them() -> None:
    """Centres of pixels against the sinusoidal projection of PROJ on the sphere of MODIS."""
    grid = Grid.globe(0.5)
    for tile in ((18, 3), (9, 5), (30, 11), (0, 9)):
        cells = cells_of_pixels(tile, 40, slice(0, 40), grid)
        size = 1111950.5197665554 / 40
        x = -20015109.354 + tile[0] * 40 * size + (np.arange(40) + 0.5) * size
        y = 10007554.677 - tile[1] * 40 * size - (np.arange(40) + 0.5) * size
        xx, yy = np.meshgrid(x, y)
        lon, lat = transform(
            "+proj=sinu +R=6371007.181 +units=m",
            "+proj=longlat +R=6371007.181",
            xx.ravel(),
            yy.ravel(),
        )
        lon, lat = np.asarray(lon), np.asarray(lat)
        own_lon = np.rad2deg(xx.ravel() / (6371007.181 * np.cos(np.deg2rad(lat))))
        inside = np.abs(own_lon) <= 180.0  # PROJ folds what lies off the Earth
        row, column = np.floor((lat + 90.0) / 0.5), np.floor((lon + 180.0) / 0.5)
        near = (np.abs(lon / 0.5 - np.rint(lon / 0.5)) < 1e-6) | (
            np.abs(lat / 0.5 - np.rint(lat / 0.5)) < 1e-6
        )
        expected = np.where(inside, row * 720 + column, -1)
        assert (cells.ravel() == expected)[~near].all()
        assert (cells.ravel() >= 0).sum() == inside.sum()


def test_the_globe_has_the_area_of_its_pixels() -> None:
    grid = Grid.globe(10.0)
    count = sum(
        (cells_of_pixels((h, v), 40, slice(0, 40), grid) >= 0).sum()
        for h in range(36) for v in range(18)
    )  # fmt: skip
    assert count * pixel_area(40) == pytest.approx(4.0 * np.pi * 6371.007181**2, rel=1e-3)
    assert pixel_rows((18, 3), 2400, 50.0, 60.0) == slice(0, 2400)
    assert pixel_rows((18, 3), 2400, 55.0, 60.0) == slice(0, 1200)
    assert pixel_rows((18, 3), 2400, 10.0, 20.0) == slice(0, 0)


def test_a_year_of_composites_keeps_its_water(folder: Path) -> None:
    product = open_mod16_composites(folder, [2001], np.load)
    assert product.months == tuple((2001, month) for month in range(1, 13))
    stored = tile_values((18, 4), PIXELS, 2001)
    whole = sum(amounts(item) for item in stored.values())
    total = np.zeros((PIXELS, PIXELS))
    for month in range(1, 13):
        rate, _ = product._monthly((2001, month), (18, 4))
        total += rate * monthrange(2001, month)[1] * SECONDS_PER_DAY
    assert np.isfinite(whole).any()
    np.testing.assert_allclose(total, whole, rtol=1e-12)


def test_on_a_grid(folder: Path) -> None:
    product = open_mod16_composites(folder, [2001], np.load)
    planet = DemoPlanet(2.0)
    grid = planet.grid
    found = product.on_grid((2001, 7), grid, slice(None))
    full = found.cover > 0.9
    truth = planet.read_year(2001, np.arange(grid.lat.size * grid.lon.size)).evapotranspiration[6]
    ratio = found.rate[full] / truth.reshape(grid.shape)[full]
    assert full.sum() > 50
    assert np.median(ratio) == pytest.approx(1.0, abs=0.02)
    for rows in (slice(50, 54), slice(15, 18), slice(0, 3)):
        part = product.on_grid((2001, 7), grid, rows)
        np.testing.assert_allclose(part.rate, found.rate[rows], rtol=1e-12)
        np.testing.assert_allclose(part.cover, found.cover[rows])
    assert not np.isfinite(found.rate[found.cover == 0.0]).any()


def test_in_the_place_of_the_forcing(folder: Path) -> None:
    planet = DemoPlanet(2.0)
    product = open_mod16_composites(folder, [2001], np.load)
    rows, columns = planet.grid.box(0.0, 40.0, 10.0, 60.0)
    numbers = np.arange(planet.grid.lat.size * planet.grid.lon.size).reshape(planet.grid.shape)
    region = numbers[rows, columns].ravel()
    forcing = OwnEvapotranspiration(planet, product, [2001], None, 0.5, region)
    assert any(
        "mod16 in 2001, 1.0" in note or "mod16 in 2001, 0.9" in note for note in forcing.notes
    )


def refused(folder: Path, read: Callable[[Path], Any] = np.load) -> str:
    with pytest.raises(InputError) as caught:
        product = open_mod16_composites(folder, [2001], read)
        product.on_grid((2001, 1), Grid.globe(2.0), slice(None))
    return str(caught.value)


def test_faults_of_a_folder(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for path in folder.glob("*h18v03*"):
        shutil.copy(path, own)
    day = next(own.glob("*A2001017*"))
    name = day.name
    kept = day.read_bytes()
    day.unlink()
    assert "tile h18v03 lacks days 17 of 2001" in refused(own)
    day.write_bytes(kept)
    for other, word in (
        (name.replace("061.", "061.9"), "each once"), (name.replace("2001017", "2001018"), "day 18"),
        (name.replace("h18", "h36"), "h36v03"), (name.replace("16A2GF", "16A2"), "a mixture"),
        (name.replace(".061.", ".006."), "a mixture"),
    ):  # fmt: skip
        (own / other).write_bytes(kept)
        assert word in refused(own)
        (own / other).unlink()
    as_numpy(day, np.zeros((PIXELS, PIXELS + 1), np.int16), None)
    assert "square" in refused(own)
    as_numpy(day, np.zeros((PIXELS // 2, PIXELS // 2), np.int16), None)
    assert "month's others" in refused(own)
    as_numpy(day, np.full((PIXELS, PIXELS), 32000, np.int16), None)
    assert "evapotranspiration" in refused(own)
    assert "no such folder" in refused(own / "nothing")
    (tmp_path / "empty").mkdir()
    assert "no composite of 2001" in refused(tmp_path / "empty")


def test_without_pyhdf_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(hdf_tiles, "import_module", absent)
    assert "pip install 'saprolite[hdf4]'" in refused(folder, hdf_tiles.read_tile)


if find_spec("pyhdf"):  # the tests above need no HDF4; with it, the files themselves are read

    def test_tiles_in_hdf4(tmp_path: Path) -> None:
        write_composites(tmp_path, [(18, 4)], 24, 2001)
        product = open_mod16_composites(tmp_path, [2001])
        stored = tile_values((18, 4), 24, 2001)
        for path, expected in zip(sorted(product.files), stored.values(), strict=True):
            assert np.array_equal(hdf_tiles.read_tile(path), expected)
        path = product.files[3]
        whole = path.read_bytes()
        for size in (0, 50, len(whole) // 2):
            path.write_bytes(whole[:size])
            assert path.name in refused(tmp_path, hdf_tiles.read_tile)
        path.write_bytes(whole)
        path = product.files[2]  # the library may keep a hold of a path that it failed on
        write_hdf(path, stored[17].astype(np.int16), (18, 4))
        from pyhdf.SD import SD, SDC

        file = SD(str(path), SDC.WRITE)
        file.select("ET_500m").scale_factor = 1.0
        file.end()
        assert "scale_factor 1" in refused(tmp_path, hdf_tiles.read_tile)
        file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
        file.create("LE_500m", SDC.INT16, (24, 24))[:] = 0
        file.end()
        assert "LE_500m" in refused(tmp_path, hdf_tiles.read_tile)
