"""The static inputs of a study on its packed cells: texture, density, minerals, thickness."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saprolite.equations import layer_presence
from saprolite.errors import InputError, Problem, SaproliteError
from saprolite.grid import Grid, conservative, majority, remap_layers
from saprolite.grid.fields import with_values
from saprolite.inputs.demo import demo_climate
from saprolite.models import Reading
from saprolite.sources import class_tables
from saprolite.sources.files import StaticField
from saprolite.sources.kept import Keeper
from saprolite.sources.remote import local_copy
from saprolite.sources.texture_bands import TEXTURE
from saprolite.study import Study
from saprolite.study_parts import DemoClimate, RubelClimate
from saprolite.study_soil import (
    ClassMinerals,
    ClassTexture,
    ClassThickness,
    ConstantDensity,
    ConstantMinerals,
    ConstantTexture,
    ConstantThickness,
)

if TYPE_CHECKING:
    import xarray as xr

    from saprolite.inputs.soil_products import Cells

Array = npt.NDArray[np.float64]


@dataclass
class Collected:
    """What has been read so far: products, files, notes, and what was wrong.

    ``rests_on``: years whose values change those of other years, by what they are for.
    """

    products: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    keeper: Keeper = field(default_factory=Keeper)
    held_bytes: int = 0  # of what a forcing holds besides what is kept
    rests_on: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, role: str, source: StaticField) -> StaticField:
        """Keep the provenance of a source."""
        self.products[role] = source.product
        self.files[role] = source.files
        self.notes += source.notes
        return source


class StaticReader:
    """Reads each static input onto the packed cells; problems are collected, not raised."""

    def __init__(
        self,
        study: Study,
        grid: Grid,
        land: npt.NDArray[np.bool_],
        layer_edges: tuple[float, ...],
        collected: Collected,
    ) -> None:
        self.study = study
        self.grid = grid
        self.cells = np.flatnonzero(land)
        self.layer_edges = layer_edges
        self.collected = collected
        self.south = np.repeat(grid.lat < 0.0, grid.lon.size)[self.cells]

    @property
    def reading(self) -> Reading:
        """The reading of the study."""
        return self.study.chosen_reading

    @property
    def _wanted(self) -> Cells:
        from saprolite.inputs.soil_products import Cells

        return Cells(self.grid, self.layer_edges, self.study.grid.valid_share)

    @property
    def _per_layer(self) -> tuple[int, int]:
        return (len(self.layer_edges) - 1, self.cells.size)

    def climate(self) -> npt.NDArray[np.int16]:
        """Climate class of each cell, 0 where the map has none."""
        spec = self.study.inputs.climate
        try:
            if isinstance(spec, DemoClimate):
                source = demo_climate()
            else:
                from saprolite.sources.koeppen import read_koeppen
                from saprolite.sources.koeppen_rubel import read_rubel

                read = read_rubel if isinstance(spec, RubelClimate) else read_koeppen
                source = read(local_copy(spec.path))
        except SaproliteError as error:
            self.collected.problems += error.problems
            return np.zeros(self.cells.size, np.int16)
        self.collected.add("climate", source)
        classes = majority(source.data["climate_class"], self.grid)
        return classes.values.ravel()[self.cells].astype(np.int16)

    def texture(self, classes: npt.NDArray[np.int16]) -> dict[str, Array]:
        """Clay, silt and sand as (layer, cell)."""
        spec = self.study.inputs.texture
        nothing = {name: np.full(self._per_layer, np.nan) for name in TEXTURE}
        try:
            if isinstance(spec, ConstantTexture):
                self.collected.products["texture"] = "constant"
                return {name: np.full(self._per_layer, getattr(spec, name)) for name in TEXTURE}
            if isinstance(spec, ClassTexture):
                self.collected.products["texture"] = "climate_class_texture"
                by_class = class_tables.texture(classes, self.south)
                return {name: self._all_layers(values) for name, values in by_class.items()}
            from saprolite.inputs.soil_products import TEXTURE_READERS

            source = TEXTURE_READERS[type(spec)](spec, self._wanted)
        except SaproliteError as error:
            self.collected.problems += error.problems
            return nothing
        self.collected.add("texture", source)
        # One mask for the three: a mean over other cells would not add up to 1.
        maps = {name: source.data[name] for name in TEXTURE}
        known = np.logical_and.reduce([np.isfinite(field.values) for field in maps.values()])
        fields = {
            name: self._layered(
                with_values(field, np.where(known, field.values, np.nan)), source.horizons
            )
            for name, field in maps.items()
        }
        # Rounding in the source: the sum is brought to 1 exactly.
        total = fields["clay"] + fields["silt"] + fields["sand"]
        return {name: values / total for name, values in fields.items()}

    def bulk_density(self) -> Array:
        """Dry bulk density as (layer, cell), kg m-3."""
        spec = self.study.inputs.bulk_density
        try:
            if isinstance(spec, ConstantDensity):
                self.collected.products["bulk_density"] = "constant"
                return self._constant_per_layer(spec)
            from saprolite.inputs.soil_products import DENSITY_READERS

            source = DENSITY_READERS[type(spec)](spec, self._wanted)
        except SaproliteError as error:
            self.collected.problems += error.problems
            return np.full(self._per_layer, np.nan)
        self.collected.add("bulk_density", source)
        return self._layered(source.data["bulk_density"], source.horizons)

    def minerals(self, classes: npt.NDArray[np.int16]) -> Array:
        """Shares of the clay-size fraction as (mineral, layer, cell)."""
        spec = self.study.inputs.minerals
        names = tuple(self.study.minerals.names)
        nothing = np.full((len(names), *self._per_layer), np.nan)
        try:
            if isinstance(spec, ConstantMinerals):
                self.collected.products["minerals"] = "constant"
                for index, name in enumerate(names):
                    nothing[index] = spec.shares[name]
                return nothing
            if isinstance(spec, ClassMinerals):
                self.collected.products["minerals"] = "climate_class_minerals"
                self.collected.notes.append(class_tables.ILLUSTRATIVE_MINERALS)
                shares = class_tables.mineral_shares(classes, names)
                return np.stack([self._all_layers(share) for share in shares])
            from saprolite.inputs.soil_products import read_minerals

            source = read_minerals(spec, names, self.reading.mica_share, self._wanted)
        except SaproliteError as error:
            self.collected.problems += error.problems
            return nothing
        self.collected.add("minerals", source)
        maps = source.data["mineral_share"]
        return np.stack([self._layered(share, source.horizons) for share in maps])

    def thickness(self, classes: npt.NDArray[np.int16]) -> Array:
        """Soil that is present in each layer as (layer, cell), m."""
        spec = self.study.inputs.thickness
        edges = self.layer_edges
        full = np.repeat(np.diff(edges)[:, None], self.cells.size, axis=1)
        try:
            if isinstance(spec, ClassThickness):
                self.collected.products["thickness"] = "climate_class_minerals"
                self.collected.notes.append(class_tables.ILLUSTRATIVE_THICKNESS)
                if edges != class_tables.LAYER_EDGES:
                    found = f"layers {edges}"
                    raise InputError("Other layers", [
                        Problem("inputs.thickness", found, f"{class_tables.LAYER_EDGES} m",
                                "give a raster or a constant thickness")])  # fmt: skip
                present = class_tables.layer_thickness(classes)
            elif isinstance(spec, ConstantThickness):
                self.collected.products["thickness"] = "constant"
                layers = [
                    layer_presence(spec.metres, top, bottom)
                    for top, bottom in itertools.pairwise(edges)
                ]
                present = np.repeat(np.array(layers)[:, None], self.cells.size, axis=1)
            else:
                from saprolite.inputs.soil_products import THICKNESS_READERS

                source = THICKNESS_READERS[type(spec)](spec, self._wanted)
                self.collected.add("thickness", source)
                present = self._packed(source.data["effective_thickness"])
        except SaproliteError as error:
            self.collected.problems += error.problems
            return full
        return full if self.reading.thickness == "none" else present

    def on_cells(self, field: xr.DataArray) -> Array:
        """A map without depth, brought onto the cells."""
        return self._packed(conservative(field, self.grid, self.study.grid.valid_share))

    def on_layers(self, data: xr.Dataset, horizons: list[float] | None, path: Path) -> Array:
        """The variable ``value`` of a map as (layer, cell); without horizons all layers alike."""
        if horizons is None and "horizon" not in data.dims:
            return self._all_layers(self.on_cells(data["value"]))
        from saprolite.inputs.soil_products import with_horizons

        source = with_horizons(data, horizons or [], path)
        return self._layered(source.data["value"], source.horizons)

    def _packed(self, field: xr.DataArray) -> Array:
        values = np.asarray(field.values, dtype=np.float64)
        return values.reshape(*values.shape[:-2], -1)[..., self.cells]

    def _layered(self, field: xr.DataArray, horizons: tuple[float, ...]) -> Array:
        regridded = conservative(field, self.grid, self.study.grid.valid_share)
        return remap_layers(self._packed(regridded), horizons, self.layer_edges)

    def _all_layers(self, values: Array) -> Array:
        return np.repeat(values[None, :], len(self.layer_edges) - 1, axis=0)

    def _constant_per_layer(self, spec: ConstantDensity) -> Array:
        layers = self._per_layer[0]
        values = spec.kg_m3 if isinstance(spec.kg_m3, list) else [spec.kg_m3] * layers
        if len(values) != layers:
            raise InputError("Bulk density", [
                Problem("inputs.bulk_density.kg_m3", f"{len(values)} values", f"1 or {layers}, one "
                        "per layer of the forcing", "correct the list")])  # fmt: skip
        return np.repeat(np.array(values)[:, None], self.cells.size, axis=1)
