"""Audit of ``summary.json`` and ``tables/``: sums, shares, and the area that each mean implies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.audit_rows import Row, agree, not_applicable, within
from saprolite.analysis.run_outputs import RunOutputs
from saprolite.analysis.summary import TOTAL
from saprolite.analysis.trend_maps import T_PER_TG

Array = npt.NDArray[np.float64]
PARTS = {"by_layer": "layer", "by_mineral": "mineral", "by_climate_group": "climate_group"}
_MEAN = "mean_flux_t_C_km-2_yr-1"
_TG = "Tg C yr-1"


def table_checks(run: RunOutputs) -> list[Row]:
    """Checks of the summary and the tables of a run."""
    return [
        *_sums(run),
        *_means(run),
        *_same_numbers(run),
        *_areas(run),
        *_annual(run),
        *_latitude(run),
    ]


def implied_area(total: npt.ArrayLike, mean: npt.ArrayLike) -> Array:
    """Area of a total (Tg C yr-1) and its mean (t C km-2 yr-1), km2; NaN where the mean is 0.

    >>> float(implied_area(110.86, 0.50).round())
    221720000.0
    """
    totals, means = np.broadcast_arrays(np.asarray(total, float), np.asarray(mean, float))
    some = np.isfinite(means) & (means != 0.0)
    return np.where(some, T_PER_TG * totals / np.where(some, means, 1.0), np.nan)


def area_row(
    check: str,
    total: npt.ArrayLike,
    mean: npt.ArrayLike,
    area: npt.ArrayLike,
    labels: Sequence[str] = (),
    finding: str = "X01",
) -> Row:
    """The area that totals and means imply against the stated one, where there is a flux."""
    implied = np.atleast_1d(implied_area(total, mean))
    some = np.isfinite(implied)
    named = [label for label, there in zip(labels, some, strict=False) if there]
    stated = np.broadcast_to(np.asarray(area, float), implied.shape)
    return agree(check, implied[some], stated[some], "km2", labels=named, finding=finding)


def thickness_cm(layers: Sequence[str]) -> Array:
    """Thickness of layers that are called ``10-40 cm``.

    >>> thickness_cm(["10-40 cm"]).tolist()
    [30.0]
    """
    edges = [name.removesuffix(" cm").split("-") for name in layers]
    return np.array([float(bottom) - float(top) for top, bottom in edges])


def _sums(run: RunOutputs) -> list[Row]:
    total = run.summary[f"global_{TOTAL}"]
    rows = []
    for key, name in PARTS.items():
        what = name.replace("_", " ") + "s"
        parts = pd.DataFrame(run.summary[key])
        extra = " and unclassified land" if name == "climate_group" else ""
        rows.append(agree(f"{what}{extra} sum to the total", parts[TOTAL].sum(), total, _TG,
                          finding="X02" if name == "layer" else ""))  # fmt: skip
        if total:
            shares = parts["share_percent"].astype(float)
            rows.append(agree(f"shares of {what} sum to 100 %", shares.sum(), 100.0, "%"))
    layers = pd.DataFrame(run.summary["by_layer"])
    names = layers["layer"].tolist()
    per_cm = layers["total_per_cm_Tg_C_yr-1_cm-1"].to_numpy(float)
    rows.append(agree("total per cm times thickness is the layer's total",
                      per_cm * thickness_cm(names), layers[TOTAL], _TG, labels=names,
                      finding="X30"))  # fmt: skip
    return rows


def _means(run: RunOutputs) -> list[Row]:
    """The four means of the column against totals, areas and counts of cells."""
    summary = run.summary
    means = {name: _float(value) for name, value in summary[_MEAN].items()}
    whole = summary[f"global_{TOTAL}"] - summary[f"partial_cells_{TOTAL}"]
    rows = [
        area_row(f"area implied by the {kind.replace('_', ' ')} mean", whole, means[kind],
                 summary[area])
        for kind, area in (("area_weighted_valid", "valid_area_km2"),
                           ("area_weighted_land", "land_area_km2"))
    ]  # fmt: skip
    cells = summary["valid_cells_count"], summary["land_cells_count"]
    if np.isfinite(means["unweighted_valid"]):
        rows.append(agree("unweighted means times their cells are the same sum",
                          means["unweighted_valid"] * cells[0], means["unweighted_land"] * cells[1],
                          "t C km-2 yr-1", finding="X01"))  # fmt: skip
    zones = pd.DataFrame(summary["by_climate_group"])
    if summary["partial_cells_count"]:
        why = f"{summary['partial_cells_count']} cells lack a layer: in totals, not in means"
        return [*rows, not_applicable("area implied by the means of climate groups", why, "X03")]
    for kind, area in (("area_weighted_valid", "valid"), ("area_weighted_land", "land")):
        mean = [_float(row[kind]) for row in zones[_MEAN]]
        rows.append(area_row(f"area implied by the {kind.replace('_', ' ')} means of groups",
                             zones[TOTAL], mean, zones[f"{area}_area_km2"],
                             zones["climate_group"].tolist(), "X03"))  # fmt: skip
    return rows


def _same_numbers(run: RunOutputs) -> list[Row]:
    """The tables say what the summary says."""
    rows = []
    for key, name in PARTS.items():
        table, parts = run.tables[key], pd.DataFrame(run.summary[key])
        rows.append(agree(f"table {key} has the totals of the summary", table[TOTAL], parts[TOTAL],
                          _TG, labels=parts[name].tolist()))  # fmt: skip
    table = run.tables["by_climate_group_and_layer"].set_index("climate_group")
    layers, column = table.iloc[:, :-1], table.iloc[:, -1]
    by_layer = run.tables["by_layer"]
    rows.append(agree("climate groups: layers sum to the column", layers.sum(axis=1), column, _TG,
                      labels=table.index.tolist()))  # fmt: skip
    rows.append(agree("layers: climate groups sum to the layer", layers.sum(), by_layer[TOTAL], _TG,
                      labels=by_layer["layer"].tolist()))  # fmt: skip
    return rows


def _areas(run: RunOutputs) -> list[Row]:
    summary = run.summary
    zones = pd.DataFrame(summary["by_climate_group"])
    rows = [agree("land area of the summary is that of the run", summary["land_area_km2"],
                  run.state["land_area_km2"], "km2")]  # fmt: skip
    for kind in ("land", "valid"):
        rows.append(agree(f"{kind} areas of climate groups sum to the globe's",
                          zones[f"{kind}_area_km2"].sum(), summary[f"{kind}_area_km2"], "km2",
                          finding="X03"))  # fmt: skip
    missing = run.tables["missing_inputs"].set_index("cause")
    both = missing.loc[["any", "none"]].sum()
    rows.append(agree("land with and without a missing input is all land",
                      both["area_km2"], summary["land_area_km2"], "km2"))  # fmt: skip
    rows.append(agree("their shares sum to 100 %",
                      both["share_of_land_area_percent"], 100.0, "%"))  # fmt: skip
    coverage = [_float(value) for value in zones["coverage_percent"]]
    rows.append(within("coverage of climate groups", coverage, 0.0, 100.0, "%",
                       labels=zones["climate_group"].tolist(), finding="X03"))  # fmt: skip
    return rows


def _annual(run: RunOutputs) -> list[Row]:
    annual = run.tables["annual"].set_index("year")
    years = [str(year) for year in annual.index]
    if not years:
        return [not_applicable("annual totals", "no year with a value")]
    column = annual.iloc[:, -1]
    listed = run.summary[f"annual_{TOTAL}"]
    return [
        agree("annual totals: layers sum to the column", annual.iloc[:, :-1].sum(axis=1), column,
              _TG, labels=years),
        agree("annual totals of table and summary", column, [listed[year] for year in years], _TG,
              labels=years),
    ]  # fmt: skip


def _latitude(run: RunOutputs) -> list[Row]:
    profile = run.tables["latitude_profile"]
    labels = [f"{row:g} degrees" for row in profile["latitude_degrees_north"]]
    return [
        agree("rows of latitude sum to the total", profile[TOTAL].sum(),
              run.summary[f"global_{TOTAL}"], _TG, finding="X04"),
        within("coverage of rows of latitude", profile["coverage_of_land_1"], 0.0, 1.0, "1",
               labels=labels, finding="X04"),
    ]  # fmt: skip


def _float(value: Any) -> float:
    """A number of a JSON file, where NaN is null."""
    return float("nan") if value is None else float(value)
