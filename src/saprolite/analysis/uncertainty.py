"""Monte Carlo on the stored means of a run: factors are drawn, totals follow, no run is made anew.

Every draw has random numbers of its own (a counter-based generator), and its sums are made in one
order, so that neither the number of draws nor how they are cut changes a bit of any of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.cell_amounts import CellAmounts
from saprolite.analysis.factors import factor
from saprolite.analysis.model_structure import Structure
from saprolite.analysis.uncertainty_settings import BudgetTerm, Error
from saprolite.stages import Report
from saprolite.threads import in_order

Array = npt.NDArray[np.float64]
PERCENTILES = (5, 50, 95)
STRUCTURE = "model structure"
DEFAULT_CHUNK = 1000
_KG_PER_TG = 1.0e6  # t km-2 from Tg and km2


class Variable(NamedTuple):
    """A random number of its own: its error, and the minerals and layers that it acts on (all
    cells alike)."""

    name: str
    error: Error
    minerals: tuple[int, ...]
    layers: tuple[int, ...]


def variables_of(
    errors: Sequence[Error], minerals: Sequence[str], layers: Sequence[str]
) -> list[Variable]:
    """The random numbers of errors that cells share, in their order; of errors by cell none."""
    found = []
    every = tuple(range(len(layers)))
    for error in errors:
        members = tuple(index for index, name in enumerate(minerals)
                        if error.minerals is None or name in error.minerals)  # fmt: skip
        if error.shared == "common":
            found.append(Variable(error.name, error, members, every))
        elif error.shared == "by_mineral":
            found += [Variable(f"{error.name}: {minerals[one]}", error, (one,), every)
                      for one in members]  # fmt: skip
        elif error.shared == "by_layer":
            found += [Variable(f"{error.name}: {layers[one]}", error, members, (one,))
                      for one in every]  # fmt: skip
    return found


def by_cell(errors: Sequence[Error]) -> list[Error]:
    """The errors that every cell has for itself."""
    return [error for error in errors if error.shared == "by_cell"]


def factors(variables: Sequence[Variable], uniform: Array, shape: tuple[int, int]) -> Array:
    """Products of the factors (draw, mineral, layer); ``uniform`` (draw, variable)."""
    product = np.ones((uniform.shape[0], *shape))
    for number, variable in enumerate(variables):
        values = factor(variable.error, uniform[:, number])
        where = (slice(None), np.array(variable.minerals)[:, None], np.array(variable.layers))
        product[where] *= values[:, None, None]
    return product


@dataclass(frozen=True)
class Draws:
    """Drawn sums (draw, mineral, layer, column), columns as in :meth:`CellAmounts.sums`: Tg C yr-1
    and, the last one, yr-2; ``base`` (mineral, layer, column) are those of the run."""

    cells: CellAmounts
    base: Array
    sums: Array

    def results(self) -> dict[str, tuple[str, float, Array]]:
        """The headline numbers: by name the unit, the value of the run, the drawn ones."""
        cells = self.cells
        own, drawn = _headline(cells, self.base[None]), _headline(cells, self.sums)
        return {name: (unit, float(own[name][1][0]), values)
                for name, (unit, values) in drawn.items()}  # fmt: skip


def draw(
    cells: CellAmounts,
    errors: Sequence[Error],
    number: int,
    seed: int,
    structure: Structure | None = None,
    chunk: int = DEFAULT_CHUNK,
    report: Report = lambda *_: None,
) -> Draws:
    """Draw the errors of a run so many times.

    Parameters
    ----------
    cells
        The stored means of the run.
    errors
        What is uncertain.
    number, seed
        How many draws, and of which sequence of random numbers: the first draws of a longer
        analysis are those of a shorter one.
    structure
        Readings of which each draw takes one; None for the run's own.
    chunk
        Draws in memory at a time; changes no bit.
    report
        Called with (stage, done, total).
    """
    shape = cells.flux.shape[:2]
    variables, alone = variables_of(errors, cells.minerals, cells.layers), by_cell(errors)
    # One more number for the structure, drawn whether it is used or not.
    uniform = _generator(seed, 0, 0).random((number, len(variables) + 1))
    base = cells.sums()
    sums = np.empty((number, *base.shape))
    for first in range(0, number, chunk):
        part = slice(first, min(first + chunk, number))
        own = uniform[part]
        amounts = np.broadcast_to(base, (own.shape[0], *base.shape))
        if alone:
            one_draw = partial(_sums_of_draw, cells, alone, seed)
            amounts = np.stack(list(in_order(one_draw, range(part.start, part.stop))))
        if structure is not None:
            amounts = under_readings(amounts, structure, structure.chosen(own[:, -1]))
        np.multiply(amounts, factors(variables, own, shape)[..., None], out=sums[part])
        report("drawing errors", part.stop, number)
    return Draws(cells, base, sums)


def under_readings(amounts: Array, structure: Structure, chosen: npt.NDArray[np.int64]) -> Array:
    """Sums (draw, mineral, layer, column) as they would be under the chosen readings."""
    found = np.empty_like(amounts)
    found[..., :-1] = amounts[..., :-1] * structure.ratio[chosen]
    found[..., -1] = amounts[..., -1] + structure.shift[chosen]
    return found


def intervals(draws: Draws) -> pd.DataFrame:
    """Every headline number: the run's own value, mean, standard deviation, P5, P50, P95."""
    rows = []
    for name, (unit, value, drawn) in draws.results().items():
        gain = drawn - value  # 0 exactly where nothing varies
        mean = value + math.fsum(gain) / gain.size
        sd = float(np.sqrt(math.fsum((gain - (mean - value)) ** 2) / max(gain.size - 1, 1)))
        row = {"quantity": name, "unit": unit, "run": value, "mean": mean, "sd": sd}
        row |= {f"P{rank}": float(np.percentile(drawn, rank)) for rank in PERCENTILES}
        row["sd_percent_of_mean"] = 100.0 * sd / abs(mean) if mean else float("nan")
        rows.append(row)
    return pd.DataFrame(rows)


