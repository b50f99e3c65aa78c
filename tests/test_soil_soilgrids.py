"""SoilGrids 2.0: Homolosine and geographic files read back, the real cut-outs, spoiled files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
import xarray as xr

from geotiffs import rewrite
from saprolite.errors import InputError
from saprolite.grid import Grid, conservative, remap_layers
from saprolite.sources import rasters
from saprolite.sources.soilgrids import (
    DEPTHS,
    HORIZONS,
    NODATA,
    read_soilgrids_coarse,
    read_soilgrids_density,
    read_soilgrids_texture,
)
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.soilgrids import (
    HOMOLOSINE,
    stored,
    write_soilgrids,
    write_soilgrids_in_degrees,
)
from soil_products import prepared_with
from world import World

SAMPLE = "soil/soilgrids_sample"
EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
SIZE = 3.0
OWN = Grid.globe(SIZE)
SOIL = DemoSoil(OWN.lat, OWN.lon)
COARSE = Grid.globe(7.5)
PIXEL = 60_000.0


@pytest.fixture(scope="module")
def degrees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("degrees")
    write_soilgrids_in_degrees(folder, SIZE)
    return folder


@pytest.fixture(scope="module")
def homolosine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("homolosine")
    write_soilgrids(folder, PIXEL)
    return folder


def test_what_is_written_in_degrees_is_read(degrees: Path) -> None:
    texture, density = read_soilgrids_texture(degrees, OWN), read_soilgrids_density(degrees, OWN)
    coarse = read_soilgrids_coarse(degrees, OWN)
    assert texture.horizons == density.horizons == coarse.horizons == HORIZONS
    land = SOIL.classes > 0
    for layer in range(6):
        for name in ("clay", "silt", "sand"):
            expected = 1e-3 * stored(name, SOIL, layer)
            np.testing.assert_allclose(texture.data[name][layer], expected, atol=1e-12)
        found = density.data["bulk_density"][layer]
        np.testing.assert_allclose(found, 10.0 * stored("bdod", SOIL, layer), atol=1e-9)
        there = coarse.data["coarse_fragments"][layer].values[land]
        np.testing.assert_allclose(there, 1e-3 * stored("cfvo", SOIL, layer)[land], atol=1e-12)
    assert land.sum() > 1000


def test_the_layers_of_a_study_are_the_documented_weights(degrees: Path) -> None:
    values = read_soilgrids_density(degrees, OWN).data["bulk_density"].values
    first, second, third, fourth, fifth, sixth = values
    expected = [
        (5 * first + 5 * second) / 10,
        (5 * second + 15 * third + 10 * fourth) / 30,
        (20 * fourth + 40 * fifth) / 60,
        sixth,
    ]
    np.testing.assert_allclose(remap_layers(values, HORIZONS, EDGES), expected, rtol=1e-12)


def test_homolosine_means_are_those_of_the_equal_areas_of_its_pixels(homolosine: Path) -> None:
    """Independent: pixel centres by pyproj, counted into cells; every pixel has one area."""
    source = read_soilgrids_density(homolosine, COARSE, 0.9)
    found = source.data["bulk_density"][0].values
    with rasterio.open(homolosine / f"bdod/bdod_0-5cm_mean_{PIXEL:.0f}.tif") as raster:
        values, transform = raster.read(1), raster.transform
        assert not raster.crs.is_geographic
    row, column = np.nonzero(values != NODATA)
    x = transform.c + transform.a * (column + 0.5)
    y = transform.f + transform.e * (row + 0.5)
    lon, lat = pyproj.Proj(HOMOLOSINE)(x, y, inverse=True)
    place = ((lat + 90.0) // 7.5).astype(int), ((lon + 180.0) // 7.5).astype(int)
    total, count = np.zeros(COARSE.shape), np.zeros(COARSE.shape)
    np.add.at(total, place, 10.0 * values[row, column])
    np.add.at(count, place, 1.0)
    both = np.isfinite(found) & (count > 100)
    assert both.sum() > 100
    ratio = found[both] / (total[both] / count[both])
    # The fields vary by 20 % across a continent; a cell holds a hundred pixels or more.
    assert np.abs(ratio - 1.0).max() < 0.005
    assert abs(ratio.mean() - 1.0) < 2e-4


def test_homolosine_is_the_field_it_was_made_of(homolosine: Path) -> None:
    fine = Grid.globe(0.25)
    soil = DemoSoil(fine.lat, fine.lon)
    coords = {"lat": fine.lat, "lon": fine.lon}
    sand = xr.DataArray(1e-3 * stored("sand", soil, 2), dims=("lat", "lon"), coords=coords)
    expected = conservative(sand, COARSE, 0.6).values
    found = read_soilgrids_texture(homolosine, COARSE, 0.6).data["sand"][2].values
    both = np.isfinite(found) & np.isfinite(expected)
    assert (np.isfinite(found) ^ np.isfinite(expected)).sum() <= 0.03 * both.sum()
    area = COARSE.areas()[both]
    assert (found[both] * area).sum() == pytest.approx((expected[both] * area).sum(), rel=1e-3)


def test_a_constant_homolosine_map_stays_constant(homolosine: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(homolosine / "bdod", tmp_path / "bdod"))
    for path in folder.iterdir():
        rewrite(path, lambda values: np.where(values == NODATA, NODATA, 132).astype(np.int16))
    found = read_soilgrids_density(folder, COARSE).data["bulk_density"].values
    np.testing.assert_allclose(found[np.isfinite(found)], 1320.0, rtol=1e-12)
    assert np.isfinite(found).sum() > 500


@pytest.mark.parametrize("kind", ["degrees", "homolosine"])
def test_bands_are_the_whole_at_once(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = request.getfixturevalue(kind)
    whole = read_soilgrids_texture(folder, COARSE, 0.3).data
    monkeypatch.setattr(rasters, "BAND_CELLS", 5000)
    part = read_soilgrids_texture(folder, COARSE, 0.3).data
    for name in ("clay", "silt", "sand"):
        np.testing.assert_allclose(part[name], whole[name], rtol=1e-12)


def test_real_cut_outs(data: Path, tmp_path: Path) -> None:
    """One depth of Brazil, given as all six."""
    names = {"bdod": "Bulk_density", "clay": "Clay", "silt": "Silt", "sand": "Sand"}
    raw = {}
    for code, name in names.items():
        path = data / SAMPLE / f"{name}_5_15.tif"
        with rasterio.open(path) as raster:
            raw[code] = raster.read(1).astype(float)
        for depth in DEPTHS:
            shutil.copy(path, tmp_path / f"{code}_{depth}_mean.tif")
    # One degree of its two by two degrees, inside: 22 to 23 S, 48 to 47 W.
    target = Grid.globe(1.0).part(slice(67, 69), slice(132, 134))
    texture = read_soilgrids_texture(tmp_path, target)
    density = read_soilgrids_density(tmp_path, target).data["bulk_density"]
    assert texture.notes == ()
    total = sum(texture.data[name] for name in ("clay", "silt", "sand"))
    known = total.values[np.isfinite(total.values)]
    assert known.size >= 6
    np.testing.assert_allclose(known, 1.0, atol=1.1e-3)
    lat = -21.7648 - 0.0023894862604540014 * (np.arange(837) + 0.5)
    lon = -48.8386 + 0.0022598870056497176 * (np.arange(885) + 0.5)
    rows, columns = (lat > -23.0) & (lat < -22.0), (lon > -48.0) & (lon < -47.0)
    box = {code: values[np.ix_(rows, columns)] for code, values in raw.items()}
    soil = box["bdod"] > 0
    assert 0.9 < soil.mean() < 1.0
    cell = {"lat": -22.5, "lon": -47.5}
    expected = 10.0 * box["bdod"][soil].mean()
    assert float(density[0].sel(cell)) == pytest.approx(expected, rel=2e-4)
    assert float(texture.data["clay"][3].sel(cell)) == pytest.approx(
        1e-3 * box["clay"][soil].mean(), rel=2e-3
    )


@pytest.fixture
def folder(degrees: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(degrees, tmp_path / "soilgrids"))


def scaled(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.rint(factor * values).astype(np.int16)


@pytest.mark.parametrize(("reader", "name", "change", "profile", "message"), [
    (read_soilgrids_texture, "clay", scaled(0.1), {}, "a sum of"),
    (read_soilgrids_texture, "clay", lambda x: np.full_like(x, 255), {}, "a sum of"),
    (read_soilgrids_texture, "clay", lambda x: np.full_like(x, -9999), {}, "-9.999"),
    (read_soilgrids_texture, "clay", lambda x: np.full_like(x, 3000), {}, "3 in"),
    (read_soilgrids_texture, "sand", lambda x: (x / 1000).astype("f4"), {}, "integers of the"),
    (read_soilgrids_texture, "sand", lambda x: x[:-1], {}, "59 x 120 cells"),
    (read_soilgrids_texture, "silt", lambda x: x, {"crs": "EPSG:3857"}, "silt_15-30cm"),
    (read_soilgrids_density, "bdod", scaled(100.0), {}, "kg m-3"),
    (read_soilgrids_density, "bdod", scaled(0.01), {}, "bulk_density"),
    (read_soilgrids_density, "bdod", lambda x: np.full_like(x, -9999), {}, "-99990"),
    (read_soilgrids_density, "bdod", lambda x: np.full_like(x, 255), {}, "2550"),
    (read_soilgrids_density, "bdod", lambda x: np.zeros_like(x), {}, "no value"),
])  # fmt: skip
def test_spoiled_maps(
    folder: Path, reader: Callable[..., object], name: str,
    change: Callable[[np.ndarray], np.ndarray], profile: dict[str, object], message: str,
) -> None:  # fmt: skip
    reader(folder, OWN)
    depths = ["15-30cm"] if "crs" in profile or name == "sand" else DEPTHS
    for depth in depths:
        rewrite(folder / f"{name}_{depth}_mean.tif", change, **profile)
    with pytest.raises(InputError, match=message) as caught:
        reader(folder, OWN)
    assert "soilgrids" in str(caught.value)


def test_a_declared_nodata_of_another_number(folder: Path) -> None:
    expected = read_soilgrids_density(folder, OWN).data
    for depth in DEPTHS:
        path = folder / f"bdod_{depth}_mean.tif"
        rewrite(path, lambda x: np.where(x == 0, -9999, x).astype(np.int16), nodata=-9999)
    assert read_soilgrids_density(folder, OWN).data.equals(expected)


def test_missing_doubled_and_truncated_files(folder: Path) -> None:
    (folder / "clay_0-5cm_mean.tif").unlink()
    (folder / "silt_60-100cm_mean.tif").unlink()
    shutil.copy(folder / "sand_0-5cm_mean.tif", folder / "sand_0-5cm_mean_5000.tif")
    with pytest.raises(InputError) as caught:
        read_soilgrids_texture(folder, OWN)
    assert len(caught.value.problems) == 3
    assert "keep one resolution" in str(caught.value)
    path = folder / "bdod_30-60cm_mean.tif"
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="bdod_30-60cm"):
        read_soilgrids_density(folder, OWN)
    with pytest.raises(InputError, match="clay 0-5cm"):
        read_soilgrids_texture(folder / "nowhere", OWN)


def test_a_projection_that_is_not_stated(homolosine: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(homolosine / "bdod", tmp_path / "bdod"))
    for path in folder.iterdir():
        rewrite(path, lambda values: values, crs=None)
    with pytest.raises(InputError, match="no projection"):
        read_soilgrids_density(folder, COARSE)


def test_in_a_study(homolosine: Path, world: World) -> None:
    prepared = prepared_with(world, "soilgrids", homolosine, files=18, least=150)
    assert "bulk density: of the fine earth" in prepared.notes
