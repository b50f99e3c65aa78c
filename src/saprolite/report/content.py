"""What a report says, before it is HTML or PDF: sections of text, tables and figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

_DIGITS = 4


class Text(NamedTuple):
    """A paragraph; a ``warning`` is set off from the others."""

    text: str
    warning: bool = False


class Points(NamedTuple):
    """A list of short statements."""

    points: tuple[str, ...]


class Numbers(NamedTuple):
    """Headline numbers: each a label, the number with its unit, what it is of."""

    numbers: tuple[tuple[str, str, str], ...]


class Table(NamedTuple):
    """A table: caption, columns, rows of text; the name of its CSV, and that file's text."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    file: str = ""
    csv: str = ""


class Figure(NamedTuple):
    """A figure: its PNG, what it shows in words, its caption, its numbers (file name and CSV)."""

    name: str
    png: bytes
    alt: str
    caption: str
    numbers: tuple[tuple[str, str], ...] = ()


Block = Text | Points | Numbers | Table | Figure


class Section(NamedTuple):
    """A section of a report; ``anchor`` is what links to it."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


class Content(NamedTuple):
    """A report: title, line below it, whether the run is finished, language, its sections."""

    title: str
    subtitle: str
    finished: bool
    sections: tuple[Section, ...]


def table_of(
    frame: pd.DataFrame, caption: str, columns: Sequence[str] | None = None, file: str = "",
    csv: str = "",
) -> Table:  # fmt: skip
    """A table of text from a data frame; numbers get four digits, a missing one a dash.

    >>> table_of(pd.DataFrame({"layer": ["0-10 cm"], "total_Tg_C_yr-1": [3.97854]}), "Layers")
    Table(caption='Layers', columns=('layer', 'total (Tg C yr⁻¹)'), rows=(('0-10 cm', '3.979'),),
          file='', csv='')
    """
    chosen = [name for name in columns or list(frame.columns) if name in frame.columns]
    if "unit" in frame.columns:
        frame = frame.assign(unit=frame["unit"].map(_raised, na_action="ignore"))
    rows = tuple(
        tuple(shown(value) for value in row) for row in frame[chosen].itertuples(index=False)
    )
    return Table(caption, tuple(column_name(str(name)) for name in chosen), rows, file, csv)


def shown(value: Any) -> str:
    """A value for a reader: a dash for none, four digits, a true minus sign.

    >>> shown(0.48876), shown(-123456.7), shown(float("nan")), shown(1e-9), shown(5), shown(True)
    ('0.4888', '−123,457', '–', '1×10⁻⁹', '5', 'yes')
    """
    if value is None or value is pd.NA:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (hasattr(value, "dtype") and value.dtype.kind in "iu"):
        return f"{int(value):,}".replace("-", "−")
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return str(value) if isinstance(value, str) else _number(number)


def column_name(name: str) -> str:
    """The name of a column for a reader: its unit in brackets, exponents raised.

    >>> column_name("mean_flux_area_weighted_valid_t_C_km-2_yr-1"), column_name("share_percent")
    ('mean flux area weighted valid (t C km⁻² yr⁻¹)', 'share (%)')
    >>> column_name("mean_ratio_1")
    'mean ratio'
    """
    if name.endswith("_1"):
        return in_words(name.removesuffix("_1"))
    for ending, unit in _UNITS.items():
        if name.endswith(f"_{ending}") or name == ending:
            stem = name[: -len(ending)].rstrip("_").replace("_", " ")
            return f"{stem} ({unit})".strip()
    return name.replace("_", " ")


def in_words(name: str) -> str:
    """A label without underscores.

    >>> in_words("drying_and_warming")
    'drying and warming'
    """
    return name.replace("_", " ")


def figure_title(stem: str) -> str:
    """What a figure is called, from the name of its file.

    >>> figure_title("fig_s1_trend_of_soil_moisture"), figure_title("fig07a_sites")
    ('Fig S1: trend of soil moisture', 'Fig 7a: sites')
    >>> figure_title("flux_map_0-200cm")
    'Flux map 0-200 cm'
    """
    text = in_words(stem)
    numbered = re.fullmatch(r"fig ?(s?)0*(\d+)([a-z]?) (.*)", text)
    if numbered:
        letter, number, part, rest = numbered.groups()
        return f"Fig {letter.upper()}{number}{part}: {rest}"
    return re.sub(r"(\d)cm$", r"\1 cm", text[:1].upper() + text[1:])


def only(blocks: Iterable[Block | None]) -> tuple[Block, ...]:
    """The blocks that are there."""
    return tuple(block for block in blocks if block is not None)


_UNITS = {
    "Tg_C_yr-1_cm-1": "Tg C yr⁻¹ cm⁻¹",
    "Tg_C_yr-1": "Tg C yr⁻¹",
    "Tg_C_yr-2": "Tg C yr⁻²",
    "kg_C_km-2_yr-2": "kg C km⁻² yr⁻²",
    "t_C_km-2_yr-1": "t C km⁻² yr⁻¹",
    "eq_ha-1_yr-1": "eq ha⁻¹ yr⁻¹",
    "km2": "km²",
    "percent": "%",
    "degrees_north": "° N",
}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _raised(unit: str) -> str:
    return re.sub(r"(?<=[A-Za-z])-?\d", lambda power: power[0].translate(_RAISED), unit)


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0.0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size > 8:
        digits, exponent = f"{value:.{_DIGITS - 1}e}".split("e")
        mantissa = digits.rstrip("0").rstrip(".")
        return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}".replace("-", "−")
    text = f"{value:,.{max(0, _DIGITS - 1 - size)}f}"
    return text.replace("-", "−")
