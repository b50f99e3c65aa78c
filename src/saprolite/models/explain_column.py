"""What a soil column computes, and the numbers of its rate law that are unverified or flagged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from saprolite.models.column_reading import ColumnReading
from saprolite.models.rate_law import ProfileLaw
from saprolite.models.witch import WitchLaw

Item = dict[str, str | float]
_UNVERIFIED = ("U", "I")


class _Number(NamedTuple):
    name: str
    value: float
    unit: str
    source: str
    confidence: str
    flag: str


def column_unverified(law: ProfileLaw | WitchLaw) -> list[Item]:
    """The numbers of a rate law that are recalled or inferred (confidence U or I).

    >>> column_unverified(ProfileLaw.of(ColumnReading(), ("albite",)))
    []
    """
    return [
        {"name": item.name, "value": item.value, "unit": item.unit, "source": item.source}
        for item in _numbers(law)
        if item.confidence in _UNVERIFIED
    ]


def column_flagged(law: ProfileLaw | WitchLaw) -> list[Item]:
    """The numbers of a rate law that carry a warning.

    >>> rows = {"smectite": "Smectite_pkH_14.9"}
    >>> law = ProfileLaw.of(ColumnReading(kinetic_rows=rows), ("smectite", "albite"))
    >>> [item["name"] for item in column_flagged(law)][:1]
    ['pk of Smectite_pkH_14.9, pathway H']
    """
    return [
        {"name": item.name, "value": item.value, "unit": item.unit, "warning": item.flag}
        for item in _numbers(law)
        if item.flag
    ]


def explain_column_text(law: ProfileLaw | WitchLaw) -> str:
    """The choices of a column and the numbers of its rate law, as text.

    >>> law = ProfileLaw.of(ColumnReading(), ("albite",))
    >>> explain_column_text(law).splitlines()[0]
    'PROFILE, sverdrup_warfvinge_1995 rate law, nutsfor constants'
    """
    reading = law.reading
    default = ColumnReading(model=reading.model).as_dict()
    lines = [reading.summary(), "", "Choices ([column.reading])"]
    lines += [
        f"    {key} = {value!r}"
        + ("" if value == default[key] else f"  (default {default[key]!r})")
        for key, value in reading.as_dict().items()
    ]
    lines += ["", f"Rate law: pathways {', '.join(law.names)}"]
    lines += [
        f"    {item.name} = {item.value:g} {item.unit} [{item.confidence}] {item.source}"
        for item in _numbers(law)
    ]
    lines += [f"    note: {note}" for note in law.notes]
    unverified = column_unverified(law)
    lines += ["", "Unverified numbers in use [U, I]:" if unverified else "No unverified number in "
              "use."]  # fmt: skip
    lines += [f"    {item['name']} = {item['value']} ({item['source']})" for item in unverified]
    return "\n".join(lines)


def _numbers(law: ProfileLaw | WitchLaw) -> Iterator[_Number]:
    if isinstance(law, ProfileLaw):
        for row in law.rows:
            yield _Number(
                f"pk of {row.row}, pathway {row.pathway}", row.pk,
                f"-log10 of {row.basis} m-2 s-1", row.source, row.confidence, row.flag,
            )  # fmt: skip
        return
    for own, chosen in zip(law.laws, law.phases, strict=True):
        for term in own.terms:
            by_log = term.form == "log"
            value = term.log_k if by_log else term.pre_exponential
            yield _Number(
                f"{'log k' if by_log else 'A'} of {term.row} ({own.mineral}), pathway "
                f"{term.pathway}", value if value is not None else float("nan"),
                "log10 of mol m-2 s-1" if by_log else "mol m-2 s-1", term.source,
                term.confidence, term.flag,
            )  # fmt: skip
        phase = chosen.phase
        yield _Number(
            f"log K of {phase.name} ({chosen.mineral}) at 25 degC", phase.log_k_25, "1",
            phase.source, phase.confidence, phase.flag,
        )  # fmt: skip
        yield _Number(
            f"sigma of {chosen.mineral}, with phase {phase.name}", chosen.sigma, "1",
            chosen.sigma_source, chosen.confidence, chosen.flag,
        )  # fmt: skip
