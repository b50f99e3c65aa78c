"""Pelletier 2016 and Shangguan 2017: generated files read back, spoiled files refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geotiffs import rewrite
from saprolite.errors import InputError
from saprolite.grid import Grid
from saprolite.inputs import prepare
from saprolite.sources import rasters
from saprolite.sources.pelletier import (
    AVERAGE,
    FRACTION,
    HILLSLOPE,
    LOWLAND,
    read_pelletier_average,
    read_pelletier_hillslopes,
)
from saprolite.sources.shangguan import read_shangguan
from saprolite.sources.thickness import read_soil_thickness
from saprolite.study import Study
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.thickness import (
    average_metres,
    bedrock_centimetres,
    deposit_metres,
    write_pelletier,
    write_shangguan,
)
from world import World

EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
SIZE = 3.0
OWN = Grid.globe(SIZE)
SOIL = DemoSoil(OWN.lat, OWN.lon)


def clipped(thickness: np.ndarray) -> np.ndarray:
    """Soil in each layer, by the plain rule."""
    tops, bottoms = np.array(EDGES[:-1]), np.array(EDGES[1:])
    shape = (-1, *(1,) * thickness.ndim)
    return np.clip(thickness[None] - tops.reshape(shape), 0.0, (bottoms - tops).reshape(shape))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    write_pelletier(folder, SIZE)
    write_shangguan(folder, SIZE)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "pelletier"))


def test_hillslopes_and_deposits_by_their_fraction(written: Path) -> None:
    source = read_pelletier_hillslopes(written, EDGES, OWN)
    share = SOIL.hillslope().astype(np.float32)
    soil = SOIL.soil_thickness().astype(np.float32)
    expected = share * clipped(soil) + (1.0 - share) * clipped(deposit_metres(SOIL))
    np.testing.assert_allclose(source.data["effective_thickness"], expected, rtol=2e-6)
    capped = int((deposit_metres(SOIL) == 50.0).sum())
    assert f"{capped} cells of {LOWLAND}" in source.notes[0]
    assert np.isfinite(expected).sum() > 4000


def test_the_average_map_in_whole_metres(written: Path) -> None:
    source = read_pelletier_average(written, EDGES, OWN)
    expected = clipped(average_metres(SOIL))
    np.testing.assert_allclose(source.data["effective_thickness"], expected, rtol=1e-12)
    assert "whole metres" in source.notes[0]


def test_depth_to_bedrock(written: Path) -> None:
    path = written / "BDTICM_M_10km_ll.tif"
    source = read_shangguan(path, EDGES, OWN)
    expected = clipped(0.01 * bedrock_centimetres(SOIL))
    np.testing.assert_allclose(source.data["effective_thickness"], expected, rtol=1e-12)


def test_real_depth_to_bedrock(data: Path, tmp_path: Path) -> None:
    path = data / "soil_thickness/shangguan_dtb_sample/DTB.tif"
    source = read_shangguan(path, EDGES, Grid.globe(0.1))
    present = source.data["effective_thickness"]
    # The sample is deeper than 12 m everywhere: every layer is full where there is a value.
    known = present.sum("layer", skipna=False).values
    assert np.isfinite(known).sum() >= 2
    np.testing.assert_allclose(known[np.isfinite(known)], 2.0, rtol=1e-12)
    with rasterio.open(path) as raster:
        profile, values = raster.profile, raster.read(1)
    with rasterio.open(tmp_path / "m.tif", "w", **profile) as raster:
        raster.write(values // 100, 1)
    with pytest.raises(InputError, match="read as cm"):
        read_shangguan(tmp_path / "m.tif", EDGES, Grid.globe(0.1))


def test_camels_is_capped_like_the_product(data: Path) -> None:
    """The values of 671 catchments, drawn from the average map: none beyond the cap."""
    import pandas as pd

    table = pd.read_csv(data / "soil_thickness/camels_us/camels_soil.txt", sep=";")
    thickness = table["soil_depth_pelletier"]
    assert len(thickness) == 671
    assert thickness.max() == 50.0
    assert thickness.median() == pytest.approx(1.2, abs=0.05)


@pytest.mark.parametrize("reader", [read_pelletier_hillslopes, read_pelletier_average])
def test_bands_are_the_whole_at_once(
    written: Path, reader: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Grid.globe(10.0, -60.0, 90.0)
    whole = reader(written, EDGES, target, 0.3)
    monkeypatch.setattr(rasters, "BAND_CELLS", 200)
    part = reader(written, EDGES, target, 0.3)
    fields = [source.data["effective_thickness"] for source in (whole, part)]
    np.testing.assert_allclose(*fields, rtol=1e-12)
    assert np.isfinite(fields[0]).sum() > 400
    assert whole.notes == part.notes


def test_a_constant_map_stays_constant(folder: Path) -> None:
    for name, value in ((HILLSLOPE, 1.3), (LOWLAND, 1), (FRACTION, 0.4), (AVERAGE, 1)):
        rewrite(folder / name, lambda stored, value=value: np.full_like(stored, value))
    target = Grid.globe(7.5)
    found = read_pelletier_hillslopes(folder, EDGES, target).data["effective_thickness"]
    total = 0.4 * 1.3 + 0.6 * 1.0
    np.testing.assert_allclose(found.sum("layer"), total, rtol=1e-6)
    average = read_pelletier_average(folder, EDGES, target).data["effective_thickness"]
    np.testing.assert_allclose(average.sum("layer"), 1.0, rtol=1e-12)


def test_where_a_part_has_no_value(folder: Path) -> None:
    """Rows: both parts; soil alone; deposits alone; neither; both without the fraction; deposits
    alone on pure hillslope."""
    rows = 10
    soil, deposit = np.full((60, 120), 1.0, np.float32), np.full((60, 120), 2, np.uint8)
    fraction = np.full((60, 120), 0.25, np.float32)
    for number in (2, 3, 5):
        soil[number * rows : (number + 1) * rows] = -1.0
    for number in (1, 3):
        deposit[number * rows : (number + 1) * rows] = 255
    fraction[4 * rows : 5 * rows] = -1.0
    fraction[5 * rows :] = 1.0
    for name, values in ((HILLSLOPE, soil), (LOWLAND, deposit), (FRACTION, fraction)):
        rewrite(folder / name, lambda _, values=values: values)
    found = read_pelletier_hillslopes(folder, EDGES, OWN).data["effective_thickness"]
    total = found.sum("layer", skipna=False).values[::-1][::rows, 0]
    np.testing.assert_allclose(total, [0.25 + 0.75 * 2.0, 1.0, 2.0, np.nan, np.nan, np.nan])


def signed(stored: np.ndarray) -> np.ndarray:
    return stored.astype(np.int8)  # 255 becomes -1


def test_nodata_as_a_signed_byte(folder: Path) -> None:
    expected = read_pelletier_average(folder, EDGES, OWN).data
    rewrite(folder / AVERAGE, signed, nodata=-1)
    assert read_pelletier_average(folder, EDGES, OWN).data.equals(expected)


def untagged(stored: np.ndarray) -> np.ndarray:
    return np.where(stored == -1.0, -9999.0, stored).astype(np.float32)


@pytest.mark.parametrize(("name", "change", "profile", "message"), [
    (HILLSLOPE, lambda x: np.where(x > 0, 100.0 * x, x).astype("f4"), {}, "0 to 50 m"),
    (HILLSLOPE, untagged, {}, "-9999"),
    (HILLSLOPE, lambda x: x[:-1], {}, "59 x 120 cells"),
    (HILLSLOPE, lambda x: np.full_like(x, np.nan), {}, ""),
    (LOWLAND, lambda x: np.full_like(x, 200), {}, "0 to 200"),
    (FRACTION, lambda x: np.where(x > 0, 100.0 * x, x).astype("f4"), {}, "0 to 1"),
    (FRACTION, untagged, {}, "-9999"),
    (FRACTION, lambda x: x, {"crs": "EPSG:3857"}, "EPSG:3857"),
])  # fmt: skip
def test_spoiled_maps(
    folder: Path, name: str, change: Callable[[np.ndarray], np.ndarray],
    profile: dict[str, object], message: str,
) -> None:  # fmt: skip
    rewrite(folder / name, change, **profile)
    if not message:
        rewrite(folder / LOWLAND, lambda x: np.full_like(x, 255))
        message = "no value on any of the study's cells"
    with pytest.raises(InputError, match=message) as caught:
        read_pelletier_hillslopes(folder, EDGES, OWN)
    assert "pelletier" in str(caught.value)


def test_missing_and_truncated_maps_are_named_together(folder: Path) -> None:
    (folder / FRACTION).unlink()
    (folder / LOWLAND).write_bytes(b"")
    with pytest.raises(InputError) as caught:
        read_pelletier_hillslopes(folder, EDGES, OWN)
    assert len(caught.value.problems) == 2
    path = folder / AVERAGE
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match="average_soil"):
        read_pelletier_average(folder, EDGES, OWN)


def test_other_maps_of_the_bedrock_are_refused(written: Path, tmp_path: Path) -> None:
    path = written / "BDTICM_M_10km_ll.tif"
    for name, message in (("BDRICM", "up to 200 cm"), ("BDRLOG", "percent")):
        copy = tmp_path / f"{name}_M_10km_ll.tif"
        copy.write_bytes(path.read_bytes())
        with pytest.raises(InputError, match=message):
            read_shangguan(copy, EDGES, OWN)
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    rewrite(copy, lambda x: x, nodata=None)
    with pytest.raises(InputError, match="-99999"):
        read_shangguan(copy, EDGES, OWN)
    rewrite(copy, lambda x: np.where(x > 0, 1000 * x, x), nodata=-99999)
    with pytest.raises(InputError, match="in cm"):
        read_shangguan(copy, EDGES, OWN)


@pytest.mark.parametrize(("dtype", "last"), [("uint8", 255), ("uint16", 65535)])
def test_the_end_of_a_byte_is_no_thickness(folder: Path, dtype: str, last: int) -> None:
    """Without a declared nodata, 255 would be 255 m, or 2.55 m where the map is in cm."""
    path = folder / AVERAGE
    expected = read_soil_thickness(path, 1.0, EDGES, OWN).data

    def widened(stored: np.ndarray) -> np.ndarray:
        wide = stored.astype(dtype)
        return np.where(stored == 255, np.array(last, dtype), wide)

    rewrite(path, widened, nodata=None)
    with pytest.raises(InputError, match=f"{last} in .* and no nodata declared") as caught:
        read_soil_thickness(path, 0.01, EDGES, OWN)
    advice = caught.value.problems[0].next_step
    assert advice.startswith(f"rio edit-info --nodata {last} {path}; ")
    # Both ways that the error names go on.
    rewrite(path, lambda x: x, nodata=last)
    assert read_soil_thickness(path, 1.0, EDGES, OWN).data.equals(expected)
    rewrite(path, lambda x: np.where(x == last, 255, x).astype(np.int32), nodata=None)
    layers = read_soil_thickness(path, 0.01, EDGES, OWN).data["effective_thickness"]
    assert float(layers.sum("layer").max()) == 2.0


@pytest.mark.parametrize(("deep", "noted"), [(0.4, False), (0.6, True)])
def test_a_map_that_is_mostly_deep_is_noted(
    folder: Path, world: World, deep: float, noted: bool
) -> None:
    """150 cm declared as metres: within the valid range, but no map of soil is so deep."""
    path = folder / HILLSLOPE

    def declared_metres(stored: np.ndarray) -> np.ndarray:
        column = np.linspace(0.0, 1.0, stored.shape[1], endpoint=False)
        return np.where(stored == -1.0, -1.0, np.where(column < deep, 150.0, 30.0)).astype("f4")

    rewrite(path, declared_metres)
    with rasterio.open(path) as raster:
        stored = raster.read(1)
    share = 100.0 * (stored == 150.0).sum() / (stored > 0.0).sum()
    assert (share > 50.0) == noted
    content = world.study(
        inputs__thickness={"product": "raster", "path": str(path), "units": "m"},
        grid={"max_missing_percent": 60.0, "valid_share": 0.05},
    )
    found = [note for note in prepare(Study.of(content, Path())).notes if "deeper than" in note]
    assert len(found) == noted
    if noted:
        assert found[0].endswith("check units of [inputs.thickness]")
    content["inputs"]["thickness"]["units"] = "cm"
    assert not any("deeper" in note for note in prepare(Study.of(content, Path())).notes)


@pytest.mark.parametrize("thickness", [
    {"product": "pelletier"}, {"product": "pelletier", "maps": "average"},
    {"product": "shangguan"},
])  # fmt: skip
def test_in_a_study(written: Path, world: World, thickness: dict[str, str]) -> None:
    place = written / "BDTICM_M_10km_ll.tif" if thickness["product"] == "shangguan" else written
    grid = {"max_missing_percent": 60.0, "valid_share": 0.05}
    content = world.study(inputs__thickness={**thickness, "path": str(place)}, grid=grid)
    prepared = prepare(Study.of(content, Path()))
    present = prepared.soil.thickness
    assert prepared.products["thickness"] == thickness["product"]
    assert np.isfinite(present).sum() > 400
    assert np.nanmax(present.sum(axis=0)) <= 2.0 + 1e-12
