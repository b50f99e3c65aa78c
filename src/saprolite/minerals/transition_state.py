"""Rate laws of transition-state theory by mineral: tables of terms, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from saprolite.equations._typing import Number
from saprolite.equations.transition_state import arrhenius_constant, constant_from_log
from saprolite.errors import InputError, MineralError, Problem, did_you_mean, raise_if_any
from saprolite.minerals.kinetics import CONFIDENCES
from saprolite.minerals.mineral import Mineral
from saprolite.minerals.tables import csv_rows, packaged_text
from saprolite.variables import REGISTRY

TRANSITION_STATE_TABLES = ("hermanska", "palandri_kharaka", "clay_laws")
TRANSITION_STATE_PATHWAYS = ("H", "H2O", "OH", "CO2")
FORMS = ("log", "pre_exponential")
# A law without an activation energy holds within this distance of its temperature, K.
TEMPERATURE_TOLERANCE = 0.01
_ACTIVITIES = {"H": ("H",), "H2O": ("",), "OH": ("H", "OH"), "CO2": ("CO2",)}
_TEXTS = ("row", "mineral", "pathway", "form", "activity", "source", "confidence", "flag")
_NUMBERS = {
    "log_k": "log_k",
    "pre_exponential_mol_m2_s": "pre_exponential",
    "activation_energy_kJ_mol": "activation_energy",
    "order": "order",
    "formula_units": "formula_units",
    "gas_constant_kJ_mol_K": "gas_constant",
    "ln10": "ln10",
    "reference_temperature_K": "reference_temperature",
}
_COLUMNS = (*_TEXTS, *_NUMBERS)
_NEEDED = {
    "log": ("log_k", "reference_temperature"),
    "pre_exponential": ("pre_exponential", "activation_energy", "gas_constant"),
}
_NO_LAW = {
    "vermiculite": (
        "vermiculite has no rate law of transition-state type",
        "the laws of chlorite (clinochlore) and biotite, which bound it",
        "ask for both and report the range, or use the PROFILE law, which has it",
    )
}


@dataclass(frozen=True)
class RateTerm:
    """One pathway of a rate law: k(T) a^order, mol m-2 s-1.

    ``form`` "log": k = 10^[log_k - E (1/T - 1/T_ref) / (ln10 R)], with the rounded R and ln 10 of
    the source; "pre_exponential": k = A exp(-E / (R T)), where ``log_k`` is only what the source
    prints for 25 degC. ``activity``: what the order applies to ("H", "OH", "CO2" in atm, or "").
    ``formula_units``: units of the mineral's formula (of its phase) that a mol of the rate counts.
    Units: ``pre_exponential`` mol m-2 s-1, ``activation_energy`` kJ mol-1, ``gas_constant``
    kJ mol-1 K-1, ``reference_temperature`` K.
    """

    row: str
    mineral: str
    pathway: str
    form: str
    activity: str
    order: float
    formula_units: float
    log_k: float | None
    pre_exponential: float | None
    activation_energy: float | None
    gas_constant: float | None
    ln10: float | None
    reference_temperature: float | None
    source: str
    confidence: str
    flag: str

    def constant(self, temperature: Number) -> Number:
        """k at ``temperature`` (K), mol m-2 s-1.

        Raises ``MineralError`` away from the reference temperature when there is no activation
        energy: nothing is extrapolated.

        >>> law = TransitionStateTable.named("clay_laws").law("illite")
        >>> f"{law.terms[0].constant(298.15):.4e}"
        '1.9192e-12'
        """
        if self.form == "pre_exponential":
            return arrhenius_constant(
                self.pre_exponential, self.activation_energy, temperature, self.gas_constant
            )
        energy, gas_constant, ln10 = self.activation_energy, self.gas_constant, self.ln10
        if energy is None:
            self._refuse_other_temperatures(temperature)
            energy, gas_constant, ln10 = 0.0, 1.0, 1.0
        return constant_from_log(
            self.log_k, energy, temperature, gas_constant, ln10, self.reference_temperature
        )

    def _refuse_other_temperatures(self, temperature: Number) -> None:
        reference = self.reference_temperature or 0.0
        found = np.asarray(temperature, dtype=float)
        if np.any(np.abs(found - reference) > TEMPERATURE_TOLERANCE):
            raise MineralError(
                "A rate law is not known at this temperature (1 problem)",
                [
                    Problem(
                        f"{self.mineral}, row {self.row}, pathway {self.pathway}",
                        f"temperature {np.nanmin(found):g} to {np.nanmax(found):g} K"
                        " and no activation energy",
                        f"{reference:g} K",
                        "choose another row or another table of rate laws",
                    )
                ],
            )


@dataclass(frozen=True)
class RateLaw:
    """All terms of one row: r = sum of k(T) a^order over pathways, far from equilibrium."""

    table: str
    row: str
    mineral: str
    terms: tuple[RateTerm, ...]

    @property
    def pathways(self) -> tuple[str, ...]:
        """Names of the pathways, in the order of ``terms``."""
        return tuple(term.pathway for term in self.terms)

    @property
    def flags(self) -> tuple[str, ...]:
        """What is to be known about the numbers, each once."""
        return tuple(dict.fromkeys(term.flag for term in self.terms if term.flag))

    def constants(self, temperature: Number) -> tuple[Number, ...]:
        """k of every term at ``temperature`` (K), mol m-2 s-1, in the order of ``terms``.

        Raises ``InputError`` for a temperature that no soil has (degC for K), ``MineralError`` away
        from the temperature of a law without activation energy.

        >>> law = TransitionStateTable.named("palandri_kharaka").law("albite")
        >>> law.pathways, [f"{constant:.3e}" for constant in law.constants(298.15)]
        (('H', 'H2O', 'OH'), ['6.918e-11', '2.754e-13', '2.512e-16'])
        """
        refuse_unlikely_temperature(f"rate law of {self.mineral}", temperature)
        return tuple(term.constant(temperature) for term in self.terms)


@dataclass(frozen=True)
class TransitionStateTable:
    """The rate laws of one publication, keyed by row.

    >>> TransitionStateTable.named("hermanska").law("illite").pathways
    ('H', 'H2O', 'OH')
    """

    name: str
    terms: tuple[RateTerm, ...]

    @classmethod
    def named(cls, name: str) -> TransitionStateTable:
        """A packaged table, one of ``saprolite.minerals.TRANSITION_STATE_TABLES``."""
        if name not in TRANSITION_STATE_TABLES:
            raise MineralError(
                "Unknown table of rate laws (1 problem)",
                [
                    Problem(
                        "rate laws",
                        repr(name),
                        ", ".join(TRANSITION_STATE_TABLES) + ", or a CSV file in the same columns",
                        did_you_mean(name, TRANSITION_STATE_TABLES),
                    )
                ],
            )
        return _packaged(name)

    @classmethod
    def read(cls, path: str | Path) -> TransitionStateTable:
        """A user's table from a CSV file with the columns of the packaged ones."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError) as error:
            raise InputError(
                "Table of rate laws cannot be read (1 problem)",
                [
                    Problem(
                        str(path),
                        str(error),
                        ", ".join(TRANSITION_STATE_TABLES) + " or a CSV file in UTF-8",
                        "check the path, save it as CSV UTF-8",
                    )
                ],
            ) from error
        return cls._parse(str(path), text)

    @classmethod
    def load(cls, name_or_path: str) -> TransitionStateTable:
        """A packaged table by name, or a user's by the path of its CSV file."""
        is_path = str(name_or_path).endswith(".csv")
        return cls.read(name_or_path) if is_path else cls.named(name_or_path)

    @classmethod
    def _parse(cls, name: str, text: str) -> TransitionStateTable:
        raw = csv_rows(text)
        missing = [column for column in _COLUMNS if not raw or column not in raw[0]]
        problems = []
        if missing:
            found = "columns missing: " + ", ".join(missing)
            problems.append(Problem(name, found, ", ".join(_COLUMNS), "add the columns"))
        terms: list[RateTerm] = []
        for number, item in enumerate(() if missing else raw, start=1):
            where = f"{name}, row {number}"
            try:
                terms.append(_term(item))
            except ValueError as error:
                problems.append(Problem(where, str(error), "see the packaged tables", "correct it"))
        keys = [(term.row, term.pathway) for term in terms]
        for row, pathway in sorted({key for key in keys if keys.count(key) > 1}):
            problems.append(
                Problem(f"{name}, row {row}", f"pathway {pathway} more than once", "once",
                        "give the second set another row name")
            )  # fmt: skip
        raise_if_any(InputError, f"{name} is not a table of rate laws", problems)
        return cls(name, tuple(terms))

    def law(self, mineral: str, row: str | None = None) -> RateLaw:
        """The law of a mineral: the first row of the table for it, or the row named.

        A row that is named may be another mineral's (a law "also valid for" this one). Raises
        ``MineralError`` for a mineral without a law: nothing is filled in.

        >>> TransitionStateTable.named("palandri_kharaka").law("muscovite").row
        'muscovite_first'
        >>> TransitionStateTable.named("hermanska").law("vermiculite")
        Traceback (most recent call last):
        saprolite.errors.MineralError: No rate law (1 problem)
        - vermiculite, table 'hermanska'
            found:    vermiculite has no rate law of transition-state type
            accepted: the laws of chlorite (clinochlore) and biotite, which bound it
            next:     ask for both and report the range, or use the PROFILE law, which has it
        """
        known = Mineral.named(mineral)
        if row is None:
            of_mineral = [term for term in self.terms if term.mineral == known.kinetics_as]
            row = of_mineral[0].row if of_mineral else None
        terms = tuple(term for term in self.terms if row is not None and term.row == row)
        if not terms:
            raise no_rate_law(mineral, row, self)
        return RateLaw(self.name, terms[0].row, mineral, terms)

    @property
    def minerals(self) -> tuple[str, ...]:
        """Minerals with a law of their own, in alphabetical order."""
        return tuple(sorted({term.mineral for term in self.terms}))

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows, in the order of the table."""
        return tuple(dict.fromkeys(term.row for term in self.terms))


def refuse_unlikely_temperature(where: str, temperature: Number) -> None:
    """Raise ``InputError`` for a temperature that no soil has, such as one in degC; NaN passes."""
    low, high = REGISTRY["soil_temperature"].valid_range
    found = np.asarray(temperature, dtype=float)
    if np.any((found < low) | (found > high)):
        raise InputError(
            "A temperature that no soil has (1 problem)",
            [
                Problem(
                    where,
                    f"temperature {np.nanmin(found):g} to {np.nanmax(found):g}",
                    f"{low:g} to {high:g} K",
                    "give the temperature in K",
                )
            ],
        )


def no_rate_law(mineral: str, row: str | None, table: TransitionStateTable) -> MineralError:
    """The error for a mineral, or a named row, without a law in a table."""
    where = f"{mineral}, table '{table.name}'"
    problem = Problem(
        where,
        "no law" if row is None else f"no row {row!r}",
        ", ".join(table.minerals if row is None else table.rows),
        "choose another table, or name a row that is valid for this mineral"
        if row is None
        else did_you_mean(row, table.rows),
    )
    if row is None and mineral in _NO_LAW:
        problem = Problem(where, *_NO_LAW[mineral])
    return MineralError("No rate law (1 problem)", [problem])


@cache
def _packaged(name: str) -> TransitionStateTable:
    return TransitionStateTable._parse(name, packaged_text(f"{name}.csv"))


def _term(item: dict[str, str]) -> RateTerm:
    text = {key: (item[key] or "").strip() for key in _TEXTS}
    number: dict[str, float | None] = {}
    for column, key in _NUMBERS.items():
        cell = (item[column] or "").strip()
        try:
            number[key] = float(cell) if cell else None
        except ValueError:
            raise ValueError(f"{column} = {cell!r} is not a number") from None
    for key, accepted in (
        ("pathway", TRANSITION_STATE_PATHWAYS),
        ("form", FORMS),
        ("confidence", CONFIDENCES),
        ("mineral", Mineral.names()),
        ("activity", _ACTIVITIES.get(text["pathway"], ())),
    ):
        if text[key] not in accepted:
            raise ValueError(f"{key} {text[key]!r} is none of {', '.join(map(repr, accepted))}")
    if not text["source"]:
        raise ValueError("source is empty")
    needed = [*_NEEDED[text["form"]], "order", "formula_units"]
    if text["form"] == "log" and number["activation_energy"] is not None:
        needed += ["gas_constant", "ln10"]
    empty = [key for key in needed if number[key] is None]
    if empty:
        raise ValueError("empty: " + ", ".join(empty))
    return RateTerm(
        row=text["row"],
        mineral=text["mineral"],
        pathway=text["pathway"],
        form=text["form"],
        activity=text["activity"],
        order=number["order"] or 0.0,
        formula_units=number["formula_units"] or 1.0,
        log_k=number["log_k"],
        pre_exponential=number["pre_exponential"],
        activation_energy=number["activation_energy"],
        gas_constant=number["gas_constant"],
        ln10=number["ln10"],
        reference_temperature=number["reference_temperature"],
        source=text["source"],
        confidence=text["confidence"],
        flag=text["flag"],
    )
