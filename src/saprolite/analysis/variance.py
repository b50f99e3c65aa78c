"""Mean and variance of a total under its errors, in closed form, and what each error has of it.

The total is a sum over minerals, layers and cells of products of independent factors, so that its
first two moments are sums of products of theirs. Nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.cell_amounts import CellAmounts
from saprolite.analysis.factors import Moments, moments
from saprolite.analysis.model_structure import Structure
from saprolite.analysis.uncertainty import STRUCTURE, Variable, by_cell, variables_of
from saprolite.analysis.uncertainty_settings import Error

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TotalVariance:
    """The global total's mean (Tg C yr-1) and variance under all errors; ``first_order``: by error
    the variance of the mean given that error, in the same unit; ``alone``: relative standard
    deviation (%) of the total where that error alone varies."""

    mean: float
    variance: float
    first_order: dict[str, float]
    alone: dict[str, float]

    def table(self) -> pd.DataFrame:
        """One row for each error, and one for what they do together beyond the sum."""
        rows = [
            {"error": name, "relative_sd_alone_percent": self.alone[name],
             "variance_share_first_order_percent": self._share(part)}
            for name, part in self.first_order.items()
        ]  # fmt: skip
        rest = self.variance - sum(self.first_order.values())
        whole = 100.0 * self.variance**0.5 / self.mean
        rows += [
            {"error": "together beyond the sum", "relative_sd_alone_percent": float("nan"),
             "variance_share_first_order_percent": self._share(rest)},
            {"error": "all", "relative_sd_alone_percent": whole,
             "variance_share_first_order_percent": self._share(self.variance)},
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def _share(self, part: float) -> float:
        return 100.0 * part / self.variance if self.variance else 0.0


def total_variance(
    cells: CellAmounts, errors: Sequence[Error], structure: Structure | None = None
) -> TotalVariance:
    """Mean and variance of the global total, exactly, and the share of each error.

    ``first_order`` sums to the variance where the total is a sum of errors; factors that multiply
    add what they do together (the rest in :meth:`TotalVariance.table`).
    """
    problem = _Problem(cells, errors, structure)
    names = [error.name for error in errors] + ([STRUCTURE] if structure else [])
    mean, variance = problem.moments(names)
    first, alone = {}, {}
    for name in names:
        first[name] = problem.moments([name])[1]
        centre, square = problem.moments([name], others_are_one=True)
        alone[name] = 100.0 * square**0.5 / centre if centre else float("nan")
    return TotalVariance(mean, variance, first, alone)


class _Problem:
    """Sums by pair (mineral, layer): of each climate group, and of products over its cells."""

    def __init__(
        self, cells: CellAmounts, errors: Sequence[Error], structure: Structure | None
    ) -> None:
        self._shape = cells.flux.shape[:2]
        self._groups = cells.sums()[..., :-2].reshape(-1, len(cells.groups)).T
        self._squares = cells.squares()
        self._variables = variables_of(errors, cells.minerals, cells.layers)
        self._by_cell = by_cell(errors)
        self._structure = structure

    def moments(
        self, varying: Collection[str], others_are_one: bool = False
    ) -> tuple[float, float]:
        """Mean and variance where some errors vary, the others at their mean or at 1."""

        def of(error: Error) -> Moments:
            own = moments(error)
            if error.name in varying:
                return own
            mean = 1.0 if others_are_one else own.mean
            return Moments(mean, mean**2)

        pairs = self._groups.shape[1]
        first, second = np.ones(pairs), np.ones((pairs, pairs))
        for variable in self._variables:
            _multiply(first, second, self._acts_on(variable), of(variable.error))
        mean_of_cells, square_of_cells = 1.0, 1.0
        for error in self._by_cell:
            own = of(error)
            mean_of_cells *= own.mean
            square_of_cells *= own.square
        excess = square_of_cells - mean_of_cells**2
        mean, square = 0.0, 0.0
        expected = np.zeros(pairs)
        for weight, ratio in self._readings():
            amounts = (ratio * self._groups).sum(axis=0)
            expected += weight * amounts
            if STRUCTURE in varying or not self._structure:
                square += weight * self._square(amounts, ratio, second, mean_of_cells, excess)
        if self._structure and STRUCTURE not in varying:
            if others_are_one:
                expected = self._groups.sum(axis=0)
            ratio = self._mean_ratio(others_are_one)
            square = self._square(expected, ratio, second, mean_of_cells, excess)
        mean = mean_of_cells * float(first @ expected)
        return mean, max(0.0, square - mean**2)

    def _square(
        self, amounts: Array, ratio: Array, second: Array, mean_of_cells: float, excess: float
    ) -> float:
        """Mean square of the total under one reading."""
        independent = np.einsum("gp,gq,gpq->pq", ratio, ratio, self._squares)
        products = mean_of_cells**2 * np.outer(amounts, amounts) + excess * independent
        return float((second * products).sum())

    def _readings(self) -> list[tuple[float, Array]]:
        """Weight and ratio (group, pair) of each reading; 1 without a structure."""
        if self._structure is None:
            return [(1.0, np.ones_like(self._groups))]
        ratio = self._structure.ratio[..., :-1]
        flat = np.moveaxis(ratio, -1, 1).reshape(ratio.shape[0], ratio.shape[-1], -1)
        return list(zip(self._structure.weights.tolist(), flat, strict=True))

    def _mean_ratio(self, others_are_one: bool) -> Array:
        if others_are_one:
            return np.ones_like(self._groups)
        mean: Array = sum((weight * ratio for weight, ratio in self._readings()),
                          np.zeros_like(self._groups))  # fmt: skip
        return mean

    def _acts_on(self, variable: Variable) -> npt.NDArray[np.bool_]:
        """The pairs that a variable acts on."""
        where = np.zeros(self._shape, bool)
        where[np.ix_(variable.minerals, variable.layers)] = True
        return where.ravel()


def _multiply(first: Array, second: Array, here: npt.NDArray[np.bool_], own: Moments) -> None:
    """Bring a factor into the means, and the mean products, of the pairs that it acts on."""
    first[here] *= own.mean
    both = np.outer(here, here)
    second[both] *= own.square
    second[np.logical_xor.outer(here, here)] *= own.mean
