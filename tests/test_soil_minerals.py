"""Ito & Wagai 2017: the generated maps read back at any size, units told apart or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saprolite.errors import InputError, MineralError
from saprolite.grid import Grid, remap_layers
from saprolite.inputs import prepare
from saprolite.minerals import CLAY_MINERALS
from saprolite.sources import rasters
from saprolite.sources.ito_wagai import read_ito_wagai
from saprolite.sources.ito_wagai_density import read_ito_wagai_density
from saprolite.study import Study
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.ito_wagai import write_ito_wagai, write_ito_wagai_density
from world import World

EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
SIZE = 2.0
OWN = Grid.globe(SIZE)
SOIL = DemoSoil(OWN.lat, OWN.lon)
NAMES = (*CLAY_MINERALS, "kaolinite")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_ito_wagai(tmp_path / "ito", SIZE)


@pytest.mark.parametrize(("size", "name"), [
    (0.5, "clay_fraction_hd_v1r1.nc4"), (2.0, "clay_fraction_120min_v1r1.nc4"),
    (1.0, "clay_fraction_60min_v1r1.nc4"),
])  # fmt: skip
def test_what_is_written_is_read(tmp_path: Path, size: float, name: str) -> None:
    path = write_ito_wagai(tmp_path, size)
    assert path.name == name
    grid = Grid.globe(size)
    soil = DemoSoil(grid.lat, grid.lon)
    shares = read_ito_wagai(path, NAMES, 0.4, grid).data["mineral_share"]
    assert shares.dims == ("mineral", "horizon", "lat", "lon")
    for horizon, subsoil in enumerate((False, True)):
        for mineral in ("smectite", "chlorite", "vermiculite", "kaolinite"):
            found = shares.sel(mineral=mineral)[horizon]
            np.testing.assert_allclose(found, soil.mineral_share(mineral, subsoil), rtol=1e-6)
        both = soil.mineral_share("illite,mica", subsoil)
        np.testing.assert_allclose(shares.sel(mineral="mica")[horizon], 0.4 * both, rtol=1e-6)
        np.testing.assert_allclose(shares.sel(mineral="illite")[horizon], 0.6 * both, rtol=1e-6)
    # Not upside down: Greenland and the Antarctic have no soil, the Congo has.
    there = np.isfinite(shares[0, 0])
    assert not there.sel(lat=slice(-90.0, -70.0)).any()
    assert bool(there.sel(lat=1.0, lon=23.0, method="nearest"))


@given(st.floats(0.0, 1.0))
def test_topsoil_and_subsoil_on_the_layers(share: float) -> None:
    top, sub = np.array([share]), np.array([1.0 - share])
    layers = remap_layers(np.stack([top, sub]), (0.0, 0.3, 1.0), EDGES)[:, 0]
    expected = [share, (2.0 * share + (1.0 - share)) / 3.0, 1.0 - share, 1.0 - share]
    np.testing.assert_allclose(layers, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("units", "scale"), [("%", 100.0), (None, 1.0), (None, 100.0),
                                              ("percent", 100.0), ("fraction", 1.0)])  # fmt: skip
def test_fractions_and_percent_are_told_apart(
    file: Path, tmp_path: Path, units: str | None, scale: float
) -> None:
    expected = read_ito_wagai(file, NAMES, 0.5, OWN).data["mineral_share"]
    other = write_ito_wagai(tmp_path / "other", SIZE, units, scale)
    found = read_ito_wagai(other, NAMES, 0.5, OWN).data["mineral_share"]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    if units is None:
        said = read_ito_wagai(other, NAMES, 0.5, OWN, units="1" if scale == 1.0 else "%")
        np.testing.assert_allclose(said.data["mineral_share"], expected, rtol=1e-6)


@pytest.mark.parametrize(("units", "scale", "said", "message"), [
    (None, 1e-3, None, "may be either"),
    (None, 4.0, None, "may be either"),
    (None, 1e4, None, "may be either"),
    ("%", 1.0, None, "fractions labelled percent"),
    ("1", 100.0, None, "look like percent"),
    (None, 100.0, "1", "look like percent"),
    (None, 1.0, "%", "fractions labelled percent"),
    ("1", 1.0, "%", "the study says"),
    ("g/kg", 1.0, None, "units 'g/kg'"),
    ("1", 2.4, None, "add up to|percent"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused(
    tmp_path: Path, units: str | None, scale: float, said: str | None, message: str
) -> None:
    path = write_ito_wagai(tmp_path, SIZE, units, scale)
    with pytest.raises(InputError, match=message):
        read_ito_wagai(path, NAMES, 0.5, OWN, units=said)


def test_minerals_without_a_class(file: Path) -> None:
    with pytest.raises(MineralError, match="albite") as caught:
        read_ito_wagai(file, ("albite", "smectite", "quartz"), 0.5, OWN)
    assert len(caught.value.problems) == 2


def test_bands_are_the_whole_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Grid.globe(7.5, -60.0, 90.0)
    whole = read_ito_wagai(file, NAMES, 0.5, target, 0.3).data["mineral_share"]
    monkeypatch.setattr(rasters, "BAND_CELLS", 4000)
    part = read_ito_wagai(file, NAMES, 0.5, target, 0.3).data["mineral_share"]
    np.testing.assert_allclose(part, whole, rtol=1e-12)
    assert np.isfinite(whole).sum() > 1000


def _change(change: Callable[[netCDF4.Dataset], object]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as file:
            for variable in file.variables.values():
                variable.set_auto_maskandscale(False)
            change(file)

    return spoil


def _fill(value: float) -> Callable[[Path], None]:
    def fill(file: netCDF4.Dataset) -> None:
        file["smectite (subsoil)"][:] = value

    return _change(fill)


def _nan_latitude(file: netCDF4.Dataset) -> None:
    file["lat"][5] = np.nan


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


@pytest.mark.parametrize(("spoil", "message"), [
    (_fill(255.0), "255 as fractions"),
    (_fill(-9999.0), "-9999"),
    (_fill(1.0), "add up to"),
    (_change(_nan_latitude), "not regularly spaced"),
    (_change(lambda file: file.renameVariable("illite,mica (topsoil)", "illite (topsoil)")),
     r"take mica, illite out of \[minerals\] names"),
    (_change(lambda file: file.renameDimension("lat", "rows")), "dimensions"),
    (_change(lambda file: file.renameVariable("lon", "x")), "no coordinate variable"),
    (_truncate, "clay_fraction"),
    (lambda path: path.unlink(), "no such file"),
])  # fmt: skip
def test_spoiled_files(file: Path, spoil: Callable[[Path], None], message: str) -> None:
    read_ito_wagai(file, NAMES, 0.5, OWN)
    spoil(file)
    with pytest.raises(InputError, match=message) as caught:
        read_ito_wagai(file, NAMES, 0.5, OWN)
    assert "clay_fraction" in str(caught.value)


def test_everything_wrong_is_named_at_once(file: Path) -> None:
    with netCDF4.Dataset(file, "a") as dataset:
        dataset.renameVariable("chlorite (topsoil)", "klorite")
        dataset["smectite (topsoil)"].units = "g/kg"
        dataset["kaolinite (subsoil)"].units = "ppm"
    with pytest.raises(InputError) as caught:
        read_ito_wagai(file, NAMES, 0.5, OWN)
    assert len(caught.value.problems) == 3


def test_a_class_that_the_file_lacks_is_not_swapped_for_another(file: Path) -> None:
    """The closest name to that of chlorite is that of smectite."""
    with netCDF4.Dataset(file, "a") as dataset:
        for part in ("topsoil", "subsoil"):
            dataset.renameVariable(f"chlorite ({part})", f"a {part}")
            dataset.renameVariable(f"illite,mica ({part})", f"b {part}")
    with pytest.raises(InputError) as caught:
        read_ito_wagai(file, NAMES, 0.5, OWN)
    advice = [problem.next_step for problem in caught.value.problems]
    assert advice == 2 * [
        "take chlorite out of [minerals] names, or give a file that has the class",
        "take mica, illite out of [minerals] names, or give a file that has the class",
    ]
    with pytest.raises(InputError) as caught:
        read_ito_wagai_density(file, OWN)
    assert [problem.next_step for problem in caught.value.problems] == [
        f'name the variable of the file: {part} = "..." in [inputs.bulk_density]'
        for part in ("topsoil", "subsoil")
    ]


def test_in_a_study(file: Path, world: World) -> None:
    content = world.study(
        inputs__minerals={"product": "ito_wagai", "path": str(file)},
        grid={"max_missing_percent": 60.0, "valid_share": 0.05},
    )
    prepared = prepare(Study.of(content, Path()))
    smectite = prepared.soil.mineral_share["smectite"]
    there = np.isfinite(smectite).all(axis=0)
    assert there.sum() > 150
    np.testing.assert_allclose(smectite[2, there], 0.9 * smectite[0, there], rtol=1e-5)
    middle = (2.0 * smectite[0] + smectite[2]) / 3.0
    np.testing.assert_allclose(smectite[1, there], middle[there], rtol=1e-12)


@pytest.mark.parametrize("units", ["g cm-3", "kg m-3", None])
def test_bulk_density_beside_the_minerals(tmp_path: Path, units: str | None) -> None:
    """Both parts on their own grid, in kg m-3; the means stand beside the manuscript's."""
    path = write_ito_wagai_density(tmp_path, SIZE, units)
    if units == "kg m-3":
        with pytest.raises(InputError, match="bulk density must be in kg m-3 or g cm-3"):
            read_ito_wagai_density(path, OWN)  # grams labelled kilograms
        return
    if units is None:
        with pytest.raises(InputError, match="'kg m-3' or 'g cm-3'"):
            read_ito_wagai_density(path, OWN)
    found = read_ito_wagai_density(path, OWN, units=None if units else "g cm-3")
    assert found.horizons == (0.0, 0.3, 1.0)
    area = np.cos(np.deg2rad(OWN.lat))[:, None]
    for horizon, (part, depth) in enumerate([("topsoil", 0.15), ("subsoil", 0.65)]):
        expected = SOIL.bulk_density(depth)
        np.testing.assert_allclose(found.data["bulk_density"][horizon], expected, rtol=1e-6)
        known = np.isfinite(expected)
        mean = np.average(expected[known], weights=np.broadcast_to(area, known.shape)[known])
        published = {"topsoil": 1320.0, "subsoil": 1380.0}[part]
        note = next(text for text in found.notes if f"mean of the {part}" in text)
        assert f" {mean:.0f} kg m-3" in note
        assert ("apart" in note) == (abs(mean / published - 1.0) > 0.03)
    assert any("inferred" in text for text in found.notes)


