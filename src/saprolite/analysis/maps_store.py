"""``analysis.zarr``: the maps of an analysis, written as they are found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.analysis.annual import STATES, AnnualFields
from saprolite.analysis.attribution import PARTS
from saprolite.analysis.classes import CONTROLS, SYNERGIES
from saprolite.chunks import Codec
from saprolite.places import Place
from saprolite.stores import create_group, write_chunk
from saprolite.study_analysis import AnalysisChoices

_STATISTICS = {
    "slope": "slope of the annual values",
    "intercept": "value of the fitted line in the year before the first",
    "statistic": "statistic of the test of the slope",
    "p": "probability of a statistic as great in a series without trend",
}
_CLASSES: Mapping[str, Mapping[int, str]] = {"main_control": CONTROLS, "synergy": SYNERGIES}


class MapsStore:
    """A new ``analysis.zarr``; it is whole once :meth:`close` has been called."""

    def __init__(
        self,
        path: Place,
        fields: AnnualFields,
        choices: AnalysisChoices,
        attributes: dict[str, Any],
    ) -> None:
        self._path, self._fields = path, fields
        self._labels: dict[str, tuple[str, ...]] = {
            "series": fields.series,
            "driver": tuple(PARTS),
            "layers": tuple(group.name for group in fields.groups),
        }
        about = {**attributes, "analysis": choices.model_dump_json(), "status": "unfinished"}
        self._group = create_group(path, about)
        self._known: set[str] = set()
        self._test = "F(1, n - 2)" if choices.trend == "least_squares" else "Z of Mann-Kendall"
        for name in ("lat", "lon", "lat_bounds", "lon_bounds", "cell_area", "climate_class"):
            array = fields.fluxes[name]
            self._group.add(name, [str(dim) for dim in array.dims], array.values,
                      {str(key): value for key, value in array.attrs.items()})  # fmt: skip
        for dim, labels in self._labels.items():
            self._group.add(dim, [dim], np.array(labels, dtype="U"), {"long_name": dim})

    def write(self, name: str, labels: tuple[str, ...], values: npt.NDArray[Any]) -> None:
        """A map on the land cells, at its labels (series or driver, layers; or layers alone)."""
        dims = self._dims(name)
        if name not in self._known:
            shape = (*(len(self._labels[dim]) for dim in dims), *self._fields.land.shape)
            chunks = (*(1,) * len(dims), *self._fields.land.shape)
            self._group.add_empty(name, [*dims, "lat", "lon"], shape, chunks,
                      self._about(name), values.dtype)  # fmt: skip
            self._known.add(name)
        index = [self._labels[dim].index(label) for dim, label in zip(dims, labels, strict=True)]
        missing = np.nan if values.dtype.kind == "f" else 0
        full = self._fields.on_map(values, missing)
        write_chunk(self._path / name, (*index, 0, 0), Codec.LZ4.packed(full))

    def close(self) -> None:
        """Say that everything is there."""
        self._group.say(status="finished")
        self._group.consolidate()

    def _dims(self, name: str) -> tuple[str, ...]:
        if name.startswith("trend_"):
            return ("series", "layers")
        return ("driver", "layers") if name == "relative_contribution" else ("layers",)

    def _about(self, name: str) -> dict[str, Any]:
        if name in _CLASSES:
            codes = _CLASSES[name]
            return {"long_name": name.replace("_", " "), "flag_values": list(codes),
                    "flag_meanings": " ".join(codes.values()), "units": "1"}  # fmt: skip
        if name == "relative_contribution":
            return {"long_name": "relative contribution to the trend (Eq 10)", "units": "percent"}
        statistic = name.rsplit("_", 1)[-1]
        what = next((state for state in STATES if name.startswith(state)), None)
        unit = {None: "t km-2 yr-1", "soil_moisture": "m3 m-3", "soil_temperature": "K"}[what]
        units = {"slope": f"{unit} yr-1" if what else "t km-2 yr-2", "intercept": unit}
        meaning = _STATISTICS[statistic] + (f", {self._test}" if statistic == "statistic" else "")
        of = (what or "carbon sink flux, tonnes of carbon").replace("_", " ")
        return {"long_name": f"{meaning}: {of}", "units": units.get(statistic, "1")}
