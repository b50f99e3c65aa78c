"""The figures of a study, drawn from a finished and analysed run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from saprolite.analysis.analysed import Analysed
from saprolite.places import Place, remove
from saprolite.report.figures import (
    contribution,
    driver_trends,
    flux_by_layer,
    offset,
    series,
    synergy,
    trends_by_layer,
)
from saprolite.stages import counted

Draw = Callable[[Analysed, Place, str], list[Place]]
MOISTURE, TEMPERATURE = "soil_moisture", "soil_temperature"


class StudyFigure(NamedTuple):
    """A figure: the name of its files, its tables, how it is drawn, what it needs."""

    name: str
    tables: tuple[str, ...]
    draw: Draw
    needs: str

    @property
    def files(self) -> tuple[str, ...]:
        """Names of everything that is written for it."""
        tables = (f"{self.name}_{table}.csv" for table in self.tables)
        return (f"{self.name}.png", f"{self.name}.pdf", *tables)


_PROFILE, _ZONES = ("maps", "by_latitude"), ("maps", "by_zone_and_layer", "by_latitude")
FIGURES = (
    StudyFigure("fig_02_flux_by_layer", _PROFILE, flux_by_layer.draw, "a year with a value"),
    StudyFigure("fig_03_totals", ("series", "trends"), series.draw, "trends"),
    StudyFigure("fig_04_trends_by_layer", _PROFILE, trends_by_layer.draw, "trends"),
    StudyFigure("fig_05_contribution_of_soil_moisture", _ZONES,
                partial(contribution.draw, driver=MOISTURE), "relative contributions"),
    StudyFigure("fig_06_contribution_of_soil_temperature", _ZONES,
                partial(contribution.draw, driver=TEMPERATURE), "relative contributions"),
    StudyFigure("fig_08_synergy_and_control", ("maps", "synergy_shares", "main_control_shares"),
                synergy.draw, "relative contributions"),
    StudyFigure("fig_09_offset", ("maps", "masks"), offset.draw, "relative contributions on masks"),
    StudyFigure("fig_s1_trend_of_soil_moisture", ("maps",),
                partial(driver_trends.draw, state=MOISTURE), "trends of soil_moisture"),
    StudyFigure("fig_s2_trend_of_soil_temperature", ("maps",),
                partial(driver_trends.draw, state=TEMPERATURE), "trends of soil_temperature"),
)  # fmt: skip


def draw_study(
    run: Analysed, folder: Place, report: Callable[[str, int, int], None]
) -> tuple[list[Place], list[str]]:
    """Draw every figure that the run has the numbers for.

    Returns the files written, and a note for each that is left out; what an earlier analysis drew
    of these is removed, as it no longer belongs to the run.
    """
    written: list[Place] = []
    notes: list[str] = []
    there = _there(run)
    for figure in counted(FIGURES, "figures", report):
        for file in figure.files:
            remove(folder / file)
        if there[figure.needs]:
            written += figure.draw(run, folder, figure.name)
        else:
            notes.append(f"no {figure.name}: it needs {figure.needs}")
    return written, notes


def _there(run: Analysed) -> dict[str, bool]:
    tables = run.tables
    # Where nothing ever changes, no cell has any.
    shares = "relative_contributions" in tables and bool(
        (tables["relative_contributions"]["cells_count"] > 0).any()
    )
    return {
        "a year with a value": bool(run.maps.years),
        "trends": "trends" in tables,
        "relative contributions": shares,
        "relative contributions on masks": shares and "masked" in tables,
        "trends of soil_moisture": run.has_state(MOISTURE),
        "trends of soil_temperature": run.has_state(TEMPERATURE),
    }
