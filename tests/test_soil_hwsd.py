"""HWSD v2.0: the generated raster and table read back, the real table, spoiled files."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from geotiffs import rewrite
from rdata import read_rda
from saprolite.errors import InputError
from saprolite.grid import Grid
from saprolite.inputs import prepare
from saprolite.sources import rasters
from saprolite.sources.hwsd import read_hwsd_density, read_hwsd_texture
from saprolite.sources.hwsd_table import COLUMNS, HORIZONS, read_soils
from saprolite.study import Study
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.hwsd import soils, units, write_hwsd
from world import World

TABLE = "soil/hwsd2_table/hwsd2.rda"
SIZE = 3.0
OWN = Grid.globe(SIZE)
UNITS = units(DemoSoil(OWN.lat, OWN.lon)).astype(int)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hwsd")
    write_hwsd(folder, SIZE)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "hwsd"))


def weighted(table: pd.DataFrame, unit: int, layer: str, column: str) -> float:
    """Mean over the soils of a unit by their shares; the plain rule, in the table's unit."""
    rows = table[(unit == table.HWSD2_SMU_ID) & (layer == table.LAYER) & (table[column] >= 0)]
    return float((rows.SHARE * rows[column]).sum() / rows.SHARE.sum()) if len(rows) else np.nan


def test_what_is_written_is_read(written: Path) -> None:
    table = soils()
    texture, bulk = read_hwsd_texture(written, OWN), read_hwsd_density(written, OWN)
    reference = read_hwsd_density(written, OWN, density="reference")
    assert texture.horizons == bulk.horizons == HORIZONS
    assert "10.0 % of the mapped cells is not soil" in texture.notes[0]
    for unit in np.unique(UNITS[UNITS < 65535])[::7]:
        row, column = np.argwhere(unit == UNITS)[0]
        for index in (0, 1, 2, 6):
            at = (index, row, column)
            for name in ("clay", "silt", "sand"):
                expected = 0.01 * weighted(table, unit, f"D{index + 1}", name.upper())
                assert texture.data[name].values[at] == pytest.approx(expected, rel=1e-12)
            for source, name in ((bulk, "BULK"), (reference, "REF_BULK")):
                expected = 1000.0 * weighted(table, unit, f"D{index + 1}", name)
                found = source.data["bulk_density"].values[at]
                assert found == pytest.approx(expected, rel=1e-12)
    total = sum(texture.data[name] for name in ("clay", "silt", "sand"))
    np.testing.assert_allclose(total.values[:, UNITS < 65535], 1.0, rtol=1e-12)
    assert np.isnan(total.values[:, UNITS == 65535]).all()


def test_a_mean_of_cells_counts_each_unit_by_its_soil(folder: Path) -> None:
    """Two units, one with 20 % of soil: the mean over the soil, not over the cells."""
    table = soils()
    first, second = np.unique(UNITS[UNITS < 65535])[[3, 20]]
    chosen = table[table.HWSD2_SMU_ID.isin([first, second])].copy()
    chosen = chosen[chosen.SEQUENCE.isin([1, 3])]
    chosen.loc[(second == chosen.HWSD2_SMU_ID) & (chosen.SEQUENCE == 1), "SHARE"] = 20
    chosen.to_csv(folder / "HWSD2_LAYERS.csv", index=False)
    values = np.full((60, 120), first, np.uint16)
    values[:, ::2] = second
    rewrite(folder / "HWSD2.bil", lambda _: values)
    found = read_hwsd_texture(folder, Grid.globe(6.0)).data["clay"].values
    parts = [0.01 * weighted(chosen, unit, "D1", "CLAY") for unit in (first, second)]
    np.testing.assert_allclose(found[0], (0.6 * parts[0] + 0.2 * parts[1]) / 0.8, rtol=1e-12)
    assert parts[0] != parts[1]


def test_rock_below_takes_the_values_above_and_is_counted(folder: Path) -> None:
    path = folder / "HWSD2_LAYERS.csv"
    table = pd.read_csv(path)
    deep = table.LAYER.isin(["D3", "D4", "D5", "D6", "D7"])
    properties = ["CLAY", "SILT", "SAND", "BULK", "COARSE"]
    table.loc[deep, properties] = -7
    table.loc[deep, "REF_BULK"] = np.nan
    table.to_csv(path, index=False)
    source = read_hwsd_density(folder, OWN)
    density = source.data["bulk_density"].values
    there = np.isfinite(density[1])
    for layer in range(2, 7):
        np.testing.assert_array_equal(density[layer], density[1])
    assert f"{there.sum()} cells with rock below" in source.notes[-1]


