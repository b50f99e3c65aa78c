"""Many readings of one study in one pass over its inputs: totals of each, and nothing else kept.

A year of a band of rows is read once, and the kernels of all readings are applied to it. Bands go
one after another, so that memory does not grow with the number of readings times the map.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.compiled.pathway import ForcingArrays, FusedPathway
from saprolite.compiled.pathway_choices import Wanted
from saprolite.engine.banded_maps import rows_of_bands
from saprolite.engine.kernels import workers_of
from saprolite.engine.memory import memory_limit
from saprolite.engine.pathway_blocks import Statics
from saprolite.errors import MineralError, Problem, SaproliteError, StudyError, raise_if_any
from saprolite.inputs import Prepared, prepare
from saprolite.models import CO2Pathway, Reading, Soil
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.koeppen import CLASS_NAMES
from saprolite.stages import Report
from saprolite.study import Study
from saprolite.study_parts import Experiments
from saprolite.threads import in_order

Array = npt.NDArray[np.float64]
_T_PER_TG = 1.0e6
_CLASSES = len(CLASS_NAMES) + 1  # 0: none
# Of the memory that is free, what the readings of a band may take.
_SHARE_OF_MEMORY = 0.5


class ReadingTotals(NamedTuple):
    """Totals of a reading, Tg C yr-1: ``by_class`` (mineral, layer, climate class), means over
    ``years`` (those with a value), a cell without a mean left out as in a run; ``valid`` (mineral,
    layer) of the cells with a mean in every layer, whose area by class is ``valid_area`` (km2);
    ``annual`` (year, mineral, layer), all years of the study."""

    years: tuple[int, ...]
    by_class: Array
    valid: Array
    valid_area: Array
    annual: Array


@dataclass(frozen=True)
class ComparedReadings:
    """What :func:`run_readings` gives: each reading by name with its totals, on the same land;
    ``land_area`` by climate class, km2."""

    study: Study
    readings: Mapping[str, Reading]
    totals: Mapping[str, ReadingTotals]
    minerals: tuple[str, ...]
    layer_edges: tuple[float, ...]
    land_area: Array
    notes: tuple[str, ...]


def run_readings(
    study: Study, readings: Mapping[str, Reading], report: Report = lambda *_: None
) -> ComparedReadings:
    """Run the control of a study under every reading, each year of each band read once.

    Parameters
    ----------
    study
        A study of the CO2 pathway; its own reading and experiments play no part.
    readings
        The readings by name.
    report
        Called with (stage, done, total).

    Raises
    ------
    StudyError
        For a soil-column study, or readings that its inputs do not serve.
    MineralError
        For minerals without data under a reading.
    InputError
        For inputs that are wrong.
    """
    _refuse_unfit(study, readings)
    models = _models(study, readings)
    by_statics = _prepared(study, readings)
    first = next(iter(by_statics.values()))
    notes = [note for one in by_statics.values() for note in one.notes]
    trailing = _trailing(readings)
    if trailing and not first.previous_year:
        study, note = _from_the_second_year(study, trailing)
        notes.append(note)
    pathways = [
        _Pathway(
            name,
            FusedPathway(model, study.engine.precision, Wanted()),
            by_statics[_choices_of_statics(model.reading)],
        )
        for name, model in models.items()
    ]
    for one in pathways:
        one.fused.compile(report)
    bands = _bands(first, pathways)
    steps, done = len(bands) * len(study.years), 0
    pieces: list[list[_Piece]] = [[] for _ in pathways]
    for cells in bands:
        report("readings", done, steps)
        on_band = [_OnBand(one, cells) for one in pathways]
        read = partial(_read, first, cells)
        before = read(study.first_year - 1) if trailing else None
        # One thread reads the next year meanwhile.
        for year, values in zip(study.years, in_order(read, study.years, 1), strict=True):
            _of_year(on_band, year, values, before, workers_of(first))
            before, done = values, done + 1
            report("readings", done, steps)
        for found, own in zip(pieces, on_band, strict=True):
            found.append(own.piece())
    return ComparedReadings(
        study=study,
        readings=dict(readings),
        totals={
            one.name: _joined(study, found) for one, found in zip(pathways, pieces, strict=True)
        },
        minerals=first.minerals,
        layer_edges=first.layer_edges,
        land_area=_by_class(first.area, first.climate),
        notes=tuple(dict.fromkeys(notes)),
    )


def _trailing(readings: Mapping[str, Reading]) -> list[str]:
    """The readings that need the months of the year before."""
    return [name for name, one in readings.items() if one.et_mode == "trailing12"]


def _from_the_second_year(study: Study, trailing: list[str]) -> tuple[Study, str]:
    """A study whose record does not reach back, without the year that only some readings have: so
    that all of them are means of the same years; and what to say of it."""
    names, year = ", ".join(trailing), study.first_year
    note = f"{year} is left out of all readings: {names} needs the year before, which is not there"
    return study.model_copy(update={"first_year": year + 1}), note


def _refuse_unfit(study: Study, readings: Mapping[str, Reading]) -> None:
    problems = []
    if not readings:
        problems.append(
            Problem("readings", "none", "one reading or more", '{"canonical": Reading()}')
        )
    if study.column is not None:
        problems.append(
            Problem("model", f'"{study.model}"', "a study of the CO2 pathway",
                    'model = "profile-co2", without [column]')
        )  # fmt: skip
    series = [name for name, one in readings.items() if one.atmosphere == "series"]
    if series and study.inputs.atmospheric_co2 is None:
        problems.append(
            Problem("inputs.atmospheric_co2", "nothing",
                    f'a series, required by atmosphere = "series" of {", ".join(series)}',
                    'add [inputs.atmospheric_co2] path = "..."')
        )  # fmt: skip
    raise_if_any(StudyError, "These readings cannot be compared on this study", problems)


def _choices_of_statics(reading: Reading) -> tuple[str, float]:
    """What the static inputs of a run depend on."""
    return reading.thickness, reading.mica_share


def _prepared(study: Study, readings: Mapping[str, Reading]) -> dict[tuple[str, float], Prepared]:
    """The inputs, once for each choice of static ones; the first one's forcing serves all."""
    several = list(readings.values())
    trailing = bool(_trailing(readings))
    series = any(one.atmosphere == "series" for one in several)
    found = {}
    for key in dict.fromkeys(map(_choices_of_statics, several)):
        chosen = next(one for one in several if _choices_of_statics(one) == key)
        chosen = chosen.change(
            drivers="monthly",
            et_mode="trailing12" if trailing else "monthly_x12",
            atmosphere="series" if series else "fixed",
        )
        changes = {"reading": chosen.as_dict(), "experiments": Experiments()}
        found[key] = prepare(study.model_copy(update=changes))
    return found


