"""The quantities of a site file (``site_quantities.toml``): unit, plausible range, what to type.

>>> quantity("bulk_density").unit
'kg m-3'
>>> quantity("deposition.Ca").examples[0]
'35 meq/m2/yr'
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from saprolite.errors import Problem


@dataclass(frozen=True)
class Quantity:
    """A quantity of a site file.

    ``unit`` is what the program counts in; ``low`` and ``high`` bound what is plausible, in that
    unit; ``kind`` says what a bare number means (``measure``: it lacks a unit, ``fraction``: a
    fraction of 1, ``number``: nothing else is possible); ``also`` is a second unit that counts the
    same, one for one; ``made_of`` are the dimensions that a ratio may be made of.
    """

    name: str
    unit: str
    low: float
    high: float
    examples: tuple[str, ...]
    kind: str = "measure"
    also: str | None = None
    made_of: tuple[str, ...] = ()

    @property
    def accepted(self) -> str:
        """What a value may be, with examples, for the text of an error."""
        shown = " or ".join(f'"{example}"' for example in self.examples)
        if self.kind == "number":
            return f"a number ({self.unit}), for example {self.examples[0]}"
        if self.kind == "fraction":
            return f"a fraction from 0 to 1, or with its unit, for example {shown}"
        return f"a number with its unit, for example {shown}"

    @property
    def accepted_range(self) -> str:
        """The plausible range, for the text of an error."""
        unit = "" if self.kind != "measure" else f" {self.unit}"
        return f"{self.low:g} to {self.high:g}{unit}"


@dataclass(frozen=True)
class Ion:
    """The charge of an ion, and how its mass becomes equivalents: for the text of errors."""

    charge: int
    by_mass: str


def _packaged(name: str) -> dict[str, Any]:
    text = resources.files("saprolite.column").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


QUANTITIES = {
    name: Quantity(
        name=name,
        unit=row["unit"],
        low=row["range"][0],
        high=row["range"][1],
        examples=tuple(row["examples"]),
        kind=row.get("kind", "measure"),
        also=row.get("also"),
        made_of=tuple(row.get("made_of", ())),
    )
    for name, row in _packaged("site_quantities.toml").items()
}
IONS = {name: Ion(**row) for name, row in _packaged("site_ions.toml").items()}


def quantity(name: str) -> Quantity:
    """The quantity of a key: its own entry, or that of its group ("deposition.Ca": deposition).

    Raises ``KeyError`` for a name that no site file has.

    >>> quantity("uptake.N").unit, quantity("uptake.Ca").unit
    ('kmol m-2 yr-1', 'kmol_c m-2 yr-1')
    """
    return QUANTITIES.get(name) or QUANTITIES[name.partition(".")[0]]


def range_problem(name: str, value: float, where: str) -> Problem | None:
    """A value (in the unit of its quantity) that is not finite or not plausible, as a problem.

    >>> range_problem("temperature", 278.35, "O") is None
    True
    >>> print(range_problem("temperature", 5.2, "O: temperature"))
    O: temperature
        found:    5.2 K
        accepted: 243.15 to 333.15 K
        next:     check the value and its unit
    """
    spec = quantity(name)
    if math.isfinite(value) and spec.low <= value <= spec.high:
        return None
    unit = "" if spec.kind != "measure" else f" {spec.unit}"
    return Problem(where, f"{value:g}{unit}", spec.accepted_range, "check the value and its unit")
