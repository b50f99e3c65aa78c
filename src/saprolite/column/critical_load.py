"""Critical loads of a soil by the simple mass balance: checked inputs in, loads and exceedance out.

The chemical criterion has no default: it is a judgement about what is to be protected, and it
moves the result more than most inputs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from saprolite import equations as eq
from saprolite.constants import MINIMUM_BASE_CONCENTRATION
from saprolite.equations._typing import Number
from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any

_FLUX = "kmol_c m-2 yr-1"
_FLUX_ADVICE = "check the unit: 1 kmol_c m-2 yr-1 is 1e7 eq ha-1 yr-1, 1e6 meq m-2 yr-1"
_GIBBSITE_ADVICE = "give log10 of K_gibb in (mol/L)^-2: 8 for 300 m6 eq-2"
# Plausible values; outside of them there is almost always a slip of the unit.
_FLUX_RANGE = (0.0, 5.0e-3)
_PERCOLATION_RANGE = (1.0e-4, 15.0)
_GIBBSITE_RANGE = (4.0, 13.0)
_FRACTION_RANGE = (0.0, 0.99)
_CONCENTRATION_RANGE = (0.0, 1.0e-2)
_MINIMUM_RANGE = (0.0, 1.0e-3)
# An uptake limited to the supply may exceed it by rounding.
_ROUNDING = 1.0e-9


@dataclass(frozen=True, kw_only=True)
class CriticalLoadInput:
    """What the simple mass balance asks of a site; each number may be an array (cells of a map).

    Fluxes are in kmol_c m-2 yr-1 (1e7 eq ha-1 yr-1), of the whole root zone.

    Attributes
    ----------
    ca_deposition, mg_deposition, k_deposition, na_deposition, cl_deposition
        Deposition. Either all five as measured, or base cations corrected for sea salt
        (``saprolite.equations.sea_salt_corrected``) and chloride 0; never one of each.
    ca_weathering, mg_weathering, k_weathering, na_weathering
        Release by weathering.
    ca_uptake, mg_uptake, k_uptake, n_uptake
        Net uptake: what harvest removes for good.
    n_immobilisation
        Ni, nitrogen stored in soil organic matter in the long run.
    percolation
        Q, water that leaves the root zone, m yr-1.
    criterion
        Name of the chemical criterion, a key of ``CRITERIA``.
    critical_value
        Its critical value, in the unit that ``CRITERIA`` gives.
    log_gibbsite
        log10 of K_gibb, (mol/L)^-2; needed by the criteria that reckon with aluminium.
    denitrification_fraction, denitrification
        f_de, share of the nitrogen left by uptake and immobilisation; or Nde as a constant flux.
        Exactly one of the two.
    nitrogen_leaching, nitrogen_concentration
        For CL_nut(N): acceptable leaching N_le(acc), or critical concentration [N]crit, kmol m-3.
        One of the two, or none.
    minimum_base_concentration
        [Bc]min that roots leave in the water, kmol_c m-3.
    """

    ca_deposition: Number
    mg_deposition: Number
    k_deposition: Number
    na_deposition: Number
    cl_deposition: Number
    ca_weathering: Number
    mg_weathering: Number
    k_weathering: Number
    na_weathering: Number
    ca_uptake: Number
    mg_uptake: Number
    k_uptake: Number
    n_uptake: Number
    n_immobilisation: Number
    percolation: Number
    criterion: str | None = None
    critical_value: Number = None
    log_gibbsite: Number = None
    denitrification_fraction: Number = None
    denitrification: Number = None
    nitrogen_leaching: Number = None
    nitrogen_concentration: Number = None
    minimum_base_concentration: Number = MINIMUM_BASE_CONCENTRATION

    def base_deposition(self) -> Number:
        """Bcdep = Ca + Mg + K, kmol_c m-2 yr-1."""
        return self.ca_deposition + self.mg_deposition + self.k_deposition

    def base_weathering(self) -> Number:
        """Bcw = Ca + Mg + K, kmol_c m-2 yr-1."""
        return self.ca_weathering + self.mg_weathering + self.k_weathering

    def base_uptake(self) -> Number:
        """Bcu = Ca + Mg + K, kmol_c m-2 yr-1."""
        return self.ca_uptake + self.mg_uptake + self.k_uptake

    def base_leaching(self) -> Number:
        """Bc_le = Bcdep + Bcw - Bcu, kmol_c m-2 yr-1."""
        return eq.base_cation_leaching(
            self.base_deposition(), self.base_weathering(), self.base_uptake()
        )


@dataclass(frozen=True)
class Criterion:
    """A chemical criterion: unit and plausible range of its critical value, and its equation."""

    meaning: str
    unit: str
    valid_range: tuple[float, float]
    needs_gibbsite: bool
    anc_leaching: Callable[[CriticalLoadInput], Number]


CRITERIA: Mapping[str, Criterion] = {
    "bc_al": Criterion("molar Bc/Al of the soil water", "mol mol-1", (0.01, 1000.0), True,
        lambda s: eq.anc_leaching_bc_al(
            s.percolation, s.base_leaching(), s.critical_value, s.log_gibbsite)),
    "bc_h": Criterion("molar Bc/H, organic soils", "mol mol-1", (0.01, 1000.0), False,
        lambda s: eq.anc_leaching_bc_h(s.base_leaching(), s.critical_value)),
    "aluminium": Criterion("[Al] as charge", "kmol_c m-3", (1e-7, 1e-2), True,
        lambda s: eq.anc_leaching_aluminium(s.percolation, s.critical_value, s.log_gibbsite)),
    "ph": Criterion("pH", "1", (2.0, 7.0), True,
        lambda s: eq.anc_leaching_ph(s.percolation, s.critical_value, s.log_gibbsite)),
    "anc": Criterion("[ANC], as for surface waters", "kmol_c m-3", (-1e-2, 1e-2), False,
        lambda s: eq.anc_leaching_concentration(s.percolation, s.critical_value)),
    "aluminium_mobilisation": Criterion("p: charge of Al per charge of BC that weathers",
        "kmol_c kmol_c-1", (0.0, 10.0), True,
        lambda s: eq.anc_leaching_mobilisation(
            s.percolation, s.base_weathering() + s.na_weathering, s.critical_value,
            s.log_gibbsite)),
}  # fmt: skip


@dataclass(frozen=True)
class CriticalLoads:
    """Critical loads, kmol_c m-2 yr-1, in the names of the Mapping Manual.

    A negative ``cl_max_s`` is left as it is: the criterion is missed without any deposition of S
    and N. The exceedance counts it as 0.
    """

    criterion: str
    anc_le_crit: Number
    cl_a: Number
    cl_max_s: Number
    cl_min_n: Number
    cl_max_n: Number
    cl_nut_n: Number | None

    def as_equivalents_per_hectare(self) -> dict[str, Number]:
        """The same, by name, in the manual's unit eq ha-1 yr-1 (without a load that is None)."""
        named = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        return {
            name: eq.equivalents_per_hectare(value)
            for name, value in named.items()
            if value is not None
        }

    def exceedance(
        self, *, sulphur_deposition: Number, nitrogen_deposition: Number
    ) -> eq.Exceedance:
        """Exceedance of the acidity function by Sdep and Ndep, with the region of the function.

        Parameters: deposition, kmol_c m-2 yr-1; S without sea salt where the base cations are
        without it. Returns: nitrogen, sulphur, total (kmol_c m-2 yr-1), region 0 to 5. Raises
        ``InputError`` for an implausible deposition. Source: as ``saprolite.equations.exceedance``.
        """
        deposition = _checked_deposition(
            sulphur_deposition=sulphur_deposition, nitrogen_deposition=nitrogen_deposition
        )
        return eq.exceedance(
            deposition["nitrogen_deposition"], deposition["sulphur_deposition"],
            self.cl_min_n, self.cl_max_n, self.cl_max_s,
        )  # fmt: skip

    def nutrient_exceedance(self, *, nitrogen_deposition: Number) -> Number:
        """Exceedance of CL_nut(N), kmol m-2 yr-1; ``InputError`` where there is no CL_nut(N)."""
        deposition = _checked_deposition(nitrogen_deposition=nitrogen_deposition)
        if self.cl_nut_n is None:
            problem = Problem(
                "cl_nut_n",
                "nothing",
                "a critical load of nutrient nitrogen",
                "give nitrogen_leaching or nitrogen_concentration to CriticalLoadInput",
            )
            raise_if_any(InputError, "The exceedance cannot be computed", [problem])
        return eq.nutrient_exceedance(deposition["nitrogen_deposition"], self.cl_nut_n)


