"""``data/page.json``: everything that the page must know before it draws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from saprolite.analysis.zones import group_masks
from saprolite.constants import CARBON_MOLAR_MASS, CO2_MOLAR_MASS
from saprolite.version import __version__
from saprolite.viewer.cells import TILE, Fact
from saprolite.viewer.encoding import CELL_BITS, MAP_BITS, deflated, relative_error
from saprolite.viewer.labels import in_words, keys
from saprolite.viewer.palette import CLASS_COLOURS
from saprolite.viewer.quantities import Quantity
from saprolite.viewer.viewed_run import ViewedRun

FORMAT = 1


class Shown(NamedTuple):
    """A run on the page: the first part of its paths, what it has to show, facts of a cell."""

    name: str
    run: ViewedRun
    quantities: tuple[Quantity, ...]
    facts: tuple[Fact, ...]


def page(shown: Sequence[Shown]) -> bytes:
    """The catalogue as JSON; the first run has the grid, the cells and the zones."""
    first = shown[0].run
    content = {
        "format": FORMAT,
        "software": f"saprolite {__version__}",
        "co2_per_c": CO2_MOLAR_MASS / CARBON_MOLAR_MASS,
        "relative_error": {"maps": relative_error(MAP_BITS), "cells": relative_error(CELL_BITS)},
        "grid": _grid(first),
        "tile": TILE,
        "zones": _zones(first),
        "runs": [_run(each) for each in shown],
    }
    return json.dumps(content, allow_nan=False, ensure_ascii=False).encode()


def grid_file(run: ViewedRun) -> bytes:
    """Of the cells, one array after the other: area (float64, km2), position on the grid (uint32),
    climate class and missing inputs (uint8)."""
    fluxes = run.fields.fluxes
    area, climate, missing = (
        np.asarray(fluxes[name].values).reshape(-1)[run.cells]
        for name in ("cell_area", "climate_class", "missing_inputs")
    )
    arrays = area.astype("<f8"), run.cells.astype("<u4"), climate.astype("u1"), missing.astype("u1")
    return deflated(b"".join(array.tobytes() for array in arrays))


def _grid(run: ViewedRun) -> dict[str, Any]:
    fluxes = run.fields.fluxes
    edges = {}
    for axis in ("lat", "lon"):
        bounds = fluxes[f"{axis}_bounds"].values
        edges[axis] = [float(bounds[0, 0]), float(bounds[-1, 1]), int(bounds.shape[0])]
    flags = fluxes["missing_inputs"].attrs
    return {
        **edges,
        "cells": int(run.cells.size),
        "earth": str(fluxes["cell_area"].attrs.get("earth", "")),
        "missing_inputs": [in_words(word) for word in str(flags.get("flag_meanings", "")).split()],
    }


def _zones(run: ViewedRun) -> list[dict[str, Any]]:
    """Climate groups and the classes that occur, with the codes that belong to them."""
    attributes = run.fields.fluxes["climate_class"].attrs
    present = sorted({int(code) for code in run.fields.climate})
    names = str(attributes.get("flag_meanings", "")).split()
    zones: list[dict[str, Any]] = []
    for name, member in group_masks(np.array(present)).items():
        codes = [code for code, inside in zip(present, member, strict=True) if inside]
        if codes:
            zones.append({"kind": "Climate groups", "name": name, "codes": codes})
    for code in present:
        if 0 < code < len(names):
            zones.append({"kind": "Climate classes", "name": names[code], "codes": [code]})
    return zones


def _run(shown: Shown) -> dict[str, Any]:
    run = shown.run
    state = run.state
    first, last = state["period"]
    return {
        "name": shown.name,
        "title": str(state["title"]),
        "finished": run.finished,
        "status": str(state["status"]),
        "analysed": run.maps is not None,
        "reading": str(state["reading_summary"]),
        "notes": [str(note) for note in state["notes"]],
        "source": str(run.fields.fluxes.attrs.get("source", "")),
        "fingerprint": str(state.get("fingerprint", "")),
        "period": [int(first), int(last)],
        "years": list(run.fields.years),
        "alpha": run.alpha,
        "groups": _groups(run),
        "quantities": [_quantity(quantity) for quantity in shown.quantities],
        "facts": [
            {"quantity": fact.quantity.name, "time": fact.time, "series": list(fact.series)}
            for fact in shown.facts
        ],
    }


def _groups(run: ViewedRun) -> list[dict[str, Any]]:
    """Groups of layers, and the shares of their single layers in their thickness."""
    groups = run.fields.groups
    return [
        {"name": group.name, "key": key, "first": group.first,
         "shares": [(layer.bottom - layer.top) / (group.bottom - group.top)
                    for layer in run.single_layers[group.layers]]}
        for group, key in zip(groups, keys(group.name for group in groups), strict=True)
    ]  # fmt: skip


def _quantity(quantity: Quantity) -> dict[str, Any]:
    labels = [series.label for series in quantity.series]
    return {
        "name": quantity.name,
        "title": quantity.title,
        "heading": quantity.heading,
        "meaning": quantity.meaning,
        "unit": quantity.unit,
        "area": quantity.area,
        "yearly": quantity.yearly,
        "times": list(quantity.times),
        "layers": [
            {"name": name, "key": key}
            for name, key in zip(quantity.layers, keys(quantity.layers), strict=True)
        ],
        "series": [
            {"label": series.label, "name": series.name, "key": key, "scale": series.scale,
             "centred": series.centred, "like": series.like}
            for series, key in zip(quantity.series, keys(labels), strict=True)
        ],
        "classes": [
            {"code": code, "name": in_words(name), "colour": CLASS_COLOURS.get(name, "")}
            for code, name in quantity.classes.items()
        ],
    }  # fmt: skip
