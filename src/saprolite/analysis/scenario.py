"""A scenario against history: series and changes by zone and depth, against three baselines.

A percentage of change says nothing without its baseline, so each is given by name and definition.
Only cells with a value in every layer and year of every run are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from saprolite.analysis.layer_groups import layer_groups
from saprolite.analysis.maps import KM2_T_PER_TG
from saprolite.analysis.scenario_drivers import DEFINITION, DRIVERS, driver_contributions
from saprolite.analysis.scenario_runs import (
    Array,
    Flags,
    Run,
    common_cells,
    mean_climate,
    require_alike,
)
from saprolite.analysis.zones import group_masks
from saprolite.equations import linear_trend
from saprolite.errors import InputError, Problem, StoreError, raise_if_any
from saprolite.stages import Report, counted, quiet

GLOBE, HISTORY = "globe", "history"
BASELINES = ("history_mean", "history_last_years", "scenario_first_years")
DRIER, WARMER = "drier soil", "warmer soil"
_TOTAL = "total_Tg_C_yr-1"
_FEWEST_FOR_TREND = 3


@dataclass(frozen=True)
class Member:
    """One scenario run beside history, on the common cells (flat, in map order).

    ``change``: mean flux of the column less that of history, t C km-2 yr-1; ``moisture`` (m3 m-3)
    and ``temperature`` (K): the same of the soil, and ``contributions`` of the drivers to
    ``change``, (driver, cell); empty where the forcing of a run is not stored.
    """

    name: str
    change: Array
    moisture: Array
    temperature: Array
    contributions: Array


@dataclass(frozen=True)
class ScenarioComparison:
    """Tables and maps of a scenario; a unit in every column name.

    ``annual``: total of every year by member, run and zone, and in % of each baseline; ``change``:
    mean of the scenario against each baseline by member, zone and depth; ``spread``: over the
    members; ``drivers``: what each brings, by member and zone. ``cells``: the common cells of the
    grid, (lat, lon); ``history_flux``: mean of the column there. ``definitions`` of the baselines,
    and ``notes``.
    """

    annual: pd.DataFrame
    change: pd.DataFrame
    spread: pd.DataFrame
    drivers: pd.DataFrame
    cells: Flags
    history_flux: Array
    members: tuple[Member, ...]
    definitions: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())


def compare_scenarios(
    history: Run,
    scenarios: Sequence[Run],
    last_years: int = 10,
    first_years: int = 1,
    report: Report = quiet,
) -> ScenarioComparison:
    """Compare scenario runs, the members, with a run of the past.

    Parameters
    ----------
    history, scenarios
        Finished runs on one grid with the same soil and reading.
    last_years, first_years
        Years at the end of history, and at the start of each scenario, that two of the baselines
        are means of; the third is the mean of all of history.
    report
        Called with (stage, done, total).

    Raises
    ------
    InputError
        For runs that differ in more than the weather, and for more years than there are.
    """
    require_alike(history, scenarios)
    raise_if_any(InputError, "The baselines cannot be formed",
                 _baseline_problems(history, scenarios, last_years, first_years))  # fmt: skip
    cells = common_cells((history, *scenarios))
    area = history.maps.area[cells]
    groups = {name: mask[cells] for name, mask in group_masks(history.maps.climate).items()}
    shared = {GLOBE: np.ones(area.size, bool), **{k: v for k, v in groups.items() if v.any()}}
    past_flux = history.maps.column[cells]
    members, notes = [], [_counted(history, scenarios, cells)]
    annual, change, drivers = [], [], []
    for run in counted(scenarios, "members", report):
        member, found = _member(history, run, cells)
        members.append(member)
        notes += found
        zones = {**shared, **_masks(member)}
        tables = _tables(history, run, cells, area, zones, last_years, first_years)
        annual.append(tables[0])
        change.append(tables[1])
        drivers.append(_drivers(member, past_flux, area, zones))
    everything = pd.concat(annual, ignore_index=True)
    return ScenarioComparison(
        everything,
        pd.concat(change, ignore_index=True),
        _spread(everything),
        pd.concat(drivers, ignore_index=True),
        cells,
        past_flux,
        tuple(members),
        _definitions(history, scenarios, last_years, first_years),
        tuple(dict.fromkeys(notes)),
    )


def _member(history: Run, run: Run, cells: Flags) -> tuple[Member, list[str]]:
    """What can be said of a member on the cells; what cannot is left empty and noted."""
    flat = np.flatnonzero(cells)
    change = run.maps.column[cells] - history.maps.column[cells]
    none: Array = np.empty(0)
    try:
        climates = [mean_climate(item, item.positions(flat)) for item in (history, run)]
    except StoreError as error:
        why = f"{run.name}: no masks of drier and warmer soil and no drivers: {_reason(error)}"
        return Member(run.name, change, none, none, np.empty((0, 0))), [why]
    moisture, temperature = (now - past for past, now in zip(*climates, strict=True))
    try:
        by_layer = driver_contributions(history, run, flat)
    except InputError as error:
        why = f"{run.name}: no contributions of drivers: {_reason(error)}"
        return Member(run.name, change, moisture, temperature, np.empty((0, 0))), [why]
    contributions = by_layer.sum(axis=1)
    area, past = history.maps.area[cells], history.maps.column[cells]
    gap = contributions.sum(axis=0) - change
    closure = (
        f"{run.name}: the contributions, computed anew, add up to the stored "
        f"change within {np.abs(gap).max() / past.max():.1g} of the largest flux in every cell, "
        f"{abs(gap @ area) / (past @ area):.1g} of the total"
    )
    return Member(run.name, change, moisture, temperature, contributions), [closure]


def _masks(member: Member) -> dict[str, Flags]:
    """Where the mean of the soil's moisture or temperature is another than in history."""
    if not member.moisture.size:
        return {}
    drier, warmer = member.moisture < 0.0, member.temperature > 0.0
    found = {
        DRIER: drier,
        "wetter soil": member.moisture > 0.0,
        WARMER: warmer,
        "cooler soil": member.temperature < 0.0,
        "drier and warmer soil": drier & warmer,
    }
    return {name: mask for name, mask in found.items() if mask.any()}