def critical_loads(site: CriticalLoadInput) -> CriticalLoads:
    """Critical loads of acidity and nutrient nitrogen of a site, or of all cells of arrays.

    Parameters
    ----------
    site
        The inputs; arrays are broadcast against each other.

    Returns
    -------
    The loads, kmol_c m-2 yr-1. NaN where an input of the cell is NaN.

    Raises
    ------
    InputError
        Once, with everything that is wrong: a value out of its range, an unknown criterion, a
        missing critical value, an uptake above the supply, arrays that do not fit.

    Source: Mapping Manual V.3 (equations in saprolite.equations.critical_load). By hand, in eq
    ha-1 yr-1: Bc_le = 200 + 500 - 100 = 600, ANC_le,crit = -300 - 900, CL(S)max = 200 + 600 - 100
    + 1200:

    >>> site = CriticalLoadInput(
    ...     ca_deposition=1e-5, mg_deposition=5e-6, k_deposition=5e-6, na_deposition=0.0,
    ...     cl_deposition=0.0, ca_weathering=3e-5, mg_weathering=1e-5, k_weathering=1e-5,
    ...     na_weathering=1e-5, ca_uptake=5e-6, mg_uptake=2e-6, k_uptake=3e-6, n_uptake=3e-5,
    ...     n_immobilisation=7e-6, percolation=0.3, criterion="bc_al", critical_value=1.0,
    ...     log_gibbsite=8.0, denitrification_fraction=0.0, nitrogen_concentration=1e-5)
    >>> loads = critical_loads(site)
    >>> {name: round(float(v)) for name, v in loads.as_equivalents_per_hectare().items()}
    {'anc_le_crit': -1200, 'cl_a': 1800, 'cl_max_s': 1900, 'cl_min_n': 370, 'cl_max_n': 2270,
     'cl_nut_n': 400}
    >>> over = loads.exceedance(sulphur_deposition=2e-4, nitrogen_deposition=3e-5)
    >>> f"{over.total:.1e} region {over.region:.0f}"
    '1.0e-05 region 5'
    """
    site = _checked(site)
    anc_leaching = CRITERIA[str(site.criterion)].anc_leaching(site)
    weathering = site.base_weathering() + site.na_weathering
    sulphur = eq.critical_load_sulphur(
        site.base_deposition() + site.na_deposition, site.cl_deposition, weathering,
        site.base_uptake(), anc_leaching,
    )  # fmt: skip
    constant = 0.0 if site.denitrification is None else site.denitrification
    share = 0.0 if site.denitrification_fraction is None else site.denitrification_fraction
    minimum = eq.critical_load_nitrogen_minimum(site.n_immobilisation, site.n_uptake, constant)
    leaching = site.nitrogen_leaching
    if site.nitrogen_concentration is not None:
        leaching = site.percolation * site.nitrogen_concentration
    return CriticalLoads(
        criterion=str(site.criterion),
        anc_le_crit=anc_leaching,
        cl_a=eq.critical_load_acidity(weathering, anc_leaching),
        cl_max_s=sulphur,
        cl_min_n=minimum,
        cl_max_n=eq.critical_load_nitrogen_maximum(minimum, sulphur, share),
        cl_nut_n=None
        if leaching is None
        else eq.critical_load_nutrient_nitrogen(minimum, leaching, share),
    )


