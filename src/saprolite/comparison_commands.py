"""Commands that set a run beside something else: sites, other models, other studies, a future."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from saprolite.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

app = cyclopts.App(name="comparisons")


@app.command
def sites(
    run: str,
    table: Path,
    *,
    depth_cm: float,
    columns: Path | None = None,
    farthest_km: float | None = None,
    out: str | None = None,
) -> None:
    """Compare a run with weathering rates of sites: ratios by region, a map, all as CSV.

    Parameters
    ----------
    run
        Folder of a finished run.
    table
        Table of sites (CSV or Excel), or that of the Norwegian critical loads.
    depth_cm
        Depth of soil (cm) that the run's flux is taken of, where the table states none for a site.
    columns
        TOML file that says which column of the table is what, and the unit.
    farthest_km
        Distance (km) to the nearest cell with a value beyond which a site is left out; by default
        half the diagonal of a cell of the run.
    out
        Folder of the results, RUN/sites by default.
    """
    from saprolite import workflow
    from saprolite.comparison.site_outputs import write_sites
    from saprolite.places import place

    folder = place(run) / "sites" if out is None else place(out)
    with Progress() as report:
        found, written = write_sites(
            workflow.open_finished(run), table, columns, folder, depth_cm=depth_cm,
            farthest_km=farthest_km, report=report,
        )  # fmt: skip
    _print_notes(found.notes)
    _print_table(found.statistics.set_index("region").T)
    print(f"look at {', '.join(map(str, written))}")


@app.command
def compare(
    wise: Path, gldas: Path, *, out: Path, first_year: int = 2012, last_year: int = 2022
) -> None:
    """Compare PROFILE with the simple mineral model and the WITCH-type model at soil profiles.

    Parameters
    ----------
    wise
        Table of horizons of ISRIC-WISE 3.
    gldas
        Months of GLDAS Noah, for soil moisture, temperature and evapotranspiration.
    out
        Folder of the results: pairs, statistics, figures.
    first_year
        First year of GLDAS that the means are of.
    last_year
        Last year of them.
    """
    from saprolite.comparison import read_sites, write_comparisons

    with Progress() as report:
        found = read_sites(wise, gldas, range(first_year, last_year + 1), report=report)
        table = write_comparisons(found, out, report=report)
    _print_notes((f"{len(found.table)} horizons of {found.profiles} profiles", *found.notes))
    shown = ["n", "mean_ratio", "median_ratio", "ratio_of_means", "share_within_3",
             "share_within_10", "log10_bias", "log10_scatter"]  # fmt: skip
    _print_table(table.set_index(["comparison", "figure", "quantity", "mineral"])[shown])
    print(f"look at {out}")


@app.command
def references(run: str, *, depth_cm: float, out: str | None = None) -> None:
    """Set a run beside other studies: Table 1, ratios with each denominator named, the budget.

    Parameters
    ----------
    run
        Folder of a finished run.
    depth_cm
        Depth of soil (cm) that the run's weathering rates are taken of, for Sweden and its sites.
    out
        Folder of the results, RUN/references by default.
    """
    from saprolite import workflow
    from saprolite.comparison.reference_outputs import write_references
    from saprolite.places import place

    folder = place(run) / "references" if out is None else place(out)
    with Progress() as report:
        tables, written = write_references(workflow.open_finished(run), folder, depth_cm, report)
    shown = ["this_run", "depth", "other_low", "other_high",
             "ratio_low_1", "ratio_high_1", "printed_in_manuscript", "confidence"]  # fmt: skip
    for name, table in tables.items():
        print(name)
        keys = [name for name in ("comparison", "object", "region", "unit") if name in table]
        _print_table(table.set_index(keys)[shown])
    print(f"look at {', '.join(map(str, written))}")


@app.command
def scenario(
    history: str,
    scenarios: Annotated[tuple[str, ...], Parameter(negative=())],
    /,
    *,
    out: Path,
    last_years: int = 10,
    first_years: int = 1,
) -> None:
    """Compare runs of a future with one of the past: series, zones, masks, drivers, figure.

    Parameters
    ----------
    history
        Folder of the run of the past.
    scenarios
        Folders of one or more scenario runs: the members.
    out
        Folder of the results.
    last_years
        Years at the end of history that the second baseline is the mean of.
    first_years
        Years at the start of the scenario that the third baseline is the mean of.
    """
    from saprolite import workflow
    from saprolite.comparison.scenario_outputs import named_runs, write_scenario
    from saprolite.places import place

    runs = named_runs([(place(run), workflow.open_finished(run)) for run in (history, *scenarios)])
    with Progress() as report:
        found, written = write_scenario(runs, out, last_years=last_years, first_years=first_years,
                                        report=report)  # fmt: skip
    _print_notes((*(f"{name}: {text}" for name, text in found.definitions.items()), *found.notes))
    whole = found.change[found.change["depth"] == found.change["depth"].iloc[-1]]
    changes = [name for name in whole if str(name).startswith("change_against")]
    _print_table(whole.set_index(["member", "zone"])[["share_of_area_percent", *changes]])
    if len(found.drivers):
        shares = found.drivers.pivot_table(
            "contribution_percent_of_history_mean", ["member", "zone"], "driver", sort=False
        )
        print("contribution of each driver, % of the mean of history")
        _print_table(shares)
    print(f"look at {', '.join(map(str, written))}")


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        print(f"  {note}")


def _print_table(table: pd.DataFrame) -> None:
    """Print a table as wide as the terminal; columns that do not fit stand below, again with the
    index of their rows. In a pipe or a file no row is broken."""
    width = shutil.get_terminal_size(fallback=(0, 0)).columns
    text = table.to_string(
        float_format="{:.4g}".format, na_rep="-", sparsify=False, line_width=width or None
    )
    print("\n".join(line.rstrip() for line in text.splitlines()))
