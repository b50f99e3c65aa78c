"""The soil of the demo planet at any place and depth: class means with made-up variation."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import demo_climate
from saprolite.sources import class_tables
from saprolite.sources.files import Array

_LAND_ICE_CLASS = 30
_CLAY_PER_M = 0.05  # clay gained with depth, at the cost of sand
_DENSITY = (1150.0, 120.0, 90.0)  # kg m-3: mean at the surface, gain per metre, waves
_SHARES = {"kaolinite": 0.25, "gibbsite": 0.04, "quartz": 0.06}
CLASSES = {"chlorite": ("chlorite",), "smectite": ("smectite",), "vermiculite": ("vermiculite",),
           "illite,mica": ("illite", "mica")}  # fmt: skip


class DemoSoil:
    """Soil at the crossings of ``lat`` and ``lon`` (degrees), NaN over water and land ice.

    >>> soil = DemoSoil(np.array([-3.0, 0.0]), np.array([-60.0]))
    >>> parts = soil.texture(0.5)
    >>> round(float(sum(parts.values())[0, 0]), 12), bool(np.isfinite(parts["clay"][0, 0]))
    (1.0, True)
    """

    def __init__(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> None:
        self.lat, self.lon = np.asarray(lat, float), np.asarray(lon, float)

    @cached_property
    def classes(self) -> npt.NDArray[np.int16]:
        """Climate class of each place, 0 over water and land ice."""
        field = demo_climate().data["climate_class"]
        rows = np.clip(((self.lat + 90.0) / 0.25).astype(int), 0, field.sizes["lat"] - 1)
        columns = (((self.lon + 180.0) % 360.0) / 0.25).astype(int) % field.sizes["lon"]
        found = field.values[np.ix_(rows, columns)]
        return np.where(found == _LAND_ICE_CLASS, 0, found).astype(np.int16)

    @cached_property
    def _wave(self) -> Array:
        """A smooth pattern between -1 and 1."""
        lat, lon = np.deg2rad(self.lat)[:, None], np.deg2rad(self.lon)[None, :]
        return np.asarray(np.cos(5.0 * lat) * np.sin(7.0 * lon + 0.4))

    def texture(self, depth: float) -> dict[str, Array]:
        """Clay, silt and sand at a depth in m: fractions that add up to 1."""
        south = np.broadcast_to((self.lat < 0.0)[:, None], self.classes.shape)
        mean = class_tables.texture(self.classes, south)
        moved = np.minimum(_CLAY_PER_M * depth + 0.04 * (1.0 + self._wave), 0.5 * mean["sand"])
        return {
            "clay": mean["clay"] + moved,
            "silt": mean["silt"],
            "sand": mean["sand"] - moved,
        }

    def bulk_density(self, depth: float) -> Array:
        """Dry bulk density at a depth in m, kg m-3."""
        surface, gain, wave = _DENSITY
        density = surface + gain * depth + wave * self._wave
        return np.where(self.classes > 0, density, np.nan)

    def coarse_fragments(self) -> Array:
        """Fraction of the volume coarser than 2 mm."""
        return np.where(self.classes > 0, 0.08 * (1.0 + self._wave), np.nan)

    def hillslope(self) -> Array:
        """Fraction of the place that is hillslope; the rest is valley bottom."""
        return np.where(self.classes > 0, 0.5 * (1.0 - self._wave), np.nan)

    def soil_thickness(self) -> Array:
        """Soil on the hillslopes, m: 0.2 to 3."""
        return np.where(self.classes > 0, 1.6 + 1.4 * self._wave, np.nan)

    def deposit_thickness(self) -> Array:
        """Sediment of the valley bottoms, m: 2 to 62."""
        return np.where(self.classes > 0, 32.0 - 30.0 * self._wave, np.nan)

    def mineral_share(self, map_class: str, subsoil: bool) -> Array:
        """Share of a class of Ito & Wagai in the clay-size fraction, 0 to 1."""
        deeper = 0.9 if subsoil else 1.0
        if map_class in CLASSES:
            shares = class_tables.mineral_shares(self.classes, CLASSES[map_class])
            return np.asarray(deeper * shares.sum(axis=0))
        return np.where(self.classes > 0, deeper * _SHARES[map_class], np.nan)
