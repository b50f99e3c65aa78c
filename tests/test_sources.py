"""The static products: real samples against their facts, made files in the documented formats."""

from __future__ import annotations

import itertools
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from saprolite.equations import layer_presence
from saprolite.errors import InputError, MineralError
from saprolite.grid import Grid, conservative, majority, remap_layers
from saprolite.minerals import CLAY_MINERALS
from saprolite.sources import class_tables
from saprolite.sources.atmosphere import read_atmospheric_co2
from saprolite.sources.gsde import read_gsde_density
from saprolite.sources.koeppen import read_koeppen
from saprolite.sources.thickness import read_soil_thickness
from saprolite.sources.wise import read_wise

WISE = "soil/wise5min_0p5deg/soilmap_center_interpolated.remapv10_old_62892_gL.dat"
KOEPPEN = "koppen/koppen_geiger_0p1_1991-2020.tif"
GSDE = "soil/gsde_bulk_density/gsde_bulk_density_0-4.5cm_5arcmin.nc"
EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)


def write_tif(path: Path, values: np.ndarray, resolution: float, nodata: float | None = None,
              west: float = -180.0, north: float = 90.0, crs: str = "EPSG:4326") -> Path:  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=crs, transform=from_origin(west, north, resolution, resolution),
        nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return path


def test_koeppen(data: Path, tmp_path: Path) -> None:
    source = read_koeppen(data / KOEPPEN)
    classes = source.data["climate_class"]
    # Places whose climate is not in doubt: Manaus Af/Am, Cairo BWh, London Cfb, Yakutsk Dfd/Dfc.
    for lat, lon, accepted in ((-3.1, -60.0, (1, 2)), (30.0, 31.2, (4,)), (51.5, 0.1, (15,)),
                               (62.0, 129.7, (27, 28)), (72.0, -40.0, (30,))):  # fmt: skip
        assert int(classes.sel(lat=lat, lon=lon, method="nearest")) in accepted
    coarse = majority(classes, Grid.globe(1.0))
    assert set(np.unique(coarse)) <= set(range(31))
    values = np.full((18, 36), 31, np.uint8)
    with pytest.raises(InputError, match="values 31 to 31"):
        read_koeppen(write_tif(tmp_path / "k.tif", values, 10.0))
    truncated = tmp_path / "t.tif"
    truncated.write_bytes((data / KOEPPEN).read_bytes()[:60_000])
    with pytest.raises(InputError, match=r"t\.tif"):
        read_koeppen(truncated)
    with pytest.raises(InputError, match="EPSG:3857"):
        read_koeppen(write_tif(tmp_path / "m.tif", values, 10.0, crs="EPSG:3857"))


def test_wise(data: Path) -> None:
    source = read_wise(data / WISE)
    total = sum(source.data[name] for name in ("clay", "silt", "sand"))
    assert int(total.notnull().sum()) == 62892
    assert float(np.abs(total - 1.0).max()) < 0.0011
    first = source.data.sel(lat=38.25, lon=-123.25)
    assert [float(first[name][0]) for name in ("clay", "silt", "sand")] == [0.331, 0.285, 0.384]


