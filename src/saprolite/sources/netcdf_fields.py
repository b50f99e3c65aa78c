"""Static fields of a NetCDF file, by variable name, with their units converted or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any
from saprolite.grid import Grid, normalise
from saprolite.grid.fields import field_of
from saprolite.sources.files import decode, known_unit, netcdf, unit_of

if TYPE_CHECKING:
    import xarray as xr

LATITUDE = ("lat", "latitude", "y")
LONGITUDE = ("lon", "longitude", "x")


class Wanted(NamedTuple):
    """A variable to read: its name in the file, the accepted units with their factors to the
    canonical unit, and the unit where the file states none (None: refuse; another: refuse too)."""

    name: str
    factors: Mapping[str, float]
    unit: str | None = None


def read_fields(path: Path, wanted: Mapping[str, Wanted], what: str) -> xr.Dataset:
    """The wanted variables as (horizon?, lat, lon), normalised, NaN where missing, float64.

    A leading axis of length 1 is dropped; an axis before latitude is called ``horizon``.
    """
    import xarray as xr

    problems: list[Problem] = []
    fields: dict[str, xr.DataArray] = {}
    with netcdf(path, what) as dataset:
        for canonical, item in wanted.items():
            if item.name not in dataset.variables:
                problems.append(_absent(path, dataset, item.name))
                continue
            variable = dataset.variables[item.name]
            stated = unit_of(variable)
            unit = known_unit(stated or item.unit or "", list(item.factors))
            if stated and item.unit and known_unit(item.unit, list(item.factors)) != unit:
                unit = None
            if unit is None:
                problems.append(
                    Problem(
                        f"{path}: {item.name}",
                        f"units {unit_of(variable)!r}"
                        + (f", the study says {item.unit!r}" if item.unit else ""),
                        " or ".join(repr(name) for name in item.factors),
                        "convert the variable, or give units = ... in the study",
                    )
                )
                continue
            found = _field(path, dataset, item.name, item.factors[unit])
            if isinstance(found, list):
                problems += found
            else:
                fields[canonical] = found
    raise_if_any(InputError, f"{path.name} cannot be used", problems)
    for field in fields.values():
        Grid.from_centres(field["lat"], field["lon"], str(path))
    return xr.Dataset(fields)


def read_map(path: Path, name: str) -> xr.DataArray:
    """One variable as (horizon?, lat, lon), in its own unit, as ``read_fields`` reads it."""
    with netcdf(path, f"a NetCDF file with {name}") as dataset:
        found: xr.DataArray | list[Problem] = [_absent(path, dataset, name)]
        if name in dataset.variables:
            found = _field(path, dataset, name, 1.0)
            unit = unit_of(dataset.variables[name])
    if isinstance(found, list):
        raise InputError(f"{path.name} cannot be used (1 problem)", found)
    Grid.from_centres(found["lat"], found["lon"], str(path))
    return found.rename(name).assign_attrs(units=unit)


def _absent(path: Path, dataset: Any, name: str) -> Problem:
    return Problem(
        f"{path}: {name}",
        "not in the file",
        ", ".join(dataset.variables),
        did_you_mean(name, dataset.variables),
    )


def _field(path: Path, dataset: Any, name: str, factor: float) -> xr.DataArray | list[Problem]:
    """A variable of an open file times a factor, normalised; or what is wrong with its axes."""
    variable = dataset.variables[name]
    dims = list(variable.dimensions)
    values = decode(variable) * factor
    while len(dims) > 2 and values.shape[0] == 1:
        values, dims = values[0], dims[1:]
    found = map_problems(path, name, dataset, dims, "(lat, lon) or (horizon, lat, lon)")
    found += _upside_down(path, dataset, dims[:-2])
    if found:
        return found
    names = ["horizon", "lat", "lon"][-len(dims) :]
    coords = {"lat": decode(dataset[dims[-2]]), "lon": decode(dataset[dims[-1]])}
    return normalise(field_of(values, coords, names))


def _upside_down(path: Path, dataset: Any, dims: Sequence[str]) -> list[Problem]:
    """Horizons that the file numbers from below, by the depths that it gives them."""
    for dim in set(dims) & set(dataset.variables):
        depths = np.abs(decode(dataset[dim]).ravel())
        if depths.size > 1 and (np.diff(depths) < 0.0).all():
            shown = ", ".join(f"{depth:g}" for depth in depths)
            turned = f"ds.isel({dim}=slice(None, None, -1))"
            return [Problem(f"{path}: {dim}", f"depths of {shown}", "the topmost horizon first",
                            f"turn the file around: {turned}")]  # fmt: skip
    return []


def map_problems(
    path: Path, name: str, dataset: Any, dims: Sequence[str], accepted: str
) -> list[Problem]:
    """What is wrong with the axes of a variable that is to be a map, or maps at depths."""
    given = dataset.variables[name].dimensions
    if len(dims) not in (2, 3) or dims[-2] not in LATITUDE or dims[-1] not in LONGITUDE:
        advice = "name and order the dimensions so"
        return [Problem(f"{path}: {name}", f"dimensions {given}", accepted, advice)]
    absent = [dim for dim in dims[-2:] if dim not in dataset.variables]
    if absent:
        return [
            Problem(
                f"{path}: {', '.join(absent)}",
                "no coordinate variable",
                "the centres of the cells in degrees",
                "add the coordinate variables",
            )
        ]
    return []
