"""The frame of a packed forcing: everything in its Zarr store but the years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.chunks import Codec
from saprolite.grid import Grid
from saprolite.inputs.packed import COMPLETE
from saprolite.inputs.packed_manifest import MANIFEST, Manifest
from saprolite.inputs.static_arrays import write_borders, write_cells, write_layers
from saprolite.inputs.year_chunks import add_forcing
from saprolite.stores import create_group


def make_frame(
    path: Path,
    manifest: Manifest,
    grid: Grid,
    cells: npt.NDArray[np.int64],
    ice: npt.NDArray[np.bool_],
) -> None:
    """A store without its years: coordinates, land ice, empty arrays, and what it is."""
    years, layers = manifest.all_years, len(manifest.layer_edges) - 1
    group = create_group(path, _attributes(manifest))
    write_cells(group, grid, cells)
    write_borders(group, manifest.layer_edges)
    write_layers(group, manifest.layer_edges)
    for name, values, unit in (
        ("lat", grid.lat, "degrees_north"),
        ("lon", grid.lon, "degrees_east"),
    ):
        axis = {"long_name": f"{name} of all cells of the grid, land or not", "units": unit}
        group.add(f"grid_{name}", [f"grid_{name}"], values, axis)
    about = {"long_name": "land ice, which has no value of the forcing", "units": "1"}
    group.add("land_ice", ["cell"], ice.astype(np.uint8), about)
    about = {"long_name": "calendar year", "units": "1"}
    group.add("year", ["year"], np.array(list(years)), about)
    add_forcing(group, years, layers, cells.size)
    about = {"long_name": "the product has every value of the year; on land ice, too", "units": "1"}
    shape = (len(years), cells.size)
    group.add_empty(COMPLETE, ["year", "cell"], shape, (1, cells.size), about, np.uint8, Codec.RAW)
    group.consolidate()


def _attributes(manifest: Manifest) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "title": f"Packed forcing: {manifest.products['forcing']}",
        "source": f"saprolite {manifest.saprolite}",
        "years": f"those that are whole are in {MANIFEST} beside the store",
        "comment": "; ".join(manifest.notes),
        "choices": json.dumps(manifest.choices),
        "products": json.dumps(manifest.products),
        "inputs_sha256": json.dumps(manifest.inputs_sha256),
    }
