"""The ledger of claims: every row has a verdict, numbers are those of the tables, rules by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from saprolite.analysis.claims import (
    DIFFERS,
    NOT_COMPUTABLE,
    REPRODUCED,
    VERDICTS,
    WITHIN_2,
    WITHIN_10,
    Claim,
    compared,
    judge,
    manuscript_claims,
    read_claims,
    read_claims_file,
)
from saprolite.analysis.claims_recipes import NotComputableError, Recipe, read, tables_of
from saprolite.analysis.printed import printed
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.analysis_workflow import judge_claims
from saprolite.cli import app
from saprolite.errors import InputError

# Claims of regions, other runs and comparisons, which the demo planet alone cannot answer.
ELSEWHERE = {
    "C008", "C040", "C041", "C064", "C105", "C106", "C107", "C108", "C109", "C110", "C111", "C112",
    "C113", "C117", "C119", "C120", "C121", "C134", "C135", "C136", "C140", "C143", "C147",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(analysed_demo: Path) -> RunOutputs:
    return RunOutputs.open(analysed_demo)


def test_every_claim_of_the_manuscript_has_a_verdict(run: RunOutputs) -> None:
    found = judge(manuscript_claims(), {"this": tables_of(run)}).set_index("id")
    assert found.index.tolist() == [f"C{number:03d}" for number in range(1, 180)]
    assert set(found["verdict"]) <= set(VERDICTS)
    lacking = found[found["verdict"] == NOT_COMPUTABLE]
    assert (lacking["note"] != "").all()
    # A profile without a feature, a class without a cell: findings. All else is there.
    nothing = lacking["note"].str.contains("features|no cell")
    assert set(lacking.index[~nothing]) == ELSEWHERE
    judged = found["verdict"].isin([REPRODUCED, WITHIN_10, WITHIN_2, DIFFERS])
    assert judged.sum() > 100
    assert (found["here"][judged] != "").all()
    assert (found[judged & found["note"].str.contains("the run is of 1970-1985")]).shape[0] > 90


def test_numbers_are_those_of_the_tables(run: RunOutputs) -> None:
    found = judge(manuscript_claims(), {"this": tables_of(run)}).set_index("id")["here"]
    total = run.summary["global_total_Tg_C_yr-1"]
    assert float(found["C018"]) == pytest.approx(total, rel=1e-4)
    assert float(found["C002"]) == pytest.approx(total / 1000.0, rel=1e-4)
    trends = run.analysis["trends"]
    globe = trends[(trends["kind"] == "globe") & (trends["series"] == "control")]
    slope = globe.set_index("layers")["slope_of_total_Tg_C_yr-2"]
    assert float(found["C063"]) == pytest.approx(slope["100-200 cm"] / slope["0-40 cm"], rel=1e-4)
    zones = {row["climate_group"]: row for row in run.summary["by_climate_group"]}
    assert float(found["C025"]) == pytest.approx(zones["B arid"]["total_Tg_C_yr-1"], rel=1e-4)
    assert found["C013"] == "192" and found["C016"] == "5"
    assert (found["C155"], found["C165"]) == ("-3.47", "3600")
    synergy = run.analysis["synergy"]
    column = synergy[(synergy["kind"] == "globe") & (synergy["layers"] == "0-200 cm")]
    both = column.set_index("class")["area_percent"]
    assert float(found["C123"]) == pytest.approx(
        both["both_positive"] + both["both_negative"], rel=1e-4
    )


@pytest.mark.parametrize(("here", "there", "verdict", "ratio"), [
    (110.864, "110.86", REPRODUCED, 1.0), (110.87, "110.86", WITHIN_10, 1.0),
    (100.0, "110.86", WITHIN_10, 0.902), (60.9, "110.86", WITHIN_2, 0.549),
    (50.0, "110.86", DIFFERS, 0.451), (-110.86, "110.86", DIFFERS, -1.0),
    (-2.44, "-2.4", REPRODUCED, 1.017), (2.4, "-2.4", DIFFERS, -1.0),
    (34.6, "34-42", REPRODUCED, 1.0), (32.0, "34-42", WITHIN_10, 0.941),
    (84.0, "34-42", WITHIN_2, 2.0), (2.01, ">2.0", REPRODUCED, 1.005),
    (1.99, ">2.0", DIFFERS, 0.995), (-1.0, "<0", REPRODUCED, np.nan), (0.0, "0.1", DIFFERS, 0.0),
])  # fmt: skip
def test_verdicts_by_hand(here: float, there: str, verdict: str, ratio: float) -> None:
    found = compared(here, printed(there))
    assert found.verdict == verdict
    assert found.ratio == pytest.approx(ratio, abs=1e-3, nan_ok=True)


ROWS = pd.DataFrame({
    "latitude_degrees_north": [-20.0, 0.0, 10.0, 40.0], "zone": ["a", "b", "c", "d"],
    "flux": [1.0, 3.0, 2.0, np.nan],
})  # fmt: skip
LIST = {"zone": ["c", "a"]}


@pytest.mark.parametrize(("recipe", "expected"), [
    ({"where": {"zone": "b"}}, [3.0]), ({"where": LIST, "choose": "list"}, [2.0, 1.0]),
    ({"choose": "max"}, [3.0]), ({"choose": "min"}, [1.0]), ({"choose": "sum"}, [6.0]),
    ({"choose": "nearest", "at": 12.0}, [2.0]), ({"choose": "count"}, [4.0]),
    ({"choose": "percent_above", "at": 1.5}, [200.0 / 3.0]),
    ({"choose": "percent_below", "at": 1.5, "latitudes": [-90.0, 5.0]}, [50.0]),
    ({"where": {"zone": "b"}, "times": 100.0, "plus": -100.0,
      "over": {"table": "t", "where": {"zone": "c"}, "column": "flux"}}, [50.0]),
    ({"where": {"zone": "b"}, "over": {"value": 6.0, "source": "a book"}}, [0.5]),
])  # fmt: skip
def test_recipes_pick_and_divide(recipe: dict[str, Any], expected: list[float]) -> None:
    found = read(Recipe.model_validate({"table": "t", "column": "flux"} | recipe),
                 {"this": {"t": ROWS}})  # fmt: skip
    assert found.values == pytest.approx(expected)


@pytest.mark.parametrize(("recipe", "why"), [
    ({}, "4 rows"), ({"where": {"zone": "d"}}, "not a number"), ({"where": {"zone": "e"}}, "zone e"),
    ({"where": {"zone": ["a", "e"]}, "choose": "list"}, "zone a and e"),
    ({"where": {"kind": "region", "area": "Amazon"}}, "no column kind"), ({"column": "x"}, "column x"),
    ({"table": "analysis/trends"}, "saprolite analyse"), ({"run": "scenario"}, "--scenario"),
    ({"run": "comparisons"}, "--comparisons"), ({"table": "tables/none"}, "no table tables/none"),
    ({"where": {"zone": "a"}, "over": {"value": 0.0, "source": "s"}}, "is 0"),
    ({"latitudes": [50.0, 60.0], "choose": "max"}, "no row has one"),
])  # fmt: skip
def test_what_a_recipe_cannot_read_is_said(recipe: dict[str, Any], why: str) -> None:
    with pytest.raises(NotComputableError, match=why):
        read(Recipe.model_validate({"table": "t", "column": "flux"} | recipe),
             {"this": {"t": ROWS}})  # fmt: skip


@pytest.mark.parametrize(("expects", "where", "verdict"), [
    ("increasing", ["a", "c", "b"], REPRODUCED), ("decreasing", ["a", "c", "b"], DIFFERS),
    ("negative to positive", ["a", "b"], DIFFERS),
    ("negative to positive from below", ["a", "b"], REPRODUCED), ("all > 0", ["a", "b"], REPRODUCED), ("all > 1", ["a", "b"], DIFFERS),
    ("all < 4", ["a", "b"], REPRODUCED), ("= 1", ["a"], REPRODUCED), ("= 1.01", ["a"], DIFFERS),
])  # fmt: skip
def test_orders_signs_and_settings(expects: str, where: list[str], verdict: str) -> None:
    plus = -2.0 if "from below" in expects else 0.0
    expects = expects.removesuffix(" from below")
    recipe = Recipe(table="t", where={"zone": [*where]}, column="flux", choose="list", plus=plus)
    claim = Claim(section="s", lines="1", claim="c", printed="-", expects=expects, read=recipe)
    assert judge({"A1": claim}, {"this": {"t": ROWS}})["verdict"].item() == verdict


def test_a_scenario_answers_what_it_is_asked(run: RunOutputs) -> None:
    this, later = tables_of(run), tables_of(run)
    this["summary"] = this["summary"].assign(**{"global_total_Tg_C_yr-1": 110.86})
    later["summary"] = later["summary"].assign(**{"global_total_Tg_C_yr-1": 151.0})
    found = judge(manuscript_claims(), {"this": this, "scenario": later}).set_index("id")
    for name, number in (("C135", 0.151), ("C136", 36.2), ("C008", 36.2), ("C018", 110.86)):
        assert found.loc[name, "verdict"] == REPRODUCED
        assert float(found.loc[name, "here"]) == pytest.approx(number, rel=1e-2)


def test_comparisons_answer_what_they_are_asked(run: RunOutputs) -> None:
    rows = [("simple_brakes_off", "all", 0.83, 1.0, 0.6),
            ("witch_type_smectite", "smectite", 0.5, -1.0, 0.6),
            ("witch_type_illite", "illite", 0.5, -1.0, 0.6),
            ("witch_type_all_pathways", "all", 0.5, -1.0, 0.4)]  # fmt: skip
    names = ["comparison", "mineral", "mean_ratio", "sign_of_median_log_ratio", "share_within_10"]
    table = pd.DataFrame(rows, columns=names).assign(quantity="rate")
    outputs = {"this": tables_of(run), "comparisons": {"comparison_statistics": table}}
    found = judge(manuscript_claims(), outputs).set_index("id")["verdict"]
    assert found[["C109", "C110", "C111", "C112", "C113"]].tolist() == [
        REPRODUCED, REPRODUCED, DIFFERS, REPRODUCED, DIFFERS,
    ]  # fmt: skip


def test_the_command_writes_all_rows_and_takes_another_ledger(
    analysed_demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(analysed_demo, tmp_path / "out"))
    app(["claims", str(out), "--all"], result_action="return_value")
    text = capsys.readouterr().out
    assert "179 claims" in text and "C018 " in text and "claims are of other years" in text
    counts = [line for line in text.splitlines() if line.strip().startswith(VERDICTS)]
    assert sum(int(line[24:29]) for line in counts) == 179
    written = pd.read_csv(out / "analysis/claims.csv", comment="#")
    assert len(written) == 179
    assert "this run is of 1970-1985" in (out / "analysis/claims.csv").read_text()
    app(["audit", str(out)], result_action="return_value")
    shutil.rmtree(out / "analysis")
    bare = judge_claims(out, scenario=out).set_index("id")
    assert bare.loc["C057", "note"].startswith("the run has not been analysed")
    assert bare.loc["C136", "here"] == "0"
    ledger = tmp_path / "own.toml"
    total = json.loads((out / "summary.json").read_text())["global_total_Tg_C_yr-1"]
    ledger.write_text(
        f'[A1]\nsection = "s"\nlines = "1"\nclaim = "total"\nprinted = "{total:.2f}"\n'
        'read = { table = "summary", column = "global_total_Tg_C_yr-1" }\n'
    )
    assert judge_claims(out, ledger)["verdict"].tolist() == [REPRODUCED]


def test_faults_of_a_ledger_are_all_named(tmp_path: Path) -> None:
    text = (
        '[A1]\nsection = "s"\nlines = "1"\nclaim = "c"\nprinted = "1"\n'
        '[A2]\nsection = "s"\nlines = "1"\nclaim = "c"\nprinted = "1"\nkind = "qualitative"\n'
        '[A3]\nsection = "s"\nlines = "1"\nclaim = "c"\nprinted = "one"\n'
        'read = { table = "summary", column = "x" }\n'
        '[A4]\nsection = "s"\nlines = "1"\nclaim = "c"\nprinted = "1"\nread = { value = 1.0 }\n'
        '[A5]\nsection = "s"\nlines = "1"\nclaim = "c"\nprinted = "1"\n'
        'read = { table = "summary", column = "x", choose = "nearest" }\n'
    )
    with pytest.raises(InputError) as error:
        read_claims(text, "own.toml")
    assert len(error.value.problems) == 5
    assert all(f"A{n}" in str(error.value) for n in range(1, 6))
    with pytest.raises(InputError, match="no TOML"):
        read_claims("[", "own.toml")
    with pytest.raises(InputError, match="cannot be read"):
        read_claims_file(tmp_path / "none.toml")
