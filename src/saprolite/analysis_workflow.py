"""A finished run analysed and held against claims: ``saprolite analyse`` and ``claims``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from saprolite.analysis import csv_text
from saprolite.analysis.analysed import Analysed
from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.claims import judge, manuscript_claims, read_claims_file
from saprolite.analysis.claims_recipes import Tables, tables_of
from saprolite.analysis.findings import Findings, find
from saprolite.analysis.maps_store import MapsStore
from saprolite.analysis.run_outputs import RunOutputs, read_tables
from saprolite.engine.lock import RunLock
from saprolite.engine.state import finished_state
from saprolite.places import Place, place, write_text
from saprolite.stages import Report, quiet
from saprolite.study import Study
from saprolite.study_analysis import AnalysisChoices

if TYPE_CHECKING:
    import pandas as pd

STORE, FOLDER, FIGURES = "analysis.zarr", "analysis", "figures"


def analyse(
    out: str | Place, study: str | Path | Study | None = None, report: Report = quiet
) -> Findings:
    """Analyse a finished run: maps into ``analysis.zarr``, tables (CSV) into ``analysis/``, and
    figures (PNG, PDF, their numbers as CSV) into ``figures/``.

    Parameters
    ----------
    out
        Folder of the run.
    study
        A study whose ``[analysis]`` is used in the place of the one that the run was made with.
    report
        Called with (stage, done, total) as the analysis goes on.

    Returns
    -------
    The tables by name, and notes of what could not be found and why.

    Raises
    ------
    StoreError
        For a folder without a finished run.
    InputError
        For regions that cannot be read.
    """
    from saprolite.report.figures.study import draw_study

    folder = place(out)
    state = finished_state(folder)
    choices = _choices(state, study)
    with RunLock(folder) as lock:
        lock.take()
        fields = AnnualFields.open(folder)
        attributes = {key: fields.fluxes.attrs[key] for key in ("title", "source", "comment")}
        store = MapsStore(folder / STORE, fields, choices, attributes)
        found = find(fields, choices, store.write, report)
        heading = {
            "title": state["title"],
            "reading": state["reading_summary"],
            "notes": [*state["notes"], *in_words(choices), *found.notes],
        }
        for name, table in found.tables.items():
            write_text(folder / FOLDER / f"{name}.csv", csv_text(table, heading))
        store.close()
        run = Analysed.read(folder, found.tables, choices, heading)
        _, left_out = draw_study(run, folder / FIGURES, report)
    return found._replace(notes=[*found.notes, *left_out])


def judge_claims(
    out: str | Place,
    claims: str | Place | None = None,
    *,
    scenario: str | Place | None = None,
    comparisons: str | Place | None = None,
    report: Report = quiet,
) -> pd.DataFrame:
    """What a run says of every claim of a ledger, into ``analysis/claims.csv``.

    Parameters
    ----------
    out
        Folder of a finished run.
    claims
        A ledger (``docs/claims.md``); by default that of the manuscript.
    scenario
        Folder of a finished scenario run, for claims about it.
    comparisons
        Folder that ``saprolite compare`` (or ``saprolite.comparison.write_comparisons``) wrote.
    report
        Called with (stage, done, total).

    Raises
    ------
    StoreError
        For a folder without a finished run.
    InputError
        For a ledger that cannot be read.
    """
    folder = place(out)
    ledger = manuscript_claims() if claims is None else read_claims_file(place(claims))
    run = RunOutputs.open(folder)
    outputs: dict[str, Tables] = {"this": tables_of(run)}
    if scenario is not None:
        outputs["scenario"] = tables_of(RunOutputs.open(place(scenario)))
    if comparisons is not None:
        outputs["comparisons"] = read_tables(place(comparisons))
    table = judge(ledger, outputs, report)
    first, last = run.summary["period"]
    notes = [*run.summary["notes"], f"claims: this run is of {first}-{last}"]
    heading = {"title": run.summary["title"], "reading": run.summary["reading"], "notes": notes}
    with RunLock(folder) as lock:
        lock.take()
        write_text(folder / FOLDER / "claims.csv", csv_text(table, heading))
    return table


def in_words(choices: AnalysisChoices) -> list[str]:
    """The choices of an analysis, a line each, for its outputs."""
    return [
        f"analysis: {name} = {value}"
        for name, value in choices.model_dump(exclude_none=True).items()
    ]


def _choices(state: dict[str, Any], study: str | Path | Study | None) -> AnalysisChoices:
    if study is None:
        return AnalysisChoices.model_validate(state.get("analysis", {}))
    return (study if isinstance(study, Study) else Study.read(study)).analysis
