"""Audit of ``analysis/``: slopes, drivers, contributions and classes that must add up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from saprolite.analysis.annual import CONTROL
from saprolite.analysis.audit_fluxes import cells_with_gaps
from saprolite.analysis.audit_rows import (
    CLOSE_FLOAT32,
    Row,
    agree,
    not_applicable,
    nothing_wrong,
    within,
)
from saprolite.analysis.audit_tables import area_row, thickness_cm
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.analysis.trend_maps import KG_PER_T, T_PER_TG

_SLOPE, _TOTAL = "slope_of_total_Tg_C_yr-2", "total_Tg_C_yr-1"
_TG, _TG2 = "Tg C yr-1", "Tg C yr-2"
_HERE = ["kind", "area", "layers"]
_MEDIANS = "medians of pairs do not add up"
_PERCENT = ("area_percent", "cells_percent", "coverage_percent")
_NO_UNIT = {"statistic", "critical_statistic", "p", "alpha", "F"}
_UNIT_ENDS = ("percent", "_yr-1", "_yr-2", "_cm-1", "_km2", "_count", "_north", "_1", "_kg_m-3",
              "_m", "_K", "_unit")  # fmt: skip


def analysis_checks(run: RunOutputs) -> list[Row]:
    """Checks of the tables of ``saprolite analyse``."""
    if not run.analysis:
        return [not_applicable("tables of the analysis", "the run has not been analysed")]
    rows = _areas(run.analysis["areas"], run.summary["partial_cells_count"])
    rows += _trends(run) if "trends" in run.analysis else []
    rows += _drivers(run.analysis["drivers"], _choices(run)) if "drivers" in run.analysis else []
    if "relative_contributions" in run.analysis:
        rows += _classes(run.analysis)
    return [*rows, *_masked(run.analysis), *_shares(run.analysis), _columns(run)]


def _areas(areas: pd.DataFrame, partial: int) -> list[Row]:
    names = _labels(areas)
    single = areas[areas["layers"].isin(_layers(areas))] if partial else areas
    labels = _labels(single)
    rows = [
        *_additive(areas, _TOTAL, _TG, "totals"),
        agree("areas: total per cm times thickness is the total",
              areas["total_per_cm_Tg_C_yr-1_cm-1"] * thickness_cm(areas["layers"].tolist()),
              areas[_TOTAL], _TG, labels=names, finding="X30"),
        agree("areas: coverage is valid over land area",
              areas["coverage_percent"] * areas["land_area_km2"] / 100.0,
              areas["valid_area_km2"].where(areas["land_area_km2"] > 0.0), "km2", labels=names,
              finding="X04"),
    ]  # fmt: skip
    for kind in ("valid", "land"):
        mean = single[f"mean_flux_area_weighted_{kind}_t_C_km-2_yr-1"]
        check = f"areas: area implied by the area weighted {kind} means"
        stated = single[f"{kind}_area_km2"]
        rows.append(area_row(check, single[_TOTAL], mean, stated, labels, "X02"))
    return rows


def _trends(run: RunOutputs) -> list[Row]:
    trends = run.analysis["trends"]
    choices = _choices(run)
    rows: list[Row] = []
    if choices["trend"] == "least_squares":
        rows += _additive(trends, _SLOPE, _TG2, "slopes", finding="X06", by=["series"])
        rows.append(_slope_of_the_map(run, trends))
        rows.append(_slopes_of_the_run(run, trends))
    else:
        rows.append(not_applicable("slopes are additive", _MEDIANS, "X06"))
    labels = _labels(trends)
    both = trends["rising_area_percent"] + trends["falling_area_percent"]
    rows.append(within("rising and falling area together", both, 0.0, 100.0, "%", labels=labels,
                       finding="X09"))  # fmt: skip
    for word in ("rising", "falling"):
        less = trends[f"{word}_area_percent"] - trends[f"{word}_significantly_area_percent"]
        rows.append(within(f"{word} area less {word} significantly", less, 0.0, 100.0, "%",
                           labels=labels, finding="X09"))  # fmt: skip
    return rows


def _slopes_of_the_run(run: RunOutputs, trends: pd.DataFrame) -> Row:
    check = "slopes of the analysis are those of the run"
    if "trends" not in run.tables:
        return not_applicable(check, "the run has no trends of its own")
    own = run.tables["trends"].set_index("series")["trend_Tg_C_yr-2"]
    column = trends[(trends["kind"] == "globe") & (trends["layers"] == _column(trends))]
    theirs = column.set_index("series")[_SLOPE].reindex(own.index)
    return agree(check, theirs, own, _TG2, labels=own.index.tolist(), tolerance=CLOSE_FLOAT32)


def _slope_of_the_map(run: RunOutputs, trends: pd.DataFrame) -> Row:
    check = "mean slope times its area is the slope of the total"
    gaps = cells_with_gaps(run.fluxes)
    if gaps:
        return not_applicable(check, f"{gaps} cells lack layers or years: no slope there", "X05")
    known = trends[trends["area_km2"] > 0.0]
    amount = known["mean_slope_area_weighted_kg_C_km-2_yr-2"] * known["area_km2"]
    return agree(check, amount / (KG_PER_T * T_PER_TG), known[_SLOPE], _TG2, labels=_labels(known),
                 finding="X05", tolerance=1e-8)  # fmt: skip


def _drivers(drivers: pd.DataFrame, choices: dict[str, Any]) -> list[Row]:
    labels = _labels(drivers)
    rows = []
    control = drivers[f"{CONTROL}_Tg_C_yr-2"]
    parts = [f"{name}_Tg_C_yr-2" for name in ("soil_moisture_only", "soil_temperature_only",
                                              "residual")]  # fmt: skip
    if set(parts) <= set(drivers.columns):
        rows.append(agree("experiments and residual sum to the control", drivers[parts].sum(axis=1),
                          control, _TG2, labels=labels))  # fmt: skip
        shares = drivers.filter(regex="^relative_contribution_of_").dropna()
        if choices["relative_to"] == "summed_trends":
            rows.append(agree("sizes of relative contributions sum to 100 %",
                              shares.abs().sum(axis=1), np.full(len(shares), 100.0), "%",
                              finding="X33"))  # fmt: skip
    exact = drivers.filter(regex="^contribution_of_")
    if exact.shape[1] and choices["trend"] != "least_squares":
        rows.append(not_applicable("contributions sum to the control", _MEDIANS, "X06"))
    elif exact.shape[1]:
        rows.append(agree("contributions sum to the control", exact.sum(axis=1), control, _TG2,
                          labels=labels, tolerance=CLOSE_FLOAT32))  # fmt: skip
    return rows


def _classes(tables: dict[str, pd.DataFrame] | Any) -> list[Row]:
    rows = []
    for name in ("synergy", "main_control"):
        shares = tables[name].groupby(_HERE)["area_percent"].sum(min_count=1)
        shares = shares[shares > 0.0]
        rows.append(agree(f"areas of the classes of {name} sum to 100 %", shares,
                          np.full(len(shares), 100.0), "%", finding="X08"))  # fmt: skip
    return [*rows, *_signs(tables["relative_contributions"], tables["synergy"])]


def _signs(relative: pd.DataFrame, synergy: pd.DataFrame) -> list[Row]:
    """Signs of each driver, and what they say of the signs of both together (X08)."""
    areas = relative.pivot(
        index=_HERE, columns="driver", values=["positive_area_percent", "area_km2"]
    )
    whole = areas["area_km2", "soil_moisture"]
    positive = {
        name: areas["positive_area_percent", name] * whole / 100.0
        for name in ("soil_moisture", "soil_temperature")
    }
    both = synergy.pivot(index=_HERE, columns="class", values="area_km2").reindex(whole.index)
    implied = (
        whole - positive["soil_moisture"] - positive["soil_temperature"] + both["both_positive"]
    )
    labels = [" ".join(key) for key in whole.index]
    left = 100.0 * (implied - both["both_negative"]) / whole
    zero = 100.0 * both["one_is_zero"] / whole
    # Rounding of the sums: a thousandth of a percent of the area is less than a cell.
    return [
        within("negative area of both implied by the signs, less the stated", left, -1e-3,
               100.0, "%", labels=labels, finding="X08"),
        within("... is no more than the area where one is zero", zero - left, -1e-3, 100.0, "%",
               labels=labels, finding="X08"),
    ]  # fmt: skip


def _masked(tables: Any) -> list[Row]:
    if "masked" not in tables:
        return []
    masked = tables["masked"]
    area = masked.pivot_table("mask_area_percent", _HERE, "mask")
    return [
        within(f"{one} and {other} area together", area[one] + area[other], 0.0, 100.0, "%",
               labels=[" ".join(key) for key in area.index])
        for one, other in (("drying", "wetting"), ("warming", "cooling"))
    ]  # fmt: skip


def _shares(tables: Any) -> list[Row]:
    rows = []
    for name, table in tables.items():
        columns = [column for column in table.columns if column.endswith(_PERCENT)]
        if columns:
            labels = [f"row {row} {column}" for row in range(len(table)) for column in columns]
            rows.append(within(f"{name}: shares", table[columns].to_numpy(), 0.0, 100.0, "%",
                               labels=labels))  # fmt: skip
        signs = [f"{sign}_area_percent" for sign in ("positive", "negative", "zero")]
        if set(signs) <= set(table.columns):
            sums = table[signs].dropna().sum(axis=1)
            rows.append(agree(f"{name}: shares of signs sum to 100 %", sums,
                              np.full(len(sums), 100.0), "%", finding="X08"))  # fmt: skip
    return rows


def _columns(run: RunOutputs) -> Row:
    """Every column of numbers names its unit, where a column of the table does not."""
    wrong, total = [], 0
    for folder, tables in (("tables", run.tables), ("analysis", run.analysis)):
        for name, table in tables.items():
            by_row = folder == "tables" and "unit" in table.columns
            for column in () if by_row else table.select_dtypes("number").columns:
                total += 1
                plain = column in _NO_UNIT or column in ("year", "cells")
                if not plain and not column.endswith((*_UNIT_ENDS, " percent")):
                    wrong.append(f"{folder}/{name}.csv {column}")
    return nothing_wrong("columns of tables end in a unit", wrong, total, "a unit", "X07")


def _additive(
    table: pd.DataFrame, column: str, unit: str, what: str, *, finding: str = "",
    by: Sequence[str] = (),
) -> list[Row]:  # fmt: skip
    """A number that adds up over layers, and over climate groups and classes."""
    wide = table.set_index([*by, "kind", "area", "layers"])[column].unstack()
    layers = _layers(table)
    rows = [
        agree(f"{what} of layers sum to the column's", wide[layers].sum(axis=1),
              wide[_column(table)], unit, finding=finding,
              labels=[" ".join(key) for key in wide.index])
    ]  # fmt: skip
    globe = table[table["kind"] == "globe"].set_index([*by, "layers"])[column]
    for kind in ("climate_group", "climate_class"):
        parts = table[(table["kind"] == kind) | (table["area"] == "unclassified")]
        sums = parts.groupby([*by, "layers"])[column].sum().reindex(globe.index)
        names = [" ".join(key) if isinstance(key, tuple) else key for key in globe.index]
        rows.append(agree(f"{what} of every {kind.replace('_', ' ')} sum to the globe's", sums,
                          globe, unit, labels=names, finding=finding))  # fmt: skip
    return rows


def _layers(table: pd.DataFrame) -> list[str]:
    """The single layers: groups that are no sum of others."""
    names = table["layers"].unique().tolist()
    spans = {name: tuple(map(float, name.removesuffix(" cm").split("-"))) for name in names}
    return [
        name
        for name, (top, bottom) in spans.items()
        if not any(
            other != name and top <= low and high <= bottom for other, (low, high) in spans.items()
        )
    ]


def _column(table: pd.DataFrame) -> str:
    """The group of all layers, the last of the list."""
    return str(table["layers"].unique()[-1])


def _labels(table: pd.DataFrame) -> list[str]:
    columns = [name for name in ("series", "area", "layers") if name in table.columns]
    return [" ".join(map(str, row)) for row in table[columns].to_numpy()]


def _choices(run: RunOutputs) -> dict[str, Any]:
    assert run.maps is not None
    return dict(json.loads(run.maps.attrs["analysis"]))
