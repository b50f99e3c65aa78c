"""Kinetic tables: rate constants by mineral and pathway, each row with source and confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from saprolite.errors import InputError, MineralError, Problem, did_you_mean, raise_if_any
from saprolite.minerals.mineral import Mineral
from saprolite.minerals.tables import csv_rows, packaged_text

PATHWAYS = ("H", "H2O", "CO2", "R", "OH")
PACKAGED = ("nutsfor", "sverdrup_warfvinge_1995", "sverdrup_2019", "sverdrup_1990", "recalled")
BASES = ("kmol_c", "kmol")
_REQUIRED = ("row", "mineral", "pathway", "pk", "basis", "order", "source", "confidence")
_NUMBERS = (
    "pk", "order", "coefficient_K", "reference_temperature_K",
    "y_al", "c_al", "x_bc", "c_bc", "z_si", "c_si", "c_r",
)  # fmt: skip
CONFIDENCES = ("S", "R", "C", "I", "U")


@dataclass(frozen=True)
class KineticRow:
    """One pathway of one row of a kinetic table.

    ``pk``: cologarithm of K at ``reference_temperature`` (K); ``basis``: whether K counts kmol_c of
    base cations or kmol of mineral (m-2 s-1); ``order`` of the reaction; ``coefficient``: A in K,
    for base 10; ``brakes``: the exponents and limiting concentrations (kmol m-3) of its brakes.
    """

    row: str
    mineral: str
    pathway: str
    pk: float
    basis: str
    order: float
    coefficient: float | None
    reference_temperature: float
    brakes: Mapping[str, float]
    source: str
    confidence: str
    flag: str

    @property
    def pk_at_281(self) -> float:
        """``pk`` at 281 K (8 degC); a row given at 298 K is brought there with its own A.

        >>> round(KineticTable.named("sverdrup_1990").row("albite", "CO2").pk_at_281, 3)
        14.34
        """
        laboratory = 281.0
        if self.reference_temperature == laboratory:
            return self.pk
        if self.coefficient is None:
            raise MineralError(
                "A rate constant cannot be brought to 8 degC (1 problem)",
                [
                    Problem(
                        f"{self.row}, pathway {self.pathway}",
                        f"K at {self.reference_temperature} K and no temperature coefficient",
                        "coefficient_K (base 10), or K at 281 K",
                        "complete the row of the kinetic table",
                    )
                ],
            )
        return self.pk + self.coefficient * (1.0 / laboratory - 1.0 / self.reference_temperature)


@dataclass(frozen=True)
class KineticTable:
    """The kinetic rows of one publication, keyed by (row, pathway).

    >>> table = KineticTable.named("nutsfor")
    >>> row = table.row("chlorite", "CO2")
    >>> row.row, row.pk, row.order, row.coefficient, row.confidence
    ('Chlorite1', 16.2, 0.5, 1700.0, 'R')
    """

    name: str
    rows: tuple[KineticRow, ...]

    @classmethod
    def named(cls, name: str) -> KineticTable:
        """A packaged table; the names are in ``saprolite.minerals.PACKAGED``."""
        if name not in PACKAGED:
            raise MineralError(
                "Unknown kinetic table (1 problem)",
                [
                    Problem(
                        "kinetics",
                        repr(name),
                        ", ".join(PACKAGED) + ", or the path of a CSV file in the same columns",
                        did_you_mean(name, PACKAGED),
                    )
                ],
            )
        return _packaged(name)

    @classmethod
    def read(cls, path: str | Path) -> KineticTable:
        """A user's table from a CSV file with the columns of the packaged ones."""
        path = Path(path)
        if not path.is_file():
            raise InputError(
                "Kinetic table not found (1 problem)",
                [
                    Problem(
                        str(path),
                        "no such file",
                        ", ".join(PACKAGED) + " or a CSV file",
                        "check the path in kinetics = ...",
                    )
                ],
            )
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError) as error:
            raise InputError(
                "Kinetic table cannot be read (1 problem)",
                [Problem(str(path), str(error), "a CSV file in UTF-8", "save it as CSV UTF-8")],
            ) from error
        return cls._parse(str(path), text)

    @classmethod
    def load(cls, name_or_path: str) -> KineticTable:
        """A packaged table by name, or a user's by the path of its CSV file."""
        is_path = name_or_path.endswith(".csv")
        return cls.read(name_or_path) if is_path else cls.named(name_or_path)

    @classmethod
    def _parse(cls, name: str, text: str) -> KineticTable:
        raw = csv_rows(text)
        missing = [column for column in _REQUIRED if not raw or column not in raw[0]]
        if missing:
            raise InputError(
                f"{name} is not a kinetic table (1 problem)",
                [
                    Problem(
                        name,
                        "columns missing: " + ", ".join(missing),
                        "the columns of the packaged tables: " + ", ".join((*_REQUIRED, *_NUMBERS)),
                        "add the columns; leave a cell empty where a pathway has no such brake",
                    )
                ],
            )
        rows, problems = [], []
        for number, item in enumerate(raw, start=1):
            try:
                rows.append(_row(item))
            except ValueError as error:
                problems.append(
                    Problem(
                        f"{name}, row {number}",
                        str(error),
                        "numbers, a known mineral, pathway and confidence",
                        "correct the row",
                    )
                )
        raise_if_any(InputError, f"{name} cannot be read", problems)
        return cls(name, tuple(rows))

    def row(self, mineral: str, pathway: str, source_row: str | None = None) -> KineticRow:
        """The row of a mineral's pathway: the first of the table, or the named ``source_row``.

        Raises ``MineralError`` when the table has no such data: nothing is filled in.

        >>> KineticTable.named("sverdrup_2019").row("illite", "CO2")
        Traceback (most recent call last):
        saprolite.errors.MineralError: No kinetic data (1 problem)
        - illite, pathway CO2
            found:    no row in table 'sverdrup_2019'
            accepted: albite, quartz
            next:     choose another table (kinetics = ...) or leave the mineral out
        """
        wanted = Mineral.named(mineral).kinetics_as
        for row in self.rows:
            if row.mineral == wanted and row.pathway == pathway and source_row in (None, row.row):
                if row.flag.startswith("refused"):
                    raise MineralError(
                        "A kinetic number that cannot be right (1 problem)",
                        [
                            Problem(
                                f"{mineral}, pathway {pathway}",
                                f"pk {row.pk} ({row.flag})",
                                "a verified number",
                                "give your own table (kinetics = ...csv)",
                            )
                        ],
                    )
                return row
        available = sorted({row.mineral for row in self.rows if row.pathway == pathway})
        raise MineralError(
            "No kinetic data (1 problem)",
            [
                Problem(
                    f"{mineral}, pathway {pathway}",
                    f"no row in table '{self.name}'",
                    ", ".join(available) or "no mineral has this pathway",
                    "choose another table (kinetics = ...) or leave the mineral out",
                )
            ],
        )

    def rows_for(self, minerals: tuple[str, ...], pathway: str) -> tuple[KineticRow, ...]:
        """One row per mineral; a single error names every mineral without data."""
        rows: list[KineticRow] = []
        problems: list[Problem] = []
        for mineral in minerals:
            try:
                rows.append(self.row(mineral, pathway))
            except MineralError as error:
                problems.extend(error.problems or (Problem(mineral, str(error), "", ""),))
        raise_if_any(MineralError, "No kinetic data", problems)
        return tuple(rows)

    def pathways(self, mineral: str, source_row: str | None = None) -> dict[str, KineticRow]:
        """All pathways of one row of a mineral: of the first of the table, or of ``source_row``.

        Raises ``MineralError`` for a mineral or a row that the table does not have, and for a row
        with a number that cannot be right.

        >>> sorted(KineticTable.named("nutsfor").pathways("biotite"))
        ['CO2', 'H', 'H2O', 'R']
        """
        wanted = Mineral.named(mineral).kinetics_as
        own = [row for row in self.rows if row.mineral == wanted]
        names = list(dict.fromkeys(row.row for row in own))
        if source_row is None and names:
            source_row = names[0]
        found = {row.pathway: row for row in own if row.row == source_row}
        if not found:
            minerals = sorted({row.mineral for row in self.rows})
            raise MineralError(
                "No kinetic data (1 problem)",
                [
                    Problem(
                        mineral if not names else f"{mineral}, row {source_row!r}",
                        f"no such row in table '{self.name}'",
                        ", ".join(names or minerals),
                        did_you_mean(str(source_row), names)
                        if names
                        else "choose another table (kinetics = ...) or leave the mineral out",
                    )
                ],
            )
        refused = [row for row in found.values() if row.flag.startswith("refused")]
        others = [name for name in names if name != source_row]
        raise_if_any(
            MineralError,
            "A kinetic number that cannot be right",
            [
                Problem(
                    f"{mineral}, row {source_row}, pathway {row.pathway}",
                    f"pk {row.pk} ({row.flag})",
                    "a verified number" + (", or the row " + ", ".join(others) if others else ""),
                    f'kinetic_rows = {{ {mineral} = "{others[0]}" }}'
                    if others
                    else "give your own table (kinetics = ...csv)",
                )
                for row in refused
            ],
        )
        return found


