"""The ledger of claims: what a study says, and what a run says of the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from saprolite.analysis.claims_recipes import NotComputableError, Reading, Recipe, Tables, read
from saprolite.analysis.printed import Printed, printed
from saprolite.errors import InputError, Problem
from saprolite.places import Place
from saprolite.stages import Report, counted, quiet
from saprolite.study_section import Closed

MANUSCRIPT = "claims.toml"
REPRODUCED, WITHIN_10, WITHIN_2, DIFFERS = (
    "reproduced", "within 10 %", "within a factor of 2", "differs",
)  # fmt: skip
NOT_COMPUTABLE, EXTERNAL, QUALITATIVE = "not computable", "external", "qualitative"
VERDICTS = (
    REPRODUCED, WITHIN_10, WITHIN_2, DIFFERS, NOT_COMPUTABLE, EXTERNAL, QUALITATIVE,
)  # fmt: skip
_EACH = re.compile(r"all ([<>]) (-?[\d.]+)")
_EXACT = re.compile(r"= (-?[\d.]+)")
_TURNS = "negative to positive"
_ORDERS = {"increasing": 1.0, "decreasing": -1.0}


class Claim(Closed):
    """One row of the ledger: what is claimed, where, and how a run answers it."""

    section: str = Field(description="section of the source")
    lines: str = Field(description="lines or page of the source")
    claim: str = Field(description="what is claimed, in other words than the source's")
    printed: str = Field(description="the number as it is printed; - for none")
    unit: str = Field("", description="its unit, as it should be")
    expects: str | None = Field(
        None,
        description="what is reproduced: a printed number, a range 34-42, >2, <1, increasing, "
        "decreasing, negative to positive, all > 0, or = 1970 for a setting; by default the "
        "printed number",
    )
    years: tuple[int, int] | None = Field(
        None, description="first and last year that the claim is of"
    )
    kind: Literal["number", "external", "qualitative", "not_computable"] = Field(
        "number", description="how it is judged: by a number, or why not"
    )
    read: Recipe | None = Field(None, description="how a run answers it")
    note: str = Field("", description="what to know of the claim, or why it cannot be judged")

    @model_validator(mode="after")
    def _judged(self) -> Claim:
        if self.kind == "number":
            if self.read is None:
                raise ValueError("a claim of kind number needs read")
            _judge(self.expects or self.printed, Reading(np.ones(2)))
        elif not self.note and self.kind != "external":
            raise ValueError(f"a claim of kind {self.kind} needs a note that says why")
        return self


class Judgement(NamedTuple):
    """A verdict; the ratio of the number here to the printed one, NaN where there is none."""

    verdict: str
    ratio: float


def manuscript_claims() -> dict[str, Claim]:
    """The claims of the manuscript, by id."""
    file = resources.files("saprolite.analysis").joinpath("data", MANUSCRIPT)
    return read_claims(file.read_text(encoding="utf-8"), MANUSCRIPT)


def read_claims_file(file: Place) -> dict[str, Claim]:
    """A ledger from a file; ``InputError`` names every row that is wrong."""
    try:
        return read_claims(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The claims cannot be read (1 problem)",
                         [_problem(str(file), str(error))]) from error  # fmt: skip


def read_claims(text: str, name: str) -> dict[str, Claim]:
    """A ledger from TOML text, one table a claim."""
    try:
        return TypeAdapter(dict[str, Claim]).validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError("The claims are no TOML (1 problem)",
                         [_problem(name, str(error))]) from error  # fmt: skip
    except ValidationError as error:
        problems = [_problem(f"{name}: {'.'.join(map(str, item['loc']))}", item["msg"])
                    for item in error.errors()]  # fmt: skip
        raise InputError(f"The claims cannot be used ({len(problems)} problems)",
                         problems) from error  # fmt: skip


def judge(
    claims: Mapping[str, Claim], outputs: Mapping[str, Tables], report: Report = quiet
) -> pd.DataFrame:
    """Every claim with its number here, the ratio to the printed one, verdict and note.

    ``outputs``: tables by name of the run (``this``) and of further ones. Nothing is computed but
    what recipes read.
    """
    rows = []
    for name, claim in counted(list(claims.items()), "claims", report):
        here, ratio, note = "", np.nan, [claim.note] if claim.note else []
        verdict = claim.kind.replace("_", " ")
        if claim.read is not None:
            try:
                found = read(claim.read, outputs)
            except NotComputableError as error:
                verdict = verdict if claim.kind == "qualitative" else NOT_COMPUTABLE
                note.insert(0, str(error))
            else:
                here = ", ".join(f"{value:.5g}" for value in found.values)
                note += [found.note] if found.note else []
                note += _other_years(claim, outputs["this"])
                if claim.kind == "number":
                    verdict, ratio = _judge(claim.expects or claim.printed, found)
        rows.append(
            {"id": name, "claim": claim.claim, "printed": claim.printed, "unit": claim.unit,
             "expected": claim.expects or "", "here": here, "ratio_1": ratio, "verdict": verdict,
             "note": "; ".join(note), "section": claim.section, "lines": claim.lines}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _other_years(claim: Claim, tables: Tables) -> list[str]:
    """A note where the run is of other years than the claim."""
    if claim.years is None or "summary" not in tables:
        return []
    first, last = (int(tables["summary"][f"period.{end}"].iloc[0]) for end in (0, 1))
    return [] if claim.years == (first, last) else [f"the run is of {first}-{last}"]


def _judge(expects: str, found: Reading) -> Judgement:
    """What a number is worth: within the rounding of the printed one, or how far off."""
    values = found.values
    exact = _EXACT.fullmatch(expects)
    if exact:
        holds = bool(np.isclose(values[0], float(exact[1]), rtol=1e-12))
        return Judgement(REPRODUCED if holds else DIFFERS, np.nan)
    each, order = _EACH.fullmatch(expects), _ORDERS.get(expects)
    if each:
        limit = float(each[2])
        holds = bool((values > limit).all() if each[1] == ">" else (values < limit).all())
        return Judgement(REPRODUCED if holds else DIFFERS, np.nan)
    if expects == _TURNS:
        holds = bool(values[0] < 0.0 < values[-1])
        return Judgement(REPRODUCED if holds else DIFFERS, np.nan)
    if order is not None:
        holds = bool((order * np.diff(values) > 0.0).all())
        return Judgement(REPRODUCED if holds else DIFFERS, np.nan)
    return compared(float(values[0]), printed(expects))


def compared(here: float, there: Printed) -> Judgement:
    """A number against a printed one; of a range the ratio is to its nearest end, 1 inside.

    A bound holds or not: nothing is close to it.

    >>> compared(110.86, printed("110.86"))
    Judgement(verdict='reproduced', ratio=1.0)
    >>> compared(30.0, printed("34-42")).verdict, compared(-1.0, printed("2.8")).verdict
    ('within a factor of 2', 'differs')
    >>> compared(1.9, printed(">2.0"))
    Judgement(verdict='differs', ratio=0.95)
    """
    reference = float(np.clip(here, there.low, there.high)) if there.span else there.value
    ratio = here / reference if reference else np.nan
    if there.low <= here <= there.high:
        return Judgement(REPRODUCED, float(ratio))
    if not np.isfinite([there.low, there.high]).all():
        return Judgement(DIFFERS, float(ratio))
    if abs(ratio - 1.0) <= 0.1:
        return Judgement(WITHIN_10, float(ratio))
    return Judgement(WITHIN_2 if 0.5 <= ratio <= 2.0 else DIFFERS, float(ratio))


def _problem(where: str, found: str) -> Problem:
    return Problem(where, found, "a ledger of claims in the format of docs/claims.md",
                   "correct the file")  # fmt: skip
