"""The annual fields of a finished run on its land cells: fluxes by series, means of drivers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.layer_groups import LayerGroup, layer_groups
from saprolite.analysis.maps import edges_of
from saprolite.equations.trend import why_years_have_no_trend
from saprolite.errors import Problem, StoreError
from saprolite.models.calendar import MEAN_MONTH_DAYS
from saprolite.places import Place
from saprolite.stores import open_dataset

Array = npt.NDArray[np.float64]
CONTROL = "control"
FLUX = "carbon_sink_flux"
DRIVERS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil")
# Driver states whose annual means a run has: their name, and that in the store.
STATES = {
    "soil_moisture": "soil_moisture_annual_mean",
    "soil_temperature": "soil_temperature_annual_mean",
}
_ARRAYS = {
    "{}_only": ("carbon_sink_flux_by_experiment", "experiment"),
    "contribution_of_{}": ("carbon_sink_contribution", "driver"),
}


@dataclass(frozen=True)
class AnnualFields:
    """What trends and drivers are made from; arrays on land cells packed in map order.

    ``fluxes`` is ``fluxes.zarr``, ``inputs`` ``inputs.zarr`` or None. Only years with a value
    count. Series are called ``control``, ``soil_moisture_only``, ``contribution_of_soil_moisture``
    and so on.
    """

    fluxes: xr.Dataset
    inputs: xr.Dataset | None

    @classmethod
    def open(cls, folder: Place) -> AnnualFields:
        """The fields of a run folder, read when they are asked for."""
        inputs = folder / "inputs.zarr"
        return cls(
            open_dataset(folder / "fluxes.zarr"), open_dataset(inputs) if inputs.is_dir() else None
        )

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years with a value."""
        return tuple(int(year) for year in self.fluxes.attrs["years_used"])

    @cached_property
    def why_no_trends(self) -> str | None:
        """Why the years have no trend, in words; None if they have.

        What the run says (the years of a climatology are all the same), else what the years say, of
        which some may have been selected.
        """
        return self.fluxes.attrs.get("why_no_trends") or why_years_have_no_trend(self.years)

    @cached_property
    def land(self) -> npt.NDArray[np.bool_]:
        """Cells with land, (lat, lon)."""
        return np.asarray(self.fluxes["land"].values > 0)

    @cached_property
    def area(self) -> Array:
        """Area of the land cells, km2."""
        return np.asarray(self.fluxes["cell_area"].values[self.land])

    @cached_property
    def climate(self) -> npt.NDArray[np.int16]:
        """Climate class of the land cells."""
        return np.asarray(self.fluxes["climate_class"].values[self.land])

    @cached_property
    def latitude(self) -> Array:
        """Latitude of the centre of the land cells, degrees north."""
        return np.asarray(self.fluxes["lat"].values[np.nonzero(self.land)[0]])

    @cached_property
    def longitude(self) -> Array:
        """Longitude of the centre of the land cells, degrees east."""
        return np.asarray(self.fluxes["lon"].values[np.nonzero(self.land)[1]])

    @cached_property
    def lat_edges(self) -> Array:
        """Borders of the rows of cells, degrees north."""
        return edges_of(self.fluxes["lat_bounds"].values)

    @cached_property
    def lon_edges(self) -> Array:
        """Borders of the columns of cells, degrees east."""
        return edges_of(self.fluxes["lon_bounds"].values)

    @cached_property
    def layer_bounds(self) -> Array:
        """Top and bottom of the layers, (layer, 2), m."""
        return np.asarray(self.fluxes["depth_bounds"].values)

    @cached_property
    def groups(self) -> tuple[LayerGroup, ...]:
        """The layers and the groups of layers; the whole column is the last."""
        return layer_groups(self.layer_bounds)

    @cached_property
    def series(self) -> tuple[str, ...]:
        """The annual series of fluxes that the run holds, the control first."""
        found = [CONTROL]
        for form, (array, dim) in _ARRAYS.items():
            if array in self.fluxes:
                found += [form.format(label) for label in self.fluxes[dim].values]
        return tuple(found)

    def flux(self, series: str) -> npt.NDArray[np.floating]:
        """A series, (year, layer, cell), t C km-2 yr-1.

        Raises ``StoreError`` where the run has no such series.
        """
        return self._of_all_years(self._series(series))

    def flux_in(self, series: str, year: int) -> npt.NDArray[np.floating]:
        """One year of a series, (layer, cell), t C km-2 yr-1; raises as :meth:`flux`."""
        return self._packed(self._series(series), year)

    def has_state(self, name: str) -> bool:
        """Whether the run holds annual means of a driver, or the months that they are made from."""
        return STATES[name] in self.fluxes or (self.inputs is not None and name in self.inputs)

    def state(self, name: str) -> npt.NDArray[np.floating]:
        """Annual means of ``soil_moisture`` (m3 m-3) or ``soil_temperature`` (K), (year, layer,
        cell), by the mean length of the months.

        Raises ``StoreError`` where the run keeps neither the means nor the months.
        """
        if STATES[name] in self.fluxes:
            return self._of_all_years(self.fluxes[STATES[name]])
        months = self._months(name)
        found = np.empty((len(self.years), *months.shape[1:]))
        for row, year in enumerate(self.years):
            found[row] = _mean_of_year(months, year)
        return found

    def state_in(self, name: str, year: int) -> npt.NDArray[np.floating]:
        """One year of the annual means of a driver, (layer, cell); raises as :meth:`state`."""
        if STATES[name] in self.fluxes:
            return self._packed(self.fluxes[STATES[name]], year)
        return _mean_of_year(self._months(name), year)

    def on_map(self, values: npt.NDArray[Any], missing: float = np.nan) -> npt.NDArray[Any]:
        """Values of the land cells, (..., cell), as a map, (..., lat, lon)."""
        full = np.full((*values.shape[:-1], *self.land.shape), missing, values.dtype)
        full[..., self.land] = values
        return full

    def _series(self, series: str) -> xr.DataArray:
        """The array of a series, (year, layer, lat, lon)."""
        if series == CONTROL:
            return self.fluxes[FLUX]
        for form, (array, dim) in _ARRAYS.items():
            if array in self.fluxes:
                for label in self.fluxes[dim].values:
                    if form.format(label) == series:
                        return self.fluxes[array].sel({dim: label})
        raise StoreError(
            "The run has no such series (1 problem)",
            [Problem("series", repr(series), ", ".join(self.series),
                     f"[experiments] run = {list(DRIVERS)} in the study, and run it again")],
        )  # fmt: skip

    def _months(self, name: str) -> xr.DataArray:
        """The months of a driver, (month, layer, cell)."""
        if self.inputs is None or name not in self.inputs:
            raise StoreError(
                "The run holds no means of its drivers (1 problem)",
                [Problem(name, "neither in fluxes.zarr nor in inputs.zarr",
                         "a run that keeps annual means of its drivers, or its forcing",
                         "[output] driver_means = true in the study, and run it again")],
            )  # fmt: skip
        return self.inputs[name]

    def _of_all_years(self, array: xr.DataArray) -> npt.NDArray[np.floating]:
        """The used years of an array on the land cells, one year in memory besides."""
        picked = [self._packed(array, year) for year in self.years]
        empty = np.empty((0, array.sizes["layer"], int(self.land.sum())))
        return np.stack(picked) if picked else empty

    def _packed(self, array: xr.DataArray, year: int) -> npt.NDArray[np.floating]:
        """A year of an array on the land cells."""
        values = array.sel(year=year).values.reshape(array.sizes["layer"], -1)
        return np.asarray(values[:, self.land.ravel()])


def _mean_of_year(months: xr.DataArray, year: int) -> Array:
    weights = np.array(MEAN_MONTH_DAYS) / np.sum(MEAN_MONTH_DAYS)
    starts = months["month"].values.astype("datetime64[M]")
    first = int(np.flatnonzero(starts == np.datetime64(f"{year}-01"))[0])
    values = months[first : first + len(weights)].values
    found: Array = weights[0] * values[0]
    for month, weight in enumerate(weights[1:], 1):
        found += weight * values[month]
    return found