@cache
def _packaged(name: str) -> KineticTable:
    return KineticTable._parse(name, packaged_text(f"{name}.csv"))


def _row(item: dict[str, str]) -> KineticRow:
    numbers: dict[str, float] = {}
    for key in _NUMBERS:
        text = (item.get(key) or "").strip()
        if text:
            try:
                numbers[key] = float(text)
            except ValueError:
                raise ValueError(f"{key} = {text!r} is not a number") from None
    for key in ("pk", "order"):
        if key not in numbers:
            raise ValueError(f"{key} is empty")
    if item["pathway"] not in PATHWAYS:
        raise ValueError(f"pathway {item['pathway']!r} is none of {', '.join(PATHWAYS)}")
    if item["basis"] not in BASES:
        raise ValueError(f"basis {item['basis']!r} is none of {', '.join(BASES)}")
    if item["confidence"] not in CONFIDENCES:
        raise ValueError(f"confidence {item['confidence']!r} is none of {', '.join(CONFIDENCES)}")
    if item.get("base", "10") not in ("10", ""):
        raise ValueError(f"base {item['base']!r}: temperature coefficients are base 10 in a table")
    if not item["source"].strip():
        raise ValueError("source is empty")
    if item["mineral"] not in Mineral.names():
        raise ValueError(
            f"mineral {item['mineral']!r}: {did_you_mean(item['mineral'], Mineral.names())}"
        )
    brakes = {k: numbers[k] for k in _NUMBERS[4:] if k in numbers}
    return KineticRow(
        row=item["row"],
        mineral=item["mineral"],
        pathway=item["pathway"],
        pk=numbers["pk"],
        basis=item["basis"],
        order=numbers["order"],
        coefficient=numbers.get("coefficient_K"),
        reference_temperature=numbers.get("reference_temperature_K", 281.0),
        brakes=MappingProxyType(brakes),
        source=item["source"],
        confidence=item["confidence"],
        flag=(item.get("flag") or "").strip(),
    )
