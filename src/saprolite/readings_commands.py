"""The command ``saprolite readings``: what the choices of equations do to a study's totals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def readings(
    study: Path,
    *,
    out: Path | None = None,
    vary: tuple[str, ...] = (),
    reading: tuple[str, ...] = (),
    presets: bool = True,
    target: str | None = None,
    target_total: float | None = None,
    target_layers: str | None = None,
    target_groups: str | None = None,
    tolerance: float = 0.2,
    workers: int | None = None,
) -> None:
    """Run a study under many readings in one pass over its inputs, and compare their totals.

    The readings are the presets, the study's own, and those of --reading and --vary. Without a
    target nothing is measured.

    Parameters
    ----------
    study
        The study file (TOML).
    out
        Folder for readings.csv, readings.nc and figures.
    vary
        A field and its values, such as et_mode=annual,monthly_x12; may be repeated: every
        combination is a reading.
    reading
        One more reading, such as canonical,arrhenius_base=10; may be repeated.
    presets
        Run the presets too.
    target
        What the readings are measured against: manuscript, or a CSV file like it.
    target_total
        The target's total, Tg C yr-1.
    target_layers
        The target's shares of the layers from the top, %, such as 6.1,19.1,29.9,44.9.
    target_groups
        The target's shares of the climate groups A to E, %.
    tolerance
        A reading fits the climate groups A to D up to this root mean square of ln share.
    workers
        Threads that compute; by default as the study says, or as many as there are cores.
    """
    from saprolite.analysis.targets import target_of
    from saprolite.comparison.readings import compare_readings, write_readings
    from saprolite.models import PRESETS
    from saprolite.models.variations import variations
    from saprolite.study import Study

    problems: list[Problem] = []
    layers = _numbers("--target-layers", target_layers, problems)
    groups = _numbers("--target-groups", target_groups, problems)
    if not tolerance > 0.0:
        problems.append(Problem("--tolerance", f"{tolerance:g}", "a number above 0",
                                "--tolerance 0.2"))  # fmt: skip
    raise_if_any(InputError, "The target cannot be used", problems)
    wanted = target_of(target, target_total, layers, groups)
    chosen = Study.read(study)
    if workers is not None:
        chosen = chosen.with_workers(workers)
    several = variations(chosen.chosen_reading, vary, reading, PRESETS if presets else ())
    notes: tuple[str, ...] = ()
    if several.left_out:
        notes = (f"left out, not possible: {'; '.join(several.left_out)}",)
    with Progress() as report:
        found = compare_readings(chosen, several.readings, wanted, tolerance, notes, report)
    print(found.readings.attrs["title"])
    print(_text(found.table))
    for line in found.lines:
        print(f"  {line}")
    if out is not None:
        with Progress() as report:
            written = write_readings(found, out, wanted, tolerance, report)
        print(f"  look at {', '.join(map(str, written))}")


def _numbers(option: str, text: str | None, problems: list[Problem]) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(item) for item in text.replace("/", ",").split(",")]
    except ValueError:
        problems.append(Problem(f"{option} {text}", "not numbers", "numbers in %, between commas",
                                f"{option} 50,20,20,9,1"))  # fmt: skip
        return None


def _text(table: pd.DataFrame) -> str:
    """The table for a terminal: one line for each reading."""
    from saprolite.analysis.readings import GROUPS_RMS, LOG_RATIO, TOTAL, share_columns

    groups, layers = share_columns(table)
    wide = 4 * len(layers) + len(layers)
    lines = [
        f"  {'Tg C yr-1':>9s}  {'layers %':{wide}s}  {'groups A-E %':24s}  rms ln  log10  reading"
    ]
    for row in table.to_dict("records"):
        parts = ["/".join(f"{row[name]:.1f}" for name in names) for names in (layers, groups)]
        fit = [f"{row[name]:{form}}" if name in row else "-"
               for name, form in ((GROUPS_RMS, ".2f"), (LOG_RATIO, "+.2f"))]  # fmt: skip
        lines.append(
            f"  {row[TOTAL]:9.1f}  {parts[0]:{wide}s}  {parts[1]:24s}  {fit[0]:>6s}  {fit[1]:>5s}  "
            f"{row['reading']}"
        )
    return "\n".join(lines)
