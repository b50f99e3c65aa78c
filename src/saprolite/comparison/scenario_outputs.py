"""Files of a scenario: tables as CSV, maps as NetCDF, figures as PNG and PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.scenario import (
    DEFINITION,
    DRIVERS,
    ScenarioComparison,
    compare_scenarios,
)
from saprolite.analysis.scenario_runs import Run
from saprolite.places import Place, write_text, writing
from saprolite.report.figures.scenario import Background, draw_drivers, draw_scenario
from saprolite.sources.files import HDF5_LOCK
from saprolite.stages import Report, quiet
from saprolite.version import __version__

_DIGITS = "%.9g"
_FLUX = "t C km-2 yr-1"


def named_runs(runs: Sequence[tuple[Place, xr.Dataset]]) -> list[Run]:
    """Runs (folder, fluxes) by the names of their folders; a name that is there twice gets a
    number."""
    names = [folder.name or str(folder) for folder, _ in runs]
    unique = [
        name if names.count(name) == 1 else f"{name} ({number})"
        for number, name in enumerate(names)
    ]
    return [Run(name, *run) for name, run in zip(unique, runs, strict=True)]


def write_scenario(
    runs: Sequence[Run], folder: Path, *, last_years: int, first_years: int, report: Report = quiet
) -> tuple[ScenarioComparison, list[Place]]:
    """Compare runs, the first that of the past, and write all files into ``folder``.

    ``scenario_annual.csv``, ``scenario_change.csv``, ``scenario_spread.csv``,
    ``scenario_drivers.csv``, ``scenario_maps.nc``, ``fig10_scenario`` and ``scenario_drivers`` (PNG
    and PDF). Files of the same names are replaced.
    """
    past, *members = runs
    found = compare_scenarios(past, members, last_years, first_years, report)
    report("maps, figures", 0, 2)
    notes = _notes(past, members, found)
    head = "".join(f"# {note}\n" for note in notes)
    written: list[Place] = []
    for name in ("annual", "change", "spread", "drivers"):
        written.append(folder / f"scenario_{name}.csv")
        table = getattr(found, name).to_csv(index=False, float_format=_DIGITS)
        write_text(written[-1], head + table)
    maps = folder / "scenario_maps.nc"
    with writing(maps), HDF5_LOCK:
        maps.unlink(missing_ok=True)
        scenario_dataset(past, found, notes).to_netcdf(maps, engine="netcdf4")
    written.append(maps)
    report("maps, figures", 1, 2)
    background = Background(past.maps.land, past.maps.climate, past.maps.lat_edges,
                            past.maps.lon_edges)  # fmt: skip
    title = f"{', '.join(member.name for member in found.members)} against {past.name}, " \
            f"{past.maps.depth_name}"  # fmt: skip
    caption = ". ".join(notes)
    written += draw_scenario(found, background, folder / "fig10_scenario", title, caption)
    if len(found.drivers):
        written += draw_drivers(found, folder / "scenario_drivers", title, caption)
    report("maps, figures", 2, 2)
    return found, written


def scenario_dataset(history: Run, found: ScenarioComparison, notes: Sequence[str]) -> xr.Dataset:
    """Maps of the members against history, with CF attributes; NaN off the common cells."""
    maps = history.maps
    flat = ("member", "lat", "lon")

    def on_map(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        filled = np.full((*values.shape[:-1], *found.cells.shape), np.nan, np.float32)
        filled[..., found.cells] = values
        return filled

    def stacked(name: str) -> npt.NDArray[np.float32]:
        """A field of all members; NaN for one that has it not."""
        shape = (len(DRIVERS),) if name == "contributions" else ()
        none = np.full((*shape, int(found.cells.sum())), np.nan)
        fields = [getattr(member, name) for member in found.members]
        return np.stack([on_map(field if field.size else none) for field in fields])

    variables = {
        "history_flux": (("lat", "lon"), on_map(found.history_flux),
                         {"units": _FLUX, "long_name": f"mean flux of {history.name}"}),
        "flux_change": (flat, stacked("change"),
                        {"units": _FLUX, "long_name": "mean flux of the scenario less history"}),
        "soil_moisture_change": (flat, stacked("moisture"),
                                 {"units": "m3 m-3", "long_name": "mean soil moisture, change"}),
        "soil_temperature_change": (flat, stacked("temperature"),
                                    {"units": "K", "long_name": "mean soil temperature, change"}),
        "contribution": (("member", "driver", "lat", "lon"), stacked("contributions"),
                         {"units": _FLUX, "long_name": "contribution to flux_change",
                          "comment": DEFINITION}),
        "climate_class": (("lat", "lon"), maps.climate, {"units": "1"}),
        "cell_area": (("lat", "lon"), maps.area, {"units": "km2", "standard_name": "cell_area"}),
    }  # fmt: skip
    coords = {
        "member": [member.name for member in found.members],
        "driver": list(DRIVERS),
        "lat": ("lat", maps.lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": ("lon", maps.lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    attributes = {
        "Conventions": "CF-1.11",
        "title": f"Scenario against {history.name}",
        "source": f"saprolite {__version__}",
        "comment": "; ".join(notes),
    }
    return xr.Dataset(variables, coords, attributes)


def _notes(history: Run, members: Sequence[Run], found: ScenarioComparison) -> tuple[str, ...]:
    of_runs = [(run.name, run.fluxes.attrs) for run in (history, *members)]
    divided = [f"drivers: {DEFINITION}"] if len(found.drivers) else []
    return (
        *(f"{name}: {attributes['title']}; {attributes['reading_summary']}"
          for name, attributes in of_runs),
        *(f"baseline {name}: {text}" for name, text in found.definitions.items()),
        *found.notes,
        *divided,
        *dict.fromkeys(str(note) for _, attributes in of_runs for note in attributes["notes"]),
    )  # fmt: skip
