"""Tables by latitude: the flux, its trend and what drives it, with maxima, minima and crossings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.by_latitude import features_of, row_coverage, row_means, row_sums
from saprolite.analysis.layer_groups import summed
from saprolite.analysis.trend_maps import KG_PER_T, T_PER_TG

Array = npt.NDArray[np.float64]
_LATITUDE = "latitude_degrees_north"


def flux_by_latitude(
    fields: AnnualFields, control: npt.NDArray[np.floating]
) -> dict[str, pd.DataFrame]:
    """Areas, coverage, total and mean flux of every row of the grid; features of the column's."""
    if not len(control):
        return {}
    mean = control.mean(axis=0, dtype=np.float64)
    by_group = {group.name: summed(mean, group) for group in fields.groups}
    column = by_group[fields.groups[-1].name]
    amount = np.where(np.isfinite(mean), mean, 0.0).sum(axis=0)
    table = pd.DataFrame(
        {_LATITUDE: fields.fluxes["lat"].values,
         "land_area_km2": row_sums(fields, np.ones_like(column)),
         "valid_area_km2": row_sums(fields, np.isfinite(column).astype(np.float64)),
         "coverage_of_land_1": row_coverage(fields, column),
         "total_Tg_C_yr-1": row_sums(fields, amount) / T_PER_TG,
         **{f"mean_flux_{name}_t_C_km-2_yr-1": row_means(fields, flux)
            for name, flux in by_group.items()}}
    )  # fmt: skip
    features = _features(fields, row_means(fields, column), "mean_flux", "t_C_km-2_yr-1")
    return {"flux_by_latitude": table, "latitude_features": features}


def trend_by_latitude(fields: AnnualFields, slopes: Mapping[str, Array]) -> dict[str, pd.DataFrame]:
    """Mean slope of every row of the grid by group of layers; features of the column's."""
    by_group = {name: KG_PER_T * row_means(fields, values) for name, values in slopes.items()}
    column = fields.groups[-1].name
    table = pd.DataFrame(
        {_LATITUDE: fields.fluxes["lat"].values,
         "coverage_of_land_1": row_coverage(fields, slopes[column]),
         **{f"mean_slope_{name}_kg_C_km-2_yr-2": values for name, values in by_group.items()}}
    )  # fmt: skip
    features = _features(fields, by_group[column], "mean_slope", "kg_C_km-2_yr-2")
    return {"trend_by_latitude": table, "trend_latitude_features": features}


def contributions_by_latitude(
    fields: AnnualFields, profiles: Mapping[tuple[str, str], Array]
) -> dict[str, pd.DataFrame]:
    """Mean relative contribution of every row, by (driver, layers); features of the column's."""
    column = fields.groups[-1].name
    table = pd.DataFrame(
        {_LATITUDE: fields.fluxes["lat"].values}
        | {f"{driver} {layers} percent": values for (driver, layers), values in profiles.items()}
    )
    features = [
        _features(fields, values, "mean_contribution", "percent").assign(driver=driver)
        for (driver, layers), values in profiles.items()
        if layers == column
    ]
    return {
        "relative_contributions_by_latitude": table,
        "relative_contribution_latitude_features": pd.concat(features, ignore_index=True),
    }


def _features(fields: AnnualFields, profile: Array, name: str, unit: str) -> pd.DataFrame:
    found = features_of(fields.fluxes["lat"].values, profile)
    return found.rename(columns={"value": f"{name}_{unit}", "prominence": f"prominence_{unit}"})
