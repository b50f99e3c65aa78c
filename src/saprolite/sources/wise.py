"""Topsoil texture of ISRIC-WISE 5' as the LPJ-GUESS 0.5 degree soil map (text table)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import StaticField, broken, require_file
from saprolite.sources.texture_bands import TEXTURE

if TYPE_CHECKING:
    import pandas as pd

_WHAT = "a text table with the columns Lon Lat clay silt sand ... and fractions of mass"
_COLUMNS = ("Lon", "Lat", "clay", "silt", "sand")
TOPSOIL_HORIZONS = (0.0, 0.3)


def read_wise(path: Path) -> StaticField:
    """The map as (horizon, lat, lon) on its 0.5 degree grid; ``InputError`` for what is wrong."""
    import pandas as pd

    require_file(path, _WHAT)
    try:
        table = pd.read_csv(path, sep=r"\s+", comment="#")
    except (ValueError, pd.errors.ParserError) as error:
        raise broken(path, _WHAT, str(error).strip()) from error
    missing = [name for name in _COLUMNS if name not in table.columns]
    if missing:
        raise InputError(
            "The texture table cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: {', '.join(missing)}",
                    f"columns {', '.join(map(str, table.columns[:8]))}",
                    _WHAT,
                    "restore the header line",
                )
            ],
        )
    incomplete = table[table.isna().any(axis=1)]
    if len(incomplete):
        raise broken(
            path,
            _WHAT,
            f"{len(incomplete)} incomplete rows, the first is row "
            f"{int(incomplete.index[0]) + 2} of the file",
        )
    texture = {name: table[name].to_numpy(float) for name in TEXTURE}
    raise_if_any(InputError, "The texture cannot be used", texture_problems(str(path), texture))
    grid = Grid.globe(0.5)
    row, column = _positions(path, table, grid)
    data = {}
    for name, values in texture.items():
        field = np.full((1, *grid.shape), np.nan)
        field[0, row, column] = values
        data[name] = field
    dataset = fields_of(data, grid, ("horizon", "lat", "lon"))
    note = "texture: topsoil values stand for all layers"
    return StaticField(dataset, TOPSOIL_HORIZONS, "wise_texture", (path,), (note,))


def texture_problems(where: str, texture: dict[str, np.ndarray]) -> list[Problem]:
    """What is wrong with clay, silt and sand: percent, out of range, or a sum other than 1.

    >>> problem, = texture_problems("t.nc", {name: np.array([30.0]) for name in TEXTURE})
    >>> problem.found
    'values up to 30'
    """
    problems = []
    for name, values in texture.items():
        largest, smallest = np.nanmax(values, initial=0.0), np.nanmin(values, initial=1.0)
        if largest > 1.5:
            return [
                Problem(
                    f"{where}: {', '.join(texture)}",
                    f"values up to {largest:g}",
                    "mass fractions from 0 to 1",
                    'these look like percent: divide by 100, or give units = "percent"',
                )
            ]
        if smallest < 0.0 or largest > 1.0:
            problems.append(
                Problem(
                    f"{where}: {name}",
                    f"{smallest:g} to {largest:g}",
                    "mass fractions from 0 to 1",
                    "correct the values",
                )
            )
    total = sum(texture.values())
    off = np.flatnonzero(np.abs(total - 1.0).ravel() > TEXTURE_SUM_TOLERANCE)
    if off.size:
        sums = np.asarray(total).ravel()[off]
        problems.append(
            Problem(
                f"{where}: clay + silt + sand",
                f"a sum of {sums.min():.3f} to {sums.max():.3f} in {off.size} cells",
                f"1 within {TEXTURE_SUM_TOLERANCE}",
                "correct the values, or name the right variables",
            )
        )
    return problems


def _positions(path: Path, table: pd.DataFrame, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    import pandas as pd

    row = (table["Lat"].to_numpy(float) - grid.lat[0]) / grid.step[0]
    column = (table["Lon"].to_numpy(float) - grid.lon[0]) / grid.step[1]
    nearest = (np.rint(row).astype(int), np.rint(column).astype(int))
    off = np.maximum(np.abs(row - nearest[0]), np.abs(column - nearest[1])) > 0.02
    off |= (nearest[0] < 0) | (nearest[0] >= grid.shape[0])
    off |= (nearest[1] < 0) | (nearest[1] >= grid.shape[1])
    if off.any():
        first = table[off].iloc[0]
        raise InputError(
            "The texture table is on another grid (1 problem)",
            [
                Problem(
                    f"{path}: Lon, Lat",
                    f"{int(off.sum())} rows such as {first['Lon']:g}, {first['Lat']:g}",
                    "centres of 0.5 degree cells (x.25 and x.75)",
                    "give the 0.5 degree map",
                )
            ],
        )
    doubled = pd.Series(nearest[0] * grid.shape[1] + nearest[1]).duplicated().sum()
    if doubled:
        raise InputError(
            "The texture table names cells twice (1 problem)",
            [
                Problem(
                    f"{path}: Lon, Lat",
                    f"{doubled} cells occur again",
                    "each cell once",
                    "remove the repeated rows",
                )
            ],
        )
    return nearest
