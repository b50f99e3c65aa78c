"""A run as the page sees it: finished or not, analysed or not, its maps on the page's cells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.annual import CONTROL, FLUX, AnnualFields
from saprolite.analysis.layer_groups import LayerGroup, mean_state, summed
from saprolite.analysis.trends import SIGNIFICANT
from saprolite.engine.state import FINISHED, state_of
from saprolite.errors import Problem, StoreError
from saprolite.places import Place
from saprolite.stores import open_dataset
from saprolite.viewer.recent import Recent

Array = npt.NDArray[np.floating]
# Maps and series of cells; and years, which are asked for layer by layer.
_KEPT_BYTES, _YEARS_BYTES = 640 * 2**20, 128 * 2**20


@dataclass(frozen=True)
class ViewedRun:
    """A run, read only. Maps are on ``cells``, flat positions on the grid of the run.

    ``maps`` is ``analysis.zarr``, None where the run has not been analysed or is not finished.
    """

    folder: Place
    state: Mapping[str, Any]
    fields: AnnualFields
    maps: xr.Dataset | None
    cells: npt.NDArray[np.intp]
    _recent: Recent = field(default_factory=lambda: Recent(_KEPT_BYTES))
    _years: Recent = field(default_factory=lambda: Recent(_YEARS_BYTES))

    @classmethod
    def open(cls, folder: Place, onto: ViewedRun | None = None) -> ViewedRun:
        """The run of a folder; ``onto``: on the cells of another run, which has the same grid.

        Raises ``StoreError`` where there is no run, nothing to see yet, or another grid.
        """
        state = state_of(folder)
        fluxes = open_dataset(folder / "fluxes.zarr")
        if "years_used" not in fluxes.attrs:
            fluxes = fluxes.assign_attrs(years_used=_years_with_values(fluxes))
        inputs = folder / "inputs.zarr"
        fields = AnnualFields(fluxes, open_dataset(inputs) if inputs.is_dir() else None)
        if onto is not None:
            _refuse_another_grid(folder, fields, onto)
        cells = np.flatnonzero(fields.land) if onto is None else onto.cells
        maps = _analysis(folder, fields) if state["status"] == FINISHED else None
        return cls(folder, state, fields, maps, cells)

    @property
    def finished(self) -> bool:
        """Whether all years are there, and what is made from them."""
        return bool(self.state["status"] == FINISHED)

    @property
    def alpha(self) -> float:
        """A trend with p below it counts as significant: as the analysis chose, or 0.05."""
        if self.maps is None:
            return SIGNIFICANT
        return float(json.loads(self.maps.attrs["analysis"])["alpha"])

    @property
    def single_layers(self) -> tuple[LayerGroup, ...]:
        """The layers of the run."""
        return self.fields.groups[: len(self.fields.layer_bounds)]

    @property
    def yearly_groups(self) -> tuple[LayerGroup, ...]:
        """The single layers and the whole column."""
        return tuple(dict.fromkeys((*self.single_layers, self.fields.groups[-1])))

    @cached_property
    def own_cells(self) -> npt.NDArray[np.intp]:
        """Flat positions of the run's own land."""
        return np.flatnonzero(self.fields.land)

    def group(self, name: str) -> LayerGroup:
        """The group of layers of a name."""
        return next(group for group in self.fields.groups if group.name == name)

    def flux(self, series: str, group: LayerGroup, year: int) -> Array:
        """A series in a year, t C km-2 yr-1."""
        layers = self._years.get((series, year), lambda: self.fields.flux_in(series, year))
        return self.on_cells(summed(layers, group))

    def state_of(self, name: str, group: LayerGroup, year: int) -> Array:
        """The annual mean of a driver."""
        layers = self._years.get((name, year), lambda: self.fields.state_in(name, year))
        return self.on_cells(mean_state(layers, group, self.fields.layer_bounds))

    def mean(self, key: tuple[str, ...], of_year: Callable[[int], Array]) -> Array:
        """Mean over the years with a value; a cell that lacks one of them has none."""

        def made() -> Array:
            total = np.zeros(self.cells.size)
            for year in self.fields.years:
                total += of_year(year)
            return total / max(1, len(self.fields.years))

        return self._kept(("mean", *key), made)

    def cube(self, key: tuple[str, ...], of_year: Callable[[str, int], Array]) -> Array:
        """All years of a series, (single layer, year, cell), float32: what cells are cut from."""

        def made() -> Array:
            years, groups = self.fields.years, self.single_layers
            found = np.empty((len(groups), len(years), self.cells.size), np.float32)
            for column, year in enumerate(years):
                for row, group in enumerate(groups):
                    found[row, column] = of_year(group.name, year)
            return found

        return self._kept(("cube", *key), made)

    def stored(self, store: xr.Dataset, name: str, where: Mapping[str, str]) -> npt.NDArray[Any]:
        """A map of a store at some labels, on the cells: of (lat, lon), or of packed inputs; real
        numbers as float32."""
        key = ("stored", id(store), name, tuple(where.items()))
        return self._kept(key, lambda: self._read(store[name], where))

    def on_cells(self, packed: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of the run's own land on the cells of the page."""
        if np.array_equal(self.own_cells, self.cells):
            return packed
        missing = np.nan if packed.dtype.kind == "f" else 0
        return np.asarray(self.fields.on_map(packed, missing).reshape(-1)[self.cells])

    def _read(self, array: xr.DataArray, where: Mapping[str, str]) -> npt.NDArray[Any]:
        at = tuple(
            [str(label) for label in array[dim].values].index(where[str(dim)])
            for dim in array.dims if str(dim) in where
        )  # fmt: skip
        values = np.asarray(array[at].values)
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        return self.on_cells(values if values.ndim == 1 else values.reshape(-1)[self.own_cells])

    def _kept(self, key: tuple[Any, ...], make: Callable[[], npt.NDArray[Any]]) -> Array:
        return self._recent.get(key, make)


def _years_with_values(fluxes: xr.Dataset) -> list[int]:
    flux = fluxes[FLUX]
    return [int(year) for year in flux["year"].values
            if np.isfinite(flux.sel(year=year).values).any()]  # fmt: skip


def _analysis(folder: Place, fields: AnnualFields) -> xr.Dataset | None:
    """What ``saprolite analyse`` stored, where it is whole and of this run's grid."""
    at = folder / "analysis.zarr"
    if not at.is_dir():
        return None
    maps = open_dataset(at)
    same = maps["cell_area"].shape == fields.land.shape and CONTROL in maps["series"].values
    return maps if same and maps.attrs.get("status") == "finished" else None


def _refuse_another_grid(folder: Place, fields: AnnualFields, onto: ViewedRun) -> None:
    given, wanted = fields.fluxes, onto.fields.fluxes
    if all(
        given[axis].size == wanted[axis].size and np.allclose(given[axis], wanted[axis], atol=1e-4)
        for axis in ("lat", "lon")
    ):
        return
    raise StoreError(
        "The two runs cannot be compared by cell (1 problem)",
        [Problem(str(folder), _described(given), f"the grid of {onto.folder}: {_described(wanted)}",
                 "give --against a run on the same grid")],
    )  # fmt: skip


def _described(store: xr.Dataset) -> str:
    lat, lon = store["lat"].values, store["lon"].values
    return (f"{lat.size} x {lon.size} cells, centres from {lat[0]:g} to {lat[-1]:g} N, "
            f"{lon[0]:g} to {lon[-1]:g} E")  # fmt: skip
