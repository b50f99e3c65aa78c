"""The command ``saprolite uncertainty``: intervals on the headline numbers of a finished run."""

from __future__ import annotations

from pathlib import Path

from saprolite.errors import InputError, Problem
from saprolite.progress import Progress


def uncertainty(
    out: str,
    *,
    settings: Path | None = None,
    draws: int = 10_000,
    seed: int = 0,
    readings: Path | None = None,
    cell: str | None = None,
) -> None:
    """Draw the errors of a finished run: intervals, shares of variance, indices, a figure.

    The flux is linear in rate constants, mineral contents and thickness, so that no run is made
    anew. What is uncertain, and by how much, is in the settings; the defaults are written out.

    Parameters
    ----------
    out
        Folder of the run, or its URL; tables and the figure go there.
    settings
        Settings (TOML); by default those of the package.
    draws
        Number of draws.
    seed
        Which sequence of random numbers.
    readings
        Folder of saprolite readings on the same study, drawn as the structure of the model.
    cell
        LATITUDE,LONGITUDE of a cell whose indices are wanted; by default the one that binds the
        most.
    """
    from saprolite.uncertainty_workflow import uncertainty as analyse
    from saprolite.uncertainty_workflow import write_uncertainty

    with Progress() as report:
        found = analyse(out, settings, draws=draws, seed=seed, readings=readings,
                        cell=_place(cell), report=report)  # fmt: skip
        written = write_uncertainty(found, out, report)
    print(found.title)
    for line in found.lines:
        print(f"  {line}")
    for row in found.tables["uncertainty"].to_dict("records"):
        print(f"  {row['quantity']:38s} {row['run']:10.4g}   P5 {row['P5']:.4g}  P50 "
              f"{row['P50']:.4g}  P95 {row['P95']:.4g} {row['unit']}")  # fmt: skip
    for row in found.tables["uncertainty_variance"].to_dict("records"):
        print(f"  variance: {row['error']:28s} {row['variance_share_first_order_percent']:6.1f} %")
    if found.quadrature_percent is not None:
        print(f"  budget in quadrature {found.quadrature_percent:.1f} %")
    print(f"  look at {', '.join(map(str, written))}")


def _place(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        lat, lon = (float(item) for item in text.split(","))
    except ValueError as error:
        raise InputError(
            "The cell cannot be read (1 problem)",
            [Problem(f"--cell {text}", "not two numbers", "LATITUDE,LONGITUDE", "--cell 0.5,23.5")],
        ) from error
    return lat, lon
