"""``inputs.zarr``: the prepared inputs of a run, land cells packed, month-major, SI units."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from saprolite.inputs.missing import CAUSES
from saprolite.inputs.prepare import Prepared
from saprolite.inputs.regridded import Regridded
from saprolite.sources.forcing import Forcing, ForcingYear
from saprolite.stores import (
    DAMAGED,
    add_array,
    add_empty,
    consolidate,
    create_group,
    open_group,
    writing,
)
from saprolite.variables import REGISTRY

STORE_LIMIT_BYTES = 2 * 1024**3
_FORCING = ForcingYear._fields
Report = Callable[[str, int, int], None]


class StoredForcing:
    """The forcing of a finished ``inputs.zarr``, in the place of the product it came from."""

    def __init__(self, group: zarr.Group, source: Forcing, years: range) -> None:
        self._group = group
        self._years = years
        self.grid = source.grid
        self.layer_edges = source.layer_edges
        self.product = source.product
        self.files = source.files
        self.notes = source.notes
        self.land = source.land
        self.land_ice = source.land_ice

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year; ``cells`` must be the packed cells of the store."""
        start = 12 * self._years.index(year)
        stored: Any = self._group
        arrays = [np.asarray(stored[name][start : start + 12]) for name in _FORCING]
        if arrays[0].shape[-1] != cells.size:
            raise ValueError("a stored forcing is read with all its cells")
        return ForcingYear(*arrays)


def write_inputs(path: Path, prepared: Prepared, fingerprint: str, report: Report) -> Prepared:
    """Write the static fields and, if it is to be stored, the forcing.

    Returns the prepared inputs, reading from the store where the forcing is in it. A store that is
    complete for the same ``fingerprint`` is kept as it is.
    """
    study = prepared.study
    years = _stored_years(prepared)
    keep = study.output.store_forcing
    store_forcing = keep == "always" or (
        keep == "auto"
        and (forcing_bytes(prepared) < STORE_LIMIT_BYTES or isinstance(prepared.forcing, Regridded))
    )
    group = _complete(path, fingerprint)
    if group is None:
        with writing(path):
            group = create_group(path, _attributes(prepared))
            _write_coordinates(group, prepared)
            _write_statics(group, prepared)
            if store_forcing:
                _write_forcing(group, prepared, years, report)
            group.attrs["complete"] = _mark(fingerprint, group)
        consolidate(path)
    return _stored(prepared, group, years) if store_forcing else prepared


def _complete(path: Path, fingerprint: str) -> zarr.Group | None:
    """The store of these inputs if it is whole: written to the end, and as it was written."""
    if not path.is_dir():
        return None
    try:
        group = open_group(path)
        whole = group.attrs["complete"] == _mark(fingerprint, group)
    except DAMAGED:
        return None
    return group if whole else None


def _mark(fingerprint: str, group: zarr.Group) -> str:
    return f"run {fingerprint}, arrays {_checksum(group)}"


def _checksum(group: zarr.Group) -> str:
    """SHA-256 of every array, a year of months at a time."""
    total = hashlib.sha256()
    for name, array in sorted(group.arrays()):
        total.update(f"{name}{array.shape}".encode())
        stored: Any = array
        step = array.chunks[0] if array.ndim else 1
        for start in range(0, array.shape[0] if array.ndim else 0, max(1, step)):
            values = np.asarray(stored[start : start + step])
            text = values.dtype.kind not in "fiu"
            total.update("\n".join(map(str, values)).encode() if text else values.tobytes())
    return total.hexdigest()


def inputs_are_written(path: Path, fingerprint: str) -> bool:
    """Whether the store of these inputs is whole: then all of them have been read and checked."""
    return _complete(path, fingerprint) is not None


def check_all_years(prepared: Prepared, report: Report) -> None:
    """Read every year of the forcing, so that a wrong value is found before anything is done."""
    years = _stored_years(prepared)
    for number, year in enumerate(years):
        prepared.read_year(year)
        report("checking inputs", number + 1, len(years))


def forcing_bytes(prepared: Prepared) -> int:
    """Size of the forcing as float64, uncompressed."""
    layers = len(prepared.layer_edges) - 1
    return 8 * 12 * len(_stored_years(prepared)) * (2 * layers + 1) * prepared.cells.size


def _stored_years(prepared: Prepared) -> range:
    years = prepared.study.years
    return range(years.start - 1, years.stop) if prepared.previous_year else years


def _stored(prepared: Prepared, group: zarr.Group, years: range) -> Prepared:
    return replace(prepared, forcing=StoredForcing(group, prepared.forcing, years))


