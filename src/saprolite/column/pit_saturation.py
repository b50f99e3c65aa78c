"""How far a soil solution is from equilibrium with the minerals of the WITCH-type model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saprolite.column.chemistry import Chemistry
from saprolite.column.layer import BASE_CATIONS
from saprolite.constants import LN10
from saprolite.models.rate_law import CHARGES, Solution
from saprolite.models.witch import WitchLaw

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

Array = npt.NDArray[np.float64]
# The ionic strength holds H+ and other ions whose concentration depends on it.
_PASSES = 30
_STRONG = {"Ca": 2, "Mg": 2, "K": 1, "Na": 1, "NH4": 1, "NO3": 1, "SO4": 2, "Cl": 1}


def log_saturation(pits: Pits) -> dict[str, Array]:
    """log10 of Omega by mineral, (layer, lane): 0 at equilibrium, below it a mineral dissolves.

    Only for a reading that reckons with affinity. NaN where the layer does not hold the mineral.
    """
    law = pits.law
    if not isinstance(law, WitchLaw) or pits.reading.affinity == "off":
        return {}
    layers = []
    for index in range(pits.columns.temperature.shape[0]):
        layers.append(law.log_saturation_ratios(_solution(pits, index)))
    ratios = np.stack(layers, axis=1)  # (mineral, layer, lane)
    held = pits.columns.surface > 0.0
    return {
        mineral: np.where(held[number], ratios[number], np.nan)
        for number, mineral in enumerate(law.minerals)
    }


def _solution(pits: Pits, index: int) -> Solution:
    columns, ions = pits.columns, pits.state.ions
    chemistry = Chemistry.of(
        pits.reading, columns.temperature[index], columns.pressure[index], columns.doc[index],
        columns.log_gibbsite[index], columns.gibbsite_exponent[index],
    )  # fmt: skip
    x = -LN10 * pits.state.ph[index]
    aluminium = ions["Al"][index]
    if pits.reading.solves_chemistry:
        strong = {name: charge * ions[name][index] for name, charge in _STRONG.items()}
        for _ in range(_PASSES):
            chemistry = chemistry.with_ionic_strength(chemistry.ionic_strength(x, strong))
        aluminium = chemistry.aluminium(x)
    # What is prescribed is taken as an activity, as the model does.
    one, two, _ = chemistry.gamma
    activities = {
        name: ions[name][index] * (two if CHARGES[name] == 2 else one) for name in BASE_CATIONS
    }
    return Solution(
        columns.temperature[index], x, chemistry.log_hydroxide(x), columns.pressure[index], 0.0,
        aluminium, ions["Si"][index], 0.0, activities,
    )  # fmt: skip
