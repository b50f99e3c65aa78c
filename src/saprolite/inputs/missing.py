"""Why a land cell has no result: one bit per cause, counted in the run report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.sources.forcing import ForcingYear

CAUSES = ("land_ice", "forcing", "texture", "bulk_density", "minerals", "thickness")
# A soil column besides: an input of its own is missing, or a layer has no steady state.
COLUMN_CAUSES = (*CAUSES, "column", "no_solution")

Flags = npt.NDArray[np.uint8]


def flags(masks: Mapping[str, npt.NDArray[np.bool_]]) -> Flags:
    """Bits of the causes of each cell, from one mask per cause, in the order of the causes.

    >>> masks = {cause: np.array([cause == "texture", False]) for cause in CAUSES}
    >>> flags(masks)
    array([4, 0], dtype=uint8)
    """
    result = np.zeros(next(iter(masks.values())).shape, np.uint8)
    for bit, mask in enumerate(masks.values()):
        result |= mask.astype(np.uint8) << bit
    return result


def complete_cells(*arrays: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Cells (last axis) where every value of every array is present.

    >>> complete_cells(np.array([[1.0, np.nan], [1.0, 1.0]]), np.array([1.0, 1.0]))
    array([ True, False])
    """
    result = np.ones(arrays[0].shape[-1], bool)
    for array in arrays:
        result &= np.isfinite(array).reshape(-1, array.shape[-1]).all(axis=0)
    return result


def gaps(values: ForcingYear) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Cells with every value of every field, and where one field lacks what another one has.

    A field with a hole of its own is worth a word: where all lack, there is no land.

    >>> wet = np.array([[[0.2, 0.2, np.nan], [0.2, np.nan, np.nan]]])
    >>> gaps(ForcingYear(wet, wet[:, :1], wet[:, 0]))
    (array([ True, False, False]), ['soil_moisture of layer 2 lacks 1 cells that others have'])
    """
    complete = {}
    for name, field in values._asdict().items():
        if field.ndim == 2:
            complete[name] = complete_cells(field)
            continue
        for layer in range(field.shape[1]):
            complete[f"{name} of layer {layer + 1}"] = complete_cells(field[:, layer])
    everything, anything = (
        reduce(joined, complete.values()) for joined in (np.logical_and, np.logical_or)
    )
    found = []
    for name, mask in complete.items():
        lacking = int((anything & ~mask).sum())
        if lacking:
            found.append(f"{name} lacks {lacking} cells that others have")
    return everything, found


def counts(
    missing: Flags, area: npt.NDArray[np.float64], causes: Sequence[str] = CAUSES
) -> dict[str, dict[str, float]]:
    """Cells, area (km2) and share of the land area for each cause, for any cause and for none.

    A cell that misses two inputs counts under both causes and once under ``any``.
    """
    land = float(area.sum())

    def row(mask: npt.NDArray[np.bool_]) -> dict[str, float]:
        size = float(area[mask].sum())
        return {
            "cells": int(mask.sum()),
            "area_km2": size,
            "share_of_land_area_percent": 100.0 * size / land,
        }

    report = {cause: row((missing & np.uint8(1 << bit)) > 0) for bit, cause in enumerate(causes)}
    report["any"] = row(missing > 0)
    report["none"] = row(missing == 0)
    return report
