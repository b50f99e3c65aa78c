"""Audit of published numbers: the areas that they imply, and where they contradict one another.

Nothing but the printed numbers is used, each with what its last digit leaves open. A row is
``failed`` where no numbers that round to the printed ones can agree, ``failed as printed`` where
only others than the printed ones can, ``not stated`` where the source leaves out what is needed.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import resources

import numpy as np
import pandas as pd

from saprolite.analysis.audit_depth import depth_rows
from saprolite.analysis.audit_rows import FAILED, OK, Row
from saprolite.analysis.printed import Printed, combined, printed
from saprolite.analysis.published import NUMBER, Published, sum_row
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.places import Place

NOT_STATED = "not stated"
MANUSCRIPT = "published_manuscript.csv"
COLUMNS = ("quantity", "subject", "area", "layers", "value", "unit", "unit_printed", "definition",
           "source")  # fmt: skip
# Unit of each quantity; of a trend of an annual sink it is per year and year.
UNITS = {
    "total": "Tg C yr-1", "mean_flux": "t C km-2 yr-1", "share_of_total": "%", "land_area": "Mkm2",
    "slope_of_total": "Tg C yr-2", "mean_slope": "kg C km-2 yr-2", "slope_ratio": "1",
    "increases_with_depth": "", "significant_area": "%", "positive_area": "%",
    "negative_area": "%", "both_positive_area": "%", "both_negative_area": "%",
    "same_sign_area": "%", "share_of_reference": "%", "reference_total": "Tg C yr-1",
    "site_mean": "eq ha-1 yr-1", "mean_of_ratios": "%", "uncertainty": "%",
}  # fmt: skip
# What needs a weighting, a denominator or an alpha to mean anything.
_NEED_DEFINITION = ("mean_flux", "mean_slope", "significant_area", "positive_area")
_KG_PER_GG, _MM2 = 1.0e3, "Mkm2"


def manuscript_numbers() -> Published:
    """The numbers that the manuscript prints, with the lines they stand in."""
    text = resources.files("saprolite.analysis").joinpath("data", MANUSCRIPT)
    return read_published(text.read_text(encoding="utf-8"), MANUSCRIPT)


def read_published_file(file: Place) -> Published:
    """Published numbers from a file; ``InputError`` names every row that cannot be used."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "The published numbers cannot be read (1 problem)",
            [Problem(str(file), str(error), "a CSV file in the format of docs/claims.md",
                     "give another file")],
        ) from error  # fmt: skip
    return read_published(text, str(file))


def read_published(text: str, name: str) -> Published:
    """Published numbers from CSV text with the columns ``COLUMNS``."""
    table = pd.read_csv(io.StringIO(text), comment="#", dtype=str, keep_default_na=False)
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise InputError(
            "The published numbers cannot be used (1 problem)",
            [Problem(name, f"no column {', '.join(missing)}", ", ".join(COLUMNS),
                     "add the columns; they may be empty")],
        )  # fmt: skip
    problems, numbers = [], []
    for line, row in enumerate(table.to_dict("records"), 1):
        unit = UNITS.get(row["quantity"])
        where = f"{name}, row {line} ({row['quantity']} {row['area']})"
        if unit is None:
            problems.append(Problem(where, f"quantity {row['quantity']!r}", ", ".join(UNITS),
                                    "use one of them"))  # fmt: skip
            continue
        if unit != row["unit"]:
            advice = "convert the number; unit_printed keeps what is printed"
            problems.append(Problem(where, f"unit {row['unit']!r}", repr(unit), advice))
        try:
            numbers.append(printed(row["value"]) if unit else Printed(np.nan, np.nan, np.nan))
        except ValueError as error:
            problems.append(Problem(where, str(error), "a number as it is printed", "correct it"))
    raise_if_any(InputError, "The published numbers cannot be used", problems)
    table[NUMBER] = pd.Series(numbers, dtype=object)
    return Published(table)


def audit_published(numbers: Published) -> pd.DataFrame:
    """All rules on a set of published numbers, one row each."""
    rules: tuple[Callable[[Published], list[Row]], ...] = (
        _implied_areas, _zones, _trend_areas, depth_rows, _units, _signs, _definitions,
        _references, _ratios, _uncertainty,
    )  # fmt: skip
    return pd.DataFrame([row for rule in rules for row in rule(numbers)], columns=Row._fields)