def test_bulk_density_under_the_names_of_the_file(tmp_path: Path, world: World) -> None:
    path = write_ito_wagai_density(tmp_path, SIZE)
    with netCDF4.Dataset(path, "r+") as dataset:
        dataset.renameVariable("bulk density (topsoil)", "BD_top")
        dataset.renameVariable("bulk density (subsoil)", "BD_sub")
    with pytest.raises(InputError, match=r"(?s)topsoil.*subsoil") as error:
        read_ito_wagai_density(path, OWN)
    assert len(error.value.problems) == 2
    section = {"product": "ito_wagai", "path": str(path), "topsoil": "BD_top", "subsoil": "BD_sub"}
    content = world.study(
        inputs__bulk_density=section, grid={"max_missing_percent": 90.0, "valid_share": 0.05}
    )
    prepared = prepare(Study.of(content, tmp_path))
    assert prepared.products["bulk_density"] == "ito_wagai"
    assert not any("inferred" in note for note in prepared.notes if "bulk density" in note)
    layers = prepared.soil.bulk_density
    known = np.isfinite(layers).all(axis=0)
    top, second, third, last = layers[:, known]
    np.testing.assert_allclose(second, (2.0 * top + third) / 3.0, rtol=1e-12)
    np.testing.assert_array_equal(third, last)
