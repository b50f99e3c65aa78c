"""The GSDE: files in the published layout read back to the packing step, spoiled files refused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saprolite.errors import InputError
from saprolite.grid import AreaMeans, Grid, conservative, remap_layers
from saprolite.sources import netcdf_bands, rasters
from saprolite.sources.gsde import (
    LAYERS,
    read_gsde_density,
    read_gsde_gravel,
    read_gsde_texture,
)
from saprolite.sources.netcdf_bands import Layer
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.gsde import stored, write_gsde, write_gsde_in_pairs
from soil_products import prepared_with, with_texture
from world import World

GSDE = "soil/gsde_bulk_density/gsde_bulk_density_0-4.5cm_5arcmin.nc"
EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
COARSE = 4.0
OWN = Grid.globe(COARSE, -56.0, 84.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_gsde(tmp_path / "gsde", COARSE)
    return tmp_path / "gsde"


def test_what_is_written_is_read(folder: Path) -> None:
    soil = DemoSoil(OWN.lat, OWN.lon)
    texture, density = read_gsde_texture(folder, OWN), read_gsde_density(folder, OWN)
    gravel = read_gsde_gravel(folder, OWN)
    assert texture.horizons == density.horizons == LAYERS
    for layer in range(8):
        for name in ("clay", "silt", "sand"):
            expected = 0.01 * stored(name.upper(), soil, layer)
            np.testing.assert_allclose(texture.data[name][layer], expected, atol=1e-12)
        there = density.data["bulk_density"][layer]
        np.testing.assert_allclose(there, 10.0 * stored("BD", soil, layer), atol=1e-9)
        found = gravel.data["coarse_fragments"][layer]
        np.testing.assert_allclose(found, 0.01 * stored("GRAV", soil, layer), atol=1e-12)
    deep = soil.bulk_density(0.5 * (LAYERS[7] + LAYERS[8]))
    assert np.nanmax(np.abs(density.data["bulk_density"][7] - deep)) <= 5.0 + 1e-9
    assert int(np.isfinite(deep).sum()) > 500


def test_the_pairs_of_30_seconds_are_the_files_of_5_minutes(folder: Path, tmp_path: Path) -> None:
    write_gsde_in_pairs(tmp_path / "pairs", COARSE)
    for reader in (read_gsde_texture, read_gsde_density):
        assert reader(tmp_path / "pairs", OWN).data.equals(reader(folder, OWN).data)
    assert len(read_gsde_density(tmp_path / "pairs", OWN).files) == 2
    (tmp_path / "pairs" / "CLAY2.nc").unlink()
    with pytest.raises(InputError, match=r"CLAY2\.nc"):
        read_gsde_texture(tmp_path / "pairs", OWN)


def test_layers_conserve_mass_on_the_way_to_the_study(folder: Path) -> None:
    source = read_gsde_density(folder, OWN)
    layers = remap_layers(source.data["bulk_density"].values, LAYERS, (*EDGES, LAYERS[-1]))
    thickness = np.diff((*EDGES, LAYERS[-1]))[:, None, None]
    own = source.data["bulk_density"].values * np.diff(LAYERS)[:, None, None]
    np.testing.assert_allclose((layers * thickness).sum(axis=0), own.sum(axis=0), rtol=1e-12)


def test_bands_are_the_whole_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Grid.globe(10.0, -60.0, 90.0)
    whole = [reader(folder, target, 0.3).data for reader in (read_gsde_texture, read_gsde_density)]
    at_once = conservative(read_gsde_density(folder, OWN).data["bulk_density"], target, 0.3)
    np.testing.assert_allclose(whole[1]["bulk_density"], at_once, rtol=1e-12)
    assert float(at_once.notnull().sum()) > 100
    monkeypatch.setattr(rasters, "BAND_CELLS", 90)
    for name, reader in (("sand", read_gsde_texture), ("bulk_density", read_gsde_density)):
        part = reader(folder, target, 0.3).data[name]
        np.testing.assert_allclose(part, whole[name == "bulk_density"][name], rtol=1e-12)


def test_thirty_seconds_are_read_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """16800 x 43200 cells, of which 120 rows hold values and the others no chunk at all."""
    rows, columns = 16_800, 43_200
    lat = 84.0 - (np.arange(rows) + 0.5) / 120.0
    held = slice(4096, 4216)
    for name in ("BD1", "BD2"):
        with netCDF4.Dataset(tmp_path / f"{name}.nc", "w", format="NETCDF4_CLASSIC") as dataset:
            bottoms = 100.0 * np.array(LAYERS[1:5] if name == "BD1" else LAYERS[5:])
            for axis, values in (("depth", bottoms), ("lat", lat),
                                 ("lon", -180.0 + (np.arange(columns) + 0.5) / 120.0)):  # fmt: skip
                dataset.createDimension(axis, values.size)
                dataset.createVariable(axis, "f8", (axis,))[:] = values
            variable = dataset.createVariable("BD", "i2", ("depth", "lat", "lon"), zlib=True,
                                              fill_value=-999, chunksizes=(1, 64, columns))  # fmt: skip
            variable.units = "g/cm3"
            for layer in range(4):
                variable[layer, held] = 130 + layer
    asked: list[slice] = []
    kept: list[int] = []
    read = Layer.read

    def counted(layer: Layer, part: slice) -> np.ndarray:
        asked.append(part)
        kept.append(layer.variable.get_var_chunk_cache()[0])
        return read(layer, part)

    monkeypatch.setattr(Layer, "read", counted)
    tracemalloc.start()
    target = Grid.globe(1.0, 49.0, 51.0)
    found = read_gsde_density(tmp_path, target)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Two degrees are 240 rows; each is asked for once in each of eight layers.
    numbers = np.bincount(np.concatenate([np.arange(rows)[part] for part in asked]))
    first = round((84.0 - 51.0) * 120)
    assert (numbers[first : first + 240] == 8).all()
    assert numbers.sum() == 8 * 240
    assert max(part.stop - part.start for part in asked) * columns <= rasters.BAND_CELLS * 4
    assert 64 * columns * 2 < max(kept) <= netcdf_bands._MOST_KEPT // 2
    assert peak < 300e6
    density = found.data["bulk_density"]
    assert density.values[5, 0] == pytest.approx(1310.0)  # second layer of the lower file
    assert np.isnan(density.values[:, 1]).all()


@given(st.integers(0, 2**31), st.integers(2, 40), st.integers(2, 40), st.booleans(), st.booleans())
def test_means_conserve_the_area_sum_whatever_the_order(
    seed: int, rows: int, columns: int, descending: bool, from_greenwich: bool
) -> None:
    """The area sum of a complete field is kept; a constant field stays constant."""
    lat, lon = ((np.arange(n) + 0.5) / n - 0.5 for n in (rows, columns))
    lat, lon = 180.0 * lat, 360.0 * lon
    values = np.random.default_rng(seed).uniform(1.0, 2.0, (2, rows, columns))
    values[1] = 7.0
    stored_lat, stored_lon = lat, np.where(lon < 0.0, lon + 360.0, lon) if from_greenwich else lon
    order = np.argsort(stored_lon)
    values, stored_lon = values[..., order], stored_lon[order]
    if descending:
        stored_lat, values = lat[::-1], values[:, ::-1]
    target = Grid.globe(30.0)
    means = AreaMeans(stored_lat, stored_lon, target)
    for start in range(0, rows, 7):
        means.add(slice(start, start + 7), values[:, start : start + 7])
    result = means.result()
    # The borders of the grid are rounded to 1e-9 degrees: its own areas are what is conserved.
    height = np.diff(np.sin(np.deg2rad(means.source.lat_edges)))[:: -1 if descending else 1]
    width = np.diff(means.source.lon_edges)[np.argsort(np.argsort((stored_lon + 180.0) % 360.0))]
    expected = (values[0] @ width * height).sum() / 360.0
    areas = np.abs(np.diff(np.sin(np.deg2rad(target.lat_edges))))
    assert (result[0].mean(axis=1) * areas).sum() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(result[1], 7.0, rtol=1e-12)


def test_real_top_layer(data: Path) -> None:
    target = Grid.globe(0.25)
    source = read_gsde_density(data / GSDE, target)
    density = source.data["bulk_density"]
    assert source.horizons == (0.0, 0.045)
    assert "stands for all layers" in source.notes[0]
    assert 900.0 < float(density.mean()) < 1500.0
    with netCDF4.Dataset(data / GSDE) as file:
        raw = file["bulk_density"][:].filled(np.nan)
    # 84 N to 56 S in 5 minutes: three by three cells are one cell of 0.25 degrees.
    blocks = np.where(raw == 0.0, np.nan, raw).reshape(560, 3, 1440, 3)
    full = np.isfinite(blocks).all(axis=(1, 3))
    row, column = np.argwhere(full)[full.sum() // 2]
    latitude = 84.0 - 0.25 * (row + 0.5)
    weights = np.cos(np.deg2rad(latitude + np.array([1.0, 0.0, -1.0]) / 12.0))
    expected = 1000.0 * np.average(blocks[row, :, column].mean(axis=1), weights=weights)
    found = density[0].sel(lat=latitude, lon=-180.0 + 0.25 * (column + 0.5))
    assert float(found) == pytest.approx(expected, rel=1e-6)


def _fill(name: str, value: int) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with netCDF4.Dataset(folder / f"{name}5min.nc", "a") as file:
            file[name].set_auto_maskandscale(False)
            file[name][:] = value

    return spoil


def _units(name: str, units: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with netCDF4.Dataset(folder / f"{name}5min.nc", "a") as file:
            file[name].units = units

    return spoil


def _rename(name: str, other: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with netCDF4.Dataset(folder / f"{name}5min.nc", "a") as file:
            file.renameVariable(name, other)

    return spoil


def _coordinate(name: str, axis: str, value: float) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with netCDF4.Dataset(folder / f"{name}5min.nc", "a") as file:
            file[axis][3] = value

    return spoil


def _dimension(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with netCDF4.Dataset(folder / f"{name}5min.nc", "a") as file:
            file.renameDimension("lat", "rows")

    return spoil


def _truncate(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / f"{name}5min.nc"
        path.write_bytes(path.read_bytes()[:-4000])

    return spoil


def _swap(folder: Path) -> None:
    """Sand under the name of clay: the three parts no longer add up."""
    with netCDF4.Dataset(folder / "SAND5min.nc") as sand, netCDF4.Dataset(
        folder / "CLAY5min.nc", "a"
    ) as clay:  # fmt: skip
        for file in (sand, clay):
            file["SAND" if file is sand else "CLAY"].set_auto_maskandscale(False)
        clay["CLAY"][:] = sand["SAND"][:]


@pytest.mark.parametrize(("reader", "spoil", "message"), [
    (read_gsde_texture, _fill("CLAY", 255), "255|2.55"),
    (read_gsde_texture, _fill("SILT", -9999), "-99.99"),
    (read_gsde_texture, _fill("SAND", 0), "a sum of"),
    (read_gsde_texture, _fill("SAND", -999), "no value at all"),
    (read_gsde_texture, _units("CLAY", "g/kg"), "units 'g/kg'"),
    (read_gsde_texture, _units("SAND", "g/cm3"), "SAND5min.nc"),
    (read_gsde_texture, _rename("CLAY", "KLAY"), "did you mean 'KLAY'"),
    (read_gsde_texture, _coordinate("SAND", "lat", np.nan), "SAND5min.nc"),
    (read_gsde_texture, _coordinate("CLAY", "depth", 77.0), "4.5, 9.1"),
    (read_gsde_texture, _dimension("SILT"), "dimensions"),
    (read_gsde_texture, _truncate("SILT"), "SILT5min.nc"),
    (read_gsde_texture, _swap, "a sum of"),
    (read_gsde_texture, lambda folder: (folder / "CLAY5min.nc").unlink(), "no such file"),
    (read_gsde_density, _fill("BD", 255), "2550"),
    (read_gsde_density, _fill("BD", -9999), "-99990"),
    (read_gsde_density, _fill("BD", 0), "no value at all"),
    (read_gsde_density, _fill("BD", 13), "a mean of 130"),
    (read_gsde_density, _units("BD", "lb ft-3"), "units 'lb ft-3'"),
    (read_gsde_density, _units("BD", "kg m-3"), "a mean of"),
    (read_gsde_density, _coordinate("BD", "lat", np.nan), "not regularly spaced"),
    (read_gsde_density, _coordinate("BD", "lon", 500.0), "not regularly spaced"),
    (read_gsde_density, _truncate("BD"), "BD5min.nc"),
])  # fmt: skip
def test_spoiled_files(
    folder: Path,
    reader: Callable[[Path, Grid], object],
    spoil: Callable[[Path], None],
    message: str,
) -> None:
    reader(folder, OWN)
    spoil(folder)
    with pytest.raises(InputError, match=message) as caught:
        reader(folder, OWN)
    assert "gsde" in str(caught.value)


def test_everything_wrong_is_named_at_once(folder: Path) -> None:
    _rename("CLAY", "KLAY")(folder)
    _units("SAND", "g/kg")(folder)
    (folder / "SILT5min.nc").unlink()
    with pytest.raises(InputError) as caught:
        read_gsde_texture(folder, OWN)
    assert len(caught.value.problems) == 3


def test_few_cells_that_do_not_add_up_are_left_out_and_counted(folder: Path) -> None:
    with netCDF4.Dataset(folder / "CLAY5min.nc", "a") as file:
        row, column = np.argwhere(~np.ma.getmaskarray(file["CLAY"][0]))[40]
        file["CLAY"][0, row, column] = 95
    source = read_gsde_texture(folder, OWN)
    lat, lon = 84.0 - COARSE * (row + 0.5), -180.0 + COARSE * (column + 0.5)
    assert np.isnan(source.data["sand"][0].sel(lat=lat, lon=lon))
    assert np.isfinite(source.data["sand"][1].sel(lat=lat, lon=lon))
    assert "1 cells" in source.notes[0]


def test_in_a_study(folder: Path, world: World) -> None:
    prepared = prepared_with(world, "gsde", folder, files=3, least=50)
    gain = np.diff(prepared.soil.bulk_density[:, with_texture(prepared)], axis=0)
    assert (gain > -15.0).all()
    assert (gain[2] > 20.0).any()
