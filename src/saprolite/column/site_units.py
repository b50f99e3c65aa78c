"""Units at the border of a site file: a typed value, "5.2 degC", brought to the unit of its key.

Amount (mol) and charge (eq, molc) are different dimensions here, so that one is never taken for
the other.

>>> to_si("temperature", "5.2 degC", "layer O: temperature")
278.35
>>> to_si("deposition.Ca", "350 eq/ha/yr", "site: deposition.Ca")  # kmol_c m-2 yr-1
3.5e-05
"""

from __future__ import annotations

import math
import re

from saprolite.column.site_quantities import QUANTITIES, Quantity, quantity, range_problem
from saprolite.column.site_unit_advice import advice_for_dimension, advice_for_range
from saprolite.column.site_unit_parsing import (
    LONGEST_UNIT,
    convert,
    dimension,
    parsed,
    plain,
    terms,
)
from saprolite.errors import InputError, Problem, did_you_mean

_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*)", re.DOTALL)
# A number of [critical_load] that no quantity describes.
_FREE = Quantity("free", "1", -math.inf, math.inf, ("1.0", "200 umol/L"))

# What an error tells to do about a bare number, where nothing gives it a unit.
VALUE_ADVICE = 'type {key} = "{typed}"'


def to_si(
    name: str,
    value: object,
    where: str,
    *,
    unit: str | None = None,
    advice: str = VALUE_ADVICE,
) -> float:
    """A typed value in the unit of its quantity; ``InputError`` says what to type instead.

    Parameters
    ----------
    name
        The quantity: a name of ``QUANTITIES``, or one of its group ("deposition.Ca").
    value
        A number, or a text of a number and its unit. 0 needs no unit, but for a temperature.
    where
        The place that an error names: file, site, layer, key.
    unit
        The unit of a bare number, from ``[units]`` or from the header of a column.
    advice
        What an error tells to do about a number without unit; it may use ``{key}`` (the last part
        of ``name``), ``{group}`` (the first), ``{column}`` (both with a colon),
        ``{typed}`` (the number with a unit) and ``{unit}``.

    Returns
    -------
    The value in ``quantity(name).unit``, within its plausible range.

    Raises
    ------
    InputError
        For no number, no unit, an unknown unit, a unit of something else, an implausible value.

    Source: SI Brochure, 9th edition, for the units (as pint defines them); 1 eq/ha/yr is
    1e-7 kmol_c m-2 yr-1 because 1 ha is 1e4 m2.

    >>> to_si("co2", "4000 ppm", "layer B: co2"), to_si("clay", "25 %", "layer B: clay")
    (0.004, 0.25)
    >>> to_si("thickness", 8, "p.toml: site 'P', layer 'O': thickness")
    Traceback (most recent call last):
    saprolite.errors.InputError: A value cannot be used (1 problem)
    - p.toml: site 'P', layer 'O': thickness
        found:    8, without a unit
        accepted: a number with its unit, for example "8 cm" or "0.08 m"
        next:     type thickness = "8 cm"
    """
    spec = quantity(name)
    number, typed = _split(spec, value, where)
    shown = f'"{_clip(value)}"' if isinstance(value, str) else f"{value}"
    chosen = typed or unit
    if chosen is None:
        if spec.kind == "measure" and (number != 0.0 or spec.unit == "K"):
            raise _no_unit(spec, name, shown, number, where, advice)
        si = number
    else:
        shown = shown if typed else f'"{shown.strip(chr(34))} {chosen}"'
        _check_unit(name, spec, chosen, number, shown, where)
        si = _converted(spec, number, chosen)
    if range_problem(name, si, where) is not None:
        in_si = "" if chosen is None else f", which is {si:g}"
        if in_si and spec.kind == "measure":
            in_si += f" {spec.unit}"
        raise _refusal(
            where,
            shown + in_si,
            spec.accepted_range,
            advice_for_range(spec, number, si, chosen, _suggested(spec, number, chosen)),
        )
    return si


