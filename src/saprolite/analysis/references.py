"""Values of other studies, each with its source, and a run beside them: Table 1, ratio tables.

The own value of every row is computed from the run; how it is weighted and how deep it reaches is
in the row. What the manuscript prints in its place stands beside it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from saprolite import equations as eq
from saprolite.analysis.maps import Array, RunMaps, read_maps
from saprolite.analysis.means import mean_flux
from saprolite.analysis.sites import equivalents_per_co2, half_diagonal_km, parts_above
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid.nearest import nearest_points

Flags = npt.NDArray[np.bool_]
_TG_PER_PG = 1e3
_CM_PER_M = 100.0
_TOTAL, _FLUX, _RATE = "Pg C yr-1", "t C km-2 yr-1", "eq ha-1 yr-1"
_TREND, _FLUX_TREND = "Tg C yr-2", "t C km-2 yr-2"
_TABLE_1 = (
    ("soil_andrews", "own_soil"),
    ("silicate_zhang", "own_soil"),
    ("rocks_xi", "own_soil"),
    ("loess_godderis", "own_loess"),
    ("silicate_flux_zhang", "own_flux"),
    ("forest_sweden", "own_sweden"),
    ("vastra_torup", "own_vastra_torup"),
    ("hissmossa", "own_hissmossa"),
)
_COMPARISONS = {
    "CMP-01": (
        ("rocks_xi", "own_soil"),
        ("rocks_hartmann", "own_soil"),
        ("imbalance_low", "own_soil"),
        ("imbalance_high", "own_soil"),
        ("silicate_zhang", "own_soil"),
        ("soil_andrews", "own_soil"),
    ),
    "CMP-02": (
        ("rocks_trend_xi", "own_trend"),
        ("carbonate_trend_xi", "own_trend"),
        ("silicate_flux_trend_zhang", None),
    ),
    "CMP-03": _TABLE_1[3:4] + _TABLE_1[5:],
}


@dataclass(frozen=True)
class OwnValue:
    """A number of the run, how it was made, and the depth that it counts."""

    value: float
    unit: str
    how: str
    depth: str


def references() -> pd.DataFrame:
    """The values of other studies, by ``id``: range, unit, source, citation, confidence.

    >>> found = references()
    >>> float(found.loc["rocks_xi", "low"]), found.loc["rocks_xi", "source"]
    (0.32, 'manuscript Table 1 (l. 329)')
    """
    return _packaged("references.csv").set_index("id")


@cache
def _packaged(name: str) -> pd.DataFrame:
    text = resources.files("saprolite.analysis").joinpath("data", name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return pd.read_csv(io.StringIO("\n".join(lines)), keep_default_na=False)


def table_1(fluxes: xr.Dataset, depth_cm: float) -> pd.DataFrame:
    """Table 1: a run beside eight results of other studies.

    ``depth_cm``: depth of the weathering rates in equivalents (Sweden and its two sites), which the
    manuscript does not state; carbon sinks and their fluxes are of the whole column. Raises
    ``InputError`` for a depth that the run does not have.
    """
    return _beside(_TABLE_1, _Own(fluxes, depth_cm))


def comparisons(fluxes: xr.Dataset, depth_cm: float) -> pd.DataFrame:
    """The ratios of the manuscript's text (CMP-01 to CMP-03), every denominator in a row of its
    own; ``depth_cm`` as in :func:`table_1`."""
    own = _Own(fluxes, depth_cm)
    tables = [_beside(pairs, own).assign(comparison=name) for name, pairs in _COMPARISONS.items()]
    table = pd.concat(tables, ignore_index=True)
    return table[["comparison", *(name for name in table if name != "comparison")]]


def _beside(pairs: tuple[tuple[str, str | None], ...], own: _Own) -> pd.DataFrame:
    known: dict[str, dict[str, Any]] = {
        str(name): dict(row) for name, row in references().iterrows()
    }
    rows = []
    for reference, printed in pairs:
        item = known[reference]
        found = own.like(item)
        low, high = float(item["low"]), float(item["high"])
        ends = sorted((found.value / low, found.value / high))
        rows.append(
            {
                "quantity": item["quantity"],
                "object": item["object"],
                "region": item["region"],
                "unit": item["unit"],
                "this_run": found.value,
                "weighting": found.how,
                "depth": found.depth,
                "other_low": low,
                "other_high": high,
                "ratio_low_1": ends[0],
                "ratio_high_1": ends[1],
                "printed_in_manuscript": float(known[printed]["low"]) if printed else np.nan,
                "reference": item["citation"],
                "period": item["period"],
                "source": item["source"],
                "confidence": item["confidence"],
                "note": item["note"],
            }
        )
    return pd.DataFrame(rows)


class _Own:
    """What a run has to set beside a reference."""

    def __init__(self, fluxes: xr.Dataset, depth_cm: float) -> None:
        self._maps = read_maps(fluxes)
        self._fluxes = fluxes
        bottom = _CM_PER_M * float(self._maps.layer_bounds[-1, 1])
        if not 0.0 < depth_cm <= bottom:
            raise InputError(
                "The run cannot be compared (1 problem)",
                [Problem("depth", f"{depth_cm:g} cm", f"above 0 to {bottom:g} cm, the run's depth",
                         f"--depth-cm {min(50.0, bottom):g}")],
            )  # fmt: skip
        self._depth_cm = depth_cm

    def like(self, item: Mapping[str, Any]) -> OwnValue:
        """The run's value of the kind of a reference, in its unit and region."""
        unit, region = str(item["unit"]), str(item["region"])
        if unit == _TOTAL:
            total = sum(self._maps.total(layer) for layer in self._maps.layers)
            return OwnValue(total / _TG_PER_PG, unit, "area sum over all cells with a value",
                            self._maps.depth_name)  # fmt: skip
        if unit == _TREND:
            return self._trend("trend_Tg_C_yr-2", unit)
        if unit == _FLUX_TREND:
            return self._flux_trend(unit)
        if unit == _FLUX:
            return self._mean(region, self._maps.column, unit, self._maps.depth_name)
        equivalents, _ = equivalents_per_co2(self._fluxes)
        parts = parts_above(self._maps.layer_bounds, np.array([self._depth_cm / _CM_PER_M]))[0]
        carbon = np.tensordot(parts, self._maps.layers, axes=1)
        rate = np.asarray(equivalents * eq.equivalents_from_carbon(carbon))
        return self._mean(region, rate, unit, f"0-{self._depth_cm:g} cm")

    def _trend(self, column: str, unit: str) -> OwnValue:
        rows = self._maps.trends
        value = float(rows[0][column]) if rows else float("nan")
        how = "slope of the annual totals" if rows else "the run has no trends (too few years)"
        return OwnValue(value, unit, how, self._maps.depth_name)

    def _flux_trend(self, unit: str) -> OwnValue:
        if "column_trend_slope" not in self._fluxes:
            return OwnValue(float("nan"), unit, "the run has no trends (too few years)",
                            self._maps.depth_name)  # fmt: skip
        slope = self._fluxes["column_trend_slope"].sel(series="control").values
        mean = mean_flux(slope, self._maps.area, self._maps.land).area_weighted_valid
        how = "mean of the map of slopes, weighted by area, over cells with a value"
        return OwnValue(mean, unit, how, self._maps.depth_name)

    def _mean(self, region: str, values: Array, unit: str, depth: str) -> OwnValue:
        chosen, how = _where(region, self._maps, values)
        means = mean_flux(np.where(chosen, values, np.nan), self._maps.area, chosen)
        if region == "global":
            plain = mean_flux(values, self._maps.area, self._maps.land).unweighted_land
            how += f"; {plain:.4g} unweighted over all land cells, no value counted as 0"
        return OwnValue(means.area_weighted_valid, unit, how, depth)


