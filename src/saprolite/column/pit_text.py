"""Solved pits as text: tables for a terminal, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saprolite.column.critical_load import CRITERIA
from saprolite.column.layer import BASE_CATIONS
from saprolite.column.pit_budget import BALANCED, CO2, budget
from saprolite.column.pit_frames import AMOUNT, FLUX, MILLI
from saprolite.column.pit_numbers import notes, unverified_lines, warnings
from saprolite.column.site_critical_load import SiteCriticalLoad

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

WIDTH = 100
_IONS = ("Ca", "Mg", "K", "Na", "NH4", "SO4", "NO3", "Cl", "HCO3", "Al", "Si")
_NAME_WIDTH, _HEADER_WIDTH = 30, 20
_LARGE, _SMALL = 1e5, 5e-3
_TEN = 10.0  # eq ha-1 in a mmol_c m-2

Cell = str | float
Row = Sequence[Cell]


@dataclass(frozen=True)
class _Frames:
    """The tables of all sites, made once."""

    table: pd.DataFrame
    minerals: pd.DataFrame
    totals: pd.DataFrame
    balance: pd.DataFrame | None
    loads: dict[str, SiteCriticalLoad]

    @classmethod
    def of(cls, pits: Pits) -> _Frames:
        return cls(
            pits.table(),
            pits.by_mineral(),
            pits.totals(),
            pits.mass_balance() if pits.reading.solves_chemistry else None,
            {load.site: load for load in pits.critical_loads()},
        )


def pits_text(pits: Pits) -> str:
    """All sites, each with its tables, then what holds for all of them."""
    frames = _Frames.of(pits)
    parts = [_site_text(pits, lane, frames) for lane in range(len(pits.sites))]
    return "\n\n".join([*parts, footer_text(pits)])


def summary_text(pits: Pits) -> str:
    """One line a site: weathering, pH, CO2, and exceedance where there are critical loads."""
    over = {load.site: load.row() for load in pits.critical_loads()}
    header = ["site", "cm", "mmol_c/m2/yr", "eq/ha/yr", "pH below", "t C/km2/yr"]
    rows: list[Row] = []
    for _, row in pits.totals().iterrows():
        name = str(row["site"])
        cells: list[Cell] = [
            name,
            f"{row['depth_m'] * 100:g}",
            f"{row[f'weathering_{FLUX}']:.1f}",
            f"{row['weathering_eq_ha_yr']:.0f}",
            f"{row['pH_lowest']:.2f}",
            f"{row['CO2_by_base_cations_t_C_km2_yr']:.3f}",
        ]
        if over:
            cells.append(f"{over[name]['exceedance_eq_ha_yr']:.0f}" if name in over else "-")
        rows.append(cells)
    title = "Weathering of base cations, pH of the lowest layer, CO2 by base cations"
    if over:
        header.append("exceedance eq/ha/yr")
        title += ", exceedance of acidity"
    return f"{title}\n" + _table(header, rows)


def footer_text(pits: Pits) -> str:
    """Reading, notes, warnings and unverified numbers."""
    lines = _wrapped([f"Reading: {pits.reading.summary()}"])
    for title, items in (
        ("Notes", notes(pits)),
        ("Numbers in use that carry a warning", warnings(pits)),
        ("Unverified numbers in use [U recalled, I inferred]", unverified_lines(pits)),
    ):
        if items:
            lines += [f"{title}:", *_wrapped(items, "  ")]
    return "\n".join(lines)


def _site_text(pits: Pits, lane: int, frames: _Frames) -> str:
    site = pits.sites[lane]
    table = frames.table[frames.table["site"] == site.name]
    minerals = frames.minerals[frames.minerals["site"] == site.name]
    totals = frames.totals.iloc[lane]
    loads = frames.loads.get(site.name)
    title = site.name + (f"  ({site.source})" if site.source else "")
    sections = [
        "\n".join(
            _wrapped(
                [
                    title,
                    f"{len(site.layers)} layers, {totals['depth_m'] * 100:g} cm; "
                    f"precipitation {site.precipitation * 1e3:g}, evapotranspiration "
                    f"{site.evapotranspiration * 1e3:g}, percolation "
                    f"{totals['percolation_mm_yr']:g} mm yr-1",
                    f"Weathering {totals[f'weathering_{FLUX}']:.1f} mmol_c m-2 yr-1 of base "
                    f"cations = {totals['weathering_eq_ha_yr']:.0f} eq ha-1 yr-1",
                ]
            )
        ),
        _solution_text(table, pits.reading.solves_chemistry),
        _weathering_text(pits, table),
        _mineral_text(minerals),
    ]
    if frames.balance is not None:
        own = frames.balance[frames.balance["site"] == site.name]
        sections.append(_budget_text(pits, lane, own))
    sections.append(_co2_text(totals))
    if loads is not None:
        sections.append(_loads_text(loads))
    return "\n\n".join(sections)


def _solution_text(table: pd.DataFrame, solved: bool) -> str:
    ions = [name for name in _IONS if f"{name}_umol_L" in table]
    anc = [("ANC", "ANC_umol_c_L")] if solved else []
    shown = [
        ("pH", "pH"),
        *anc,
        ("Bc/Al", "Bc_Al_mol_mol"),
        *((name, f"{name}_umol_L") for name in ions),
        ("org-", "organic_anions_umol_c_L"),
    ]
    header = ["layer", "cm", "mm/yr", *(label for label, _ in shown)]
    rows = []
    for _, row in table.iterrows():
        cells: list[Cell] = [
            str(row["layer"]),
            f"{row['top_m'] * 100:g}-{row['bottom_m'] * 100:g}",
            f"{row['percolation_mm_yr']:.0f}",
        ]
        for label, column in shown:
            value = float(row[column])
            digits = 2 if label in ("pH", "Bc/Al") else 1
            cells.append(_number(value, digits, small=False))
        rows.append(cells)
    what = "Soil solution of each layer: " if solved else "Prescribed soil solution: "
    unit = "umol L-1 (ANC, organic anions umol_c L-1; Bc/Al mol mol-1)"
    return f"{what}{unit}\n" + _table(header, rows)


def _weathering_text(pits: Pits, table: pd.DataFrame) -> str:
    by_element = [*((name, f"weathering_{name}_{FLUX}") for name in BASE_CATIONS)]
    by_pathway = [(f"by {name}", f"weathering_by_{name}_{FLUX}") for name in pits.state.pathways]
    amounts = [(name, f"weathering_{name}_{AMOUNT}") for name in ("Al", "Si", "P")]
    shown = [*by_element, ("sum", f"weathering_{FLUX}"), *by_pathway, *amounts]
    rows: list[Row] = [
        [str(row["layer"]), *(float(row[column]) for _, column in shown)]
        for _, row in table.iterrows()
    ]
    sums = [float(table[column].sum()) for _, column in shown]
    rows.append(["sum", *sums])
    charged = len(shown) - len(amounts)
    rows.append(["eq/ha/yr", *(f"{_TEN * value:.1f}" for value in sums[:charged]), "", "", ""])
    title = "Weathering of base cations, mmol_c m-2 yr-1 (Al, Si, P: mmol m-2 yr-1)"
    return f"{title}\n" + _table(["layer", *(label for label, _ in shown)], rows)


def _mineral_text(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "Weathering by mineral: no mineral in any layer"
    layers = list(dict.fromkeys(frame["layer"]))
    minerals = list(dict.fromkeys(frame["mineral"]))
    column = f"weathering_{FLUX}"
    flux = {(row["layer"], row["mineral"]): float(row[column]) for _, row in frame.iterrows()}
    sums = {
        mineral: sum(flux.get((layer, mineral), 0.0) for layer in layers) for mineral in minerals
    }
    whole = sum(sums.values())
    rows: list[Row] = [
        [
            mineral,
            sums[mineral],
            f"{100.0 * sums[mineral] / whole:.1f}" if whole else "-",
            *(flux.get((layer, mineral), "") for layer in layers),
        ]
        for mineral in sorted(minerals, key=lambda name: -sums[name])
    ]
    per_layer = [sum(flux.get((layer, name), 0.0) for name in minerals) for layer in layers]
    rows.append(["sum", whole, "100.0" if whole else "-", *per_layer])
    header = ["mineral", "sum", "%", *(f"{layer}" for layer in layers)]
    return "Weathering by mineral, mmol_c m-2 yr-1, and by layer\n" + _table(header, rows)


def _budget_text(pits: Pits, lane: int, own: pd.DataFrame) -> str:
    fluxes = budget(pits)
    labels = {
        "deposition": "deposition",
        "weathering": "+ weathering",
        "uptake": "- uptake",
        "leaching": "= leaching",
    }
    rows: list[Row] = [
        [label, *(float(fluxes[term][name][lane]) * MILLI for name in BALANCED)]
        for term, label in labels.items()
    ]
    unmet = fluxes["uptake_unmet"]
    if any(values[lane] > 0.0 for values in unmet.values()):
        cells = [float(unmet[name][lane]) * MILLI if name in unmet else "" for name in BALANCED]
        rows.append(["uptake not met", *cells])
    worst = float(np.abs(own.drop(columns=["site", "layer"]).to_numpy(float)).max())
    title = "Balance of the pit, mmol_c m-2 yr-1 (N, Si, P: mmol m-2 yr-1)"
    return f"{title}; every layer closes to {worst:.0e}\n" + _table(["", *BALANCED], rows)


def _co2_text(totals: pd.Series) -> str:
    lines = ["CO2 that weathering binds, t C km-2 yr-1, counted in three ways"]
    for column, label in CO2.items():
        value = float(totals[column])
        shown = f"{value:10.3f}" if np.isfinite(value) else f"{'-':>10s}"
        lines.append(f"  {label:66s}{shown}")
    return "\n".join(lines)


def _loads_text(load: SiteCriticalLoad) -> str:
    row = load.row()
    how = "as given" if load.given else "of its layers"
    criterion = CRITERIA[load.loads.criterion]
    unit = "" if criterion.unit == "1" else f" {criterion.unit}"
    title = (
        f"Critical loads: {criterion.meaning} {load.critical_value:g}{unit}\n"
        f"  root zone {load.depth * 100:g} cm, {load.percolation * 1e3:g} mm yr-1 leave it, "
        f"weathering {how}"
    )
    labels = {
        "weathering": "weathering Ca + Mg + K + Na",
        "uptake_unmet": "uptake that the supply forbids",
        "sulphur_deposition": "deposition of S",
        "nitrogen_deposition": "deposition of N",
        "anc_le_crit": "critical leaching of ANC",
        "cl_a": "CL(A), acidity",
        "cl_max_s": "CLmax(S)",
        "cl_min_n": "CLmin(N)",
        "cl_max_n": "CLmax(N)",
        "cl_nut_n": "CLnut(N)",
        "exceedance": "exceedance of acidity",
        "exceedance_s": "  to be met by less S",
        "exceedance_n": "  to be met by less N",
        "exceedance_nut_n": "exceedance of CLnut(N)",
    }
    rows: list[Row] = [
        [label, f"{row[f'{name}_eq_ha_yr']:.1f}", f"{row[f'{name}_kmol_c_m2_yr']:.3e}"]
        for name, label in labels.items()
        if f"{name}_eq_ha_yr" in row and (name != "uptake_unmet" or load.uptake_unmet > 0.0)
    ]
    return f"{title}\n" + _table(["", "eq ha-1 yr-1", "kmol_c m-2 yr-1"], rows)


def _table(header: Sequence[str], rows: Sequence[Row]) -> str:
    """An aligned table; columns that do not fit go below, with the first column again."""
    cells = [[_short(item, _HEADER_WIDTH) for item in header]]
    cells += [[_cell(item) for item in row] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    first, *others = range(len(header))
    # A narrower gap before a second block.
    gap = 1 if not _fits(widths, others, 2) and _fits(widths, others, 1) else 2
    blocks = [others]
    while not all(_fits(widths, block, gap) for block in blocks):
        blocks = _divided(others, len(blocks) + 1)
    lines = []
    for block in blocks:
        for row in cells:
            line = f"  {row[first]:{widths[first]}s}"
            line += "".join(" " * gap + f"{row[i]:>{widths[i]}s}" for i in block)
            lines.append(line.rstrip())
    return "\n".join(lines)


def _divided(columns: list[int], number: int) -> list[list[int]]:
    """Columns in so many blocks of about one size."""
    size = -(-len(columns) // number)
    return [columns[start : start + size] for start in range(0, len(columns), size)]


def _fits(widths: Sequence[int], columns: Sequence[int], gap: int) -> bool:
    return (
        len(columns) == 1 or 2 + widths[0] + sum(widths[index] + gap for index in columns) <= WIDTH
    )


def _cell(item: Cell) -> str:
    return _short(item, _NAME_WIDTH) if isinstance(item, str) else _number(float(item), 2)


def _number(value: float, digits: int, *, small: bool = True) -> str:
    """A number with fixed digits; very large and very small ones with an exponent."""
    if not np.isfinite(value):
        return "-"
    if abs(value) >= _LARGE or (small and 0.0 < abs(value) < _SMALL):
        return f"{value:.0e}"
    return f"{value:.0f}" if abs(value) >= 1e3 else f"{value:.{digits}f}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _wrapped(items: Iterable[str], indent: str = "") -> list[str]:
    lines: list[str] = []
    for item in items:
        lines += textwrap.wrap(
            item, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ",
            break_on_hyphens=False,
        )  # fmt: skip
    return lines