def test_bands_are_the_whole_at_once(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Grid.globe(10.0, -60.0, 90.0)
    whole = read_hwsd_texture(written, target, 0.3)
    monkeypatch.setattr(rasters, "BAND_CELLS", 300)
    part = read_hwsd_texture(written, target, 0.3)
    for name in ("clay", "silt", "sand"):
        np.testing.assert_allclose(part.data[name], whole.data[name], rtol=1e-12)
    assert whole.notes == part.notes


@pytest.fixture(scope="module")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real attribute table as the export that the reader asks for."""
    folder = tmp_path_factory.mktemp("real")
    table = read_rda(data / TABLE)
    assert table.shape == (195_311, 48)
    table.to_csv(folder / "HWSD2_LAYERS.csv", index=False)
    return folder


def test_real_table(real: Path) -> None:
    read = read_soils(real, tuple(COLUMNS))
    assert int(read.known.sum()) == 27_790
    table = pd.read_csv(real / "HWSD2_LAYERS.csv", low_memory=False)
    # 668 units hold no soil; all is told in whole percent, and adds up.
    assert int(((read.soil[0] == 0.0) & read.known).sum()) == 668
    parts = sum(read.amount[name] for name in ("CLAY", "SILT", "SAND"))
    np.testing.assert_allclose(parts, read.soil, atol=1e-9)
    top = table[(table.LAYER == "D1") & (table.BULK > 0)]
    expected = (top.SHARE * top.BULK).sum() / top.SHARE.sum()
    found = read.amount["BULK"][0].sum() / read.soil[0].sum()
    assert found == pytest.approx(1000.0 * expected, rel=1e-12)
    assert read.amount["REF_BULK"][0].sum() / read.amount["BULK"][0].sum() == pytest.approx(
        1.26, abs=0.03
    )
    several = table[table.HWSD2_SMU_ID.duplicated(keep=False) & (table.SEQUENCE > 1)]
    for unit, layer in itertools.islice(zip(several.HWSD2_SMU_ID, several.LAYER, strict=True), 50):
        index = int(layer[1]) - 1
        soil = read.soil[index, int(unit)]
        value = read.amount["CLAY"][index, int(unit)] / soil if soil else np.nan
        expected = 0.01 * weighted(table, unit, layer, "CLAY")
        assert value == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_real_table_on_a_raster_of_its_units(real: Path, tmp_path: Path) -> None:
    """Soil is told for part of the area only: the sample holds the main soil of each unit."""
    table = pd.read_csv(real / "HWSD2_LAYERS.csv", low_memory=False)
    numbers = table.HWSD2_SMU_ID.drop_duplicates().to_numpy()[: 36 * 72].reshape(36, 72)
    profile = {"driver": "EHdr", "height": 36, "width": 72, "count": 1, "dtype": "uint16",
               "crs": "EPSG:4326", "transform": rasterio.Affine(5.0, 0.0, -180.0, 0.0, -5.0, 90.0),
               "nodata": 65535}  # fmt: skip
    with rasterio.open(tmp_path / "HWSD2.bil", "w", **profile) as raster:
        raster.write(numbers.astype(np.uint16), 1)
    shutil.copy(real / "HWSD2_LAYERS.csv", tmp_path)
    grid = Grid.globe(5.0)
    source = read_hwsd_texture(tmp_path, grid)
    total = sum(source.data[name] for name in ("clay", "silt", "sand")).values[0]
    known = np.isfinite(total)
    np.testing.assert_allclose(total[known], 1.0, rtol=1e-12)
    assert 0.9 < known.mean() <= 1.0
    assert any("does not tell the soil" in note for note in source.notes)


def _column(name: str, change: Callable[[pd.Series], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "HWSD2_LAYERS.csv"
        table = pd.read_csv(path)
        table[name] = change(table[name])
        table.to_csv(path, index=False)

    return spoil


def _table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "HWSD2_LAYERS.csv"
        change(pd.read_csv(path)).to_csv(path, index=False)

    return spoil


def _raster(
    change: Callable[[np.ndarray], np.ndarray], **profile: object
) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder / "HWSD2.bil", change, **profile)


def _only_access(folder: Path) -> None:
    (folder / "HWSD2_LAYERS.csv").unlink()
    (folder / "HWSD2.mdb").write_bytes(b"\0\1\0\0Standard Jet DB")


@pytest.mark.parametrize(("spoil", "message"), [
    (_column("CLAY", lambda x: x.where(x < 0, x / 100)), "CLAY"),
    (_column("CLAY", lambda x: x.where(x < 0, x * 10)), "0 to 100"),
    (_column("CLAY", lambda x: x.where(x < 0, -9999)), "-9999"),
    (_column("CLAY", lambda x: x.where(x < 0, 0)), "0 to 0 in"),
    (_column("SAND", lambda x: x.where(x < 0, x + 5)), "a sum of"),
    (_column("CLAY", lambda x: x.astype(object).where(x < 0, "12,5")), "rows such as '12,5'"),
    (_column("SILT", lambda x: x.where(x.index > 3)), "4 rows such as nothing"),
    (_column("SHARE", lambda x: x / 100), "shares in percent"),
    (_column("SHARE", lambda x: x * 2), "sum of up to 200"),
    (_column("LAYER", lambda x: x.replace("D7", "T")), "D1, D2"),
    (_column("TOPDEP", lambda x: x / 100), "other depths"),
    (_column("HWSD2_SMU_ID", lambda x: x + 5000), "that HWSD2_LAYERS.csv lacks"),
    (_table(lambda table: pd.concat([table, table])), "no row is doubled"),
    (_table(lambda table: table.drop(columns=["SAND", "SHARE"])), "SHARE, SAND"),
    (_table(lambda table: table.iloc[:0]), "no rows"),
    (_only_access, "mdb-export HWSD2.mdb HWSD2_LAYERS"),
    (_raster(lambda x: x.astype(np.float32)), "whole numbers"),
    (_raster(lambda x: np.full_like(x, 65535)), "no value"),
    (_raster(lambda x: x, crs="EPSG:3857"), "EPSG:3857"),
    (lambda folder: (folder / "HWSD2.bil").write_bytes(b""), "an empty file"),
    (lambda folder: (folder / "HWSD2.hdr").unlink(), "HWSD2.bil"),
])  # fmt: skip
def test_spoiled_files(folder: Path, spoil: Callable[[Path], None], message: str) -> None:
    read_hwsd_texture(folder, OWN)
    (folder / "HWSD2.bil.aux.xml").unlink(missing_ok=True)
    spoil(folder)
    with pytest.raises(InputError, match=message) as caught:
        read_hwsd_texture(folder, OWN)
    assert "HWSD2" in str(caught.value)


def test_a_truncated_raster(folder: Path) -> None:
    path = folder / "HWSD2.bil"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=r"HWSD2\.bil"):
        read_hwsd_texture(folder, OWN)


def test_table_and_raster_are_blamed_together(folder: Path) -> None:
    (folder / "HWSD2.bil").unlink()
    _column("CLAY", lambda x: x.where(x < 0, x * 10))(folder)
    with pytest.raises(InputError) as caught:
        read_hwsd_texture(folder, OWN)
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match=r"0 to 2\.5"):
        _column("BULK", lambda x: x.where(x < 0, x * 1000))(folder)
        read_hwsd_density(folder, OWN)


@pytest.mark.parametrize("density", ["bulk", "reference"])
def test_in_a_study(written: Path, world: World, density: str) -> None:
    content = world.study(
        inputs__texture={"product": "hwsd", "path": str(written)},
        inputs__bulk_density={"product": "hwsd", "path": str(written), "density": density},
        grid={"max_missing_percent": 60.0, "valid_share": 0.05},
    )
    prepared = prepare(Study.of(content, Path()))
    soil = prepared.soil
    there = np.isfinite(soil.bulk_density).all(axis=0)
    assert there.sum() > 100
    top = soil.bulk_density[0, there]
    assert top.mean() == pytest.approx(1266.67 if density == "bulk" else 1566.67, abs=0.1)
    assert any("not soil at the surface" in note for note in prepared.notes)