def _checked(site: CriticalLoadInput) -> CriticalLoadInput:
    """The inputs as arrays of floats; one error with all that is wrong."""
    problems: list[Problem] = []
    if not isinstance(site, CriticalLoadInput):
        problems.append(
            Problem("site", f"a {type(site).__name__}", "a sap.CriticalLoadInput",
                    "sap.solve(site).critical_loads() for a site with [critical_load]")
        )  # fmt: skip
        raise_if_any(InputError, "The critical loads cannot be computed", problems)
    numbers = _numbers(
        {f.name: getattr(site, f.name) for f in fields(site) if f.name != "criterion"}, problems
    )
    _check_criterion(site, problems)
    for names, accepted, least, next_step in (
        (("denitrification_fraction", "denitrification"), "exactly one of the two", 1,
         "give the fraction f_de, or the constant flux Nde"),
        (("nitrogen_leaching", "nitrogen_concentration"), "one of the two, or none", 0,
         "give the acceptable leaching, or the critical concentration"),
    ):  # fmt: skip
        given = [name for name in names if getattr(site, name) is not None]
        if not least <= len(given) <= 1:
            problems.append(
                Problem(" and ".join(names), "both" if given else "neither", accepted, next_step)
            )
    for name, value in numbers.items():
        problems.extend(_range_problems(name, value, site.criterion))
    if not problems:
        site = replace(site, **numbers)
        problems.extend(_uptake_problems(site))
    raise_if_any(InputError, "The critical loads cannot be computed", problems)
    return site


