"""Names as they stand in a path of the page, in words, and with their unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def keys(labels: Iterable[str]) -> tuple[str, ...]:
    """Names for paths, one a label: letters, digits, ``_`` and ``-``, no two the same.

    >>> keys(["0-10 cm", "../etc", "etc", "é"])
    ('0-10cm', 'etc', 'etc-2', '3')
    """
    found: list[str] = []
    for number, label in enumerate(labels):
        key = _UNSAFE.sub("", label) or str(number)
        found.append(f"{key}-{number}" if key in found else key)
    return tuple(found)


def in_words(name: str) -> str:
    """A name of a store in words.

    >>> in_words("contribution_of_soil_co2"), in_words("soil_moisture_only")
    ('contribution of soil CO2', 'soil moisture only')
    """
    return name.replace("_", " ").replace("co2", "CO2")


def unit_of(attributes: Mapping[Any, Any]) -> str:
    """The unit that an array carries; tonnes of what, where its long name tells.

    >>> unit_of({"units": "t km-2 yr-2", "long_name": "trend of the flux, tonnes of carbon"})
    't C km-2 yr-2'
    >>> unit_of({"units": "percent"}), unit_of({"units": "1"})
    ('%', '')
    """
    unit = str(attributes.get("units_in_words", attributes.get("units", "")))
    if unit.startswith("t km-2") and "tonnes of carbon" in str(attributes.get("long_name", "")):
        unit = f"t C{unit[1:]}"
    return {"percent": "%", "1": ""}.get(unit, unit)
