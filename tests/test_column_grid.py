"""The soil column on the grid: against soil pits built by hand, the CO2 pathway, and itself."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import netCDF4
import numpy as np
import pytest
import xarray as xr

import saprolite as sap
from saprolite import equations as eq
from saprolite.column.columns import Columns
from saprolite.column.site import Layer, Site
from saprolite.column.solve import steady_state
from saprolite.constants import CARBON_MOLAR_MASS
from saprolite.engine import column_blocks
from saprolite.engine import run as engine_run
from saprolite.errors import InputError, StudyError
from saprolite.models import ColumnReading
from saprolite.report_workflow import report
from saprolite.study import Study
from saprolite.study_explain import explain_study
from saprolite.study_schema import schema
from saprolite.study_template import TEMPLATE, demo_content
from world import LAT, LON, World, values

ROOT = Path(__file__).parents[1]
EDGES = (0.0, 0.1, 0.4, 1.0, 1.5)  # 1.5 m of soil in layers down to 2 m
ROWS = {"smectite": "Smectite_pkH_14.9"}
DEPOSITION = {
    "Ca": 15.0,
    "Mg": 8.0,
    "K": 3.0,
    "Na": 20.0,
    "NH4": 20.0,
    "NO3": 20.0,
    "SO4": 30.0,
    "Cl": 25.0,
}
UPTAKE = {"Ca": 10.0, "Mg": 3.0, "K": 3.0, "N": 30.0}
ET_SHARE, UPTAKE_SHARE = [0.5, 0.3, 0.15, 0.05], [0.4, 0.4, 0.2, 0.0]
DOC, GIBBSITE, NITRIFIED = [30.0, 15.0, 5.0, 3.0], [6.5, 7.6, 8.5, 8.5], [0.5, 1.0, 1.0, 1.0]
PRIMARY = {"k_feldspar": 0.1, "albite": [0.08, 0.1, 0.12, 0.12]}
PH, BASES = [4.8, 5.2, 5.6, 6.0], [150.0, 150.0, 200.0, 250.0]
SHARES = {"chlorite": 0.05, "smectite": 0.2, "mica": 0.05, "illite": 0.2, "vermiculite": 0.1}
RAIN = 1600.0
BOX = [0.0, 0.0, 40.0, 30.0]  # 4 by 3 cells, unfrozen
COLUMN: dict[str, Any] = {
    "averaging": "annual", "carbon": "base_cations", "minimum_percolation_mm_yr": 10.0,
    "precipitation_mm_yr": RAIN, "evapotranspiration_share": ET_SHARE, "uptake_share": UPTAKE_SHARE,
    "doc_mg_L": DOC, "log_gibbsite": GIBBSITE, "nitrification": NITRIFIED,
    "deposition_meq_m2_yr": DEPOSITION, "uptake_meq_m2_yr": UPTAKE, "primary_minerals": PRIMARY,
    "prescribed": {"ph": PH, "base_cations_umol_L": BASES},
}  # fmt: skip


def study(
    world: World, model: str = "profile", changes: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A study of the small world; ``changes`` in the section, None removes."""
    section = {
        key: value for key, value in {**COLUMN, **(changes or {})}.items() if value is not None
    }
    content = world.study(**{"grid__region": BOX, **more})
    if model == "witch-type":  # no rate law for vermiculite
        names = [name for name in SHARES if name != "vermiculite"]
        content["minerals"] = {"names": names}
        content["inputs"]["minerals"] = {
            "product": "constant",
            "shares": {name: SHARES[name] for name in names},
        }
    else:
        section = {**section, "reading": {"kinetic_rows": ROWS, **section.get("reading", {})}}
    return content | {"model": model, "column": section}


def solve(content: dict[str, Any], out: Path) -> xr.Dataset:
    engine_run.compute(Study.of(content, Path()), out, False, lambda *_: None)
    return sap.open(out)


def state_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(StudyError) as caught:
        Study.of(content, Path())
    return str(caught.value)


