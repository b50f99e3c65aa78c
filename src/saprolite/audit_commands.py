"""The command ``saprolite audit``: whether the numbers of a run, or published ones, agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from saprolite.errors import AuditError, InputError, Problem
from saprolite.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def audit(
    out: str | None = None,
    *,
    manuscript: Annotated[bool, Parameter(negative=())] = False,
    published: Path | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative=())] = False,
    table: Path | None = None,
) -> None:
    """Check that a run's outputs agree with themselves; a check that fails is exit code 4.

    Sums over layers, minerals, zones and classes; the area that each mean implies; slopes;
    contributions; units; valid ranges; fluxes times areas; checksums.

    Parameters
    ----------
    out
        Folder of the run, or its URL.
    manuscript
        Audit the numbers that the manuscript prints, in the place of a run.
    published
        Audit published numbers from a file (CSV; format in docs/claims.md).
    everything
        Print every check, not only those that failed or do not apply.
    table
        Write the checks into this CSV file.
    """
    from saprolite.analysis.audit import require

    if (out is not None) + manuscript + (published is not None) != 1:
        raise InputError(
            "Nothing to audit, or too much (1 problem)",
            [Problem("saprolite audit", "not one of the three", "OUT, --manuscript, or "
                     "--published FILE", "saprolite audit OUT")],
        )  # fmt: skip
    found = _of_run(out) if out is not None else _of_numbers(published)
    shown = found if everything or out is None else found[found["status"] != "ok"]
    for row in shown.to_dict("records"):
        finding = f" [{row['finding']}]" if row["finding"] else ""
        numbers = " | ".join(text for text in (row["found"], row["expected"]) if text)
        note = f" ({row['note']})" if row["note"] else ""
        print(f"{row['status']:17s} {row['check']}{finding}: {numbers}{note}")
    counts = found["status"].value_counts()
    print(f"{len(found)} checks: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
    if table is not None:
        from saprolite.stores import write_text

        write_text(table, found.to_csv(index=False))
    failed = int(found["status"].str.startswith("failed").sum())
    if out is None and failed:
        raise AuditError(f"The published numbers contradict one another ({failed} problems)")
    require(found, f"saprolite analyse {out}; else saprolite run STUDY.toml --out {out}")


def _of_run(out: str) -> pd.DataFrame:
    from saprolite.analysis.audit import audit as audit_run
    from saprolite.analysis.run_outputs import RunOutputs
    from saprolite.places import place

    with Progress() as report:
        return audit_run(RunOutputs.open(place(out)), report)


def _of_numbers(file: Path | None) -> pd.DataFrame:
    from saprolite.analysis.audit_published import (
        audit_published,
        manuscript_numbers,
        read_published_file,
    )

    return audit_published(manuscript_numbers() if file is None else read_published_file(file))
