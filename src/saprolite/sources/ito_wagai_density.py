"""Bulk density of topsoil and subsoil beside the clay minerals of Ito & Wagai (2017).

The manuscript takes its bulk density from there and gives the two means. No description at hand
says how the variables are called: by default their names follow those of the minerals, and a note
on the run says that this is inferred; the study may give the names that its file has.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import (
    Array,
    Spread,
    StaticField,
    known_unit,
    netcdf,
    spread_problem,
    unpacked,
)
from saprolite.sources.ito_wagai import HORIZONS, PARTS
from saprolite.sources.netcdf_bands import Layer, chunks_kept, find_layers
from saprolite.sources.rasters import require_values

FACTORS: Mapping[str, float] = MappingProxyType({"kg m-3": 1.0, "g cm-3": 1000.0})
_WHAT = "a NetCDF file with bulk density of topsoil and subsoil (Ito & Wagai 2017)"
_TABLE = "data/ito_wagai_bulk_density.csv"


class PublishedMean(NamedTuple):
    """A published mean of bulk density, kg m-3, and how far from it (%) is still the same."""

    kg_m3: float
    tolerance_percent: float


def inferred_names() -> dict[str, str]:
    """Names of the variables by part, after those of the minerals.

    >>> inferred_names()
    {'topsoil': 'bulk density (topsoil)', 'subsoil': 'bulk density (subsoil)'}
    """
    return {part: f"bulk density ({part})" for part in PARTS}


def published_means() -> dict[str, PublishedMean]:
    """The means that the manuscript states, by part.

    >>> {part: mean.kg_m3 for part, mean in published_means().items()}
    {'topsoil': 1320.0, 'subsoil': 1380.0}
    """
    with resources.files("saprolite.sources").joinpath(_TABLE).open(encoding="utf-8") as table:
        rows = pd.read_csv(table, comment="#")
    columns = (rows["part"], rows["mean_kg_m3"], rows["tolerance_percent"])
    return {
        str(part): PublishedMean(float(mean), float(tolerance))
        for part, mean, tolerance in zip(*columns, strict=True)
    }


def read_ito_wagai_density(
    path: Path,
    target: Grid,
    valid_share: float = 0.5,
    names: Mapping[str, str] | None = None,
    units: str | None = None,
) -> StaticField:
    """``bulk_density`` (horizon, lat, lon), kg m-3: means over target cells.

    ``names`` of the variables of ``topsoil`` and ``subsoil``; ``units`` (``kg m-3`` or ``g cm-3``)
    where the file states none. A value of 0 is no soil and is missing.

    Raises ``InputError`` for missing variables, other units, or values out of range.
    """
    wanted = {**inferred_names(), **(names or {})}
    with netcdf(path, _WHAT) as dataset:
        problems: list[Problem] = []
        # The closest name could be that of a mineral, or of the other part.
        found = {
            part: find_layers(
                path, dataset, [wanted[part]], problems,
                f'name the variable of the file: {part} = "..." in [inputs.bulk_density]',
            )
            for part in PARTS
        }  # fmt: skip
        factors = {
            part: _factor(layers[0], units, problems) for part, layers in found.items() if layers
        }
        raise_if_any(InputError, f"{path.name} cannot be used", problems)
        parts = {part: _part(layers[0], factors[part], target, valid_share)
                 for part, layers in found.items()}  # fmt: skip
    stacked = np.stack([values for values, _ in parts.values()])
    require_values(str(path), stacked, target)
    guessed = [name for part, name in wanted.items() if name == inferred_names()[part]]
    notes = [_compared(part, mean) for part, (_, mean) in parts.items()]
    if guessed:
        notes.append(f"bulk density: names of variables inferred, not published: {guessed}")
    data = fields_of({"bulk_density": stacked}, target, ("horizon", "lat", "lon"))
    return StaticField(data, HORIZONS, "ito_wagai", (path,), tuple(notes))


def _factor(layer: Layer, units: str | None, problems: list[Problem]) -> float:
    """What numbers are multiplied with to be kg m-3; what is wrong is added to ``problems``."""
    stated = known_unit(layer.unit, list(FACTORS)) if layer.unit else units
    if stated is None or (units is not None and stated != units):
        said = f", the study says {units!r}" if units else ""
        problems.append(
            Problem(f"{layer.path}: {layer.variable.name}", f"units {layer.unit!r}{said}",
                    " or ".join(repr(unit) for unit in FACTORS),
                    "correct the units of the file, or give those of the study")
        )  # fmt: skip
        return float("nan")
    return FACTORS[stated]


def _part(layer: Layer, factor: float, target: Grid, valid_share: float) -> tuple[Array, float]:
    """Means over target cells, and the mean by area of all that was read, kg m-3."""
    means, spread, amount, area = layer.means(target), Spread(0, np.nan, np.nan, np.nan), 0.0, 0.0
    with chunks_kept([layer]):
        for band in layer.bands(means):
            values = unpacked(layer.read(band), layer.attributes) * factor
            values[values == 0.0] = np.nan
            spread = spread.joined(Spread.of(values))
            weights = np.cos(np.deg2rad(layer.lat[band]))[:, None] * np.isfinite(values)
            amount += float((weights * np.nan_to_num(values)).sum())
            area += float(weights.sum())
            means.add(band, values[None])
    where, advice = str(layer.path), "bulk density must be in kg m-3 or g cm-3; check the units"
    problem = spread_problem(where, "bulk_density", spread, advice)
    raise_if_any(InputError, "The bulk density cannot be used", [problem] if problem else [])
    return means.result(valid_share)[0], amount / area


def _compared(part: str, mean: float) -> str:
    """A mean beside the published one."""
    published = published_means()[part]
    gain = 100.0 * (mean / published.kg_m3 - 1.0)
    apart = abs(gain) > published.tolerance_percent
    warning = f", more than {published.tolerance_percent:g} % apart" if apart else ""
    return (
        f"bulk density: mean of the {part} {mean:.0f} kg m-3, "
        f"{gain:+.1f} % from the manuscript's {published.kg_m3:.0f}{warning}"
    )