def digest(path: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            total.update(str(file.relative_to(path)).encode() + file.read_bytes())
    return total.hexdigest()


def means(year: int, row: int, column: int) -> dict[str, Any]:
    """Annual means of a cell by hand; the share of the year above freezing, by layer."""
    names = list(values(year, 1))
    days = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

    def series(name: str) -> np.ndarray:
        return np.array([float(values(year, m)[name][row, column]) for m in range(1, 13)])

    # The engine keeps its inputs in single precision.
    theta = [
        np.average(np.float32(series(names[2 * i]) / mm).astype(float), weights=days)
        for i, mm in enumerate((100, 300, 600, 1000))
    ]
    warm = [series(names[2 * i + 1]) for i in range(4)]
    return {
        "theta": theta,
        "temperature": [np.average(t, weights=days) for t in warm],
        "unfrozen": [np.average(t >= 273.15, weights=days) for t in warm],
        "water": float((series("Evap_tavg") * days * 86400.0).sum()) / 1000.0,
    }


def pit(at: dict[str, Any], minerals: dict[str, Any], rain: float = RAIN) -> Site:
    """The same cell as a soil pit, in SI; a frozen surface as minerals that are not there."""
    co2 = float(eq.soil_co2(1000.0 * at["water"]))
    layers = []
    for i in range(4):
        own = {
            name: (x[i] if isinstance(x, list) else x) * at["unfrozen"][i]
            for name, x in minerals.items()
        }
        layers.append(Layer(
            name=str(i), thickness=EDGES[i + 1] - EDGES[i], temperature=at["temperature"][i],
            soil_moisture=at["theta"][i], bulk_density=1320.0, clay=0.3, silt=0.3, sand=0.4, co2=co2,
            doc=DOC[i] * 1e-3, log_gibbsite=GIBBSITE[i], nitrification=NITRIFIED[i], minerals=own,
            evapotranspiration_share=ET_SHARE[i], uptake_share=UPTAKE_SHARE[i], ph=PH[i],
            base_cations=BASES[i] * 1e-6,
        ))  # fmt: skip
    return Site(name="pit", precipitation=rain / 1000.0, evapotranspiration=at["water"],
                deposition={ion: 1e-6 * v for ion, v in DEPOSITION.items()},
                uptake={ion: 1e-6 * v for ion, v in UPTAKE.items()}, layers=tuple(layers))  # fmt: skip


def minerals_of(model: str) -> dict[str, Any]:
    left_out = "vermiculite" if model == "witch-type" else ""
    return {name: 0.3 * share for name, share in SHARES.items() if name != left_out} | PRIMARY


def reading_of(model: str, **changes: Any) -> ColumnReading:
    return ColumnReading(
        model=model, **({} if model == "witch-type" else {"kinetic_rows": ROWS}), **changes
    )


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
@pytest.mark.parametrize(("row", "column", "box"), [(6, 19, BOX), (11, 19, [0.0, 50.0, 40.0, 70.0])],
                         ids=["warm", "partly frozen"])  # fmt: skip
def test_a_cell_is_the_soil_pit_with_the_same_numbers(
    world: World, tmp_path: Path, model: str, row: int, column: int, box: list[float]
) -> None:
    dataset = solve(study(world, model, grid__region=box), tmp_path / "out")
    reading = reading_of(model)
    for year in (2000, 2001):
        at = means(year, row, column)
        assert (min(at["unfrozen"]) < 1.0) == (row == 11)
        solved = steady_state(Columns.of([pit(at, minerals_of(model))], reading), reading)
        assert solved.found.all()
        order = [solved.minerals.index(name) for name in minerals_of(model)]
        expected = solved.rates.sum(axis=0)[order, :, 0] * CARBON_MOLAR_MASS * 1000.0
        cell = {"year": year, "lat": LAT[row], "lon": LON[column]}
        stored = dataset["carbon_sink_flux_by_mineral_and_year"].sel(cell)
        assert stored["mineral"].values.tolist() == list(minerals_of(model))
        assert stored.values == pytest.approx(expected, rel=1e-12)
        total = dataset["carbon_sink_flux"].sel(cell).values
        assert total == pytest.approx(expected.sum(axis=0), rel=1e-12)
        assert ((total > 0.0) == (np.array(at["unfrozen"]) > 0.0)).all()
    by_mineral = dataset["carbon_sink_flux_by_mineral"].sum("mineral")
    mean = dataset["carbon_sink_flux"].mean("year")
    assert by_mineral.values == pytest.approx(mean.values, rel=1e-12, nan_ok=True)


MATCHING = {"arrhenius_base": "10", "arrhenius_coefficient": "table", "reference_temperature": 281.0,
            "density_factor": "bulk", "moisture_density": "moist", "frozen_action": "none",
            "et_mode": "annual", "drivers": "annual_mean"}  # fmt: skip


@pytest.mark.parametrize("model", ["profile", "simple"])
def test_its_co2_pathway_is_the_co2_pathway_run(world: World, tmp_path: Path, model: str) -> None:
    """The CO2 pathway has no brakes in the law of 1995: the solution does not act on it."""
    changes = {"carbon": "co2_pathway", "primary_minerals": {}}
    column = solve(study(world, model, changes, reading=MATCHING), tmp_path / "column")
    double = world.study(grid__region=BOX, reading=MATCHING, engine__precision="float64")
    pathway = solve(double, tmp_path / "pathway")
    flux = pathway["carbon_sink_flux"].values
    assert (flux > 0.0).all()
    assert column["carbon_sink_flux"].values == pytest.approx(flux, rel=1e-10)
    assert column["carbon_sink_flux_by_mineral"].values == pytest.approx(
        pathway["carbon_sink_flux_by_mineral"].values, rel=1e-10
    )


@pytest.mark.parametrize("name", ["SoilMoi", "SoilTMP", "Evap"])
def test_a_single_driver_run_follows_its_driver_alone(tmp_path: Path, name: str) -> None:
    """Only one driver of the world changes in its second year."""
    experiments = {
        "SoilMoi": "soil_moisture",
        "SoilTMP": "soil_temperature",
        "Evap": "evapotranspiration",
    }
    fields = [key for key in values(2000, 1) if key.startswith(name)]
    world = World(tmp_path / "world")
    for month in range(1, 13):
        for key, same in values(2000, month).items():
            factor = np.float32(1.01 if key in fields else 1.0)
            world.changes[2001, month, key] = lambda _, same=same, factor=factor: np.where(
                same > -9000.0, same * factor, same)  # fmt: skip
    world.write()
    control = solve(study(world), tmp_path / "control")["carbon_sink_flux"].values
    assert (control[0] != control[1]).all()
    for experiment in experiments.values():
        out = tmp_path / experiment
        flux = solve(study(world, changes={"experiment": experiment}), out)[
            "carbon_sink_flux"
        ].values
        if experiment == experiments[name]:
            assert np.array_equal(flux, control)
        else:
            assert np.array_equal(flux[0], flux[1])
            assert np.array_equal(flux[0], control[0])
        assert f"{experiment} alone varies, the rest as in 2000" in state_of(out)["reading_summary"]
    changes = {"experiment": experiments[name], "base_year": 2001}
    later = solve(study(world, changes=changes), tmp_path / "later")["carbon_sink_flux"].values
    assert np.array_equal(later, control)  # the other drivers are the same in both years


def test_a_climatology_is_one_flux_of_the_mean_drivers(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved = []
    original = column_blocks.steady_state_of_many
    monkeypatch.setattr(
        column_blocks, "steady_state_of_many", lambda *a: solved.append(1) or original(*a)
    )
    out = tmp_path / "out"
    content = study(world, changes={"averaging": "climatology"}, engine__bands=1)
    flux = solve(content, out)["carbon_sink_flux"]
    assert len(solved) == 1
    assert np.array_equal(flux[0], flux[1])
    years = [means(year, 6, 19) for year in (2000, 2001)]
    at: dict[str, Any] = {
        "water": np.mean([year["water"] for year in years]),
        **{
            key: np.mean([year[key] for year in years], axis=0)
            for key in ("theta", "temperature", "unfrozen")
        },
    }
    reading = reading_of("profile")
    expected = steady_state(
        Columns.of([pit(at, minerals_of("profile"))], reading), reading
    ).rates.sum(axis=(0, 1))
    stored = flux.sel(year=2000, lat=LAT[6], lon=LON[19]).values
    assert stored == pytest.approx(expected[:, 0] * CARBON_MOLAR_MASS * 1000.0, rel=1e-12)
    assert any("solved once" in note for note in state_of(out)["notes"])


def test_a_climatology_has_zones_and_no_trends_and_says_why(tmp_path: Path) -> None:
    made = World(tmp_path / "w", range(2000, 2003)).write()
    out = tmp_path / "out"
    sap.run(Study.of(study(made, changes={"averaging": "climatology"}), Path()), out)
    found = sap.analyse(out)
    why = "no trends: every year of a climatology is the same"
    assert found.notes[0] == why
    assert "areas" in found.tables
    assert not [name for name in found.tables if "trend" in name or name == "drivers"]
    assert not list((out / "analysis").glob("*trend*"))
    assert f"# {why}" in (out / "analysis/areas.csv").read_text(encoding="utf-8")
    text = report(out)[0].read_text(encoding="utf-8")
    assert f"{why.capitalize()}." in text
    assert "saprolite references" in text and "saprolite uncertainty" not in text


def test_everything_that_is_missing_is_named_with_what_to_type(world: World) -> None:
    content = world.study() | {"model": "profile"}
    message = refused(content)
    for part in (
        "add averaging =", "add carbon =", "add [column.primary_minerals]", "add precipitation_mm_yr =",
        "add evapotranspiration_share =", "add uptake_share =", "add doc_mg_L =", "add log_gibbsite =",
        "add nitrification =", "add minimum_percolation_mm_yr =", "no Ca, Mg, K, Na, NH4, NO3, SO4, Cl",
        "add Ca = 10.0, Mg = 10.0, K = 10.0, N = 10.0 under [column.uptake_meq_m2_yr]",
        'smectite = "Smectite_pkH_14.9"',
    ):  # fmt: skip
        assert part in message, part
    assert "gibbsite_exponent" not in message
    deposition = {"Ca": 15.0, "Cl": 0.0}
    message = refused(study(world, changes={"deposition_meq_m2_yr": deposition, "doc_mg_L": None}))
    assert "(2 problems)" in message
    assert "no Mg, K, Na, NH4, NO3, SO4\n" in message
    message = refused(
        study(world, "simple", {"prescribed": {}, "log_gibbsite": None, "doc_mg_L": None})
    )
    for part in (
        "column.prescribed.ph",
        "column.prescribed.base_cations_umol_L",
        "column.log_gibbsite",
        "column.doc_mg_L",
    ):
        assert part in message, part
    # What a model does not use, it does not ask for.
    bare = {key: None for key in COLUMN if key not in ("averaging", "carbon", "primary_minerals")}
    given = {**bare, "prescribed": {"ph": PH}, "reading": {"brakes": "off", "pathways": "H,CO2"}}
    Study.of(study(world, "simple", given), Path())


@pytest.mark.parametrize(("model", "changes", "message"), [
    ("profile-co2", {}, 'model = "profile-co2"'),
    ("profile", {"reading": {"brake": "off"}}, "did you mean 'brakes'?"),
    ("profile", {"reading": {"model": "simple"}}, "no such field here"),
    ("profile", {"averaging": "climatology", "experiment": "soil_moisture"}, "no driver varies"),
    ("profile", {"base_year": 1999}, "2000 to 2001"),
    ("profile", {"doc_mg_L": "much"}, "a list with one number per layer"),
    ("profile", {"doc_mg_L": 30000.0}, "0 to 2000 mg L-1"),
    ("profile", {"precipitation_mm_yr": [1.0, 2.0]}, "a number"),
    ("profile", {"percolation_mm_yr": 300.0}, "leave one out"),
    ("profile", {"primary_minerals": {"albit": 0.1}}, "did you mean 'albite'?"),
    ("profile", {"dok": 1.0}, "no such field"),
    ("simple", {"carbon": "alkalinity_export"}, "a solved soil solution"),
    ("witch-type", {"carbon": "co2_pathway"}, "the pathway CO2"),
    ("profile", {"minimum_percolation_mm_yr": 0.0}, "accepted: more than 0"),
])  # fmt: skip
def test_refusals(world: World, model: str, changes: dict[str, Any], message: str) -> None:
    text = refused(study(world, model, changes))
    assert message in text
    assert "(1 problem)" in text


def test_what_the_rest_of_the_study_must_be(world: World) -> None:
    assert 'mineral_basis = "soil"' in refused(study(world, reading={"mineral_basis": "clay"}))
    named = refused({**study(world), "model": "witch-type", "column": {**COLUMN}})
    assert "vermiculite" in named  # it has no rate law there
    assert "model" in refused({**study(world), "model": "profil"})


def test_lists_and_sums_are_checked_against_layers_and_soil(world: World, tmp_path: Path) -> None:
    changes = {"doc_mg_L": [30.0, 5.0], "evapotranspiration_share": 0.3, "uptake_share": [0.9, 0.0, 0.0, 0.0],
               "primary_minerals": {"anorthite": 0.9}}  # fmt: skip
    with pytest.raises(InputError) as caught:
        solve(study(world, changes=changes), tmp_path / "out")
    assert "1 or 4, one per layer" in str(caught.value)
    with pytest.raises(InputError) as caught:
        solve(study(world, changes={**changes, "doc_mg_L": DOC}), tmp_path / "out")
    for part in ("add up to 1.2 ", "add up to 0.9 ", "up to 1.08 of the soil"):
        assert part in str(caught.value), part


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
def test_the_size_of_a_block_changes_no_bit(world: World, tmp_path: Path, model: str) -> None:
    digests = set()
    for cells in (1, 5, 1000):
        out = tmp_path / str(cells)
        solve(study(world, model, engine__cells_per_block=cells), out)
        digests.add((digest(out / "fluxes.zarr"), digest(out / "inputs.zarr")))
        assert state_of(out)["missing_inputs_by_cause"]["none"]["cells"] == 12
    assert len(digests) == 1


@pytest.mark.parametrize("averaging", ["annual", "climatology"])
def test_an_interrupted_run_goes_on_to_the_same_bits(
    world: World, tmp_path: Path, averaging: str
) -> None:
    content = study(world, changes={"averaging": averaging})
    solve(content, tmp_path / "whole")
    out = tmp_path / "out"

    class Stop(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("computing", 1):
            raise Stop

    with pytest.raises(Stop):
        engine_run.compute(Study.of(content, Path()), out, False, stop)
    assert len((out / "ledger.jsonl").read_text().splitlines()) == 1
    solve(content, out)
    assert digest(out / "fluxes.zarr") == digest(tmp_path / "whole/fluxes.zarr")
    counted = [state_of(folder)["counts_of_clipped_values"] for folder in (out, tmp_path / "whole")]
    assert counted[0] == counted[1]


def test_another_column_is_another_run(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    solve(study(world), out)
    with pytest.raises(sap.errors.StoreError, match="restart"):
        solve(study(world, changes={"doc_mg_L": 10.0}), out)
    engine_run.compute(
        Study.of(study(world, changes={"doc_mg_L": 10.0}), Path()), out, True, lambda *_: None
    )


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
def test_the_demo_planet(tmp_path: Path, model: str) -> None:
    """A globe, deserts and frozen ground included, with every output."""
    content = {**demo_content(5.0), "first_year": 2016, "last_year": 2018, "model": model}
    content["column"] = {
        **COLUMN,
        **({} if model == "witch-type" else {"reading": {"kinetic_rows": ROWS}}),
    }
    content["column"] |= {"precipitation_mm_yr": 700.0}
    if model == "witch-type":
        content["minerals"] = {"names": ["chlorite", "smectite", "mica", "illite"]}
    out = tmp_path / "out"
    dataset = sap.run(Study.of(content, Path(), "demo"), out)
    flux = dataset["carbon_sink_flux"]
    missing = state_of(out)["missing_inputs_by_cause"]
    assert missing["no_solution"]["cells"] == 0
    soil = (dataset["land"] > 0) & (dataset["missing_inputs"] == 0)
    assert int(soil.sum()) == missing["none"]["cells"] > 600
    assert (
        flux.where(soil, drop=True).isel(year=0, layer=0).notnull()
        == soil.where(soil, drop=True).notnull()
    ).all()
    assert float(flux.min()) >= 0.0
    summary = json.loads((out / "summary.json").read_text())
    title = {"profile": "PROFILE", "simple": "simple mineral model", "witch-type": "WITCH-type"}[
        model
    ]
    assert summary["reading"].startswith(title)
    assert "carbon sink: CO2 as charge of all base cations" in summary["reading"]
    total = float((flux.mean("year") * dataset["cell_area"]).sum()) / 1e6
    assert summary["global_total_Tg_C_yr-1"] == pytest.approx(total, rel=1e-12)
    assert sum(row["total_Tg_C_yr-1"] for row in summary["by_mineral"]) == pytest.approx(
        total, rel=1e-12
    )
    counts = summary["counts_of_clipped_values"]
    raised = counts["percolation_raised_to_the_minimum_layer_cell_years"]
    assert (raised > 0) == (model != "simple")
    note = next(note for note in summary["notes"] if "in place of data" in note)
    assert "albite 0.08/0.1/0.12/0.12" in note
    assert ("deposition Ca 15" in note) == (model != "simple")
    from PIL import Image

    for path in (out / "figures").glob("*.png"):
        assert title in Image.open(path).text["Description"], path
    assert dataset.attrs["title"].endswith(title)


@pytest.mark.parametrize("carbon", ["base_cations", "co2_pathway"])
def test_no_minerals_no_flux(world: World, tmp_path: Path, carbon: str) -> None:
    changes = {"primary_minerals": {"albite": 0.0}, "carbon": carbon}
    content = study(world, changes=changes, inputs__minerals__shares=dict.fromkeys(SHARES, 0.0))
    assert (solve(content, tmp_path / "out")["carbon_sink_flux"].values == 0.0).all()


def test_alkalinity_export_adds_up_to_what_percolates_out(world: World, tmp_path: Path) -> None:
    dataset = solve(study(world, changes={"carbon": "alkalinity_export"}), tmp_path / "out")
    at, reading = means(2000, 6, 19), reading_of("profile")
    site = pit(at, minerals_of("profile"))
    solved = steady_state(Columns.of([site], reading), reading)
    water = RAIN / 1000.0 - at["water"]
    out = (solved.ions["HCO3"] + 2.0 * solved.ions["CO3"])[-1, 0] * water
    cell = {"year": 2000, "lat": LAT[6], "lon": LON[19]}
    layers = dataset["carbon_sink_flux"].sel(cell).values
    assert layers.sum() == pytest.approx(out * CARBON_MOLAR_MASS * 1000.0, rel=1e-12)
    parts = dataset["carbon_sink_flux_by_mineral_and_year"].sel(cell)
    assert parts.sum("mineral").values == pytest.approx(layers, rel=1e-12)
    order = [solved.minerals.index(name) for name in minerals_of("profile")]
    weathered = solved.rates.sum(axis=(0, 2))[order, 0]
    assert parts.sum("layer").values / layers.sum() == pytest.approx(
        weathered / weathered.sum(), rel=1e-12
    )
    assert dataset["carbon_sink_flux"].attrs["carbon_sink"].startswith("bicarbonate")


def test_a_mineral_without_base_cations_is_noted(world: World, tmp_path: Path) -> None:
    solve(study(world, changes={"primary_minerals": {"kaolinite": 0.1}}), tmp_path / "out")
    found = [note for note in state_of(tmp_path / "out")["notes"] if "kaolinite" in note]
    assert len(found) == 2  # one is the list of constants
    assert found[1].startswith("soil column: kaolinite: no base cations")


def test_carbonates_bind_half_a_co2_per_charge(world: World, tmp_path: Path) -> None:
    changes = {"primary_minerals": {"calcite": 0.01}, "reading": {"kinetic_rows": {}}}
    content = study(
        world,
        "simple",
        changes,
        inputs__minerals__shares={"illite": 0.2},
        minerals__names=["illite"],
    )
    flux = solve(content, tmp_path / "out")["carbon_sink_flux_by_mineral_and_year"]
    at, reading = means(2000, 6, 19), ColumnReading(model="simple")
    own = {"illite": 0.06, "calcite": 0.01}
    solved = steady_state(Columns.of([pit(at, own)], reading), reading)
    charge = solved.rates.sum(axis=0)[..., 0] * CARBON_MOLAR_MASS * 1000.0
    cell = {"lat": LAT[6], "lon": LON[19], "year": 2000}
    for name, share in (("calcite", 0.5), ("illite", 1.0)):
        expected = share * charge[solved.minerals.index(name)]
        assert flux.sel({**cell, "mineral": name}).values == pytest.approx(expected, rel=1e-12)
        assert (expected > 0.0).all()


def test_percolation_is_at_least_the_minimum_and_shares_move_up(
    world: World, tmp_path: Path
) -> None:
    """20 cm of soil: the shares of the layers below are the second layer's, and layers without
    soil have no flux; where evapotranspiration takes all the rain, the minimum percolates."""
    rain = 600.0
    content = study(world, changes={"precipitation_mm_yr": rain}, inputs__thickness__metres=0.2)
    out = tmp_path / "out"
    flux = solve(content, out)["carbon_sink_flux"].sel(year=2000, lat=LAT[6], lon=LON[19]).values
    assert (flux[2:] == 0.0).all()
    at, reading = means(2000, 6, 19), reading_of("profile")
    assert 1000.0 * at["water"] > rain
    columns = Columns.of([pit(at, minerals_of("profile"), rain=4000.0)], reading)
    thin = {
        "percolation": np.array([[rain / 1000.0 - 0.5 * at["water"]], [0.01], [np.nan], [np.nan]])
    }
    surface, uptake = columns.surface.copy(), {}
    surface[:, 1] *= 0.1 / 0.3
    surface[:, 2:] = np.nan
    for ion, total in {**UPTAKE, "Na": 0.0}.items():
        uptake[ion] = 1e-6 * total * np.array([[0.4], [0.6], [np.nan], [np.nan]])
    present = np.array([[True], [True], [False], [False]])
    solved = steady_state(
        replace(columns, **thin, surface=surface, uptake=uptake, present=present), reading
    )
    expected = solved.rates.sum(axis=(0, 1))[:2, 0] * CARBON_MOLAR_MASS * 1000.0
    assert flux[:2] == pytest.approx(expected, rel=1e-12)
    counts = state_of(out)["counts_of_clipped_values"]
    assert counts["percolation_raised_to_the_minimum_layer_cell_years"] > 0


def test_percolation_that_is_given(world: World, tmp_path: Path) -> None:
    at, reading = means(2000, 6, 19), reading_of("profile")
    by_layer = [RAIN - 1000.0 * at["water"] * sum(ET_SHARE[: i + 1]) for i in range(4)]
    changes = {
        "precipitation_mm_yr": None,
        "evapotranspiration_share": None,
        "percolation_mm_yr": by_layer,
    }
    flux = solve(study(world, changes=changes), tmp_path / "out")["carbon_sink_flux"]
    solved = steady_state(Columns.of([pit(at, minerals_of("profile"))], reading), reading)
    expected = solved.rates.sum(axis=(0, 1))[:, 0] * CARBON_MOLAR_MASS * 1000.0
    stored = flux.sel(year=2000, lat=LAT[6], lon=LON[19]).values
    assert stored == pytest.approx(expected, rel=1e-10)  # the list in the study is decimal


def write_map(path: Path, name: str, units: str, layers: list[np.ndarray]) -> Path:
    with netCDF4.Dataset(path, "w") as dataset:
        for axis, size in (("horizon", len(layers)), ("lat", LAT.size), ("lon", LON.size)):
            dataset.createDimension(axis, size)
        dataset.createVariable("lat", "f8", ("lat",))[:] = LAT
        dataset.createVariable("lon", "f8", ("lon",))[:] = LON
        dims = ("horizon", "lat", "lon") if len(layers) > 1 else ("lat", "lon")
        variable = dataset.createVariable(name, "f8", dims, fill_value=-9999.0)
        variable.units = units
        variable[:] = np.stack(layers) if len(layers) > 1 else layers[0]
    return path


def test_maps_in_the_place_of_constants(world: World, tmp_path: Path) -> None:
    """Maps of the same values give the same bits; a gap in one is a cell without a result."""
    whole = np.ones((LAT.size, LON.size))
    doc = write_map(tmp_path / "doc.nc", "doc", "mg L-1", [value * whole for value in DOC])
    calcium = write_map(tmp_path / "ca.nc", "dep", "eq ha-1 yr-1", [150.0 * whole])
    maps = {
        "doc_mg_L": {"path": str(doc), "variable": "doc", "horizons_m": [0.0, 0.1, 0.4, 1.0, 2.0]},
        "deposition_meq_m2_yr": {**DEPOSITION, "Ca": {"path": str(calcium), "variable": "dep"}},
    }
    constant = solve(study(world), tmp_path / "constant")["carbon_sink_flux"].values
    content = study(world, changes=maps)
    out = tmp_path / "maps"
    flux = solve(content, out)["carbon_sink_flux"].values
    assert flux == pytest.approx(constant, rel=1e-13)
    state = state_of(out)
    assert set(state["inputs_sha256"]["column.doc_mg_L"]) == {str(doc)}
    note = next(note for note in state["notes"] if "in place of data" in note)
    assert "doc" not in note
    inputs = xr.open_zarr(out / "inputs.zarr", consolidated=False)
    assert inputs["column_doc"].values[:, 0] == pytest.approx([1e-3 * value for value in DOC])
    assert inputs["column_deposition_Ca"].attrs["units"] == "kmol_c m-2 yr-1"
    # The file is part of what the run is: its bytes, not its place.
    write_map(calcium, "dep", "eq ha-1 yr-1", [160.0 * whole])
    with pytest.raises(sap.errors.StoreError):
        solve(content, out)
    gap = 150.0 * whole
    gap[6, 19] = -9999.0
    write_map(calcium, "dep", "eq ha-1 yr-1", [gap])
    holed = solve(content, tmp_path / "holed")
    missing = state_of(tmp_path / "holed")["missing_inputs_by_cause"]
    assert (missing["column"]["cells"], missing["any"]["cells"]) == (1, 1)
    lacking = holed["carbon_sink_flux"].isel(year=0, layer=0).isnull()
    assert int(lacking.sum()) == 1
    assert bool(lacking.sel(lat=LAT[6], lon=LON[19]))
    assert holed["missing_inputs"].attrs["flag_meanings"].endswith("column no_solution")
    write_map(calcium, "dep", "furlong", [gap])
    with pytest.raises(InputError, match="furlong"):
        solve(content, tmp_path / "unit")
    write_map(calcium, "dep", "eq ha-1 yr-1", [1e9 * whole])
    with pytest.raises(InputError, match="check the units"):
        solve(content, tmp_path / "range")


def test_a_kinetic_table_of_the_users_own(world: World, tmp_path: Path) -> None:
    """A copy of the packaged table, found from the folder of the study, gives the same bits."""
    packaged = ROOT / "src/saprolite/minerals/data/nutsfor.csv"
    own = tmp_path / "own.csv"
    own.write_text(packaged.read_text(encoding="utf-8"), encoding="utf-8")
    flux = solve(study(world), tmp_path / "packaged")["carbon_sink_flux"].values
    content = study(world, changes={"reading": {"kinetics": "own.csv"}})
    out = tmp_path / "out"
    engine_run.compute(Study.of(content, tmp_path), out, False, lambda *_: None)
    assert np.array_equal(sap.open(out)["carbon_sink_flux"].values, flux)
    assert set(state_of(out)["inputs_sha256"]["column.reading.kinetics"]) == {str(own)}
    simple = study(world, "simple", {"reading": {"kinetics": "own.csv"}, "prescribed": {"ph": PH}})
    with pytest.raises(InputError, match="base_cations_umol_L"):
        engine_run.compute(Study.of(simple, tmp_path), tmp_path / "simple", False, lambda *_: None)
    own.unlink()
    with pytest.raises(InputError, match="no such file"):
        engine_run.compute(Study.of(content, tmp_path), tmp_path / "gone", False, lambda *_: None)


@pytest.mark.parametrize("et_mode", ["monthly_x12", "trailing12"])
def test_annual_soil_co2_is_that_of_annual_evapotranspiration(
    world: World, tmp_path: Path, et_mode: str
) -> None:
    modes = [solve(study(world, reading={"et_mode": mode}), tmp_path / mode)["carbon_sink_flux"].values
             for mode in ("annual", et_mode)]  # fmt: skip
    assert modes[0] == pytest.approx(modes[1], rel=1e-13)


def test_soil_co2_that_is_given_and_the_air_of_the_year(world: World, tmp_path: Path) -> None:
    co2 = [0.003, 0.005, 0.01, 0.01]
    flux = solve(study(world, changes={"soil_co2_atm": co2}), tmp_path / "given")[
        "carbon_sink_flux"
    ]
    reading, site = reading_of("profile"), pit(means(2000, 6, 19), minerals_of("profile"))
    layers = tuple(replace(layer, co2=own) for layer, own in zip(site.layers, co2, strict=True))
    solved = steady_state(Columns.of([replace(site, layers=layers)], reading), reading)
    expected = solved.rates.sum(axis=(0, 1))[:, 0] * CARBON_MOLAR_MASS * 1000.0
    stored = flux.sel(year=2000, lat=LAT[6], lon=LON[19]).values
    assert stored == pytest.approx(expected, rel=1e-12)
    air = tmp_path / "co2.csv"
    air.write_text("year,co2_ppm\n2000,369\n2001,380\n", encoding="utf-8")
    series = solve(
        study(world, reading={"atmosphere": "series"}, inputs__atmospheric_co2={"path": str(air)}),
        tmp_path / "series",
    )["carbon_sink_flux"].sel(year=2001, lat=LAT[6], lon=LON[19])
    at = means(2001, 6, 19)
    pressure = float(eq.soil_co2(1000.0 * at["water"], np.log10(380e-6)))
    site = pit(at, minerals_of("profile"))
    layers = tuple(replace(layer, co2=pressure) for layer in site.layers)
    solved = steady_state(Columns.of([replace(site, layers=layers)], reading), reading)
    expected = solved.rates.sum(axis=(0, 1))[:, 0] * CARBON_MOLAR_MASS * 1000.0
    assert series.values == pytest.approx(expected, rel=1e-12)


def test_a_column_without_solution_is_counted(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = column_blocks.steady_state_of_many

    def unsolved(columns: Columns, *others: Any) -> Any:
        """The second layer of the first cell has no steady state."""
        percolation = columns.percolation.copy()
        percolation[1, 0] = np.nan
        return original(replace(columns, percolation=percolation), *others)

    monkeypatch.setattr(column_blocks, "steady_state_of_many", unsolved)
    out = tmp_path / "out"
    dataset = solve(study(world, engine__bands=1), out)
    state = state_of(out)
    missing = state["missing_inputs_by_cause"]
    assert (
        missing["no_solution"]["cells"],
        missing["forcing"]["cells"],
        missing["any"]["cells"],
    ) == (1, 0, 1)
    assert (
        state["counts_of_clipped_values"]["no_solution_layer_cell_years"] == 6
    )  # 3 layers, 2 years
    finite = np.isfinite(dataset["carbon_sink_flux"].values)
    assert finite[:, 0].all()
    assert (~finite[:, 1:]).sum() == 6


def test_a_gap_in_the_forcing_is_a_gap_of_the_forcing(world: World, tmp_path: Path) -> None:
    with netCDF4.Dataset(world.path(2001, 7), "a") as dataset:
        dataset["SoilMoi40_100cm_inst"][0, 6, 19] = -9999.0
    out = tmp_path / "out"
    flux = solve(study(world), out)["carbon_sink_flux"]
    missing = state_of(out)["missing_inputs_by_cause"]
    assert (missing["forcing"]["cells"], missing["no_solution"]["cells"]) == (1, 0)
    assert int(flux.isnull().sum()) == 4
    assert flux.sel(year=2001, lat=LAT[6], lon=LON[19]).isnull().all()


def test_template_section_and_schema(world: World) -> None:
    text = TEMPLATE.format(name="s.toml").replace('model = "profile-co2"', 'model = "profile"')
    before, rest = text.split("# [column]\n")
    section, after = rest.split("# COLUMN ENDS\n")
    lines = [line.removeprefix("# ").removeprefix("#") for line in section.splitlines()]
    content = tomllib.loads(before + "[column]\n" + "\n".join(lines) + "\n" + after)
    jsonschema.validate(content, schema())
    study_read = Study.of(content, Path())
    again = Study.of(tomllib.loads(study_read.to_toml()), Path("/other"))
    assert again == study_read
    Study.of({**content, "model": "simple"}, Path())
    for changes in ({"averaging": "anual"}, {"reading": {"brake": "on"}}, {"doc_mg_L": "x"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(study(world, changes=changes), schema())


def test_explain_says_which_model(world: World) -> None:
    text = explain_study(Study.of(study(world), Path()))
    for part in ("PROFILE, sverdrup_warfvinge_1995", "carbon sink: CO2 as charge of all", "Eq 2  soil CO2",
                 "pk of Smectite_pkH_14.9, pathway H", "brakes = 'on'"):  # fmt: skip
        assert part in text, part
    assert explain_study(Study.of(world.study(), Path())).startswith("reading: canonical")


def test_the_example_of_the_repository_runs(tmp_path: Path) -> None:
    study_read = Study.read(ROOT / "studies/column-constants.toml")
    short = study_read.model_copy(update={"first_year": 2018})
    engine_run.compute(short, tmp_path / "out", False, lambda *_: None)
    flux = sap.open(tmp_path / "out")["carbon_sink_flux"]
    assert int(flux.isel(year=0, layer=0).notnull().sum()) > 100
