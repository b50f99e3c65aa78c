"""The report of a run: what its files say, section by section."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from saprolite.places import Place
from saprolite.report.content import (
    Block,
    Content,
    Figure,
    Numbers,
    Points,
    Section,
    Table,
    Text,
    only,
    shown,
    table_of,
)

_FLUX = "mean_flux_area_weighted_valid_t_C_km-2_yr-1"
_TOTAL = "total_Tg_C_yr-1"
# Larger tables, of every cell, stay beside the report.
_MOST_BYTES = 200_000


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds, and what its reading computes.

    ``state`` is ``run.json``, ``summary`` ``summary.json`` or nothing; ``equations`` a row (label,
    form, source) for each equation; ``cite`` how to cite the software.
    """

    folder: Place
    state: Mapping[str, Any]
    summary: Mapping[str, Any]
    equations: Sequence[tuple[str, str, str]]
    cite: Sequence[str]

    def table(self, name: str) -> pd.DataFrame | None:
        """A table of the run, such as ``analysis/trends.csv``; None where there is none."""
        text = self.text(name)
        return None if text is None else pd.read_csv(io.StringIO(text), comment="#")

    def text(self, name: str) -> str | None:
        """A file of the run as text; None where there is none."""
        file = self.folder / name
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def figures(self, *stems: str) -> Iterator[Figure]:
        """The figures whose names begin so, in the order of their names."""
        folder = self.folder / "figures"
        for file in _files(folder, "*.png"):
            if any(file.stem.startswith(stem) for stem in stems):
                yield self._figure(file)

    def _figure(self, file: Place) -> Figure:
        from PIL import Image

        data = file.read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            about = {str(key): str(value) for key, value in image.info.items()}
        caption = about.get("Description", "")
        title = about.get("Title", file.stem).replace("_", " ")
        found = _files(self.folder / "figures", f"{file.stem}*.csv")
        small = [each for each in found if each.stat().st_size < _MOST_BYTES]
        numbers = tuple((each.name, each.read_text(encoding="utf-8")) for each in small)
        beside = ", ".join(f"figures/{each.name}" for each in found if each not in small)
        return Figure(
            file.stem, data, f"{title}: {caption}" if caption else title,
            f"{title} (numbers of every cell: {beside})" if beside else title, numbers,
        )  # fmt: skip


def report_of(run: RunRecord) -> Content:
    """The sections of a run's report; what a run does not have has no section."""
    state, finished = run.state, run.state["status"] == "finished"
    first, last = state["period"]
    parts: tuple[tuple[str, str, Callable[[RunRecord], Sequence[Block | None]]], ...] = (
        ("result", "Result", _result),
        ("fluxes", "Where the sink is", _fluxes),
        ("trends", "Trends", _trends),
        ("drivers", "Drivers", _drivers),
        ("uncertainty", "Uncertainty", _uncertainty),
        ("claims", "Claims and audit", _claims),
        ("equations", "Reading and equations", _equations),
        ("inputs", "Inputs", _inputs),
        ("left-out", "What is left out", _left_out),
        ("numbers", "Numbers to check", _unverified),
        ("cite", "How to cite", _cite),
    )
    sections = []
    for anchor, title, make in parts:
        blocks = only(make(run))
        if blocks:
            sections.append(Section(anchor, title, blocks))
    subtitle = f"{first} to {last}; {state['reading_summary']}"
    return Content(str(state["title"]), subtitle, finished, tuple(sections))


def _result(run: RunRecord) -> list[Block | None]:
    state, summary = run.state, run.summary
    notes: list[Block | None] = [Text(str(note), warning=True) for note in state["notes"]]
    if not summary:
        return [Text("The run has no results yet."), *notes]
    total = summary[f"global_{_TOTAL}"]
    means = summary["mean_flux_t_C_km-2_yr-1"]
    depth = "{:g} to {:g} cm".format(*summary["depth_cm"])
    numbers = [
        ("Carbon sink", f"{shown(total)} Tg C yr⁻¹", f"area sum, {depth}"),
        ("Mean flux", f"{shown(means['area_weighted_valid'])} t C km⁻² yr⁻¹",
         "area-weighted, cells with a value"),
        ("Area with a value", f"{shown(summary['valid_area_km2'] / 1e6)} million km²",
         f"of {shown(summary['land_area_km2'] / 1e6)} million km² of land"),
    ]  # fmt: skip
    for row in summary["trends"][:1]:
        numbers.append(("Trend of the sink", f"{shown(row['trend_Tg_C_yr-2'])} Tg C yr⁻²",
                        f"p = {shown(row['p'])}, least squares"))  # fmt: skip
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
        *_figures(run, "fig_02", "flux_map_0-200"),
        _csv(run, "tables/by_layer.csv", "Layers", columns),
        _csv(run, "tables/by_mineral.csv", "Minerals", columns),
        _csv(run, "tables/by_climate_group.csv", "Climate groups", columns),
        *_figures(run, "totals_by", "latitude"),
    ]


