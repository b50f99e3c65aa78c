"""HWSD v2.0: a raster of map units (``HWSD2.bil``, 30 seconds) and the table of their soils.

Quirks: a unit holds up to twelve soils (``SEQUENCE``) with shares in percent (``SHARE``); seven
layers D1 to D7; texture in whole percent of the fine earth, ``BULK`` and ``REF_BULK`` in g cm-3;
-1 to -9 in all properties of a layer stand for what is not soil (-7 rock under a shallow soil, -1
water, -9 ice and built land). The table comes in an Access file and must be exported once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import Array, StaticField
from saprolite.sources.hwsd_table import HORIZONS, LAYER_NAMES, Soils, read_soils
from saprolite.sources.rasters import means_of_bands, opened_geographic, require_values

RASTER = "HWSD2.bil"
OUTSIDE = 65535
DENSITIES = {"bulk": "BULK", "reference": "REF_BULK"}
_WHAT = "the raster of map units of HWSD v2.0"
_TEXTURE = {"clay": "CLAY", "silt": "SILT", "sand": "SAND"}
_MOST_UNKNOWN = 0.05  # share of the mapped cells whose unit the table lacks


def read_hwsd_texture(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """Clay, silt and sand of the seven layers, mass fractions, means over the soil of the cells.

    ``folder`` holds ``HWSD2.bil`` with its header and ``HWSD2_LAYERS.csv``. Each soil of a unit
    counts by its share; what is not soil does not count.
    """
    return _read(folder, _TEXTURE, target, valid_share)


def read_hwsd_density(
    folder: Path,
    target: Grid,
    valid_share: float = 0.5,
    density: Literal["bulk", "reference"] = "bulk",
) -> StaticField:
    """Bulk density of the seven layers, kg m-3, means over the soil of the cells.

    ``bulk``: the column ``BULK``; ``reference``: ``REF_BULK``, higher by a quarter.
    """
    return _read(folder, {"bulk_density": DENSITIES[density]}, target, valid_share)


def _read(
    folder: Path, columns: Mapping[str, str], target: Grid, valid_share: float
) -> StaticField:
    path = folder / RASTER
    problems: list[Problem] = []
    soils: Soils | None = None
    raster: Any = None
    with ExitStack() as stack:
        try:
            soils = read_soils(folder, tuple(columns.values()))
        except InputError as error:
            problems += error.problems
        try:
            raster = stack.enter_context(opened_geographic(path, _WHAT))
        except InputError as error:
            problems += error.problems
        if raster is not None and not np.issubdtype(raster.dtypes[0], np.integer):
            problems.append(
                Problem(
                    str(path),
                    f"{raster.dtypes[0]} numbers",
                    "whole numbers of map units",
                    "give the published raster",
                )
            )
        raise_if_any(InputError, "HWSD cannot be used", problems)
        assert soils is not None
        means, notes = _layers(raster, soils, columns, target, valid_share, str(path))
    require_values(str(path), means[0], target)
    filled, extended = _extended_down(means)
    if extended:
        notes += (f"{', '.join(columns)}: {extended} cells with rock below their soil; the layers "
                  "there take the values of the deepest soil",)  # fmt: skip
    values = dict(zip(columns, np.moveaxis(filled, 1, 0), strict=True))
    dataset = fields_of(values, target, ("horizon", "lat", "lon"))
    return StaticField(dataset, HORIZONS, "hwsd", (path, soils.path), notes)


def _layers(
    raster: Any,
    soils: Soils,
    columns: Mapping[str, str],
    target: Grid,
    valid_share: float,
    where: str,
) -> tuple[Array, tuple[str, ...]]:
    """Means (layer, property, lat, lon) over the soil, and what a user must know of them."""
    seen = _Seen(soils, raster.nodata)
    means = []
    for layer in range(len(LAYER_NAMES)):
        soil = soils.soil[layer]
        parts = [soils.amount[column][layer] for column in columns.values()]
        # NaN where the unit holds no soil in this layer: the ratio of means is a mean over soil.
        table = np.where(soil > 0.0, np.stack([*parts, soil]), np.nan)

        def fields(
            stored: list[npt.NDArray[Any]], table: Array = table, first: bool = layer == 0
        ) -> Array:
            units = seen.units(stored[0], first)
            values = table[:, np.where(units < 0, 0, units)]
            values[:, units < 0] = np.nan
            return values

        amount = means_of_bands([raster], target, valid_share, fields, where)
        if amount.shape[0] == 1:  # the map and the study do not meet
            amount = np.full((len(parts) + 1, *target.shape), np.nan)
        means.append(amount[:-1] / amount[-1])
    seen.refuse_another_table(where)
    return np.stack(means), seen.notes()


class _Seen:
    """The map units that the raster holds, by number of cells."""

    def __init__(self, soils: Soils, nodata: float | None) -> None:
        self._soils = soils
        self._nodata = nodata
        self._count = np.zeros(OUTSIDE + 1, np.int64)

    def units(self, stored: npt.NDArray[Any], counting: bool) -> npt.NDArray[np.int64]:
        """Numbers of known units, -1 elsewhere."""
        units = stored.astype(np.int64)
        outside = (units <= 0) | (units >= OUTSIDE) | (stored == self._nodata)
        if counting:
            self._count += np.bincount(units[~outside].ravel(), minlength=OUTSIDE + 1)
        outside |= units >= self._soils.known.size
        units[outside] = -1
        units[~self._soils.known[units]] = -1
        return units

    @property
    def _known(self) -> npt.NDArray[np.int64]:
        """Cells of the units of the table."""
        size = self._soils.known.size
        padded = np.pad(self._count, (0, max(0, size - self._count.size)))[:size]
        return np.where(self._soils.known, padded, 0)

    def refuse_another_table(self, where: str) -> None:
        """Raise if the table lacks many units of the raster: they are of two versions."""
        total, known = int(self._count.sum()), int(self._known.sum())
        if total - known > _MOST_UNKNOWN * total:
            raise InputError(
                "HWSD cannot be used (1 problem)",
                [Problem(where, f"{100.0 * (1.0 - known / total):.1f} % of its cells hold map "
                         f"units that {self._soils.path.name} lacks",
                         f"at most {100.0 * _MOST_UNKNOWN:g} %",
                         "give the raster and the table of one version of HWSD")],
            )  # fmt: skip

    def notes(self) -> tuple[str, ...]:
        """Share of what is not soil, and of soils that the table does not tell, by cells."""
        known = self._known
        total, unknown = int(known.sum()), int(self._count.sum() - known.sum())
        if not total:
            return ()
        other = 100.0 * float(known @ self._soils.other[0]) / total
        untold = 100.0 * float(known @ (1.0 - self._soils.soil[0] - self._soils.other[0])) / total
        notes = [f"HWSD: {other:.1f} % of the mapped cells is not soil at the surface"]
        if untold > 0.05:
            notes.append(f"HWSD: the table does not tell the soil of {untold:.1f} % of them")
        if unknown:
            notes.append(f"HWSD: {unknown} cells hold map units that the table lacks")
        return tuple(notes)


def _extended_down(means: Array) -> tuple[Array, int]:
    """Layers without soil below a layer with soil take its values; how many cells that are."""
    filled = means.copy()
    for layer in range(1, len(filled)):
        filled[layer] = np.where(np.isfinite(filled[layer]), filled[layer], filled[layer - 1])
    changed = np.isfinite(filled[:, 0]) & ~np.isfinite(means[:, 0])
    return filled, int(changed.any(axis=0).sum())
