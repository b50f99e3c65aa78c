"""PHREEQC as a peer: numbers of BASIC expressions in waters of given temperature, pH and PCO2.

The engine (package ``phreeqcrm``) knows the rate laws ``RATE_PK``, ``RATE_HERMANSKA`` and
``RATE_SVD``, with the parameters of ``phreeqc_rates.dat`` or of an ``extra`` block. A comparison
takes the activities that PHREEQC itself reports (:data:`ACTIVITIES`), so that only the law is
compared and not the speciation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import phreeqcrm

Array = npt.NDArray[np.float64]

# What the laws of saprolite take, as PHREEQC calls it; a species that is absent has 1e-99.
ACTIVITIES: Mapping[str, str] = {
    "temperature": "TK",
    "H": 'ACT("H+")',
    "OH": 'ACT("OH-")',
    "CO2": 'SR("CO2(g)")',
    "H2O": 'ACT("H2O")',
    "Ca": 'ACT("Ca+2")',
    "Mg": 'ACT("Mg+2")',
    "K": 'ACT("K+")',
    "Na": 'ACT("Na+")',
    "Al": 'ACT("Al+3")',
    "Si": 'ACT("H4SiO4")',
    "Fe2": 'ACT("Fe+2")',
    "Fe3": 'ACT("Fe+3")',
}
_PER_LINE = 8
_FIRST_PUNCH = 10000


class Sample(Protocol):
    """What :func:`evaluate` needs of a solution: :class:`Water` has it."""

    @property
    def celsius(self) -> float:
        """Temperature, degC."""

    def block(self, number: int) -> str:
        """The solution as a block for PHREEQC."""


@dataclass(frozen=True)
class Water:
    """A solution: degC, pH, PCO2 (atm; None: no carbon), and totals in mol per kg of water by the
    names of PHREEQC's elements (``{"Al": 1e-6, "Si": 1e-4}``). It need not be neutral. Organic
    matter is 0, since the database has no such element. Compare with the ``SR("CO2(g)")`` that
    PHREEQC reports: it differs from ``co2`` by up to 0.02 %."""

    celsius: float
    ph: float
    co2: float | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    pe: float = 4.0

    def block(self, number: int) -> str:
        lines = [f"SOLUTION {number}", f"temp {self.celsius!r}", f"pH {self.ph!r}",
                 f"pe {self.pe!r}", "units mol/kgw"]  # fmt: skip
        if self.co2 is not None:
            lines.append(f"C(4) 1e-3 CO2(g) {log10(self.co2)!r}")
        lines += [f"{element} {total!r}" for element, total in self.totals.items()]
        return "\n".join([*lines, "END"])


def rate(law: str, mineral: str) -> str:
    """The expression of a rate law ("PK", "HERMANSKA", "SVD") for a row, mol m-2 s-1."""
    return f'RATE_{law}("{mineral}")'


def evaluate(
    database: Path,
    waters: Sequence[Sample],
    expressions: Sequence[str],
    extra: str = "",
    program: Sequence[str] = (),
) -> Array:
    """Values of BASIC expressions, (expression, water).

    ``extra``: blocks for PHREEQC, such as ``RATE_PARAMETERS_SVD`` or ``PHASES``. ``program``:
    numbered lines of BASIC that run first in each water; the expressions may use its variables.
    """
    count = len(waters)
    engine = phreeqcrm.PhreeqcRM(count, 1)
    _done(engine, engine.LoadDatabase(str(database)), f"database {database}")
    punches = [
        f"{_FIRST_PUNCH + start} PUNCH " + ", ".join(expressions[start : start + _PER_LINE])
        for start in range(0, len(expressions), _PER_LINE)
    ]
    text = "\n".join(
        [
            extra,
            *(water.block(number) for number, water in enumerate(waters, start=1)),
            "SELECTED_OUTPUT 1\n-reset false\n-high_precision true\nUSER_PUNCH 1",
            "-headings " + " ".join(f"e{index}" for index in range(len(expressions))),
            *program,
            *punches,
            "END",
        ]
    )
    _done(engine, engine.RunString(True, True, True, text), "input")
    engine.FindComponents()
    initial = np.full(7 * count, -1, dtype=np.int32)
    initial[:count] = np.arange(1, count + 1)
    _done(engine, engine.InitialPhreeqc2Module(initial), "solutions")
    _done(engine, engine.SetTemperature([water.celsius for water in waters]), "temperature")
    engine.SetTime(0.0)
    engine.SetTimeStep(0.0)
    _done(engine, engine.RunCells(), "cells")
    engine.SetCurrentSelectedOutputUserNumber(1)
    found = np.array(engine.GetSelectedOutput(), dtype=np.float64)
    return found.reshape(len(expressions), count)


def activities(values: Array) -> dict[str, Array]:
    """Named rows of an answer whose first expressions are those of :data:`ACTIVITIES`."""
    return dict(zip(ACTIVITIES, values, strict=False))


def _done(engine: phreeqcrm.PhreeqcRM, status: int, what: str) -> None:
    if status != 0:
        raise RuntimeError(f"PHREEQC, {what}: {engine.GetErrorString()}")
