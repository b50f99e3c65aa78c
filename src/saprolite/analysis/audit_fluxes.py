"""Audit of the stores: fluxes times areas, experiments and contributions, units, valid ranges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.annual import CONTROL, FLUX
from saprolite.analysis.audit_rows import (
    CLOSE,
    CLOSE_FLOAT32,
    Row,
    agree,
    not_applicable,
    nothing_wrong,
    within,
)
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.analysis.summary import TOTAL
from saprolite.analysis.trend_maps import T_PER_TG
from saprolite.variables import REGISTRY

Array = npt.NDArray[np.float64]
_TG, _FLUX_UNIT = "Tg C yr-1", "t C km-2 yr-1"
EXPERIMENTS, CONTRIBUTIONS = "carbon_sink_flux_by_experiment", "carbon_sink_contribution"
# Units of stored variables that are no variables of the registry. A trend is per year and year.
_UNITS = {
    "carbon_sink_total": "Tg yr-1", EXPERIMENTS: "t km-2 yr-1", CONTRIBUTIONS: "t km-2 yr-1",
    "trend_slope": "t km-2 yr-2", "column_trend_slope": "t km-2 yr-2",
    "trend_intercept": "t km-2 yr-1", "relative_contribution": "percent",
    "soil_moisture_trend_slope": "m3 m-3 yr-1", "soil_temperature_trend_slope": "K yr-1",
    "soil_moisture_trend_intercept": "m3 m-3", "soil_temperature_trend_intercept": "K",
    "trend_p": "1", "column_trend_p": "1", "trend_F": "1", "column_trend_F": "1",
    "trend_statistic": "1", "depth_bounds": "m", "lat": "degrees_north", "lon": "degrees_east",
}  # fmt: skip
# Same variable, other name: the range of one is the range of the other.
_LIKE = {EXPERIMENTS: FLUX}
# Values in memory at a time.
_VALUES = 8_000_000
_PROBABILITIES = ("trend_p", "column_trend_p", "soil_moisture_trend_p", "soil_temperature_trend_p")


def flux_checks(run: RunOutputs) -> list[Row]:
    """Checks of the stored fluxes against totals and against one another."""
    return [*_totals(run), *_minerals(run), *_experiments(run)]


def store_checks(run: RunOutputs) -> list[Row]:
    """Checks of units and valid ranges of everything stored."""
    stores = {"fluxes": run.fluxes, "inputs": run.inputs, "analysis": run.maps}
    known = {name: store for name, store in stores.items() if store is not None}
    rows = [_units(known)]
    for name, store in known.items():
        rows += _ranges(name, store)
    return rows


def cells_with_gaps(fluxes: xr.Dataset) -> int:
    """Cells that have a flux in some of their layers and years, but not in all."""
    used = fluxes.attrs["years_used"]
    some = np.zeros(fluxes["cell_area"].shape, bool)
    every = np.ones_like(some)
    for year in used:
        known = np.isfinite(fluxes[FLUX].sel(year=year).values)
        some |= known.any(axis=0)
        every &= known.all(axis=0)
    return int((some & ~every).sum()) if used else 0


def _totals(run: RunOutputs) -> list[Row]:
    fluxes, used = run.fluxes, run.fluxes.attrs["years_used"]
    if not used:
        return [not_applicable("fluxes times areas are the totals", "no year with a value")]
    area = fluxes["cell_area"].values
    found = np.array(
        [np.nansum(fluxes[FLUX].sel(year=year).values * area, axis=(1, 2)) for year in used]
    ) / T_PER_TG  # fmt: skip
    years = [str(year) for year in used]
    annual = run.tables["annual"].set_index("year").iloc[:, :-1]
    land = float(area[fluxes["land"].values > 0].sum())
    rows = [
        agree("cell areas of land sum to the land area", land, run.summary["land_area_km2"], "km2"),
        agree("fluxes times areas are the annual totals of layers", found,
              annual.loc[used].to_numpy(), _TG,
              labels=[f"{year} {layer}" for year in years for layer in annual.columns]),
    ]  # fmt: skip
    if "carbon_sink_total" in fluxes:
        series = fluxes["carbon_sink_total"].sel(year=used, series=CONTROL).values
        check = "fluxes times areas are the stored annual series"
        rows.append(agree(check, found.sum(axis=1), series, _TG, labels=years))
    gaps = cells_with_gaps(fluxes)
    check = "the mean of the annual totals is the total"
    if gaps:
        why = f"{gaps} cells lack some years or layers: in annual totals, not in the mean map"
        return [*rows, not_applicable(check, why)]
    whole = run.summary[f"global_{TOTAL}"]
    return [*rows, agree(check, found.sum(axis=1).mean(), whole, _TG)]


def _minerals(run: RunOutputs) -> list[Row]:
    fluxes, used = run.fluxes, run.fluxes.attrs["years_used"]
    check = "minerals sum to the flux of every cell and layer"
    if not used:
        return [not_applicable(check, "no year with a value")]
    mean = np.zeros(fluxes[FLUX].shape[1:])
    for year in used:
        mean += fluxes[FLUX].sel(year=year).values
    mean /= len(used)
    by_mineral = np.zeros_like(mean)
    for mineral in range(fluxes.sizes["mineral"]):
        by_mineral += fluxes["carbon_sink_flux_by_mineral"][mineral].values
    return [agree(check, by_mineral, mean, _FLUX_UNIT, tolerance=_tolerance(fluxes[FLUX]))]


def _experiments(run: RunOutputs) -> list[Row]:
    """Each experiment is the control in its base year; the contributions are what it changed by."""
    fluxes = run.fluxes
    rows = []
    for name, check in (
        (EXPERIMENTS, "experiments equal the control in their base year"),
        (CONTRIBUTIONS, "contributions sum to the control less its base year"),
    ):
        if name not in fluxes:
            rows.append(not_applicable(check, f"the run has no {name}"))
            continue
        base = int(fluxes[name].attrs.get("base_year", 0))
        if base not in fluxes["year"].values:
            rows.append(not_applicable(check, f"its base year is {base}, not one of the run"))
            continue
        start = fluxes[FLUX].sel(year=base).values
        pairs = _base(fluxes, start, base) if name == EXPERIMENTS else _sum(fluxes, start)
        rows.append(_worst(check, pairs, _tolerance(fluxes[name])))
    return rows


def _base(fluxes: xr.Dataset, start: Array, base: int) -> Iterator[tuple[str, Array, Array]]:
    for experiment in fluxes["experiment"].values:
        there = fluxes[EXPERIMENTS].sel(experiment=experiment, year=base).values
        yield str(experiment), there, start


def _sum(fluxes: xr.Dataset, start: Array) -> Iterator[tuple[str, Array, Array]]:
    for year in fluxes.attrs["years_used"]:
        there = fluxes[CONTRIBUTIONS].sel(year=year).values
        yield str(year), start + there.sum(axis=0), fluxes[FLUX].sel(year=year).values


def _worst(check: str, pairs: Iterator[tuple[str, Array, Array]], tolerance: float) -> Row:
    """The first row that fails, or the last: one pair of maps in memory at a time."""
    row = not_applicable(check, "no year with a value")
    for label, found, expected in pairs:
        row = agree(check, found, expected, _FLUX_UNIT, tolerance=tolerance, note=label)
        if row.status == "failed":
            break
    return row


def _tolerance(array: xr.DataArray) -> float:
    return CLOSE_FLOAT32 if array.dtype == np.float32 else CLOSE


def _units(stores: dict[str, xr.Dataset]) -> Row:
    wrong, total = [], 0
    for name, store in stores.items():
        for label, array in store.variables.items():
            if array.dtype.kind in "OTUSM":
                continue
            total += 1
            key = str(label)
            unit = array.attrs.get("units", "")
            asked = _UNITS.get(key) or (REGISTRY[key].unit if key in REGISTRY else None)
            if (not unit or (asked and unit != asked)) and not key.startswith("month"):
                wrong.append(f"{name}.zarr {key}: {unit or 'no unit'}, not {asked or 'a unit'}")
    return nothing_wrong("units of every stored variable", wrong, total, "those of its kind", "X07")


def _ranges(name: str, store: xr.Dataset) -> list[Row]:
    rows = []
    for label in store.data_vars:
        key = str(label)
        variable = REGISTRY.get(_LIKE.get(key, key))
        check = f"valid range: {name}.zarr {key}"
        if key in _PROBABILITIES:
            rows.append(within(check, _extremes(store[key]), 0.0, 1.0, "1"))
        elif key == "relative_contribution" and '"summed_trends"' in store.attrs["analysis"]:
            rows.append(within(check, _extremes(store[key]), -100.0, 100.0, "%", finding="X33"))
        elif variable is not None:
            rows.append(within(check, _extremes(store[key]), *variable.valid_range, variable.unit))
    return rows


def _extremes(array: xr.DataArray) -> list[float]:
    """Least and greatest value, a part of the first dimension in memory at a time."""
    low, high = np.inf, -np.inf
    step = max(1, _VALUES * array.shape[0] // max(1, array.size))
    for first in range(0, array.shape[0], step):
        values = array[first : first + step].values
        known = values[np.isfinite(values)]
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    return [low, high] if low <= high else []
