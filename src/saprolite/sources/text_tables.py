"""Tables in text files: every cell a number or a known text, or one error that names all faults."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any
from saprolite.sources.files import broken, require_file

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "": "spaces"}
_SHOWN = 3


def read_table(
    path: Path,
    what: str,
    numbers: Sequence[str],
    texts: Sequence[str] = (),
    *,
    separator: str = ",",
    decimal: str = ".",
) -> pd.DataFrame:
    """Some columns of a table with a header line, plain or gzipped, in the order of the file.

    ``separator``: one character, or an empty text for any number of spaces. Of ``numbers``, float64
    with NaN where a cell is empty; of ``texts``, text. Raises ``InputError`` for columns that are
    not there, rows of another length, cells that are no numbers, and a last line that does not end.
    """
    lines = _lines(path, what)
    rows = [line.split() for line in lines] if not separator else list(
        csv.reader(lines, delimiter=separator)
    )  # fmt: skip
    header = [cell.strip().lstrip("\ufeff") for cell in rows[0]]
    _require_columns(path, header, [*texts, *numbers], separator)
    wrong = [number for number, row in enumerate(rows[1:], 2) if len(row) != len(header)]
    if wrong:
        raise InputError(
            "The table cannot be used (1 problem)",
            [Problem(f"{path}: line {wrong[0]}", f"{len(rows[wrong[0] - 1])} cells; {len(wrong)} "
                     "such lines", f"{len(header)} cells in each line",
                     "the file may be truncated or have another separator: fetch it again")],
        )  # fmt: skip
    if len(rows) == 1:
        raise broken(path, what, "a header line and no rows")
    body = pd.DataFrame(rows[1:], columns=header)[[*texts, *numbers]]
    return to_numbers(path, body, numbers, decimal)


def to_numbers(
    path: Path, table: pd.DataFrame, numbers: Sequence[str], decimal: str = "."
) -> pd.DataFrame:
    """The same table of texts with some columns as float64, NaN where a cell is empty."""
    problems = []
    columns: dict[str, Any] = {str(name): table[name].str.strip() for name in table}
    for name in numbers:
        cells = columns[name]
        if decimal != ".":
            dots = cells.str.contains(".", regex=False)
            cells = cells.str.replace(decimal, ".", regex=False).mask(dots, "a dot: " + cells)
        wrong = cells[(cells != "") & ~cells.map(lambda cell: bool(_NUMBER.fullmatch(cell)))]
        if len(wrong):
            shown = ", ".join(
                f"{columns[name][index]!r} in row {index + 2}" for index in wrong.index[:_SHOWN]
            )
            problems.append(
                Problem(f"{path}: {name}", f"{len(wrong)} cells are no numbers: {shown}",
                        f"numbers with the decimal sign {decimal!r}, empty where missing",
                        "leave missing values empty; check the decimal sign and the column")
            )  # fmt: skip
            continue
        columns[name] = cells.where(cells != "", "nan").astype(np.float64)
    raise_if_any(InputError, "The table cannot be used", problems)
    return pd.DataFrame(columns)


def outside(
    path: Path, name: str, values: pd.Series, low: float, high: float, unit: str, advice: str
) -> list[Problem]:
    """What is wrong if values leave a range: one problem or none."""
    found = values.dropna()
    if found.empty:
        return [Problem(f"{path}: {name}", "no value at all", f"{low:g} to {high:g} {unit}",
                        "give the whole table")]  # fmt: skip
    if found.min() >= low and found.max() <= high:
        return []
    return [Problem(f"{path}: {name}", f"{found.min():g} to {found.max():g}",
                    f"{low:g} to {high:g} {unit}", advice)]  # fmt: skip


def text_of(path: Path, what: str, encoding: str = "utf-8") -> str:
    """The text of a file, plain or gzipped."""
    require_file(path, what)
    try:
        content = path.read_bytes()
        zipped = content[:2] == b"\x1f\x8b"
        return (gzip.decompress(content) if zipped else content).decode(encoding)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise broken(path, what, f"{type(error).__name__}: {error}") from error


def parsed(path: Path, what: str, text: str, **options: Any) -> pd.DataFrame:
    """A table with a header line as pandas reads it with its ``options``."""
    try:
        return cast(pd.DataFrame, pd.read_csv(io.StringIO(text), **options))
    except (ValueError, pd.errors.ParserError) as error:
        raise broken(path, what, f"{type(error).__name__}: {error}") from error


def require_rows(
    path: Path, table: pd.DataFrame, wanted: Sequence[str], what: str, headline: str
) -> None:
    """Raise unless a table has all columns, and a row."""
    missing = [name for name in wanted if name not in table.columns]
    if missing or table.empty:
        found = "columns " + ", ".join(map(str, table.columns[:8])) if missing else "no rows"
        where = f"{path}: {', '.join(missing)}" if missing else str(path)
        advice = "give the whole table with its header line"
        raise InputError(f"{headline} (1 problem)", [Problem(where, found, what, advice)])


def _lines(path: Path, what: str) -> list[str]:
    text = text_of(path, what)
    if not text.strip():
        raise broken(path, what, "no text")
    if "\0" in text:
        raise broken(path, what, "bytes that are no text")
    if not text.endswith("\n"):
        raise broken(
            path, what, f"a last line that does not end, {text.splitlines()[-1][-40:]!r}; if the "
            "table is whole, add a line break",
        )  # fmt: skip
    return [line for line in text.splitlines() if line.strip()]


def _require_columns(path: Path, header: list[str], wanted: list[str], separator: str) -> None:
    missing = [name for name in wanted if name not in header]
    twice = sorted({name for name in wanted if header.count(name) > 1})
    if len(missing) == len(wanted) and len(header) == 1:
        others = [sign for sign in (";", ",", "\t") if sign in header[0] and sign != separator]
        found = f"one column, with a {_SEPARATORS[others[0]]} in it" if others else "one column"
        raise InputError(
            "The table cannot be used (1 problem)",
            [Problem(f"{path}: line 1", found,
                     f"columns with a {_SEPARATORS.get(separator, separator)} between them: "
                     f"{', '.join(wanted[:8])}", "check the separator of the file")],
        )  # fmt: skip
    problems = [
        Problem(f"{path}: {name}", "no such column", ", ".join(header[:12]),
                did_you_mean(name, header))
        for name in missing
    ] + [
        Problem(f"{path}: {name}", "a column that is there twice", "each column once",
                "name the columns differently")
        for name in twice
    ]  # fmt: skip
    raise_if_any(InputError, "The table cannot be used", problems)
