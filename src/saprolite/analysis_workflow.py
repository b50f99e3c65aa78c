"""A finished run analysed, what ``saprolite analyse`` does: trends, drivers, zones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from saprolite.analysis import csv_text
from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.findings import Findings, find
from saprolite.analysis.maps_store import MapsStore
from saprolite.engine.lock import RunLock
from saprolite.engine.state import finished_state
from saprolite.places import Place, place, write_text
from saprolite.study import Study
from saprolite.study_analysis import AnalysisChoices

Report = Callable[[str, int, int], None]
STORE, FOLDER = "analysis.zarr", "analysis"


def _quiet(stage: str, done: int, total: int) -> None:
    """No progress: what a notebook or a script gets."""


def analyse(
    out: str | Place, study: str | Path | Study | None = None, report: Report = _quiet
) -> Findings:
    """Analyse a finished run: maps into ``analysis.zarr``, tables into ``analysis/`` as CSV.

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
    return found


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
