"""The same formulas as a user would write them: plain NumPy, and labelled arrays of xarray.

    python benchmarks/naive.py [--quick] [--out FILE]

Whole arrays in float64, one mineral after the other, canonical reading. Checked against saprolite
in float64, as is the stand-alone script ``xarray_dask_script.py``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
import numpy.typing as npt
import xarray as xr
from harness import FOLDER, benchmark
from run_blocks import annual_flux

import world
from saprolite.inputs import Prepared
from saprolite.models import CO2Pathway, month_seconds
from saprolite.sources.class_tables import LAYER_EDGES

Array = npt.NDArray[np.float64]
# Forcing is float32: in float64, 273.15 K as it stores it would be below.
FREEZING = np.float32(273.15)
CELLS = {"full": (4096, 10), "quick": (1024, 3), "tiny": (36, 3)}


class Kinetics(NamedTuple):
    """The numbers of a mineral: K = 10^-pk at 281 K, reaction order, A in K (base e)."""

    pk: float
    order: float
    coefficient: float


class Fields(NamedTuple):
    """Forcing of all months, (month, layer, cell) and (month, cell), and the soil, (layer, cell);
    content: mass fraction of the soil by mineral, (mineral, layer, cell)."""

    moisture: Array
    temperature: Array
    evapotranspiration: Array
    clay: Array
    silt: Array
    sand: Array
    bulk_density: Array
    thickness: Array
    content: Array


def fields_of(prepared: Prepared) -> Fields:
    """The inputs of a study as whole arrays in float64."""
    years = [prepared.read_year(year) for year in prepared.study.years]
    forcing = [np.concatenate(values).astype(np.float64) for values in zip(*years, strict=True)]
    soil = prepared.soil
    content = np.stack(list(soil.mineral_share.values())) * soil.clay
    texture = (soil.clay, soil.silt, soil.sand)
    return Fields(*forcing, *texture, soil.bulk_density, soil.thickness, content)


def kinetics_of(model: CO2Pathway) -> list[Kinetics]:
    """The kinetic numbers of a model, mineral by mineral."""
    found: dict[int, Kinetics] = {}
    for group in model.groups:
        for member in group.members:
            pk = model.rows[member].pk_at_281
            found[member] = Kinetics(pk, group.order, group.coefficient)
    return [found[index] for index in range(len(model.rows))]


def numpy_form(fields: Fields, minerals: list[Kinetics]) -> Array:
    """Annual flux by mineral, (mineral, year, layer, cell), t C km-2 yr-1."""
    months = len(fields.moisture)
    seconds = np.tile(month_seconds("mean", 2000), months // 12)
    water = np.maximum(12.0 * fields.evapotranspiration * seconds[:, None], 0.0)
    pressure = 10.0 ** (-3.47 + 2.09 * (1.0 - np.exp(-0.00172 * water)))
    theta = fields.moisture
    phi = np.clip(theta * 2650.0 / (2650.0 + 1000.0 * theta - fields.bulk_density), 0.0, 1.0)
    area = (8.0 * fields.clay + 2.2 * fields.silt + 0.3 * fields.sand) * 1e6
    unfrozen = fields.temperature >= FREEZING
    results = []
    for mineral, content in zip(minerals, fields.content, strict=True):
        warmth = np.exp(mineral.coefficient * (1.0 / 281.15 - 1.0 / fields.temperature))
        rate = 10.0**-mineral.pk * (pressure**mineral.order)[:, None, :] * warmth
        weathered = rate * area * content * phi * fields.thickness * unfrozen
        carbon = weathered * seconds[:, None, None] * 12.011 * 1000.0
        results.append(carbon.reshape(-1, 12, *carbon.shape[1:]).sum(axis=1))
    return np.stack(results)


def as_dataset(fields: Fields, first_year: int) -> xr.Dataset:
    """The inputs as labelled arrays."""
    start, months = f"{first_year}-01-01", len(fields.moisture)
    time = xr.date_range(start, periods=months, freq="MS")
    dims = dict.fromkeys(("moisture", "temperature"), ("time", "layer", "cell"))
    dims |= {"evapotranspiration": ("time", "cell"), "content": ("mineral", "layer", "cell")}
    arrays = {name: (dims.get(name, ("layer", "cell")), values)
              for name, values in fields._asdict().items()}  # fmt: skip
    return xr.Dataset(arrays, {"time": time})


def xarray_form(data: xr.Dataset, minerals: list[Kinetics]) -> xr.DataArray:
    """The same with xarray, the months added up by ``groupby``."""
    days = [seconds / 86400.0 for seconds in month_seconds("mean", 2000)]
    seconds = 86400.0 * xr.DataArray(days, dims="month")[data["time"].dt.month - 1]
    seconds = seconds.drop_vars("month", errors="ignore")
    water = (12.0 * data["evapotranspiration"] * seconds).clip(min=0.0)
    pressure = 10.0 ** (-3.47 + 2.09 * (1.0 - np.exp(-0.00172 * water)))
    theta, kelvin = data["moisture"], data["temperature"]
    phi = theta * 2650.0 / (2650.0 + 1000.0 * theta - data["bulk_density"])
    phi = phi.clip(0.0, 1.0)
    area = (8.0 * data["clay"] + 2.2 * data["silt"] + 0.3 * data["sand"]) * 1e6
    unfrozen = kelvin >= FREEZING
    results = []
    for index, mineral in enumerate(minerals):
        warmth = np.exp(mineral.coefficient * (1.0 / 281.15 - 1.0 / kelvin))
        rate = 10.0**-mineral.pk * pressure**mineral.order * warmth
        content = data["content"].isel(mineral=index)
        weathered = rate * area * content * phi * data["thickness"] * unfrozen
        carbon = weathered * seconds * 12.011 * 1000.0
        results.append(carbon.groupby("time.year").sum(skipna=False))
    stacked: xr.DataArray = xr.concat(results, "mineral", coords="minimal", compat="override")
    return stacked.transpose("mineral", "year", "layer", "cell")


def largest_difference(theirs: Array, ours: Array) -> float:
    """Largest relative difference where the soil weathers at all."""
    flowing = ours > 0.0
    if not np.array_equal(theirs > 0.0, flowing):
        raise SystemExit("the two do not weather in the same places")
    return float(np.abs(theirs[flowing] / ours[flowing] - 1.0).max())


def script_difference(prepared: Prepared, ours: Array) -> float:
    """The stand-alone script over NetCDF files of the same world against (year, layer, cell)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(prepared, folder)
        run_script(folder, folder / "soil.nc", folder / "flux.nc")
        with xr.open_dataset(folder / "flux.nc") as opened:
            theirs = opened["carbon_sink_flux"].load().values
    return largest_difference(theirs.reshape(*theirs.shape[:2], -1)[..., prepared.cells], ours)


