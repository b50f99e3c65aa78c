"""Critical loads of a site: its [critical_load] section and what its solved pit releases.

The root zone is the whole pit, or what lies above ``depth``. Weathering is that of its layers, or
given in the section; deposition and uptake are the site's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from saprolite import equations as eq
from saprolite.column.critical_load import (
    CRITERIA,
    CriticalLoadInput,
    CriticalLoads,
    critical_loads,
)
from saprolite.column.pit_frames import depths
from saprolite.column.site import Site
from saprolite.column.site_checks import closest
from saprolite.constants import MINIMUM_BASE_CONCENTRATION
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.models.rate_law import CHARGES

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

# Keys of the section and the inputs of the simple mass balance that they give.
_KEYS: Mapping[str, str] = {
    "criterion": "criterion",
    "critical_value": "critical_value",
    "log_gibbsite": "log_gibbsite",
    "nitrogen_immobilisation": "n_immobilisation",
    "denitrification_fraction": "denitrification_fraction",
    "denitrification": "denitrification",
    "acceptable_nitrogen_leaching": "nitrogen_leaching",
    "critical_nitrogen_concentration": "nitrogen_concentration",
    "minimum_base_concentration": "minimum_base_concentration",
}
_WEATHERING = tuple(f"weathering_{name}" for name in CHARGES)
KEYS = (*_KEYS, "depth", *_WEATHERING)
_NEEDED = {
    "criterion": "one of Bc/Al, Bc/H, aluminium, pH, ANC, aluminium_mobilisation",
    "critical_value": "its critical value, as a number in the unit of the criterion",
    "nitrogen_immobilisation": 'such as "3.6 mmol/m2/yr"; 0 is allowed',
}
_SAME_DEPTH = 1e-6
_UNIT = "kmol_c_m2_yr"
_EQ = "eq_ha_yr"


@dataclass(frozen=True)
class SiteCriticalLoad:
    """Critical loads of one site, kmol_c m-2 yr-1, and how far its deposition exceeds them.

    ``depth`` of the root zone, m; ``percolation`` out of it, m yr-1; ``weathering`` by element;
    ``given``: whether the section gives the weathering; ``uptake_unmet``: uptake of Ca, Mg and K
    that the supply does not allow; ``exceedance``: of acidity, by the site's deposition of S and
    N; ``nutrient_exceedance``: of CL_nut(N), None where there is none.
    """

    site: str
    critical_value: float
    depth: float
    percolation: float
    weathering: Mapping[str, float]
    given: bool
    uptake_unmet: float
    sulphur_deposition: float
    nitrogen_deposition: float
    loads: CriticalLoads
    exceedance: eq.Exceedance
    nutrient_exceedance: float | None

    def fluxes(self) -> dict[str, float]:
        """Every flux by name, kmol_c m-2 yr-1."""
        loads = self.loads
        found = {
            "weathering": sum(self.weathering.values()),
            "uptake_unmet": self.uptake_unmet,
            "sulphur_deposition": self.sulphur_deposition,
            "nitrogen_deposition": self.nitrogen_deposition,
            "anc_le_crit": float(loads.anc_le_crit),
            "cl_a": float(loads.cl_a),
            "cl_max_s": float(loads.cl_max_s),
            "cl_min_n": float(loads.cl_min_n),
            "cl_max_n": float(loads.cl_max_n),
            "exceedance_s": float(self.exceedance.sulphur),
            "exceedance_n": float(self.exceedance.nitrogen),
            "exceedance": float(self.exceedance.total),
        }
        if loads.cl_nut_n is not None and self.nutrient_exceedance is not None:
            found["cl_nut_n"] = float(loads.cl_nut_n)
            found["exceedance_nut_n"] = self.nutrient_exceedance
        return found

    def row(self) -> dict[str, Any]:
        """One row of a table: each flux in eq ha-1 yr-1 and in kmol_c m-2 yr-1."""
        row: dict[str, Any] = {
            "site": self.site,
            "criterion": self.loads.criterion,
            "critical_value": self.critical_value,
            "depth_m": self.depth,
            "percolation_mm_yr": self.percolation * 1e3,
            "weathering_is": "given" if self.given else "computed",
            "region_of_exceedance": int(self.exceedance.region),
        }
        for name, value in self.fluxes().items():
            row[f"{name}_{_EQ}"] = float(eq.equivalents_per_hectare(value))
        for name, value in self.fluxes().items():
            row[f"{name}_{_UNIT}"] = value
        return row


def site_critical_loads(pits: Pits) -> tuple[SiteCriticalLoad, ...]:
    """Critical loads of every site with a section; one ``InputError`` for all that is wrong.

    Source: Mapping Manual V.3, by :func:`saprolite.column.critical_load.critical_loads`.
    """
    found: list[SiteCriticalLoad] = []
    problems: list[Problem] = []
    for lane, site in enumerate(pits.sites):
        if site.critical_load is None:
            continue
        try:
            found.append(_of_site(pits, lane, site, site.critical_load))
        except InputError as error:
            problems += [_at_site(site, problem) for problem in error.problems]
    raise_if_any(InputError, "The critical loads cannot be computed", problems)
    return tuple(found)


def critical_load_frame(loads: tuple[SiteCriticalLoad, ...]) -> pd.DataFrame:
    """One row a site."""
    return pd.DataFrame([load.row() for load in loads])


def criterion_name(text: str) -> str:
    """The name in ``CRITERIA`` of a criterion as it is written.

    >>> criterion_name("Bc/Al"), criterion_name("pH"), criterion_name("aluminium mobilisation")
    ('bc_al', 'ph', 'aluminium_mobilisation')
    """
    return "_".join(text.strip().casefold().replace("/", " ").replace(":", " ").split())


def _of_site(
    pits: Pits, lane: int, site: Site, section: Mapping[str, float | str]
) -> SiteCriticalLoad:
    problems = _section_problems(section)
    raise_if_any(InputError, "critical_load", problems)
    depth, layers = _root_zone(pits, lane, section)
    weathering = {
        name: float(section[f"weathering_{name}"])
        if "weathering_Ca" in section
        else float((CHARGES[name] * pits.state.released[name][:layers, lane]).sum())
        for name in CHARGES
    }
    uptake = {
        name: float(pits.columns.uptake[name][:layers, lane].sum())
        for name in ("Ca", "Mg", "K", "N")
    }
    percolation = float(pits.columns.percolation[layers - 1, lane])
    given = {field: section[key] for key, field in _KEYS.items() if key in section}
    share = _share_of_uptake(site, uptake, weathering, percolation, section)
    given["criterion"] = criterion_name(str(section["criterion"]))
    fluxes = {
        **{f"{name.lower()}_deposition": site.deposition[name] for name in (*CHARGES, "Cl")},
        **{f"{name.lower()}_weathering": value for name, value in weathering.items()},
        **{f"{name.lower()}_uptake": share * uptake[name] for name in ("Ca", "Mg", "K")},
        "n_uptake": uptake["N"],
    }
    arguments: dict[str, Any] = {**fluxes, "percolation": percolation, **given}
    loads = critical_loads(CriticalLoadInput(**arguments))
    sulphur = site.deposition["SO4"]
    nitrogen = site.deposition["NH4"] + site.deposition["NO3"]
    nutrient = None
    if loads.cl_nut_n is not None:
        nutrient = float(loads.nutrient_exceedance(nitrogen_deposition=nitrogen))
    return SiteCriticalLoad(
        site=site.name,
        critical_value=float(section["critical_value"]),
        depth=depth,
        percolation=percolation,
        weathering=weathering,
        given="weathering_Ca" in section,
        uptake_unmet=(1.0 - share) * (uptake["Ca"] + uptake["Mg"] + uptake["K"]),
        sulphur_deposition=sulphur,
        nitrogen_deposition=nitrogen,
        loads=loads,
        exceedance=loads.exceedance(sulphur_deposition=sulphur, nitrogen_deposition=nitrogen),
        nutrient_exceedance=nutrient,
    )


def _share_of_uptake(
    site: Site,
    uptake: Mapping[str, float],
    weathering: Mapping[str, float],
    percolation: float,
    section: Mapping[str, float | str],
) -> float:
    """Part of the uptake of Ca, Mg and K that deposition and weathering can supply."""
    names = ("Ca", "Mg", "K")
    wanted = sum(uptake[name] for name in names)
    least = float(section.get("minimum_base_concentration", MINIMUM_BASE_CONCENTRATION))
    supply = float(
        eq.largest_uptake(
            sum(site.deposition[name] for name in names),
            sum(weathering[name] for name in names),
            percolation,
            least,
        )
    )
    return 1.0 if wanted <= supply else supply / wanted


def _section_problems(section: Mapping[str, float | str]) -> list[Problem]:
    """Keys that are unknown, missing or no number, and a criterion that does not exist."""
    problems = [
        Problem(key, "no such key", ", ".join(KEYS), closest(key, KEYS))
        for key in section
        if key not in KEYS
    ]
    problems += [
        Problem(key, "nothing", accepted, f"add {key} = ...")
        for key, accepted in _NEEDED.items()
        if key not in section
    ]
    problems += [
        Problem(key, repr(value), "a number", "correct it")
        for key, value in section.items()
        if key in KEYS and key != "criterion" and isinstance(value, str)
    ]
    criterion = section.get("criterion")
    if criterion is not None and criterion_name(str(criterion)) not in CRITERIA:
        names = ("Bc/Al", "Bc/H", "aluminium", "pH", "ANC", "aluminium_mobilisation")
        problems.append(
            Problem("criterion", repr(criterion), ", ".join(names), closest(str(criterion), names))
        )
    missing = [key for key in _WEATHERING if key not in section]
    if 0 < len(missing) < len(_WEATHERING):
        problems.append(
            Problem(", ".join(_WEATHERING), f"no {', '.join(missing)}", "all four, or none",
                    "give all four, or leave them out: the pit's own weathering is taken")
        )  # fmt: skip
    return problems


def _root_zone(pits: Pits, lane: int, section: Mapping[str, float | str]) -> tuple[float, int]:
    """Depth of the root zone, m, and how many layers it holds."""
    bottoms = depths(pits)[1][pits.columns.present[:, lane], lane]
    depth = float(section.get("depth", bottoms[-1]))
    found = np.flatnonzero(np.abs(bottoms - depth) <= _SAME_DEPTH)
    if not found.size:
        shown = ", ".join(f"{bottom:g}" for bottom in bottoms)
        problem = Problem(
            "depth",
            f"{depth:g} m",
            f"the bottom of a layer: {shown} m",
            "end the root zone there, or divide the layer",
        )
        raise_if_any(InputError, "critical_load", [problem])
    return float(bottoms[found[0]]), int(found[0]) + 1


def _at_site(site: Site, problem: Problem) -> Problem:
    """A problem of the simple mass balance in the words of the site file."""
    in_the_file = {field: key for key, field in _KEYS.items()}
    name = " and ".join(in_the_file.get(part, part) for part in problem.where.split(" and "))
    where = f"{site.source}: site" if site.source else "site"
    return Problem(
        f"{where} {site.name!r}: critical_load.{name}",
        problem.found,
        problem.accepted,
        problem.next_step,
    )
