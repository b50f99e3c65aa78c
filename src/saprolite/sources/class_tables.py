"""Tables by climate class that the package carries: climatology, texture, illustrative minerals."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import MineralError, Problem, raise_if_any

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.integer]
Table = dict[str, npt.NDArray[Any]]

PRESENCE = ("presence_0_10cm", "presence_10_40cm", "presence_40_100cm", "presence_100_200cm")
LAYER_EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
ILLUSTRATIVE_MINERALS = (
    "clay minerals by climate class: assumed for illustration, not data; good for trying the "
    "software, not for a published number"
)
ILLUSTRATIVE_THICKNESS = (
    "soil present in each layer by climate class: assumed for illustration, not data"
)
# Classes without a cell in the tables, and the class that stands in.
_STAND_IN = {10: 9, 13: 12}
_HIGHEST_CLASS = 30
_TEXTS = ("climate", "hemisphere", "confidence")


@cache
def table(name: str) -> Table:
    """The columns of a packaged table by their names; its file name without ending.

    >>> table("climate_class_texture")["code"][:3]
    array([1., 1., 2.])
    """
    source = resources.files("saprolite.sources").joinpath("data", f"{name}.csv")
    with source.open(encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    return {
        key: np.array(values) if key in _TEXTS else np.array([float(text) for text in values])
        for key, values in zip(header, zip(*rows, strict=True), strict=True)
    }


def mineral_shares(classes: Classes, minerals: tuple[str, ...]) -> Array:
    """Illustrative share of the clay-size fraction, (mineral, ...), NaN where there is no class.

    >>> mineral_shares(np.array([1, 0]), ("illite",))
    array([[0.08,  nan]])
    """
    data = table("climate_class_minerals")
    absent = [name for name in minerals if name not in data]
    raise_if_any(
        MineralError,
        "Minerals that the illustrative table does not have",
        [
            Problem(
                f"climate_class_minerals.csv: {name}",
                "no column",
                "chlorite, smectite, mica, illite, vermiculite",
                "leave the mineral out, or give a mineral map",
            )
            for name in absent
        ],
    )
    return np.stack([_by_class(data, name, classes) for name in minerals])


def layer_thickness(classes: Classes) -> Array:
    """Illustrative soil present in each layer, m, (layer, ...): presence x depth of the layer."""
    data = table("climate_class_minerals")
    depths = np.diff(LAYER_EDGES)
    return np.stack(
        [
            _by_class(data, name, classes) * depth
            for name, depth in zip(PRESENCE, depths, strict=True)
        ]
    )


def texture(classes: Classes, south: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """Mean clay, silt and sand of the class and hemisphere, scaled to a sum of 1."""
    data = table("climate_class_texture")
    fields = {
        name: _by_class_and_hemisphere(data, name, classes, south)
        for name in ("clay", "silt", "sand")
    }
    total = sum(fields.values())
    return {name: values / total for name, values in fields.items()}


def climatology(classes: Classes, south: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """Mean monthly soil state of the class and hemisphere.

    ``soil_moisture`` (m3 m-3) and ``soil_temperature`` (K) as (month, layer, ...),
    ``evapotranspiration`` (mm month-1) as (month, ...). Where a class has cells in one hemisphere
    only, the other takes them shifted by six months.
    """
    data = table("climate_class_soil_climatology")
    layers = ("0_10", "10_40", "40_100", "100_200")

    def months(column: str) -> Array:
        return np.stack(
            [
                _by_class_and_hemisphere(data, column, classes, south, month)
                for month in range(1, 13)
            ]
        )

    return {
        "soil_moisture": np.stack([months(f"theta_{layer}") for layer in layers], axis=1),
        "soil_temperature": np.stack([months(f"temp_{layer}") for layer in layers], axis=1),
        "evapotranspiration": months("et"),
    }


def _by_class(data: Table, column: str, classes: Classes) -> Array:
    lookup = np.full(_HIGHEST_CLASS + 1, np.nan)
    lookup[data["code"].astype(int)] = data[column]
    return np.asarray(lookup[np.asarray(classes, int)])


def _by_class_and_hemisphere(
    data: Table,
    column: str,
    classes: Classes,
    south: npt.NDArray[np.bool_],
    month: int | None = None,
) -> Array:
    """Lookup by class and hemisphere, of one month for a seasonal table. A class that has cells in
    one hemisphere only takes its values for the other, too: those of six months later."""

    def known(side: str, month: int | None) -> dict[int, float]:
        rows = data["hemisphere"] == side
        if month is not None:
            rows = rows & (data["month"] == month)
        return dict(zip(data["code"][rows].astype(int), data[column][rows], strict=True))

    shifted = None if month is None else (month + 5) % 12 + 1
    lookup = np.full((2, _HIGHEST_CLASS + 1), np.nan)
    for row, (side, opposite) in enumerate((("N", "S"), ("S", "N"))):
        values = known(opposite, shifted) | known(side, month)
        for code in range(1, _HIGHEST_CLASS + 1):
            lookup[row, code] = values.get(_STAND_IN.get(code, code), np.nan)
    return np.asarray(lookup[np.asarray(south, int), np.asarray(classes, int)])
