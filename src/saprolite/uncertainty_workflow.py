"""The uncertainty of a finished run: drawn, tabulated, as a figure, written into its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from saprolite import workflow
from saprolite.analysis.cell_amounts import CellAmounts, cell_amounts
from saprolite.analysis.model_structure import Structure, structure_of
from saprolite.analysis.sensitivity import (
    indices,
    nearest_cell,
    of_cell,
    of_global_total,
    require_salib,
)
from saprolite.analysis.uncertainty import Draws, draw, intervals, quadrature
from saprolite.analysis.uncertainty_settings import UncertaintySettings
from saprolite.analysis.variance import TotalVariance, total_variance
from saprolite.comparison.readings import DATASET
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.places import Place, place, write_text
from saprolite.report.figures.uncertainty import draw_uncertainty
from saprolite.sources.files import HDF5_LOCK
from saprolite.stages import Report, quiet

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Uncertainty:
    """What was found: ``tables`` by name of their files, lines that say of what and how, the drawn
    totals, the budget's sum in quadrature (%; None without terms), the settings used."""

    tables: dict[str, pd.DataFrame]
    lines: tuple[str, ...]
    draws: Draws
    quadrature_percent: float | None
    settings: UncertaintySettings
    title: str


def uncertainty(
    out: str | Place,
    settings: Path | UncertaintySettings | None = None,
    *,
    draws: int = 10_000,
    seed: int = 0,
    readings: Path | None = None,
    cell: tuple[float, float] | None = None,
    report: Report = quiet,
) -> Uncertainty:
    """Draw the errors of a finished run of the CO2 pathway; nothing is written.

    Parameters
    ----------
    out
        Folder of the run.
    settings
        A file, or settings; the defaults of the package otherwise.
    draws, seed
        How many draws, and of which sequence of random numbers.
    readings
        Folder of ``saprolite readings`` on the same study: its readings are drawn as the structure
        of the model.
    cell
        Latitude and longitude of the cell whose indices are computed; by default the one that binds
        the most.
    report
        Called with (stage, done, total).
    """
    require_salib()
    _require(draws, seed)
    chosen = (
        settings
        if isinstance(settings, UncertaintySettings)
        else UncertaintySettings.read(settings)
    )
    fluxes = workflow.open_finished(out)
    cells = cell_amounts(fluxes)
    chosen.require_minerals(cells.minerals)
    if not cells.sums()[..., :-2].any():
        raise InputError(
            "There is nothing to be uncertain of (1 problem)",
            [Problem(str(out), "a carbon sink of 0 in every cell", "a run with a carbon sink",
                     f"saprolite analyse {out}, and look at its tables")],
        )  # fmt: skip
    structure = _structure(readings, cells, chosen)
    index, name = nearest_cell(cells, fluxes["lat"].values, fluxes["lon"].values, cell)
    drawn = draw(cells, chosen.error, draws, seed, structure, report=report)
    report("indices", 0, 2)
    of_total = indices(of_global_total(cells, chosen.error, structure), chosen.indices, seed)
    report("indices", 1, 2)
    of_one = indices(of_cell(cells, chosen.error, index, name), chosen.indices, seed)
    report("indices", 2, 2)
    variance = total_variance(cells, chosen.error, structure)
    budget = quadrature(chosen.budget) if chosen.budget else None
    return Uncertainty(
        tables={
            "uncertainty": intervals(drawn),
            "uncertainty_variance": variance.table(),
            "uncertainty_indices": pd.concat([of_total, of_one], ignore_index=True),
            "uncertainty_budget": _budget_table(chosen, budget),
        },
        lines=(
            str(fluxes.attrs["reading_summary"]),
            _period(fluxes),
            *_described(chosen, structure, variance, draws, seed),
            *map(str, fluxes.attrs["notes"]),
        ),
        draws=drawn,
        quadrature_percent=budget,
        settings=chosen,
        title=f"Uncertainty of: {fluxes.attrs['title']}",
    )


