"""What a report reads: the files of a run, and of folders of comparisons that it is part of."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from saprolite.places import Place
from saprolite.report.content import Figure, Table, figure_title, table_of

# Larger tables, of every cell or pair, stay beside the report.
_MOST_BYTES = 200_000
# Numbers of figures that have no table of their own name; of a map of all cells, the store.
_NUMBERS = {
    "latitude_profile": ("../tables/latitude_profile.csv",),
    "annual_totals": ("../tables/annual.csv",),
    "totals_by_layer_and_zone": ("../tables/by_climate_group_and_layer.csv",),
    "fig07a_sites": ("sites.csv",),
    "fig07b_site_ratios": ("sites.csv",),
    "fig10_scenario": ("scenario_annual.csv", "scenario_change.csv", "scenario_maps.nc"),
    "flux_map": ("../fluxes.zarr",),
}
_QUANTITIES = ("_rate", "_weathering")  # two figures of the same pairs


@dataclass(frozen=True)
class Files:
    """The tables and figures of a folder; what is not there is None, or left out."""

    folder: Place

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self.folder / name).is_file()

    def text(self, name: str) -> str | None:
        """A file as text."""
        return (self.folder / name).read_text(encoding="utf-8") if self.has(name) else None

    def table(self, name: str) -> pd.DataFrame | None:
        """A table, such as ``analysis/trends.csv``, without its comment lines."""
        text = self.text(name)
        return None if text is None else pd.read_csv(io.StringIO(text), comment="#")

    def notes(self, name: str) -> tuple[str, ...]:
        """The comment lines of a table."""
        lines = (self.text(name) or "").splitlines()
        return tuple(line.removeprefix("#").strip() for line in lines if line.startswith("#"))

    def shown_table(
        self,
        name: str,
        caption: str,
        columns: Sequence[str] | None = None,
        rows: pd.DataFrame | None = None,
    ) -> Table | None:
        """A table to show, or some of its rows, its file with it."""
        found = self.table(name) if rows is None else rows
        if found is None or found.empty:
            return None
        return table_of(found, caption, columns, name.rsplit("/", 1)[-1], self.text(name) or "")

    def figures(self, *stems: str, folder: str = "figures") -> Iterator[Figure]:
        """The figures of a folder whose names begin so, in the order of their names."""
        for file in listed(self.folder / folder, "*.png"):
            if any(file.stem.startswith(stem) for stem in stems):
                yield _figure(file)


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds, and what its reading computes.

    ``state`` is ``run.json``, ``summary`` ``summary.json`` or nothing; ``equations`` a row (label,
    form, source) for each equation; ``cite`` how to cite the software; ``why_no_trend``: why its
    years have none; ``beside``: folders of comparisons; ``command``: the run as it is typed.
    """

    files: Files
    state: Mapping[str, Any]
    summary: Mapping[str, Any]
    equations: Sequence[tuple[str, str, str]]
    cite: Sequence[str]
    why_no_trend: str | None
    beside: Sequence[Files]

    @property
    def command(self) -> str:
        """The folder as it is typed."""
        return str(self.files.folder)

    @property
    def is_finished(self) -> bool:
        """Whether all of it is computed."""
        return str(self.state["status"]) == "finished"


def listed(folder: Place, pattern: str) -> list[Place]:
    """The files of a folder that match, by name; none without a folder."""
    found: list[Place] = list(folder.glob(pattern)) if folder.is_dir() else []
    return sorted(found, key=lambda file: file.name)


def _figure(file: Place) -> Figure:
    from PIL import Image

    data = file.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        about = {str(key): str(value) for key, value in image.info.items()}
    title, caption = figure_title(file.stem), about.get("Description", "")
    tables = [each for each in _numbers(file) if each.name.endswith(".csv")]
    small = [each for each in tables if each.stat().st_size < _MOST_BYTES]
    beside = ", ".join(each.name for each in _numbers(file) if each not in small)
    return Figure(
        file.stem, data, f"{title}: {caption}" if caption else title,
        f"{title} (its numbers: {beside})" if beside else title,
        tuple((each.name, each.read_text(encoding="utf-8")) for each in small),
    )  # fmt: skip


def _numbers(file: Place) -> list[Place]:
    """The files that have the numbers of a figure."""
    own = listed(file.parent, f"{file.stem}*.csv")
    if own:
        return own
    named = next((names for stem, names in _NUMBERS.items() if file.stem.startswith(stem)), None)
    if named is None:
        pairs = file.stem
        for quantity in _QUANTITIES:
            pairs = pairs.removesuffix(quantity)
        named = (f"{pairs}.csv.gz",)
    places = [file.parent.parent / name.removeprefix("../") if name.startswith("../")
              else file.parent / name for name in named]  # fmt: skip
    return [place for place in places if place.exists()]