def _total(numbers: Published, area: str, layers: str) -> Printed | None:
    """A total, printed or by its share of the globe's, Tg C yr-1."""
    total = numbers.get("total", area=area, layers=layers)
    share = numbers.get("share_of_total", area=area, layers=layers)
    whole = numbers.get("total", area="globe", layers=layers)
    if total is None and share is not None and whole is not None:
        return combined(lambda part, all_: part * all_ / 100.0, share, whole)
    return total


def _implied(total: Printed, mean: Printed) -> Printed:
    """Area of a total and a mean flux, Mkm2."""
    return Printed(total.value / mean.value, total.low / mean.high, total.high / mean.low)


def _span(area: Printed) -> str:
    if np.isinf([area.low, area.high]).any() or area.low == 0.0:
        return f"no more than {area.high:.2f} {_MM2}"
    return f"{area.value:.2f} ({area.low:.1f}-{area.high:.1f}) {_MM2}"


def _implied_areas(numbers: Published) -> list[Row]:
    """Total over mean flux is an area: no more than the land there, and one for all layers."""
    rows, layers = [], {}
    for row in numbers.of("mean_flux"):
        total = _total(numbers, row["area"], row["layers"])
        if total is None:
            continue
        area = _implied(total, row[NUMBER])
        land = numbers.get("land_area", area=row["area"])
        where = f"{row['area']} {row['layers']}".strip()
        if row["area"] == "globe":
            layers[row["layers"]] = area
        if land is None:
            rows.append(Row(f"implied area: {where}", "", NOT_STATED, _span(area), "", "",
                            "no land area to hold it against"))  # fmt: skip
            continue
        share = 100.0 * min(area.value, area.high) / land.value
        status = FAILED if area.low > land.value else OK
        at_least = "at least " if np.isinf(row[NUMBER].high) else ""
        note = (
            f"{share / 100.0:.2f} times the land: the mean cannot be weighted by area"
            if status == FAILED
            else f"{at_least}{100.0 - share:.0f} % of the land without data, if the mean is by area"
        )
        finding = {"globe": "X01" if row["layers"] == numbers.column else "X02",
                   "tropical": "X03", "silicate rocks": "X12"}.get(row["area"], "X04")  # fmt: skip
        rows.append(Row(f"implied area: {where}", finding, status, _span(area),
                        f"at most {land.value:g} {_MM2} of land", "", note))  # fmt: skip
    if len(layers) > 1:
        low = max(area.low for area in layers.values())
        high = min(area.high for area in layers.values())
        fits = low <= high
        found = f"{low:.1f}-{high:.1f} {_MM2} fits all" if fits else "no area fits all"
        rows.append(
            Row("one area for the means of all layers", "X02", OK if fits else FAILED, found,
                "one area", "", f"{len(layers)} means share a denominator")
        )  # fmt: skip
    return rows


def _zones(numbers: Published) -> list[Row]:
    """Climate zones that are all there sum to the globe."""
    names = ("tropical", "arid", "temperate", "cold", "polar")
    parts = [numbers.get("total", area=name, layers=numbers.column) for name in names]
    known = [part for part in parts if part is not None]
    whole = numbers.get("total", area="globe", layers=numbers.column)
    if len(known) < len(names) or whole is None:
        return []
    return [sum_row("climate zones sum to the total", known, whole, "Tg C yr-1", "")]


def _trend_areas(numbers: Published) -> list[Row]:
    """The area that the slope and the mean slope imply is that of total and mean flux."""
    rows = []
    for row in numbers.of("mean_slope"):
        slope = numbers.get("slope_of_total", area=row["area"], layers=row["layers"])
        total = _total(numbers, row["area"], row["layers"])
        mean = numbers.get("mean_flux", area=row["area"], layers=row["layers"])
        if slope is None or total is None or mean is None:
            continue
        trend = combined(lambda area: _KG_PER_GG * area, _implied(slope, row[NUMBER]))
        level = _implied(total, mean)
        apart = trend.high < level.low or level.high < trend.low
        rows.append(Row(f"area of trends and of the level: {row['area']}", "X05",
                        FAILED if apart else OK, _span(trend), _span(level), "",
                        "slope over mean slope; total over mean flux"))  # fmt: skip
    return rows


