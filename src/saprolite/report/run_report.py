"""The report of a run: what its files say, section by section."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from saprolite.places import Place
from saprolite.report.content import (
    Block,
    Content,
    Numbers,
    Points,
    Section,
    Table,
    Text,
    in_words,
    only,
    shown,
    table_of,
)
from saprolite.report.other_sections import interval_of, other_sections
from saprolite.report.run_record import RunRecord

_FLUX = "mean_flux_area_weighted_valid_t_C_km-2_yr-1"
_TOTAL = "total_Tg_C_yr-1"


def report_of(run: RunRecord) -> Content:
    """The sections of a run's report; what a run does not have has no section."""
    state = run.state
    first, last = state["period"]
    result = _sections(run, ("result", "Result", _result))
    # Tables of a run that is begun anew may be those of an earlier one.
    found = other = []
    if run.is_finished:
        found = _sections(
            run,
            ("fluxes", "Where the sink is", _fluxes),
            ("trends", "Trends", _trends),
            ("drivers", "Drivers", _drivers),
        )
        other = other_sections(run)
    about = _sections(
        run,
        ("equations", "Reading and equations", _equations),
        ("inputs", "Inputs", _inputs),
        ("left-out", "What is left out", _left_out),
        ("numbers", "Numbers to check", _unverified),
        ("cite", "How to cite", _cite),
    )
    subtitle = f"{first} to {last}; {state['reading_summary']}"
    sections = (*result, *found, *other, *about)
    return Content(str(state["title"]), subtitle, run.is_finished, sections)


def _sections(
    run: RunRecord, *parts: tuple[str, str, Callable[[RunRecord], Sequence[Block | None]]]
) -> list[Section]:
    made = [(anchor, title, only(make(run))) for anchor, title, make in parts]
    return [Section(*section) for section in made if section[-1]]


def _result(run: RunRecord) -> list[Block | None]:
    state, summary = run.state, run.summary
    notes: list[Block | None] = [Text(str(note), warning=True) for note in state["notes"]]
    if not summary:
        return [Text("The run has no results yet."), *notes]
    total = summary[f"global_{_TOTAL}"]
    means = summary["mean_flux_t_C_km-2_yr-1"]
    depth = "{:g} to {:g} cm".format(*summary["depth_cm"])
    numbers = [
        ("Carbon sink", f"{shown(total)} Tg C yr⁻¹",
         f"area sum, {depth}{interval_of(run, 'global total')}"),
        ("Mean flux", f"{shown(means['area_weighted_valid'])} t C km⁻² yr⁻¹",
         f"area-weighted, cells with a value{interval_of(run, 'mean flux')}"),
        ("Area with a value", f"{shown(summary['valid_area_km2'] / 1e6)} million km²",
         f"of {shown(summary['land_area_km2'] / 1e6)} million km² of land"),
    ]  # fmt: skip
    for row in summary["trends"][:1]:
        numbers.append(("Trend of the sink", f"{shown(row['trend_Tg_C_yr-2'])} Tg C yr⁻²",
                        f"p = {shown(row['p'])}, least squares"
                        + interval_of(run, "trend of the global total")))  # fmt: skip
    kinds = pd.DataFrame(
        [{"mean": name.replace("_", " "), "flux_t_C_km-2_yr-1": means[name],
          "definition": summary["what_the_means_are"][name]} for name in means]
    )  # fmt: skip
    return [Numbers(tuple(numbers)), table_of(kinds, "The four means, which studies mix up"),
            *notes]  # fmt: skip


def _fluxes(run: RunRecord) -> list[Block | None]:
    columns = (
        "layer", "mineral", "climate_group", _TOTAL, "share_percent", "total_per_cm_Tg_C_yr-1_cm-1",
        _FLUX, "valid_area_km2", "coverage_percent",
    )  # fmt: skip
    return [
        *run.files.figures("fig_02", "flux_map_0-200"),
        run.files.shown_table("tables/by_layer.csv", "Layers", columns),
        run.files.shown_table("tables/by_mineral.csv", "Minerals", columns),
        run.files.shown_table("tables/by_climate_group.csv", "Climate groups", columns),
        *run.files.figures("totals_by", "latitude"),
    ]


