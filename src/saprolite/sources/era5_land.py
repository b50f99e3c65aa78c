"""ERA5-Land monthly means of the Climate Data Store, NetCDF: soil water, soil temperature, ET.

Quirks of the product: four layers of its own, 0-7, 7-28, 28-100 and 100-289 cm; evaporation is an
amount of water per day (the daily accumulation, averaged over the month), in m and negative where
water leaves the surface; latitude descends and longitude starts at 0, with points as cell centres,
also at the poles; recent months may be preliminary (``expver`` 5), along a dimension of their own
or named month by month; nothing marks land ice, unless the glacier mask is in the folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saprolite.constants import SECONDS_PER_DAY, WATER_DENSITY
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Rectilinear, remap_layers
from saprolite.sources.files import Array, decode, netcdf
from saprolite.sources.monthly_files import (
    Asked,
    Key,
    MonthlyField,
    Slot,
    Slots,
    absent_problems,
    fields_of,
    indexed,
    months_of,
    netcdf_files,
    of_months,
    read_month,
    read_slot,
    used_files,
)
from saprolite.sources.on_grid import LAYER_EDGES, MonthFields, Surface

SOURCE_EDGES = (0.0, 0.07, 0.28, 1.0, 2.89)
MOISTURE = ("swvl1", "swvl2", "swvl3", "swvl4")
TEMPERATURE = ("stl1", "stl2", "stl3", "stl4")
EVAPORATION = "e"
ASKED = {
    **{name: Asked((name,), "m3 m-3") for name in MOISTURE},
    **{name: Asked((name,), "K") for name in TEMPERATURE},
    EVAPORATION: Asked((EVAPORATION,), "m of water per day"),
}
GLACIER = "glm"
WHAT = (
    "ERA5-Land monthly means as NetCDF: a folder of files, or one file, with swvl1-4, stl1-4 and e"
)
PRELIMINARY = 5
_HALF = 0.5
_PACKING = 1.0e-4  # m3 m-3: packing makes as much of a dry layer negative; it is zero


@dataclass(frozen=True, eq=False)
class Era5Land:
    """A checked set of ERA5-Land months; moisture and temperature in the layers of the study."""

    cells: Rectilinear
    slots: Slots
    files: tuple[Path, ...]
    preliminary: tuple[Key, ...]
    glacier: Path | None
    product: str = "era5_land"

    @property
    def notes(self) -> tuple[str, ...]:
        """Layers and sign, land ice, preliminary months."""
        layers = "ERA5-Land: layers 0-7, 7-28, 28-100, 100-289 cm remapped to 0-10, 10-40, "
        notes = [f"{layers}40-100, 100-200 cm; evaporation counted upward positive"]
        if self.glacier is None:
            notes.append(
                "ERA5-Land marks no land ice: ice has values like soil; put the glacier mask "
                f"({GLACIER}) into the folder, or let another input lack there"
            )
        if self.preliminary:
            notes.append(
                f"ERA5-Land: {len(self.preliminary)} months are preliminary (expver {PRELIMINARY})"
            )
        fields = (slot.field for months in self.slots.values() for slot in months.values())
        if any("expver" in field.extra for field in fields):
            notes.append(
                f"ERA5-Land: months without a final value (expver 1) are preliminary (expver "
                f"{PRELIMINARY})"
            )
        return tuple(notes)

    def has_year(self, year: int) -> bool:
        """Whether all variables hold all months of a year."""
        return all(key in months for months in self.slots.values() for key in months_of([year]))

    def surface(self) -> Surface:
        """Land where the first month has a temperature; ice where glaciers cover half of it."""
        slot = next(iter(self.slots[TEMPERATURE[0]].values()))
        with netcdf(slot.field.path, WHAT) as dataset:
            values = combined(slot, slice(None), dataset)
        land = np.isfinite(values)
        ice = np.zeros_like(land)
        if self.glacier is not None:
            ice = land & (_glacier(self.glacier, self.cells) >= _HALF)
        return Surface(land, ice)

    def read_months(self, year: int, rows: slice) -> Iterator[tuple[int, MonthFields]]:
        """The months of a year, some rows of the files, one after the other."""
        for key in months_of([year]):
            yield key[1], self._month(key, rows)

    def _month(self, key: Key, rows: slice) -> MonthFields:
        raw = read_month(self.slots, key, rows, WHAT, combined)
        return MonthFields(
            remap_layers(_without_packing_noise(raw), SOURCE_EDGES, LAYER_EDGES),
            remap_layers(np.stack([raw[name] for name in TEMPERATURE]), SOURCE_EDGES, LAYER_EDGES),
            evapotranspiration_rate(raw[EVAPORATION]),
        )


def _without_packing_noise(raw: dict[str, Array]) -> Array:
    moisture = np.stack([raw[name] for name in MOISTURE])
    return np.where((moisture < 0.0) & (moisture >= -_PACKING), 0.0, moisture)


def evapotranspiration_rate(evaporation: Array) -> Array:
    """Rate in kg m-2 s-1, upward positive, from m of water per day, downward positive.

    >>> evapotranspiration_rate(np.array([-0.00432])).round(12)
    array([5.e-05])
    """
    return np.asarray(-evaporation * (WATER_DENSITY / SECONDS_PER_DAY))


def open_era5_land(path: Path, years: Iterable[int], optional_year: int | None = None) -> Era5Land:
    """Check a folder or file for all months of ``years``; nothing but metadata is read.

    The months of ``optional_year`` are used where they are there. A folder may hold the variables
    and the years in any split, and the glacier mask (``glm``). Raises ``InputError`` that lists
    every file which is truncated, on another grid or in another unit, every month that comes twice
    and every month that is missing.
    """
    wanted = set(months_of(years))
    useful = wanted | (set(months_of([optional_year])) if optional_year is not None else set())
    slots, preliminary, glacier = checked_months(path, ASKED, wanted, useful)
    used = used_files(slots)
    cells = next(iter(slots[EVAPORATION].values())).field.cells
    if glacier is not None and glacier not in used:
        used = (*used, glacier)
    return Era5Land(cells, slots, used, preliminary, glacier)


def checked_months(
    path: Path, asked: Mapping[str, Asked], wanted: Collection[Key], useful: Collection[Key]
) -> tuple[Slots, tuple[Key, ...], Path | None]:
    """Where the ``useful`` months of some variables lie, which of them are preliminary, and the
    file of the glacier mask; ``InputError`` lists all faults, and ``wanted`` months that lack."""
    problems: list[Problem] = []
    found: list[dict[str, MonthlyField]] = []
    preliminary: dict[Key, None] = {}
    glacier: Path | None = None
    for file in netcdf_files(path, WHAT):
        try:
            fields = fields_of(file, asked, WHAT)
            for field in fields.values():
                _check_extra(field)
            with netcdf(file, WHAT) as dataset:
                if GLACIER in dataset.variables:
                    glacier = file
                late = _preliminary_months(dataset, fields)
            preliminary |= {key: None for key in late if key in useful}
        except InputError as error:
            problems.extend(error.problems)
            continue
        found.append(fields)
    slots, contradictions = indexed(found)
    problems += contradictions
    if not problems:  # what is wrong with a file explains what lacks
        problems += absent_problems(path, slots, asked, sorted(wanted))
    raise_if_any(InputError, "ERA5-Land cannot be used", problems)
    return of_months(slots, useful), tuple(preliminary), glacier


def _check_extra(field: MonthlyField) -> None:
    odd = {dim: size for dim, size in field.extra.items() if dim != "expver" and size != 1}
    if odd:
        raise InputError(
            "A file cannot be used (1 problem)",
            [Problem(f"{field.path}: {field.name}", f"dimensions {field.dims}",
                     "(time, latitude, longitude), and expver in recent files",
                     "fetch monthly means of one kind, not an ensemble or hours of the day")],
        )  # fmt: skip


def _preliminary_months(dataset: Any, fields: dict[str, MonthlyField]) -> list[Key]:
    """Months whose ``expver`` along time says that they are preliminary."""
    if "expver" not in dataset.variables:
        return []
    variable = dataset["expver"]
    for field in fields.values():
        if variable.dimensions == (field.time,):
            texts = np.asarray(variable[:]).astype(str)
            return [
                key for key, text in zip(field.stamps, texts, strict=True)
                if text.strip().isdigit() and int(text) == PRELIMINARY
            ]  # fmt: skip
    return []


def combined(slot: Slot, rows: slice, dataset: Any) -> Array:
    """A month as (lat, lon): along a dimension ``expver`` the final value where there is one."""
    values = read_slot(slot, rows, dataset)
    extra = list(slot.field.extra)
    for axis in reversed(range(len(extra))):
        if extra[axis] != "expver":
            values = values.squeeze(axis=axis)
    if "expver" not in extra:
        return values
    versions = np.asarray(dataset["expver"][:]).astype(str)
    ordered: Array = values[np.argsort([int(text) for text in versions])]
    final, *others = ordered
    for other in others:
        both = np.isfinite(final) & np.isfinite(other)
        if not np.array_equal(final[both], other[both]):
            raise InputError(
                "A file cannot be used (1 problem)",
                [Problem(f"{slot.field.path}: {slot.field.name}",
                         "two values of one month along expver",
                         "the final or the preliminary one", "fetch the file again")],
            )  # fmt: skip
        final = np.where(np.isfinite(final), final, other)
    return np.asarray(final)


def _glacier(path: Path, cells: Rectilinear) -> Array:
    with netcdf(path, WHAT) as dataset:
        lat, lon = ([name for name in pair if name in dataset.variables]
                    for pair in (("latitude", "lat"), ("longitude", "lon")))  # fmt: skip
        values = decode(dataset[GLACIER])
        found = f"shape {values.shape}"
        same = False
        if lat and lon:
            own = Rectilinear.of(decode(dataset[lat[0]]), decode(dataset[lon[0]]), str(path))
            found, same = own.describe(), own.same_as(cells)
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if not same or values.shape != cells.shape:
        raise InputError(
            "The glacier mask cannot be used (1 problem)",
            [Problem(f"{path}: {GLACIER}", found, cells.describe(),
                     "fetch the mask on the grid of the other files")],
        )  # fmt: skip
    return values
