"""Every variable with its unit: from ``variables.toml``."""

from __future__ import annotations

from saprolite.variables import REGISTRY
from saprolite_docs.markdown import cell, code, table


def variables() -> str:
    """The registry as one table, in the order of the names."""
    rows = []
    for name, variable in sorted(REGISTRY.items()):
        low, high = variable.valid_range
        rows.append([
            code(name), cell(variable.unit), cell(variable.long_name), cell(variable.kind),
            cell(", ".join(variable.dims)), f"{low:g} to {high:g}",
            code(variable.standard_name),
        ])  # fmt: skip
    columns = ["name", "unit", "meaning", "kind", "dimensions", "valid range", "CF standard name"]
    return table(columns, rows)
