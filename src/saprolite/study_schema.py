"""The published JSON schema of the study file."""

from __future__ import annotations

import json
from typing import Any

from saprolite.minerals import Mineral
from saprolite.models import CHOICES, PRESETS, Reading
from saprolite.study import Study


def schema() -> dict[str, Any]:
    """JSON schema of the study file, with the fields of the reading."""
    result = Study.model_json_schema()
    result["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    result["title"] = "saprolite study"
    result["properties"]["reading"] = _reading_schema()
    result["$defs"]["MineralList"]["properties"]["names"]["items"] = {"enum": list(Mineral.names())}
    return result


def schema_text() -> str:
    """The published schema, byte for byte."""
    return json.dumps(schema(), indent=2) + "\n"


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
