"""What is wrong with a study file, said so that the next thing to type is clear."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError

from saprolite.errors import Problem, did_you_mean

# What is accepted, by the kind of a finding; numbers in braces are its own.
_ACCEPTED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
        **dict.fromkeys(("float_type", "float_parsing"), "a number"),
        **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
        **dict.fromkeys(
            ("dict_type", "model_type", "model_attributes_type"), "a section, name = value each"
        ),
        "finite_number": "a number that is neither infinite nor nan",
        "string_type": "a text in quotes",
        "list_type": "a list: [..., ...]",
        "greater_than": "more than {gt:g}",
        "greater_than_equal": "{ge:g} or more",
        "less_than": "less than {lt:g}",
        "less_than_equal": "{le:g} or less",
        "too_short": "{min_length} or more items",
        "too_long": "{max_length} items or fewer",
        "literal_error": "{expected}",
    }
)


def validation_problems(
    error: ValidationError, study: type[BaseModel], where: str, text: str
) -> list[Problem]:
    """Each finding of pydantic as a problem: place and line, found, accepted, what to do."""
    problems = []
    for item in error.errors():
        location = [part for part in item["loc"] if not _is_tag(part, item["loc"])]
        name = ".".join(str(part) for part in location)
        line = _line_of(location, text) if location else ""
        place = f"{where}: {name or 'study'}{line}"
        kind, context = item["type"], item.get("ctx", {})
        if kind == "extra_forbidden":
            accepted = _fields_at(study, item["loc"][:-1])
            problems.append(
                Problem(
                    place,
                    "no such field",
                    ", ".join(accepted),
                    did_you_mean(str(location[-1]), accepted),
                )
            )
        elif kind == "union_tag_invalid":
            tags = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
            problems.append(
                Problem(
                    f"{place}.product",
                    repr(context["tag"]),
                    ", ".join(tags),
                    did_you_mean(str(context["tag"]), tags),
                )
            )
        elif kind == "union_tag_not_found":
            problems.append(
                Problem(f"{place}.product", "nothing", "the name of a product", "add product = ...")
            )
        elif kind == "missing":
            problems.append(
                Problem(
                    place,
                    "nothing",
                    "a value",
                    f"add {location[-1]} = ..."
                    if len(location) < 2 or location[0] != "inputs"
                    else f"add it under [{'.'.join(map(str, location[:-1]))}]",
                )
            )
        else:
            found = item["input"]
            shown = repr(found) if not isinstance(found, dict) else _values(found)
            wanted = item["msg"].removeprefix("Value error, ")
            if kind in _ACCEPTED:
                wanted = _ACCEPTED[kind].format(**context)
            problems.append(Problem(place, shown, wanted, _advice(kind, found, context)))
    return problems


def _values(section: dict[str, Any]) -> str:
    """The plain values of a section, without its product and its subsections."""
    values = ", ".join(
        f"{key} = {value!r}"
        for key, value in section.items()
        if key != "product" and not isinstance(value, dict)
    )
    return values or f"a section of {', '.join(section) or 'nothing'}"


def _advice(kind: str, found: object, context: Mapping[str, Any]) -> str:
    if kind == "literal_error":
        return did_you_mean(str(found), str(context["expected"]).split("'")[1::2])
    share = kind == "less_than_equal" and context["le"] <= 2.0
    if share and isinstance(found, int | float) and 1.0 < found <= 100.0:
        return "this looks like percent: divide by 100"
    return "correct the value"


def _is_tag(part: object, location: tuple[Any, ...]) -> bool:
    """The name of a union member in a pydantic location, which is not part of the file."""
    position = location.index(part)
    return (
        position == 2
        and location[0] == "inputs"
        and len(location) > 2
        and isinstance(part, str)
        and part in _TAGS
    )


_TAGS = {"gldas", "demo", "koeppen", "koeppen_rubel", "wise", "netcdf", "constant",
         "climate_class", "gsde", "ito_wagai", "raster", "pelletier", "shangguan", "soilgrids",
         "hwsd", "era5_land", "cmip", "mod16", "mod16_8day", "change_factors"}  # fmt: skip


def _fields_at(study: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """Names of the fields at a place of the study file."""
    models: list[Any] = [study]
    for part in location:
        if isinstance(part, int):
            continue  # the place in a list
        if part in _TAGS and len(models) > 1:
            models = [
                model
                for model in models
                if part in typing.get_args(model.model_fields["product"].annotation)
            ]
            continue
        models = [
            inner
            for model in models
            if part in model.model_fields
            for inner in _models_in(model.model_fields[part].annotation)
        ]
    return [name for model in models for name in model.model_fields]


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union, Annotated, list):
        return [model for part in typing.get_args(annotation) for model in _models_in(part)]
    return []


def _line_of(location: list[Any], text: str) -> str:
    """Where a key stands in the file: the line of its own section."""
    *section, key = map(str, location)
    header, current = ".".join(section), ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.strip("[] ")
            if current == ".".join((*section, key)):
                return f" (line {number})"
        elif current == header and stripped.split("=")[0].strip() == key:
            return f" (line {number})"
    return ""
