"""``fluxes.zarr``: annual flux maps, a whole year at a time; means by mineral at the end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.engine.parts import parts_of
from saprolite.inputs import Prepared
from saprolite.inputs.store import missing_attributes, write_layers_and_minerals
from saprolite.sources.catalog import entry
from saprolite.sources.koeppen import CLASS_NAMES
from saprolite.stores import add_array, add_empty, consolidate, create_group, open_group, writing
from saprolite.study_column import CARBON_MEANING
from saprolite.variables import REGISTRY
from saprolite.version import __version__

Array = npt.NDArray[np.float64]
FLUX = "carbon_sink_flux"
BY_MINERAL = "carbon_sink_flux_by_mineral"
_STATIC = (
    "year", "layer", "depth", "depth_bounds", "lat", "lat_bounds", "lon", "lon_bounds", "mineral",
    "cell_area", "land", "climate_class", "missing_inputs",
)  # fmt: skip
DISPLAY_UNITS = "t C km-2 yr-1"


class FluxStore:
    """The store of a run: created once, filled year by year in any order."""

    def __init__(self, group: Any, path: Path, prepared: Prepared) -> None:
        self._group = group
        self._path = path
        self._prepared = prepared
        self._parts = parts_of(prepared)

    @classmethod
    def create(
        cls, path: Path, prepared: Prepared, digests: dict[str, dict[str, str]]
    ) -> FluxStore:
        """A new store with its coordinates and static maps."""
        group = create_group(path, _attributes(prepared, digests))
        store = cls(group, path, prepared)
        store._write_coordinates()
        store._write_maps()
        grid, layers = prepared.grid, len(prepared.layer_edges) - 1
        inner = (layers, *grid.shape)
        years = len(prepared.study.years)
        attributes = _flux_attributes(FLUX, prepared)
        add_empty(group, FLUX, REGISTRY[FLUX].dims, (years, *inner), (1, *inner), attributes)
        parts = store._parts
        if parts.stored:
            names = len(parts.members)
            for name, (values, about) in parts.coordinates.items():
                add_array(group, name, [parts.dim], values, about)
            add_empty(
                group,
                parts.array,
                ("year", parts.dim, "layer", "lat", "lon"),
                (years, names, *inner),
                (1, names, *inner),
                {**attributes, "long_name": parts.long_name},
            )
        return store

    @classmethod
    def open(cls, path: Path, prepared: Prepared) -> FluxStore:
        """The store of a run that was interrupted."""
        return cls(open_group(path), path, prepared)

    def write_year(self, year: int, flux: Array, total: Array | None = None) -> str:
        """Write (part, layer, cell) of a year as maps; returns the checksum of the maps.

        ``total`` is the sum of the parts in order where it is not given.
        """
        index = self._prepared.study.years.index(year)
        if total is None:
            total = flux[0]
            for part in flux[1:]:
                total = total + part
        with writing(self._path):
            self._group[FLUX][index] = self._map(total)
            if self._parts.stored:
                self._group[self._parts.array][index] = self._map(flux)
        return self.checksum(year)

    def checksum(self, year: int) -> str:
        """Checksum of what the store holds for a year; ``KeyError`` if it has no flux at all."""
        index = self._prepared.study.years.index(year)
        digest = hashlib.sha256()
        for name in (FLUX, self._parts.array):
            if name == FLUX or name in self._group:
                digest.update(np.ascontiguousarray(self._values(name)[index]).tobytes())
        return digest.hexdigest()

    def static_maps(self) -> dict[str, Array]:
        """Every array that is not a series of years, read; raises where one is damaged."""
        parts = self._parts
        groups = tuple(parts.coordinates) if parts.stored else ()
        means = (BY_MINERAL,) if BY_MINERAL in self._group else ()
        series = (FLUX, parts.array) if parts.stored else (FLUX,)
        for name in series:
            self._group[name]  # the metadata of the series must be there too
        names = (*_STATIC, *groups, *means)
        return {name: np.asarray(self._values(name)[...]) for name in names}

    def static_checksum(self) -> str:
        """Checksum of the coordinates, the static maps and the means by mineral."""
        digest = hashlib.sha256()
        for name, values in self.static_maps().items():
            text = values.dtype.kind not in "fiu"
            content = "\n".join(map(str, values.ravel())).encode() if text else values.tobytes()
            digest.update(name.encode() + content)
        return digest.hexdigest()

    def used_years(self) -> list[int]:
        """The years with a value anywhere (``trailing12`` has none before its record starts)."""
        return [year for index, year in enumerate(self._prepared.study.years)
                if np.isfinite(self._values(FLUX)[index]).any()]  # fmt: skip

    def write_means_by_mineral(self, shares: Array) -> Array:
        """Mean over the used years by mineral, from the stored annual fields, in order.

        Returns the mean by part, (part, layer, cell).
        """
        years = self.used_years()
        members = self._parts.members
        name = self._parts.array if self._parts.stored else FLUX
        total: Any = 0.0
        for year in years:
            maps = self._values(name)[self._prepared.study.years.index(year)]
            flat = maps.reshape(len(members), shares.shape[1], -1)
            total = total + flat[..., self._prepared.cells]
        mean: Array = (
            total / len(years) if years else np.full((len(members), *shares.shape[1:]), np.nan)
        )
        by_mineral = np.empty_like(shares)
        for index, part in enumerate(members):
            for member in part:
                by_mineral[member] = mean[index] * shares[member]
        if BY_MINERAL in self._group:
            del self._group[BY_MINERAL]
        attributes = {
            **_flux_attributes(BY_MINERAL, self._prepared),
            "comment": "mean over years_used",
            "years_used": years,
        }
        add_array(
            self._group, BY_MINERAL, REGISTRY[BY_MINERAL].dims, self._map(by_mineral), attributes
        )
        self._group.attrs["years_used"] = years
        return mean

    def write_missing(self, missing: npt.NDArray[np.uint8]) -> None:
        """The causes of missing values, once all years have been seen: the store is complete."""
        stored = self._group["missing_inputs"]
        full = np.zeros(stored.size, np.uint8)
        full[self._prepared.cells] = missing
        with writing(self._path):
            stored[...] = full.reshape(stored.shape)
        consolidate(self._path)

    def _values(self, name: str) -> Any:
        return self._group[name]

    def _map(self, packed: Array) -> Array:
        """Packed cells put back onto the map, NaN off land."""
        grid = self._prepared.grid
        full = np.full((*packed.shape[:-1], grid.lat.size * grid.lon.size), np.nan)
        full[..., self._prepared.cells] = packed
        return full.reshape(*packed.shape[:-1], *grid.shape)

    def _write_coordinates(self) -> None:
        prepared, group = self._prepared, self._group
        grid, edges = prepared.grid, np.array(prepared.layer_edges)
        add_array(
            group,
            "year",
            ["year"],
            np.array(list(prepared.study.years)),
            {"long_name": "calendar year", "units": "1"},
        )
        write_layers_and_minerals(group, prepared, prepared.minerals)
        add_array(
            group,
            "depth",
            ["layer"],
            0.5 * (edges[:-1] + edges[1:]),
            {"standard_name": "depth", "units": "m", "positive": "down", "bounds": "depth_bounds"},
        )
        add_array(
            group,
            "depth_bounds",
            ["layer", "bounds"],
            np.stack([edges[:-1], edges[1:]], axis=1),
            {"long_name": "depth of the layer's top and bottom", "units": "m"},
        )
        for name, standard, unit, centres, bounds in (
            ("lat", "latitude", "degrees_north", grid.lat, grid.lat_edges),
            ("lon", "longitude", "degrees_east", grid.lon, grid.lon_edges),
        ):
            add_array(
                group,
                name,
                [name],
                centres,
                {"standard_name": standard, "units": unit, "bounds": f"{name}_bounds"},
            )
            add_array(
                group,
                f"{name}_bounds",
                [name, "bounds"],
                np.stack([bounds[:-1], bounds[1:]], axis=1),
                {"units": unit},
            )

    def _write_maps(self) -> None:
        prepared, group = self._prepared, self._group
        grid, dims = prepared.grid, ["lat", "lon"]
        areas = grid.areas(prepared.study.grid.earth)
        add_array(
            group,
            "cell_area",
            dims,
            areas,
            {**REGISTRY["cell_area"].attributes, "earth": prepared.study.grid.earth},
        )
        for name, packed, attributes in (
            ("land", np.ones(prepared.cells.size, np.uint8),
             {"long_name": "land of the forcing product, land ice included", "units": "1",
              "standard_name": "land_binary_mask"}),
            ("climate_class", prepared.climate, _class_attributes()),
            ("missing_inputs", prepared.missing, missing_attributes(prepared.causes)),
        ):  # fmt: skip
            full = np.zeros(grid.lat.size * grid.lon.size, packed.dtype)
            full[prepared.cells] = packed
            add_array(group, name, dims, full.reshape(grid.shape), attributes)


def _flux_attributes(name: str, prepared: Prepared) -> dict[str, Any]:
    column = prepared.study.column
    meaning = {} if column is None else {"carbon_sink": CARBON_MEANING[column.carbon or ""]}
    return {
        **REGISTRY[name].attributes,
        **meaning,
        "units_in_words": DISPLAY_UNITS,
        "coordinates": "depth",
        "cell_methods": "area: mean",
        "cell_measures": "area: cell_area",
    }


def _class_attributes() -> dict[str, Any]:
    """CF flags of the climate classes."""
    return {
        **REGISTRY["climate_class"].attributes,
        "flag_values": list(range(len(CLASS_NAMES) + 1)),
        "flag_meanings": " ".join(("none", *CLASS_NAMES)),
    }


def _attributes(prepared: Prepared, digests: dict[str, dict[str, str]]) -> dict[str, Any]:
    reading = prepared.model.reading
    inputs = {role: entry(product) for role, product in prepared.products.items()}
    citations = [f"{role}: {item['citation']}" for role, item in inputs.items()]
    title, model = prepared.study.title, "CO2 pathway of PROFILE on monthly drivers"
    column: dict[str, Any] = {}
    if prepared.column is not None:
        chosen = prepared.column.reading
        short = chosen.title.partition(",")[0]
        title, model = f"{title}: {short}", f"{chosen.title}, on means over time"
        column = {"column_reading": json.dumps(chosen.as_dict())}
    return {
        "Conventions": "CF-1.11",
        "title": title,
        "source": f"saprolite {__version__}: {model}",
        "comment": "; ".join([prepared.study.summary, *prepared.notes]),
        "references": "; ".join(["kinetics: see run.json", *citations]),
        "reading": json.dumps(reading.as_dict()),
        **column,
        "reading_summary": prepared.study.summary,
        "notes": list(prepared.notes),
        "inputs": json.dumps(inputs),
        "inputs_sha256": json.dumps(digests),
    }
