"""The command ``saprolite report``: a run to look at, share and cite."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from saprolite.progress import Progress


def report(
    out: str, *, beside: Annotated[tuple[str, ...], Parameter(name="--with", negative=())] = ()
) -> None:
    """Write report.html (one file, no network needed) and report.pdf of a run.

    In it is what the run holds: its numbers, with intervals after saprolite uncertainty; trends and
    drivers after analyse; claims; what lies in its folders scenario, sites, references, compare
    and readings. What is missing is listed with the command that makes it.

    Example: saprolite report out/ --with scenario/

    Parameters
    ----------
    out
        Folder of the run, or its URL.
    beside
        A further folder of scenario, sites, references, compare or readings; may be repeated.
    """
    from saprolite.report_workflow import report as write_report

    with Progress() as progress:
        files = write_report(out, progress, beside)
    for file in files:
        print(f"  look at {file}")
