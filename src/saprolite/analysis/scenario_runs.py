"""The runs of a scenario: one of the past, one or several of the future, with the same soil."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.maps import RunMaps, read_maps
from saprolite.engine.state import STUDY_FILE
from saprolite.errors import InputError, Problem, StoreError, raise_if_any
from saprolite.models import month_seconds
from saprolite.places import Place
from saprolite.stores import open_dataset

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
FORCING = ("soil_moisture", "soil_temperature", "evapotranspiration")
# What may differ between past and future: the air's CO2 is part of the scenario.
_OF_THE_SCENARIO = ("atmosphere",)
_STORE_FORCING = 'store_forcing = "always" under [output], and run again'


@dataclass(frozen=True)
class ForcingOfYear:
    """Twelve months of a run's forcing on some cells, (month, layer, cell) and (month, cell)."""

    soil_moisture: npt.NDArray[np.floating[Any]]
    soil_temperature: npt.NDArray[np.floating[Any]]
    evapotranspiration: npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Run:
    """A finished run: its name, its folder, its fluxes."""

    name: str
    folder: Place
    fluxes: xr.Dataset

    @cached_property
    def maps(self) -> RunMaps:
        """Means over its years."""
        return read_maps(self.fluxes)

    @cached_property
    def reading(self) -> dict[str, Any]:
        """The fields of its reading."""
        return dict(json.loads(self.fluxes.attrs["reading"]))

    @cached_property
    def inputs(self) -> xr.Dataset:
        """Its prepared inputs; ``StoreError`` where they are not there or hold no forcing."""
        path = self.folder / "inputs.zarr"
        held = open_dataset(path)
        if any(name not in held for name in FORCING):
            raise StoreError(
                "The forcing of a run is not stored (1 problem)",
                [Problem(str(path), "static inputs alone", "monthly soil moisture, temperature and "
                         "evapotranspiration", _STORE_FORCING)],
            )  # fmt: skip
        return held

    def positions(self, flat_cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where cells of the grid (flat indices) lie among the packed cells of the inputs."""
        own = self.inputs["cell"].values
        found = np.minimum(np.searchsorted(own, flat_cells), own.size - 1)
        if not np.array_equal(own[found], flat_cells):
            raise StoreError(
                "The inputs of a run are of other cells (1 problem)",
                [Problem(str(self.folder / "inputs.zarr"), "cells without inputs that have fluxes",
                         "the inputs that the fluxes were computed from", "run the study again")],
            )  # fmt: skip
        return found

    def year(self, year: int, positions: npt.NDArray[np.int64]) -> ForcingOfYear:
        """Its forcing of a year at some packed cells, in the precision that it was computed in:
        soil at 273.15 K, of which land-surface models hold much, is frozen or not by the last bit.
        """
        months = self.inputs["month"].dt.year.values == year
        part = self.inputs.isel(month=np.flatnonzero(months))
        return ForcingOfYear(
            *(np.asarray(part[name].values[..., positions], self._precision) for name in FORCING)
        )

    def has_year(self, year: int) -> bool:
        """Whether its stored forcing holds a year."""
        return bool((self.inputs["month"].dt.year.values == year).any())

    @cached_property
    def _precision(self) -> np.dtype[Any]:
        study = tomllib.loads((self.folder / STUDY_FILE).read_text(encoding="utf-8"))
        return np.dtype(str(study["engine"]["precision"]))

    def years(self) -> Iterator[tuple[int, Array]]:
        """Each of its years with the flux, (layer, lat, lon), t C km-2 yr-1."""
        for year in self.maps.years:
            yield year, self.fluxes["carbon_sink_flux"].sel(year=year).values


def require_alike(history: Run, members: Sequence[Run]) -> None:
    """Raise ``InputError`` with everything that makes runs another soil, grid or reading."""
    problems = []
    for run in (history, *members):
        if not run.maps.years:
            problems.append(Problem(run.name, "no year with a value", "one year or more",
                                    "look at its summary.json"))  # fmt: skip
    past = history.maps
    for run in members:
        now = run.maps
        if not (_same(past.lat, now.lat) and _same(past.lon, now.lon)):
            problems.append(
                Problem(f"{run.name}: grid", f"{now.lat.size} x {now.lon.size} cells",
                        f"that of {history.name}, {past.lat.size} x {past.lon.size} cells",
                        "resolution_deg and region under [grid], alike in both studies")
            )  # fmt: skip
        if not _same(past.layer_bounds, now.layer_bounds):
            problems.append(
                Problem(f"{run.name}: layers", ", ".join(now.layer_names),
                        ", ".join(past.layer_names), "the layers of one product")
            )  # fmt: skip
        if past.minerals != now.minerals:
            problems.append(
                Problem(f"{run.name}: minerals", ", ".join(now.minerals),
                        ", ".join(past.minerals), "the same [minerals] names")
            )  # fmt: skip
        other = [key for key, value in history.reading.items()
                 if run.reading.get(key) != value and key not in _OF_THE_SCENARIO]  # fmt: skip
        problems += [
            Problem(f"{run.name}: reading.{key}", repr(run.reading.get(key)),
                    f"{history.reading[key]!r}, as in {history.name}",
                    "run both studies under the same reading")
            for key in other
        ]  # fmt: skip
        columns = [item.fluxes.attrs.get("column_reading") for item in (history, run)]
        if columns[0] != columns[1]:
            problems.append(
                Problem(f"{run.name}: model", str(run.fluxes.attrs["source"]),
                        str(history.fluxes.attrs["source"]), "one model for both")
            )  # fmt: skip
    raise_if_any(InputError, "The runs cannot be compared", problems)


def common_cells(runs: Sequence[Run]) -> Flags:
    """Land with a value in every layer and year of every run, (lat, lon)."""
    found = np.logical_and.reduce([run.maps.valid & run.maps.land for run in runs])
    if not found.any():
        raise InputError(
            "The runs cannot be compared (1 problem)",
            [Problem(", ".join(run.name for run in runs), "no cell with a value in all of them",
                     "one or more", "look at missing_inputs of the runs")],
        )  # fmt: skip
    return np.asarray(found)


def mean_climate(run: Run, positions: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Soil moisture (m3 m-3) and temperature (K) of the whole depth at some packed cells: means
    over the months of its years by their length, over the layers by their thickness."""
    thickness = np.diff(run.maps.layer_bounds, axis=1)[:, 0]
    layers = thickness / thickness.sum()
    moisture, temperature = np.zeros(positions.size), np.zeros(positions.size)
    for year in run.maps.years:
        seconds = np.array(month_seconds("mean", year))
        weights = (seconds / seconds.sum())[:, None] * layers
        found = run.year(year, positions)
        moisture += np.tensordot(weights, found.soil_moisture, axes=2)
        temperature += np.tensordot(weights, found.soil_temperature, axes=2)
    return moisture / len(run.maps.years), temperature / len(run.maps.years)


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, atol=1e-4))