def _units(numbers: Published) -> list[Row]:
    """Printed units against what the quantity is measured in."""
    wrong: dict[tuple[str, str, str], int] = {}
    for row in numbers.table.to_dict("records"):
        same = row["unit_printed"].replace("Pg", "Tg") == row["unit"]
        if row["unit_printed"] and not same:
            key = row["quantity"], row["unit_printed"], row["unit"]
            wrong[key] = wrong.get(key, 0) + 1
    return [
        Row(f"unit of {quantity}", "X07", FAILED, found, unit, "", _times(count))
        for (quantity, found, unit), count in wrong.items()
    ]


def _signs(numbers: Published) -> list[Row]:
    """Shares of area by sign: those of one driver to 100 %, those of two by inclusion."""
    rows = []
    for row in numbers.of("positive_area"):
        other = numbers.get("negative_area", subject=row["subject"])
        if other is not None:
            hundred = Printed(100.0, 100.0, 100.0)
            rows.append(sum_row(f"signs of {row['subject']} sum to 100 %", [row[NUMBER], other],
                                hundred, "%", "X08"))  # fmt: skip
    both = {sign: numbers.get(f"both_{sign}_area") for sign in ("positive", "negative")}
    alone = [row[NUMBER] for row in numbers.of("positive_area")]
    plus, minus = both["positive"], both["negative"]
    if plus is None or minus is None:
        return rows
    same = numbers.get("same_sign_area")
    if same is not None:
        rows.append(sum_row("areas of both signs sum to those of one sign", [plus, minus], same,
                            "%", "X08"))  # fmt: skip
    if len(alone) == 2:
        implied = 100.0 - alone[0].value - alone[1].value + plus.value
        low = 100.0 - alone[0].high - alone[1].high + plus.low
        high = 100.0 - alone[0].low - alone[1].low + plus.high
        apart = low > minus.high or high < minus.low
        rows.append(
            Row("area of both negative, from the other three", "X08", FAILED if apart else OK,
                f"{implied:.2f} ({low:.2f}-{high:.2f}) %", f"{minus.value:g} %", "",
                f"{implied - minus.value:.2f} % would have to be zero or without data")
        )  # fmt: skip
    return rows


def _definitions(numbers: Published) -> list[Row]:
    rows = []
    for quantity in _NEED_DEFINITION:
        bare = [row for row in numbers.of(quantity) if not row["definition"]]
        if bare:
            finding = "X01" if quantity.startswith("mean") else "X09"
            need = "weighting, denominator" + (", alpha" if "significant" in quantity else "")
            rows.append(Row(f"definition of {quantity}", finding, NOT_STATED,
                            _times(len(bare)), need, "", ""))  # fmt: skip
    return rows


def _references(numbers: Published) -> list[Row]:
    """A share of another study's total implies that total."""
    rows = []
    for row in numbers.of("share_of_reference"):
        total = _total(numbers, row["area"], row["layers"])
        stated = numbers.get("reference_total", subject=row["subject"])
        if total is None:
            continue
        low = 100.0 * total.low / row[NUMBER].high
        high = 100.0 * total.high / row[NUMBER].low
        status = NOT_STATED if stated is None else OK
        if stated is not None and (low > stated.high or high < stated.low):
            status = FAILED
        expected = "" if stated is None else f"{stated.low:.0f}-{stated.high:.0f} Tg C yr-1"
        finding = {"sink of rocks": "X11", "missing sink": "X10"}.get(row["subject"], "")
        rows.append(Row(f"implied total: {row['subject']}", finding, status,
                        f"{low:.0f}-{high:.0f} Tg C yr-1", expected, "", ""))  # fmt: skip
    return rows


def _ratios(numbers: Published) -> list[Row]:
    """The ratio of two means is not the mean of the ratios."""
    own = numbers.get("site_mean", subject="this study")
    other = numbers.get("site_mean", subject="measured")
    mean = numbers.get("mean_of_ratios")
    if own is None or other is None or mean is None:
        return []
    return [Row("ratio of means and mean of ratios", "X25", OK,
                f"ratio of means {100.0 * own.value / other.value:.2f} %",
                f"mean of ratios {mean.value:g} %", "", "two statistics: name which")]  # fmt: skip


def _uncertainty(numbers: Published) -> list[Row]:
    parts = [row[NUMBER].value for row in numbers.of("uncertainty")]
    if len(parts) < 2:
        return []
    return [Row("combined uncertainty", "X31", NOT_STATED, f"{np.hypot.reduce(parts):.1f} %", "",
                "", f"quadrature of {', '.join(f'{part:g}' for part in parts)}")]  # fmt: skip


def _times(count: int) -> str:
    return "one number" if count == 1 else f"{count} numbers"