def _tables(
    history: Run, run: Run, cells: Flags, area: Array, zones: Mapping[str, Flags], last: int,
    first: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """The annual totals, and the changes by depth, of a member."""
    past, now = (_totals(item, cells, area, zones) for item in (history, run))
    groups = _depth_groups(history)
    later = now.mean(axis=0)
    bases = dict(zip(BASELINES, (past.mean(axis=0), past[-last:].mean(axis=0),
                                 now[:first].mean(axis=0)), strict=True))  # fmt: skip
    annual, change = [], []
    for zone, (name, mask) in enumerate(zones.items()):
        whole = {base: values[zone].sum() for base, values in bases.items()}
        for label, years, totals in (
            (HISTORY, history.maps.years, past), ("scenario", run.maps.years, now),
        ):  # fmt: skip
            of_zone = totals[:, zone].sum(axis=1)
            percents = {f"percent_of_{base}": _percent(of_zone, value)
                        for base, value in whole.items()}  # fmt: skip
            annual.append(
                pd.DataFrame({"member": run.name, "run": label, "zone": name, "year": years,
                              _TOTAL: of_zone, **percents})
            )  # fmt: skip
        shape = _shape(np.array(run.maps.years), now[:, zone].sum(axis=1))
        for depth, layers in groups.items():
            mean = later[zone, layers].sum()
            row = {
                "member": run.name,
                "zone": name,
                "depth": depth,
                "cells": int(mask.sum()),
                "area_km2": float(area[mask].sum()),
                "share_of_area_percent": 100.0 * float(area[mask].sum() / area.sum()),
                f"scenario_mean_{_TOTAL}": mean,
            }
            for base, values in bases.items():
                value = values[zone, layers].sum()
                row[f"{base}_{_TOTAL}"] = value
                row[f"change_against_{base}_percent"] = float(_percent(mean - value, value))
            change.append({**row, **(shape if layers == slice(None) else {})})
    return pd.concat(annual, ignore_index=True), pd.DataFrame(change)


def _totals(run: Run, cells: Flags, area: Array, zones: Mapping[str, Flags]) -> Array:
    """Total of each year, zone and layer, Tg C yr-1."""
    inside = np.stack(list(zones.values())).astype(float) * area
    found = [(flux[:, cells] @ inside.T).T / KM2_T_PER_TG for _, flux in run.years()]
    return np.stack(found)


def _depth_groups(run: Run) -> dict[str, slice]:
    """Each layer, the groups of layers of the study that there are, and the whole depth."""
    groups = layer_groups(run.maps.layer_bounds)
    return {group.name: group.layers for group in groups[:-1]} | {groups[-1].name: slice(None)}


def _shape(years: Array, totals: Array) -> dict[str, float]:
    """Trend of a scenario's totals, and the year of the largest."""
    if totals.size < _FEWEST_FOR_TREND:
        return {}
    trend = linear_trend(totals)
    return {
        "scenario_trend_Tg_C_yr-2": float(trend.slope),
        "scenario_trend_p": float(trend.p),
        "scenario_year_of_largest_total": float(years[np.argmax(totals)]),
    }


def _drivers(member: Member, past: Array, area: Array, zones: Mapping[str, Flags]) -> pd.DataFrame:
    """What each driver brings to the change of a zone's total."""
    rows = []
    if member.contributions.size:
        for name, mask in zones.items():
            base = float((past * area)[mask].sum()) / KM2_T_PER_TG
            parts = dict(zip(DRIVERS, member.contributions, strict=True))
            for driver, values in {**parts, "all": member.change}.items():
                amount = float((values * area)[mask].sum()) / KM2_T_PER_TG
                share = float(_percent(amount, base))
                rows.append((member.name, name, driver, amount, share))
    columns = ["member", "zone", "driver", "contribution_Tg_C_yr-1",
               "contribution_percent_of_history_mean"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _spread(annual: pd.DataFrame) -> pd.DataFrame:
    """Mean, range and standard deviation over the members, by zone and year of the scenario."""
    part = annual[annual["run"] == "scenario"]
    values = [_TOTAL, *(f"percent_of_{base}" for base in BASELINES)]
    groups = part.groupby(["zone", "year"], sort=False)
    found = groups[values].agg(["mean", "min", "max", "std"])
    found.columns = pd.Index([f"{pair[1]}_{pair[0]}" for pair in found.columns.to_flat_index()])
    return groups.size().rename("members").to_frame().join(found).reset_index()


def _definitions(history: Run, scenarios: Sequence[Run], last: int, first: int) -> dict[str, str]:
    years = history.maps.years
    starts = {run.maps.years[:first] for run in scenarios}
    of_first = " or ".join(sorted(_span(item) for item in starts))
    return {
        "history_mean": f"mean of {_span(years)} of {history.name} (all its years)",
        "history_last_years": f"mean of {_span(years[-last:])} of {history.name} (its last {last} "
        + ("year)" if last == 1 else "years)"),
        "scenario_first_years": f"mean of {of_first} of each scenario (its first {first} "
        + ("year)" if first == 1 else "years)"),
    }


def _counted(history: Run, scenarios: Sequence[Run], cells: Flags) -> str:
    maps = history.maps
    area, land = float(maps.area[cells].sum()), float(maps.area[maps.land].sum())
    return (
        f"counted: {int(cells.sum())} cells ({area / 1e6:.1f} Mkm2, {100.0 * area / land:.1f} % of "
        f"the land) with a value in every layer and year of all {1 + len(scenarios)} runs; climate "
        f"zones as in {history.name}; drier and warmer: mean over {maps.depth_name} and all months"
    )


def _baseline_problems(
    history: Run, scenarios: Sequence[Run], last: int, first: int
) -> list[Problem]:
    problems = []
    for option, value, run in (("last years", last, history),
                               *(("first years", first, run) for run in scenarios)):  # fmt: skip
        most = len(run.maps.years)
        if not 1 <= value <= most:
            problems.append(Problem(f"{option} of {run.name}", str(value), f"1 to {most}",
                                    f"--{option.replace(' ', '-')} {most}"))  # fmt: skip
    return problems


def _span(years: Sequence[int]) -> str:
    return f"{years[0]}" if len(years) == 1 else f"{years[0]}-{years[-1]}"


def _percent(part: Array | float, whole: float) -> Array:
    return np.asarray(100.0 * np.asarray(part) / whole if whole else np.full_like(part, np.nan))


def _reason(error: InputError | StoreError) -> str:
    return "; ".join(f"{item.where}: {item.found} ({item.next_step})" for item in error.problems)


__all__ = [
    "BASELINES",
    "DEFINITION",
    "DRIVERS",
    "Member",
    "ScenarioComparison",
    "compare_scenarios",
]
