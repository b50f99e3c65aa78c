"""What to type instead: advice for a value whose unit counts something else, or is a slip."""

from __future__ import annotations

from saprolite.column.site_quantities import IONS, Quantity
from saprolite.column.site_unit_parsing import dimension

# What a unit counts, in words: one unit of each dimension that turns up in soil data.
_KINDS = {
    "kg": "a mass",
    "m": "a length",
    "m2": "an area",
    "m3": "a volume",
    "mol": "an amount (mol)",
    "eq": "a charge (eq)",
    "yr": "a time",
    "K": "a temperature",
    "atm": "a pressure",
    "coulomb": "an electric charge (coulomb)",
    "1": "a plain ratio",
    "m yr-1": "a length per time",
    "kg m-3": "a mass per volume",
    "kg m-2": "a mass per area",
    "mol m-3": "an amount (mol) per volume",
    "eq m-3": "a charge (eq) per volume",
    "mol kg-1": "an amount (mol) per mass",
    "eq kg-1": "a charge (eq) per mass",
    "kg m-2 yr-1": "a mass flux",
    "mol m-2 yr-1": "a flux of amount (mol)",
    "eq m-2 yr-1": "a flux of charge (eq)",
    "eq m-2": "a charge (eq) per area, without its time",
    "mol m-2": "an amount (mol) per area, without its time",
    "m2 kg-1": "an area per mass",
    "m2 m-3": "an area per volume",
}


def advice_for_dimension(
    name: str,
    spec: Quantity,
    unit: str,
    number: float | None,
) -> tuple[str, str]:
    """What a unit of the wrong dimension counts, and what to type instead.

    >>> from saprolite.column.site_units import unit_problem
    >>> unit_problem("deposition.SO4", "kg/ha/yr", "").next_step
    'it takes the molar mass and the charge: kg of S / 32.06 x 2 = keq, kg of SO4 / 96.06 x 2 = keq'
    """
    kind = next((k for k in _KINDS if dimension(k) == dimension(unit)), None)
    found = _KINDS[kind] if kind else "something else"
    wanted = spec.unit.replace("kmol_c", "eq").replace("kmol", "mol")
    ion = IONS.get(name.rpartition(".")[2])
    example = f'type a value like "{spec.examples[0]}"'
    if kind is None:
        slash = 'each divisor takes its own "/"; ' if "/" in unit and " " in unit else ""
        return found, slash + example
    if kind.startswith("kg") and wanted.startswith(("eq", "mol")):
        if wanted.startswith("eq"):
            rule = ion.by_mass if ion else "mass / molar mass x charge = equivalents"
            return found, f"it takes the molar mass and the charge: {rule}"
        rule = ion.by_mass if ion else "mass / molar mass = amount"
        return found, f"it takes the molar mass: {rule}"
    if kind.startswith("mol") and wanted.startswith("eq"):
        return found, _count_charge(name, ion.charge if ion else None, unit, number, example)
    if kind.startswith("eq") and wanted.startswith("mol"):
        charge = f" ({ion.charge})" if ion else ""
        return found, (
            f"mol counts particles, eq (molc) their charge: divide by the charge of the ion{charge}"
            f", then {example}"
        )
    if spec.unit == "m yr-1" and kind == "m":
        amount = f"{number:g} " if number is not None else ""
        return found, f'is it per year? Type "{amount}{unit}/yr"'
    if spec.unit == "K" and kind == "coulomb":
        amount = f"{number:g} " if number is not None else ""
        return found, f'C is the coulomb; type "{amount}degC"'
    if kind in ("eq m-2", "mol m-2"):
        return found, f"is it per year? Then {example}"
    return found, example


def _count_charge(
    name: str, charge: int | None, unit: str, number: float | None, example: str
) -> str:
    ion = name.rpartition(".")[2]
    rule = "mol counts particles, eq (molc) their charge"
    if charge is None:
        return f"{rule}: multiply by the charge, then {example}"
    if number is None or "mol" not in unit:
        return f"{rule}: 1 mol of {ion} is {charge} eq; {example}"
    typed = f"{number * charge:g} {unit.replace('mole', 'eq').replace('mol', 'eq')}"
    return f'{rule}: 1 mol of {ion} is {charge} eq; type "{typed}"'


def advice_for_range(
    spec: Quantity,
    number: float,
    si: float,
    unit: str | None,
    suggested: str | None,
) -> str:
    """What to type for a value out of its plausible range.

    ``suggested``: the same number in another unit, where that is plausible.

    >>> from saprolite.column.site_units import to_si
    >>> to_si("clay", 25, "layer B: clay")
    Traceback (most recent call last):
    saprolite.errors.InputError: A value cannot be used (1 problem)
    - layer B: clay
        found:    25
        accepted: 0 to 1
        next:     above 1: is it percent? write "25 %"
    """
    if si < spec.low == 0.0:
        return "correct the value: it cannot be negative"
    if spec.kind == "fraction" and unit is None and 1.0 < number <= 100.0:
        return f'above 1: is it percent? write "{number:g} %"'
    if suggested:
        return f'is it "{suggested}"?'
    if spec.kind == "number" or unit is None:
        return "correct the value"
    return "check the value and its unit"