class _Pathway(NamedTuple):
    """A reading, its compiled kernel and the inputs under it."""

    name: str
    fused: FusedPathway
    prepared: Prepared


def _models(study: Study, readings: Mapping[str, Reading]) -> dict[str, CO2Pathway]:
    problems: list[Problem] = []
    found = {}
    for name, reading in readings.items():
        try:
            found[name] = CO2Pathway.of(reading, tuple(study.minerals.names))
        except SaproliteError as error:
            problems += [replace(one, where=f"{name}: {one.where}") for one in error.problems]
    raise_if_any(MineralError, "Minerals have no numbers under these readings", problems)
    return found


def _bands(prepared: Prepared, pathways: list[_Pathway]) -> list[slice]:
    """Cells of every band of rows with land: as the study says, or as few bands as fit memory."""
    height, width = prepared.grid.shape
    layers, minerals = len(prepared.layer_edges) - 1, len(prepared.minerals)
    bands = prepared.study.engine.bands
    if bands is None:
        limit, _ = memory_limit(prepared.study.engine.memory_gb)
        forcing = 3 * 4 * 12 * (2 * layers + 1)
        own = sum(8 * layers * (minerals + 3 * len(one.fused.model.groups)) for one in pathways)
        needed = prepared.cells.size * (forcing + own)
        bands = 1 if limit is None else int(np.ceil(needed / (_SHARE_OF_MEMORY * limit)))
    rows = rows_of_bands(height, min(max(bands, 1), height))
    borders = np.arange(0, height + rows, rows) * width
    places = np.searchsorted(prepared.cells, borders).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(places) if a < b]


def _read(prepared: Prepared, cells: slice, year: int) -> ForcingYear:
    return prepared.read_year(year, cells)


class _Piece(NamedTuple):
    """Totals of a reading on a band, as in :class:`ReadingTotals`, and its years with a value."""

    years: frozenset[int]
    by_class: Array
    valid: Array
    valid_area: Array
    annual: list[Array]


