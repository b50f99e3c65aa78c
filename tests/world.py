"""A small world in the format of GLDAS Noah monthly: 10 degree cells, made-up values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import tomli_w

LAT = np.arange(-55.0, 86.0, 10.0)
LON = np.arange(-175.0, 176.0, 10.0)
SHAPE = (LAT.size, LON.size)
LAYERS = {"0_10cm": 100.0, "10_40cm": 300.0, "40_100cm": 600.0, "100_200cm": 1000.0}
FILL = -9999.0
ICE_CELL = (14, 14)
WATER = (0, slice(None))


def values(year: int, month: int) -> dict[str, np.ndarray]:
    """The nine fields of a month as float32, fill over water."""
    lat, lon = np.meshgrid(LAT, LON, indexing="ij")
    season = np.cos(2.0 * np.pi * (month - 7) / 12.0) * np.sign(lat)
    fields: dict[str, np.ndarray] = {}
    for depth, (layer, millimetres) in enumerate(LAYERS.items()):
        wet = 0.22 + 0.1 * np.cos(np.deg2rad(2 * lat + lon)) - 0.03 * season + 0.01 * depth
        fields[f"SoilMoi{layer}_inst"] = wet * millimetres
        fields[f"SoilMoi{layer}_inst"][ICE_CELL] = millimetres
        warm = 300.0 - 0.6 * np.abs(lat) + (12.0 - 2 * depth) * season + 0.1 * (year - 2000)
        fields[f"SoilTMP{layer}_inst"] = warm
    rate = (3.0e-5 * np.cos(np.deg2rad(lat)) ** 2) * (1.0 + 0.5 * season) - 1.0e-7
    fields["Evap_tavg"] = rate
    for name in fields:
        fields[name] = fields[name].astype(np.float32)
        fields[name][WATER] = FILL
    return fields


@dataclass
class World:
    """Where the files lie, and how they may be spoiled before or after they are written."""

    folder: Path
    years: range = range(2000, 2002)
    units: dict[str, str] = field(default_factory=dict)
    changes: dict[tuple[int, int, str], Any] = field(default_factory=dict)
    flip: bool = False

    def path(self, year: int, month: int) -> Path:
        return self.folder / f"GLDAS_NOAH10_M.A{year}{month:02d}.021.nc4"

    def write(self) -> World:
        self.folder.mkdir(parents=True, exist_ok=True)
        for year in self.years:
            for month in range(1, 13):
                self.write_month(self.path(year, month), year, month)
        return self

    def write_month(self, path: Path, year: int, month: int, lat: np.ndarray = LAT) -> None:
        fields = values(year, month)
        for (y, m, name), change in self.changes.items():
            if (y, m) == (year, month):
                fields[name] = change(fields[name])
        with netCDF4.Dataset(path, "w") as dataset:
            for name, size in (("time", 1), ("lat", lat.size), ("lon", LON.size)):
                dataset.createDimension(name, size)
            time = dataset.createVariable("time", "f8", ("time",))
            time.units, time.calendar = "days since 2000-01-01 00:00:00", "standard"
            time[:] = (
                np.datetime64(f"{year}-{month:02d}-01") - np.datetime64("2000-01-01")
            ).astype(int)
            order = slice(None, None, -1) if self.flip else slice(None)
            dataset.createVariable("lat", "f4", ("lat",))[:] = lat[order]
            lon = np.roll(LON % 360.0, -18) if self.flip else LON
            dataset.createVariable("lon", "f4", ("lon",))[:] = lon
            for name, array in fields.items():
                variable = dataset.createVariable(
                    name, "f4", ("time", "lat", "lon"), fill_value=FILL, zlib=True
                )
                default = "K" if "TMP" in name else "kg m-2" if "Moi" in name else "kg m-2 s-1"
                variable.units = self.units.get(name, default)
                variable.missing_value = np.float32(FILL)
                if self.flip:
                    array = np.roll(array[::-1], -18, axis=1)
                variable[0] = array[: lat.size]

    def study(self, **changes: Any) -> dict[str, Any]:
        """A study of this world: constant soil, so that nothing else is needed."""
        content: dict[str, Any] = {
            "title": "Small world",
            "first_year": self.years.start,
            "last_year": self.years.stop - 1,
            "inputs": {
                "forcing": {"product": "gldas", "path": str(self.folder)},
                "climate": {"product": "demo"},
                "texture": {"product": "constant", "clay": 0.3, "silt": 0.3, "sand": 0.4},
                "bulk_density": {"product": "constant", "kg_m3": 1320.0},
                "minerals": {
                    "product": "constant",
                    "shares": {"chlorite": 0.05, "smectite": 0.2, "mica": 0.05, "illite": 0.2,
                               "vermiculite": 0.1},
                },
                "thickness": {"product": "constant", "metres": 1.5},
            },
        }  # fmt: skip
        for key, value in changes.items():
            place = content
            *parents, last = key.split("__")
            for parent in parents:
                place = place.setdefault(parent, {})
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        return content

    def study_file(self, path: Path, **changes: Any) -> Path:
        path.write_text(tomli_w.dumps(self.study(**changes)), encoding="utf-8")
        return path
