"""The study file, section by section: from the JSON schema that the model gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from saprolite.study_schema import schema
from saprolite_docs.markdown import cell, code, table

Node = dict[str, Any]
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def sections() -> str:
    """The top level first, then every section, then every product of the inputs."""
    whole = schema()
    parts = ["## Top level\n", _fields(whole)]
    for name, node in whole["properties"].items():
        section = _section(node, whole)
        if section is not None:
            parts += _written(f"[{name}]", section)
            parts += _nested(name, section, whole)
    return "\n".join(parts)


def _nested(path: str, section: Node, whole: Node) -> Iterator[str]:
    for name, node in section.get("properties", {}).items():
        found = {id(product): product for product in _products(node, whole)}
        for product in found.values():
            kind = product["properties"].get("product", {}).get("const")
            label = f'[{path}.{name}] product = "{kind}"' if kind else f"[{path}.{name}]"
            yield from _written(label, product, "###")


def _products(node: Node, whole: Node) -> Iterator[Node]:
    """The sections that a field may be: one, or one of several products."""
    for choice in (node, *node.get("oneOf", ()), *node.get("anyOf", ())):
        section = _section(choice, whole)
        if section is not None and "variable" not in section["properties"]:
            yield section
        elif "oneOf" in choice and choice is not node:
            yield from _products(choice, whole)
        elif section is not None and "product" in section["properties"]:
            yield section


def _section(node: Node, whole: Node) -> Node | None:
    if "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    for choice in node.get("anyOf", ()):
        if "$ref" in choice:
            return _section(choice, whole)
    return node if node.get("properties") else None


def _written(label: str, section: Node, mark: str = "##") -> Iterator[str]:
    yield f"{mark} `{label}`\n"
    if "description" in section:
        yield cell(section["description"].replace("``", "")) + "\n"
    yield _fields(section)


def _fields(section: Node) -> str:
    required = section.get("required", ())
    rows = []
    for name, node in section["properties"].items():
        if name == "product" and "const" in node:
            continue
        default = "required" if name in required else _default(node)
        meaning = cell(node.get("description", "").replace("``", ""))
        rows.append([code(name), _kind(node), default, meaning])
    return table(["key", "value", "default", "meaning"], rows) if rows else "No other key.\n"


def _default(node: Node) -> str:
    value = node.get("default")
    if isinstance(value, dict) or value is None:
        return ""
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return code(text)


def _kind(node: Node) -> str:
    """What a value may be, in words."""
    if "const" in node:
        return code(node["const"])
    if "enum" in node:
        return ", ".join(code(value) for value in node["enum"])
    if "$ref" in node:
        return "section"
    if choices := (*node.get("anyOf", ()), *node.get("oneOf", ())):
        kinds = [_kind(choice) for choice in choices if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    kind = str(node.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(node.get('items', {}))}"
    if kind == "object":
        return "section" if node.get("properties") else "table"
    bounds = [f"{sign} {node[key]:g}" for key, sign in _BOUNDS.items() if key in node]
    return " ".join([{"string": "text"}.get(kind, kind), ", ".join(bounds)]).strip()
