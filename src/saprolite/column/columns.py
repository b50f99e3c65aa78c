"""Many soil profiles as arrays: what the solvers read (layers first, lanes last)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.lanes import take_lanes
from saprolite.column.layer import IONS, SOLUTES
from saprolite.minerals import Mineral
from saprolite.models import ColumnReading
from saprolite.models.soil import reactive_area, saturation

if TYPE_CHECKING:
    from saprolite.column.site import Layer, Site

Array = npt.NDArray[np.float64]
PRESCRIBED = (
    "ph", "aluminium", "base_cations", "organic_acid", "silica",
    "calcium", "magnesium", "potassium", "sodium",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """Profiles as (layer, lane) arrays.

    ``surface``: wetted mineral surface, (mineral, layer, lane), m2 per m2 of ground;
    ``percolation``: water that leaves each layer, m yr-1; ``deposition``: by ion, (lane,), kmol_c
    m-2 yr-1; ``uptake``: Ca, Mg, K (kmol_c) and N, (layer, lane); ``prescribed``: chemistry that is
    given, NaN where it is not; ``present``: False below the last layer of a profile.
    """

    names: tuple[str, ...]
    layer_names: tuple[tuple[str, ...], ...]
    minerals: tuple[str, ...]
    thickness: Array
    temperature: Array
    pressure: Array
    doc: Array
    log_gibbsite: Array
    gibbsite_exponent: Array
    nitrification: Array
    surface: Array
    percolation: Array
    deposition: Mapping[str, Array]
    uptake: Mapping[str, Array]
    prescribed: Mapping[str, Array]
    present: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        """Number of lanes."""
        return int(self.temperature.shape[1])

    def part(self, lanes: slice) -> Columns:
        """Some of the lanes."""
        cut = take_lanes(self, lanes)
        return replace(cut, names=self.names[lanes], layer_names=self.layer_names[lanes])

    @classmethod
    def of(cls, sites: Sequence[Site], reading: ColumnReading) -> Columns:
        """Profiles of any numbers of layers, side by side."""
        deepest = max(len(site.layers) for site in sites)
        shape = (deepest, len(sites))
        # One order for all: sums over minerals do not depend on which sites are side by side.
        named = {name for site in sites for layer in site.layers for name in layer.minerals}
        minerals = tuple(name for name in Mineral.names() if name in named)
        empty = {
            name: np.full(shape, np.nan)
            for name in (
                "thickness", "temperature", "pressure", "doc", "log_gibbsite",
                "gibbsite_exponent", "nitrification", "percolation",
            )
        }  # fmt: skip
        surface = np.full((len(minerals), *shape), np.nan)
        uptake = {name: np.full(shape, np.nan) for name in ("Ca", "Mg", "K", "N")}
        prescribed = {name: np.full(shape, np.nan) for name in PRESCRIBED}
        present = np.zeros(shape, bool)
        for lane, site in enumerate(sites):
            consumed = 0.0
            for index, layer in enumerate(site.layers):
                at = (index, lane)
                present[at] = True
                consumed += layer.evapotranspiration_share
                empty["percolation"][at] = site.precipitation - consumed * site.evapotranspiration
                for name, value in (
                    ("thickness", layer.thickness), ("temperature", layer.temperature),
                    ("pressure", layer.co2), ("doc", layer.doc),
                    ("log_gibbsite", layer.log_gibbsite),
                    ("gibbsite_exponent", layer.gibbsite_exponent),
                    ("nitrification", layer.nitrification or 0.0),
                ):  # fmt: skip
                    empty[name][at] = value
                wetted = wetted_area(layer, reading) * layer.thickness
                for number, mineral in enumerate(minerals):
                    surface[(number, *at)] = wetted * layer.minerals.get(mineral, 0.0)
                for name, values in uptake.items():
                    values[at] = layer.uptake_share * site.uptake[name]
                for name, values in prescribed.items():
                    given = getattr(layer, name)
                    values[at] = np.nan if given is None else given
        uptake["Na"] = np.where(present, 0.0, np.nan)
        return cls(
            tuple(site.name for site in sites),
            tuple(tuple(layer.name for layer in site.layers) for site in sites),
            minerals,
            surface=surface,
            deposition={name: np.array([site.deposition[name] for site in sites]) for name in IONS},
            uptake=uptake,
            prescribed=prescribed,
            present=present,
            **empty,
        )

    def inflow(self) -> dict[str, Array]:
        """What falls on the first layer, kmol_c m-2 yr-1 (silica and phosphorus: none)."""
        nothing = np.zeros(self.size)
        return {name: self.deposition.get(name, nothing) for name in SOLUTES}


def wetted_area(layer: Layer, reading: ColumnReading) -> float:
    """Mineral surface that is wet, m2 per m3 of soil: A_w times phi."""
    wetness = layer.saturation
    if wetness is None:
        wetness = saturation(reading, layer.soil_moisture, layer.bulk_density)
    area = layer.surface_area
    if area is None:
        area = reactive_area(reading, layer.clay, layer.silt, layer.sand, layer.bulk_density)
    return float(area * eq.clipped_saturation(wetness))
