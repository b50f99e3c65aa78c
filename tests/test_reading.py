"""Readings: presets of the specification, refusals, and what is printed."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable

import pytest

from saprolite.errors import ReadingError
from saprolite.minerals import CLAY_MINERALS
from saprolite.models import CHOICES, PRESETS, CO2Pathway, ColumnReading, Reading
from saprolite.models.explain import explain, explain_text, flagged_numbers, unverified_numbers

# Section 2 of the specification, one entry per cell that is not empty.
SPECIFIED = {
    "canonical": {
        "arrhenius_base": "e", "arrhenius_coefficient": 3600.0, "reference_temperature": 281.15,
        "pco2_intercept": -3.47, "atmosphere": "fixed", "et_mode": "monthly_x12", "et_floor": 0.0,
        "pco2_limit": "none", "mineral_basis": "soil", "density_factor": "none",
        "moisture_density": "dry", "frozen_form": "months", "frozen_action": "monthly_mask",
        "stoichiometry": "per_equivalent", "kinetics": "nutsfor", "thickness": "clip",
        "calendar": "mean",
    },
    "profile_physical": {"density_factor": "bulk", "moisture_density": "moist"},
    "profile_original": {
        "arrhenius_base": "10", "arrhenius_coefficient": "table", "reference_temperature": 281.0,
        "et_mode": "annual", "density_factor": "bulk", "moisture_density": "moist",
    },
    "manuscript_literal": {
        "pco2_intercept": -3.7, "et_mode": "monthly_raw", "stoichiometry": "mineral_formula",
    },
    "raw_formula_base10": {
        "arrhenius_base": "10", "et_mode": "monthly_raw", "stoichiometry": "mineral_formula",
    },
    "raw_surface_base10": {
        "arrhenius_base": "10", "et_mode": "monthly_raw", "mineral_basis": "clay_surface",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIFIED)
def test_presets_are_those_of_the_specification(name: str) -> None:
    expected = {**SPECIFIED["canonical"], **SPECIFIED[name]}
    fields = Reading.preset(name).as_dict()
    assert {key: fields[key] for key in expected} == expected
    assert Reading.preset(name).name == name
    assert set(PRESETS) == set(SPECIFIED)


def test_every_wrong_choice_is_named_at_once() -> None:
    with pytest.raises(ReadingError) as caught:
        Reading(et_mode="anual", frozen_form="month", pco2_limit="cap", mica_share=40.0)
    message = str(caught.value)
    assert "4 problems" in message
    for part in (
        "did you mean 'annual'?",
        "did you mean 'months'?",
        "pco2_limit_value",
        "mica_share",
    ):
        assert part in message


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_refuses_an_unknown_value(name: str) -> None:
    with pytest.raises(ReadingError, match=f"reading.{name}"):
        Reading(**{name: "no such value"})


@pytest.mark.parametrize("limit", ["saturating", "cap", "scaled"])
def test_a_limit_needs_a_value(limit: str) -> None:
    with pytest.raises(ReadingError, match="no default"):
        Reading(pco2_limit=limit)
    assert Reading(pco2_limit=limit, pco2_limit_value=0.01).pco2_limit_value == 0.01


@pytest.mark.parametrize("action", ["monthly_mask", "both", "none"])
def test_degree_days_goes_with_the_annual_factor_alone(action: str) -> None:
    with pytest.raises(ReadingError, match="annual_factor"):
        Reading(frozen_form="degree_days", frozen_action=action)
    Reading(frozen_form="degree_days", frozen_action="annual_factor")


def test_table_coefficients_are_base_10() -> None:
    with pytest.raises(ReadingError, match="base 10"):
        Reading(arrhenius_coefficient="table")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "3600", True, None])
def test_numbers_must_be_numbers(value: object) -> None:
    with pytest.raises(ReadingError, match="arrhenius_coefficient"):
        Reading(arrhenius_coefficient=value)  # type: ignore[arg-type]


def test_unknown_preset_and_field() -> None:
    with pytest.raises(ReadingError, match="did you mean 'canonical'"):
        Reading.preset("cannonical")
    with pytest.raises(ReadingError, match="did you mean 'et_mode'"):
        Reading.preset("canonical", et_mod="annual")


@pytest.mark.parametrize("make", [Reading, Reading().change, Reading.preset("canonical").change])
def test_an_unknown_field_is_named_with_those_that_there_are(make: Callable[..., Reading]) -> None:
    """Beside what is wrong with the known fields, however the reading is made."""
    with pytest.raises(ReadingError) as caught:
        make(et_mod="annual", frozen_form="month", mica=0.5)
    assert [problem.where for problem in caught.value.problems] == [
        "reading.et_mod", "reading.mica", "reading.frozen_form"]  # fmt: skip
    first = caught.value.problems[0]
    assert first.accepted == ", ".join(Reading.field_names())
    assert first.next_step == "did you mean 'et_mode'?"
    with pytest.raises(ReadingError, match="did you mean 'brakes'"):
        ColumnReading(brake="off")  # type: ignore[call-arg]


def test_the_choices_of_a_reading_are_in_its_signature() -> None:
    assert tuple(inspect.signature(Reading).parameters) == Reading.field_names()
    assert pickle.loads(pickle.dumps(Reading(et_mode="annual"))) == Reading(et_mode="annual")


def test_base_10_may_be_written_as_a_number() -> None:
    assert Reading(arrhenius_base=10) == Reading(arrhenius_base="10")  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", PRESETS)
def test_explain_says_every_equation_with_source(preset: str) -> None:
    model = CO2Pathway.of(Reading.preset(preset))
    notes = explain(model)
    assert [note.label[:4] for note in notes[:7]] == [f"Eq {i}" for i in range(1, 8)]
    assert all(note.source and note.form for note in notes)
    text = explain_text(model)
    assert preset in text
    for mineral in CLAY_MINERALS:
        assert mineral in text


@pytest.mark.parametrize(("name", "value"), [
    (name, value) for name, accepted in CHOICES.items() for value in accepted
    if value != getattr(Reading(), name)])  # fmt: skip
def test_explain_follows_each_choice(name: str, value: str) -> None:
    extra = {"pco2_limit": {"pco2_limit_value": 0.01}, "coarse_sand": {"coarse_sand_share": 0.3},
             "stoichiometry_table": {"stoichiometry": "mineral_formula"}}.get(name, {})  # fmt: skip
    if value == "degree_days":
        extra = {"frozen_action": "annual_factor"}
    changed = explain_text(CO2Pathway.of(Reading(**{name: value, **extra})))
    without = explain_text(
        CO2Pathway.of(Reading(**{k: v for k, v in extra.items() if k in CHOICES}))
    )
    assert changed.splitlines()[2:] != without.splitlines()[2:]


@pytest.mark.parametrize("choices", [
    {"mineral_basis": "clay_surface", "coarse_sand": "excluded", "coarse_sand_share": 0.2},
    {"drivers": "annual_mean", "et_mode": "trailing12"},
])  # fmt: skip
def test_choices_without_effect_together_are_refused(choices: dict[str, object]) -> None:
    with pytest.raises(ReadingError, match="1 problem"):
        Reading(**choices)  # type: ignore[arg-type]


def test_unverified_numbers_are_listed() -> None:
    names = [item["name"] for item in unverified_numbers(CO2Pathway.of(Reading()))]
    assert names == ["BROOK_INTERCEPT"]
    formula = Reading(stoichiometry="mineral_formula", frozen_form="linear", pco2_intercept=-3.7)
    names = [item["name"] for item in unverified_numbers(CO2Pathway.of(formula))]
    assert names == ["FREEZING_WIDTH", "CO2 per mol of vermiculite"]
    trioctahedral = Reading(stoichiometry="mineral_formula", stoichiometry_table="trioctahedral")
    names = [item["name"] for item in unverified_numbers(CO2Pathway.of(trioctahedral))]
    assert names == ["BROOK_INTERCEPT"]
    assert [item["name"] for item in flagged_numbers(CO2Pathway.of(Reading()))] == [
        "pkCO2 of smectite (row Smectite)"
    ]
