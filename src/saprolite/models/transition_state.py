"""Rates of transition-state laws and saturation of minerals, in a solution of given activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from saprolite import equations as eq
from saprolite.equations._typing import Number
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.minerals.solubility import IONS, Phase
from saprolite.minerals.transition_state import RateLaw

PROTON = "H"


@dataclass(frozen=True)
class FarRate:
    """A rate far from equilibrium, mol m-2 s-1 of mineral surface: the sum and its pathways."""

    total: Number
    pathways: Mapping[str, Number]


def far_from_equilibrium_rate(
    law: RateLaw,
    temperature: Number,
    proton_activity: Number,
    hydroxide_activity: Number,
    co2_pressure: Number = None,
) -> FarRate:
    """Rate of a mineral far from equilibrium, r = sum of k(T) a^n over the pathways of its law.

    Parameters
    ----------
    law
        From ``TransitionStateTable.law`` or ``witch_phase``.
    temperature
        T, K.
    proton_activity, hydroxide_activity
        Activities of H+ and OH-, 1, > 0; arrays broadcast.
    co2_pressure
        PCO2, atm, > 0; needed by a law with a CO2 pathway (carbonates).

    Returns
    -------
    :class:`FarRate`, mol m-2 s-1: to be multiplied with :func:`saprolite.equations.affinity` or
    ``dissolution_affinity``. NaN where an input is NaN.

    Raises
    ------
    InputError
        For activities or pressures that are not positive, a PCO2 that is missing, a T not in K.
    MineralError
        Away from 25 degC for a law without activation energies.

    Source: Palandri & Kharaka 2004; Hermanska et al. 2022, 2023. Clinochlore at 25 degC and pH 5,
    log10 r = -12.49:

    >>> from saprolite.minerals import witch_phase
    >>> rate = far_from_equilibrium_rate(witch_phase("chlorite").law, 298.15, 1e-5, 1e-9)
    >>> f"{np.log10(rate.total):.2f}", list(rate.pathways)
    ('-12.49', ['H', 'H2O', 'OH'])
    """
    given = {"H": proton_activity, "OH": hydroxide_activity, "CO2": co2_pressure}
    needed = [name for name in given if any(term.activity == name for term in law.terms)]
    _check_positive(f"rate law of {law.mineral}", {name: given[name] for name in needed})
    pathways: dict[str, Number] = {}
    total: Number = 0.0
    for term, constant in zip(law.terms, law.constants(temperature), strict=True):
        rate = constant
        if term.activity:
            rate = eq.pathway_rate(constant, given[term.activity], term.order)
        pathways[term.pathway] = rate
        total = total + rate
    return FarRate(total, pathways)


def saturation_ratio(phase: Phase, temperature: Number, activities: Mapping[str, Number]) -> Number:
    """Saturation of a solution with a mineral, Omega = IAP/K: 1 at equilibrium.

    Parameters
    ----------
    phase
        From ``saprolite.minerals.phase`` or ``witch_phase``.
    temperature
        T, K.
    activities
        Activities, 1, > 0, by ion: ``"H"``, ``"Ca"``, ``"Mg"``, ``"K"``, ``"Na"``, ``"Al"``
        (Al+3), ``"Si"`` (H4SiO4), ``"Fe2"`` and ``"Fe3"`` (Fe+2, Fe+3), ``"HCO3"``, ``"CO3"``;
        those of the phase's reaction are needed, others are left alone. That of water is 1.

    Returns
    -------
    Omega, 1. NaN where an input is NaN.

    Raises
    ------
    InputError
        For an activity that is missing, unknown by name, or not positive.

    Source: definition; the constants are those of the phase. Gibbsite, log10 K = 7.738 at 25 degC,
    at pH 5 and 10^-8.262 of Al+3, where log10 IAP = -8.262 + 15 = 6.738:

    >>> from saprolite.minerals import phase
    >>> gibbsite = phase("thermoddem", "Gibbsite")
    >>> f"{saturation_ratio(gibbsite, 298.15, {'H': 1e-5, 'Al': 10**-8.262}):.3f}"
    '0.100'
    """
    where = f"saturation of {phase.name} ({phase.database})"
    known = (PROTON, *IONS)
    unknown = sorted(set(activities) - set(known))
    exponents = {**phase.ions, **({PROTON: -phase.protons} if phase.protons else {})}
    missing = [name for name in exponents if activities.get(name) is None]
    problems = []
    if unknown:
        step = "give Fe2 (Fe+2), Fe3 (Fe+3) or both" if "Fe" in unknown else "correct the name"
        problems.append(Problem(where, ", ".join(unknown), ", ".join(known), step))
    if missing:
        problems.append(
            Problem(where, "no activity of " + ", ".join(missing), ", ".join(exponents),
                    "give the activities of its reaction, or choose a phase without these ions")
        )  # fmt: skip
    raise_if_any(InputError, "The saturation cannot be computed", problems)
    _check_positive(where, {name: activities[name] for name in exponents})
    log_product: Number = 0.0
    for name, exponent in exponents.items():
        log_product = log_product + exponent * np.log10(activities[name])
    return eq.saturation_from_logs(log_product, phase.log_solubility(temperature))


def _check_positive(where: str, values: Mapping[str, Number]) -> None:
    """One error for all activities and pressures that are missing or not positive; NaN passes."""
    names = {"H": "activity of H+", "OH": "activity of OH-", "CO2": "PCO2, atm"}
    problems = []
    for key, value in values.items():
        name = names.get(key, f"activity of {key}")
        if value is None:
            problems.append(Problem(where, f"no {name}", "a number > 0", f"give the {name}"))
        elif np.any((found := np.asarray(value, dtype=float)) <= 0.0) or np.any(np.isinf(found)):
            problems.append(
                Problem(where, f"{name}: {np.nanmin(found):g} to {np.nanmax(found):g}",
                        "a number > 0", "give the activity itself, not its logarithm")
            )  # fmt: skip
    raise_if_any(InputError, "The rate or saturation cannot be computed", problems)
