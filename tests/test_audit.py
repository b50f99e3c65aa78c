"""The auditor: a run that agrees with itself passes, every spoilt number is named, X01 to X12."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import saprolite as sap
from saprolite.analysis import audit_analysis
from saprolite.analysis.audit import audit, require
from saprolite.analysis.audit_published import (
    COLUMNS,
    audit_published,
    manuscript_numbers,
    read_published,
)
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.analysis_workflow import analyse
from saprolite.cli import app
from saprolite.errors import AuditError, InputError, StoreError
from saprolite.study import Study
from saprolite.uncertainty_workflow import uncertainty
from world import World


def audited(run: RunOutputs) -> pd.DataFrame:
    return audit(run, lambda *_: None).set_index("check")


@pytest.fixture(scope="module")
def run(analysed_demo: Path) -> RunOutputs:
    return RunOutputs.open(analysed_demo)


def test_the_demo_agrees_with_itself(run: RunOutputs) -> None:
    found = audited(run)
    assert set(found["status"]) == {"ok"}, found[found["status"] != "ok"].to_string()
    assert len(found) > 80
    assert {f"X0{n}" for n in range(1, 10)} <= set(found["finding"])
    require(found.reset_index(), "")


def summary(change: Callable[[dict[str, Any]], None]) -> Callable[[RunOutputs], RunOutputs]:
    def spoil(run: RunOutputs) -> RunOutputs:
        content = json.loads(json.dumps(run.summary))
        change(content)
        return replace(run, summary=content)

    return spoil


def cell(folder: str, name: str, column: str, factor: float, row: int = 0) -> Any:
    def spoil(run: RunOutputs) -> RunOutputs:
        tables = dict(getattr(run, folder))
        table = tables[name].copy()
        at = table.columns.get_loc(column)
        table.iloc[row, at] = factor * table.iloc[row, at] if factor else np.nan
        return replace(run, **{folder: {**tables, name: table}})

    return spoil


def stored(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    def spoil(run: RunOutputs) -> RunOutputs:
        array = run.fluxes[name]
        return replace(run, fluxes=run.fluxes.assign({name: array.copy(data=change(array.values))}))

    return spoil


def unit(name: str, units: str) -> Any:
    def spoil(run: RunOutputs) -> RunOutputs:
        array = run.fluxes[name]
        return replace(run, fluxes=run.fluxes.assign({name: array.assign_attrs(units=units)}))

    return spoil


def raised(content: dict[str, Any], *keys: Any) -> None:
    *parents, last = keys
    for key in parents:
        content = content[key]
    content[last] *= 1.001


TOTAL, MEAN = "total_Tg_C_yr-1", "mean_flux_t_C_km-2_yr-1"
SLOPE = "slope_of_total_Tg_C_yr-2"


@pytest.mark.parametrize(("spoil", "check"), [
    (summary(lambda s: raised(s, "by_layer", 0, TOTAL)), "layers sum to the total"),
    (summary(lambda s: raised(s, "by_layer", 1, "total_per_cm_Tg_C_yr-1_cm-1")),
     "total per cm times thickness is the layer's total"),
    (summary(lambda s: raised(s, "by_mineral", 2, TOTAL)), "minerals sum to the total"),
    (summary(lambda s: raised(s, "by_climate_group", 1, TOTAL)),
     "climate groups and unclassified land sum to the total"),
    (summary(lambda s: raised(s, "by_layer", 0, "share_percent")), "shares of layers sum to 100 %"),
    (summary(lambda s: raised(s, MEAN, "area_weighted_valid")),
     "area implied by the area weighted valid mean"),
    (summary(lambda s: raised(s, MEAN, "unweighted_land")),
     "unweighted means times their cells are the same sum"),
    (summary(lambda s: raised(s, "by_climate_group", 0, MEAN, "area_weighted_land")),
     "area implied by the area weighted land means of groups"),
    (summary(lambda s: raised(s, "land_area_km2")), "land area of the summary is that of the run"),
    (summary(lambda s: raised(s, "annual_" + TOTAL, "1975")), "annual totals of table and summary"),
    (cell("tables", "annual", "0-10 cm " + TOTAL, 1.01, 3),
     "fluxes times areas are the annual totals of layers"),
    (cell("tables", "latitude_profile", "coverage_of_land_1", 1.5, 20),
     "coverage of rows of latitude"),
    (cell("tables", "latitude_profile", TOTAL, 1.01, 20), "rows of latitude sum to the total"),
    (cell("tables", "missing_inputs", "area_km2", 1.01, -1),
     "land with and without a missing input is all land"),
    (cell("analysis", "areas", TOTAL, 1.01, 9), "totals of every climate group sum to the globe's"),
    (cell("analysis", "areas", "valid_area_km2", 1.01, 2),
     "areas: area implied by the area weighted valid means"),
    (cell("analysis", "trends", SLOPE, 1.01, 2), "slopes of layers sum to the column's"),
    (cell("analysis", "trends", SLOPE, 0.0, 2), "slopes of layers sum to the column's"),
    (cell("analysis", "trends", "mean_slope_area_weighted_kg_C_km-2_yr-2", 1.01, 7),
     "mean slope times its area is the slope of the total"),
    (cell("analysis", "trends", "rising_significantly_area_percent", 3.0, 7),
     "rising area less rising significantly"),
    (cell("analysis", "drivers", "residual_Tg_C_yr-2", 1.1, 7),
     "experiments and residual sum to the control"),
    (cell("analysis", "drivers", "relative_contribution_of_residual_percent", 1.1, 7),
     "sizes of relative contributions sum to 100 %"),
    (cell("analysis", "drivers", "contribution_of_soil_co2_Tg_C_yr-2", 1.1, 7),
     "contributions sum to the control"),
    (cell("analysis", "synergy", "area_percent", 1.1, 1),
     "areas of the classes of synergy sum to 100 %"),
    (cell("analysis", "synergy", "area_km2", 1.1, 1),
     "... is no more than the area where one is zero"),
    (cell("analysis", "main_control", "area_percent", 1.1, 2), "main_control: shares"),
    (cell("analysis", "relative_contributions", "positive_area_percent", 1.01),
     "relative_contributions: shares of signs sum to 100 %"),
    (stored("carbon_sink_flux", lambda flux: -flux), "valid range: fluxes.zarr carbon_sink_flux"),
    (stored("carbon_sink_flux_by_mineral", lambda flux: 1.01 * flux),
     "minerals sum to the flux of every cell and layer"),
    (stored("carbon_sink_contribution", lambda flux: 1.001 * flux),
     "contributions sum to the control less its base year"),
    (stored("carbon_sink_flux_by_experiment", lambda flux: 1.001 * flux),
     "experiments equal the control in their base year"),
    (stored("carbon_sink_total", lambda total: 1.001 * total),
     "fluxes times areas are the stored annual series"),
    (stored("cell_area", lambda area: 1.001 * area),
     "cell areas of land sum to the land area"),
    (unit("trend_slope", "t km-2 yr-1"), "units of every stored variable"),
    (unit("carbon_sink_flux", ""), "units of every stored variable"),
    (lambda run: replace(run, analysis={**run.analysis, "new": pd.DataFrame({"flux": [1.0]})}),
     "columns of tables end in a unit"),
])  # fmt: skip
def test_a_spoilt_number_is_named(
    run: RunOutputs, spoil: Callable[[RunOutputs], RunOutputs], check: str
) -> None:
    found = audited(spoil(run))
    assert found.loc[check, "status"] == "failed"
    with pytest.raises(AuditError, match="contradicts itself"):
        require(found.reset_index(), "")


def test_the_command_fails_loudly_and_names_numbers(
    analysed_demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(analysed_demo, tmp_path / "out"))
    written = tmp_path / "audit.csv"
    app(["audit", str(out), "--table", str(written)], result_action="return_value")
    assert "checks" in capsys.readouterr().out
    assert set(pd.read_csv(written)["status"]) == {"ok"}
    file = out / "tables/by_layer.csv"
    file.write_text(file.read_text().replace("100-200 cm,", "100-200 cm,9"))
    with pytest.raises(AuditError) as error:
        app(["audit", str(out), "--all"], result_action="return_value")
    assert error.value.exit_code == 4
    assert {problem.where for problem in error.value.problems} == {
        "checksums of outputs", "table by_layer has the totals of the summary",
        "layers: climate groups sum to the layer",
    }  # fmt: skip
    assert "tables/by_layer.csv" in str(error.value)
    text = capsys.readouterr().out
    assert "ok" in text and "failed" in text
    with pytest.raises(InputError, match="--manuscript"):
        app(["audit"], result_action="return_value")
    with pytest.raises(StoreError, match=r"no run\.json"):
        app(["audit", str(tmp_path)], result_action="return_value")


def test_where_nothing_weathers_there_is_nothing_to_compare(tmp_path: Path) -> None:
    """No soil anywhere: every flux is 0, no cell has a trend, and no command breaks of it."""
    world = World(tmp_path / "w", years=range(2000, 2004)).write()
    content = world.study(
        inputs__thickness={"product": "constant", "metres": 0.0},
        experiments__run=["soil_moisture", "soil_temperature", "shapley"],
    )
    out = tmp_path / "out"
    sap.run(Study.of(content, Path()), out)
    analyse(out)
    assert (out / "figures/fig_04_trends_by_layer.png").is_file()
    assert not (out / "figures/fig_05_contribution_of_soil_moisture.png").exists()
    assert not (audited(RunOutputs.open(out))["status"] == "failed").any()
    with pytest.raises(InputError, match="a carbon sink of 0 in every cell"):
        uncertainty(out)


def test_gaps_and_short_runs_pass_with_what_does_not_apply(tmp_path: Path) -> None:
    def gap(values: np.ndarray) -> np.ndarray:
        return np.where(np.arange(values.size).reshape(values.shape) % 7 == 0, -9999.0, values)

    changes = {(2002, 6, "SoilMoi100_200cm_inst"): gap}
    world = World(tmp_path / "w", years=range(2000, 2004), changes=changes).write()
    content = world.study(experiments__run=["soil_moisture", "soil_temperature"],
                          grid__max_missing_percent=100.0)  # fmt: skip
    sap.run(Study.of(content, Path()), tmp_path / "out")
    before = audited(RunOutputs.open(tmp_path / "out"))
    assert before.loc["tables of the analysis", "status"] == "not applicable"
    analyse(tmp_path / "out")
    found = audited(RunOutputs.open(tmp_path / "out"))
    assert not (found["status"] == "failed").any(), found.to_string()
    for check in ("the mean of the annual totals is the total",
                  "mean slope times its area is the slope of the total",
                  "contributions sum to the control less its base year"):  # fmt: skip
        assert found.loc[check, "status"] == "not applicable"


@pytest.mark.parametrize(("check", "finding", "status", "numbers"), [
    ("implied area: globe 0-200 cm", "X01", "failed", ["221.72 (219.5-224.0)", "147.4"]),
    ("implied area: globe 0-10 cm", "X02", "failed", ["225.67 (193.3-271.0)"]),
    ("implied area: globe 10-40 cm", "X02", "failed", ["212.20 (202.0-223.4)"]),
    ("implied area: globe 40-100 cm", "X02", "failed", ["220.67 (213.5-228.3)"]),
    ("implied area: globe 100-200 cm", "X02", "failed", ["216.39 (211.8-221.2)"]),
    ("layers sum to the column: mean_flux", "X02", "ok", ["0.51"]),
    ("one area for the means of all layers", "X02", "ok", ["219.5-221.2"]),
    ("implied area: tropical 0-200 cm", "X03", "ok", ["24.56", "29.1", "16 %"]),
    ("implied area: 17N to 24N 0-200 cm", "X04", "ok", ["no more than 4.1", "9.62"]),
    ("implied area: 7N to 11N 0-200 cm", "X04", "ok", ["no more than 3.6", "4.35"]),
    ("implied area: 5S to 0 0-200 cm", "X04", "ok", ["4.29", "5.39"]),
    ("area of trends and of the level: globe", "X05", "failed", ["121.43 (113.8-129.6)"]),
    ("slopes increase with depth", "X06", "failed as printed",
     ["0.0070, 0.0055, 0.0575, 0.1000", "within the rounding: yes"]),
    ("unit of slope_of_total", "X07", "failed", ["Tg C yr-1", "Tg C yr-2"]),
    ("unit of mean_slope", "X07", "failed", ["kg C km-1 yr-1", "kg C km-2 yr-2"]),
    ("unit of mean_flux", "X07", "failed", ["t C km-2 yr-1"]),
    ("area of both negative, from the other three", "X08", "failed", ["19.89", "14.47", "5.42"]),
    ("signs of soil_moisture sum to 100 %", "X08", "ok", ["99.99"]),
    ("areas of both signs sum to those of one sign", "X08", "ok", ["43.17"]),
    ("definition of significant_area", "X09", "not stated", ["alpha"]),
    ("implied total: sink of rocks", "X11", "ok", ["264-326"]),
    ("implied total: missing sink", "X10", "ok", ["599-634", "100-600"]),
    ("implied area: silicate rocks", "X12", "failed", ["76.11", "61.65"]),
    ("ratio of means and mean of ratios", "X25", "ok", ["16.72", "20.65"]),
    ("the sink increases with depth, per cm of layer", "X30", "failed",
     ["0.677, 0.707, 0.552, 0.498"]),
    ("combined uncertainty", "X31", "not stated", ["54.5"]),
    ("climate zones sum to the total", "", "ok", ["110.87"]),
    ("layers sum to the column: total", "X02", "ok", ["110.86"]),
])  # fmt: skip
def test_the_manuscripts_numbers_imply_the_findings(
    check: str, finding: str, status: str, numbers: list[str]
) -> None:
    row = audit_published(manuscript_numbers()).set_index("check").loc[check]
    assert (row["finding"], row["status"]) == (finding, status)
    text = " ".join(row[["found", "expected", "note"]])
    assert all(number in text for number in numbers), text


def published(*rows: str) -> str:
    return "\n".join([",".join(COLUMNS), *rows])


def test_other_papers_can_be_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["total,,globe,0-100 cm,50.0,Tg C yr-1,Tg C yr-1,,Table 1",
            "mean_flux,,globe,0-100 cm,0.50,t C km-2 yr-1,t C km-2 yr-1,by area,Table 1",
            "land_area,,globe,,130,Mkm2,Mkm2,,text",
            "slope_of_total,,globe,0-100 cm,0.10,Tg C yr-2,Tg C yr-2,,text",
            "mean_slope,,globe,0-100 cm,1.0,kg C km-2 yr-2,kg C km-2 yr-2,by area,text"]  # fmt: skip
    file = tmp_path / "paper.csv"
    file.write_text(published(*rows))
    app(["audit", "--published", str(file)], result_action="return_value")
    assert "2 checks: 2 ok" in capsys.readouterr().out
    found = audit_published(read_published(published(*rows), "paper")).set_index("check")
    assert set(found["status"]) == {"ok"}
    assert found.loc["area of trends and of the level: globe", "found"].startswith("100.00")
    rows[0] = rows[0].replace("50.0", "90.0")
    file.write_text(published(*rows))
    with pytest.raises(AuditError, match="contradict one another"):
        app(["audit", "--published", str(file)], result_action="return_value")
    with pytest.raises(AuditError):
        app(["audit", "--manuscript"], result_action="return_value")


def test_slopes_that_no_rounding_can_save_fail_and_rising_ones_pass() -> None:
    def verdict(first: str, second: str) -> str:
        totals = [f"total,,globe,{layers},{value},Tg C yr-1,,,t"
                  for layers, value in (("0-100 cm", "3.0"), ("0-50 cm", "1.0"),
                                        ("50-100 cm", "2.0"))]  # fmt: skip
        slopes = [f"slope_of_total,,globe,{layers},{value},Tg C yr-2,,,t"
                  for layers, value in (("0-50 cm", first), ("50-100 cm", second))]  # fmt: skip
        said = "increases_with_depth,slope_of_total,globe,,,,,,t"
        numbers = read_published(published(*totals, *slopes, said), "paper")
        return str(audit_published(numbers).set_index("check").loc["slopes increase with depth"]
                   ["status"])  # fmt: skip

    assert verdict("0.10", "0.20") == "ok"
    assert verdict("0.20", "0.20") == "failed as printed"
    assert verdict("0.22", "0.20") == "failed"


def test_published_numbers_that_cannot_be_used_are_all_named(tmp_path: Path) -> None:
    rows = ["toll,,globe,,5,Tg C yr-1,,,t", "total,,globe,0-1 cm,five,Tg C yr-1,,,t",
            "total,,globe,0-1 cm,5,Pg C yr-1,,,t"]  # fmt: skip
    with pytest.raises(InputError) as error:
        read_published(published(*rows), "paper")
    assert len(error.value.problems) == 3
    with pytest.raises(InputError, match="no column"):
        read_published("quantity,value\n", "paper")
    with pytest.raises(InputError, match="cannot be read"):
        app(["audit", "--published", str(tmp_path / "none.csv")], result_action="return_value")


def test_medians_are_not_asked_to_add_up() -> None:
    """Theil-Sen slopes of contributions need not sum to that of the control."""
    numbers = {"kind": ["globe"], "area": ["globe"], "layers": ["0-200 cm"],
               "control_Tg_C_yr-2": [-0.118], "contribution_of_soil_moisture_Tg_C_yr-2": [-0.03],
               "contribution_of_soil_co2_Tg_C_yr-2": [-0.04]}  # fmt: skip
    drivers = pd.DataFrame(numbers)
    status = {}
    for trend in ("theil_sen", "least_squares"):
        choices = {"trend": trend, "relative_to": "summed_trends"}
        (row,) = audit_analysis._drivers(drivers, choices)
        assert row.check == "contributions sum to the control"
        status[trend] = row.status
    assert status == {"theil_sen": "not applicable", "least_squares": "failed"}
