"""Solved pits as files: CSV tables whose first lines say what they are, and everything as JSON."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from saprolite.column.pit_budget import CO2
from saprolite.column.pit_numbers import notes, numbers, unverified, unverified_lines, warnings
from saprolite.column.site_critical_load import critical_load_frame
from saprolite.column.site_text import site_to_toml
from saprolite.stores import write_json, write_text
from saprolite.version import __version__

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

_LIBRARIES = ("numpy", "pandas", "pint")


def header_lines(pits: Pits) -> list[str]:
    """What every output says: reading, notes, warnings, unverified numbers."""
    lines = [f"saprolite {__version__}, soil pit: {pits.reading.summary()}"]
    lines += [f"note: {line}" for line in notes(pits)]
    lines += [f"warning: {line}" for line in warnings(pits)]
    lines += [f"unverified: {line}" for line in unverified_lines(pits)]
    return lines


def csv_text(pits: Pits, frame: pd.DataFrame) -> str:
    """A table as CSV; comment lines say what it is."""
    return "".join(f"# {line}\n" for line in header_lines(pits)) + frame.to_csv(index=False)


def write_frame(pits: Pits, frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as CSV, whole or not at all."""
    path = Path(path)
    write_text(path, csv_text(pits, frame))
    return path


def write_dict(pits: Pits, path: str | Path) -> Path:
    """Write everything as JSON, whole or not at all."""
    path = Path(path)
    write_json(path, as_dict(pits))
    return path


def write_tables(pits: Pits, folder: Path) -> list[Path]:
    """Write all tables and the JSON into a folder."""
    frames = {
        "column": pits.table(),
        "minerals": pits.by_mineral(),
        "pathways": pits.by_pathway(),
        "totals": pits.totals(),
    }
    if pits.reading.solves_chemistry:
        frames["mass_balance"] = pits.mass_balance()
    loads = pits.critical_loads()
    if loads:
        frames["critical_loads"] = critical_load_frame(loads)
    written = [write_dict(pits, folder / "column.json")]
    written += [write_frame(pits, frame, folder / f"{name}.csv") for name, frame in frames.items()]
    return written


def as_dict(pits: Pits) -> dict[str, Any]:
    """Everything as plain values; see ``Pits.as_dict``. What is not finite is None."""
    table, minerals, pathways = pits.table(), pits.by_mineral(), pits.by_pathway()
    totals = pits.totals()
    balance = pits.mass_balance() if pits.reading.solves_chemistry else None
    loads = {load.site: load.row() for load in pits.critical_loads()}
    content: dict[str, Any] = {
        "saprolite": __version__,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "model": pits.reading.title,
        "reading": pits.reading.as_dict(),
        "reading_summary": pits.reading.summary(),
        "notes": notes(pits),
        "warnings": warnings(pits),
        "CO2": dict(CO2),
        "sites": [],
        "numbers": numbers(pits),
        "unverified_numbers": unverified(pits),
    }
    for index, site in enumerate(pits.sites):
        entry: dict[str, Any] = {
            "name": site.name,
            "source": site.source,
            "defaults": list(site.defaults),
            "totals": _rows(totals.iloc[[index]])[0],
            "layers": _rows(_of(table, site.name)),
            "minerals": _rows(_of(minerals, site.name)),
            "pathways": _rows(_of(pathways, site.name)),
        }
        if balance is not None:
            entry["mass_balance"] = _rows(_of(balance, site.name))
        if site.name in loads:
            entry["critical_loads"] = loads[site.name]
        entry["input"] = tomllib.loads(site_to_toml(site))
        content["sites"].append(entry)
    plain: dict[str, Any] = _plain(content)
    return plain


def _of(frame: pd.DataFrame, site: str) -> pd.DataFrame:
    return frame[frame["site"] == site]


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return [dict(row) for row in frame.drop(columns="site").to_dict(orient="records")]


def _plain(value: Any) -> Any:
    """Mappings, lists, texts and finite numbers only."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
