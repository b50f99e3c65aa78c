"""The steady state of soil profiles, layer by layer from the top down; any number at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from saprolite.column.affinity import affinity_layer
from saprolite.column.columns import Columns
from saprolite.column.coupled import coupled_layer
from saprolite.column.layer import (
    SOLUTES,
    START_PH,
    LayerInput,
    LayerSolution,
    explicit_layer,
)
from saprolite.column.prescribed import prescribed_state
from saprolite.column.steady_state import SteadyState, charge_per_unit, joined
from saprolite.constants import LN10
from saprolite.models import ColumnReading
from saprolite.models.rate_law import CHARGES, ProfileLaw
from saprolite.models.witch import WitchLaw

Array = npt.NDArray[np.float64]
LANES_AT_A_TIME = 2048


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
    if not reading.solves_chemistry:
        return prescribed_state(columns, reading, law)
    parts = [
        _solve_part(columns.part(slice(start, start + lanes_at_a_time)), law)
        for start in range(0, columns.size, lanes_at_a_time)
    ]
    return joined(parts)


def steady_state_of_many(
    columns: Columns, reading: ColumnReading, law: ProfileLaw | WitchLaw, workers: int = 1
) -> SteadyState:
    """The same for a grid: compiled where the law allows it, on ``workers`` threads.

    The compiled solver is an approximation of nothing: same equations, choices and acceptance, so
    that both agree to what a balance of charges to 1e-13 fixes (pH to 1e-10). Which of the two runs
    depends on the question that is asked, never on the number of lanes.
    """
    if not is_compilable(reading, law):
        return steady_state(columns, reading, law)
    assert isinstance(law, ProfileLaw)
    from saprolite.column.compiled import compiled_steady_state

    return compiled_steady_state(columns, law, workers)


def is_compilable(reading: ColumnReading, law: ProfileLaw | WitchLaw) -> bool:
    """Whether :func:`steady_state_of_many` compiles: PROFILE's chemistry without silica brakes."""
    return isinstance(law, ProfileLaw) and reading.solves_chemistry and not law.needs_elements


def _solve_part(columns: Columns, law: ProfileLaw | WitchLaw) -> SteadyState:
    inflow = columns.inflow()
    start = np.full(columns.size, -LN10 * START_PH)
    layers = []
    for index, layer in enumerate(_layers(columns, inflow)):
        solved = solve_layer(law, layer, start)
        layers.append(solved)
        here = columns.present[index]
        inflow.update(
            {name: np.where(here, solved.outflow[name], inflow[name]) for name in SOLUTES}
        )
        start = np.where(np.isfinite(solved.log_proton), solved.log_proton, start)
    return _collected(columns, law, layers)


def solve_layer(law: ProfileLaw | WitchLaw, layer: LayerInput, start: Array) -> LayerSolution:
    """One layer by the formulation that its rate law asks for, from a first guess of ln h."""
    if isinstance(law, WitchLaw):
        return affinity_layer(law, layer, start)
    return (
        coupled_layer(law, layer, start)
        if law.needs_elements
        else explicit_layer(law, layer, start)
    )


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
