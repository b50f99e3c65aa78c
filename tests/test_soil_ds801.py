"""USGS DS-801: the real table against its facts, the survey's own layout, spoiled tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saprolite.errors import InputError
from saprolite.sources.ds801 import PHASES, read_ds801

TABLE = "mineralogy/usgs_ds801_mineralogy_geochemistry.csv.gz"


def test_real_table(data: Path) -> None:
    source = read_ds801(data / TABLE)
    table = source.table
    assert len(table) == 14_275
    assert table["site"].nunique() == 4_818
    assert table.groupby("horizon")["analysed"].sum().to_dict() == {"A": 4690, "C": 4764, "Top5": 0}
    phases = table[list(PHASES)]
    # Never a number in a sample that was not analysed; none missing in one that was.
    assert phases[~table["analysed"]].isna().all(axis=None)
    assert phases[table["analysed"]].notna().all(axis=None)
    np.testing.assert_allclose(phases[table["analysed"]].sum(axis=1), 1.0, rtol=1e-12)
    assert "99.8 to 100.3" in source.notes[0]
    # Means where detected, percent, as documented (A, C).
    for name, expected in (("quartz", (49.9, 46.4)), ("plagioclase", (13.5, 13.5)),
                           ("k_feldspar", (6.7, 5.7)), ("clay_10a", (8.4, 9.0)),
                           ("clay_14a", (3.4, 4.9)), ("kaolinite", (4.3, 6.8)),
                           ("amorphous", (20.7, 19.5))):  # fmt: skip
        found = 100.0 * phases[name].where(phases[name] > 0).groupby(table["horizon"]).mean()
        assert (found["A"], found["C"]) == pytest.approx(expected, abs=0.06)


def test_real_phases_add_up_as_published(data: Path) -> None:
    """22 phases in steps of 0.1: within 0.3 of 100; with the survey's totals, within 0.1 mostly."""
    raw = pd.read_csv(data / TABLE)
    raw = raw[raw["xrd_analysed"]].fillna(0.0)
    phases = raw[[f"{name.lower()}_pct" for name in PHASES.values()]].sum(axis=1)
    assert (phases - 100.0).abs().max() < 0.31
    parts = ("tot_k_fs", "tot_plag", "tot_14a", "tot_10a", "kaolinit", "calcite", "dolomite",
             "aragon", "analcime", "heuland")  # fmt: skip
    totals = ("tot_flds", "tot_clay", "tot_carb", "tot_zeol")
    by_total = phases - raw[[f"{name}_pct" for name in parts]].sum(axis=1)
    by_total += raw[[f"{name}_pct" for name in totals]].sum(axis=1)
    assert ((by_total - 100.0).abs() < 0.101).mean() > 0.98
    first = read_ds801(data / TABLE).table
    sample = raw[raw["lab_id"] == "C-311157"].iloc[0]
    found = first[first["sample"] == "C-311157"].iloc[0]
    assert found["quartz"] == pytest.approx(sample["quartz_pct"] / 100.0, rel=2e-3)
    assert (found["top"], found["bottom"], found["clay_14a"]) == (0.0, 0.4, 0.0)


def survey_text(horizon: str = "A", before: int = 0) -> str:
    """The survey's layout: names with the horizon, a line of units, tabs, blanks, N.S., INS."""
    totals = ("Tot_Flds", "Tot_Clay", "Tot_Carb", "Tot_Zeol")
    given = [*PHASES.values(), *totals]
    names = [f"{horizon}_LabID", "SiteID", "StateID", "Latitude", "Longitude", f"{horizon}_Depth",
             *(f"{horizon}_{name}" for name in given)]  # fmt: skip
    units = ["", "", "", "degrees", "degrees", "cm", *(["wt. %"] * len(given))]
    rock = {"Quartz": "50.1", "Tot_Plag": "20", "Tot_K_fs": "10", "Tot_Flds": "30",
            "Tot_14A": "5", "Tot_Clay": "5", "Hornbl": "4.9", "Amorph": "10"}  # fmt: skip
    rows = [
        ["C-1", "1", "CO", "40.1", "-105.2", "0-20", *(rock.get(name, "") for name in given)],
        ["N.S.", "2", "CO", "41.1", "-106.2", "N.S.", *(["N.S."] * len(given))],
        ["C-3", "3", "UT", "39.5", "-110", "5-30", *(["INS"] * len(given))],
    ]
    lines = ["\t".join(row) for row in (names, units, *rows)]
    return "\n".join([*(["A note on the table"] * before), *lines]) + "\n"


@pytest.mark.parametrize(("horizon", "before"), [("A", 0), ("C", 0), ("A", 12)])
def test_the_layout_of_the_survey(tmp_path: Path, horizon: str, before: int) -> None:
    path = tmp_path / "Appendix_3b_Ahorizon_18Sept2013.txt"
    path.write_text(survey_text(horizon, before), encoding="latin-1")
    table = read_ds801(path).table
    assert table["analysed"].tolist() == [True, False, False]
    assert table["horizon"].tolist() == [horizon] * 3
    first = table.iloc[0]
    assert (first["top"], first["bottom"], first["latitude"]) == (0.0, 0.2, 40.1)
    assert first["quartz"] == pytest.approx(0.501)
    assert first["calcite"] == 0.0
    assert np.isnan(table.loc[1:, "calcite"]).all()
    assert np.isnan(table.loc[1, "top"])


@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text.replace("\t50.1", "\t0.501"), "a sum of 50.4"),
    (lambda text: text.replace("\t50.1", "\t<0.2"), "texts such as '<0.2'"),
    (lambda text: text.replace("\t50.1", "\t-9999"), "-9999 to"),
    (lambda text: text.replace("\t50.1", "\t255"), "255"),
    (lambda text: text.replace("\t30\t", "\t60\t"), "not the sum of k_feldspar"),
    (lambda text: text.replace("\t40.1", "\t"), "1 without a value"),
    (lambda text: text.replace("\t40.1", "\t140.1"), "140.1"),
    (lambda text: text.replace("A_Hornbl", "A_Hornblende"), "A_Hornbl"),
    (lambda text: text[:0], "an empty file"),
    (lambda text: text.split("\n")[0] + "\n", "no rows"),
])  # fmt: skip
def test_spoiled_tables(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    path = tmp_path / "Appendix_3b.txt"
    path.write_text(survey_text())
    read_ds801(path)
    path.write_text(change(survey_text()))
    with pytest.raises(InputError, match=message) as caught:
        read_ds801(path)
    assert "Appendix_3b" in str(caught.value)


def test_a_spreadsheet_and_a_truncated_archive(data: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "Appendix_3a_Ahorizon_18Sept2013.xls"
    sheet.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InputError, match="tab text"):
        read_ds801(sheet)
    truncated = tmp_path / "ds801.csv.gz"
    truncated.write_bytes((data / TABLE).read_bytes()[:200_000])
    with pytest.raises(InputError, match="truncated"):
        read_ds801(truncated)


def test_flags_and_phases_that_do_not_agree(data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(data / TABLE, nrows=60, dtype=str)
    path = tmp_path / "ds801.csv"
    raw["xrd_analysed"] = "True"
    raw.to_csv(path, index=False)
    with pytest.raises(InputError, match="xrd_analysed"):
        read_ds801(path)
