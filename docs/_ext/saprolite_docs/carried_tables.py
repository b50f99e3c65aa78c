"""Every number that the package carries, with its source and confidence: from the tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from importlib import resources

from saprolite.constants import TABLE
from saprolite_docs.citations import cited
from saprolite_docs.markdown import cell, code, legend, table

Row = dict[str, str]
KINETIC = ("nutsfor", "sverdrup_warfvinge_1995", "sverdrup_2019", "sverdrup_1990", "recalled")
_MINERALS = [
    "palandri_kharaka",
    "hermanska",
    "clay_laws",
    "witch_phases",
    "solubility",
    "stoichiometry",
    "equilibria",
    "co2_per_mol",
]
_HOMES = dict.fromkeys((*KINETIC, *_MINERALS), "saprolite.minerals") | {
    "references": "saprolite.analysis",
    "climate_class_minerals": "saprolite.sources",
    "climate_class_texture": "saprolite.sources",
}


def constants() -> str:
    """The table of constants."""
    rows = [
        [code(one.name), f"{one.value:.10g}", cell(one.unit), cell(one.meaning),
         f"{cell(one.source)} {cited(one.source)}".strip(), one.confidence]
        for one in TABLE.values()
    ]  # fmt: skip
    return table(["name", "value", "unit", "meaning", "source", "confidence"], rows)


def read(name: str) -> tuple[list[str], list[Row]]:
    """Notes on top of a carried CSV file, and its rows."""
    text = resources.files(_HOMES[name]).joinpath(f"data/{name}.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    notes = [line[1:].strip() for line in lines if line.startswith("#")]
    body = "\n".join(line for line in lines if not line.startswith("#"))
    return notes, list(csv.DictReader(io.StringIO(body)))


def carried_table(name: str) -> str:
    """A carried table as it is; long texts (sources, flags) as letters that are told below it."""
    notes, rows = read(name)
    parts = [" ".join(cell(note) for note in notes) + "\n"]
    same = [key for key in rows[0] if len(rows) > 1 and len({row[key] for row in rows}) == 1]
    parts += [f"In all rows: {_same(same, rows[0])}\n"] if same else []
    long = [key for key in ("source", "flag", "note", "sigma_source") if key in rows[0]]
    letters = {key: legend(row[key] for row in rows) for key in long}
    shown = [key for key in rows[0] if key not in long]
    order = [key for key in shown if key != "confidence"] + [*long, "confidence"]
    order = [key for key in order if key in rows[0] and key not in same]
    parts.append(table([cell(key) for key in order],
                       [[_shown(row, key, letters) for key in order] for row in rows]))  # fmt: skip
    for key in (key for key in long if key not in same):
        parts += _told(key, letters[key])
    return "\n".join(parts)


def _shown(row: Row, key: str, letters: dict[str, dict[str, str]]) -> str:
    return letters[key].get(row[key], "") if key in letters else cell(row[key])


def _same(keys: Sequence[str], row: Row) -> str:
    told = [f"{code(key)} {cell(row[key])} {cited(row[key])}".strip() for key in keys if row[key]]
    return "; ".join(told) + "."


def _told(key: str, letters: dict[str, str]) -> Iterator[str]:
    if letters:
        told = "; ".join(
            f"**{letter}** {cell(text)} {cited(text)}".strip() for text, letter in letters.items()
        )
        yield f"*{cell(key)}*: {told}\n"


def unverified() -> str:
    """All carried numbers that are recalled (U): constants and rows of tables."""
    rows = [[code(one.name), "constants", f"{one.value:.10g} {cell(one.unit)}", cell(one.source)]
            for one in TABLE.values() if one.confidence == "U"]  # fmt: skip
    for name in _HOMES:
        _, found = read(name)
        rows += [[_label(row), code(name), _numbers(row), cell(row.get("source", ""))]
                 for row in found if row.get("confidence") == "U"]  # fmt: skip
    return table(["what", "where", "number", "source"], rows)


def _label(row: Row) -> str:
    names: Sequence[str] = [row[key] for key in ("id", "row", "mineral", "pathway") if row.get(key)]
    return cell(", ".join(dict.fromkeys(names)))


def _numbers(row: Row) -> str:
    keys = ("pk", "order", "co2_per_mol", "low", "unit")
    return cell(" ".join(f"{key} {row[key]}" for key in keys if row.get(key)))