def write_uncertainty(
    found: Uncertainty, out: str | Place, report: Report = quiet
) -> list[Place]:  # fmt: skip
    """Write the tables, the settings in full and the figure into the folder of the run."""
    folder = place(out)
    report("tables, figure", 0, 1)
    head = "".join(f"# {line}\n" for line in (found.title, *found.lines))
    written: list[Place] = []
    for name, table in found.tables.items():
        written.append(folder / "tables" / f"{name}.csv")
        write_text(written[-1], head + table.to_csv(index=False))
    written.append(folder / "tables" / "uncertainty_settings.toml")
    write_text(written[-1], found.settings.to_toml())
    of = found.tables["uncertainty_indices"]
    of_total = of[of["of"] == "global total"]
    written += draw_uncertainty(
        found.draws.results()["global total"][2],
        found.tables["uncertainty"],
        of_total,
        folder / "figures",
        title=found.title,
        caption="; ".join(found.lines),
        quadrature_percent=found.quadrature_percent,
    )
    report("tables, figure", 1, 1)
    return written


def _require(draws: int, seed: int) -> None:
    problems = []
    if draws < 2:
        problems.append(Problem("draws", str(draws), "2 or more", "--draws 10000"))
    if seed < 0:
        problems.append(Problem("seed", str(seed), "0 or more", "--seed 0"))
    raise_if_any(InputError, "The errors cannot be drawn", problems)


def _period(fluxes: xr.Dataset) -> str:
    """The years of the means."""
    years = [int(year) for year in fluxes.attrs["years_used"]]
    return f"means over the {len(years)} years with a value, {years[0]}-{years[-1]}"


def _structure(
    readings: Path | None, cells: CellAmounts, settings: UncertaintySettings
) -> Structure | None:
    if readings is None:
        if settings.structure is not None:
            raise InputError(
                "The structure of the model cannot be drawn (1 problem)",
                [Problem("structure", "readings without their totals",
                         "the folder of saprolite readings", "--readings FOLDER")],
            )  # fmt: skip
        return None
    return structure_of(_read_readings(readings / DATASET), cells, settings.structure)


def _read_readings(file: Path) -> xr.Dataset:
    import xarray as xr

    try:
        with HDF5_LOCK, xr.open_dataset(file, engine="netcdf4") as dataset:
            return dataset.load()
    except OSError as error:
        raise InputError(
            "The readings cannot be read (1 problem)",
            [Problem(str(file), error.strerror or str(error), "what saprolite readings wrote",
                     "saprolite readings STUDY.toml --out FOLDER")],
        ) from error  # fmt: skip


def _budget_table(settings: UncertaintySettings, whole: float | None) -> pd.DataFrame:
    rows = [term.model_dump() for term in settings.budget]
    if whole is not None:
        rows.append({"name": "in quadrature", "relative_sd_percent": whole, "source": "computed"})
    return pd.DataFrame(rows, columns=["name", "relative_sd_percent", "source"])


def _described(
    settings: UncertaintySettings,
    structure: Structure | None,
    variance: TotalVariance,
    draws: int,
    seed: int,
) -> list[str]:
    """What was drawn, and what comes out in closed form."""
    lines = [f"{draws} draws, seed {seed}"]
    lines += [
        f"{one.name}: {one.shared.replace('_', ' ')}, {one.distribution}, width {one.width:g} "
        f"({one.source})"
        for one in settings.error
    ]
    if structure is not None:
        pairs = zip(structure.names, structure.weights, strict=True)
        shown = "; ".join(f"{name} ({weight:.3g})" for name, weight in pairs)
        lines.append(f"model structure: one reading a draw, by its weight: {shown}")
    sd = variance.variance**0.5
    lines.append(f"global total in closed form: mean {variance.mean:.6g}, sd {sd:.6g} Tg C yr-1")
    return lines
