"""A solved soil pit against depth: weathering by mineral and pathway, pH, ANC, Bc/Al."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saprolite.column.pit import Pits
from saprolite.column.pit_files import header_lines
from saprolite.column.pit_frames import FLUX
from saprolite.column.pit_numbers import unverified
from saprolite.report.figures.files import settle_with_caption, write_figure
from saprolite.report.figures.style import Array, new_figure, plain

_CM = 100.0
# Okabe & Ito: told apart with any colour vision; grey is what is left over.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_OTHERS = "#999999"
_PATHWAYS = {
    "H": "#D55E00", "H2O": "#56B4E9", "CO2": "#009E73", "R": "#E69F00", "OH": "#CC79A7",
}  # fmt: skip
_PATHWAY_LABELS = {"H": "H$^+$", "H2O": "H$_2$O", "CO2": "CO$_2$", "R": "organic", "OH": "OH$^-$"}
_LINE = "#0b3c5d"
_LEAST_GAP = 0.036  # of the depth, between the names of two thin layers
_LONGEST_NAME = 14


def draw_pits(
    pits: Pits, folder: Path, report: Callable[[str, int, int], None] | None = None
) -> list[Path]:
    """One file a site, named after it."""
    tables = (pits.table(), pits.by_mineral(), pits.by_pathway())
    paths: list[Path] = []
    for number, site in enumerate(pits.sites, 1):
        own = [table[table["site"] == site.name] for table in tables]
        path = _free_name(folder, site.name, paths)
        _save(_draw(site.name, pits.reading.summary(), *own), path, pits)
        paths.append(path)
        if report is not None:
            report("drawing", number, len(pits.sites))
    return paths


def _draw(
    name: str, reading: str, table: pd.DataFrame, minerals: pd.DataFrame, pathways: pd.DataFrame
) -> Figure:
    top = table["top_m"].to_numpy(float) * _CM
    bottom = table["bottom_m"].to_numpy(float) * _CM
    lines = [("pH", "pH", False)]
    if "ANC_umol_c_L" in table:
        lines.append(("ANC_umol_c_L", "ANC (µmol$_c$ L$^{-1}$)", False))
    if (table["Bc_Al_mol_mol"] > 0.0).any():
        lines.append(("Bc_Al_mol_mol", "Bc/Al (mol mol$^{-1}$)", True))
    figure = new_figure(11.0, 6.4)
    widths = (3.4, 2.2, *(1.2 for _ in lines))
    by_mineral, by_pathway, *others = figure.subplots(
        1, len(widths), sharey=True, width_ratios=widths
    )
    layers = list(table["layer"])
    _bars(by_mineral, _by(minerals, "mineral", layers), top, bottom, _colours)
    _bars(by_pathway, _by(pathways, "pathway", layers), top, bottom, _pathway_colours)
    for axes, what in ((by_mineral, "mineral"), (by_pathway, "pathway")):
        axes.set_title(f"weathering by {what}", fontsize=9)
        axes.set_xlabel("mmol$_c$ of base cations m$^{-3}$ yr$^{-1}$", fontsize=9)
    for axes, (column, label, logarithmic) in zip(others, lines, strict=True):
        _line(axes, table[column].to_numpy(float), top, bottom, logarithmic)
        axes.set_xlabel(label, fontsize=9)
        if column == "ANC_umol_c_L":
            axes.axvline(0.0, color="#999999", lw=0.8, ls=":")
        if logarithmic:
            axes.axvline(1.0, color="#999999", lw=0.8, ls=":")
    for axes in (by_mineral, by_pathway, *others):
        plain(axes)
        for depth in bottom[:-1]:
            axes.axhline(depth, color="#cccccc", lw=0.6, zorder=0)
    by_mineral.set_ylim(bottom[-1], 0.0)
    by_mineral.set_ylabel("depth (cm)", fontsize=9)
    flux = table[f"weathering_{FLUX}"].to_numpy(float)
    _layer_names(others[-1], layers, flux, top, bottom)
    model = textwrap.shorten(reading, 110, placeholder=" ...")
    figure.suptitle(
        f"{name}: {flux.sum():.1f} mmol$_c$ m$^{{-2}}$ yr$^{{-1}}$ of base cations\n{model}",
        fontsize=10,
    )
    return figure


def _by(frame: pd.DataFrame, what: str, layers: Sequence[str]) -> dict[str, Array]:
    """Weathering by mineral or pathway, (layer,) each, mmol_c m-2 yr-1; the largest first."""
    found: dict[str, Array] = {}
    for name, own in frame.groupby(what, sort=False):
        flux = own.set_index("layer")[f"weathering_{FLUX}"]
        found[str(name)] = flux.reindex(list(layers)).fillna(0.0).to_numpy(float)
    return dict(sorted(found.items(), key=lambda item: -float(item[1].sum())))


def _colours(fluxes: dict[str, Array]) -> dict[str, tuple[str, Array]]:
    """Label, colour and flux: the largest on their own, the rest as one."""
    names = [name for name, flux in fluxes.items() if flux.any()]
    alone = names if len(names) <= len(_COLOURS) else names[: len(_COLOURS)]
    found = {
        name.replace("_", " "): (colour, fluxes[name])
        for name, colour in zip(alone, _COLOURS, strict=False)
    }
    rest = names[len(alone) :]
    if rest:
        label = f"{len(rest)} others" if len(rest) > 1 else rest[0].replace("_", " ")
        found[label] = (_OTHERS, np.sum([fluxes[name] for name in rest], axis=0))
    return found


def _pathway_colours(fluxes: dict[str, Array]) -> dict[str, tuple[str, Array]]:
    return {
        _PATHWAY_LABELS.get(name, name): (colour, fluxes[name])
        for name, colour in _PATHWAYS.items()
        if name in fluxes
    }


def _bars(
    axes: Axes,
    fluxes: dict[str, Array],
    top: Array,
    bottom: Array,
    colours: Callable[[dict[str, Array]], Mapping[str, tuple[str, Array]]],
) -> None:
    """Stacked bars as thick as the layers and as long as their weathering per m3 of soil."""
    thickness = (bottom - top) / _CM
    start = np.zeros_like(top)
    for label, (colour, flux) in colours(fluxes).items():
        length = flux / thickness
        axes.barh(0.5 * (top + bottom), length, bottom - top, left=start, color=colour,
                  edgecolor="white", linewidth=0.5, label=label)  # fmt: skip
        start = start + length
    axes.set_xlim(0.0, 1.04 * float(start.max()) or 1.0)
    if start.any():
        axes.legend(fontsize=7.5, frameon=False, ncols=4, loc="upper left", columnspacing=1.0,
                    handlelength=1.0, handletextpad=0.5, borderaxespad=0.0,
                    bbox_to_anchor=(0.0, -0.11))  # fmt: skip


def _line(axes: Axes, values: Array, top: Array, bottom: Array, logarithmic: bool) -> None:
    """A value that is the same through a layer: a line with steps at the boundaries."""
    axes.plot(np.repeat(values, 2), np.column_stack([top, bottom]).ravel(), color=_LINE, lw=1.6)
    if logarithmic:
        axes.set_xscale("log")
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        axes.set_xlim(min(0.1, 0.5 * low), max(10.0, 2.0 * high))
    else:
        axes.margins(x=0.12)


def _layer_names(axes: Axes, names: Sequence[str], flux: Array, top: Array, bottom: Array) -> None:
    """Name and weathering of each layer (mmol_c m-2 yr-1) at the right, thin layers spread out."""
    gap = _LEAST_GAP * float(bottom[-1])
    middle = 0.5 * (top + bottom)
    places = np.maximum(middle, 0.5 * gap)
    for index in range(1, places.size):
        places[index] = max(places[index], places[index - 1] + gap)
    # What was pushed below the last layer comes back up.
    limit = float(bottom[-1]) - 0.5 * gap
    for index in range(places.size - 1, -1, -1):
        places[index] = min(places[index], limit)
        limit = places[index] - gap
    for place, depth, name, value in zip(places, middle, names, flux, strict=True):
        shown = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 3] + "..."
        axes.annotate(f"{shown}: {value:.3g}", (1.0, depth), (1.14, place), va="center",
                      xycoords=("axes fraction", "data"), textcoords=("axes fraction", "data"),
                      fontsize=8, color="#222222", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": "#aaaaaa", "lw": 0.6,
                                  "shrinkA": 0.0, "shrinkB": 0.0, "relpos": (0.0, 0.5)},
                      )  # fmt: skip


def _free_name(folder: Path, name: str, taken: Sequence[Path]) -> Path:
    """A file name made of the site's; a number behind it where two would be the same."""
    stem = re.sub(r"[^\w-]+", "_", name).strip("_").lower() or "site"
    path, number = folder / f"pit_{stem}.png", 2
    while path in taken:
        path, number = folder / f"pit_{stem}_{number}.png", number + 1
    return path


def _save(figure: Figure, path: Path, pits: Pits) -> None:
    """Write the PNG; the caption says how to read it and what it rests on."""
    caption = (
        "Thickness of a bar: the layer; length: weathering per m3 of soil; so its area is the "
        "weathering of the layer, written at the right in mmol_c m-2 yr-1. Dotted: ANC 0, Bc/Al 1. "
        f"Reading: {pits.reading.summary()}."
    )
    names = dict.fromkeys(item["name"].partition(", pathway ")[0] for item in unverified(pits))
    if names:
        caption += f" Unverified numbers: {', '.join(names)}."
    settle_with_caption(figure, caption)
    write_figure(figure, path, path.stem, "\n".join(header_lines(pits)))
