"""One map out of the fluxes of a run: a layer or a group of layers, a year or the mean of years."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.annual import FLUX, AnnualFields
from saprolite.analysis.layer_groups import LayerGroup
from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any

Array = npt.NDArray[np.float64]
_MAP = ("lat", "lon")
_CHANGES = ("slope", "contribution", "step")
# Of these the layers add up; of p, F and fits they do not.
_ADDITIVE = ("carbon_sink_flux", "carbon_sink_contribution", "trend_slope")


class RunMap(NamedTuple):
    """Values (lat, lon), NaN where there is none; of when and where; what they are, with the unit;
    whether they are changes, whose colours are centred on 0."""

    values: Array
    title: str
    label: str
    is_change: bool = False


def run_map(
    fields: AnnualFields,
    variable: str = FLUX,
    *,
    layer: str | int | None = None,
    year: int | None = None,
    labels: Mapping[str, Any] | None = None,
) -> RunMap:
    """A variable of ``fluxes.zarr`` on the map.

    Parameters
    ----------
    variable
        Name in the store, by default the carbon sink flux (t C km-2 yr-1).
    layer
        Number of a layer from 1, or the name of a layer or a group of layers, such as ``0-40 cm``.
        By default the whole column; only of what adds up over layers.
    year
        A year; by default the mean over the years with a value.
    labels
        Where the variable is to be taken along its other dimensions, such as
        ``mineral="smectite"``.

    Raises
    ------
    InputError
        For a variable that is no map, a layer, year or label that the run has not.
    """
    array = _array(fields.fluxes, variable)
    chosen = dict(labels or {})
    _require_labels(array, chosen)
    words = [f"{name} {value}" for name, value in chosen.items()]
    array = array.sel(chosen)
    if "layer" in array.dims:
        group = _group(fields, variable, layer)
        array = _stacked(array, group)
        words.insert(0, group.name)
    elif layer is not None:
        raise _no(variable, f"layer = {layer!r}", "a variable with layers", "leave out layer")
    if "year" in array.dims:
        values, period = _of_years(array, fields.years, year)
        words.append(period)
    elif year is not None:
        raise _no(variable, f"year = {year}", "a variable with years", "leave out year")
    else:
        values = np.asarray(array.values, np.float64)
    name = str(array.attrs.get("long_name", variable)).split(",")[0]
    unit = str(array.attrs.get("units_in_words", array.attrs.get("units", "1")))
    raised = re.sub(r"(?<=[a-z])-(\d)", r"$^{-\1}$", unit)
    label = name if unit == "1" else f"{name} ({raised})"
    is_change = any(word in variable for word in _CHANGES)
    return RunMap(values, ", ".join(words), label, is_change)


def _array(fluxes: xr.Dataset, variable: str) -> xr.DataArray:
    maps = [str(name) for name, array in fluxes.data_vars.items() if array.dims[-2:] == _MAP]
    if variable not in maps:
        raise _no("variable", repr(variable), ", ".join(sorted(maps)), did_you_mean(variable, maps))
    return fluxes[variable]


def _require_labels(array: xr.DataArray, chosen: Mapping[str, Any]) -> None:
    free = [str(dim) for dim in array.dims if dim not in ("year", "layer", *_MAP)]
    problems = [
        Problem(f"{array.name}: {name}", repr(value), ", ".join(free) or "no further dimension",
                f"leave out {name}")
        for name, value in chosen.items() if name not in free
    ]  # fmt: skip
    for dim in free:
        known: list[Hashable] = list(array[dim].values.tolist())
        if chosen.get(dim) not in known:
            found = "nothing" if dim not in chosen else repr(chosen[dim])
            problems.append(Problem(f"{array.name}: {dim}", found, ", ".join(map(str, known)),
                                    f"{dim}={known[0]!r}"))  # fmt: skip
    raise_if_any(InputError, "There is no such map", problems)


def _group(fields: AnnualFields, variable: str, layer: str | int | None) -> LayerGroup:
    single = [group for group in fields.groups if group.stop - group.first == 1]
    adds = variable.startswith(_ADDITIVE)
    open_to = fields.groups if adds else single
    numbers = [int(number) for number in fields.fluxes["layer"].values]
    if layer is None and (adds or len(single) == 1):
        return fields.groups[-1]
    for group in open_to:
        alone = group in single
        if layer == group.name or (alone and layer == numbers[group.first]):
            return group
    known = ", ".join(group.name for group in open_to)
    raise _no(f"{variable}: layer", "nothing" if layer is None else repr(layer), known,
              f"layer={open_to[0].name!r}")  # fmt: skip


def _stacked(array: xr.DataArray, group: LayerGroup) -> xr.DataArray:
    """The layers of a group, added; NaN where one has none."""
    part = array.isel(layer=group.layers)
    if group.stop - group.first == 1:
        return part.isel(layer=0)
    return part.sum("layer", skipna=False, keep_attrs=True)


def _of_years(
    array: xr.DataArray, years: tuple[int, ...], year: int | None
) -> tuple[Array, str]:  # fmt: skip
    if year is None and years:
        whole = np.zeros(array.shape[-2:])
        for one in years:
            whole = whole + array.sel(year=one).values
        first, last = years[0], years[-1]
        return whole / len(years), f"{first}" if first == last else f"mean {first}-{last}"
    if year not in years:
        known = f"{years[0]} to {years[-1]}" if years else "no year with a value"
        raise _no(f"{array.name}: year", str(year), known, f"year={years[-1] if years else '...'}")
    return np.asarray(array.sel(year=year).values, np.float64), f"{year}"


def _no(where: str, found: str, accepted: str, advice: str) -> InputError:
    return InputError("There is no such map (1 problem)", [Problem(where, found, accepted, advice)])