class _OnBand:
    """A reading on a band: its static factors, and the sums of the years so far."""

    def __init__(self, pathway: _Pathway, cells: slice) -> None:
        prepared, model = pathway.prepared, pathway.fused.model
        soil = _part(prepared.soil, cells)
        statics = Statics.of(model, soil)
        self._fused = pathway.fused
        self._air = prepared.atmospheric_co2
        self._trailing = model.reading.et_mode == "trailing12"
        self._factors = self._fused.scaled(statics.by_group)
        self._complete = statics.complete(prepared.land_ice[cells])
        self._density = np.ascontiguousarray(statics.bulk_density, self._fused.real)
        self._area, self._climate = prepared.area[cells], prepared.climate[cells]
        self._shares = statics.mineral_shares(model)
        self._group_of = np.empty(len(model.minerals), int)
        for number, group in enumerate(model.groups):
            self._group_of[list(group.members)] = number
        self._sum: Array = np.zeros(statics.by_group.shape)
        self._years: list[int] = []
        self._annual: list[Array] = []

    def add(self, year: int, values: ForcingYear, before: ForcingYear | None) -> None:
        """One year: the flux is added up, its totals are kept."""
        previous = before.evapotranspiration if self._trailing and before is not None else None
        forcing = ForcingArrays(*values, previous)
        flux = self._fused.year(
            forcing, year, self._air.get(year), self._density, slice(0, self._area.size),
            self._factors, self._complete, None,
        ).flux  # fmt: skip
        self._annual.append(self._total_by_mineral(flux))
        if np.isfinite(flux).any():
            self._years.append(year)
            self._sum += flux

    def piece(self) -> _Piece:
        """The totals of all years."""
        mean = self._sum / len(self._years) if self._years else np.full_like(self._sum, np.nan)
        valid = np.isfinite(mean.sum(axis=(0, 1)))
        layers = mean.shape[1]
        by_class = np.zeros((self._group_of.size, layers, _CLASSES))
        for mineral, group in enumerate(self._group_of):
            amounts = np.nan_to_num(mean[group] * self._shares[mineral]) * self._area
            for layer in range(layers):
                by_class[mineral, layer] = _by_class(amounts[layer], self._climate)
        return _Piece(
            frozenset(self._years),
            by_class,
            self._total_by_mineral(np.where(valid, mean, np.nan)),
            _by_class(np.where(valid, self._area, 0.0), self._climate),
            self._annual,
        )

    def _total_by_mineral(self, flux: Array) -> Array:
        """Area sums (mineral, layer) of a flux (group, layer, cell); NaN counts as 0, t yr-1."""
        amounts = np.nan_to_num(flux) * self._area
        shares = np.nan_to_num(self._shares)
        return np.stack(
            [np.einsum("lc,lc->l", amounts[group], shares[mineral])
             for mineral, group in enumerate(self._group_of)]
        )  # fmt: skip


def _of_year(
    own: list[_OnBand], year: int, values: ForcingYear, before: ForcingYear | None, workers: int
) -> None:
    """All readings on a year of a band, by threads."""
    for _ in in_order(lambda one: one.add(year, values, before), own, workers):
        pass


def _part(soil: Soil, cells: slice) -> Soil:
    """The soil of some cells."""

    def cut(values: Any) -> Any:
        return np.asarray(values)[..., cells]

    shares = {name: cut(share) for name, share in soil.mineral_share.items()}
    plain = {name: cut(values) for name, values in soil._asdict().items()
             if name != "mineral_share"}  # fmt: skip
    return Soil(mineral_share=shares, **plain)


def _by_class(amounts: Array, climate: npt.NDArray[np.int16]) -> Array:
    """Sums by climate class."""
    return np.bincount(climate, amounts, _CLASSES).astype(np.float64)


def _joined(study: Study, pieces: list[_Piece]) -> ReadingTotals:
    """The bands of a reading together. Where a band lacks a year that others have, its cells lack
    it, and have no mean."""
    years = frozenset[int]().union(*(piece.years for piece in pieces))
    whole = [piece for piece in pieces if piece.years == years]
    nothing = np.zeros_like(pieces[0].valid)
    by_class = sum((piece.by_class for piece in whole), np.zeros_like(pieces[0].by_class))
    annual = [
        sum((piece.annual[number] for piece in pieces), nothing)
        for number in range(len(study.years))
    ]
    return ReadingTotals(
        years=tuple(sorted(years)),
        by_class=by_class / _T_PER_TG,
        valid=sum((piece.valid for piece in whole), nothing) / _T_PER_TG,
        valid_area=sum((piece.valid_area for piece in whole), np.zeros(_CLASSES)),
        annual=np.stack(annual) / _T_PER_TG,
    )
