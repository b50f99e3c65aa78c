"""Fig 8: where soil moisture and temperature work together, and which of them has control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba_array
from matplotlib.patches import Patch

from saprolite.analysis.analysed import Analysed
from saprolite.analysis.classes import CONTROLS, SYNERGIES
from saprolite.places import Place
from saprolite.report.figures.contribution import MEANING
from saprolite.report.figures.page import FONT, HEAD, Box, Page
from saprolite.report.figures.panels import cell_table, columns, percent
from saprolite.report.figures.world_map import NO_DATA

# Colours that the colour-blind tell apart (Okabe and Ito), and the words of the legends.
_CLASSES: Mapping[str, tuple[str, str]] = {
    "both_positive": ("#009e73", "both positive"),
    "both_negative": ("#cc79a7", "both negative"),
    "opposite": ("#f5e6b3", "opposite signs"),
    "one_is_zero": ("#000000", "one is 0"),
    "soil_moisture": ("#0072b2", "soil moisture"),
    "soil_temperature": ("#d55e00", "soil temperature"),
    "undetermined": ("#f0d264", "undetermined (residual)"),
    "no_trend_or_no_data": (NO_DATA, "no data or no trend"),
}
_WITH_MEAN, _MEAN = ("both_positive", "both_negative"), "mean_of_both_area_weighted_percent"


def draw(run: Analysed, folder: Place, name: str) -> list[Place]:
    """a signs of both contributions together, b the greatest of the three parts; shares of area."""
    page = Page()
    maps, shares, bottom = {}, {}, 0.0
    for kind, letter, title, names, box in zip(
        ("synergy", "main_control"), "ab", ("signs of RC(SM) and RC(STMP)", "main control"),
        (SYNERGIES, CONTROLS), columns(2, 0.05 + HEAD), strict=True,
    ):  # fmt: skip
        codes = run.classes(kind, run.column)
        maps[kind] = np.array([names[code] for code in range(len(names))])[codes]
        shares[kind] = run.rows(kind, kind="globe", layers=run.column)
        palette = to_rgba_array([_CLASSES[names[code]][0] for code in range(len(names))])
        _, taken = page.map(box, run, palette[codes], letter, f"{title}, {run.column}")
        end = taken.top + taken.height + 0.05
        bottom = max(bottom, end + _legend(page, Box(box.left, end, box.width, 0.0), shares[kind]))
    caption = (
        f"Soil moisture and soil temperature together, trends of {run.period}, {run.column}: (a) "
        "signs of their relative contributions to the trend of the carbon sink flux of clay "
        "minerals, (b) the greatest of the three parts by size; undetermined: the residual has it. "
        "Shares are of the land area and add up to 100 %; in brackets, in (a), the mean of "
        f"RC(SM) + RC(STMP) over the area of the class. {MEANING[run.choices.relative_to]}"
    )
    tables = {
        "maps": cell_table(run, {f"{kind}_class": words for kind, words in maps.items()}),
        **{f"{kind}_shares": table for kind, table in shares.items()},
    }
    return page.save(run, (folder, name), bottom, caption, tables)


def rounded(shares: Sequence[float]) -> list[float]:
    """Shares of 100 to two decimals that still add up to 100: the largest remainders go up.

    >>> rounded([33.3333, 33.3333, 33.3334])
    [33.33, 33.33, 33.34]
    """
    hundredths = 100.0 * np.asarray(shares, np.float64)
    whole = np.floor(hundredths)
    missing = round(float(hundredths.sum() - whole.sum()))
    whole[np.argsort(whole - hundredths, kind="stable")[:missing]] += 1.0
    return [float(value) for value in whole / 100.0]


def _legend(page: Page, box: Box, shares: pd.DataFrame) -> float:
    """Classes with their share of the area, a line each; returns the height it takes."""
    height = 0.14 * len(shares)
    axes = page.axes(box._replace(height=height))
    axes.set_axis_off()
    percents = rounded(shares["area_percent"].tolist())
    pairs = zip(percents, shares.to_dict("records"), strict=True)
    patches = []
    for share, row in sorted(pairs, key=lambda pair: pair[1]["class"].endswith("no_data")):
        colour, words = _CLASSES[row["class"]]
        told = row["class"] in _WITH_MEAN and np.isfinite(row[_MEAN])
        more = f"  (mean {percent(row[_MEAN])})" if told else ""
        patches.append(Patch(facecolor=colour, edgecolor="#666666", lw=0.3,
                             label=f"{words}: {share:.2f} %{more}"))  # fmt: skip
    axes.legend(handles=patches, loc="upper center", fontsize=FONT - 0.5, frameon=False,
                borderpad=0.0, labelspacing=0.35, handlelength=1.4)  # fmt: skip
    return height
