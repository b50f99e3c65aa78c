"""The report of a run folder as HTML and PDF: what ``saprolite report`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from saprolite.engine.state import state_of
from saprolite.models import CO2Pathway, Reading
from saprolite.models.explain import explain
from saprolite.places import Place, place, write_text
from saprolite.report.html import as_html
from saprolite.report.pdf import write_pdf
from saprolite.report.run_report import RunRecord, read_json, report_of
from saprolite.stages import Report, quiet
from saprolite.version import __version__

_CITE = (
    f"saprolite {__version__}: weathering of soil minerals and the CO2 that it binds.",
    "Sverdrup & Warfvinge 1995, Reviews in Mineralogy and Geochemistry 31, 485-541 (PROFILE).",
)


def report(out: str | Place, report: Report = quiet) -> tuple[Place, Place]:
    """Write ``report.html`` and ``report.pdf`` of a run, finished or not, into its folder.

    The HTML file needs nothing beside it. What has been analysed, audited or drawn is in it; a run
    that is not finished says so on top. Returns the two files; raises ``StoreError`` for a folder
    without a run.
    """
    folder = place(out)
    state = state_of(folder)
    summary = read_json(folder / "summary.json")
    record = RunRecord(folder, state, summary, _equations(state, summary), _CITE)
    content = report_of(record)
    files = folder / "report.html", folder / "report.pdf"
    write_text(files[0], as_html(content))
    report("report", 1, 2)
    write_pdf(content, files[1])
    report("report", 2, 2)
    return files


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
