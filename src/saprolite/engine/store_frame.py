"""The frame of ``fluxes.zarr``: coordinates, static maps, attributes that say what it is."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from saprolite.engine.state import described_inputs
from saprolite.inputs import Prepared
from saprolite.inputs.packed_manifest import Digests
from saprolite.inputs.static_arrays import missing_attributes, write_layers_and_minerals
from saprolite.sources.koeppen import CLASS_NAMES
from saprolite.stores import Group
from saprolite.study_column import CARBON_MEANING
from saprolite.variables import REGISTRY
from saprolite.version import __version__

DISPLAY_UNITS = "t C km-2 yr-1"
FRAME = (
    "year", "layer", "depth", "depth_bounds", "lat", "lat_bounds", "lon", "lon_bounds", "mineral",
    "cell_area", "land", "climate_class", "missing_inputs",
)  # fmt: skip


def write_coordinates(group: Group, prepared: Prepared) -> None:
    """Years, layers, depths, latitudes and longitudes with their bounds."""
    grid, edges = prepared.grid, np.array(prepared.layer_edges)
    group.add(
        "year",
        ["year"],
        np.array(list(prepared.study.years)),
        {"long_name": "calendar year", "units": "1"},
    )
    write_layers_and_minerals(group, prepared, prepared.minerals)
    group.add(
        "depth",
        ["layer"],
        0.5 * (edges[:-1] + edges[1:]),
        {"standard_name": "depth", "units": "m", "positive": "down", "bounds": "depth_bounds"},
    )
    group.add(
        "depth_bounds",
        ["layer", "bounds"],
        np.stack([edges[:-1], edges[1:]], axis=1),
        {"long_name": "depth of the layer's top and bottom", "units": "m"},
    )
    for name, standard, unit, centres, bounds in (
        ("lat", "latitude", "degrees_north", grid.lat, grid.lat_edges),
        ("lon", "longitude", "degrees_east", grid.lon, grid.lon_edges),
    ):
        group.add(
            name,
            [name],
            centres,
            {"standard_name": standard, "units": unit, "bounds": f"{name}_bounds"},
        )
        group.add(
            f"{name}_bounds",
            [name, "bounds"],
            np.stack([bounds[:-1], bounds[1:]], axis=1),
            {"units": unit},
        )


def write_maps(group: Group, prepared: Prepared) -> None:
    """Areas, land, climate classes and causes of missing values."""
    grid, dims = prepared.grid, ["lat", "lon"]
    areas = grid.areas(prepared.study.grid.earth)
    group.add(
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
        group.add(name, dims, full.reshape(grid.shape), attributes)


def flux_attributes(name: str, prepared: Prepared) -> dict[str, Any]:
    """CF attributes of a carbon sink flux."""
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


def attributes_of(prepared: Prepared, digests: Digests, fingerprint: str) -> dict[str, Any]:
    """Attributes of the store: what it was computed from, and how."""
    reading = prepared.model.reading
    inputs = described_inputs(prepared.products, digests)
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
        **_air(prepared),
        "reading_summary": prepared.study.summary,
        "notes": list(prepared.notes),
        "inputs": json.dumps(inputs),
        "inputs_sha256": json.dumps(digests),
        "fingerprint": fingerprint,
    }


def _air(prepared: Prepared) -> dict[str, str]:
    """The air's CO2 by year, ppm, where the reading takes it: no other store of a run has it."""
    series = prepared.atmospheric_co2
    return {"atmospheric_co2_ppm": json.dumps(series)} if series else {}
