"""Files of one CMIP5 or CMIP6 model: whose they are, their layers, and all that is wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Rectilinear
from saprolite.sources.files import attributes_of, decode, netcdf, unit_of
from saprolite.sources.monthly_files import (
    Asked,
    Key,
    MonthlyField,
    Slots,
    absent_problems,
    fields_of,
    indexed,
    months_of,
    name_of,
    of_months,
)

MOISTURE, TEMPERATURE, EVAPOTRANSPIRATION = "mrlsl", "tsl", "evspsbl"
ASKED = {
    MOISTURE: Asked(("mrlsl", "mrsol"), "kg m-2"),
    TEMPERATURE: Asked(("tsl",), "K"),
    EVAPOTRANSPIRATION: Asked(("evspsbl",), "kg m-2 s-1"),
}
FIXED = ("sftlf", "sftgif", "mrsofc")
WHAT = (
    "CMIP5 or CMIP6 monthly files of one model: mrlsl (CMIP6: mrsol), tsl and evspsbl, historical "
    "and one scenario, in one folder"
)
_NAME = re.compile(
    r"^(?P<variable>[A-Za-z0-9]+)_(?P<table>[A-Za-z0-9]+)_(?P<model>[^_]+)_(?P<experiment>[^_]+)_"
    r"(?P<member>r\d+i\d+p\d+(f\d+)?)(_g[^_]+)?(_(?P<start>\d{6})-(?P<end>\d{6}))?\.nc$"
)
_TOUCHING = 1e-3  # share of a layer by which rounded borders may miss one another
_METRES = {"m": 1.0, "metre": 1.0, "meter": 1.0, "meters": 1.0, "metres": 1.0, "cm": 0.01}


class Origin(NamedTuple):
    """Whose values a file holds."""

    model: str
    experiment: str
    member: str


@dataclass(frozen=True, eq=False)
class CmipFiles:
    """A checked set of months of one model on one grid.

    ``edges``: depths of the layers' borders of moisture and temperature, m; ``fixed``: files of
    the fields that do not vary, by variable.
    """

    origins: tuple[Origin, ...]
    cells: Rectilinear
    calendar: str
    slots: Slots
    edges: dict[str, tuple[float, ...]]
    reversed_layers: dict[str, bool]
    fixed: dict[str, Path]


def checked_files(
    files: Sequence[Path], years: Iterable[int] | None, optional_year: int | None
) -> CmipFiles:
    """Check files for all months of ``years`` (None: from the first month to the last, no gap).

    Nothing but metadata and coordinates is read. Raises ``InputError`` that lists everything.
    """
    problems: list[Problem] = []
    found: list[dict[str, MonthlyField]] = []
    origins: dict[Path, Origin] = {}
    layers: dict[str, tuple[Path, tuple[float, ...], bool]] = {}
    fixed: dict[str, Path] = {}
    for file in files:
        try:
            fields = fields_of(file, ASKED, WHAT)
            with netcdf(file, WHAT) as dataset:
                fixed |= {name: file for name in FIXED if name in dataset.variables}
                if not fields:
                    continue
                origins[file] = _origin(file, dataset)
                for name, field in fields.items():
                    edges, flipped = _layers(dataset, field, name)
                    known = layers.setdefault(name, (file, edges, flipped))
                    if not _same_layers(known[1:], (edges, flipped)):
                        raise _one(
                            f"{file}: depth", f"borders at {_shown(edges)} m",
                            f"{_shown(known[1])} m, as in {known[0].name}",
                            "keep files of one model in one folder",
                        )  # fmt: skip
            _check_period(file, fields)
        except InputError as error:
            problems.extend(error.problems)
            continue
        found.append(fields)
    problems += _mixture_problems(files, origins)
    slots, contradictions = indexed(found)
    problems += contradictions
    wanted = months_of(years) if years is not None else _span(slots)
    folder = files[0].parent
    if not problems:  # what is wrong with a file explains what lacks
        problems += absent_problems(folder, slots, ASKED, wanted)
    raise_if_any(InputError, "The CMIP files cannot be used", problems)
    useful = set(wanted) | set(months_of([] if optional_year is None else [optional_year]))
    slots = of_months(slots, useful)
    field = next(iter(slots[MOISTURE].values())).field
    return CmipFiles(
        tuple(dict.fromkeys(origins.values())), field.cells, field.calendar, slots,
        {name: edges for name, (_, edges, _) in layers.items()},
        {name: flipped for name, (_, _, flipped) in layers.items()}, fixed,
    )  # fmt: skip


def _span(slots: Slots) -> list[Key]:
    """Every month from the first to the last of any variable."""
    keys = [key for months in slots.values() for key in months]
    if not keys:
        return []
    first, last = min(keys), max(keys)
    return [key for key in months_of(range(first[0], last[0] + 1)) if first <= key <= last]


def _origin(file: Path, dataset: Any) -> Origin:
    given = attributes_of(dataset)
    match = _NAME.match(file.name)
    named = match.groupdict() if match else {}
    numbers = [given.get(key) for key in ("realization", "initialization_method",
                                          "physics_version")]  # fmt: skip
    member = given.get("variant_label") or (
        "r{}i{}p{}".format(*numbers) if None not in numbers else None
    )
    parts = {
        "model": given.get("source_id") or given.get("model_id"),
        "experiment": given.get("experiment_id"),
        "member": member,
    }
    for key, text in parts.items():
        if text is not None and key in named and str(text) != named[key]:
            raise _one(
                f"{file}: {key}", f"{text!r} in the file, {named[key]!r} in its name",
                "the same", "the file is misnamed: fetch it again",
            )  # fmt: skip
    known = {key: str(text or named.get(key) or "") for key, text in parts.items()}
    absent = [key for key, text in known.items() if not text]
    if absent:
        raise _one(
            str(file), f"no {', '.join(absent)} in its attributes or name",
            "source_id (model_id), experiment_id, variant_label; or "
            "VAR_TABLE_MODEL_EXPERIMENT_MEMBER_START-END.nc",
            "fetch the original file, under its own name",
        )  # fmt: skip
    return Origin(**known)


def _check_period(file: Path, fields: Mapping[str, MonthlyField]) -> None:
    """The months in a file are those of its name, or it was cut short."""
    match = _NAME.match(file.name)
    if match is None or match["start"] is None:
        return
    named = tuple((int(text[:4]), int(text[4:])) for text in (match["start"], match["end"]))
    for field in fields.values():
        inside = (field.stamps[0], field.stamps[-1])
        months = (inside[1][0] - inside[0][0]) * 12 + inside[1][1] - inside[0][1] + 1
        if inside != named or months != len(field.stamps):
            raise _one(
                f"{file}: {field.time}",
                f"{len(field.stamps)} months, {name_of(inside[0])} to {name_of(inside[1])}",
                f"every month from {name_of(named[0])} to {name_of(named[1])}, as the name says",
                "the file is cut or misnamed: fetch it again",
            )  # fmt: skip


def _mixture_problems(files: Sequence[Path], origins: Mapping[Path, Origin]) -> list[Problem]:
    problems = []
    folder = str(files[0].parent)
    for what, values in (
        ("model", {item.model for item in origins.values()}),
        ("member", {item.member for item in origins.values()}),
        ("scenario", {item.experiment for item in origins.values()} - {"historical"}),
    ):
        if len(values) > 1:
            problems.append(
                Problem(f"{folder}: {what}", f"a mixture: {', '.join(sorted(values))}",
                        f"one {what}", "put each into a folder of its own")
            )  # fmt: skip
    return problems


def _layers(dataset: Any, field: MonthlyField, name: str) -> tuple[tuple[float, ...], bool]:
    """Borders of the layers, m, downwards, and whether the file holds them from the bottom up."""
    where = f"{field.path}: {field.name}"
    if name == EVAPOTRANSPIRATION:
        if any(size != 1 for size in field.extra.values()):
            raise _one(where, f"dimensions {field.dims}", "(time, lat, lon)",
                       "fetch the original file")  # fmt: skip
        return (), False
    if len(field.extra) != 1:
        raise _one(where, f"dimensions {field.dims}", "(time, depth, lat, lon)",
                   "fetch the original file, with its layers")  # fmt: skip
    dim = next(iter(field.extra))
    if dim not in dataset.variables:
        raise _one(f"{where}: {dim}", "no coordinate of the layers", "depth in m with depth_bnds",
                   "fetch the original file")  # fmt: skip
    bounds_name = attributes_of(dataset[dim]).get("bounds", f"{dim}_bnds")
    if bounds_name not in dataset.variables:
        raise _one(f"{where}: {dim}", f"no {bounds_name}",
                   "borders of the layers; their centres do not tell them",
                   "fetch the original file, or add the borders")  # fmt: skip
    unit = unit_of(dataset[dim])
    if unit not in _METRES:
        raise _one(f"{where}: {dim}", f"units {unit!r}", "'m' or 'cm'", "correct the attribute")
    pairs = np.sort(decode(dataset[bounds_name]).reshape(-1, 2), axis=1) * _METRES[unit]
    flipped = bool(pairs.shape[0] > 1 and pairs[0, 0] > pairs[-1, 0])
    if flipped:
        pairs = pairs[::-1]
    width = pairs[:, 1] - pairs[:, 0]
    gaps = np.abs(pairs[1:, 0] - pairs[:-1, 1])
    touching = (gaps <= _TOUCHING * width[1:]).all() and abs(pairs[0, 0]) <= _TOUCHING * width[0]
    if not np.isfinite(pairs).all() or (width <= 0.0).any() or not touching:
        raise _one(f"{where}: {bounds_name}", f"borders {pairs.tolist()} m",
                   "layers from the surface down that touch one another",
                   "fetch the original file")  # fmt: skip
    return (0.0, *(float(bottom) for bottom in pairs[:, 1])), flipped


def _same_layers(
    one: tuple[tuple[float, ...], bool], other: tuple[tuple[float, ...], bool]
) -> bool:
    same = len(one[0]) == len(other[0]) and one[1] == other[1]
    return same and bool(np.allclose(one[0], other[0], rtol=1e-4, atol=1e-5))


def _shown(edges: Sequence[float]) -> str:
    return ", ".join(f"{edge:g}" for edge in edges)


def _one(where: str, found: str, accepted: str, next_step: str) -> InputError:
    return InputError(
        "A file cannot be used (1 problem)", [Problem(where, found, accepted, next_step)]
    )