def _where(region: str, maps: RunMaps, values: Array) -> tuple[Flags, str]:
    """The cells of a region or the one of a site, as a mask, and what they are in words."""
    valid = np.isfinite(values)
    if region == "global":
        return maps.land, "mean weighted by area over cells with a value"
    boxes = _packaged("regions.csv")
    boxes = boxes[boxes["region"] == region]
    raise_if_any(InputError, "A region of the references is not known", [] if len(boxes) else [
        Problem(region, "no box", "a row in regions.csv", "add it")])  # fmt: skip
    first = boxes.iloc[0]
    confidence = f"{first['source']}, confidence {first['confidence']}"
    chosen = np.zeros(valid.shape, bool)
    if first["south"] == first["north"]:
        rows, columns = np.nonzero(valid)
        index, distance = nearest_points(
            np.array([first["south"]]), np.array([first["west"]]), maps.lat[rows], maps.lon[columns]
        ) if rows.size else (np.zeros(1, int), np.full(1, np.inf))  # fmt: skip
        if distance[0] > half_diagonal_km(maps):
            return chosen, f"no cell with a value at {region} ({confidence})"
        chosen[rows[index[0]], columns[index[0]]] = True
        return chosen, f"the cell {distance[0]:.0f} km from {region} ({confidence})"
    for south, north, west, east in boxes[["south", "north", "west", "east"]].to_numpy(float):
        inside = (maps.lat >= south) & (maps.lat < north)
        chosen |= inside[:, None] & ((maps.lon >= west) & (maps.lon < east))[None, :]
    number = int((chosen & valid).sum())
    return chosen & maps.land, f"mean weighted by area over {number} cells ({confidence})"
