"""What readings are measured against: a total, shares of layers, shares of climate groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from saprolite.analysis.zones import CLIMATE_GROUPS
from saprolite.errors import InputError, Problem, raise_if_any

PACKAGED = ("manuscript",)
TOTAL, LAYER, GROUP = "total", "layer", "climate_group"
_COLUMNS = ("quantity", "key", "value", "unit", "source")
_TERAGRAMS, _PERCENT = "Tg C yr-1", "%"
_LAYOUT = f"a CSV file with the columns {', '.join(_COLUMNS)}"
# Printed shares are rounded; what misses 100 by more is not whole.
_ROUNDING_PERCENT = 1.0


@dataclass(frozen=True)
class Target:
    """A total in Tg C yr-1, and shares in % of layers (from the top) and of the climate groups A
    to E; None where the target does not say. ``source`` is printed on every output."""

    name: str
    source: str
    total: float | None = None
    layer_shares: tuple[float, ...] | None = None
    zone_shares: tuple[float, ...] | None = None

    @property
    def text(self) -> str:
        """The target in one line."""
        parts = []
        if self.total is not None:
            parts.append(f"total {self.total:g} {_TERAGRAMS}")
        for name, shares in (("layers", self.layer_shares), ("groups A-E", self.zone_shares)):
            if shares is not None:
                parts.append(f"{name} {'/'.join(f'{share:.1f}' for share in shares)} %")
        return f"target {self.name}: {'; '.join(parts)} ({self.source})"


def target_of(
    named: str | None = None,
    total: float | None = None,
    layer_shares: Sequence[float] | None = None,
    zone_shares: Sequence[float] | None = None,
) -> Target | None:
    """The target that a user names, a packaged one or a file, with the given numbers in its place.

    None where nothing is given: there is no target by default.

    Raises
    ------
    InputError
        For a file that cannot be read as a target, and for shares that are none.

    >>> found = target_of("manuscript")
    >>> found.total, [round(share, 1) for share in found.zone_shares]
    (110.86, [53.8, 16.4, 18.8, 10.5, 0.5])
    >>> target_of(total=64.0).text
    'target given: total 64 Tg C yr-1 (options of the command)'
    """
    given = (total, layer_shares, zone_shares)
    if named is None and all(one is None for one in given):
        return None
    base = Target("given", "options of the command") if named is None else _read(named)
    changed = [name for name, one in zip(("total", "layers", "groups"), given, strict=True)
               if one is not None]  # fmt: skip
    source = base.source
    if named is not None and changed:
        source += f"; {', '.join(changed)} by options of the command"
    found = Target(
        base.name,
        source,
        base.total if total is None else total,
        base.layer_shares if layer_shares is None else tuple(layer_shares),
        base.zone_shares if zone_shares is None else tuple(zone_shares),
    )
    raise_if_any(InputError, "The target cannot be used", _faults(found))
    return found


def _faults(target: Target) -> list[Problem]:
    problems = []
    if target.total is not None and not 0.0 < target.total < np.inf:
        problems.append(Problem(f"target {target.name}: total", str(target.total),
                                f"a number above 0 ({_TERAGRAMS})", "correct it"))  # fmt: skip
    for what, shares, number in (
        ("layers", target.layer_shares, None),
        ("groups", target.zone_shares, len(CLIMATE_GROUPS)),
    ):
        if shares is None:
            continue
        whole = abs(sum(shares) - 100.0) <= _ROUNDING_PERCENT and min(shares) > 0.0
        if not whole or number not in (None, len(shares)):
            problems.append(
                Problem(f"target {target.name}: {what}", ", ".join(f"{one:g}" for one in shares),
                        f"{number or 'some'} shares above 0 that add up to 100 %",
                        "give them in %, layers from the top, groups from A to E")
            )  # fmt: skip
    return problems


def _read(named: str) -> Target:
    if named in PACKAGED:
        file = resources.files("saprolite.analysis").joinpath("data", f"{named}.csv")
        return _parsed(named, file.read_text(encoding="utf-8"))
    try:
        return _parsed(Path(named).stem, Path(named).read_text(encoding="utf-8"), named)
    except OSError as error:
        raise InputError(
            "The target cannot be read (1 problem)",
            [Problem(named, error.strerror or str(error),
                     f"{', '.join(PACKAGED)}, or {_LAYOUT}", "--target manuscript")],
        ) from error  # fmt: skip


def _parsed(name: str, text: str, where: str | None = None) -> Target:
    lines = [line for line in io.StringIO(text) if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    problems = []
    if not rows or set(rows[0]) != set(_COLUMNS):
        problems.append(Problem(where or name, ", ".join(rows[0]) if rows else "no row", _LAYOUT,
                                "write it like that of the manuscript in the package"))  # fmt: skip
        raise_if_any(InputError, "The target cannot be used", problems)
    values: dict[str, list[float]] = {TOTAL: [], LAYER: [], GROUP: []}
    for number, row in enumerate(rows, 1):
        unit = _TERAGRAMS if row["quantity"] == TOTAL else f"{_TERAGRAMS} or {_PERCENT}"
        try:
            values[row["quantity"]].append(float(row["value"]))
            fault = row["unit"] not in unit.split(" or ")
        except (KeyError, ValueError):
            fault = True
        if fault:
            problems.append(
                Problem(f"{where or name}: row {number}", ",".join(map(str, row.values())),
                        f"{', '.join(values)}; a number; {unit}", "correct the row")
            )  # fmt: skip
    raise_if_any(InputError, "The target cannot be used", problems)
    sources = dict.fromkeys(row["source"] for row in rows)
    return Target(
        name,
        "; ".join(sources),
        values[TOTAL][0] if values[TOTAL] else None,
        _shares(values[LAYER], rows, LAYER),
        _shares(values[GROUP], rows, GROUP),
    )


def _shares(
    values: list[float], rows: list[dict[str, str]], quantity: str
) -> tuple[float, ...] | None:
    """Shares in %: as they are given, or of totals by their sum."""
    if not values:
        return None
    units = {row["unit"] for row in rows if row["quantity"] == quantity}
    whole = 100.0 if units == {_PERCENT} else sum(values)
    return tuple(100.0 * value / whole for value in values)
