"""Bulk density of the GSDE (Shangguan et al. 2014), top layer 0 to 4.5 cm, NetCDF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.errors import InputError, raise_if_any
from saprolite.sources.files import StaticField, range_problem
from saprolite.sources.netcdf_fields import Wanted, read_fields

TOP_LAYER = (0.0, 0.045)


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
    note = "bulk density: the top layer (0 to 4.5 cm) stands for all layers"
    field = density.expand_dims("horizon").to_dataset(name="bulk_density")
    return StaticField(field, TOP_LAYER, "gsde", (path,), (note,))
