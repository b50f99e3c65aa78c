"""Everything that trends, drivers and zones say of a finished run: maps and tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.annual import CONTROL, STATES, AnnualFields
from saprolite.analysis.area_fluxes import area_fluxes
from saprolite.analysis.areas import Area, areas_of
from saprolite.analysis.attribution import (
    PARTS,
    contribution_rows,
    contributions,
    driver_rows,
)
from saprolite.analysis.by_latitude import row_means
from saprolite.analysis.classes import CONTROLS, SYNERGIES, class_rows, main_control, synergy
from saprolite.analysis.latitude_tables import (
    contributions_by_latitude,
    flux_by_latitude,
    trend_by_latitude,
)
from saprolite.analysis.layer_groups import mean_state
from saprolite.analysis.masked import mask_rows, masks
from saprolite.analysis.static_inputs import static_inputs
from saprolite.analysis.trend_maps import (
    AreaTrends,
    CellTrends,
    area_totals,
    area_trends,
    cell_trends,
    group_trends,
    ratio,
    trend_table,
)
from saprolite.stages import Report, counted
from saprolite.study_analysis import AnalysisChoices

Array = npt.NDArray[np.float64]
Write = Callable[[str, tuple[str, ...], npt.NDArray[Any]], None]
MOISTURE_ONLY, TEMPERATURE_ONLY = "soil_moisture_only", "soil_temperature_only"


class Findings(NamedTuple):
    """Tables by name, and what could not be found and why."""

    tables: dict[str, pd.DataFrame]
    notes: list[str]


def find(fields: AnnualFields, choices: AnalysisChoices, write: Write, report: Report) -> Findings:
    """Trends, drivers, classes and masked statistics of a run.

    ``write(name, labels, values)`` takes each map as it is found, on land cells: ``labels`` are
    those of its leading dimensions (series or driver, group of layers). One series is in memory at
    a time.
    """
    report("zones", 0, 1)
    areas = areas_of(fields, choices.latitude_bands, choices.regions)
    control = fields.flux(CONTROL)
    tables = {"areas": area_fluxes(fields, control, areas)}
    tables |= flux_by_latitude(fields, control) | static_inputs(fields)
    report("zones", 1, 1)
    if fields.why_no_trends is not None:
        return Findings(tables, [fields.why_no_trends])
    notes: list[str] = []
    trends = _Trends(fields, choices, areas)
    for name in counted(fields.series, "trends of series", report):
        trends.add(name, control if name == CONTROL else fields.flux(name), write)
    tables["trends"] = pd.concat(trends.tables, ignore_index=True)
    tables |= trend_by_latitude(fields, trends.slopes[CONTROL])
    tables["drivers"] = trends.driver_table()
    report("drivers", 0, 2)
    states = _states(fields, choices, areas, write, tables, notes)
    report("drivers", 1, 2)
    if MOISTURE_ONLY in trends.slopes and TEMPERATURE_ONLY in trends.slopes:
        tables |= _contributions(fields, choices, areas, trends.slopes, states, write)
    else:
        notes.append(
            "no relative contributions: they need the experiments soil_moisture and "
            "soil_temperature: [experiments] run in the study, or saprolite demo --experiments"
        )
    report("drivers", 2, 2)
    return Findings(tables, notes)


class _Trends:
    """Trends of one series after another: maps go out, slopes and tables stay."""

    def __init__(self, fields: AnnualFields, choices: AnalysisChoices, areas: list[Area]) -> None:
        self._fields, self._choices, self._areas = fields, choices, areas
        self.tables: list[pd.DataFrame] = []
        self.slopes: dict[str, dict[str, Array]] = {}
        self._of_areas: dict[str, AreaTrends] = {}

    def add(self, name: str, flux: npt.NDArray[np.floating], write: Write) -> None:
        """Fit a series, (year, layer, cell)."""
        fields = self._fields
        found = group_trends(fields, flux, self._choices)
        for group, trends in found.items():
            for statistic, values in trends._asdict().items():
                write(f"trend_{statistic}", (name, group), values)
        self.slopes[name] = {group: trends.slope for group, trends in found.items()}
        totals = area_totals(flux, fields.area, self._areas)
        of_areas = area_trends(totals, fields.groups, self._choices)
        self._of_areas[name] = of_areas
        self.tables.append(trend_table(fields, name, of_areas, found, self._areas, self._choices))

    def driver_table(self) -> pd.DataFrame:
        """What the trend of every area and group of layers is made of."""
        rows = []
        for number, area in enumerate(self._areas):
            for position, group in enumerate(self._fields.groups):
                slopes = {
                    name: float(found.trends.slope[number, position])
                    for name, found in self._of_areas.items()
                }
                rows.append(driver_rows(slopes, area, group.name, self._choices))
        return pd.DataFrame(rows)


def _states(
    fields: AnnualFields,
    choices: AnalysisChoices,
    areas: list[Area],
    write: Write,
    tables: dict[str, pd.DataFrame],
    notes: list[str],
) -> dict[str, dict[str, CellTrends]]:
    """Trends of soil moisture and soil temperature by group of layers (Figs S1, S2)."""
    found: dict[str, dict[str, CellTrends]] = {}
    rows = []
    for name in STATES:
        if not fields.has_state(name):
            notes.append(
                f"no trends of {name}, and nothing that needs them: the run holds neither its "
                "annual means nor its months; [output] driver_means = true in the study"
            )
            continue
        state, unit = fields.state(name), "K" if name == "soil_temperature" else "m3_m-3"
        found[name] = {}
        for group in fields.groups:
            means = mean_state(state, group, fields.layer_bounds)
            trends = cell_trends(means, choices)
            found[name][group.name] = trends
            for statistic, values in trends._asdict().items():
                write(f"{name}_trend_{statistic}", (group.name,), values)
            for area in areas:
                rows.append(_state_row(name, unit, area, group.name, trends, fields, choices))
    if rows:
        tables["driver_trends"] = pd.DataFrame(rows)
    return found


def _state_row(
    name: str, unit: str, area: Area, layers: str, trends: CellTrends, fields: AnnualFields,
    choices: AnalysisChoices,
) -> dict[str, Any]:  # fmt: skip
    known = area.cells & np.isfinite(trends.slope)
    slope, cells = trends.slope[known], fields.area[known]
    sure = trends.p[known] < choices.alpha
    whole = float(cells.sum())
    row = {"driver": name, "kind": area.kind, "area": area.name, "layers": layers, "unit": unit,
           "mean_slope_area_weighted_unit_yr-1": ratio(float(slope @ cells), whole)}  # fmt: skip
    for word, moves in (("rising", slope > 0.0), ("falling", slope < 0.0)):
        row[f"{word}_area_percent"] = 100.0 * ratio(float(cells[moves].sum()), whole)
        row[f"{word}_significantly_area_percent"] = 100.0 * ratio(
            float(cells[moves & sure].sum()), whole
        )
    return row


def _contributions(
    fields: AnnualFields,
    choices: AnalysisChoices,
    areas: list[Area],
    slopes: dict[str, dict[str, Array]],
    states: dict[str, dict[str, CellTrends]],
    write: Write,
) -> dict[str, pd.DataFrame]:
    """Eq 10 by cell and group of layers, its classes and masked statistics."""
    relative: list[dict[str, Any]] = []
    controls: list[dict[str, Any]] = []
    synergies: list[dict[str, Any]] = []
    masked: list[dict[str, Any]] = []
    profiles: dict[tuple[str, str], Array] = {}
    for group in fields.groups:
        found = contributions(
            slopes[CONTROL][group.name], slopes[MOISTURE_ONLY][group.name],
            slopes[TEMPERATURE_ONLY][group.name], choices,
        )  # fmt: skip
        for name, part in PARTS.items():
            values = np.asarray(getattr(found, part))
            write("relative_contribution", (name, group.name), values)
            profiles[name, group.name] = row_means(fields, values)
        relative += contribution_rows(found, fields.area, areas, group.name)
        for kind, make, names, rows in (
            ("main_control", main_control, CONTROLS, controls),
            ("synergy", synergy, SYNERGIES, synergies),
        ):
            classes = make(found)
            write(kind, (group.name,), classes)
            for area in areas:
                about = {"kind": area.kind, "area": area.name, "layers": group.name}
                counted = class_rows(classes, names, found, fields.area, area.cells)
                rows += [about | row for row in counted]
        if len(states) == len(STATES):
            moisture, temperature = (states[name][group.name] for name in STATES)
            chosen = masks(moisture, temperature, found, choices)
            masked += mask_rows(chosen, found, fields.area, areas, group.name)
    tables = {
        "relative_contributions": pd.DataFrame(relative),
        "main_control": pd.DataFrame(controls),
        "synergy": pd.DataFrame(synergies),
        **contributions_by_latitude(fields, profiles),
    }
    return tables | ({"masked": pd.DataFrame(masked)} if masked else {})
