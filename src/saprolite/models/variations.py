"""Many readings at once: presets, single ones as text, and full grids of choices."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from saprolite.errors import Problem, ReadingError, did_you_mean, raise_if_any
from saprolite.models.reading import PRESETS, Reading

_TYPES = {item.name: str(item.type) for item in fields(Reading)}
_EXAMPLE = "--vary et_mode=annual,monthly_x12 --reading canonical,arrhenius_base=10"


class Variations(NamedTuple):
    """Readings by name, each once, and what was left out because it is not possible."""

    readings: Mapping[str, Reading]
    left_out: tuple[str, ...]


def variations(
    base: Reading,
    vary: Sequence[str] = (),
    single: Sequence[str] = (),
    presets: Iterable[str] = PRESETS,
) -> Variations:
    """The presets, the base reading, single readings, and a full grid of choices on the base.

    Parameters
    ----------
    base
        The reading that choices are changed of.
    vary
        Texts FIELD=VALUE,VALUE,...: every combination of them all is a reading.
    single
        Texts of comma-separated FIELD=VALUE; a preset's name as the first item takes the place of
        the base.
    presets
        Names of presets.

    Returns
    -------
    The readings by name (a preset's, or what differs from the canonical reading); of equal ones the
    first alone. Combinations of ``vary`` that no reading allows (``frozen_form = degree_days`` with
    a monthly mask) are left out and named.

    Raises
    ------
    ReadingError
        For unknown fields, and for values that are in no possible reading.

    >>> found = variations(Reading(), ["et_mode=annual,monthly_x12", "arrhenius_base=e,10"],
    ...                    ["canonical,pco2_intercept=-3.7"], presets=["canonical"])
    >>> for name in found.readings:
    ...     print(name)
    canonical
    pco2_intercept=-3.7
    et_mode=annual
    arrhenius_base=10, et_mode=annual
    arrhenius_base=10
    """
    problems: list[Problem] = []
    found = [Reading.preset(name) for name in presets]
    found.append(base)
    for text in single:
        changes, start = _single(text, base, problems)
        found += _possible(start, [changes], f"--reading {text}", problems)[0]
    grid: dict[str, list[Any]] = {}
    faults: list[Problem] = []
    for text in vary:
        name, values = _varied(text, faults)
        if name in grid:
            faults.append(Problem(f"--vary {text}", f"{name} given twice", "each field once",
                                    "put all values into one"))  # fmt: skip
        grid[name] = values
    left_out: list[str] = []
    if vary and not faults:
        combinations = [
            dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
        ]
        refused: list[Problem] = []
        possible, impossible = _possible(base, combinations, "--vary", refused)
        nowhere = [
            f"{name}={value}"
            for name, values in grid.items()
            for value in values
            if all(getattr(one, name) != value for one in possible)
        ]
        found += possible
        if nowhere:
            problems += dict.fromkeys(refused)
        left_out = [_named(combination) for combination in impossible]
    raise_if_any(ReadingError, "These readings are not possible", problems + faults)
    return Variations({reading_name(one): one for one in dict.fromkeys(found)}, tuple(left_out))


def reading_name(reading: Reading) -> str:
    """The preset's name, or what differs from the canonical reading.

    >>> reading_name(Reading(et_mode="annual", arrhenius_base="10"))
    'arrhenius_base=10, et_mode=annual'
    """
    return reading.name if reading.name != "custom" else _named(reading.differences())


def _named(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={choice_text(value)}" for key, value in changes.items())


def choice_text(value: Any) -> str:
    """The value of a choice as it is typed.

    >>> choice_text(1700.0), choice_text("annual")
    ('1700', 'annual')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def _possible(
    base: Reading, combinations: Iterable[Mapping[str, Any]], where: str, problems: list[Problem]
) -> tuple[list[Reading], list[Mapping[str, Any]]]:
    """The readings that are possible, and the changes that are not; their faults are added."""
    possible, impossible = [], []
    for changes in combinations:
        try:
            possible.append(base.change(**changes))
        except ReadingError as error:
            impossible.append(changes)
            problems += [replace(one, where=f"{where}: {one.where}") for one in error.problems]
    return possible, impossible


def _single(text: str, base: Reading, problems: list[Problem]) -> tuple[dict[str, Any], Reading]:
    """Changes of one reading, and the reading that they are of."""
    items = [item.strip() for item in text.split(",")]
    if "=" not in items[0]:
        name = items.pop(0)
        if name not in PRESETS:
            problems.append(Problem(f"--reading {text}", f"no preset {name!r}",
                                    ", ".join(PRESETS), did_you_mean(name, PRESETS)))  # fmt: skip
        else:
            base = Reading.preset(name)
    changes = {}
    for item in items:
        key, _, typed = item.partition("=")
        if _is_field(key.strip(), f"--reading {text}", problems):
            changes[key.strip()] = _value(key.strip(), typed.strip())
    return changes, base


def _varied(text: str, problems: list[Problem]) -> tuple[str, list[Any]]:
    """A field and its values."""
    key, _, typed = text.partition("=")
    key = key.strip()
    if not _is_field(key, f"--vary {text}", problems):
        return key, []
    values = [_value(key, item.strip()) for item in typed.split(",")]
    return key, list(dict.fromkeys(values))


def _is_field(key: str, where: str, problems: list[Problem]) -> bool:
    if key in _TYPES:
        return True
    advice = did_you_mean(key, _TYPES) if key else _EXAMPLE
    problems.append(Problem(where, f"no field {key!r}", ", ".join(_TYPES), advice))
    return False


def _value(key: str, typed: str) -> Any:
    """A value as the type of its field has it; what cannot be read stays text, to be refused."""
    if "None" in _TYPES[key] and typed == "none":
        return None
    if "float" not in _TYPES[key]:
        return typed
    try:
        return float(typed)
    except ValueError:
        return typed