@pytest.fixture
def wise_lines() -> list[str]:
    rows = [
        f"{lon} {lat} 0.3 0.3 0.4 0.01 10.0 6.0 0.5"
        for lon in (0.25, 0.75)
        for lat in (10.25, 10.75)
    ]
    return ["Lon   Lat   clay silt sand orgC CN pH cellfraction ", *rows]


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda x: [x[0], *(row.replace("0.3 0.3 0.4", "30 30 40") for row in x[1:])], "percent"),
    (lambda x: [*x[:2], x[2].replace("0.4", "0.6"), *x[3:]], "a sum of 1.000|a sum of 1.200"),
    (lambda x: [*x[:-1], x[-1][:20]], "incomplete rows"),
    (lambda x: x[1:], "columns"),
    (lambda x: [x[0], x[1].replace("0.25", "0.40"), *x[2:]], "another grid"),
    (lambda x: [*x, x[1]], "cells occur again"),
    (lambda x: [x[0], x[1].replace("0.3 0.3 0.4", "-0.1 0.5 0.6")], "-0.1"),
])  # fmt: skip
def test_wise_faults(tmp_path: Path, wise_lines: list[str], spoil, message: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "soil.dat"
    path.write_text("\n".join(wise_lines) + "\n")
    assert float(read_wise(path).data["clay"].max()) == 0.3
    path.write_text("\n".join(spoil(wise_lines)) + "\n")
    with pytest.raises(InputError, match=message) as caught:
        read_wise(path)
    assert "soil.dat" in str(caught.value)


def test_gsde(data: Path, tmp_path: Path) -> None:
    quarter = Grid.globe(0.25)
    density = read_gsde_density(data / GSDE, quarter).data["bulk_density"]
    assert density.dims == ("horizon", "lat", "lon")
    assert float(density.min()) > 0.0
    assert 900.0 < float(density.mean()) < 1500.0
    wrong = tmp_path / "bd.nc"
    with netCDF4.Dataset(data / GSDE) as source, netCDF4.Dataset(wrong, "w") as copy:
        for name in ("lat", "lon"):
            copy.createDimension(name, source[name].size)
            copy.createVariable(name, "f8", (name,))[:] = source[name][:]
        copy.createVariable("bulk_density", "f4", ("lat", "lon"))[:] = source["bulk_density"][:]
        copy["bulk_density"].units = "kg m-3"  # the values are g cm-3
    with pytest.raises(InputError, match="bulk_density"):
        read_gsde_density(wrong, quarter)
    with netCDF4.Dataset(wrong, "a") as copy:
        copy["bulk_density"].units = "lb ft-3"
    with pytest.raises(InputError, match="units 'lb ft-3'"):
        read_gsde_density(wrong, quarter)
    with pytest.raises(InputError, match="did you mean 'bulk_density'"):
        read_gsde_density(data / GSDE, quarter, variable="bulk_densty")


def test_thickness_is_clipped_before_it_is_averaged(tmp_path: Path) -> None:
    """Half of each cell 0.2 m, half 50 m: the mean of min(z, 2 m) is 1.1 m, min of the mean 2 m."""
    fine = np.full((1800, 3600), 0.2, np.float32)
    fine[:, ::2] = 50.0
    fine[:900, :1800] = -1.0  # nodata
    target = Grid.globe(1.0, -60.0, 90.0)
    source = read_soil_thickness(write_tif(tmp_path / "z.tif", fine, 0.1, -1.0), 1.0, EDGES, target)
    layers = source.data["effective_thickness"]
    there = layers.sel(lat=-30.5, lon=20.5).values
    expected = [np.mean([layer_presence(z, top, bottom) for z in (0.2, 50.0)])
                for top, bottom in itertools.pairwise(EDGES)]  # fmt: skip
    assert there == pytest.approx(expected, rel=1e-6)
    assert there.sum() == pytest.approx(1.1, rel=1e-6)
    assert np.isnan(layers.sel(lat=30.5, lon=-20.5)).all()
    assert np.isfinite(layers.sel(lat=slice(-60, -0.5))).all()


def test_thickness_in_bands_is_thickness_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saprolite.sources import rasters

    fine = np.random.default_rng(0).uniform(0.0, 3.0, (720, 1440)).astype(np.float32)
    path = write_tif(tmp_path / "z.tif", fine, 0.25)
    target = Grid.globe(1.0, -60.0, 90.0)
    whole = read_soil_thickness(path, 1.0, EDGES, target).data["effective_thickness"].values
    odd = write_tif(tmp_path / "odd.tif", fine[:700, :1400], 0.07, west=-49.0, north=30.0)
    small = Grid.globe(1.0).part(slice(75, 115), slice(135, 175))
    whole_odd = read_soil_thickness(odd, 1.0, EDGES, small).data["effective_thickness"].values
    monkeypatch.setattr(rasters, "BAND_CELLS", 32 * 1440)
    bands = read_soil_thickness(path, 1.0, EDGES, target).data["effective_thickness"].values
    assert np.allclose(whole, bands, rtol=1e-12)
    assert np.isfinite(whole).all()
    odd_bands = read_soil_thickness(odd, 1.0, EDGES, small).data["effective_thickness"].values
    assert np.allclose(whole_odd, odd_bands, rtol=1e-12, equal_nan=True)
    assert np.isfinite(whole_odd).all()


def test_thickness_uses_the_valid_share_of_the_study(tmp_path: Path) -> None:
    fine = np.full((1800, 3600), -1.0, np.float32)
    fine[::5] = 1.0  # a fifth of every cell
    path = write_tif(tmp_path / "z.tif", fine, 0.1, -1.0)
    with pytest.raises(InputError, match="valid_share"):
        read_soil_thickness(path, 1.0, EDGES, Grid.globe(1.0))
    source = read_soil_thickness(path, 1.0, EDGES, Grid.globe(1.0), 0.1)
    assert float(source.data["effective_thickness"].sum("layer").min()) == pytest.approx(1.0)


def test_real_depth_to_bedrock(data: Path) -> None:
    path = data / "soil_thickness/shangguan_dtb_sample/DTB.tif"
    target = Grid.globe(0.1)
    source = read_soil_thickness(path, 0.01, EDGES, target)
    present = source.data["effective_thickness"]
    assert float(present.sum("layer", skipna=False).max()) == pytest.approx(2.0, rel=1e-9)
    with pytest.raises(InputError, match="units"):
        read_soil_thickness(path, 1.0, EDGES, target)  # the file is in cm
    with pytest.raises(InputError, match="cells of the study"):
        read_soil_thickness(path, 0.01, EDGES, Grid.globe(1.0, -60.0, -50.0))


def test_atmospheric_co2(data: Path, tmp_path: Path) -> None:
    series = read_atmospheric_co2(data / "cmip/co2/rcp45.nc4", range(2005, 2101))
    assert series[2005] == pytest.approx(378.8, abs=0.1)
    assert series[2100] == pytest.approx(538.4, abs=0.1)
    path = tmp_path / "co2.csv"
    path.write_text("# made up\nyear,co2_ppm\n2000,370\n2001,372\n")
    assert read_atmospheric_co2(path, range(2000, 2002)) == {2000: 370.0, 2001: 372.0}
    with pytest.raises(InputError, match="2002"):
        read_atmospheric_co2(path, range(2000, 2003))
    path.write_text("year,co2_ppm\n2000,0.00037\n")
    with pytest.raises(InputError, match="ppm"):
        read_atmospheric_co2(path, range(2000, 2001))
    path.write_text("year,co2\n2000,370\n")
    with pytest.raises(InputError, match=r"columns year, co2\n"):
        read_atmospheric_co2(path, range(2000, 2001))


def test_a_year_of_co2_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "co2.csv"
    path.write_text("year,co2_ppm\n2000,370\n2001,371\n2001,900\n2002.5,373\n,374\n")
    with pytest.raises(InputError) as caught:
        read_atmospheric_co2(path, range(2000, 2002))
    (problem,) = caught.value.problems
    assert problem.found == "2001 2 times, 2002.5, nan"
    path.write_text("year,co2_ppm\n2000,370\n2001,n/a\n")
    with pytest.raises(InputError, match="nan in 2001"):
        read_atmospheric_co2(path, range(2000, 2002))


def test_class_tables() -> None:
    classes = np.array([1, 10, 13, 30, 0])
    south = np.array([False, True, False, True, False])
    shares = class_tables.mineral_shares(classes, CLAY_MINERALS)
    assert shares[:, 0].tolist() == [0.02, 0.05, 0.02, 0.08, 0.06]
    assert np.isnan(shares[:, 4]).all()
    thickness = class_tables.layer_thickness(classes)
    assert thickness[:, 0] == pytest.approx([0.1, 0.98 * 0.3, 0.9 * 0.6, 0.8 * 1.0])
    texture = class_tables.texture(classes, south)
    assert sum(texture.values())[:4] == pytest.approx(np.ones(4), rel=1e-14)
    # Class 10 and 13 have no cell: 9 and 12 stand in. EF in the south: the north, half a year on.
    assert texture["clay"][1] == pytest.approx(0.234 / (0.234 + 0.283 + 0.483))
    north = class_tables.climatology(np.array([30]), np.array([False]))["soil_temperature"]
    other = class_tables.climatology(np.array([30]), np.array([True]))["soil_temperature"]
    assert (np.roll(north, 6, axis=0) == other).all()
    with pytest.raises(MineralError, match="kaolinite"):
        class_tables.mineral_shares(classes, ("kaolinite",))


def test_regridded_wise_keeps_its_sum(data: Path) -> None:
    source = read_wise(data / WISE)
    grid = Grid.globe(1.0, -60.0, 90.0)
    total = sum(conservative(source.data[name], grid, 0.01) for name in ("clay", "silt", "sand"))
    assert float(np.abs(total - 1.0).max()) < 0.0011


def test_gsde_with_all_its_layers(tmp_path: Path) -> None:
    path = tmp_path / "BD5min.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        for name, values in (("depth", np.arange(8.0)), ("lat", np.arange(85.0, -86.0, -10.0)),
                             ("lon", np.arange(-175.0, 176.0, 10.0))):  # fmt: skip
            dataset.createDimension(name, values.size)
            dataset.createVariable(name, "f8", (name,))[:] = values
        variable = dataset.createVariable("BD", "i2", ("depth", "lat", "lon"), fill_value=-999)
        variable.set_auto_maskandscale(False)
        variable.units, variable.scale_factor = "g cm-3", 0.01
        variable[:] = np.broadcast_to(100 + 10 * np.arange(8)[:, None, None], (8, 18, 36))
    source = read_gsde_density(path, Grid.globe(10.0), variable="BD")
    assert source.horizons[-1] == 2.296
    layers = remap_layers(source.data["bulk_density"].values[:, 3, 3], source.horizons, EDGES)
    top = (1000 * 0.045 + 1100 * 0.046 + 1200 * 0.009) / 0.1
    assert layers[0] == pytest.approx(top, rel=1e-12)
    assert layers[3] == pytest.approx((1600 * 0.383 + 1700 * 0.617) / 1.0, rel=1e-12)


def test_a_static_file_without_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "bd.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("lat", 3)
        dataset.createDimension("lon", 4)
        dataset.createVariable("bulk_density", "f8", ("lat", "lon"))[:] = 1.3
        dataset["bulk_density"].units = "g cm-3"
    with pytest.raises(InputError, match="no coordinate variable"):
        read_gsde_density(path, Grid.globe(10.0))