def quadrature(terms: Sequence[BudgetTerm]) -> float:
    """Relative standard deviation (%) of a product of independent terms, to first order.

    >>> terms = [BudgetTerm(name=str(sd), relative_sd_percent=sd, source="manuscript, Discussion")
    ...          for sd in (36.52, 40.0, 6.22)]
    >>> round(quadrature(terms), 1)
    54.5
    """
    return math.sqrt(math.fsum(term.relative_sd_percent**2 for term in terms))


def _headline(cells: CellAmounts, sums: Array) -> dict[str, tuple[str, Array]]:
    """Unit and values (draw) by name, of sums (draw, mineral, layer, column)."""
    tg, percent = "Tg C yr-1", "%"
    groups, valid, trend = sums[..., :-2], sums[..., -2], sums[..., -1]
    by_group = _added(_added(groups, 1), 1)
    by_layer = _added(_added(groups, 3), 1)
    by_mineral = _added(_added(groups, 3), 2)
    total = _added(by_group, 1)
    found = {
        "global total": (tg, total),
        "mean flux, area-weighted, valid cells": (
            "t C km-2 yr-1",
            _KG_PER_TG * _added(_added(valid, 1), 1) / cells.valid_area if cells.valid_area
            else np.full_like(total, np.nan),
        ),
    }  # fmt: skip
    shown = [
        name for name, amount in zip(cells.groups, np.diff(cells.starts), strict=True) if amount
    ]
    for kind, names, values in (
        ("layer", cells.layers, by_layer),
        ("climate group", cells.groups, by_group),
        ("mineral", cells.minerals, by_mineral),
    ):
        for name, value in zip(names, values.T, strict=True):
            if kind == "climate group" and name not in shown:
                continue
            found[f"{kind} {name}"] = (tg, value)
            if kind != "mineral":
                found[f"{kind} {name}, share"] = (percent, 100.0 * value / total)
    if cells.has_trend:
        found["trend of the global total"] = ("Tg C yr-2", _added(_added(trend, 1), 1))
    return found


def _added(values: Array, axis: int) -> Array:
    """A sum along an axis, term by term in order: the same bits for any number of draws."""
    terms = np.moveaxis(values, axis, 0)
    total: Array = terms[0].copy()
    for term in terms[1:]:
        total += term
    return total


def _sums_of_draw(cells: CellAmounts, errors: Sequence[Error], seed: int, number: int) -> Array:
    """The sums of a draw under the errors by cell; each error and draw has numbers of its own."""
    product = np.ones(cells.place.size)
    for stream, error in enumerate(errors, 1):
        product *= factor(error, _generator(seed, stream, number).random(product.size))
    return cells.sums(product)


def _generator(seed: int, stream: int, number: int) -> np.random.Generator:
    """Random numbers that depend on nothing but the seed, the stream and the number."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, number, stream]))
