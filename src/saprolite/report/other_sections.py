"""Sections of a report that other commands make: uncertainty, scenario, sites, models, claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from saprolite.places import inside
from saprolite.report.content import Block, Points, Section, Text, in_words, only, shown, table_of
from saprolite.report.run_record import Files, RunRecord

UNCERTAINTY = "tables/uncertainty.csv"
_AUDIT, _CLAIMS = "analysis/audit.csv", "analysis/claims.csv"
_SAME = 1e-6  # of a total that two files state
_DEMO = "demo_planet"


def interval_of(run: RunRecord, quantity: str) -> str:
    """P5 to P95 of a quantity of ``saprolite uncertainty``, in words; nothing without."""
    found = run.files.table(UNCERTAINTY)
    if found is None or _other_total(run) is not None:
        return ""
    row = found[found["quantity"].str.startswith(quantity)]
    if row.empty:
        return ""
    low, high = row["P5"].iloc[0], row["P95"].iloc[0]
    return f"; {shown(low)} to {shown(high)} by the errors of inputs (P5, P95)"


def other_sections(run: RunRecord) -> list[Section]:
    """What was found of each of a finished run; the last says what can be added, and how."""
    sections, absent = [], []
    is_column = "column_reading" in run.state
    for anchor, title, make, command in _PARTS:
        if is_column and anchor in _OF_THE_PATHWAY:
            continue
        blocks = only(make(run))
        if blocks:
            sections.append(Section(anchor, title, blocks))
        else:
            absent.append((title, command.format(out=run.command)))
    if not run.files.has("analysis/areas.csv"):
        absent.insert(0, ("Trends, drivers and zones", f"saprolite analyse {run.command}"))
    if absent:
        points = tuple(f"{title}: {command}" for title, command in absent)
        said = Text("Not made for this run, or not named with --with; each by its command:")
        sections.append(Section("more", "What can be added", (said, Points(points))))
    return sections


def _uncertainty(run: RunRecord) -> list[Block | None]:
    if not run.files.has(UNCERTAINTY):
        return []
    other = _other_total(run)
    if other is not None:
        said = f"{UNCERTAINTY} is of another run: its total is {shown(other)} Tg C yr⁻¹. "
        return [Text(f"{said}Make it again: saprolite uncertainty {run.command}", warning=True)]
    return [
        *run.files.figures("uncertainty"),
        run.files.shown_table(UNCERTAINTY, "Intervals: the run's value, and percentiles of draws",
                              ("quantity", "unit", "run", "P5", "P50", "P95")),
        run.files.shown_table("tables/uncertainty_variance.csv", "Where the variance is from"),
        run.files.shown_table("tables/uncertainty_budget.csv", "Printed terms in quadrature"),
        run.files.shown_table("tables/uncertainty_indices.csv", "Sobol indices, Morris' effects"),
        _notes(run.files, UNCERTAINTY),
    ]  # fmt: skip


def _other_total(run: RunRecord) -> float | None:
    """The total that the uncertainty is of, where it is not that of this run."""
    found = run.files.table(UNCERTAINTY)
    if found is None:
        return None
    total = float(found.set_index("quantity")["run"]["global total"])
    own = float(run.summary["global_total_Tg_C_yr-1"])
    return None if math.isclose(total, own, rel_tol=_SAME) else total


def _readings(run: RunRecord) -> Iterator[Block | None]:
    for files in _with(run, "readings.csv"):
        yield _source(run, files, "readings.csv")
        yield from files.figures("readings")
        yield files.shown_table("readings.csv", "Totals by reading")
        yield _notes(files, "readings.csv")


def _scenario(run: RunRecord) -> Iterator[Block | None]:
    for files in _with(run, "scenario_change.csv"):
        yield _source(run, files, "scenario_change.csv")
        yield from files.figures("fig10", "scenario_drivers", folder=".")
        change = files.table("scenario_change.csv")
        assert change is not None
        column = change[change["depth"] == change["depth"].iloc[-1]]
        names = ["member", "zone", "share_of_area_percent", "history_mean_total_Tg_C_yr-1",
                 "scenario_mean_total_Tg_C_yr-1"]  # fmt: skip
        names += [str(name) for name in change if str(name).startswith("change_against")]
        caption = f"Change by zone, {column['depth'].iloc[0]}"
        yield files.shown_table("scenario_change.csv", caption, names, column)
        yield files.shown_table("scenario_drivers.csv", "What each driver brings")
        yield _notes(files, "scenario_change.csv")


def _sites(run: RunRecord) -> Iterator[Block | None]:
    for files in _with(run, "site_statistics.csv"):
        yield _source(run, files, "site_statistics.csv")
        yield from files.figures("fig07", folder=".")
        found = files.table("site_statistics.csv")
        assert found is not None
        turned = found.set_index("region").T.rename_axis("number").reset_index()
        turned["number"] = turned["number"].map(in_words)
        yield files.shown_table("site_statistics.csv", "Ratios by region", None, turned)
        yield _notes(files, "site_statistics.csv")


def _models(run: RunRecord) -> Iterator[Block | None]:
    columns = ("comparison", "quantity", "mineral", "n", "mean_ratio", "median_ratio",
               "ratio_of_means", "share_within_3", "share_within_10", "log10_scatter")  # fmt: skip
    for files in _with(run, "comparison_statistics.csv"):
        yield Text(f"Models at soil profiles, from {_name(run, files)}; no numbers of this run.")
        yield from files.figures("simple", "witch", folder=".")
        found = files.table("comparison_statistics.csv")
        assert found is not None
        rows = _words(found, "comparison", "quantity")
        caption = "Ratios of the models (b over a)"
        yield files.shown_table("comparison_statistics.csv", caption, columns, rows)
        yield _notes(files, "comparison_statistics.csv")


def _studies(run: RunRecord) -> Iterator[Block | None]:
    columns = ("object", "region", "unit", "this_run", "depth", "other_low", "other_high",
               "ratio_low_1", "ratio_high_1", "reference", "confidence")  # fmt: skip
    for files in _with(run, "table1.csv"):
        found = files.table("table1.csv")
        assert found is not None
        total = 1e3 * float(found.loc[found["unit"] == "Pg C yr-1", "this_run"].iloc[0])
        if not math.isclose(total, float(run.summary["global_total_Tg_C_yr-1"]), rel_tol=_SAME):
            said = f"{_name(run, files)} is of another run: its total is {shown(total)} Tg C yr⁻¹."
            yield Text(said, warning=True)
            continue
        yield _source(run, files, "table1.csv")
        yield from files.figures("fig01", folder=".")
        yield files.shown_table("table1.csv", "This run beside other studies (Table 1)", columns)
        yield files.shown_table("comparisons.csv", "Ratios, each denominator named",
                                ("comparison", *columns))  # fmt: skip
        yield _notes(files, "table1.csv")


def _claims(run: RunRecord) -> list[Block | None]:
    found = run.files.table(_CLAIMS)
    if found is None:
        return []
    counts = found["verdict"].value_counts().rename_axis("verdict").reset_index(name="claims")
    columns = ("id", "claim", "printed", "unit", "here", "ratio_1", "verdict", "note")
    every = run.files.shown_table(_CLAIMS, "Claims, recomputed from this run", columns)
    return [_caveat(run), table_of(counts, "Claims by verdict"), every]


def _caveat(run: RunRecord) -> Text | None:
    """What the verdicts cannot say of a run whose inputs are made up, or in part assumed."""
    if run.state["inputs"]["forcing"].get("product") == _DEMO:
        return Text("This is a run of the demo planet, whose weather and minerals are made up. The "
                    "verdicts show how claims are held against a run; they say nothing about the "
                    "Earth or about the manuscript.", warning=True)  # fmt: skip
    assumed = [str(note) for note in run.state["notes"] if "not data" in str(note)]
    if not assumed:
        return None
    return Text("Inputs of this run are in part assumed, and no verdict is better than they are: "
                + "; ".join(assumed) + ".", warning=True)  # fmt: skip


def _audit(run: RunRecord) -> list[Block | None]:
    found = run.files.table(_AUDIT)
    if found is None:
        return []
    counts = found["status"].value_counts()
    failed = int(found["status"].str.startswith("failed").sum())
    said = f"{len(found)} checks: " + ", ".join(f"{n} {status}" for status, n in counts.items())
    rest = found[found["status"] != "ok"]
    if rest.empty:
        return [Text(f"{said}, listed in {_AUDIT}.")]
    columns = ("check", "finding", "status", "found", "expected", "note")
    caption = "Checks that failed or do not apply"
    table = run.files.shown_table(_AUDIT, caption, columns, rest)
    return [Text(f"{said}.", warning=failed > 0), table]


_Make = Callable[[RunRecord], Any]
_PARTS: Sequence[tuple[str, str, _Make, str]] = (
    ("uncertainty", "Uncertainty", _uncertainty, "saprolite uncertainty {out}"),
    ("readings", "Readings of the equations", _readings,
     "saprolite readings STUDY.toml --out {out}/readings"),
    ("scenario", "Scenario", _scenario, "saprolite scenario {out} FUTURE --out {out}/scenario"),
    ("sites", "Sites", _sites, "saprolite sites {out} TABLE --depth-cm 50"),
    ("models", "Other models", _models, "saprolite compare WISE GLDAS --out {out}/compare"),
    ("studies", "Other studies", _studies, "saprolite references {out} --depth-cm 50"),
    ("claims", "Claims", _claims, "saprolite claims {out}"),
    ("audit", "Audit", _audit, "saprolite audit {out} --table {out}/analysis/audit.csv"),
)  # fmt: skip
# What a soil column, whose chemistry feeds back on itself, is refused.
_OF_THE_PATHWAY = ("uncertainty", "readings")
# What a folder of a comparison is known by, and where a report looks of itself.
MARKS = {
    "readings.csv": "saprolite readings",
    "scenario_change.csv": "saprolite scenario",
    "site_statistics.csv": "saprolite sites",
    "comparison_statistics.csv": "saprolite compare",
    "table1.csv": "saprolite references",
}
SUBFOLDERS = ("readings", "scenario", "sites", "compare", "references")


def _with(run: RunRecord, mark: str) -> list[Files]:
    return [files for files in run.beside if files.has(mark)]


def _name(run: RunRecord, files: Files) -> str:
    """A folder, from that of the run where it lies in it."""
    return inside(run.files.folder, files.folder)


def _source(run: RunRecord, files: Files, mark: str) -> Text:
    """Where a comparison is from, with a warning where its notes do not name this run."""
    if any(str(run.state["title"]) in note for note in files.notes(mark)):
        return Text(f"From {_name(run, files)}.")
    return Text(f"From {_name(run, files)}, which does not name this run: it is of another one, or "
                "of this one under an earlier title.", warning=True)  # fmt: skip


def _notes(files: Files, name: str) -> Points | None:
    notes = files.notes(name)
    return Points(notes) if notes else None


def _words(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{name: table[name].map(in_words) for name in columns})
