"""The command line: it parses, calls, prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from saprolite.analysis_commands import analyse
from saprolite.audit_commands import audit
from saprolite.claims_commands import claims
from saprolite.command_help import add_help
from saprolite.comparison_commands import app as comparison_app
from saprolite.data_commands import app as data_app
from saprolite.errors import (
    Problem,
    SaproliteError,
    StudyError,
)
from saprolite.help_commands import doctor, register_completion
from saprolite.pit_commands import column, site
from saprolite.prepare_command import prepare
from saprolite.progress import Progress
from saprolite.readings_commands import readings
from saprolite.report_commands import report
from saprolite.uncertainty_commands import uncertainty
from saprolite.view_command import view

if TYPE_CHECKING:
    from saprolite.places import Place


def _version() -> str:
    from saprolite.version import __version__

    return __version__


app = cyclopts.App(
    name="saprolite",
    version=_version,
    help_format="plaintext",
    help="How fast the minerals of a soil weather, and how much CO2 that binds.",
    suppress_keyboard_interrupt=False,  # ``main`` says what an interruption means
)
app.command(data_app)
for command in (
    analyse, report, view, audit, claims, prepare, readings, uncertainty, column, site, doctor,
):  # fmt: skip
    app.command(command)
register_completion(app)
app.update(comparison_app)


@app.command
def demo(
    out: Path,
    *,
    resolution: float = 2.0,
    experiments: Annotated[bool, Parameter(negative=())] = False,
    restart: bool = False,
) -> None:
    """Run the demo planet: no download, no data, about a minute.

    Parameters
    ----------
    out
        Folder of the results.
    resolution
        Cell size in degrees: 0.25, 0.5, 1, 2, 5 or another that divides 30.
    experiments
        Run each driver alone, too: saprolite analyse then draws what drives the trends.
    restart
        Start over in a folder that holds a run.
    """
    from saprolite import workflow

    with Progress() as report:
        workflow.demo(out, resolution_deg=resolution, experiments=experiments, restart=restart,
                      report=report)  # fmt: skip
    _print_headline(out)


@app.command
def run(
    study: Path,
    *,
    out: str,
    restart: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Run a study, or finish the run that was interrupted.

    Parameters
    ----------
    study
        The study file (TOML).
    out
        Folder of the results, or a URL such as s3://bucket/folder.
    restart
        Start over in a folder that holds a run.
    workers
        Threads that compute; by default as the study says, or as many as there are cores.
    scheduler
        Address of a Dask cluster that computes in their place, such as tcp://host:8786.
    """
    from contextlib import nullcontext

    from saprolite import workflow
    from saprolite.engine.cluster import connected
    from saprolite.places import place

    folder = place(out)
    with (
        connected(scheduler) if scheduler else nullcontext() as client,
        Progress() as report,
    ):
        workflow.run(study, folder, restart=restart, report=report, workers=workers, client=client)
    _print_headline(folder)


@app.command
def check(study: Path) -> None:
    """Find everything that is wrong with a study and its inputs, before any work.

    Parameters
    ----------
    study
        The study file (TOML).
    """
    from saprolite import inputs, workflow
    from saprolite.inputs.store import forcing_bytes

    with Progress() as report:
        prepared = workflow.check(study, report)
    land = float(prepared.area.sum())
    print(f"{prepared.study.title}")
    print(f"  {prepared.study.summary}")
    print(f"  grid: {prepared.grid.describe()}; {prepared.cells.size} land cells, "
          f"{land / 1e6:.1f} Mkm2")  # fmt: skip
    print(f"  forcing as stored: {forcing_bytes(prepared) / 1e6:.0f} MB")
    print("  land without an input:")
    for cause, row in inputs.counts(prepared.missing, prepared.area, prepared.causes).items():
        print(
            f"    {cause:14s} {row['cells']:8.0f} cells {row['share_of_land_area_percent']:7.2f} %"
        )
    for note in prepared.notes:
        print(f"  note: {note}")
    print("no problem found")


