"""What a column run needs, held against what its study file gives; all that is missing at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saprolite.errors import Problem, ReadingError, SaproliteError, did_you_mean
from saprolite.minerals import CLAY_MINERALS, Mineral
from saprolite.models import MODELS, ColumnReading
from saprolite.study_column import CO2_MODEL, FIELDS, Column, MapField, field_of, key_of

if TYPE_CHECKING:
    from saprolite.models.rate_law import ProfileLaw
    from saprolite.models.witch import WitchLaw

_CATIONS = ("calcium", "magnesium", "potassium", "sodium")
_SOLVED = (
    "evapotranspiration_share", "uptake_share", "doc", "log_gibbsite", "nitrification",
    *(field.name for field in FIELDS.values() if field.name.startswith(("deposition", "uptake."))),
)  # fmt: skip
# What to type, in the unit of the study file: an order of magnitude, not a recommendation.
_EXAMPLES = {
    "precipitation": "900.0", "percolation": "[600.0, 500.0, 450.0, 430.0]",
    "evapotranspiration_share": "[0.5, 0.3, 0.2, 0.0]", "uptake_share": "[0.5, 0.3, 0.2, 0.0]",
    "doc": "[30.0, 15.0, 5.0, 3.0]", "log_gibbsite": "[6.5, 7.6, 8.5, 8.5]",
    "nitrification": "[1.0, 1.0, 1.0, 1.0]", "ph": "[4.5, 5.0, 5.5, 5.8]",
    "base_cations": "[150.0, 150.0, 200.0, 250.0]", "aluminium": "[10.0, 10.0, 5.0, 1.0]",
    "organic_acid": "[100.0, 50.0, 20.0, 10.0]",
}  # fmt: skip
_CHOICES = {
    "averaging": ('"annual" (means of each year) or "climatology" (of all years together)',
                  'averaging = "annual"'),
    "carbon": ('"base_cations" (CO2 as charge of the base cations that weather; carbonates half), '
               '"co2_pathway" (of what the CO2 pathway releases) or "alkalinity_export" '
               "(bicarbonate and carbonate that percolate out)", 'carbon = "base_cations"'),
    "primary_minerals": ("mass fractions of the soil by mineral name, besides the clay minerals; "
                         "an empty section: none", "add [column.primary_minerals]"),
}  # fmt: skip


def column_problems(content: Mapping[str, Any], where: str) -> list[Problem]:
    """Everything that is wrong or missing with the column of a study, from its raw content."""
    model, section = content.get("model", CO2_MODEL), content.get("column")
    if model == CO2_MODEL and section is not None:
        return [
            Problem(f"{where}: column", f'a section, with model = "{CO2_MODEL}"',
                    "the section with " + ", ".join(f'model = "{name}"' for name in MODELS),
                    "remove [column], or choose another model")
        ]  # fmt: skip
    if model not in MODELS or not isinstance(section, Mapping | None):
        return []
    section = section or {}
    changes = section.get("reading", {})
    if not isinstance(changes, Mapping):
        return []
    if "model" in changes:
        return [
            Problem(f"{where}: column.reading.model", repr(changes["model"]), "no such field here",
                    "remove it: the model of the study is the model of the column")
        ]  # fmt: skip
    try:
        reading = ColumnReading(**{**changes, "model": model})
    except ReadingError as error:
        return [
            Problem(f"{where}: column.{item.where}", item.found, item.accepted, item.next_step)
            for item in error.problems
        ]
    problems, minerals = _minerals(content, section, where)
    problems += [
        Problem(f"{where}: column.{key}", "nothing", accepted, f"add {step} under [column]"
                if "=" in step else step)
        for key, (accepted, step) in _CHOICES.items() if key not in section
    ]  # fmt: skip
    problems += _experiment_problems(section, reading, where)
    law = None
    table = reading.transition_state if model == "witch-type" else reading.kinetics
    # A table of the user's own is read with the inputs: its path starts from the study's folder.
    if minerals and not table.endswith(".csv"):
        from saprolite.column.solve import rate_law

        try:
            law = rate_law(reading, minerals)
        except SaproliteError as error:
            problems += [
                Problem(f"{where}: minerals: {item.where}", item.found, item.accepted,
                        item.next_step)
                for item in error.problems
            ]  # fmt: skip
    return problems + missing_problems(_given(section), reading, law, section, where)


def missing_problems(
    given: Collection[str],
    reading: ColumnReading,
    law: ProfileLaw | WitchLaw | None,
    section: Mapping[str, Any],
    where: str,
) -> list[Problem]:
    """What a column run needs and the study does not give; ``given`` are names of inputs.

    Without a ``law`` (a kinetic table of the user's own that is not read yet) only what every rate
    law needs.
    """
    missing = [name for name in needed_inputs(given, reading, law) if name not in given]
    problems = [_missing(name, where) for name in missing if "." not in name]
    for group in ("deposition", "uptake"):
        absent = [name for name in missing if name.startswith(f"{group}.")]
        if absent:
            problems.append(_missing_group(absent, where))
    if reading.solves_chemistry:
        if section.get("minimum_percolation_mm_yr") is None:
            problems.append(
                Problem(f"{where}: column.minimum_percolation_mm_yr", "nothing",
                        "mm yr-1: without percolation a layer has no steady state, and where "
                        "evapotranspiration exceeds precipitation this takes its place",
                        "add minimum_percolation_mm_yr = 10.0 under [column]")
            )  # fmt: skip
        if "percolation" in given and "precipitation" in given:
            problems.append(
                Problem(f"{where}: column.percolation_mm_yr", "precipitation_mm_yr too",
                        "one of the two", "leave one out")
            )  # fmt: skip
    if law is not None and section.get("carbon") == "co2_pathway" and "CO2" not in law.names:
        problems.append(
            Problem(f"{where}: column.carbon", f'"co2_pathway", with {reading.title}',
                    f"a rate law with the pathway CO2 (this one has {', '.join(law.names)})",
                    'carbon = "base_cations"')
        )  # fmt: skip
    return problems


def needed_inputs(
    given: Collection[str], reading: ColumnReading, law: ProfileLaw | WitchLaw | None
) -> tuple[str, ...]:
    """Names of the inputs that a column run cannot do without.

    >>> needed_inputs((), ColumnReading(model="simple", brakes="off", pathways="CO2"), None)
    ('ph',)
    """
    from saprolite.column.prescribed import needed_chemistry
    from saprolite.models.witch import WitchLaw

    if reading.solves_chemistry:
        if "percolation" in given:
            return tuple(name for name in _SOLVED if name != "evapotranspiration_share")
        return ("precipitation", *_SOLVED)
    if law is None:
        return ("ph",)
    needed = list(needed_chemistry(reading, law))
    if "base_cations" in needed and all(name in given for name in _CATIONS):
        needed.remove("base_cations")
    if isinstance(law, WitchLaw):
        aluminium, ligand = reading.affinity == "on", False
    else:
        aluminium = any(bool(pathway.y_al.any()) for pathway in law.pathways)
        ligand = "R" in law.names
    if aluminium and "aluminium" not in given:
        needed.append("log_gibbsite")
    if ligand and "organic_acid" not in given:
        needed.append("doc")
    return tuple(needed)


def constant_problems(column: Column, where: str) -> list[Problem]:
    """Constants that are not plausible, or lists where layers cannot differ."""
    problems = []
    for name, value in column.given().items():
        field = field_of(name)
        place = f"{where}: column.{key_of(name)}"
        unit = f" {field.unit}" if field.unit != "1" else ""
        if isinstance(value, MapField):
            continue
        values = value if isinstance(value, list) else [value]
        wrong = [item for item in values if not field.low <= item * field.factor <= field.high]
        if wrong or not values:
            problems.append(
                Problem(place, ", ".join(f"{item:g}" for item in wrong) + unit,
                        f"{field.low / field.factor:g} to {field.high / field.factor:g}{unit}",
                        "check the value and its unit")
            )  # fmt: skip
    return problems


def resolved_column_reading(reading: ColumnReading, folder: Path) -> dict[str, Any]:
    """The fields of a column reading for the study of a run, relative paths made absolute."""
    content = {key: value for key, value in reading.as_dict().items() if value is not None}
    for key in ("kinetics", "transition_state"):
        if str(content[key]).endswith(".csv"):
            content[key] = str((folder / content[key]).resolve())
    del content["model"]
    return content


def _given(section: Mapping[str, Any]) -> set[str]:
    """Names of the inputs that a section gives, whatever their values."""
    found = set()
    for key, field in FIELDS.items():
        value: Any = section
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            found.add(field.name)
    return found


def _minerals(
    content: Mapping[str, Any], section: Mapping[str, Any], where: str
) -> tuple[list[Problem], tuple[str, ...]]:
    """All minerals of the column; none where a name is unknown (which is a problem)."""
    listed = content.get("minerals", {})
    clay = listed.get("names", list(CLAY_MINERALS)) if isinstance(listed, Mapping) else []
    primary = section.get("primary_minerals") or {}
    if not isinstance(clay, list) or not isinstance(primary, Mapping):
        return [], ()
    known = Mineral.names()
    problems = [
        Problem(f"{where}: column.primary_minerals.{name}", "no such mineral", ", ".join(known),
                did_you_mean(str(name), known))
        for name in primary if name not in known
    ]  # fmt: skip
    names = tuple(dict.fromkeys([*clay, *primary]))
    return problems, names if all(name in known for name in names) else ()


def _experiment_problems(
    section: Mapping[str, Any], reading: ColumnReading, where: str
) -> list[Problem]:
    problems = []
    experiment = section.get("experiment", "control")
    if section.get("averaging") == "climatology" and experiment != "control":
        problems.append(
            Problem(f"{where}: column.experiment", f'"{experiment}" with averaging = "climatology"',
                    'averaging = "annual": in a climatology no driver varies',
                    'averaging = "annual", or experiment = "control"')
        )  # fmt: skip
    if section.get("carbon") == "alkalinity_export" and not reading.solves_chemistry:
        problems.append(
            Problem(f"{where}: column.carbon", '"alkalinity_export" with prescribed chemistry',
                    "a solved soil solution: at a given one no solute leaves",
                    'carbon = "base_cations", or model = "profile"')
        )  # fmt: skip
    return problems


def _missing(name: str, where: str) -> Problem:
    field, key = field_of(name), key_of(name)
    layers = ", a list with one per layer" if field.per_layer else ""
    unit = f" ({field.unit})" if field.unit != "1" else ""
    section, _, last = f"column.{key}".rpartition(".")
    return Problem(
        f"{where}: column.{key}",
        "nothing",
        f"a constant{unit}{layers}, or a map {{ path, variable, units }}",
        f"add {last} = {_EXAMPLES.get(name, '[100.0, 100.0, 100.0, 100.0]')} under [{section}]",
    )


def _missing_group(names: list[str], where: str) -> Problem:
    section = key_of(names[0]).partition(".")[0]
    ions = [name.partition(".")[2] for name in names]
    values = ", ".join(f"{ion} = 10.0" for ion in ions)
    return Problem(
        f"{where}: column.{section}",
        "no " + ", ".join(ions),
        "for each a constant (meq m-2 yr-1; uptake of N: mmol m-2 yr-1) or a map "
        "{ path, variable, units }; 0 is allowed",
        f"add {values} under [column.{section}]",
    )
