"""Solved profiles: weathering by pathway and mineral, solution, fluxes; (layer, lane) arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.column.layer import BASE_CATIONS, Law
from saprolite.column.newton import Flags
from saprolite.models.rate_law import CHARGES, ELEMENTS

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SteadyState:
    """Solved profiles, (layer, lane) arrays; NaN where a layer has no solution or is absent.

    ``rates``: weathering, (pathway, mineral, layer, lane), kmol_c m-2 yr-1 of base cations;
    ``released``: by element, kmol m-2 yr-1; ``ions``: concentrations, kmol m-3 (``R`` kmol_c);
    ``outflow``, ``taken_up``: kmol_c m-2 yr-1 (Si, P: kmol); ``residual``: charge balance left
    over the sum of charges; ``found``: whether the layer was solved.
    """

    pathways: tuple[str, ...]
    minerals: tuple[str, ...]
    ph: Array
    rates: Array
    released: Mapping[str, Array]
    ions: Mapping[str, Array]
    outflow: Mapping[str, Array]
    taken_up: Mapping[str, Array]
    residual: Array
    found: Flags

    @property
    def weathering(self) -> Array:
        """Base cations released by weathering, (layer, lane), kmol_c m-2 yr-1."""
        total: Array = np.zeros_like(self.ph)
        for name in BASE_CATIONS:
            total = total + CHARGES[name] * self.released[name]
        return total

    @property
    def anc(self) -> Array:
        """Acid neutralising capacity of the solution that leaves, kmol_c m-3."""
        ions = self.ions
        strong: Array = sum((CHARGES[name] * ions[name] for name in BASE_CATIONS), np.zeros(1))
        return np.asarray(strong + ions["NH4"] - 2.0 * ions["SO4"] - ions["Cl"] - ions["NO3"])

    @property
    def bc_al_ratio(self) -> Array:
        """(Ca + Mg + K) to Al3+, mol mol-1, of the soil solution."""
        ions = self.ions
        return np.asarray((ions["Ca"] + ions["Mg"] + ions["K"]) / ions["Al"])


def charge_per_unit(law: Law) -> Array:
    """kmol_c of base cations per unit of rate, (mineral,)."""
    total: Array = np.zeros(len(law.minerals))
    for name, charge in CHARGES.items():
        total = total + charge * law.release[ELEMENTS.index(name)]
    return total


def joined(parts: Sequence[SteadyState]) -> SteadyState:
    """The lanes of several solutions, side by side."""
    values: dict[str, Any] = {}
    for item in fields(SteadyState):
        first = getattr(parts[0], item.name)
        if isinstance(first, tuple):
            values[item.name] = first
        elif isinstance(first, Mapping):
            values[item.name] = {
                key: np.concatenate([getattr(part, item.name)[key] for part in parts], axis=-1)
                for key in first
            }
        else:
            values[item.name] = np.concatenate(
                [getattr(part, item.name) for part in parts], axis=-1
            )
    return SteadyState(**values)