def _attributes(prepared: Prepared) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "title": f"Prepared inputs: {prepared.study.title}",
        "comment": "; ".join(prepared.notes),
        "reading": json.dumps(prepared.study.chosen_reading.as_dict()),
        "products": json.dumps(prepared.products),
    }


def _write_coordinates(group: zarr.Group, prepared: Prepared) -> None:
    row, column = np.divmod(prepared.cells, prepared.grid.lon.size)
    edges = np.array(prepared.layer_edges)
    add_array(
        group,
        "cell",
        ["cell"],
        prepared.cells,
        {"long_name": "flat index of the cell in the study grid", "units": "1"},
    )
    add_array(
        group,
        "lat",
        ["cell"],
        prepared.grid.lat[row],
        {"standard_name": "latitude", "units": "degrees_north"},
    )
    add_array(
        group,
        "lon",
        ["cell"],
        prepared.grid.lon[column],
        {"standard_name": "longitude", "units": "degrees_east"},
    )
    add_array(group, "cell_area", ["cell"], prepared.area, REGISTRY["cell_area"].attributes)
    for name, values in (("layer_top", edges[:-1]), ("layer_bottom", edges[1:])):
        add_array(
            group,
            name,
            ["layer"],
            values,
            {"long_name": f"depth of the {name.replace('_', ' ')}", "units": "m"},
        )
    write_layers_and_minerals(group, prepared, tuple(prepared.study.minerals.names))


def write_layers_and_minerals(
    group: zarr.Group, prepared: Prepared, minerals: tuple[str, ...]
) -> None:
    """The coordinates that every store of a run has in common."""
    add_array(
        group,
        "layer",
        ["layer"],
        np.arange(1, len(prepared.layer_edges)),
        {"long_name": "number of the soil layer, from the surface down", "units": "1"},
    )
    add_array(
        group,
        "mineral",
        ["mineral"],
        np.array(minerals, dtype="U"),
        {"long_name": "mineral"},
    )


def _write_statics(group: zarr.Group, prepared: Prepared) -> None:
    soil = prepared.soil
    layered = ["layer", "cell"]
    for name in ("clay", "silt", "sand", "bulk_density"):
        add_array(group, name, layered, getattr(soil, name), REGISTRY[name].attributes)
    variable = REGISTRY["effective_thickness"].attributes
    add_array(group, "effective_thickness", layered, soil.thickness, variable)
    shares = np.stack(list(soil.mineral_share.values()))
    add_array(
        group, "mineral_share", ["mineral", *layered], shares, REGISTRY["mineral_share"].attributes
    )
    add_array(
        group, "climate_class", ["cell"], prepared.climate, REGISTRY["climate_class"].attributes
    )
    add_array(
        group, "missing_inputs", ["cell"], prepared.missing, missing_attributes(prepared.causes)
    )
    if prepared.column is not None:
        for name, (values, unit) in prepared.column.described().items():
            dims = layered if values.ndim == 2 else ["cell"]
            attributes = {"long_name": f"soil column: {name}", "units": unit}
            add_array(group, f"column_{name.replace('.', '_')}", dims, values, attributes)


def missing_attributes(causes: tuple[str, ...] = CAUSES) -> dict[str, Any]:
    """CF attributes of the bit mask of missing inputs."""
    return {
        "long_name": "inputs that the cell lacks; 0 = none",
        "units": "1",
        "flag_masks": [1 << bit for bit in range(len(causes))],
        "flag_meanings": " ".join(causes),
    }


def _write_forcing(group: zarr.Group, prepared: Prepared, years: range, report: Report) -> None:
    origin = date(1970, 1, 1)
    days = [(date(year, month, 1) - origin).days for year in years for month in range(1, 13)]
    add_array(
        group,
        "month",
        ["month"],
        np.array(days),
        {
            "standard_name": "time",
            "units": "days since 1970-01-01",
            "calendar": "standard",
            "long_name": "first day of the month",
        },
    )
    layers, cells = len(prepared.layer_edges) - 1, prepared.cells.size
    for name in _FORCING:
        inner = (layers, cells) if "layer" in REGISTRY[name].dims else (cells,)
        add_empty(
            group,
            name,
            REGISTRY[name].dims,
            (12 * len(years), *inner),
            (12, *inner),
            REGISTRY[name].attributes,
        )
    stored: Any = group
    for index, year in enumerate(years):
        values = prepared.read_year(year)
        for name, array in values._asdict().items():
            stored[name][12 * index : 12 * index + 12] = array
        report("inputs", index + 1, len(years))
