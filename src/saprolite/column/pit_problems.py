"""Why a layer has no steady state: no percolation, charges that cannot balance, or the layer above.

Only layers that were not solved come here, one at a time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.chemistry import GREATEST_PH, LEAST_PH, log_proton_bracket
from saprolite.column.columns import Columns
from saprolite.column.layer import (
    BASE_CATIONS,
    SOLUTES,
    Ions,
    LayerInput,
    layer_chemistry,
    uptake_floor,
)
from saprolite.column.steady_state import SteadyState
from saprolite.errors import Problem
from saprolite.models import ColumnReading

Array = npt.NDArray[np.float64]


def unsolved_layers(columns: Columns, reading: ColumnReading, state: SteadyState) -> list[Problem]:
    """Every layer that is there and has no solution, with its reason; site by site, downwards."""
    missing = columns.present & ~state.found
    return [
        _problem(columns, reading, state, int(index), int(lane))
        for lane, index in np.argwhere(missing.T)
    ]


def _problem(
    columns: Columns, reading: ColumnReading, state: SteadyState, index: int, lane: int
) -> Problem:
    names = columns.layer_names[lane]
    where = f"site {columns.names[lane]!r}, layer {names[index]!r}"
    if not reading.solves_chemistry:
        return Problem(
            where,
            "no finite rate at the chemistry that is prescribed",
            "values that a soil solution has",
            "check the chemistry of the layer",
        )
    if index > 0 and not state.found[index - 1, lane]:
        above = names[index - 1]
        return Problem(
            where,
            f"the layer {above!r} above it has no solution",
            "water from a layer that is solved",
            f"see layer {above!r}",
        )
    water = float(columns.percolation[index, lane])
    if not water > 0.0:
        return Problem(
            where,
            f"no percolation ({water:g} m yr-1)",
            "water that leaves the layer, to carry away what weathers",
            "check precipitation, evapotranspiration and evapotranspiration_share",
        )
    return _charges(where, columns, reading, _inflow(columns, state, index, lane), index, lane)


def _charges(
    where: str,
    columns: Columns,
    reading: ColumnReading,
    inflow: dict[str, Array],
    index: int,
    lane: int,
) -> Problem:
    """On which side the charge balance of a layer fails."""
    layer = _layer(columns, inflow, index, lane)
    strong = _strong_ion_difference(reading, layer)
    chemistry = layer_chemistry(reading, layer)
    at_greatest, at_least = log_proton_bracket(layer.temperature)
    most = float(chemistry.alkalinity(at_greatest).value[0])
    least = float(chemistry.alkalinity(at_least).value[0])
    accepted = (
        f"a strong-ion difference from {least:.3g} (pH {LEAST_PH:g}) to {most:.3g} kmol_c m-3 "
        f"(pH {GREATEST_PH:g})"
    )
    water = float(layer.percolation[0])
    advice = f"check deposition and uptake, and the percolation ({water:.3g} m yr-1)"
    if strong < least:
        return Problem(
            where,
            "charges that cannot balance between pH 1 and 13: too acid, SO4 + Cl + NO3 exceed "
            f"Ca + Mg + K + Na + NH4 by {-strong:.3g} kmol_c m-3 before weathering",
            accepted,
            advice,
        )
    if strong > most:
        return Problem(
            where,
            "charges that cannot balance between pH 1 and 13: too alkaline, Ca + Mg + K + Na + "
            f"NH4 exceed SO4 + Cl + NO3 by {strong:.3g} kmol_c m-3 before weathering",
            accepted,
            advice,
        )
    return Problem(
        where,
        "no steady state was found, with a strong-ion difference before weathering of "
        f"{strong:.3g} kmol_c m-3",
        "weathering and ions that balance between pH 1 and 13",
        f"{advice}; a plausible layer that ends here is a fault of the solver",
    )


def _inflow(columns: Columns, state: SteadyState, index: int, lane: int) -> dict[str, Array]:
    if index == 0:
        return {name: values[lane : lane + 1] for name, values in columns.inflow().items()}
    return {name: state.outflow[name][index - 1, lane : lane + 1] for name in SOLUTES}


def _layer(columns: Columns, inflow: dict[str, Array], index: int, lane: int) -> LayerInput:
    def here(values: Array) -> Array:
        return values[..., index, lane : lane + 1]

    return LayerInput(
        here(columns.temperature),
        here(columns.pressure),
        here(columns.doc),
        here(columns.log_gibbsite),
        here(columns.gibbsite_exponent),
        here(columns.surface),
        here(columns.percolation),
        here(columns.nitrification),
        inflow,
        {name: here(values) for name, values in columns.uptake.items()},
    )


def _strong_ion_difference(reading: ColumnReading, layer: LayerInput) -> float:
    """Strong cations less strong anions without weathering, after uptake, kmol_c m-3."""
    charge = -Ions.of(layer).anions_less_ammonium
    for name in BASE_CATIONS:
        floor = uptake_floor(reading, layer, name)
        charge = charge + eq.after_uptake(layer.inflow[name], layer.uptake[name], floor)[0]
    return float((charge / layer.percolation)[0])