def unit_problem(name: str, unit: str, where: str) -> Problem | None:
    """What is wrong with the unit of a column or of ``[units]`` for a quantity, if anything.

    The ``surface_area`` may be one per mass too (m2/g); it becomes m2 m-3 with the bulk density.

    >>> unit_problem("thickness", "cm", "[units] thickness") is None
    True
    >>> unit_problem("thickness", "g", "[units] thickness").found
    '"g" is a mass'
    """
    if name == "surface_area" and fits("specific_surface_area", 1.0, unit):
        return None
    try:
        _check_unit(name, quantity(name), unit, None, f'"{_clip(unit)}"', where)
    except InputError as error:
        return error.problems[0]
    return None


def fits(name: str, value: object, unit: str | None = None) -> bool:
    """Whether a value (or, for a bare number, ``unit``) has the dimension of a quantity.

    >>> fits("specific_surface_area", "1.5 m2/g"), fits("specific_surface_area", "2e6 m2/m3")
    (True, False)
    """
    found = _NUMBER.fullmatch(plain(value)) if isinstance(value, str) else None
    chosen = (found.group(2) if found else "") or unit
    return chosen is not None and unit_problem(name, chosen, "") is None


def free_value(value: object, where: str, *, unit: str | None = None) -> float | str:
    """A free value of ``[critical_load]``: text stays text, a number with a unit comes to SI.

    The unit is that of the first quantity with its dimension: kmol m-3, kmol_c m-3, kmol m-2 yr-1,
    kmol_c m-2 yr-1, kg m-3, m, m yr-1, K, or a fraction; ``unit`` is that of a bare number, which
    is kept as it is without one. Raises ``InputError`` for a number that is not finite or whose
    unit is unknown.

    >>> free_value("Bc/Al", ""), free_value("25 %", ""), free_value("200 ueq/L", "")
    ('Bc/Al', 0.25, 0.0002)
    """
    if isinstance(value, str) and not _NUMBER.fullmatch(plain(value)):
        return value
    number, typed = _split(_FREE, value, where)
    chosen = typed or unit
    if not chosen:
        return number
    known = parsed(chosen)
    measures = [spec.unit for spec in QUANTITIES.values() if spec.kind == "measure"]
    for canonical in (*measures, "1"):
        if known is not None and known.dimensionality == dimension(canonical):
            return convert(number, chosen, canonical)
    raise _refusal(
        where,
        f'"{_clip(str(value))}": "{_clip(chosen)}" is not a unit that is used here',
        f"{_FREE.accepted}, or a text that does not begin with a number",
        "correct the unit",
    )


