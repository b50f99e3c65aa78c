"""How a claim is read from the tables of a run: a table, the rows, a column; no formula of its own.

A recipe only picks numbers that the analysis has computed, and at most divides one by another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, model_validator

from saprolite.analysis.run_outputs import RunOutputs
from saprolite.study_section import Closed

Tables = Mapping[str, pd.DataFrame]
Text = str | int | float
_LATITUDE = "latitude_degrees_north"
# What a run needs for a table that it may lack.
_NEEDS = {
    "analysis/relative_contributions": '[experiments] run = ["soil_moisture", "soil_temperature"]',
    "analysis/main_control": '[experiments] run = ["soil_moisture", "soil_temperature"]',
    "analysis/synergy": '[experiments] run = ["soil_moisture", "soil_temperature"]',
    "analysis/masked": "[output] driver_means = true and [experiments] run in the study",
    "analysis/static_inputs": "a run that keeps its inputs",
    "analysis/trends": "three years or more that follow one another",
    "analysis/drivers": "three years or more that follow one another",
}
# Further outputs, by the option that names their folder, and what makes them.
OTHER_OUTPUTS = {
    "scenario": "saprolite run studies/rcp45-2051-2100.toml --out SCENARIO, saprolite analyse "
    "SCENARIO; then --scenario SCENARIO",
    "comparisons": "saprolite compare SITES.csv GLDAS --out FOLDER; then --comparisons FOLDER",
}


class Recipe(Closed):
    """Rows of a table of one run, and the column of them; or a published number with its source."""

    run: Literal["this", "scenario", "comparisons"] = Field(
        "this", description="whose tables: of the run itself or of further outputs"
    )
    table: str = Field("", description="summary, run, or a CSV file: tables/NAME, analysis/NAME")
    where: dict[str, Text | list[Text]] = Field(
        default_factory=dict, description="what columns of the rows must equal"
    )
    latitudes: tuple[float, float] | None = Field(
        None, description="south and north end of the rows of latitude"
    )
    column: str = Field("", description="the number that is read")
    choose: Literal[
        "only", "nearest", "max", "min", "sum", "count", "percent_above", "percent_below", "list"
    ] = Field("only", description="what is made of several rows; only: there must be one")
    at: float | None = Field(
        None, description="latitude for nearest; the limit for percent_above and percent_below"
    )
    value: float | None = Field(None, description="a published number, in the place of a table")
    source: str = Field("", description="where the published number is from")
    times: float = Field(1.0, description="factor, for units")
    plus: float = Field(0.0, description="added at the end: -100 makes a ratio in % a change")
    over: Recipe | None = Field(None, description="what it is divided by")

    @model_validator(mode="after")
    def _whole(self) -> Recipe:
        if (self.value is None) == (not self.table):
            raise ValueError("a table with a column, or a value with its source")
        if self.value is not None and not self.source:
            raise ValueError("a published value needs its source")
        if self.table and not self.column:
            raise ValueError("a table needs the column that is read")
        if (self.at is None) == (self.choose in ("nearest", "percent_above", "percent_below")):
            raise ValueError("at is of nearest, percent_above, percent_below, and they need it")
        return self


class Reading(NamedTuple):
    """Numbers that a recipe has read, and where where that is not plain from the recipe."""

    values: npt.NDArray[np.float64]
    note: str = ""


class NotComputableError(Exception):
    """Tables that lack what a recipe reads; the message says what and how to get it."""


def tables_of(run: RunOutputs) -> dict[str, pd.DataFrame]:
    """The tables of a run by the names that recipes use."""
    return {
        "summary": pd.DataFrame([_flat(run.summary)]),
        "run": pd.DataFrame([_flat(run.state)]),
        **{f"tables/{name}": table for name, table in run.tables.items()},
        **{f"analysis/{name}": table for name, table in run.analysis.items()},
    }


def read(recipe: Recipe, outputs: Mapping[str, Tables]) -> Reading:
    """The numbers of a recipe from the tables of each output; ``NotComputableError`` without.

    >>> tables = {"tables/by_layer": pd.DataFrame({"layer": ["0-10 cm"], "total": [2.0]})}
    >>> recipe = Recipe(table="tables/by_layer", where={"layer": "0-10 cm"}, column="total",
    ...                 over=Recipe(value=4.0, source="a book"))
    >>> read(recipe, {"this": tables}).values
    array([0.5])
    """
    found = _picked(recipe, outputs)
    values = recipe.times * found.values
    if recipe.over is not None:
        below = read(recipe.over, outputs).values
        if not below.all():
            raise NotComputableError("what it is divided by is 0")
        values = values / below
    if not np.isfinite(values).all():
        raise NotComputableError("not a number: no cell, or no trend, there")
    return Reading(values + recipe.plus, found.note)


def _picked(recipe: Recipe, outputs: Mapping[str, Tables]) -> Reading:
    if recipe.value is not None:
        return Reading(np.array([recipe.value]))
    rows = _rows(recipe, _table(recipe, outputs))
    column = rows[recipe.column]
    if recipe.choose == "count":
        return Reading(np.array([float(len(column))]))
    numbers = column.to_numpy(np.float64)
    if recipe.choose == "list":
        return Reading(numbers)
    if recipe.choose == "only":
        if len(numbers) != 1:
            raise NotComputableError(f"{len(numbers)} rows where one was meant: {_where(recipe)}")
        return Reading(numbers)
    known = rows[np.isfinite(numbers)]
    return _one_of(recipe, known, known[recipe.column].to_numpy(np.float64))


def _one_of(recipe: Recipe, rows: pd.DataFrame, numbers: npt.NDArray[np.float64]) -> Reading:
    """One number made of several, NaN left out."""
    if not numbers.size:
        raise NotComputableError("not a number: no row has one")
    if recipe.choose == "sum":
        return Reading(np.array([numbers.sum()]))
    at = np.float64(np.nan if recipe.at is None else recipe.at)
    if recipe.choose.startswith("percent"):
        above = recipe.choose == "percent_above"
        share = 100.0 * ((numbers > at) if above else (numbers < at)).mean()
        return Reading(np.array([share]), f"of {numbers.size} rows of latitude")
    latitude = rows[_LATITUDE].to_numpy(np.float64)
    if recipe.choose == "nearest":
        row = int(np.argmin(np.abs(latitude - at)))
    else:
        row = int(np.argmax(numbers) if recipe.choose == "max" else np.argmin(numbers))
    return Reading(numbers[[row]], f"at {latitude[row]:.4g} degrees north")


def _table(recipe: Recipe, outputs: Mapping[str, Tables]) -> pd.DataFrame:
    if recipe.run not in outputs:
        raise NotComputableError(OTHER_OUTPUTS[recipe.run])
    tables = outputs[recipe.run]
    if recipe.table in tables:
        return tables[recipe.table]
    analysed = any(name.startswith("analysis/") for name in tables)
    if recipe.table.startswith("analysis/") and not analysed:
        raise NotComputableError("the run has not been analysed: saprolite analyse OUT")
    needs = _NEEDS.get(recipe.table, "an analysis of this version: saprolite analyse OUT")
    raise NotComputableError(f"no table {recipe.table}: it needs {needs}")


def _rows(recipe: Recipe, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are meant; those of a list in its order, and all of them."""
    missing = [name for name in (*recipe.where, recipe.column) if name not in table.columns]
    if missing:
        raise NotComputableError(f"no column {', '.join(missing)} in {recipe.table}")
    rows = table
    for name, wanted in recipe.where.items():
        listed = wanted if isinstance(wanted, list) else [wanted]
        rows = rows[rows[name].isin(listed)]
        if not set(listed) <= set(rows[name]):
            advice = _ADVICE.get(str(recipe.where.get("kind")), "")
            raise NotComputableError(f"no such row: {_where(recipe)}{advice}")
        rows = rows.iloc[np.argsort([listed.index(item) for item in rows[name]], kind="stable")]
    if recipe.latitudes is not None:
        south, north = recipe.latitudes
        rows = rows[rows[_LATITUDE].between(south, north)]
    return rows


_ADVICE = {
    "region": "; name the polygon in [analysis] regions",
    "latitude_band": "; add it to [analysis] latitude_bands",
}


def _where(recipe: Recipe) -> str:
    wanted = {
        name: " and ".join(map(str, item)) if isinstance(item, list) else item
        for name, item in recipe.where.items()
    }
    return ", ".join([recipe.table, *(f"{name} {text}" for name, text in wanted.items())])


def _flat(content: Any, prefix: str = "") -> dict[str, Any]:
    """JSON as one row: the names of what holds a number, joined by dots."""
    items: Any = content.items() if isinstance(content, Mapping) else enumerate(content)
    flat: dict[str, Any] = {}
    for key, value in items:
        if isinstance(value, Mapping | list):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
