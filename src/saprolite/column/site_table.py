"""CSV tables of sites: one row a layer, units in square brackets in the header.

>>> _Column.of("deposition:Ca [meq/m2/yr]", 0).unit
'meq/m2/yr'
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from saprolite.column.site_build import (
    LAYER_NUMBERS,
    SITE_GROUPS,
    SITE_NUMBERS,
    Entry,
    RawLayer,
    RawSite,
)
from saprolite.column.site_checks import closest
from saprolite.column.site_quantities import QUANTITIES, quantity
from saprolite.column.site_units import unit_problem
from saprolite.errors import Problem
from saprolite.minerals import Mineral

_HEADER = re.compile(r"([^\[\]]+?)\s*(?:\[([^\[\]]*)\])?")
_SEPARATORS = ",;\t"
_NO_UNIT = ("", "1", "-")
_SHOWN = 5
_SITE_GROUPS = ("deposition", "uptake", "critical_load")


@dataclass(frozen=True)
class _Column:
    """A column: its header, the key that it gives, and the unit of its bare numbers."""

    position: int
    label: str
    key: str
    unit: str | None
    bad_unit: bool = False

    @classmethod
    def of(cls, header: str, position: int) -> _Column:
        label = header.strip()
        found = _HEADER.fullmatch(label)
        if not found:
            return cls(position, label, label, None)
        unit = (found.group(2) or "").strip()
        return cls(position, label, _spaced(found.group(1)), None if unit in _NO_UNIT else unit)

    @property
    def group(self) -> str:
        return self.key.partition(":")[0] if ":" in self.key else ""

    @property
    def name(self) -> str:
        return self.key.partition(":")[2] if ":" in self.key else self.key

    @property
    def is_of_site(self) -> bool:
        return self.group in _SITE_GROUPS or self.key in SITE_NUMBERS

    @property
    def quantity_name(self) -> str:
        group = "minerals" if self.group == "mineral" else self.group
        return f"{group}.{self.name}" if group else self.key

    def entry(self, text: str) -> Entry:
        return Entry(text, self.label, self.unit, self.bad_unit)


@dataclass(frozen=True)
class _Row:
    """A row with its line in the file and its non-empty cells by position."""

    line: int
    cells: dict[int, str]


def raw_sites_of_table(text: str, source: str) -> tuple[list[RawSite], list[Problem]]:
    """The sites of a CSV text as it gives them, and what is wrong with its structure.

    Cells are separated by commas, semicolons or tabs; lines that begin with # are comments.
    """
    lines = [
        "\n" if line.lstrip().startswith("#") else line for line in io.StringIO(text, newline=None)
    ]
    header = next((line for line in lines if line.strip()), "")
    separator = max(_SEPARATORS, key=header.count)
    problems: list[Problem] = []
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        place = f"{source}, line {reader.line_num}"
        return [], [Problem(place, str(error), "CSV", "correct the quotes of the line")]
    if not rows:
        return [], [Problem(source, "nothing but comments", "a header and one row a layer",
                            "add them")]  # fmt: skip
    columns = _columns(rows[0][1], source, problems)
    keys = [column.key for column in columns]
    absent = [key for key in ("site", "layer") if key not in keys]
    if absent:
        problems.append(
            Problem(source, f"no column {' and no column '.join(absent)}",
                    "one row a layer, with the columns site and layer",
                    "name the columns in the first row")
        )  # fmt: skip
        return [], problems
    if len(rows) == 1:
        problems.append(Problem(source, "a header and no row", "one row a layer", "add the layers"))
    found = [_row(line, cells, columns, len(rows[0][1]), source, problems)
             for line, cells in rows[1:]]  # fmt: skip
    columns = [_with_unit(column, columns, found, source, problems) for column in columns]
    return _sites(found, columns, source, problems), problems


def _columns(header: list[str], source: str, problems: list[Problem]) -> list[_Column]:
    """The columns that are known; the others as problems."""
    known = [
        "site", "layer", *SITE_NUMBERS, *LAYER_NUMBERS,
        *(f"{group}:{ion}" for group, ions in SITE_GROUPS.items() for ion in ions),
    ]  # fmt: skip
    columns: list[_Column] = []
    for position, cell in enumerate(header):
        column = _Column.of(cell, position)
        where = f"{source}: column {column.label!r}"
        if not column.label:
            continue
        if column.group == "mineral" and column.name not in Mineral.names():
            names = Mineral.names()
            problems.append(Problem(where, f"no mineral named {column.name!r}", ", ".join(names),
                                    closest(column.name, names)))  # fmt: skip
            continue
        free = column.group in ("mineral", "critical_load") and column.name
        if column.key not in known and not free:
            problems.append(
                Problem(
                    where,
                    "no such column",
                    ", ".join(known) + ", mineral:NAME, critical_load:NAME, each with its unit in "
                    "square brackets",
                    _closest_column(column, known),
                )
            )
            continue
        if column.key in [other.key for other in columns]:
            problems.append(Problem(where, f"a second column for {column.key}",
                                    "one column for each", "leave one out"))  # fmt: skip
            continue
        fault = _unit_fault(column, where)
        if fault:
            problems.append(fault)
        columns.append(replace(column, bad_unit=bool(fault)))
    return columns


def _closest_column(column: _Column, known: list[str]) -> str:
    if column.key in Mineral.names():
        return f"write mineral:{column.key}"
    if column.key in ("name", "site name"):
        return "did you mean 'site'?"
    advice = closest(column.key, known)
    return advice if advice.startswith("did") else "leave it out, or begin the header line with #"


def _unit_fault(column: _Column, where: str) -> Problem | None:
    if column.unit is None:
        return None
    if column.key in ("site", "layer"):
        return Problem(where, "a unit", "a name, without unit", f"write {column.key}")
    if column.group == "critical_load" and column.quantity_name not in QUANTITIES:
        return None
    return unit_problem(column.quantity_name, column.unit, where)


def _row(
    line: int, cells: list[str], columns: list[_Column], width: int, source: str,
    problems: list[Problem],
) -> _Row:  # fmt: skip
    if any(cell.strip() for cell in cells[width:]):
        problems.append(
            Problem(f"{source}, line {line}", f"{len(cells)} cells", f"{width}, as in the header",
                    "write decimals with a point, and put text with a separator in quotes")
        )  # fmt: skip
    stripped = {column.position: cells[column.position].strip()
                for column in columns if column.position < len(cells)}  # fmt: skip
    return _Row(line, {position: cell for position, cell in stripped.items() if cell})


def _with_unit(
    column: _Column, columns: list[_Column], rows: list[_Row], source: str, problems: list[Problem]
) -> _Column:
    """A column of bare numbers without unit is one problem, which names its layers."""
    name = column.quantity_name
    if column.unit or column.key in ("site", "layer") or column.group == "critical_load":
        return column
    if quantity(name).kind != "measure":
        return column
    layer = next(other.position for other in columns if other.key == "layer")
    bare = [
        f"{row.cells[column.position]} (layer {row.cells.get(layer, '')!r}, line {row.line})"
        for row in rows
        if isinstance(number := _same(row.cells.get(column.position, "")), float) and number
    ]
    if not bare:
        return column
    shown = ", ".join(bare[:_SHOWN]) + (f" and {len(bare) - _SHOWN} more" * (len(bare) > _SHOWN))
    problems.append(
        Problem(f"{source}: column {column.label!r}", f"{shown}: no unit", quantity(name).accepted,
                f'write the unit into the header: "{_example_column(name)}"')
    )  # fmt: skip
    return replace(column, bad_unit=True)


def _sites(
    rows: list[_Row], columns: list[_Column], source: str, problems: list[Problem]
) -> list[RawSite]:
    """Rows of one site stand together; its layers are in their order."""
    by_key = {column.key: column for column in columns}
    grouped: list[tuple[str, list[_Row]]] = []
    for row in rows:
        name = row.cells.get(by_key["site"].position, "")
        if not name.isprintable() or not name:
            problems.append(
                Problem(f"{source}, line {row.line}: site", repr(name) if name else "nothing",
                        "the name of the site", "repeat it on each row of the site")
            )  # fmt: skip
        elif grouped and grouped[-1][0] == name:
            grouped[-1][1].append(row)
        else:
            grouped.append((name, [row]))
    return [_site(name, rows, columns, source, problems) for name, rows in grouped]


def _site(
    name: str, rows: list[_Row], columns: list[_Column], source: str, problems: list[Problem]
) -> RawSite:
    where = f"{source}: site {name!r}"
    of_site: dict[str, dict[str, Entry]] = {"": {}, **{group: {} for group in _SITE_GROUPS}}
    for column in columns:
        if not column.is_of_site:
            continue
        cells = {row.line: row.cells[column.position] for row in rows
                 if column.position in row.cells}  # fmt: skip
        if len({_same(cell) for cell in cells.values()}) > 1:
            shown = ", ".join(f"{cell} (line {line})" for line, cell in cells.items())
            problems.append(
                Problem(f"{where}: {column.label}", f"different values: {shown}",
                        "one value: the column belongs to the site, not to the layer",
                        "repeat the same value on each row of the site")
            )  # fmt: skip
        if cells:
            of_site[column.group][column.name] = column.entry(next(iter(cells.values())))
    labels = {column.quantity_name: column.label for column in columns}
    return RawSite(
        name=name,
        where=where,
        source=source,
        values=of_site[""],
        groups={group: of_site[group] for group in SITE_GROUPS},
        critical_load=of_site["critical_load"] or None,
        layers=tuple(_layer(row, columns, where, problems) for row in rows),
        advice="write the unit into the header of the column: {column} [{unit}]",
        example=lambda key: f'a value in column "{labels.get(key) or _example_column(key)}"',
    )


def _layer(row: _Row, columns: Iterable[_Column], where: str, problems: list[Problem]) -> RawLayer:
    found = {column.key: column.entry(row.cells[column.position])
             for column in columns if column.position in row.cells}  # fmt: skip
    name = str(found["layer"].value) if "layer" in found else ""
    if not name or not name.isprintable():
        problems.append(Problem(f"{where} (line {row.line}): layer", repr(name) if name else
                                "nothing", "the name of the layer", "add it"))  # fmt: skip
        name = f"line {row.line}"
    minerals = {key.partition(":")[2]: entry for key, entry in found.items()
                if key.startswith("mineral:")}  # fmt: skip
    return RawLayer(
        name=name,
        where=f"{where}, layer {name!r} (line {row.line})",
        values={key: entry for key, entry in found.items() if key in LAYER_NUMBERS},
        minerals=minerals or None,
    )


def _same(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _spaced(key: str) -> str:
    """A key without blanks around its colon."""
    return re.sub(r"\s*:\s*", ":", key.strip())


def _example_column(name: str) -> str:
    """The header of a column that gives a quantity."""
    spec = quantity(name)
    group, _, last = name.partition(".")
    key = f"{'mineral' if group == 'minerals' else group}:{last}" if last else group
    unit = spec.examples[0].partition(" ")[2]
    return f"{key} [{unit}]" if unit else key
