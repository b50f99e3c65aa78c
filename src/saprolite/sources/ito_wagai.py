"""Clay-size minerals of Ito & Wagai (2017): topsoil and subsoil shares, illite and mica one class.

Names hold spaces, commas and parentheses (``'illite,mica (topsoil)'``); latitude descends; a
leading axis of length 1 comes first; values are shares of the clay-size fraction.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.errors import InputError, MineralError, Problem, raise_if_any
from saprolite.minerals import Mineral, share_of_map_class
from saprolite.sources.files import StaticField
from saprolite.sources.netcdf_fields import Wanted, read_fields

HORIZONS = (0.0, 0.3, 1.0)
_PARTS = ("topsoil", "subsoil")
_WHAT = "a NetCDF file with variables such as 'illite,mica (topsoil)' (Ito & Wagai 2017)"
# No place on Earth has less than this of every clay mineral: a unit is wrong.
_LEAST_MAXIMUM = 0.02
_FACTORS = {"1": 1.0, "%": 0.01}


def read_ito_wagai(
    path: Path, minerals: tuple[str, ...], mica_share: float, units: str | None = None
) -> StaticField:
    """``mineral_share`` (mineral, horizon, lat, lon) of the clay-size fraction, 0 to 1.

    ``mica_share`` of the illite/mica class is mica. ``units`` (``fraction`` or ``percent``) is
    needed only where the file states none.
    """
    import xarray as xr

    chosen = Mineral.several(minerals)
    without = [mineral.name for mineral in chosen if mineral.map_class is None]
    raise_if_any(
        MineralError,
        "Minerals that the maps do not have",
        [
            Problem(
                f"{path}: {name}",
                "no class in Ito & Wagai 2017",
                "chlorite, smectite, mica, illite, vermiculite, kaolinite",
                "leave the mineral out of [minerals] names",
            )
            for name in without
        ],
    )
    wanted = {
        f"{mineral.map_class} ({part})": Wanted(f"{mineral.map_class} ({part})", _FACTORS, units)
        for mineral in chosen
        for part in _PARTS
    }
    data = read_fields(path, wanted, _WHAT)
    problems = []
    if max(float(field.max()) for field in data.values()) < _LEAST_MAXIMUM:
        problems.append(
            Problem(
                f"{path}: all classes",
                "no share above 2 %",
                "shares from 0 to 1",
                "these look like fractions labelled percent: correct the units of the file",
            )
        )
    for name, field in data.items():
        largest, smallest = float(field.max()), float(field.min())
        if largest > 1.0 + 1e-6 or smallest < 0.0:
            problems.append(
                Problem(
                    f"{path}: {name}",
                    f"{smallest:g} to {largest:g} as fractions",
                    "shares from 0 to 1",
                    'these look like percent: give units = "percent"',
                )
            )
    raise_if_any(InputError, "The mineral shares cannot be used", problems)
    shares = [
        xr.concat([data[f"{mineral.map_class} ({part})"] for part in _PARTS], dim="horizon")
        * share_of_map_class(mineral, mica_share)
        for mineral in chosen
    ]
    stacked = xr.concat(shares, dim="mineral").transpose("mineral", "horizon", "lat", "lon")
    notes = (
        "minerals: topsoil 0 to 0.3 m, subsoil below it, extended below 1 m",
        f"minerals: {mica_share:g} of the illite/mica class counts as mica",
    )
    dataset = stacked.assign_coords(mineral=np.array(minerals)).to_dataset(name="mineral_share")
    return StaticField(dataset, HORIZONS, "ito_wagai", (path,), notes)
