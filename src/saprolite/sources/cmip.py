"""CMIP5 and CMIP6 monthly soil moisture, soil temperature and evapotranspiration of one model.

Quirks of the product: layers differ from model to model; moisture is a mass per layer, all phases;
calendars have 360, 365 or 366 days; moisture and temperature are means over the land of a cell,
evapotranspiration over all of it; land ice may hold no water at all; latitudes may be Gaussian.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from saprolite.equations import volumetric_water_content
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Rectilinear, remap_layers
from saprolite.sources.cmip_files import (
    EVAPOTRANSPIRATION,
    MOISTURE,
    TEMPERATURE,
    WHAT,
    CmipFiles,
    checked_files,
)
from saprolite.sources.files import Array, decode, known_unit, netcdf, unit_of
from saprolite.sources.lazy_months import lazy_months
from saprolite.sources.monthly_files import Key, months_of, netcdf_files, read_month, used_files
from saprolite.sources.on_grid import LAYER_EDGES, MonthFields, Surface

LAND_ICE_MOISTURE = 0.9999
HALF = 0.5


@dataclass(frozen=True)
class CmipModel:
    """A checked set of months of one model; moisture and temperature in the study's layers."""

    checked: CmipFiles
    product: str = "cmip"

    @property
    def cells(self) -> Rectilinear:
        """Cells of the files."""
        return self.checked.cells

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        own = used_files(self.checked.slots)
        return tuple(dict.fromkeys([*own, *self.checked.fixed.values()]))

    @property
    def notes(self) -> tuple[str, ...]:
        """Model, calendar, layers, and how land was told from sea and ice."""
        origins = self.checked.origins
        experiments = " + ".join(sorted({origin.experiment for origin in origins}))
        who = f"CMIP: {origins[0].model} {experiments} {origins[0].member}"
        notes = [f"{who}, calendar {self.checked.calendar}; evapotranspiration is a mean over "
                 "the whole cell, its sea included"]  # fmt: skip
        for name, what in ((MOISTURE, "moisture"), (TEMPERATURE, "temperature")):
            edges = self.checked.edges[name]
            note = f"CMIP: {what} from {len(edges) - 1} layers down to {edges[-1]:g} m"
            if edges[-1] < LAYER_EDGES[-1]:
                note += f", the deepest extended to {LAYER_EDGES[-1]:g} m"
            notes.append(note)
        if "sftlf" not in self.checked.fixed:
            notes.append("CMIP: no sftlf; cells of little land count as land, and coastal cells "
                         "are not weighted by the land in them")  # fmt: skip
        else:
            notes.append("CMIP: area means weighted by the land in each cell (sftlf); cells of "
                         "less than half land left out")  # fmt: skip
        return tuple(notes)

    def has_year(self, year: int) -> bool:
        """Whether all variables hold all months of a year."""
        months = months_of([year])
        return all(key in known for known in self.checked.slots.values() for key in months)

    def surface(self) -> Surface:
        """Land has moisture and half of the cell or more (sftlf, also its weight); ice holds no
        water or nothing else, can hold none (mrsofc), or covers half of the cell (sftgif)."""
        first = min(self.checked.slots[MOISTURE])
        moisture = self.month(first, slice(None)).soil_moisture
        land = np.isfinite(moisture).any(axis=0)
        full = (moisture >= LAND_ICE_MOISTURE) & (moisture <= 2.0 - LAND_ICE_MOISTURE)
        ice = (moisture == 0.0).all(axis=0) | full.all(axis=0)
        fixed = {name: self._fixed(name, path) for name, path in self.checked.fixed.items()}
        if "sftlf" in fixed:
            land &= fixed["sftlf"] >= HALF
        if "sftgif" in fixed:
            ice |= fixed["sftgif"] >= HALF
        if "mrsofc" in fixed:
            ice |= fixed["mrsofc"] == 0.0
        return Surface(np.asarray(land), np.asarray(land & ice), fixed.get("sftlf"))

    def read_months(self, year: int, rows: slice) -> Iterator[tuple[int, MonthFields]]:
        """The months of a year, some rows of the files, one after the other."""
        for key in months_of([year]):
            yield key[1], self.month(key, rows)

    def month(self, key: Key, rows: slice) -> MonthFields:
        """One month in the order of the files."""
        raw = read_month(self.checked.slots, key, rows, WHAT)
        for name, upward in self.checked.reversed_layers.items():
            if upward:
                raw[name] = raw[name][::-1]
        depths = self.checked.edges[MOISTURE]
        flux = raw[EVAPOTRANSPIRATION]
        return MonthFields(
            water_in_layers(raw[MOISTURE], depths),
            remap_layers(raw[TEMPERATURE], self.checked.edges[TEMPERATURE], LAYER_EDGES),
            flux.reshape(flux.shape[-2:]),
        )

    def _fixed(self, name: str, path: Path) -> Array:
        """A field that does not vary; shares as fractions."""
        with netcdf(path, WHAT) as dataset:
            variable = dataset[name]
            axes = [dim for dim in variable.dimensions[-2:] if dim in dataset.variables]
            cells = None
            if len(axes) == 2:
                lat, lon = (decode(dataset[dim]) for dim in axes)
                cells = Rectilinear.of(lat, lon, str(path))
            values, unit = decode(variable), unit_of(variable)
        accepted = ["kg m-2"] if name == "mrsofc" else ["%", "1"]
        known = known_unit(unit, accepted)
        same = cells is not None and cells.shape == self.cells.shape
        problems = []
        if known is None:
            problems.append(Problem(f"{path}: {name}", f"units {unit!r}", " or ".join(accepted),
                                    "fetch the original file"))  # fmt: skip
        if not same or cells is None or cells.descending != self.cells.descending:
            found = cells.describe() if cells is not None else "no latitude and longitude"
            problems.append(Problem(f"{path}: {name}", found, self.cells.describe(),
                                    "fetch the field on the model's own grid"))  # fmt: skip
        raise_if_any(InputError, "A field of the model cannot be used", problems)
        values = values.reshape(self.cells.shape)
        return values / 100.0 if known == "%" else values