def _numbers(values: Mapping[str, Number], problems: list[Problem]) -> dict[str, Number]:
    """Every given value as floats; appends what is no number, labelled, or of another shape."""
    numbers: dict[str, Number] = {}
    for name, value in values.items():
        if value is None:
            continue
        try:
            if hasattr(value, "dims") or isinstance(value, str | bytes | bool):
                raise TypeError
            numbers[name] = np.asarray(value, dtype=np.float64)[()]
        except (TypeError, ValueError):
            problems.append(
                Problem(name, f"{type(value).__name__} {value!r:.40}", "numbers or NumPy arrays",
                        "give plain numbers (of a labelled array: its .values)")
            )  # fmt: skip
    shapes = {name: np.shape(value) for name, value in numbers.items() if np.shape(value)}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        problems.append(Problem("shapes", found, "shapes that broadcast", "give one grid to all"))
    return numbers


def _check_criterion(site: CriticalLoadInput, problems: list[Problem]) -> None:
    names = ", ".join(f"'{name}'" for name in CRITERIA)
    criterion = CRITERIA.get(site.criterion) if isinstance(site.criterion, str) else None
    if criterion is None:
        found = "nothing" if site.criterion is None else f"{site.criterion!r}"
        advice = "name the criterion; there is no default"
        if site.criterion is not None:
            advice = did_you_mean(str(site.criterion), CRITERIA)
        problems.append(Problem("criterion", found, names, advice))
    if site.critical_value is None:
        unit = f"a number, {criterion.unit}: {criterion.meaning}" if criterion else "a number"
        problems.append(
            Problem("critical_value", "nothing", unit, "give the critical value of the criterion")
        )
    if criterion is not None and criterion.needs_gibbsite and site.log_gibbsite is None:
        problems.append(
            Problem("log_gibbsite", "nothing", f"needed by '{site.criterion}'", _GIBBSITE_ADVICE)
        )


def _range_of(name: str, criterion: str | None) -> tuple[tuple[float, float], str, str] | None:
    """Range, unit and advice of an input; none for the value of an unknown criterion."""
    if name == "critical_value":
        kind = CRITERIA.get(criterion or "")
        if kind is None:
            return None
        return kind.valid_range, kind.unit, f"check the unit of '{criterion}': {kind.unit}"
    return {
        "percolation": (_PERCOLATION_RANGE, "m yr-1",
            "give metres, not mm; cells without percolation have no critical load: set them NaN"),
        "log_gibbsite": (_GIBBSITE_RANGE, "log10 (mol/L)^-2", _GIBBSITE_ADVICE),
        "denitrification_fraction": (_FRACTION_RANGE, "1", "give a fraction, not percent"),
        "nitrogen_concentration": (_CONCENTRATION_RANGE, "kmol m-3", "1 mg N L-1 is 7.1e-5"),
        "minimum_base_concentration": (_MINIMUM_RANGE, "kmol_c m-3", "1 ueq L-1 is 1e-6"),
    }.get(name, (_FLUX_RANGE, _FLUX, _FLUX_ADVICE))  # fmt: skip


def _range_problems(name: str, value: Number, criterion: str | None) -> list[Problem]:
    known = _range_of(name, criterion)
    if known is None:
        return []
    (low, high), unit, advice = known
    if not np.any((value < low) | (value > high)):
        return []
    found = f"{np.nanmin(value):g}"
    if np.nanmax(value) > np.nanmin(value):
        found += f" to {np.nanmax(value):g}"
    return [Problem(name, found, f"{low:g} to {high:g} {unit}", advice)]


def _uptake_problems(site: CriticalLoadInput) -> list[Problem]:
    limit = eq.largest_uptake(
        site.base_deposition(), site.base_weathering(), site.percolation,
        site.minimum_base_concentration,
    )  # fmt: skip
    excess = site.base_uptake() - limit
    above = excess > _ROUNDING * limit
    if not np.any(above):
        return []
    worst = eq.equivalents_per_hectare(np.nanmax(excess))
    return [
        Problem("ca_uptake + mg_uptake + k_uptake",
                f"up to {worst:.3g} eq ha-1 yr-1 above the supply, in {np.count_nonzero(above)} "
                f"of {np.size(above)} cells",
                "Bcu <= Bcdep + Bcw - Q [Bc]min",
                "lower the uptake: saprolite.equations.largest_uptake gives the limit")
    ]  # fmt: skip


def _checked_deposition(**values: Number) -> dict[str, Number]:
    problems: list[Problem] = []
    numbers = _numbers(values, problems)
    for name, value in values.items():
        if value is None:
            problems.append(Problem(name, "nothing", f"a flux, {_FLUX}", "give the deposition"))
    for name, value in numbers.items():
        problems.extend(_range_problems(name, value, None))
    raise_if_any(InputError, "The exceedance cannot be computed", problems)
    return numbers
