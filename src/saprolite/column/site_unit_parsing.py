"""The text of a unit, as soil scientists write it, understood with pint (loaded on first use).

``eq`` (also molc, mol_c, val, with any prefix) is a dimension of its own: equivalents are not mol.

>>> convert(350.0, "eq/ha/yr", "kmol_c m-2 yr-1"), convert(5.2, "°C", "K")
(3.5e-05, 278.35)
>>> parsed("mol") == parsed("eq"), parsed("fortnights of rain")
(False, None)
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pint

LONGEST_UNIT = 60

_TERM = re.compile(r"([A-Za-zµμ°%‰_]+)(?:(?:\^|\*\*)?([+-]?[0-9]))?")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−·⋅×", "0123456789--***")
_CELSIUS = re.compile(r"(?:deg(?:rees?)?\s*|[°º]\s*)C\b")
_DIGITS = 15

# Spellings that pint does not know, or reads as something else.
_SPELLINGS = {"%": "percent", "‰": "permille", "ppmv": "ppm", "y": "year"}


def plain(text: object) -> str:
    """A text with superscripts, minus signs, dots and hard spaces as a keyboard types them.

    >>> plain(" 1.25 g·cm⁻³ ")
    '1.25 g*cm-3'
    """
    return str(text).translate(_SUPERSCRIPTS).replace("\u00a0", " ").strip()


def terms(unit: str) -> list[tuple[str, int]] | None:
    """The factors of a unit with their exponents, or None for what is no unit.

    >>> terms("kg m-3"), terms("eq/(ha yr)"), terms("m//s")
    ([('kg', 1), ('m', -3)], [('eq', 1), ('ha', -1), ('yr', -1)], None)
    """
    text = _CELSIUS.sub("degC", plain(unit))
    if text in ("1", "-"):
        return []
    if text.count("(") != text.count(")") or len(text) > LONGEST_UNIT:
        return None
    factors: list[tuple[str, int]] = []
    position, sign, group, ready, inside = 0, 1, 1, False, False
    while position < len(text):
        found, mark = _TERM.match(text, position), text[position]
        if found:
            factors.append((found.group(1), sign * group * int(found.group(2) or 1)))
            position, sign, ready = found.end(), 1, True
            continue
        if mark == "/" and ready:
            sign, ready = -1, False
        elif mark == "(" and not inside:
            group, sign, inside = sign, 1, True
        elif mark == ")" and inside and ready:
            group, inside = 1, False
        elif mark in "*." and ready:
            ready = False
        elif mark != " ":
            return None
        position += 1
    return factors if ready else None


def parsed(unit: str) -> pint.Unit | None:
    """A unit as pint knows it, or None for what is no unit."""
    factors = terms(unit)
    return None if factors is None else _product(tuple(factors))


def dimension(unit: str) -> Any:
    """The dimension of a unit, comparable; ``ValueError`` for what is no unit.

    >>> dimension("eq/ha/yr") == dimension("kmol_c m-2 yr-1"), dimension("%") == dimension("1")
    (True, True)
    """
    known = parsed(unit)
    if known is None:
        raise ValueError(f"{unit!r} is not a unit")
    return known.dimensionality


def convert(number: float, unit: str, canonical: str) -> float:
    """A number of ``unit`` in ``canonical``, to the 15 digits that a decimal number keeps.

    A number that is in ``canonical`` already is not touched. Both are units of one dimension.
    """
    old, new = parsed(unit), parsed(canonical)
    if old is None or new is None:
        raise ValueError(f"{unit!r} or {canonical!r} is not a unit")
    if old == new and old.dimensionality == new.dimensionality:
        return number
    value = _registry().Quantity(number, old).to(new).magnitude
    return float(f"{value:.{_DIGITS}g}")


@cache
def _product(factors: tuple[tuple[str, int], ...]) -> pint.Unit | None:
    import pint

    product = _registry().parse_units("dimensionless")
    for name, exponent in factors:
        try:
            product = product * _registry().parse_units(_SPELLINGS.get(name, name)) ** exponent
        except (pint.PintError, ValueError):
            return None
    return product


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry()
    registry.define("equivalent = [charge_equivalent] = eq = molc = mol_c = val")
    return registry
