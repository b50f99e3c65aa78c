"""The registry of variables (``variables.toml``): what each is, in which unit, in which range.

>>> REGISTRY["evapotranspiration"].unit
'kg m-2 s-1'
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Variable:
    """A variable that crosses a border of saprolite."""

    name: str
    unit: str
    dims: tuple[str, ...]
    valid_range: tuple[float, float]
    kind: str
    long_name: str
    standard_name: str | None = None
    plausible_mean: tuple[float, float] | None = None
    own_given_range: tuple[float, float] | None = None
    given_year: tuple[float, float] | None = None

    @property
    def given_range(self) -> tuple[float, float]:
        """Range of a number that a user gives for a place: narrower than that of maps, or that."""
        return self.own_given_range or self.valid_range

    def span(self, low: float, high: float) -> str:
        """A range of values in words.

        >>> REGISTRY["clay"].span(0.0, 1.0), REGISTRY["soil_temperature"].span(200.0, 350.0)
        ('0 to 1', '200 to 350 K')
        """
        return f"{low:g} to {high:g}" + ("" if self.unit == "1" else f" {self.unit}")

    @property
    def attributes(self) -> dict[str, str]:
        """CF attributes of the variable."""
        attributes = {"units": self.unit, "long_name": self.long_name}
        if self.standard_name:
            attributes["standard_name"] = self.standard_name
        return attributes


def _load() -> dict[str, Variable]:
    text = resources.files("saprolite").joinpath("variables.toml").read_text(encoding="utf-8")
    registry: dict[str, Variable] = {}
    for name, row in tomllib.loads(text).items():
        low, high = row["valid_range"]
        registry[name] = Variable(
            name=name,
            unit=row["unit"],
            dims=tuple(row["dims"]),
            valid_range=(low, high),
            kind=row["kind"],
            long_name=row["long_name"],
            standard_name=row.get("standard_name"),
            plausible_mean=_bounds(row.get("plausible_mean")),
            own_given_range=_bounds(row.get("given_range")),
            given_year=_bounds(row.get("given_year")),
        )
    return registry


def _bounds(pair: list[float] | None) -> tuple[float, float] | None:
    return (pair[0], pair[1]) if pair else None


REGISTRY = _load()
