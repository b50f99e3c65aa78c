"""Sobol and Morris indices (SALib) of the global total, and of a cell, to what is uncertain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.cell_amounts import CellAmounts
from saprolite.analysis.factors import moments
from saprolite.analysis.model_structure import Structure
from saprolite.analysis.uncertainty import STRUCTURE, Variable, by_cell, factors, variables_of
from saprolite.analysis.uncertainty_settings import Error, Indices
from saprolite.errors import EngineError, InputError, Problem

Array = npt.NDArray[np.float64]
# Morris goes to the ends of its range: from P5 to P95 of every variable.
MORRIS_RANGE = (0.05, 0.95)
_LEVELS = 4
_ROWS = 20_000  # samples that are computed at a time


@dataclass(frozen=True)
class Quantity:
    """What indices are of: a number that is a function of uniform variables, by their names."""

    name: str
    unit: str
    variables: tuple[str, ...]
    value: Callable[[Array], Array]


def of_global_total(
    cells: CellAmounts, errors: Sequence[Error], structure: Structure | None = None
) -> Quantity:
    """The global total. The errors by cell of a row are one variable: the mean of very many
    independent factors, a lognormal one whose variance is theirs."""
    groups = cells.sums()[..., :-2]
    total = groups.sum(axis=-1)
    scattered = float(cells.squares().sum()) / float(total.sum()) ** 2
    means = []
    for error in by_cell(errors):
        mean, square = moments(error)
        spread = float(np.sqrt((square / mean**2 - 1.0) * scattered))
        means.append((mean, _lognormal(error.name, spread)))
    ratio = None
    if structure is not None:
        ratio = (structure.ratio[..., :-1] * groups).sum(axis=-1)
    return _target("global total", "Tg C yr-1", cells, errors, total, means, structure, ratio)


def of_cell(cells: CellAmounts, errors: Sequence[Error], index: int, name: str) -> Quantity:
    """The flux of one cell (all layers); readings are known by total alone and play no part."""
    flux = 1.0e6 * cells.flux[..., index] / cells.area[index]
    own = [(1.0, error) for error in by_cell(errors)]
    return _target(name, "t C km-2 yr-1", cells, errors, flux, own, None, None)


def nearest_cell(
    cells: CellAmounts, lat: Array, lon: Array, place: tuple[float, float] | None = None
) -> tuple[int, str]:
    """A land cell with a value, and its name: the one at (latitude, longitude), by default that
    which binds the most. ``lat`` and ``lon`` are the centres of the map.

    Raises ``InputError`` where there is no such cell.
    """
    row, column = np.divmod(cells.place, lon.size)
    if place is None:
        index = int(np.argmax(cells.flux.sum(axis=(0, 1))))
        about = "cell that binds the most"
    else:
        nearest = (
            np.abs(lat - place[0]).argmin() * lon.size
            + np.abs((lon - place[1] + 180.0) % 360.0 - 180.0).argmin()
        )
        found = np.flatnonzero(cells.place == nearest)
        if not found.size:
            raise InputError(
                "The cell has no value (1 problem)",
                [Problem("--cell", f"{place[0]:g},{place[1]:g}", "a land cell with a flux",
                         "give latitude and longitude of another one")],
            )  # fmt: skip
        index, about = int(found[0]), "cell"
    return index, f"{about} at {lat[row[index]]:g} N, {lon[column[index]]:g} E"


def sobol(quantity: Quantity, samples: int, seed: int) -> pd.DataFrame:
    """First-order and total Sobol indices of each variable, with 95 % bounds of their estimates.

    ``samples`` is a power of 2; it is computed (variables + 2) times as often.
    """
    if not quantity.variables:
        return _nothing(quantity)
    module = _salib("SALib.sample.sobol", "SALib.analyze.sobol")
    problem = _problem_of(quantity, (0.0, 1.0))
    sampled = module[0].sample(problem, samples, calc_second_order=False, seed=seed)
    values = _computed(quantity, sampled)
    found = module[1].analyze(problem, values, calc_second_order=False, seed=seed)
    return _named(quantity, {
        "sobol_first_order_1": found["S1"], "sobol_first_order_bound_1": found["S1_conf"],
        "sobol_total_1": found["ST"], "sobol_total_bound_1": found["ST_conf"],
    })  # fmt: skip


def morris(quantity: Quantity, trajectories: int, seed: int) -> pd.DataFrame:
    """Morris' elementary effects between P5 and P95 of each variable: mean, mean of the absolute
    ones, standard deviation, in the unit of the quantity per whole range of quantiles."""
    if not quantity.variables:
        return _nothing(quantity)
    sample, analyze = _salib("SALib.sample.morris", "SALib.analyze.morris")
    problem = _problem_of(quantity, MORRIS_RANGE)
    sampled = sample.sample(problem, trajectories, num_levels=_LEVELS, seed=seed)
    values = _computed(quantity, sampled)
    found = analyze.analyze(problem, sampled, values, num_levels=_LEVELS, seed=seed)
    return _named(quantity, {
        "morris_mu_in_unit": found["mu"], "morris_mu_star_in_unit": found["mu_star"],
        "morris_sigma_in_unit": found["sigma"],
    })  # fmt: skip


def indices(quantity: Quantity, choice: Indices, seed: int) -> pd.DataFrame:
    """Sobol and Morris indices side by side, one row for each variable."""
    first = sobol(quantity, choice.sobol_samples, seed)
    second = morris(quantity, choice.morris_trajectories, seed)
    return first.merge(second, on=["of", "unit", "variable"], how="left", validate="one_to_one")


def _target(
    name: str,
    unit: str,
    cells: CellAmounts,
    errors: Sequence[Error],
    amounts: Array,
    scattered: Sequence[tuple[float, Error]],
    structure: Structure | None,
    under: Array | None,
) -> Quantity:
    """A sum of ``amounts`` (mineral, layer) times factors; ``scattered``: mean and factor of errors
    by cell; ``under`` (reading, mineral, layer): the amounts under each reading."""
    every = (tuple(range(len(cells.minerals))), tuple(range(len(cells.layers))))
    variables = variables_of(errors, cells.minerals, cells.layers)
    variables += [Variable(error.name, error, *every) for _, error in scattered]
    # What has no width is 1, and no variable.
    variables = [one for one in variables if one.error.width > 0.0]
    constant = float(np.prod([mean for mean, _ in scattered]))
    names = [one.name for one in variables] + ([STRUCTURE] if structure else [])

    def value(uniform: Array) -> Array:
        product = factors(variables, uniform, amounts.shape)
        if structure is not None and under is not None:
            product = product * under[structure.chosen(uniform[:, -1])]
        else:
            product = product * amounts
        return np.asarray(constant * product.sum(axis=(1, 2)))

    return Quantity(name, unit, tuple(names), value)


def _lognormal(name: str, relative_sd: float) -> Error:
    return Error(name=name, shared="common", distribution="lognormal", relative_sd=relative_sd,
                 source="the mean of independent errors by cell")  # fmt: skip


def _problem_of(quantity: Quantity, bounds: tuple[float, float]) -> dict[str, Any]:
    number = len(quantity.variables)
    return {
        "num_vars": number,
        "names": list(quantity.variables),
        "bounds": [list(bounds)] * number,
    }


def _computed(quantity: Quantity, sampled: Array) -> Array:
    parts = [quantity.value(sampled[first : first + _ROWS])
             for first in range(0, sampled.shape[0], _ROWS)]  # fmt: skip
    return np.concatenate(parts)


def _named(quantity: Quantity, columns: dict[str, Array]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "of": quantity.name,
            "unit": quantity.unit,
            "variable": list(quantity.variables),
            **columns,
        }
    )


def _nothing(quantity: Quantity) -> pd.DataFrame:
    return _named(quantity, {})


def require_salib() -> None:
    """Raise ``EngineError`` with what to install where SALib is not there."""
    _salib("SALib.sample.sobol")


def _salib(*names: str) -> list[Any]:
    import importlib

    try:
        return [importlib.import_module(name) for name in names]
    except ImportError as error:
        raise EngineError(
            "Indices of sensitivity need SALib (1 problem)",
            [Problem("SALib", str(error), "SALib 1.5 or later",
                     'pip install "saprolite[uncertainty]"')],
        ) from error  # fmt: skip
