"""The choices of a reading, from its fields: meaning, accepted values, default, presets."""

from __future__ import annotations

import inspect
import re
from typing import Any

from saprolite.models import CHOICES, COLUMN_CHOICES, PRESETS, ColumnReading, Reading
from saprolite_docs.markdown import cell, code, table

_KINDS = {"Reading": (Reading, CHOICES), "ColumnReading": (ColumnReading, COLUMN_CHOICES)}


def _meanings(kind: type[Any]) -> dict[str, str]:
    """What the docstring says of every field."""
    text = inspect.getdoc(kind) or ""
    _, _, body = text.partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in body.splitlines():
        if line.startswith(">>>"):
            break
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(",")]
        for name in names if line.startswith(" ") else []:
            found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found


def _marked(text: str) -> str:
    return re.sub(r"\\`\\`|``", "`", text)


def fields_of(name: str) -> str:
    """One row for every field of ``Reading`` or ``ColumnReading``."""
    kind, choices = _KINDS[name]
    meanings = _meanings(kind)
    rows = []
    for field, default in kind().as_dict().items():
        accepted = ", ".join(code(value) for value in choices.get(field, ()))
        shown = code(default) if default not in (None, {}) else "none"
        rows.append([code(field), _marked(meanings.get(field, "")), shown, accepted])
    missing = [field for field in kind().as_dict() if field not in meanings]
    if missing:
        raise ValueError(f"{name}: the docstring says nothing of {', '.join(missing)}")
    return table(["field", "what it decides", "default", "accepted"], rows)


def presets() -> str:
    """The presets beside each other; where a cell is empty the canonical value holds."""
    changed = [
        name for name in Reading.field_names() if any(name in row for row in PRESETS.values())
    ]
    canonical = Reading().as_dict()
    rows = [
        [code(field), *(code(canonical[field]) if preset == "canonical" else code(values.get(field))
                        for preset, values in PRESETS.items())]
        for field in changed
    ]  # fmt: skip
    return table(["field", *map(code, PRESETS)], rows) + "\n" + cell("")
