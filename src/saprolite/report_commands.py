"""The command ``saprolite report``: a run to look at, share and cite."""

from __future__ import annotations

from saprolite.progress import Progress


def report(out: str) -> None:
    """Write report.html (one file, no network needed) and report.pdf of a run.

    Parameters
    ----------
    out
        Folder of the run, or its URL.
    """
    from saprolite.report_workflow import report as write_report

    with Progress() as progress:
        files = write_report(out, progress)
    for file in files:
        print(f"  look at {file}")
