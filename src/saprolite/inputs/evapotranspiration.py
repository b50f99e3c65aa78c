"""Evapotranspiration of a product of its own in the place of the forcing's.

Where the product has no value (deserts, barren land) or no year, the forcing's is used: as it is,
or in years without the product brought to its level. Both are said in the notes of every output.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.sources.evapotranspiration import EvapotranspirationProduct, whole_years
from saprolite.sources.files import Array
from saprolite.sources.forcing import Forcing, ForcingYear
from saprolite.sources.kept import Arrays, Keep, anew
from saprolite.sources.overlap import (
    FEWEST_COMMON_YEARS,
    LEAST_RATE,
    RATIO_LIMITS,
    Adjustment,
    Means,
    RatioRule,
    Sums,
    Tally,
    adjusted,
    ratio_or_difference,
    tally,
    tally_text,
)

Cells = npt.NDArray[np.int64]
RULE = RatioRule(LEAST_RATE)
_SAME_UNIT = RATIO_LIMITS  # ratio of the two over all land that products of one unit stay within


class Survey(NamedTuple):
    """Forcing (base) and product (target) over some years: the share of the land area without a
    value of the product; the ratio over all land; the means of what both have, (month, cell),
    kg m-2 s-1, None where they are not wanted any more."""

    years: tuple[int, ...]
    gap_percent: float
    ratio: float
    means: Means | None


class Scaling(NamedTuple):
    """The adjustment (month, cell) of the forcing to the product, on land cells, and its counts."""

    cells: Cells
    adjustment: Adjustment
    counts: Tally

    @classmethod
    def of(cls, cells: Cells, means: Means, rule: RatioRule) -> Scaling:
        """The scaling by the rule."""
        found = ratio_or_difference(means.base, means.target, rule)
        return cls(cells, found, tally(found, means.base, rule))


class OwnEvapotranspiration:
    """A forcing whose evapotranspiration is that of another product in the years that it has.

    A cell of a month takes the product's value where it covers ``valid_share`` of the cell or more,
    and the forcing's elsewhere. ``other_years``: "splice" or "scale", the latter by the ``rule``;
    ``region``: flat indices of the cells of the study, all by default. ``covered`` are the years
    that the product has, ``scaled_over`` those that the others are scaled by. Raises ``InputError``
    where the product lacks years and nothing is chosen for them, where there are fewer than five
    years to scale by, and where the two differ so much that one is in another unit. ``keep`` finds
    what the scaling is made of, or has it made.
    """

    def __init__(
        self,
        base: Forcing,
        product: EvapotranspirationProduct,
        years: Iterable[int],
        other_years: str | None,
        valid_share: float,
        region: Cells | None = None,
        rule: RatioRule = RULE,
        keep: Keep = anew,
    ) -> None:
        self._base, self._product, self._valid_share = base, product, valid_share
        self._rule = rule
        self.grid = base.grid
        self.layer_edges = base.layer_edges
        self.product = base.product
        self.files: tuple[Path, ...] = base.files
        self.land = base.land
        self.land_ice = base.land_ice
        wanted = sorted(set(years))
        held = set(whole_years(product.months))
        self.covered = tuple(year for year in wanted if year in held)
        self._others = tuple(year for year in wanted if year not in held)
        self._refuse_uncovered(other_years, held)
        scale = other_years == "scale" and bool(self._others)
        soil = np.flatnonzero(base.land() & ~base.land_ice())
        self._soil = soil if region is None else np.intersect1d(soil, region)
        self._scaling: Scaling | None = None
        if scale:
            survey, self._scaling = self._scaled(keep)
        else:
            survey = self._survey(1)
        self._refuse_other_unit(survey)
        self.scaled_over = survey.years if scale else ()
        self.notes = (*base.notes, *self._notes(survey))

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid."""
        values = self._base.read_year(year, cells)
        if year in self.covered:
            own = self._own(year, cells)
            merged = np.where(np.isfinite(own), own, values.evapotranspiration)
            # Land without soil has none of the forcing's values, and takes none of the product's.
            known = np.isfinite(values.evapotranspiration)
            return values._replace(evapotranspiration=np.where(known, merged, np.nan))
        if self._scaling is None:
            return values
        found = self._scaling
        place = np.minimum(np.searchsorted(found.cells, cells), max(found.cells.size - 1, 0))
        there = found.cells[place] == cells if found.cells.size else np.zeros(cells.size, bool)
        size = np.where(there, found.adjustment.size[:, place], np.nan)
        added = found.adjustment.added[:, place]
        scaled = adjusted(values.evapotranspiration, Adjustment(size, added))
        rate = np.where(np.isfinite(size), scaled, values.evapotranspiration)
        return values._replace(evapotranspiration=rate)

    def _own(self, year: int, cells: Cells) -> Array:
        """The product at cells, (month, cell), NaN where it covers too little of a cell."""
        if not cells.size:
            return np.empty((12, 0))
        row, column = np.divmod(cells, self.grid.lon.size)
        first, last = int(row.min()), int(row.max()) + 1
        months: list[Array] = []
        for month in range(1, 13):
            found = self._product.on_grid((year, month), self.grid, slice(first, last))
            enough = found.cover >= self._valid_share * (1.0 - 1e-9)
            months.append(np.where(enough, found.rate, np.nan)[row - first, column])
        return np.stack(months)

    def _survey(self, number: int) -> Survey:
        """Sums over so many of the years with the product, one year held at a time."""
        years = self.covered[:number]
        shape = (12, self._soil.size)
        sums, lacking = Sums(2, shape), np.zeros(shape)
        area: Array = self.grid.areas().ravel()[self._soil]
        for year in years:
            own = self._own(year, self._soil)
            lacking += ~np.isfinite(own)
            sums.add(self._base.read_year(year, self._soil).evapotranspiration, own)
        whole = float(area.sum()) * 12 * len(years)
        forcing, product = (sums.totals @ area).sum(axis=1)
        ratio = float(product / forcing) if forcing != 0.0 else np.nan
        gap = 100.0 * float((lacking @ area).sum()) / whole
        return Survey(years, gap, ratio, sums.pair())

    def _scaled(self, keep: Keep) -> tuple[Survey, Scaling]:
        """The survey of all years with the product and what follows from it, found or made."""

        def make() -> Arrays:
            survey = self._survey(len(self.covered))
            # What is in another unit is not to be kept.
            self._refuse_other_unit(survey)
            assert survey.means is not None
            made = Scaling.of(self._soil, survey.means, self._rule)
            return {
                "size": made.adjustment.size,
                "added": made.adjustment.added,
                "counts": np.array(made.counts),
                "survey": np.array([survey.gap_percent, survey.ratio]),
            }

        found = keep(make)
        adjustment = Adjustment(found["size"], found["added"])
        scaling = Scaling(self._soil, adjustment, Tally(*map(int, found["counts"])))
        gap, ratio = map(float, found["survey"])
        return Survey(self.covered, gap, ratio, None), scaling

    def _refuse_uncovered(self, other_years: str | None, held: set[int]) -> None:
        name = "inputs.evapotranspiration"
        have = f"{min(held)} to {max(held)}" if held else "no whole year"
        if not self.covered:
            raise _refused(f"{name}.path", f"whole years in the files: {have}",
                           "a year of the study or more",
                           "fetch these years, or leave it out")  # fmt: skip
        if self._others and other_years is None:
            shown = ", ".join(map(str, self._others[:6]))
            shown += f" and {len(self._others) - 6} more" if len(self._others) > 6 else ""
            raise _refused(f"{name}.other_years", f"nothing, and no whole year in {shown}",
                           '"splice" or "scale", where the product lacks years of the study',
                           'other_years = "scale" brings the forcing to its level')  # fmt: skip
        if self._others and other_years == "scale" and len(self.covered) < FEWEST_COMMON_YEARS:
            raise _refused(f"{name}.other_years",
                           f'"scale" with {len(self.covered)} common years',
                           f"{FEWEST_COMMON_YEARS} or more years of the study with the product",
                           "fetch more years, or other_years = \"splice\"")  # fmt: skip

    def _refuse_other_unit(self, survey: Survey) -> None:
        low, high = _SAME_UNIT
        if not np.isfinite(survey.ratio):
            raise _refused(f"inputs.evapotranspiration ({survey.years[0]})",
                           "no value on the land of the study",
                           "values on some of it", "check the area of the product")  # fmt: skip
        if not low <= survey.ratio <= high:
            raise _refused(f"inputs.evapotranspiration ({survey.years[0]})",
                           f"{survey.ratio:.3g} times the forcing's over the land of both",
                           f"{low:g} to {high:g} times",
                           "check unit and area of the product")  # fmt: skip

    def _notes(self, survey: Survey) -> list[str]:
        name = self._product.product
        notes = [
            f"evapotranspiration: {name} in {_spans(self.covered)}, {survey.ratio:.3f} times the "
            f"forcing's over the land of both in {_spans(survey.years)}",
            f"evapotranspiration: no value of {name} on {survey.gap_percent:.1f} % of the land "
            f"area in {_spans(survey.years)} (land ice left out); there the forcing's is used",
        ]
        if not self._others:
            return notes
        others = f"evapotranspiration: in {_spans(self._others)} the forcing's"
        if self._scaling is None:
            notes.append(f"{others}, spliced as it is: a step that a trend takes for change")
            return notes
        counts, unit = self._scaling.counts, "kg m-2 s-1"
        notes.append(
            f"{others}, scaled to {name} by cell and calendar month over {_spans(survey.years)}, "
            f"by {self._rule.text(unit)}"
        )
        notes += tally_text("evapotranspiration:", counts, self._rule, unit)
        if counts.unknown:
            notes.append(
                f"evapotranspiration: the forcing's as it is in {counts.unknown} monthly means "
                f"without a value of {name}"
            )
        return notes


def _spans(years: Sequence[int]) -> str:
    """Years as spans: 2001-2003, 2007.

    >>> _spans([2001, 2002, 2003, 2007])
    '2001-2003, 2007'
    """
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in spans)


def _refused(*parts: Any) -> InputError:
    return InputError("The evapotranspiration cannot be used (1 problem)", [Problem(*parts)])
