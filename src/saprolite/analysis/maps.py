"""Maps of a finished run: the mean over its years, by layer and for the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.trends import trend_rows

Array = npt.NDArray[np.float64]
KM2_T_PER_TG = 1.0e6


@dataclass(frozen=True)
class RunMaps:
    """What the analysis reads of a run: maps as (lat, lon), fluxes in t C km-2 yr-1, areas in km2,
    coordinates in degrees.

    ``layers`` and ``by_mineral`` are means over ``years``; a cell that lacks a value in one of
    these years has no mean. ``annual`` holds the total of each year and layer, Tg C yr-1;
    ``trends`` a row for each annual series, none where the run has no trends.
    """

    lat: Array
    lon: Array
    lat_edges: Array
    lon_edges: Array
    area: Array
    land: npt.NDArray[np.bool_]
    climate: npt.NDArray[np.int16]
    layer_bounds: Array
    layers: Array
    minerals: tuple[str, ...]
    by_mineral: Array
    years: tuple[int, ...]
    annual: Array
    trends: list[dict[str, Any]]
    attributes: dict[str, object]

    @property
    def column(self) -> Array:
        """Flux of all layers together; NaN where a layer has none."""
        return np.asarray(self.layers.sum(axis=0))

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """Cells with a flux in every layer."""
        return np.asarray(np.isfinite(self.column))

    @property
    def partial(self) -> npt.NDArray[np.bool_]:
        """Cells with a flux in some layers only: in the totals, not in the means."""
        return np.asarray(np.isfinite(self.layers).any(axis=0) & ~self.valid)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names such as 0-10 cm."""
        return tuple(f"{100 * top:g}-{100 * bottom:g} cm" for top, bottom in self.layer_bounds)

    @property
    def depth_name(self) -> str:
        """Name of the whole column."""
        return f"{100 * self.layer_bounds[0, 0]:g}-{100 * self.layer_bounds[-1, 1]:g} cm"

    def total(self, flux: Array) -> float:
        """Area sum of a flux over the cells that have one, Tg C yr-1 (float64)."""
        return float(np.nansum(flux * self.area)) / KM2_T_PER_TG


def read_maps(fluxes: xr.Dataset) -> RunMaps:
    """Read a run's maps, one year in memory at a time, years in order."""
    flux = fluxes["carbon_sink_flux"]
    used = [int(year) for year in fluxes.attrs["years_used"]]
    area = fluxes["cell_area"].values
    total = np.zeros(flux.shape[1:])
    annual = []
    for year in used:
        maps = flux.sel(year=year).values
        total = total + maps
        annual.append(np.nansum(maps * area, axis=(1, 2)) / KM2_T_PER_TG)
    return RunMaps(
        lat=fluxes["lat"].values,
        lon=fluxes["lon"].values,
        lat_edges=edges_of(fluxes["lat_bounds"].values),
        lon_edges=edges_of(fluxes["lon_bounds"].values),
        area=area,
        land=fluxes["land"].values > 0,
        climate=fluxes["climate_class"].values,
        layer_bounds=fluxes["depth_bounds"].values,
        layers=total / len(used) if used else np.full_like(total, np.nan),
        minerals=tuple(str(name) for name in fluxes["mineral"].values),
        by_mineral=fluxes["carbon_sink_flux_by_mineral"].values,
        years=tuple(used),
        annual=np.array(annual).reshape(len(used), flux.shape[1]),
        trends=trend_rows(fluxes),
        attributes={str(key): value for key, value in fluxes.attrs.items()},
    )


def edges_of(bounds: Array) -> Array:
    """Borders of cells that lie side by side, from their bounds (cell, 2).

    >>> edges_of(np.array([[0.0, 1.0], [1.0, 2.0]]))
    array([0., 1., 2.])
    """
    return np.append(bounds[:, 0], bounds[-1, 1])
