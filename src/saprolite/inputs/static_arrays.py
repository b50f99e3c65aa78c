"""The arrays of ``inputs.zarr`` that do not vary in time: cells, layers, soil, causes of gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.grid import Grid
from saprolite.inputs.missing import CAUSES
from saprolite.inputs.prepare import Prepared
from saprolite.stores import Group
from saprolite.variables import REGISTRY


def write_coordinates(group: Group, prepared: Prepared) -> None:
    """Cells and layers of the inputs, and the minerals."""
    write_cells(group, prepared.grid, prepared.cells)
    area = REGISTRY["cell_area"].attributes
    group.add("cell_area", ["cell"], prepared.area, area)
    write_borders(group, prepared.layer_edges)
    write_layers_and_minerals(group, prepared, tuple(prepared.study.minerals.names))


def write_cells(group: Group, grid: Grid, cells: npt.NDArray[np.int64]) -> None:
    """Packed cells of a grid, and where they are."""
    row, column = np.divmod(cells, grid.lon.size)
    group.add(
        "cell",
        ["cell"],
        cells,
        {"long_name": "flat index of the cell in the study grid", "units": "1"},
    )
    group.add(
        "lat",
        ["cell"],
        grid.lat[row],
        {"standard_name": "latitude", "units": "degrees_north"},
    )
    group.add(
        "lon",
        ["cell"],
        grid.lon[column],
        {"standard_name": "longitude", "units": "degrees_east"},
    )


def write_borders(group: Group, layer_edges: Sequence[float]) -> None:
    """Tops and bottoms of the layers."""
    edges = np.array(layer_edges)
    for name, values in (("layer_top", edges[:-1]), ("layer_bottom", edges[1:])):
        group.add(
            name,
            ["layer"],
            values,
            {"long_name": f"depth of the {name.replace('_', ' ')}", "units": "m"},
        )


def write_layers_and_minerals(group: Group, prepared: Prepared, minerals: tuple[str, ...]) -> None:
    """The coordinates that every store of a run has in common."""
    write_layers(group, prepared.layer_edges)
    group.add(
        "mineral",
        ["mineral"],
        np.array(minerals, dtype="U"),
        {"long_name": "mineral"},
    )


def write_layers(group: Group, layer_edges: Sequence[float]) -> None:
    """Numbers of the layers."""
    group.add(
        "layer",
        ["layer"],
        np.arange(1, len(layer_edges)),
        {"long_name": "number of the soil layer, from the surface down", "units": "1"},
    )


def write_statics(group: Group, prepared: Prepared) -> None:
    """The fields that do not vary in time."""
    soil = prepared.soil
    layered = ["layer", "cell"]
    for name in ("clay", "silt", "sand", "bulk_density"):
        group.add(name, layered, getattr(soil, name), REGISTRY[name].attributes)
    variable = REGISTRY["effective_thickness"].attributes
    group.add("effective_thickness", layered, soil.thickness, variable)
    shares = np.stack(list(soil.mineral_share.values()))
    group.add("mineral_share", ["mineral", *layered], shares, REGISTRY["mineral_share"].attributes)
    group.add("climate_class", ["cell"], prepared.climate, REGISTRY["climate_class"].attributes)
    group.add("missing_inputs", ["cell"], prepared.missing, missing_attributes(prepared.causes))
    if prepared.column is not None:
        for name, (values, unit) in prepared.column.described().items():
            dims = layered if values.ndim == 2 else ["cell"]
            attributes = {"long_name": f"soil column: {name}", "units": unit}
            group.add(f"column_{name.replace('.', '_')}", dims, values, attributes)


def missing_attributes(causes: tuple[str, ...] = CAUSES) -> dict[str, Any]:
    """CF attributes of the bit mask of missing inputs."""
    return {
        "long_name": "inputs that the cell lacks; 0 = none",
        "units": "1",
        "flag_masks": [1 << bit for bit in range(len(causes))],
        "flag_meanings": " ".join(causes),
    }
