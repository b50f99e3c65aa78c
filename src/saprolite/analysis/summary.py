"""The headline numbers of a run: ``summary.json``, a unit in every key."""

from __future__ import annotations

from typing import Any

import numpy as np

from saprolite.analysis.maps import RunMaps
from saprolite.analysis.means import MeanFlux, mean_flux
from saprolite.analysis.zones import zone_rows

TOTAL = "total_Tg_C_yr-1"
MEAN_KINDS = {
    "area_weighted_valid": "mean over the area of cells with a value in every layer (headline)",
    "area_weighted_land": "mean over all land area, land without a value counted as 0",
    "unweighted_valid": "mean over cells with a value in every layer, every cell alike",
    "partial_cells": "cells with a value in some layers: in the totals, not in the means",
    "unweighted_land": "mean over all land cells, land without a value counted as 0",
}


def headline(maps: RunMaps, state: dict[str, Any]) -> dict[str, Any]:
    """Totals, shares and means of a run; every total is an area sum of the stored maps."""
    layer_totals = [maps.total(layer) for layer in maps.layers]
    total = sum(layer_totals)
    column = mean_flux(maps.column, maps.area, maps.land)
    return {
        "title": state["title"],
        "reading": state["reading_summary"],
        "period": state["period"],
        "years_used": list(maps.years),
        "notes": state["notes"],
        f"global_{TOTAL}": total,
        "depth_cm": [float(100 * maps.layer_bounds[0, 0]), float(100 * maps.layer_bounds[-1, 1])],
        "mean_flux_t_C_km-2_yr-1": _means(column),
        "what_the_means_are": MEAN_KINDS,
        "land_area_km2": float(maps.area[maps.land].sum()),
        "valid_area_km2": float(maps.area[maps.valid].sum()),
        "land_cells_count": int(maps.land.sum()),
        "valid_cells_count": int(maps.valid.sum()),
        "partial_cells_count": int(maps.partial.sum()),
        f"partial_cells_{TOTAL}": sum(
            maps.total(np.where(maps.partial, layer, np.nan)) for layer in maps.layers
        ),
        "by_layer": [
            {
                "layer": name,
                TOTAL: layer_total,
                "share_percent": _percent(layer_total, total),
                "total_per_cm_Tg_C_yr-1_cm-1": layer_total / float(100 * (bottom - top)),
                "mean_flux_t_C_km-2_yr-1": _means(mean_flux(layer, maps.area, maps.land)),
            }
            for name, layer_total, (top, bottom), layer in zip(
                maps.layer_names, layer_totals, maps.layer_bounds, maps.layers, strict=True
            )
        ],
        "by_mineral": [
            {"mineral": name, TOTAL: value, "share_percent": _percent(value, total)}
            for name, value in zip(maps.minerals, _mineral_totals(maps), strict=True)
        ],
        "by_climate_group": [
            {
                "climate_group": row.name,
                TOTAL: row.total,
                "share_percent": _percent(row.total, total),
                "land_area_km2": row.land_area,
                "valid_area_km2": row.valid_area,
                "coverage_percent": _percent(row.valid_area, row.land_area),
                "mean_flux_t_C_km-2_yr-1": _means(row.means),
            }
            for row in zone_rows(maps)
        ],
        f"annual_{TOTAL}": {
            str(year): float(values.sum())
            for year, values in zip(maps.years, maps.annual, strict=True)
        },
        "trends": maps.trends,
        "missing_inputs_by_cause": state["missing_inputs_by_cause"],
        "counts_of_clipped_values": state["counts_of_clipped_values"],
        "unverified_numbers": state["unverified_numbers"],
        "numbers_with_a_warning": state["numbers_with_a_warning"],
    }


def _mineral_totals(maps: RunMaps) -> list[float]:
    return [sum(maps.total(layer) for layer in mineral) for mineral in maps.by_mineral]


def _means(means: MeanFlux) -> dict[str, float]:
    return dict(means._asdict())


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else float(np.nan)