@app.command
def plan(study: Path, *, out: str | None = None) -> None:
    """Print what a run will read, compute, write and hold in memory, and how long it will take.

    Nothing is written to OUT. What does not fit is an error that names the number to change.

    Parameters
    ----------
    study
        The study file (TOML).
    out
        Folder of the results, to look at the space on its disk.
    """
    from saprolite import workflow
    from saprolite.engine.plan_text import plan_text

    with Progress() as report:
        found = workflow.plan(study, out, report)
    print(plan_text(found))
    found.require()


@app.command
def seam(study: Path, *, out: Path) -> None:
    """Compare GLDAS 2.1 with 2.0 over the years that both have: maps, a figure and a table.

    Parameters
    ----------
    study
        The study file (TOML), with both versions in its forcing.
    out
        Folder for the NetCDF file, the figure and the table.
    """
    from saprolite.comparison.seam import caption
    from saprolite.comparison.seam_outputs import write_seam
    from saprolite.study import Study

    with Progress() as report:
        found, written = write_seam(Study.read(study), out, report)
    print(f"{found.title}\n  {caption(found)}")
    print(f"  look at {', '.join(map(str, written))}")


@app.command
def init(study: Path = Path("study.toml")) -> None:
    """Write a commented study file to start from.

    Parameters
    ----------
    study
        The file to write; it must not exist.
    """
    from saprolite.stores import write_text
    from saprolite.study_template import TEMPLATE

    if study.exists():
        raise StudyError(
            "The file exists (1 problem)",
            [Problem(str(study), "a file", "a new name", "saprolite init OTHER.toml")],
        )
    write_text(study, TEMPLATE.format(name=study.name))
    print(f"{study} written; edit its paths, then: saprolite check {study}")


@app.command
def explain(
    study: Path | None = None,
    *,
    reading: Annotated[str | None, Parameter(name=["--reading", "--preset"])] = None,
) -> None:
    """Print each equation of a reading with its form, source and numbers.

    Parameters
    ----------
    study
        A study file: explain its reading and minerals.
    reading
        A preset: canonical (default), profile_physical, profile_original, manuscript_literal,
        raw_formula_base10, raw_surface_base10.
    """
    from saprolite.minerals import CLAY_MINERALS
    from saprolite.models import CO2Pathway, Reading
    from saprolite.models.explain import explain_text

    if study is not None:
        from saprolite.study import Study
        from saprolite.study_explain import explain_study

        if reading is not None:
            raise StudyError(
                "Two readings (1 problem)",
                [
                    Problem(
                        "explain",
                        f"a study file and --reading {reading}",
                        "one of the two",
                        f"saprolite explain {study}, or saprolite explain --reading {reading}",
                    )
                ],
            )

        print(explain_study(Study.read(study)))
        return
    print(explain_text(CO2Pathway.of(Reading.preset(reading or "canonical"), CLAY_MINERALS)))


@app.command
def schema() -> None:
    """Print the JSON schema of the study file."""
    from saprolite.study_schema import schema_text

    print(schema_text(), end="")


add_help(app)


def _print_headline(out: Place) -> None:
    import json

    summary: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    means = summary["mean_flux_t_C_km-2_yr-1"]
    print(summary["title"])
    print(f"  {summary['reading']}")
    total = summary["global_total_Tg_C_yr-1"]
    print(f"  carbon sink   {total:.4g} Tg C yr-1")
    mean = means["area_weighted_valid"]
    shown = "no cell with a value" if mean is None else f"{mean:.3g} t C km-2 yr-1"
    print(f"  mean flux     {shown} (area-weighted, valid cells)")
    share = 100.0 * summary["valid_area_km2"] / summary["land_area_km2"]
    partly = summary["partial_cells_count"]
    print(
        f"  land          {share:.1f} % of its area has a value in every layer"
        + (f"; {partly} cells only in some, which are in totals and not in means" if partly else "")
    )
    for row in summary["by_layer"]:
        share = row["share_percent"]
        part = "" if share is None else f"  ({share:.1f} %)"
        print(f"  {row['layer']:13s} {row['total_Tg_C_yr-1']:.4g} Tg C yr-1{part}")
    for note in summary["notes"]:
        print(f"  note: {note}")
    print(f"  look at {out / 'figures'}, {out / 'summary.json'}")


def main() -> None:
    """Entry point: errors of saprolite are messages and exit codes, not tracebacks."""
    try:
        app()
        sys.stdout.flush()
    except SaproliteError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of the pipe (head, less) has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