def _trends(run: RunRecord) -> list[Block | None]:
    trends = run.table("analysis/trends.csv")
    if trends is None:
        return list(_figures(run, "annual"))
    here = trends[(trends["series"] == "control") & trends["kind"].isin(["globe", "climate_group"])]
    columns = ("area", "layers", "mean_total_Tg_C_yr-1", "slope_of_total_Tg_C_yr-2", "p",
               "mean_slope_area_weighted_kg_C_km-2_yr-2", "rising_significantly_area_percent",
               "falling_significantly_area_percent")  # fmt: skip
    column = here[here["layers"].isin([str(here["layers"].iloc[-1]), "0-40 cm"])]
    return [
        *_figures(run, "annual", "fig_03", "fig_04"),
        table_of(column, "Trends of the control", columns, "trends.csv",
                 run.text("analysis/trends.csv") or ""),
    ]  # fmt: skip


def _drivers(run: RunRecord) -> list[Block | None]:
    found = run.table("analysis/drivers.csv")
    tables: list[Block | None] = []
    if found is not None:
        chosen = found[found["kind"].isin(["globe", "climate_group"])]
        chosen = chosen[chosen["layers"] == chosen["layers"].iloc[-1]]
        names = [name for name in found.columns if name not in ("kind", "layers")]
        tables.append(table_of(chosen, "What the trends of the totals are made of", names,
                               "drivers.csv", run.text("analysis/drivers.csv") or ""))  # fmt: skip
    masked: Block | None = None
    where = run.table("analysis/masked.csv")
    if where is not None:
        column = where[where["layers"] == where["layers"].iloc[-1]]
        columns = ("mask", "layers", "driver", "mask_area_percent", "mean_area_weighted_percent",
                   "positive_area_percent", "negative_area_percent")  # fmt: skip
        masked = table_of(column, "Where soil dries or warms", columns, "masked.csv",
                          run.text("analysis/masked.csv") or "")  # fmt: skip
    figures = _figures(run, "fig_05", "fig_06", "fig_08", "fig_09", "fig_s")
    return [*figures, *tables, masked] if tables or masked else []


def _uncertainty(run: RunRecord) -> list[Block | None]:
    names = [file.name for file in _files(run.folder / "tables", "uncertainty*.csv")]
    return [*_figures(run, "uncertainty", "readings"),
            *(_csv(run, f"tables/{name}", _title(name)) for name in names)]  # fmt: skip


def _claims(run: RunRecord) -> list[Block | None]:
    claims, audit = run.table("analysis/claims.csv"), run.table("analysis/audit.csv")
    blocks: list[Block | None] = []
    if claims is not None and "verdict" in claims:
        counts = claims["verdict"].value_counts().rename_axis("verdict").reset_index(name="claims")
        blocks += [table_of(counts, "Claims of the manuscript by verdict"),
                   _csv(run, "analysis/claims.csv", "Claims, recomputed")]  # fmt: skip
    if audit is not None:
        blocks.append(_csv(run, "analysis/audit.csv", "Audit: consistency of this run's outputs"))
    return blocks


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


def _figures(run: RunRecord, *stems: str) -> Iterator[Figure]:
    return run.figures(*stems)


def _csv(
    run: RunRecord, name: str, caption: str, columns: Sequence[str] | None = None
) -> Table | None:
    found = run.table(name)
    if found is None or found.empty:
        return None
    return table_of(found, caption, columns, name.rsplit("/", 1)[-1], run.text(name) or "")


def _files(folder: Place, pattern: str) -> list[Place]:
    found: list[Place] = list(folder.glob(pattern)) if folder.is_dir() else []
    return sorted(found, key=lambda file: file.name)


def _title(name: str) -> str:
    return name.removesuffix(".csv").replace("_", " ").capitalize()


def read_json(file: Place) -> dict[str, Any]:
    """A JSON file, or nothing where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