def water_in_layers(mass: Array, edges: Sequence[float]) -> Array:
    """Volumetric moisture of the study's layers from the mass of water (kg m-2) of others.

    Mass is conserved over the depth that both have; a column that ends above 2 m goes on with the
    water content of its deepest layer.

    >>> water_in_layers(np.array([30.0, 70.0]), [0.0, 0.1, 0.45]).round(12)
    array([0.3, 0.2, 0.2, 0.2])
    """
    thickness = np.diff(edges).reshape(-1, *[1] * (mass.ndim - 1))
    content = np.asarray(volumetric_water_content(mass, thickness))
    return remap_layers(content, list(edges), LAYER_EDGES)


def open_cmip_forcing(
    path: Path,
    years: Iterable[int],
    optional_year: int | None = None,
    sftlf: Path | None = None,
) -> CmipModel:
    """Check a folder or file for all months of ``years``; no values of fields are read.

    ``sftlf``: the file of land fractions, in the place of the one in the folder.
    """
    checked = checked_files(netcdf_files(path, WHAT), tuple(years), optional_year)
    if sftlf is None:
        return CmipModel(checked)
    with netcdf(sftlf, "the land fraction (sftlf) of the model") as dataset:
        if "sftlf" not in dataset.variables:
            raise InputError("A field of the model cannot be used (1 problem)", [
                Problem(f"{sftlf}: sftlf", "not in the file", ", ".join(dataset.variables),
                        "give the file of the model's own land fraction")])  # fmt: skip
    return CmipModel(replace(checked, fixed={**checked.fixed, "sftlf": sftlf}))


def open_cmip(where: str | Path | Sequence[str | Path]) -> xr.Dataset:
    """Soil moisture (m3 m-3), soil temperature (K) and evapotranspiration (kg m-2 s-1) of a model.

    ``where``: a folder, or files: mrlsl (mrsol), tsl, evspsbl, and sftlf, sftgif, mrsofc where
    there are any; historical and one scenario follow one another. Values on (time, layer, lat,
    lon) are read when they are asked for, are remapped to 0-10, 10-40, 40-100, 100-200 cm, and are
    NaN over sea and land ice; times are the middles of the months in the model's own calendar;
    latitude ascends and longitude goes from -180 to 180.

    Raises ``InputError`` for a mixture of models, members or scenarios, for a month that comes
    twice or is missing, for another unit, and for layers without borders.
    """
    several = [Path(where)] if isinstance(where, (str, Path)) else [Path(item) for item in where]
    files = [file for item in several for file in netcdf_files(item, WHAT)]
    model = CmipModel(checked_files(files, None, None))
    source = _Soil(model)
    attributes = {"source": "; ".join(model.notes), "calendar": model.checked.calendar}
    keys = tuple(model.checked.slots[MOISTURE])
    return lazy_months(source.month, keys, model.cells, LAYER_EDGES, model.checked.calendar,
                       attributes)  # fmt: skip


@dataclass(frozen=True)
class _Soil:
    """Months of a model with nothing but soil in them."""

    model: CmipModel

    @cached_property
    def _mask(self) -> Array:
        surface = self.model.surface()
        return np.where(surface.land & ~surface.ice, 1.0, np.nan)

    def month(self, key: Key) -> MonthFields:
        fields = self.model.month(key, slice(None))
        return MonthFields(*(values * self._mask for values in fields))
