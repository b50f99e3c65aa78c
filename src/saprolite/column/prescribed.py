"""Weathering at a given soil solution: the simple mineral model, and any law without feedback."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from saprolite.column.chemistry import Chemistry
from saprolite.column.columns import Columns
from saprolite.column.layer import BASE_CATIONS, SECONDS_PER_YEAR, element_sum
from saprolite.column.steady_state import SteadyState, charge_per_unit
from saprolite.constants import LN10
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ELEMENTS, ProfileLaw, Solution
from saprolite.models.witch import WitchLaw

Array = npt.NDArray[np.float64]
_BY_ELEMENT = {"Ca": "calcium", "Mg": "magnesium", "K": "potassium", "Na": "sodium"}


def needed_chemistry(reading: ColumnReading, law: ProfileLaw | WitchLaw) -> tuple[str, ...]:
    """Names of the prescribed values that a rate law cannot do without.

    Al3+ comes from the layer's gibbsite and the organic anions from its DOC where they are not
    given.
    """
    if isinstance(law, WitchLaw):
        if reading.affinity == "off":
            return ("ph",)
        return ("ph", *_BY_ELEMENT.values(), "silica")
    names = ["ph"]
    if reading.brakes == "on" and any(pathway.x_bc.any() for pathway in law.pathways):
        names.append("base_cations")
    return (*names, "silica") if law.needs_elements else tuple(names)


def prescribed_state(
    columns: Columns, reading: ColumnReading, law: ProfileLaw | WitchLaw
) -> SteadyState:
    """Weathering of every layer at its prescribed chemistry; no solute leaves or is taken up.

    Raises ``InputError`` that names every layer and value that is missing.
    """
    _refuse_missing(columns, reading, law)
    given = columns.prescribed
    shape = columns.temperature.shape
    rates = np.full((len(law.names), len(law.minerals), *shape), np.nan)
    ions: dict[str, list[Array]] = {}
    for index in range(shape[0]):
        at, found = _solution(columns, reading, given, index)
        constants = law.constants(columns.temperature[index])
        amount = columns.surface[:, index] * SECONDS_PER_YEAR
        rates[:, :, index] = np.stack(law.rates(constants, at)) * amount
        for name, values in found.items():
            ions.setdefault(name, []).append(values)
    released = {
        name: np.stack(
            [
                element_sum(law.release, name, rates.sum(axis=0)[:, index])
                for index in range(shape[0])
            ]
        )
        for name in ELEMENTS
    }
    return SteadyState(
        law.names,
        law.minerals,
        given["ph"],
        rates * charge_per_unit(law)[None, :, None, None],
        released,
        {name: np.stack(values) for name, values in ions.items()},
        {},
        {},
        np.full(shape, np.nan),
        columns.present & np.isfinite(rates.sum(axis=(0, 1))),
    )


def _solution(
    columns: Columns, reading: ColumnReading, given: Mapping[str, Array], index: int
) -> tuple[Solution, dict[str, Array]]:
    """What the minerals feel in a layer, and the ions for the table (kmol m-3; R kmol_c)."""
    chemistry = Chemistry.of(
        reading, columns.temperature[index], columns.pressure[index], columns.doc[index],
        columns.log_gibbsite[index], columns.gibbsite_exponent[index],
    )  # fmt: skip
    x = -LN10 * given["ph"][index]
    equilibrium = chemistry.concentrations(x)

    def or_else(name: str, other: Array) -> Array:
        return np.where(np.isnan(given[name][index]), other, given[name][index])

    aluminium = or_else("aluminium", chemistry.aluminium(x))
    ligand = or_else("organic_acid", equilibrium["R"])
    held = {name: given[key][index] for name, key in _BY_ELEMENT.items()}
    total: Array = np.zeros_like(x)
    for name in BASE_CATIONS:
        total = total + held[name]
    base_cations = or_else("base_cations", total)
    silica = given["silica"][index]
    at = Solution(
        columns.temperature[index], x, chemistry.log_hydroxide(x), columns.pressure[index],
        base_cations, aluminium, silica, ligand, held,
    )  # fmt: skip
    return at, {**held, "Si": silica, "H": np.exp(x), "Al": aluminium, "R": ligand}


def _refuse_missing(columns: Columns, reading: ColumnReading, law: ProfileLaw | WitchLaw) -> None:
    problems = []
    given = columns.prescribed
    sum_known = np.all([np.isfinite(given[key]) for key in _BY_ELEMENT.values()], axis=0)
    for name in needed_chemistry(reading, law):
        known = np.isfinite(given[name])
        if name == "base_cations":
            known = known | sum_known
        for index, lane in np.argwhere(columns.present & ~known):
            problems.append(
                Problem(
                    f"site {columns.names[lane]!r}, layer {columns.layer_names[lane][index]!r}: "
                    f"{name}",
                    "nothing",
                    f"a prescribed value, for {reading.title}",
                    f"give {name} in the layer, or use a model that computes it (profile)",
                )
            )
    raise_if_any(InputError, "The soil solution is not known", problems)