def _split(spec: Quantity, value: object, where: str) -> tuple[float, str]:
    """The number of a value, and the unit that is typed with it (or "")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _refusal(where, f"{_shown(value)}, not a number", spec.accepted, "give one number")
    if not isinstance(value, str):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _not_finite(spec, f"{value:g}" if isinstance(value, float) else "inf", where)
        return number, ""
    text = plain(value)
    found = _NUMBER.fullmatch(text)
    if not found:
        if re.match(r"[+-]?(nan|inf)", text, re.IGNORECASE):
            raise _not_finite(spec, f'"{_clip(value)}"', where)
        next_step = "give one number" if text else "leave the key out if there is no value"
        if re.match(r"[<>~≈]", text):
            next_step = "give one number: for a value below detection decide what it stands for"
        raise _refusal(where, f'"{_clip(value)}", not a number', spec.accepted, next_step)
    if re.match(r"[,'][0-9]", found.group(2)):
        next_step = "write a decimal point (5.2, not 5,2) and no mark for thousands"
        raise _refusal(where, f'"{_clip(value)}"', spec.accepted, next_step)
    number = float(found.group(1))
    if not math.isfinite(number):
        raise _not_finite(spec, f'"{_clip(value)}"', where)
    return number, found.group(2)


def _not_finite(spec: Quantity, shown: str, where: str) -> InputError:
    return _refusal(
        where, f"{shown}, not a finite number", spec.accepted, "give one number, or leave it out"
    )


def _check_unit(
    name: str, spec: Quantity, unit: str, number: float | None, shown: str, where: str
) -> None:
    """Refuse a unit that is unknown, of another dimension, or of another kind of ratio."""
    if spec.kind == "number":
        raise _refusal(where, f"{shown}, with a unit", spec.accepted, "give the number alone")
    unit = _for_carbon(spec, unit)
    known = parsed(unit)
    if known is None:
        hint = did_you_mean(unit, [_unit_of(example) for example in spec.examples])
        if unit.casefold().endswith("ambient"):
            hint = 'multiply by the CO2 of the air: 10 times 400 ppm is "4000 ppm"'
        raise _refusal(where, f'{shown}: "{_clip(unit)}" is not a unit', spec.accepted, hint)
    if known.dimensionality not in _dimensions(spec):
        found, next_step = advice_for_dimension(name, spec, unit, number)
        raise _refusal(where, f"{shown} is {found}", spec.accepted, next_step)
    if not known.dimensionality:
        _check_ratio(spec, unit, shown, where)


def _dimensions(spec: Quantity) -> list[object]:
    return [dimension(unit) for unit in (spec.unit, spec.also) if unit]


def _check_ratio(spec: Quantity, unit: str, shown: str, where: str) -> None:
    """Refuse a ratio of the wrong things: kg/kg for a volumetric moisture, m3/m3 for clay."""
    for term, _ in terms(unit) or ():
        basis = {str(key).strip("[]") for key in dimension(term)}
        if basis and not basis <= set(spec.made_of):
            hint = f'type a value like "{spec.examples[0]}"'
            if spec.name == "soil_moisture" and basis == {"mass"}:
                hint = (
                    "this is gravimetric: multiply by the dry bulk density and divide by the "
                    "density of water (1 g/cm3)"
                )
            raise _refusal(where, f"{shown} is a ratio of {' and '.join(sorted(basis))}",
                           spec.accepted, hint)  # fmt: skip


def _no_unit(
    spec: Quantity, name: str, shown: str, number: float, where: str, advice: str
) -> InputError:
    guess = _suggested(spec, number)
    unit = _unit_of(guess or spec.examples[0])
    group, _, last = name.partition(".")
    next_step = advice.format(
        key=last or group,
        group=group,
        column=name.replace("minerals.", "mineral:").replace(".", ":"),
        unit=unit,
        typed=f"{shown.strip(chr(34))} {unit}",
    )
    if guess is None:
        next_step = f'write the unit behind the number, like "{spec.examples[-1]}"'
    return _refusal(where, f"{shown}, without a unit", spec.accepted, next_step)


def _suggested(spec: Quantity, number: float, other_than: str | None = None) -> str | None:
    """The number in the unit of the first example that makes it plausible."""
    for example in spec.examples if spec.kind == "measure" else ():
        unit = _unit_of(example)
        if unit == other_than or dimension(unit) not in _dimensions(spec):
            continue
        if spec.low <= _converted(spec, number, unit) <= spec.high:
            return f"{number:g} {unit}"
    return None


def _converted(spec: Quantity, number: float, unit: str) -> float:
    unit = _for_carbon(spec, unit)
    same = spec.also is None or dimension(unit) == dimension(spec.unit)
    return convert(number, unit, spec.unit if same else str(spec.also))


def _for_carbon(spec: Quantity, unit: str) -> str:
    """Dissolved organic carbon is carbon: "mg C/L" is "mg/L"."""
    return re.sub(r"(?<=g)[ -]?C\b", "", unit) if spec.name == "doc" else unit


def _unit_of(example: str) -> str:
    return example.partition(" ")[2]


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST_UNIT else text[:LONGEST_UNIT] + "..."


def _shown(value: object) -> str:
    names = {bool: "true or false", dict: "a section", list: "a list"}
    return names.get(type(value), f"a {type(value).__name__}")


def _refusal(where: str, found: str, accepted: str, next_step: str) -> InputError:
    return InputError(
        "A value cannot be used (1 problem)", [Problem(where, found, accepted, next_step)]
    )
