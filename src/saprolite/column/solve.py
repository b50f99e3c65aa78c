"""The steady state of soil profiles, layer by layer from the top down; any number at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.column.columns import Columns
from saprolite.column.coupled import coupled_layer
from saprolite.column.layer import (
    BASE_CATIONS,
    SOLUTES,
    Law,
    LayerInput,
    LayerSolution,
    explicit_layer,
)
from saprolite.column.newton import Flags
from saprolite.constants import LN10
from saprolite.models import ColumnReading
from saprolite.models.rate_law import CHARGES, ELEMENTS, ProfileLaw
from saprolite.models.witch import WitchLaw

Array = npt.NDArray[np.float64]
LANES_AT_A_TIME = 2048
START_PH = 5.0


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


def rate_law(reading: ColumnReading, minerals: tuple[str, ...]) -> ProfileLaw | WitchLaw:
    """The rate law of a reading."""
    if reading.model == "witch-type":
        return WitchLaw.of(reading, minerals)
    return ProfileLaw.of(reading, minerals)


def steady_state(
    columns: Columns,
    reading: ColumnReading,
    law: ProfileLaw | WitchLaw | None = None,
    lanes_at_a_time: int = LANES_AT_A_TIME,
) -> SteadyState:
    """Solve all profiles; a layer without a solution leaves NaN in it and below.

    ``lanes_at_a_time`` is how many profiles are held at once; no result depends on it.
    """
    law = law or rate_law(reading, columns.minerals)
    parts = [
        _solve_part(columns.part(slice(start, start + lanes_at_a_time)), law)
        for start in range(0, columns.size, lanes_at_a_time)
    ]
    return _joined(parts)


def _solve_part(columns: Columns, law: ProfileLaw | WitchLaw) -> SteadyState:
    solve = coupled_layer if law.needs_elements else explicit_layer
    inflow = columns.inflow()
    start = np.full(columns.size, -LN10 * START_PH)
    layers = []
    for index, layer in enumerate(_layers(columns, inflow)):
        solved = solve(law, layer, start)  # type: ignore[arg-type]
        layers.append(solved)
        here = columns.present[index]
        inflow.update(
            {name: np.where(here, solved.outflow[name], inflow[name]) for name in SOLUTES}
        )
        start = np.where(np.isfinite(solved.log_proton), solved.log_proton, start)
    return _collected(columns, law, layers)


def _layers(columns: Columns, inflow: Mapping[str, Array]) -> Iterator[LayerInput]:
    for index in range(columns.thickness.shape[0]):
        # Without percolation there is no steady state: such a layer has no solution.
        percolation = columns.percolation[index]
        yield LayerInput(
            columns.temperature[index],
            columns.pressure[index],
            columns.doc[index],
            columns.log_gibbsite[index],
            columns.gibbsite_exponent[index],
            columns.surface[:, index],
            np.where(percolation > 0.0, percolation, np.nan),
            columns.nitrification[index],
            dict(inflow),
            {name: values[index] for name, values in columns.uptake.items()},
        )


def charge_per_unit(law: Law) -> Array:
    """kmol_c of base cations per unit of rate, (mineral,)."""
    total: Array = np.zeros(len(law.minerals))
    for name, charge in CHARGES.items():
        total = total + charge * law.release[ELEMENTS.index(name)]
    return total


def _collected(
    columns: Columns, law: ProfileLaw | WitchLaw, layers: Sequence[LayerSolution]
) -> SteadyState:
    charge = charge_per_unit(law)[None, :, None]
    ions: dict[str, list[Array]] = {}
    for index, layer in enumerate(layers):
        water = columns.percolation[index]
        found = layer.chemistry.concentrations(layer.log_proton)
        for name in SOLUTES:
            moles = layer.outflow[name] / CHARGES.get(name, 2 if name == "SO4" else 1)
            found[name] = moles / np.where(layer.found, water, np.nan)
        for name, values in found.items():
            ions.setdefault(name, []).append(values)
    return SteadyState(
        law.names,
        law.minerals,
        np.stack([-layer.log_proton / LN10 for layer in layers]),
        np.stack([layer.rates * charge for layer in layers], axis=2),
        _stacked([layer.released for layer in layers]),
        {name: np.stack(values) for name, values in ions.items()},
        _stacked([layer.outflow for layer in layers]),
        _stacked([layer.taken_up for layer in layers]),
        np.stack([layer.residual for layer in layers]),
        np.stack([layer.found for layer in layers]),
    )


def _stacked(items: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([item[name] for item in items]) for name in items[0]}


def _joined(parts: Sequence[SteadyState]) -> SteadyState:
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
