"""Clay-size minerals of Ito & Wagai (2017): topsoil and subsoil shares, illite and mica one class.

Quirks: names hold spaces, commas and parentheses (``'illite,mica (topsoil)'``); latitude descends;
a leading axis of length 1 comes first; values are shares of the clay-size fraction, fractions or
percent; published in steps from 2 minutes (58 million cells) to 2 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saprolite.errors import InputError, MineralError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.minerals import Mineral, share_of_map_class
from saprolite.sources.files import Array, Spread, StaticField, known_unit, netcdf, unpacked
from saprolite.sources.netcdf_bands import Layer, chunks_kept, find_layers
from saprolite.sources.rasters import bands, require_values

HORIZONS = (0.0, 0.3, 1.0)
PARTS = ("topsoil", "subsoil")
_WHAT = "a NetCDF file with variables such as 'illite,mica (topsoil)' (Ito & Wagai 2017)"
_FACTORS = {"1": 1.0, "%": 0.01}
# No map of the globe has less than this of every clay mineral: a unit is wrong.
_LEAST_MAXIMUM = 0.02
_ROUNDING = 1e-6
_SUM_TOLERANCE = 0.02  # the shares of the classes are rounded


def read_ito_wagai(
    path: Path,
    minerals: tuple[str, ...],
    mica_share: float,
    target: Grid,
    valid_share: float = 0.5,
    units: str | None = None,
) -> StaticField:
    """``mineral_share`` (mineral, horizon, lat, lon) of the clay-size fraction, 0 to 1: means over
    target cells.

    ``mica_share`` of the illite/mica class is mica. ``units`` (``1`` or ``%``) is needed only where
    the file states none and its numbers do not tell.
    """

    chosen = Mineral.several(minerals)
    classes = _classes(path, chosen)
    with netcdf(path, _WHAT) as dataset:
        problems: list[Problem] = []
        found = {
            part: [
                find_layers(path, dataset, [f"{name} ({part})"], problems, _without(name, chosen))
                for name in classes
            ]
            for part in PARTS
        }
        every = [layers for part in PARTS for layers in found[part] if layers]
        problems += [
            Problem(f"{path}: {layers[0].variable.name}", f"{len(layers)} layers",
                    "one: (1, lat, lon)", "give the published file")
            for layers in every if len(layers) > 1
        ]  # fmt: skip
        problems += _unit_problems([layers[0] for layers in every], units)
        raise_if_any(InputError, f"{path.name} cannot be used", problems)
        unstated = _unstated_unit(path, [layers[0] for layers in every], units)
        shares = {
            part: _means([layers[0] for layers in found[part]], unstated, target, valid_share)
            for part in PARTS
        }
    require_values(str(path), np.stack(list(shares.values())), target)
    stacked = np.stack([
        np.stack([shares[part][classes.index(str(mineral.map_class))] for part in PARTS])
        * share_of_map_class(mineral, mica_share)
        for mineral in chosen
    ])  # fmt: skip
    notes = (
        "minerals: topsoil 0 to 0.3 m, subsoil below it, extended below 1 m",
        f"minerals: {mica_share:g} of the illite/mica class counts as mica",
    )
    coordinates: dict[str, Any] = {"mineral": minerals, "lat": target.lat, "lon": target.lon}
    dims = ("mineral", "horizon", "lat", "lon")
    data = fields_of({"mineral_share": stacked}, coordinates, dims)
    return StaticField(data, HORIZONS, "ito_wagai", (path,), notes)


def _classes(path: Path, chosen: Sequence[Mineral]) -> list[str]:
    """The classes of the maps that the minerals need, each once."""
    without = [mineral.name for mineral in chosen if mineral.map_class is None]
    raise_if_any(
        MineralError,
        "Minerals that the maps do not have",
        [
            Problem(
                f"{path}: {name}",
                "no class in Ito & Wagai 2017",
                "chlorite, smectite, mica, illite, vermiculite, kaolinite",
                "leave the mineral out of [minerals] names",
            )
            for name in without
        ],
    )
    return list(dict.fromkeys(str(mineral.map_class) for mineral in chosen))


def _without(map_class: str, chosen: Sequence[Mineral]) -> str:
    """What to do where a file lacks a class; the closest name would be another mineral."""
    named = ", ".join(mineral.name for mineral in chosen if mineral.map_class == map_class)
    return f"take {named} out of [minerals] names, or give a file that has the class"


def _unit_problems(layers: Sequence[Layer], units: str | None) -> list[Problem]:
    """Units that are no share, or others than the study says."""
    problems = []
    for layer in layers:
        stated = known_unit(layer.unit, list(_FACTORS)) if layer.unit else None
        if layer.unit and (stated is None or (units is not None and stated != units)):
            problems.append(
                Problem(
                    f"{layer.path}: {layer.variable.name}",
                    f"units {layer.unit!r}" + (f", the study says {units!r}" if units else ""),
                    " or ".join(repr(name) for name in _FACTORS),
                    "correct the units of the file, or those of the study",
                )
            )
    return problems


def _unstated_unit(path: Path, layers: Sequence[Layer], units: str | None) -> str:
    """The unit of variables that state none: of the study, else what their numbers can only be.

    A share above 1 is percent, and then one above 2 occurs; a largest share from 0.02 to 1 is a
    fraction, for the largest of all classes is no thousandth. All else is refused.
    """
    silent = [layer for layer in layers if not layer.unit]
    if units is not None or not silent:
        return units or "1"
    spread = Spread(0, np.nan, np.nan, np.nan)
    for layer in silent:
        with chunks_kept([layer]):
            for band in bands(slice(0, layer.lat.size), layer.lon.size):
                spread = spread.joined(Spread.of(unpacked(layer.read(band), layer.attributes)))
    if _LEAST_MAXIMUM <= spread.largest <= 1.0 + _ROUNDING:
        return "1"
    if 100.0 * _LEAST_MAXIMUM < spread.largest <= 100.0 * (1.0 + _ROUNDING):
        return "%"
    raise InputError(
        "The mineral shares cannot be used (1 problem)",
        [
            Problem(
                f"{path}: all classes",
                f"no units, a largest share of {spread.largest:g}",
                "fractions (largest from 0.02 to 1) or percent (largest from 2 to 100)",
                'these may be either: give units = "fraction" or "percent"',
            )
        ],
    )


def _means(layers: Sequence[Layer], unstated: str, target: Grid, valid_share: float) -> Array:
    """Shares of the classes of one part, (class, lat, lon), checked on the map's own cells."""
    check = _Check([f"{layer.path}: {layer.variable.name}" for layer in layers])
    first = layers[0]
    means = first.means(target)
    with chunks_kept(layers):
        for band in bands(means.touched(), first.lon.size):
            shares = []
            for layer in layers:
                unit = known_unit(layer.unit, list(_FACTORS)) if layer.unit else unstated
                assert unit is not None
                shares.append(unpacked(layer.read(band), layer.attributes) * _FACTORS[unit])
            means.add(band, check.band(np.stack(shares)))
    check.finish()
    return means.result(valid_share)