def _trends(run: RunRecord) -> list[Block | None]:
    trends = run.files.table("analysis/trends.csv")
    if not run.summary:
        return []
    if run.why_no_trend is not None:
        why = run.why_no_trend
        return [Text(f"{why[:1].upper()}{why[1:]}."), *run.files.figures("annual")]
    if trends is None:
        return list(run.files.figures("annual"))
    here = trends[(trends["series"] == "control") & trends["kind"].isin(["globe", "climate_group"])]
    columns = ("area", "layers", "mean_total_Tg_C_yr-1", "slope_of_total_Tg_C_yr-2", "p",
               "mean_slope_area_weighted_kg_C_km-2_yr-2", "rising_significantly_area_percent",
               "falling_significantly_area_percent")  # fmt: skip
    column = here[here["layers"].isin([str(here["layers"].iloc[-1]), "0-40 cm"])]
    return [
        *run.files.figures("annual", "fig_03", "fig_04"),
        run.files.shown_table("analysis/trends.csv", "Trends of the control", columns, column),
    ]


def _drivers(run: RunRecord) -> list[Block | None]:
    if run.why_no_trend is not None:
        return []
    found = run.files.table("analysis/drivers.csv")
    tables: list[Block | None] = []
    if found is not None:
        chosen = found[found["kind"].isin(["globe", "climate_group"])]
        chosen = chosen[chosen["layers"] == chosen["layers"].iloc[-1]]
        names = [name for name in found.columns if name not in ("kind", "layers")]
        caption = "What the trends of the totals are made of"
        tables.append(run.files.shown_table("analysis/drivers.csv", caption, names, chosen))
    masked: Block | None = None
    where = run.files.table("analysis/masked.csv")
    if where is not None:
        column = where[(where["layers"] == where["layers"].iloc[-1]) & (where["kind"] == "globe")]
        column = column.assign(**{name: column[name].map(in_words) for name in ("mask", "driver")})
        columns = ("mask", "layers", "driver", "mask_area_percent", "mean_area_weighted_percent",
                   "positive_area_percent", "negative_area_percent")  # fmt: skip
        caption = "Where soil dries or warms, globe"
        masked = run.files.shown_table("analysis/masked.csv", caption, columns, column)
    figures = run.files.figures("fig_05", "fig_06", "fig_08", "fig_09", "fig_s")
    return [*figures, *tables, masked] if tables or masked else []


def _equations(run: RunRecord) -> list[Block | None]:
    equations = Table("Equations as this reading uses them", ("equation", "form", "source"),
                      tuple(tuple(row) for row in run.equations))  # fmt: skip
    reading = pd.DataFrame(
        [{"choice": name, "value": value if value is not None else "–"}
         for name, value in run.state["reading"].items()]
    )  # fmt: skip
    return [Text(str(run.state["reading_summary"])), equations if run.equations else None,
            table_of(reading, "Every choice of the reading")]  # fmt: skip


def _inputs(run: RunRecord) -> list[Block | None]:
    rows = [
        {"input": role.replace("_", " "), "product": item.get("title", item.get("product")),
         "edition": item.get("edition", item.get("version")), "licence": item.get("licence"),
         "citation": item.get("citation"), "doi": item.get("doi")}
        for role, item in run.state["inputs"].items()
    ]  # fmt: skip
    return [table_of(pd.DataFrame(rows).astype(object).where(pd.notna, None),
                     "Products, their licences and how to cite them")]  # fmt: skip


def _left_out(run: RunRecord) -> list[Block | None]:
    missing = pd.DataFrame(
        [{"cause": cause.replace("_", " "), **row}
         for cause, row in run.state["missing_inputs_by_cause"].items()]
    )  # fmt: skip
    clipped = pd.DataFrame(
        [{"what": name.replace("_", " "), "count": value}
         for name, value in run.state.get("counts_of_clipped_values", {}).items()]
    )  # fmt: skip
    return [
        table_of(missing, "Cells without a value, by the input that is missing"),
        None if clipped.empty else table_of(clipped, "Values clipped, and near a threshold"),
    ]


def _unverified(run: RunRecord) -> list[Block | None]:
    unverified, flagged = run.state["unverified_numbers"], run.state["numbers_with_a_warning"]
    return [
        table_of(pd.DataFrame(unverified), "Numbers in use that nobody has checked at their source")
        if unverified
        else Text("No unverified number is in use."),
        table_of(pd.DataFrame(flagged), "Numbers in use that carry a warning") if flagged else None,
    ]


def _cite(run: RunRecord) -> list[Block | None]:
    products = dict.fromkeys(
        str(item["citation"])
        for item in run.state["inputs"].values()
        if item.get("citation") not in (None, "-") and "not data" not in str(item["citation"])
    )
    versions = pd.DataFrame(
        [{"software": name, "version": value} for name, value in run.state["versions"].items()]
    )
    mark = f"Fingerprint of the run: {run.state['fingerprint']}"
    return [Points((*run.cite, *products)), Text(mark), table_of(versions, "Versions")]


def read_json(file: Place) -> dict[str, Any]:
    """A JSON file, or nothing where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
