"""Monthly files of a climate model as CMIP5 and CMIP6 publish them, made from the demo planet.

Layout: one variable a file, several files a variable, ``VAR_TABLE_MODEL_EXPERIMENT_MEMBER_...nc``;
``depth`` with ``depth_bnds`` in m, latitude ascending with ``lat_bnds``, longitude from 0; float32,
fill 1e20; time in the model's calendar, at the middle of the months, with ``time_bnds``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cftime
import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.constants import WATER_DENSITY
from saprolite.grid import remap_layers
from saprolite.sources.monthly_files import Key
from saprolite.sources.on_grid import LAYER_EDGES
from saprolite.testing.planet import PlanetPoints

Array = npt.NDArray[np.floating[Any]]
FILL = np.float32(1e20)
_ABOUT = {
    "mrlsl": ("kg m-2", "moisture_content_of_soil_layer", "time: mean area: mean where land"),
    "mrsol": ("kg m-2", "mass_content_of_water_in_soil_layer", "area: mean where land time: mean"),
    "tsl": ("K", "soil_temperature", "time: mean"),
    "evspsbl": ("kg m-2 s-1", "water_evaporation_flux", "time: mean"),
    "sftlf": ("%", "land_area_fraction", "area: mean"),
    "sftgif": ("%", "land_ice_area_fraction", "area: mean"),
    "mrsofc": ("kg m-2", "soil_moisture_content_at_field_capacity", "area: mean where land"),
}


@dataclass(frozen=True)
class Model:
    """A made-up model: its name, calendar, layers (m) and the steps of its grid (degrees).

    ``phase``: 5 or 6. Ice holds no water in a model with ``dry_ice``. Latitudes are centred on the
    poles, as on the grids of the HadGEM2 family.
    """

    name: str = "DEMO-ESM"
    phase: int = 5
    calendar: str = "360_day"
    edges: tuple[float, ...] = (0.0, 0.1, 0.35, 1.0, 3.0)
    step: float = 10.0
    member: str = "r1i1p1"
    dry_ice: bool = True

    @property
    def moisture(self) -> str:
        """Name of the moisture in layers in this phase."""
        return "mrlsl" if self.phase == 5 else "mrsol"

    @property
    def points(self) -> PlanetPoints:
        """The planet at the centres of the cells."""
        lat = -90.0 + self.step * np.arange(round(180.0 / self.step) + 1)
        return PlanetPoints(lat, self.step * np.arange(round(360.0 / self.step)))

    def fields(self, year: int) -> dict[str, Array]:
        """The variables of a year, (month, depth, lat, lon) or (month, lat, lon), NaN off land."""
        planet = self.points
        drivers = planet.year(year)
        water, warmth = (
            remap_layers(np.moveaxis(np.asarray(item, np.float64), 1, 0), LAYER_EDGES, self.edges)
            for item in (drivers.soil_moisture, drivers.soil_temperature)
        )
        thickness = np.diff(self.edges)[:, None, None, None]
        mass = water * thickness * WATER_DENSITY
        if self.dry_ice:
            mass = np.where(planet.ice, 0.0, mass)
        return {
            self.moisture: np.moveaxis(mass, 0, 1),
            "tsl": np.moveaxis(warmth, 0, 1),
            "evspsbl": np.where(planet.land, drivers.evapotranspiration, 4.0e-5),
        }

    def path(self, folder: Path, variable: str, experiment: str, first: Key, last: Key) -> Path:
        """The published name of a file of months."""
        table = {"evspsbl": "Amon", "mrsol": "Emon"}.get(variable, "Lmon")
        grid = "_gn" if self.phase == 6 else ""
        period = "-".join(f"{year:04d}{month:02d}" for year, month in (first, last))
        name = f"{variable}_{table}_{self.name}_{experiment}_{self.member}{grid}_{period}.nc"
        return folder / name


def write_cmip(
    folder: Path, model: Model, experiment: str, parts: Sequence[tuple[Key, Key]]
) -> list[Path]:
    """Write all three variables of an experiment, one file for each period (first, last month)."""
    paths = []
    for first, last in parts:
        years = range(first[0], last[0] + 1)
        by_year = {year: model.fields(year) for year in years}
        keys = [(year, month) for year in years for month in range(1, 13)
                if first <= (year, month) <= last]  # fmt: skip
        for variable in by_year[first[0]]:
            values = np.stack([by_year[year][variable][month - 1] for year, month in keys])
            path = model.path(folder, variable, experiment, first, last)
            paths.append(write_variable(path, model, experiment, variable, keys, values))
    return paths


def write_variable(
    path: Path, model: Model, experiment: str, variable: str, keys: Sequence[Key], values: Array
) -> Path:
    """Write the months of one variable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as dataset:
        _identity(dataset, model, experiment, "mon")
        dataset.createDimension("time", None)
        _grid(dataset, model)
        units = "days since 1850-01-01"
        starts = [cftime.datetime(*key, 1, calendar=model.calendar) for key in keys]
        after = [(year + month // 12, month % 12 + 1) for year, month in keys]
        ends = [cftime.datetime(*key, 1, calendar=model.calendar) for key in after]
        bounds = np.stack([cftime.date2num(dates, units) for dates in (starts, ends)], axis=1)
        time = dataset.createVariable("time", "f8", ("time",))
        time.units, time.calendar, time.bounds = units, model.calendar, "time_bnds"
        time[:] = bounds.mean(axis=1)
        dataset.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = bounds
        dims: tuple[str, ...] = ("time", "lat", "lon")
        if values.ndim == 4:
            dims = ("time", "depth", "lat", "lon")
            _depth(dataset, model.edges)
        _variable(dataset, variable, dims, values)
    return path


def write_fixed(folder: Path, model: Model) -> list[Path]:
    """The land fraction, the fraction of land ice and the field capacity."""
    planet = model.points
    soil = planet.land & ~planet.ice
    fields: Mapping[str, Array] = {
        "sftlf": np.where(planet.land, 100.0, 0.0),
        "sftgif": np.where(planet.ice, 100.0, 0.0),
        "mrsofc": np.where(planet.land, np.where(soil, 600.0, 0.0), np.nan),
    }
    paths = []
    for variable, values in fields.items():
        path = folder / f"{variable}_fx_{model.name}_historical_r0i0p0.nc"
        with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as dataset:
            _identity(dataset, model, "historical", "fx")
            _grid(dataset, model)
            _variable(dataset, variable, ("lat", "lon"), values)
        paths.append(path)
    return paths


def _identity(dataset: Any, model: Model, experiment: str, frequency: str) -> None:
    dataset.Conventions, dataset.frequency = "CF-1.4", frequency
    dataset.experiment_id = experiment
    if model.phase == 5:
        dataset.project_id, dataset.model_id = "CMIP5", model.name
        if frequency != "fx":
            numbers = [int(text) for text in model.member.replace("i", " ").replace("p", " ")
                       .replace("r", " ").split()]  # fmt: skip
            dataset.realization, dataset.initialization_method, dataset.physics_version = numbers
    else:
        dataset.mip_era, dataset.source_id = "CMIP6", model.name
        dataset.variant_label = model.member


def _grid(dataset: Any, model: Model) -> None:
    dataset.createDimension("bnds", 2)
    for name, centres in (("lat", model.points.lat), ("lon", model.points.lon)):
        dataset.createDimension(name, centres.size)
        axis = dataset.createVariable(name, "f8", (name,))
        axis.units = "degrees_north" if name == "lat" else "degrees_east"
        axis.bounds, axis[:] = f"{name}_bnds", centres
        borders = np.stack([centres - model.step / 2.0, centres + model.step / 2.0], axis=1)
        if name == "lat":
            borders = np.clip(borders, -90.0, 90.0)
        dataset.createVariable(f"{name}_bnds", "f8", (name, "bnds"))[:] = borders


def _depth(dataset: Any, edges: Sequence[float]) -> None:
    borders = np.stack([edges[:-1], edges[1:]], axis=1)
    dataset.createDimension("depth", len(borders))
    depth = dataset.createVariable("depth", "f8", ("depth",))
    depth.units, depth.positive, depth.bounds = "m", "down", "depth_bnds"
    depth[:] = borders.mean(axis=1)
    dataset.createVariable("depth_bnds", "f8", ("depth", "bnds"))[:] = borders


def _variable(dataset: Any, name: str, dims: tuple[str, ...], values: Array) -> None:
    variable = dataset.createVariable(name, "f4", dims, fill_value=FILL, zlib=True)
    variable.missing_value = FILL
    variable.units, variable.standard_name, variable.cell_methods = _ABOUT[name]
    variable.set_auto_mask(False)
    variable[:] = np.where(np.isfinite(values), values, FILL).astype(np.float32)
