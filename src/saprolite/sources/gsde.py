"""Bulk density of the GSDE (Shangguan et al. 2014), NetCDF: the top layer, or all eight."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import StaticField, range_problem
from saprolite.sources.netcdf_fields import Wanted, read_fields

LAYERS = (0.0, 0.045, 0.091, 0.166, 0.289, 0.493, 0.829, 1.383, 2.296)


def read_gsde(path: Path, variable: str = "bulk_density") -> StaticField:
    """Bulk density in kg m-3; a value of 0 means no soil in this product and is missing."""
    wanted = {"bulk_density": Wanted(variable, {"g cm-3": 1000.0, "kg m-3": 1.0})}
    data = read_fields(path, wanted, "a NetCDF file with the bulk density of the GSDE")
    density = data["bulk_density"].where(data["bulk_density"] > 0.0)
    problem = range_problem(
        str(path),
        "bulk_density",
        np.asarray(density.values),
        "bulk density must be in g cm-3 or kg m-3; check the units",
    )
    raise_if_any(InputError, "The bulk density cannot be used", [problem] if problem else [])
    if "horizon" not in density.dims:
        density = density.expand_dims("horizon")
    count = density.sizes["horizon"]
    if count not in (1, len(LAYERS) - 1):
        raise InputError(
            "The bulk density cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: {variable}",
                    f"{count} layers",
                    f"1 (0 to 4.5 cm) or the product's {len(LAYERS) - 1}",
                    'use product = "netcdf" with horizons_m for other layers',
                )
            ],
        )
    field = density.to_dataset(name="bulk_density")
    if count > 1:
        return StaticField(field, LAYERS, "gsde", (path,))
    note = "bulk density: the top layer (0 to 4.5 cm) stands for all layers"
    return StaticField(field, LAYERS[:2], "gsde", (path,), (note,))
