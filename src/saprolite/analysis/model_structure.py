"""The structure of the model as a discrete error: readings of the same study, one of them drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.cell_amounts import CellAmounts
from saprolite.analysis.readings import ANNUAL, BY_CLASS, VALID, by_group
from saprolite.analysis.uncertainty_settings import StructureChoice
from saprolite.equations import linear_trend
from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any

Array = npt.NDArray[np.float64]
# Totals of the run and of its reading in the comparison agree but for rounding.
_SAME = 1e-6


@dataclass(frozen=True)
class Structure:
    """Readings and their weights; ``ratio`` (reading, mineral, layer, column) to the run's own
    reading, of the columns of :meth:`CellAmounts.sums` but the last. Of the last, the trend, which
    may be 0, ``shift`` (reading, mineral, layer) is the difference, Tg C yr-2."""

    names: tuple[str, ...]
    weights: Array
    ratio: Array
    shift: Array

    def chosen(self, uniform: Array) -> npt.NDArray[np.int64]:
        """Which reading a number from 0 to 1 stands for."""
        borders = np.cumsum(self.weights)[:-1]
        return np.searchsorted(borders, uniform, side="right")


def structure_of(
    readings: xr.Dataset, cells: CellAmounts, choice: StructureChoice | None = None
) -> Structure:
    """The readings of a comparison beside a run of one of them.

    Parameters
    ----------
    readings
        The dataset that ``saprolite readings`` writes.
    cells
        The run.
    choice
        Readings and weights; all of them alike by default.

    Raises
    ------
    InputError
        If the run's reading is not among the readings, the totals of the two differ, or a reading
        is named that is not there.
    """
    names = [str(name) for name in readings["reading"].values]
    wanted = names if choice is None else choice.readings
    problems = [
        Problem("structure.readings", repr(name), ", ".join(names), did_you_mean(name, names))
        for name in wanted
        if name not in names
    ]
    own = [name for name, text in zip(names, readings["choices"].values, strict=True)
           if json.loads(str(text)) == cells.reading.as_dict()]  # fmt: skip
    totals = np.concatenate(
        [
            by_group(readings[BY_CLASS]).values,
            readings[VALID].values[..., None],
        ],
        axis=-1,
    )
    base = cells.sums()[..., :-1]
    if own:
        there = totals[names.index(own[0])]
        if there.shape != base.shape or not np.allclose(there, base, rtol=_SAME, atol=1e-12):
            problems.append(
                Problem("the readings", f"{there[..., :-1].sum():.6g} Tg C yr-1 under {own[0]}",
                        f"the total of the run, {base[..., :-1].sum():.6g}",
                        "compare the readings of the study that the run was made of")
            )  # fmt: skip
    else:
        problems.append(
            Problem("the readings", f"not the run's own: {cells.reading.summary()}",
                    "a comparison that holds the run's reading",
                    "saprolite readings STUDY --out FOLDER")
        )  # fmt: skip
    raise_if_any(InputError, "The readings do not go with the run", problems)
    weights = np.ones(len(wanted))
    if choice is not None and choice.weights is not None:
        weights = np.array(choice.weights)
    places = [names.index(name) for name in wanted]
    # What a mineral without base cations binds is 0 under every reading.
    ratio = np.divide(totals[places], base, out=np.ones_like(totals[places]), where=base != 0.0)
    shift = np.zeros(ratio.shape[:-1])
    if cells.has_trend:
        slopes = [_slopes(readings.isel(reading=place)) for place in places]
        shift = np.stack(slopes) - _slopes(readings.sel(reading=own[0]))
    return Structure(tuple(wanted), weights / weights.sum(), ratio, shift)


def _slopes(reading: xr.Dataset) -> Array:
    """Trends of the total of a reading over its years with a value, (mineral, layer)."""
    annual = reading[ANNUAL].values[reading["used"].values > 0]
    return np.asarray(linear_trend(np.moveaxis(annual, 0, -1)).slope)
