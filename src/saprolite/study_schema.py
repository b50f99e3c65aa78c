"""The published JSON schema of the study file."""

from __future__ import annotations

import json
from typing import Any

from saprolite.minerals import Mineral
from saprolite.models import CHOICES, COLUMN_CHOICES, PRESETS, ColumnReading, Reading
from saprolite.study import Study


def schema() -> dict[str, Any]:
    """JSON schema of the study file, with the fields of the reading."""
    result = Study.model_json_schema()
    result["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    result["title"] = "saprolite study"
    result["properties"]["reading"] = _reading_schema()
    names = {"enum": list(Mineral.names())}
    result["$defs"]["MineralList"]["properties"]["names"]["items"] = names
    column = result["$defs"]["Column"]["properties"]
    column["reading"] = _column_reading_schema()
    for kind in column["primary_minerals"]["anyOf"]:
        if kind.get("type") == "object":
            kind["propertyNames"] = names
    return result


def schema_text() -> str:
    """The published schema, byte for byte."""
    return json.dumps(schema(), indent=2) + "\n"


def _column_reading_schema() -> dict[str, Any]:
    """The fields of a column's reading; its model is the model of the study."""
    properties: dict[str, Any] = {}
    for name, value in ColumnReading().as_dict().items():
        default = {} if value is None else {"default": value}
        if name == "model":
            continue
        if name in COLUMN_CHOICES:
            properties[name] = {"enum": list(COLUMN_CHOICES[name])} | default
        elif name == "kinetic_rows":
            properties[name] = {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "propertyNames": {"enum": list(Mineral.names())},
            }
        else:
            kind = "string" if isinstance(value, str) else "number"
            properties[name] = {"type": kind} | default
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _reading_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {"preset": {"enum": list(PRESETS), "default": "canonical"}}
    for name, value in Reading().as_dict().items():
        if name in CHOICES:
            properties[name] = {"enum": list(CHOICES[name]), "default": value}
        elif name == "arrhenius_coefficient":
            properties[name] = {"anyOf": [{"type": "number"}, {"const": "table"}], "default": value}
        elif name == "kinetics":
            properties[name] = {"type": "string", "default": value}
        else:
            properties[name] = {"type": "number"} | ({} if value is None else {"default": value})
    properties["arrhenius_base"] = {"enum": ["e", "10", 10], "default": "e"}
    return {"type": "object", "additionalProperties": False, "properties": properties}
