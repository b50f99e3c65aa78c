"""A set of published numbers, looked up by what they are of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from saprolite.analysis.audit_rows import FAILED, OK, Row
from saprolite.analysis.printed import Printed, combined

# Column of the numbers read from their printed form.
NUMBER = "number"


@dataclass(frozen=True)
class Published:
    """Rows of quantity, subject, area and layers, each with its printed number."""

    table: pd.DataFrame

    @property
    def column(self) -> str:
        """The layers of the whole column: those of the first total."""
        totals = self.of("total")
        return str(totals[0]["layers"]) if totals else ""

    def of(self, quantity: str, **where: str) -> list[dict[str, Any]]:
        """All rows of a quantity."""
        rows = self.table[self.table["quantity"] == quantity].to_dict("records")
        return [
            {str(key): value for key, value in row.items()}
            for row in rows
            if all(row[key] == value for key, value in where.items())
        ]

    def get(self, quantity: str, **where: str) -> Printed | None:
        """The number of a quantity; None where it is not printed."""
        rows = self.of(quantity, **where)
        return rows[0][NUMBER] if rows else None


def sum_row(check: str, parts: list[Printed], whole: Printed, unit: str, finding: str) -> Row:
    """Whether printed parts can sum to a printed whole."""
    total = combined(lambda *ends: math.fsum(ends), *parts)
    apart = total.low > whole.high + 1e-9 or total.high < whole.low - 1e-9
    half = (total.high - total.low) / 2.0
    return Row(check, finding, FAILED if apart else OK, f"{total.value:.10g} {unit}",
               f"{whole.value:g} {unit}", f"{half:.2g} by rounding", "")  # fmt: skip
