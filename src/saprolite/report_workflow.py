"""The report of a run folder as HTML and PDF: what ``saprolite report`` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saprolite.engine.state import FINISHED, state_of
from saprolite.equations.trend import why_years_have_no_trend
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.models import CO2Pathway, Reading
from saprolite.models.explain import explain
from saprolite.places import Place, place, write_text
from saprolite.report.html import as_html
from saprolite.report.other_sections import MARKS, SUBFOLDERS
from saprolite.report.pdf import write_pdf
from saprolite.report.run_record import Files, RunRecord
from saprolite.report.run_report import read_json, report_of
from saprolite.stages import Report, quiet
from saprolite.version import __version__

_CITE = (
    f"saprolite {__version__}: weathering of soil minerals and the CO2 that it binds.",
    "Sverdrup & Warfvinge 1995, Reviews in Mineralogy and Geochemistry 31, 485-541 (PROFILE).",
)


def report(
    out: str | Place, report: Report = quiet, beside: Sequence[str | Place] = ()
) -> tuple[Place, Place]:
    """Write ``report.html`` and ``report.pdf`` of a run, finished or not, into its folder.

    The HTML file needs nothing beside it. What has been analysed, audited or drawn is in it, and
    what lies in its folders ``scenario``, ``sites``, ``references``, ``compare`` and ``readings``;
    a run that is not finished says so on top.

    Parameters
    ----------
    out
        Folder of the run.
    report
        Called with (stage, done, total).
    beside
        Further folders of ``saprolite scenario``, ``sites``, ``references``, ``compare`` or
        ``readings``.

    Returns
    -------
    The two files.

    Raises
    ------
    StoreError
        For a folder without a run.
    InputError
        For a folder in ``beside`` that none of these commands has written.
    """
    folder = place(out)
    state = state_of(folder)
    others = _others(folder, [place(each) for each in beside])
    report("report", 0, 3)
    summary = read_json(folder / "summary.json") if state["status"] == FINISHED else {}
    record = RunRecord(Files(folder), state, summary, _equations(state, summary), _CITE,
                       _why_no_trend(state), others)  # fmt: skip
    content = report_of(record)
    files = folder / "report.html", folder / "report.pdf"
    write_text(files[0], as_html(content))
    report("report", 1, 3)
    write_pdf(content, files[1])
    report("report", 3, 3)
    return files


def _why_no_trend(state: dict[str, Any]) -> str | None:
    return state.get("why_no_trends") or why_years_have_no_trend(
        [int(year) for year in state.get("years_used", ())]
    )


def _others(folder: Place, named: Sequence[Place]) -> list[Files]:
    """Folders of comparisons: those in the run's folder, and those named."""
    problems = [
        Problem(str(each), "none of " + ", ".join(MARKS),
                "a folder that one of these has written: " + ", ".join(MARKS.values()),
                "correct --with, or leave it out")
        for each in named if not any(Files(each).has(mark) for mark in MARKS)
    ]  # fmt: skip
    raise_if_any(InputError, "These folders cannot be reported", problems)
    of_itself = [folder / name for name in SUBFOLDERS]
    return [Files(each) for each in dict.fromkeys([*of_itself, *named])]


def _equations(state: dict[str, Any], summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The equations of the run's reading; none where its kinetics lay in a file that is gone, or
    the run has no results yet."""
    reading = Reading(**state["reading"])
    minerals = tuple(row["mineral"] for row in summary.get("by_mineral", ()))
    gone = reading.kinetics.endswith(".csv") and not Path(reading.kinetics).is_file()
    if gone or not minerals or "column_reading" in state:
        return []
    model = CO2Pathway.of(reading, minerals)
    return [(note.label, "; ".join((note.form, *note.numbers)), note.source)
            for note in explain(model)]  # fmt: skip
