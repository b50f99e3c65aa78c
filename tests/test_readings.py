"""Many readings in one pass, against a run of each, and against the table of an independent program."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from saprolite import cli
from saprolite.analysis import read_maps, zone_rows
from saprolite.analysis.readings import (
    FITS,
    GROUPS_RMS,
    LAYERS_RMS,
    LOG_RATIO,
    TOTAL,
    readings_dataset,
    readings_table,
    rms_ln,
    share_columns,
    verdict,
)
from saprolite.analysis.targets import target_of
from saprolite.engine import run as engine_run
from saprolite.engine.readings import ComparedReadings, run_readings
from saprolite.errors import InputError, MineralError, ReadingError, StudyError
from saprolite.inputs import Prepared
from saprolite.models import Reading
from saprolite.models.variations import variations
from saprolite.stores import open_dataset
from saprolite.study import Study
from world import World

ROOT = Path(__file__).parents[1]
FIVE_GROUPS = {
    "kinetics": str(ROOT / "benchmarks/five_groups.csv"),
    "arrhenius_base": "10",
    "arrhenius_coefficient": "table",
}
READINGS = {
    "canonical": Reading(),
    "annual": Reading(et_mode="annual"),
    "full layers": Reading(thickness="none"),
    "five groups": Reading(**FIVE_GROUPS),
}


def study_of(world: World, reading: Reading | None = None, **changes: object) -> Study:
    # Presets name no value of what is off.
    chosen = {
        key: value for key, value in (reading or Reading()).as_dict().items() if value is not None
    }
    content = world.study(reading=chosen, **changes)
    return Study.of(content, Path("/"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("small") / "world", range(2000, 2003)).write()


@pytest.fixture(scope="module")
def found(small: World) -> ComparedReadings:
    return run_readings(study_of(small, engine__bands=4), READINGS)


@pytest.mark.parametrize("name", READINGS)
def test_totals_are_those_of_a_run_of_the_reading(
    name: str, small: World, found: ComparedReadings, tmp_path: Path
) -> None:
    engine_run.compute(study_of(small, READINGS[name]), tmp_path, False, lambda *_: None)
    maps = read_maps(open_dataset(tmp_path / "fluxes.zarr"))
    readings = readings_dataset(found)
    own, table = readings.sel(reading=name), readings_table(readings).set_index("reading").loc[name]
    layers = [maps.total(layer) for layer in maps.layers]
    assert found.totals[name].years == maps.years
    assert own["carbon_sink"].sum(("mineral", "climate_class")).values == pytest.approx(
        layers, rel=1e-12
    )
    minerals = [sum(maps.total(layer) for layer in one) for one in maps.by_mineral]
    assert own["carbon_sink"].sum(("layer", "climate_class")).values == pytest.approx(
        minerals, rel=1e-12
    )
    zones = {row.name: 100.0 * row.total / sum(layers) for row in zone_rows(maps)}
    columns, _ = share_columns(pd.DataFrame([table]))
    assert [table[column] for column in columns] == pytest.approx(
        [zones[column.removesuffix(" share_percent")] for column in columns], rel=1e-12
    )
    assert own["annual_carbon_sink"].sum("mineral").sel(
        year=list(maps.years)
    ).values == pytest.approx(maps.annual, rel=1e-12)
    valid = np.where(maps.valid, maps.column, np.nan)
    mean = 1e6 * maps.total(valid) / maps.area[maps.valid].sum()
    assert table["mean_flux_area_weighted_valid_t_C_km-2_yr-1"] == pytest.approx(mean, rel=1e-12)
    assert found.land_area.sum() == pytest.approx(maps.area[maps.land].sum(), rel=1e-12)


def test_each_year_of_each_band_is_read_once(
    small: World, monkeypatch: pytest.MonkeyPatch, found: ComparedReadings
) -> None:
    reads: Counter[tuple[int, int]] = Counter()
    read = Prepared.read_year

    def counted(self: Prepared, year: int, cells: slice = slice(None)) -> object:
        reads[year, cells.start] += 1
        return read(self, year, cells)

    monkeypatch.setattr(Prepared, "read_year", counted)
    again = run_readings(
        study_of(small, engine__bands=2),
        {name: READINGS[name] for name in ("canonical", "full layers")},
    )
    assert set(reads.values()) == {1}
    assert len(reads) == 3 * len({start for _, start in reads})
    # However the map is cut, the sums are the same but for rounding.
    assert again.totals["canonical"].by_class == pytest.approx(
        found.totals["canonical"].by_class, rel=1e-13
    )


def test_all_readings_are_means_of_the_same_years(small: World, tmp_path: Path) -> None:
    """Where no year before is there, the first one is left out of all, not of trailing12 alone."""
    few = {"canonical": Reading(), "trailing12": Reading(et_mode="trailing12")}
    found = run_readings(study_of(small), few)
    assert {one.years for one in found.totals.values()} == {(2001, 2002)}
    assert "2000 is left out of all readings: trailing12 needs the year before" in found.notes[-1]
    trailing = study_of(small, Reading(et_mode="trailing12"))
    engine_run.compute(trailing, tmp_path, False, lambda *_: None)
    maps = read_maps(open_dataset(tmp_path / "fluxes.zarr"))
    assert found.totals["trailing12"].years == maps.years
    assert found.totals["trailing12"].by_class.sum() == pytest.approx(
        sum(maps.total(layer) for layer in maps.layers), rel=1e-12
    )
    later = run_readings(study_of(small, first_year=2001), few)
    assert later.totals["canonical"].by_class == pytest.approx(found.totals["canonical"].by_class)
    assert later.totals["trailing12"].by_class == pytest.approx(found.totals["trailing12"].by_class)


REFERENCE = {  # reading: Tg C yr-1, layers in %, groups A to E in %, rms (feasibility study, 4.7)
    "canonical": (64.0, (6.4, 18.5, 30.3, 44.8), (49.3, 18.8, 20.5, 10.4, 0.9), 0.09),
    "profile_physical": (107.5, (6.1, 17.6, 30.5, 45.8), (50.1, 18.2, 20.6, 10.2, 0.9), 0.08),
    "raw_surface_base10": (92.4, (6.1, 18.9, 30.4, 44.7), (43.2, 35.3, 15.5, 5.5, 0.5), 0.52),
}


def test_presets_on_real_forcing(data: Path) -> None:
    """On the inputs of the reference: bulk density 1.32 over 1.38, spherical areas."""
    content = Study.read(ROOT / "studies/gldas-2012-2022.toml").model_dump(exclude_none=True)
    density = {"product": "constant", "kg_m3": [1320.0, 1320.0, 1380.0, 1380.0]}
    content["inputs"]["bulk_density"], content["grid"]["earth"] = density, "sphere"
    chosen = {name: Reading.preset(name) for name in REFERENCE}
    readings = readings_dataset(run_readings(Study.of(content, Path("/")), chosen))
    target = target_of("manuscript")
    table = readings_table(readings, target)
    groups, layers = share_columns(table)
    for row in table.to_dict("records"):
        total, layer_shares, group_shares, rms = REFERENCE[row["reading"]]
        assert row[TOTAL] == pytest.approx(total, rel=0.001)
        assert [row[name] for name in layers] == pytest.approx(layer_shares, abs=0.06)
        assert [row[name] for name in groups] == pytest.approx(group_shares, abs=0.15)
        assert row[GROUPS_RMS] == pytest.approx(rms, abs=0.006)
        assert row[LOG_RATIO] == pytest.approx(np.log10(total / 110.86), abs=0.001)
    assert table[FITS].tolist() == [True, True, False]
    lines = "\n".join(verdict(table, readings, target, 0.2))
    assert "2 of 3 readings" in lines
    assert (
        "in no fitting reading: arrhenius_base=10, et_mode=monthly_raw, mineral_basis=clay_surface"
        in lines
    )
    assert "density_factor=none|bulk" in lines


def test_misfits_printed_with_the_reference() -> None:
    manuscript = (53.8, 16.4, 18.8, 10.5)
    rows = {(49.3, 18.8, 20.5, 10.4): 0.09, (56.0, 21.2, 17.2, 5.1): 0.38,
            (40.2, 28.3, 19.1, 11.3): 0.31, (43.2, 35.3, 15.5, 5.5): 0.52}  # fmt: skip
    assert rms_ln(np.array(list(rows)), manuscript) == pytest.approx(list(rows.values()), abs=0.007)


def test_what_a_study_or_a_reading_lacks_is_said_before_anything_is_read(small: World) -> None:
    with pytest.raises(StudyError, match=r"(?s)atmospheric_co2.*required by.* of air"):
        run_readings(study_of(small), {"air": Reading(atmosphere="series")})
    with pytest.raises(StudyError, match="one reading or more"):
        run_readings(study_of(small), {})
    with pytest.raises(MineralError, match=r"5 problems.*\n- table: chlorite"):
        run_readings(study_of(small), {"table": Reading(kinetics="recalled")})


def test_a_full_grid_of_choices() -> None:
    found = variations(
        Reading(),
        [
            "frozen_form=months,degree_days",
            "frozen_action=monthly_mask,annual_factor",
            "pco2_intercept=-3.47,-3.7",
        ],
        presets=(),
    )
    assert len(found.readings) == 6
    assert len(found.left_out) == 2
    assert all("degree_days" in text and "monthly_mask" in text for text in found.left_out)
    assert "canonical" in found.readings
    with pytest.raises(
        ReadingError,
        match=r"(?s)3 problems.*'ett_mode'.*'nothing'.*'annually'.*did you mean 'annual'",
    ):
        variations(
            Reading(), ["et_mode=annual,annually"], ["ett_mode=annual", "nothing,et_mode=annual"]
        )


def test_a_target_is_whole_or_refused(tmp_path: Path) -> None:
    assert target_of() is None
    assert target_of("manuscript", total=64.0).total == 64.0
    for given in ({"total": -1.0}, {"layer_shares": (50.0, 20.0)}, {"zone_shares": (50.0, 50.0)}):
        with pytest.raises(InputError, match="1 problem"):
            target_of("manuscript", **given)
    file = tmp_path / "mine.csv"
    file.write_text(
        "quantity,key,value,unit,source\ntotal,,7,Tg C yr-1,mine\nlayer,top,30,%,mine\nlayer,rest,70,%,mine\n"
    )
    assert target_of(str(file)).text == "target mine: total 7 Tg C yr-1; layers 30.0/70.0 % (mine)"
    file.write_text("quantity,key,value,unit,source\ntotal,,7,%,mine\nlayer,top,x,%,mine\n")
    with pytest.raises(InputError, match=r"(?s)2 problems.*row 1.*row 2"):
        target_of(str(file))
    with pytest.raises(InputError, match="manuscript, or a CSV file"):
        target_of(str(tmp_path / "none.csv"))


def test_the_command_writes_table_dataset_and_figure(
    small: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = small.study_file(tmp_path / "study.toml")
    out = tmp_path / "out"
    cli.app(["readings", str(study), "--out", str(out), "--no-presets", "--vary", "thickness=clip,none",
             "--target", "manuscript", "--target-total", "64"], result_action="return_value")  # fmt: skip
    printed = capsys.readouterr().out
    assert "target manuscript: total 64 Tg C yr-1" in printed
    assert "thickness=none" in printed
    table = pd.read_csv(out / "readings.csv", comment="#")
    assert table["reading"].tolist() == ["canonical", "thickness=none"]
    assert (table["total_Tg_C_yr-1"].diff().dropna() > 0).all()
    drawn = pd.read_csv(out / "figures/readings.csv", comment="#")
    assert sorted(drawn[TOTAL]) == sorted(table[TOTAL])
    assert LAYERS_RMS in drawn
    assert all(
        (out / f"figures/readings.{kind}").stat().st_size > 10_000 for kind in ("png", "pdf")
    )
    with xr.open_dataset(out / "readings.nc") as kept:
        assert kept["carbon_sink"].sum(
            ("mineral", "layer", "climate_class")
        ).values == pytest.approx(table[TOTAL])
    with pytest.raises(InputError, match="--target-layers a"):
        cli.app(["readings", str(study), "--target-layers", "a"], result_action="return_value")
