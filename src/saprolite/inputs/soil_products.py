"""From the product that a study names to its reader: one table per role.

Each reader takes the section of the study, the grid of the study and the share of a cell that must
have a value, and returns the field: on that grid where the product is finer, else on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.files import StaticField, range_problem
from saprolite.sources.gsde import read_gsde_density, read_gsde_texture
from saprolite.sources.hwsd import read_hwsd_density, read_hwsd_texture
from saprolite.sources.ito_wagai import read_ito_wagai
from saprolite.sources.ito_wagai_density import read_ito_wagai_density
from saprolite.sources.netcdf_fields import Wanted, read_fields
from saprolite.sources.pelletier import read_pelletier_average, read_pelletier_hillslopes
from saprolite.sources.remote import local_copy
from saprolite.sources.shangguan import read_shangguan
from saprolite.sources.soilgrids import read_soilgrids_density, read_soilgrids_texture
from saprolite.sources.texture_bands import TEXTURE
from saprolite.sources.thickness import read_soil_thickness
from saprolite.sources.wise import read_wise, texture_problems
from saprolite.study_soil import (
    GsdeDensity,
    GsdeTexture,
    HwsdDensity,
    HwsdTexture,
    ItoWagaiDensity,
    ItoWagaiMinerals,
    NetcdfDensity,
    NetcdfTexture,
    PelletierThickness,
    RasterThickness,
    ShangguanThickness,
    SoilGridsDensity,
    SoilGridsTexture,
    WiseTexture,
)

_FRACTION = {"fraction": "1", "percent": "%", None: None}


class Cells(NamedTuple):
    """Where a study wants its soil: cells, layers, least share of a cell with a value."""

    grid: Grid
    layer_edges: tuple[float, ...]
    valid_share: float


def _wise(spec: WiseTexture, _: Cells) -> StaticField:
    return read_wise(local_copy(spec.path))


def _gsde_texture(spec: GsdeTexture, cells: Cells) -> StaticField:
    return read_gsde_texture(local_copy(spec.path, _is_netcdf), cells.grid, cells.valid_share)


def _soilgrids_texture(spec: SoilGridsTexture, cells: Cells) -> StaticField:
    folder = local_copy(spec.path, _is_geotiff)
    return read_soilgrids_texture(folder, cells.grid, cells.valid_share)


def _hwsd_texture(spec: HwsdTexture, cells: Cells) -> StaticField:
    return read_hwsd_texture(local_copy(spec.path), cells.grid, cells.valid_share)


def _netcdf_texture(spec: NetcdfTexture, _: Cells) -> StaticField:
    path = local_copy(spec.path)
    units = _FRACTION[spec.units]
    wanted = {name: Wanted(getattr(spec, name), {"1": 1.0, "%": 0.01}, units) for name in TEXTURE}
    data = read_fields(path, wanted, "a NetCDF file of soil texture")
    found = texture_problems(str(path), {name: data[name].values for name in TEXTURE})
    raise_if_any(InputError, "The texture cannot be used", found)
    return with_horizons(data, spec.horizons_m, path)


def _gsde_density(spec: GsdeDensity, cells: Cells) -> StaticField:
    path = local_copy(spec.path, _is_netcdf)
    return read_gsde_density(path, cells.grid, cells.valid_share, spec.variable)


def _soilgrids_density(spec: SoilGridsDensity, cells: Cells) -> StaticField:
    folder = local_copy(spec.path, _is_geotiff)
    return read_soilgrids_density(folder, cells.grid, cells.valid_share)


def _hwsd_density(spec: HwsdDensity, cells: Cells) -> StaticField:
    return read_hwsd_density(local_copy(spec.path), cells.grid, cells.valid_share, spec.density)


def _ito_wagai_density(spec: ItoWagaiDensity, cells: Cells) -> StaticField:
    names = {"topsoil": spec.topsoil, "subsoil": spec.subsoil}
    path = local_copy(spec.path)
    return read_ito_wagai_density(path, cells.grid, cells.valid_share, names, spec.units)


def _netcdf_density(spec: NetcdfDensity, _: Cells) -> StaticField:
    wanted = Wanted(spec.variable, {"kg m-3": 1.0, "g cm-3": 1000.0}, spec.units)
    path = local_copy(spec.path)
    data = read_fields(path, {"bulk_density": wanted}, "a NetCDF file of bulk density")
    problem = range_problem(
        str(path), "bulk_density", data["bulk_density"].values,
        "bulk density must be in kg m-3 or g cm-3; check the units",
    )  # fmt: skip
    raise_if_any(InputError, "Bulk density cannot be used", [problem] if problem else [])
    return with_horizons(data, spec.horizons_m, path)


def _raster_thickness(spec: RasterThickness, cells: Cells) -> StaticField:
    factor = {"m": 1.0, "cm": 0.01}[spec.units]
    return read_soil_thickness(
        local_copy(spec.path), factor, cells.layer_edges, cells.grid, cells.valid_share
    )


def _pelletier(spec: PelletierThickness, cells: Cells) -> StaticField:
    reader = {"hillslopes": read_pelletier_hillslopes, "average": read_pelletier_average}
    folder = local_copy(spec.path, _is_geotiff)
    return reader[spec.maps](folder, cells.layer_edges, cells.grid, cells.valid_share)


def _shangguan(spec: ShangguanThickness, cells: Cells) -> StaticField:
    return read_shangguan(local_copy(spec.path), cells.layer_edges, cells.grid, cells.valid_share)


TEXTURE_READERS: Mapping[type, Callable[[Any, Cells], StaticField]] = {
    WiseTexture: _wise,
    GsdeTexture: _gsde_texture,
    SoilGridsTexture: _soilgrids_texture,
    HwsdTexture: _hwsd_texture,
    NetcdfTexture: _netcdf_texture,
}
DENSITY_READERS: Mapping[type, Callable[[Any, Cells], StaticField]] = {
    GsdeDensity: _gsde_density,
    SoilGridsDensity: _soilgrids_density,
    HwsdDensity: _hwsd_density,
    ItoWagaiDensity: _ito_wagai_density,
    NetcdfDensity: _netcdf_density,
}
THICKNESS_READERS: Mapping[type, Callable[[Any, Cells], StaticField]] = {
    RasterThickness: _raster_thickness,
    PelletierThickness: _pelletier,
    ShangguanThickness: _shangguan,
}


def read_minerals(
    spec: ItoWagaiMinerals, names: tuple[str, ...], mica_share: float, cells: Cells
) -> StaticField:
    """The mineral map of a study, ``mineral_share`` (mineral, horizon, lat, lon)."""
    units, path = _FRACTION[spec.units], local_copy(spec.path)
    return read_ito_wagai(path, names, mica_share, cells.grid, cells.valid_share, units)


def with_horizons(data: xr.Dataset, borders: list[float], path: Path) -> StaticField:
    """A field of the user's own with the depths of its horizons; an error if they do not fit."""
    if "horizon" not in data.dims:
        data = data.expand_dims("horizon")
    if data.sizes["horizon"] != len(borders) - 1:
        raise InputError("Horizons", [
            Problem(f"{path}: horizons", f"{data.sizes['horizon']} in the file",
                    f"{len(borders) - 1}, by horizons_m = {borders}",
                    "give the depths of all horizon borders in m")])  # fmt: skip
    return StaticField(data, tuple(borders), "netcdf", (path,))


def _is_netcdf(name: str) -> bool:
    return name.endswith(".nc")


def _is_geotiff(name: str) -> bool:
    return name.endswith(".tif")
