"""Tables in Markdown, as pages and directives take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def cell(value: object) -> str:
    """A value as the cell of a table: no bars, no line ends, marks of Markdown as they are."""
    text = "" if value is None else str(value)
    for mark in ("\\", "|", "*", "_", "[", "]", "<", "$", "#", "~"):
        text = text.replace(mark, "\\" + mark)
    return text.replace("\n", " ").strip()


def code(value: object) -> str:
    """A value as code in a cell."""
    text = "" if value is None else str(value).replace("|", "\\|")
    return f"`{text}`" if text else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; columns that are empty are left out."""
    cells = [list(row) for row in rows]
    kept = [at for at in range(len(columns)) if any(row[at] for row in cells)]
    lines = [[columns[at] for at in kept], ["---"] * len(kept)]
    lines += [[row[at] for at in kept] for row in cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def legend(values: Iterable[str]) -> Mapping[str, str]:
    """A letter for every different text: long ones are printed once below their table."""
    different = dict.fromkeys(value for value in values if value)
    return {text: _letter(number) for number, text in enumerate(different)}


def _letter(number: int) -> str:
    quotient, rest = divmod(number, 26)
    return (_letter(quotient - 1) if quotient else "") + chr(ord("a") + rest)
