"""PROFILE's rate law over minerals and pathways: kinetic rows as arrays, rates as equations.

Arrays are (mineral, lane): a lane is a site, a cell, or a scalar's single lane. Rates count in the
basis of the kinetic row, kmol_c or kmol; ``release`` turns them into elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.constants import ORGANIC_ORDER
from saprolite.errors import MineralError, Problem, raise_if_any
from saprolite.minerals import KineticRow, KineticTable, composition
from saprolite.models.column_reading import ColumnReading

Array = npt.NDArray[np.float64]
ELEMENTS = ("Ca", "Mg", "K", "Na", "Al", "Si", "P")
CHARGES: Mapping[str, int] = {"Ca": 2, "Mg": 2, "K": 1, "Na": 1}
# A ligand of exactly zero has no logarithm; this much changes no rate in its 16 digits.
LEAST_LIGAND = 1e-300


class Solution(NamedTuple):
    """What the minerals feel, per lane: soil temperature (K); ln h, ln {OH-}; PCO2 (atm); base
    cations (molar sum), Al3+, silica, ligand (kmol m-3); activities of Ca, Mg, K, Na for laws with
    affinity."""

    temperature: Any
    log_proton: Any
    log_hydroxide: Any
    pressure: Any
    base_cations: Any
    aluminium: Any
    silica: Any
    ligand: Any
    activities: Mapping[str, Any] = {}


class Slopes(NamedTuple):
    """Derivatives to ln h of base cations, Al3+ and ligand, kmol m-3."""

    base_cations: Any
    aluminium: Any
    ligand: Any


@dataclass(frozen=True)
class Pathway:
    """One pathway of all minerals, (mineral, 1): K at 281 K, order, A (base e, K), brakes."""

    name: str
    constant: Array
    order: Array
    coefficient: Array
    x_bc: Array
    c_bc: Array
    y_al: Array
    c_al: Array
    z_si: Array
    c_si: Array
    c_r: Array

    def constants(self, temperature: Any) -> Array:
        """k at soil temperature, (mineral, lane)."""
        factor = eq.temperature_factor(temperature, self.coefficient, TABLE_TEMPERATURE)
        return np.asarray(self.constant * factor)

    def rate(self, constant: Array, at: Solution) -> Array:
        """r of the pathway, (mineral, lane)."""
        base_cations = aluminium = silica = 0.0
        if self.x_bc.any():
            base_cations = self.x_bc * eq.log_brake(at.base_cations, self.c_bc)
        if self.y_al.any():
            aluminium = self.y_al * eq.log_brake(at.aluminium, self.c_al)
        if self.z_si.any():
            silica = self.z_si * eq.log_brake(at.silica, self.c_si)
        log_activity = self._log_activity(at)
        return np.asarray(
            eq.braked_rate(constant, self.order, log_activity, base_cations, aluminium, silica)
        )

    def relative_slope(self, at: Solution, slopes: Slopes) -> Any:
        """d(ln r)/d(ln h), (mineral, lane), at constant silica."""
        slope: Any = 0.0
        if self.name == "H":
            slope = self.order
        elif self.name == "OH":
            slope = -self.order
        elif self.name == "R":
            ligand = np.maximum(at.ligand, LEAST_LIGAND)
            slope = eq.log_ligand_slope(ligand, self.c_r, self.order * slopes.ligand)
        if self.x_bc.any():
            slope = slope - self.x_bc * eq.log_brake_slope(
                at.base_cations, self.c_bc, slopes.base_cations
            )
        if self.y_al.any():
            slope = slope - self.y_al * eq.log_brake_slope(
                at.aluminium, self.c_al, slopes.aluminium
            )
        return slope

    def _log_activity(self, at: Solution) -> Any:
        if self.name == "H":
            return at.log_proton
        if self.name == "OH":
            return at.log_hydroxide
        if self.name == "CO2":
            return np.log(at.pressure)
        if self.name == "R":
            return np.log(eq.limited_ligand(np.maximum(at.ligand, LEAST_LIGAND), self.c_r))
        return 0.0


@dataclass(frozen=True)
class ProfileLaw:
    """PROFILE's rate law for some minerals under a reading of the soil pit."""

    reading: ColumnReading
    minerals: tuple[str, ...]
    pathways: tuple[Pathway, ...]
    release: Array
    rows: tuple[KineticRow, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pathways."""
        return tuple(pathway.name for pathway in self.pathways)

    @property
    def needs_elements(self) -> bool:
        """Whether a rate depends on more than H+, Al3+, base cations, ligand and CO2."""
        return any(bool(pathway.z_si.any()) for pathway in self.pathways)

    @classmethod
    def of(cls, reading: ColumnReading, minerals: tuple[str, ...]) -> ProfileLaw:
        """Look up every number; one ``MineralError`` names all that is missing.

        >>> law = ProfileLaw.of(ColumnReading(), ("k_feldspar", "biotite"))
        >>> law.names, law.needs_elements
        (('H', 'H2O', 'CO2', 'R'), False)
        """
        table = KineticTable.load(reading.kinetics)
        rows: list[dict[str, KineticRow]] = []
        problems: list[Problem] = []
        for mineral in minerals:
            try:
                own = table.pathways(mineral, reading.kinetic_rows.get(mineral))
            except MineralError as error:
                problems += error.problems
                continue
            rows.append(own)
            problems += _unusable(mineral, own, reading)
        raise_if_any(MineralError, "The minerals cannot be computed", problems)
        used = [name for name in reading.used_pathways if any(name in own for own in rows)]
        used = used or list(reading.used_pathways[:1])  # no mineral: a pathway of zeros
        missing = [name for name in reading.used_pathways if rows and name not in used]
        if missing and reading.pathways != "law":
            raise_if_any(
                MineralError, "The minerals cannot be computed", [_no_pathway(reading, missing)]
            )
        release, notes = _release(minerals, rows)
        notes += tuple(
            f"pathway {name}: no row in table '{table.name}', not computed" for name in missing
        )
        if reading.rate_law == "sverdrup_2019" and not any(
            "z_si" in row.brakes for own in rows for row in own.values()
        ):
            notes += (f"table '{table.name}' has no silica brakes",)
        return cls(
            reading,
            minerals,
            tuple(_pathway(name, rows, reading) for name in used),
            release,
            tuple(own[name] for own in rows for name in used if name in own),
            notes,
        )

    def constants(self, temperature: Any) -> list[Array]:
        """k of every pathway at soil temperature, (mineral, lane) each."""
        return [pathway.constants(temperature) for pathway in self.pathways]

    def rates(self, constants: list[Array], at: Solution) -> list[Array]:
        """r of every pathway, (mineral, lane) each, kmol_c or kmol m-2 s-1."""
        return [
            pathway.rate(constant, at)
            for pathway, constant in zip(self.pathways, constants, strict=True)
        ]

    def rates_and_slopes(
        self, constants: list[Array], at: Solution, slopes: Slopes
    ) -> tuple[Array, Array]:
        """Sum over the pathways and its derivative to ln h, (mineral, lane)."""
        rate: Any = 0.0
        slope: Any = 0.0
        for pathway, constant in zip(self.pathways, constants, strict=True):
            own = pathway.rate(constant, at)
            rate = rate + own
            slope = slope + own * pathway.relative_slope(at, slopes)
        return np.asarray(rate), np.asarray(slope)


TABLE_TEMPERATURE = 281.0


def _release(
    minerals: tuple[str, ...], rows: list[dict[str, KineticRow]]
) -> tuple[Array, tuple[str, ...]]:
    """kmol of each element per unit of rate, (element, mineral)."""
    release = np.zeros((len(ELEMENTS), len(minerals)))
    notes = []
    for index, own in enumerate(rows):
        row = next(iter(own.values()))
        found = composition(row.row, row.mineral)
        elements = dict(found.elements)
        per_unit = 1.0
        if row.basis == "kmol_c":
            if found.equivalents_per_mol == 0.0:
                notes.append(
                    f"{minerals[index]}: no base cations, and its constant counts kmol_c: its "
                    "release of Al, Si and P is not computed"
                )
                continue
            # From the elements themselves: the table's sum is rounded to four decimals.
            per_unit = 1.0 / sum(charge * elements[name] for name, charge in CHARGES.items())
        release[:, index] = [elements[name] * per_unit for name in ELEMENTS]
    return release, tuple(notes)


def _no_pathway(reading: ColumnReading, missing: list[str]) -> Problem:
    return Problem(
        "reading.pathways",
        f"{', '.join(missing)}, which no row of the minerals has in {reading.kinetics}",
        "pathways of the table",
        'pathways = "law", or another table (kinetics = ...)',
    )


def _unusable(mineral: str, own: dict[str, KineticRow], reading: ColumnReading) -> list[Problem]:
    """A row without composition, or used pathways without a temperature coefficient."""
    first = next(iter(own.values()))
    problems: list[Problem] = []
    try:
        composition(first.row, first.mineral)
    except MineralError as error:
        problems += error.problems
    return problems + [
        Problem(
            f"{mineral}, row {row.row}, pathway {name}",
            "no temperature coefficient",
            "a number in K (base 10)",
            "complete the table, choose another one, or leave the mineral out",
        )
        for name, row in own.items()
        if row.coefficient is None and name in reading.used_pathways
    ]


def _pathway(name: str, rows: list[dict[str, KineticRow]], reading: ColumnReading) -> Pathway:
    def column(values: list[float]) -> Array:
        return np.array(values, dtype=np.float64)[:, None]

    found = [own.get(name) for own in rows]
    brakes = [_brakes(name, own, reading) for own in rows]
    return Pathway(
        name=name,
        constant=column([float(eq.rate_constant(row.pk_at_281)) if row else 0.0 for row in found]),
        order=column([_order(name, row, reading) if row else 0.0 for row in found]),
        coefficient=column(
            [float(eq.base_e_coefficient(row.coefficient)) if row else 0.0 for row in found]
        ),
        x_bc=column([item.get("x_bc", 0.0) for item in brakes]),
        c_bc=column([item.get("c_bc", np.inf) for item in brakes]),
        y_al=column([item.get("y_al", 0.0) for item in brakes]),
        c_al=column([item.get("c_al", np.inf) for item in brakes]),
        z_si=column([item.get("z_si", 0.0) for item in brakes]),
        c_si=column([item.get("c_si", np.inf) for item in brakes]),
        c_r=column([item.get("c_r", np.inf) for item in brakes]),
    )


def _order(name: str, row: KineticRow, reading: ColumnReading) -> float:
    if name == "R" and reading.organic_order == "equation":
        return ORGANIC_ORDER
    return row.order


def _brakes(name: str, own: dict[str, KineticRow], reading: ColumnReading) -> dict[str, float]:
    """Exponents and limits of a pathway's brakes under the rate law of the reading."""
    if name not in own or reading.brakes == "off":
        return {}
    brakes = dict(own[name].brakes)
    if reading.rate_law != "sverdrup_2019":
        brakes.pop("z_si", None)
    if reading.rate_law == "nutsfor" and name in ("CO2", "R"):
        other = "H" if name == "CO2" else reading.organic_brake_exponent
        if other in own:
            for key in ("x_bc", "c_bc"):
                if key in own[other].brakes:
                    brakes[key] = own[other].brakes[key]
    # An exponent without a limit is no brake.
    for exponent, limit in (("x_bc", "c_bc"), ("y_al", "c_al"), ("z_si", "c_si")):
        if limit not in brakes:
            brakes.pop(exponent, None)
    return brakes
