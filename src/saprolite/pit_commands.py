"""The commands of soil pits: ``saprolite column`` and ``saprolite site``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from saprolite.errors import InputError, Problem, ReadingError, raise_if_any
from saprolite.progress import Progress

_SITES_IN_FULL = 3


def column(
    site: Path,
    *,
    model: str = "profile",
    kinetics: str | None = None,
    settings: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    out: Path | None = None,
) -> None:
    """Solve soil pits: solution chemistry, weathering and critical loads, layer by layer.

    Parameters
    ----------
    site
        A site file (TOML, or CSV with one row a layer), or a folder of them.
    model
        profile, simple (prescribed chemistry) or witch-type.
    kinetics
        Table of rate constants, by name or as a CSV file; for witch-type its rate laws.
    settings
        Another choice as KEY=VALUE, such as rate_law=nutsfor or kinetic_rows.illite=Illite2; may
        be repeated.
    out
        Folder for tables (CSV), everything (JSON) and a figure of each pit.
    """
    from saprolite.column.pit import solve

    pits = solve(site, model, **_column_choices(model, kinetics, settings))
    if len(pits.sites) > _SITES_IN_FULL:
        print(f"{pits.summary()}\n\n{pits.footer()}")
    else:
        print(pits.text())
    if out is not None:
        from saprolite import workflow

        with Progress() as report:
            written = workflow.write_pits(pits, out, report)
        print(f"\n{len(written)} files written; look at {out / 'figures'}, {out / 'column.csv'}")


def site(new: Path = Path("site.toml")) -> None:
    """Write a commented site file to start from.

    Parameters
    ----------
    new
        The file to write; it must not exist.
    """
    from saprolite.column.site_text import SITE_TEMPLATE
    from saprolite.stores import write_text

    if new.exists():
        raise InputError(
            "The file exists (1 problem)",
            [Problem(str(new), "a file", "a new name", "saprolite site OTHER.toml")],
        )
    write_text(new, SITE_TEMPLATE)
    print(f"{new} written; edit it, then: saprolite column {new}")


def _column_choices(model: str, kinetics: str | None, settings: tuple[str, ...]) -> dict[str, Any]:
    """Fields of ColumnReading from --kinetics and --set."""
    import dataclasses

    from saprolite.models import ColumnReading

    table = "transition_state" if model == "witch-type" else "kinetics"
    chosen: dict[str, Any] = {} if kinetics is None else {table: kinetics}
    rows: dict[str, str] = {}
    types = {item.name: str(item.type) for item in dataclasses.fields(ColumnReading)}
    problems = []
    for text in settings:
        key, equals, typed = (part.strip() for part in text.partition("="))
        group, _, mineral = key.partition(".")
        value: str | float = typed
        fault = ""
        if "float" in types.get(key, ""):
            try:
                value = float(typed)
            except ValueError:
                fault = f"{typed!r}, not a number"
        if not key or not equals:
            fault = "no KEY=VALUE"
        elif key == "model":
            fault = "a choice that has an option of its own"
        elif key in chosen or (group == "kinetic_rows" and mineral in rows):
            fault = "given twice"
        elif key == "kinetic_rows":
            fault = "no mineral"
        if fault:
            problems.append(
                Problem(f"--set {text}", fault,
                        "KEY=VALUE, once for each; kinetic_rows.MINERAL=ROW; --model MODEL",
                        "--set rate_law=nutsfor --set kinetic_rows.illite=Illite2")
            )  # fmt: skip
        elif group == "kinetic_rows":
            rows[mineral] = typed
        else:
            chosen[key] = value
    raise_if_any(ReadingError, "These choices cannot be read", problems)
    return chosen | ({"kinetic_rows": rows} if rows else {})