def run_script(folder: Path, soil: Path, out: Path) -> None:
    """Run the stand-alone script over the files of a folder."""
    script = str(FOLDER / "xarray_dask_script.py")
    subprocess.run([sys.executable, script, str(folder / "GLDAS*.nc4"), str(soil), str(out)],
                   check=True)  # fmt: skip


def write_files(prepared: Prepared, folder: Path) -> None:
    """A small world as monthly NetCDF files with the names of GLDAS, and its soil."""
    write_soil(prepared, folder / "soil.nc")
    depth, grid = np.diff(LAYER_EDGES), prepared.grid
    for year in prepared.study.years:
        forcing = prepared.read_year(year)
        for month in range(12):
            path = folder / f"GLDAS_NOAH025_M.A{year}{month + 1:02d}.021.nc4"
            with netCDF4.Dataset(path, "w") as file:
                sizes = {"time": 1, "lat": grid.lat.size, "lon": grid.lon.size}
                for name, size in sizes.items():
                    file.createDimension(name, size)
                time = file.createVariable("time", "f8", ("time",))
                time.units, time.calendar = f"days since {year}-{month + 1:02d}-01", "standard"
                time[:] = 0.0
                file.createVariable("lat", "f8", ("lat",))[:] = grid.lat
                file.createVariable("lon", "f8", ("lon",))[:] = grid.lon
                fields = {"Evap_tavg": forcing.evapotranspiration[month]}
                for layer, label in enumerate(("0_10cm", "10_40cm", "40_100cm", "100_200cm")):
                    wet = forcing.soil_moisture[month, layer].astype(np.float64)
                    fields[f"SoilMoi{label}_inst"] = wet * 1000.0 * depth[layer]
                    fields[f"SoilTMP{label}_inst"] = forcing.soil_temperature[month, layer]
                for name, values in fields.items():
                    # float64, so that the script reads the very numbers that the run has
                    variable = file.createVariable(name, "f8", ("time", "lat", "lon"))
                    variable[0] = values.reshape(grid.shape)


def write_soil(prepared: Prepared, path: Path) -> None:
    """The soil of a study as maps, the input of the stand-alone script."""
    grid, soil = prepared.grid, prepared.soil
    packed = {name: getattr(soil, name) for name in ("clay", "silt", "sand", "bulk_density")}
    packed["thickness"] = soil.thickness
    packed["content"] = np.stack(list(soil.mineral_share.values())) * soil.clay
    arrays = {}
    for name, values in packed.items():
        full = np.full((*values.shape[:-1], grid.lat.size * grid.lon.size), np.nan)
        full[..., prepared.cells] = values
        dims = ("mineral", "layer", "lat", "lon")[-(values.ndim + 1) :]
        arrays[name] = (dims, full.reshape(*values.shape[:-1], *grid.shape))
    kinetics = kinetics_of(prepared.model)
    for name in Kinetics._fields:
        arrays[name] = (("mineral",), np.array([getattr(item, name) for item in kinetics]))
    xr.Dataset(arrays, {"lat": grid.lat, "lon": grid.lon}).to_netcdf(path)


def measure(size: str) -> dict[str, Any]:
    """Agreement of the three forms with saprolite in float64."""
    cells, years = CELLS[size]
    chosen = world.study(years, reading=world.FIVE_GROUPS_READING, engine={"precision": "float64"})
    prepared = world.patch(cells, chosen)
    parts = annual_flux(prepared)
    fields, minerals = fields_of(prepared), kinetics_of(prepared.model)
    ours = parts.swapaxes(0, 1)
    labelled = xarray_form(as_dataset(fields, chosen.first_year), minerals)
    return {
        "cells": cells,
        "months": 12 * years,
        "largest_relative_difference_to_saprolite_float64": {
            "plain NumPy": largest_difference(numpy_form(fields, minerals), ours),
            "plain xarray": largest_difference(labelled.values, ours),
            "xarray + Dask script": script_difference(prepared, parts.sum(axis=1)),
        },
    }


if __name__ == "__main__":
    benchmark(measure, __doc__)
