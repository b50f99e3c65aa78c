"""What a run fits to its annual series: a trend, and where the study names a year, one with a
break."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from saprolite.equations.trend import (
    FEWEST_YEARS,
    BrokenTrend,
    LinearTrend,
    linear_trend_with_break,
)
from saprolite.study import Study

Array = npt.NDArray[Any]
Found: TypeAlias = "LinearTrend | BrokenTrend"
LAYERS, COLUMN = "trend", "column_trend"
_ABOUT = {
    "slope": ("t km-2 yr-2", "linear trend of the annual carbon sink flux, tonnes of carbon"),
    "step": ("t km-2 yr-1", "step of the annual carbon sink flux, tonnes of carbon"),
    "F": ("1", "F(1, n - 2) of the linear trend over n years"),
    "p": ("1", "probability of an F as great in a series without trend"),
}


class Fit(NamedTuple):
    """A fit: the statistics of it that are stored, and the year that a break comes before, None
    without one."""

    statistics: tuple[str, ...]
    kind: type[Found]
    break_year: int | None = None

    def array(self, group: str, statistic: str) -> str:
        """The name of a statistic in the store; ``group``: of layers or columns.

        >>> Fit(("slope",), BrokenTrend, 2000).array(COLUMN, "slope")
        'column_trend_with_break_slope'
        """
        broken = "" if self.break_year is None else "_with_break"
        return f"{group}{broken}_{statistic}"

    def attributes(self, statistic: str, years: Sequence[int]) -> dict[str, Any]:
        """Unit, meaning and years of a statistic."""
        unit, meaning = _ABOUT[statistic]
        about: dict[str, Any] = {"units": unit, "long_name": meaning, "years_used": list(years)}
        if unit.startswith("t "):
            about["units_in_words"] = f"t C {unit[2:]}"
        if self.break_year is None:
            return about
        if statistic == "F":
            meaning = "F(1, n - 3) of the linear trend over n years, given the step"
        about["long_name"] = f"{meaning}; level shift from {self.break_year} on"
        return {**about, "break_year": self.break_year}

    def room(self, size: int) -> Found:
        """Arrays for the fits of so many series."""
        return self.kind(*(np.empty(size) for _ in self.kind._fields))

    def part(self, found: Found, index: Any) -> Found:
        """Views of fits at an index."""
        return self.kind(*(one[index] for one in found))

    def fitter(self, years: Sequence[int]) -> Callable[[Array, int, Found], None]:
        """A function of values (year, series), the first series, and the arrays to be filled."""
        if self.break_year is not None:
            return partial(_fit_with_break, years.index(self.break_year))
        from saprolite.compiled.f_tail import FTail
        from saprolite.compiled.trend import fit

        tail = FTail.of(len(years) - 2)
        return lambda values, first, found: fit(values, first, tail, LinearTrend(*found[:4]))


PLAIN = Fit(("slope", "F", "p"), LinearTrend)


def fits_of(study: Study, years: Sequence[int]) -> tuple[Fit, ...]:
    """The fits of a study to consecutive years, three or more."""
    chosen = study.trends.break_year
    if chosen is None or why_no_break(study, years):
        return (PLAIN,)
    return (PLAIN, Fit(("slope", "step", "F", "p"), BrokenTrend, chosen))


def why_no_break(study: Study, years: Sequence[int]) -> str | None:
    """Why these years with a value have no trend with the break of the study; None if they have,
    or if it wants none."""
    chosen = study.trends.break_year
    if chosen is None or (len(years) > FEWEST_YEARS and years[0] < chosen <= years[-1]):
        return None
    return (f"no trends with a break at {chosen}: years with a value are {years[0]} to "
            f"{years[-1]}")  # fmt: skip


def _fit_with_break(split: int, values: Array, first: int, found: Found) -> None:
    """The equation itself, on some series at a time."""
    part = values[:, first : first + found.p.size]
    for array, result in zip(found, linear_trend_with_break(part.T, split), strict=True):
        array[:] = result