class _Check:
    """Shares of 0 to 1 that add up to no more than 1, and are no percent of percent."""

    def __init__(self, where: Sequence[str]) -> None:
        self._where = where
        self._spreads = [Spread(0, np.nan, np.nan, np.nan) for _ in where]
        self._largest_sum = 0.0

    def band(self, shares: Array) -> Array:
        """The shares (class, row, column), looked at."""
        self._spreads = [
            spread.joined(Spread.of(share))
            for spread, share in zip(self._spreads, shares, strict=True)
        ]
        total = np.nansum(shares, axis=0)
        self._largest_sum = max(self._largest_sum, float(total.max(initial=0.0)))
        return shares

    def finish(self) -> None:
        """Raise for what is no share."""
        problems = [
            Problem(
                where,
                f"{spread.smallest:g} to {spread.largest:g} as fractions",
                "shares from 0 to 1",
                'these look like percent: give units = "percent"'
                if spread.smallest >= 0.0
                else "check the fill value of the file",
            )
            for where, spread in zip(self._where, self._spreads, strict=True)
            if spread.number and (spread.largest > 1.0 + _ROUNDING or spread.smallest < -_ROUNDING)
        ]
        if not problems and self._largest_sum > 1.0 + _SUM_TOLERANCE:
            problems.append(
                Problem(
                    "; ".join(self._where),
                    f"shares that add up to {self._largest_sum:g}",
                    "1 or less",
                    "check that the file is the published one",
                )
            )
        largest = max((spread.largest for spread in self._spreads if spread.number), default=1.0)
        if not problems and largest < _LEAST_MAXIMUM:
            problems.append(
                Problem(
                    "; ".join(self._where),
                    f"no share above {100.0 * _LEAST_MAXIMUM:g} %",
                    "shares from 0 to 1",
                    "these look like fractions labelled percent: correct the units of the file",
                )
            )
        raise_if_any(InputError, "The mineral shares cannot be used", problems)
