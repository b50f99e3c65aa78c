"""Heads of NetCDF files that are remembered: of many files, reading them takes a run's first
seconds, and on a slow disk its first minutes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saprolite.sources.digests import package_digest
from saprolite.sources.files import require_file
from saprolite.sources.netcdf_layout import Extent, Head, Layout, Variable, read_head
from saprolite.sources.remembered import remembered

Json = dict[str, Any]


def head_of(path: Path, names: Sequence[str], what: str) -> Head:
    """As :func:`saprolite.sources.netcdf_layout.read_head`, read now or remembered; what netCDF4
    must read is not."""
    require_file(path, what)
    read: list[Head] = []

    def describe() -> Json | None:
        read.append(read_head(path, names, what))
        return None if read[0].reason else _as_json(read[0])

    kept = remembered("heads", path, describe, f"{package_digest()} {' '.join(names)}")
    return read[0] if read else _from_json(kept)


def _as_json(head: Head) -> Json:
    return {
        "size": head.size,
        "modified": head.modified,
        "axes": _packed(head.axes),
        "variables": {
            name: {
                "dimensions": variable.dimensions,
                "attributes": _packed(variable.attributes),
                "layout": None if variable.layout is None else _of_layout(variable.layout),
            }
            for name, variable in head.variables.items()
        },
    }


def _from_json(kept: Json) -> Head:
    variables = {}
    for name, found in kept["variables"].items():
        attributes, layout = _unpacked(found["attributes"]), found["layout"]
        variables[name] = Variable(
            tuple(found["dimensions"]),
            attributes,
            None if layout is None else _to_layout(layout, attributes),
        )
    return Head(variables, _unpacked(kept["axes"]), kept["size"], kept["modified"], "")


def _of_layout(layout: Layout) -> Json:
    """All but its attributes, which are those of its variable."""
    return {
        "shape": layout.shape,
        "chunk": layout.chunk,
        "dtype": layout.dtype,
        "shuffled": layout.shuffled,
        "deflated": layout.deflated,
        "extents": [[index, extent] for index, extent in layout.extents.items()],
    }


def _to_layout(kept: Json, attributes: Mapping[str, Any]) -> Layout:
    return Layout(
        shape=tuple(kept["shape"]),
        chunk=tuple(kept["chunk"]),
        dtype=kept["dtype"],
        shuffled=kept["shuffled"],
        deflated=kept["deflated"],
        extents={tuple(index): Extent(*extent) for index, extent in kept["extents"]},
        attributes=attributes,
    )


def _packed(values: Mapping[str, Any]) -> Json:
    """Texts as they are, numbers by their type, shape and bytes."""
    return {
        name: value
        if isinstance(value, str)
        else [value.dtype.str, value.shape, base64.b64encode(value.tobytes()).decode()]
        for name, value in values.items()
    }


def _unpacked(values: Json) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else _numbers(*value)
        for name, value in values.items()
    }


def _numbers(dtype: str, shape: list[int], data: str) -> Any:
    numbers = np.frombuffer(base64.b64decode(data), dtype).reshape(shape)
    return numbers if shape else numbers[()]
