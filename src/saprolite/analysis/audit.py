"""The auditor: whether everything that a finished run has put out agrees with itself."""

from __future__ import annotations

import pandas as pd

from saprolite.analysis.audit_analysis import analysis_checks
from saprolite.analysis.audit_fluxes import flux_checks, store_checks
from saprolite.analysis.audit_rows import FAILED, Row, nothing_wrong
from saprolite.analysis.audit_tables import table_checks
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.engine.state import checksums_of
from saprolite.errors import AuditError, Problem
from saprolite.stages import Report, counted

_CHECKS = (table_checks, flux_checks, analysis_checks, store_checks)


def audit(run: RunOutputs, report: Report) -> pd.DataFrame:
    """All checks of a run, one row each: see :class:`~saprolite.analysis.audit_rows.Row`.

    Nothing is written. A check that the run gives nothing to, such as one of experiments that were
    not run, is ``not applicable`` with the reason in its note.
    """
    rows = [_checksums(run)]
    for check in counted(_CHECKS, "audit", report):
        rows += check(run)
    return pd.DataFrame(rows, columns=Row._fields)


def require(table: pd.DataFrame, next_step: str) -> None:
    """Raise ``AuditError`` that names every check that failed, with its numbers."""
    failed = table[table["status"] == FAILED]
    if len(failed):
        raise AuditError(
            f"The run contradicts itself ({len(failed)} of {len(table)} checks)",
            [
                Problem(
                    f"{row.check}{f' ({row.finding})' if row.finding else ''}",
                    f"{row.found}{f' ({row.note})' if row.note else ''}",
                    f"{row.expected}{f', within {row.tolerance}' if row.tolerance else ''}",
                    next_step,
                )
                for row in (Row(*values) for values in failed.itertuples(index=False))
            ],
        )


def _checksums(run: RunOutputs) -> Row:
    stated = run.state.get("outputs_crc32c", {})
    found = checksums_of(run.folder, run.state.get("outputs", []))
    wrong = [
        f"{name}: {found.get(name) or 'not there'}, run.json says {checksum}"
        for name, checksum in stated.items()
        if found.get(name) != checksum
    ]
    return nothing_wrong("checksums of outputs", wrong, len(stated), "those in run.json")
