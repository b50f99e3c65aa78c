"""Rows of an audit: numbers that must agree, or lie in a range, told with the worst of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"
# Of sums in float64, and of what is stored as float32: share of the greatest number.
CLOSE, CLOSE_FLOAT32 = 1e-9, 2e-6
_NAMED = 5


class Row(NamedTuple):
    """One check: its name, the finding of ``docs/claims.md`` that it guards against, ``ok``,
    ``failed`` or ``not applicable``, and the numbers, those of the worst case."""

    check: str
    finding: str
    status: str
    found: str
    expected: str
    tolerance: str
    note: str


def agree(
    check: str,
    found: npt.ArrayLike,
    expected: npt.ArrayLike,
    unit: str,
    *,
    labels: Sequence[str] = (),
    finding: str = "",
    tolerance: float = CLOSE,
    note: str = "",
) -> Row:
    """Numbers that must be equal within ``tolerance`` of the greatest expected number.

    NaN agrees with NaN alone; no number at all is not applicable.

    >>> agree("layers sum", [3.0, 5.0], [3.0, 4.0], "Tg C yr-1", labels=["A", "B"])[2:5]
    ('failed', '5 Tg C yr-1', '4 Tg C yr-1')
    """
    left, right = np.broadcast_arrays(*(np.asarray(x, float) for x in (found, expected)))
    left, right = left.ravel(), right.ravel()
    if left.size == 0:
        return not_applicable(check, "no number to compare", finding)
    known = np.isfinite(right)
    scale = float(np.abs(right[known]).max()) if known.any() else 0.0
    both_missing = ~np.isfinite(left) & ~known
    gap = np.where(both_missing, 0.0, np.abs(left - right))
    gap = np.where(np.isfinite(gap), gap, np.inf)
    bad = gap > tolerance * scale
    worst = int(np.argmax(gap))
    return Row(
        check, finding, FAILED if bad.any() else OK,
        _number(left[worst], unit), _number(right[worst], unit),
        f"{tolerance:.0e} of {_number(scale, unit)}", _note(bad, worst, labels, note),
    )  # fmt: skip


def within(
    check: str,
    values: npt.ArrayLike,
    low: float,
    high: float,
    unit: str,
    *,
    labels: Sequence[str] = (),
    finding: str = "",
    note: str = "",
) -> Row:
    """Numbers that must lie in a range, ends included; NaN is left out.

    >>> within("coverage", [0.5, np.nan, 1.2], 0.0, 1.0, "1").status
    'failed'
    """
    value = np.asarray(values, float).ravel()
    known = np.isfinite(value)
    if not known.any():
        return not_applicable(check, "no number to look at", finding)
    beyond = np.where(known, np.maximum(low - value, value - high), -np.inf)
    worst = int(np.argmax(beyond))
    # A share of 100.00000000000001 % is a sum in another order.
    slack = CLOSE * max((abs(end) for end in (low, high) if np.isfinite(end)), default=0.0)
    return Row(
        check, finding, FAILED if (beyond > slack).any() else OK,
        _number(value[worst], unit), f"{low:.6g} to {_number(high, unit)}", f"{slack:.1g}",
        _note(beyond > slack, worst, labels, note),
    )  # fmt: skip


def nothing_wrong(
    check: str, wrong: Sequence[str], total: int, expected: str, finding: str = ""
) -> Row:
    """A list of names, each of which is wrong; ``total`` is how many were looked at.

    >>> nothing_wrong("units", ["depth: none"], 3, "a unit").found
    '1 of 3 wrong'
    """
    if total == 0:
        return not_applicable(check, "nothing to look at", finding)
    found = f"{len(wrong)} of {total} wrong" if wrong else f"{total} right"
    return Row(check, finding, FAILED if wrong else OK, found, expected, "", "; ".join(wrong))


def not_applicable(check: str, why: str, finding: str = "") -> Row:
    """A check that this run gives nothing to."""
    return Row(check, finding, NOT_APPLICABLE, "", "", "", why)


def _note(bad: npt.NDArray[np.bool_], worst: int, labels: Sequence[str], note: str) -> str:
    parts = [note] if note else []
    if bad.size > 1:
        parts.append(f"{bad.size} numbers")
    if labels:
        failed = [labels[int(at)] for at in np.flatnonzero(bad)]
        parts.append(f"worst: {labels[worst]}")
        if failed:
            more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
            parts.append(f"failed: {', '.join(failed[:_NAMED])}{more}")
    return "; ".join(parts)


def _number(value: float, unit: str) -> str:
    return f"{value:.10g} {unit if unit != '1' else ''}".strip()
