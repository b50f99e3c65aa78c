"""Trends of a run, from its stored annual fields: of each layer, of the column, of the globe.

One series (the control, an experiment, a contribution) of one band of rows is in memory at a time,
in arrays that are used for all of them. Sums over the globe are made row by row, then over the
rows, so that no bit depends on the bands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.engine.banded_maps import Band
from saprolite.engine.fits import COLUMN, LAYERS, Fit, Found, fits_of, why_no_break
from saprolite.engine.kernels import Extra, is_climatology, workers_of
from saprolite.engine.store import FLUX, FluxStore
from saprolite.equations.trend import why_years_have_no_trend
from saprolite.inputs import Prepared
from saprolite.stages import Report
from saprolite.stores import writing
from saprolite.threads import pool_of

Array = npt.NDArray[Any]
TOTAL = "carbon_sink_total"
CONTROL = "control"
_T_PER_TG = 1.0e6
# Cells that are fitted at a time: the sums of their layers stay in the cache of a core.
_CELLS = 4096
# Series by what the labels of an extra array are; of months there are no trends.
_NAMES = {"experiment": "{}_only", "driver": "contribution_of_{}"}


class Series(NamedTuple):
    """An annual field of a run: its name, its array in the store, its label there."""

    name: str
    array: str
    label: tuple[int, ...]


class _Room:
    """The arrays that the series of a band are read and fitted in: those of the largest band, of
    which others use a part."""

    def __init__(self, years: int, layers: int, bands: Sequence[Band], fits: Sequence[Fit]) -> None:
        most = max(band.cells.stop - band.cells.start for band in bands)
        self._shape = (years, layers)
        self._fields = np.empty(years * layers * most)
        self._found = {fit: fit.room((layers + 1) * most) for fit in fits}

    def fields(self, cells: int, kind: npt.DTypeLike) -> Array:
        """Room for a series, (year, layer, cell)."""
        shape = (*self._shape, cells)
        return self._fields.view(kind)[: math.prod(shape)].reshape(shape)

    def found(self, fit: Fit, cells: int) -> Found:
        """Room for fits, (layers and their sum, cell)."""
        shape = (self._shape[1] + 1, cells)
        whole = self._found[fit]
        return fit.kind(*(one[: math.prod(shape)].reshape(shape) for one in whole))


def series_of(extras: Sequence[Extra]) -> tuple[Series, ...]:
    """The series that have trends: the control, then what the extras hold, in their order."""
    found = [Series(CONTROL, FLUX, ())]
    for extra in extras:
        if extra.dim in _NAMES:
            found += [
                Series(_NAMES[extra.dim].format(label), extra.name, (index,))
                for index, label in enumerate(extra.labels)
            ]
    return tuple(found)


def why_no_trends(prepared: Prepared, years: Sequence[int]) -> str | None:
    """Why a run over these years with a value has no trends; None if it has."""
    if is_climatology(prepared):
        return "no trends: every year of a climatology is the same"
    return why_years_have_no_trend(years)


def write_trends(
    store: FluxStore, prepared: Prepared, extras: Sequence[Extra], report: Report
) -> str | None:
    """Write the trends of every series over the used years; returns a note where some lack.

    Arrays ``trend_slope``, ``_F``, ``_p`` (series, layer, lat, lon), ``column_trend_...`` (series,
    lat, lon) and ``carbon_sink_total`` (series, year); with a break also
    ``trend_with_break_slope``, ``_step``, ``_F``, ``_p`` and those of the column. The same call
    writes them anew.
    """
    years = store.used_years()
    note = why_no_trends(prepared, years)
    if note:
        return note
    series = series_of(extras)
    workers = workers_of(prepared)
    totals = np.full((len(series), len(prepared.study.years)), np.nan)
    first = prepared.study.years.index(years[0])
    fits = fits_of(prepared.study, years)
    with writing(store.path), pool_of(workers) as pool:
        _create(store, series, years, fits)
        room = _Room(len(years), len(prepared.layer_edges) - 1, store.maps.bands, fits)
        writes: list[Iterator[None]] = []
        for number, one in enumerate(series):
            rows = np.zeros((len(years), prepared.grid.shape[0]))
            for band in store.maps.bands:
                fields = _read(store, prepared, one, band, room, rows[:, band.rows], first, pool)
                # The next fields are read while the fits of the last ones are written, but their
                # fits take the same room.
                _wait(writes)
                writes = []
                for fit in fits:
                    found = _fitted(fields, room, fit, years, pool)
                    writes.append(_write_band(store, number, band, fit, found, pool))
            totals[number, first : first + len(years)] = [math.fsum(row) for row in rows]
            report("trends", number + 1, len(series))
        _wait(writes)
        about = {
            "units": "Tg yr-1",
            "units_in_words": "Tg C yr-1",
            "long_name": "carbon sink of all layers and cells, teragrams of carbon",
        }
        store.add_values(TOTAL, ("series", "year"), totals / _T_PER_TG, about)
    return why_no_break(prepared.study, years)


def _create(
    store: FluxStore, series: Sequence[Series], years: Sequence[int], fits: Sequence[Fit]
) -> None:
    store.add_labels("series", [one.name for one in series], "annual series of a trend")
    for fit in fits:
        for statistic in fit.statistics:
            about = {
                **fit.attributes(statistic, years),
                "cell_measures": "area: cell_area",
            }
            of_column = {**about, "long_name": f"{about['long_name']}, all layers together"}
            for group, attributes, layered in (
                (LAYERS, {**about, "coordinates": "depth"}, True),
                (COLUMN, of_column, False),
            ):
                name = fit.array(group, statistic)
                store.maps.create(name, {"series": len(series)}, attributes, layered=layered)


def _read(
    store: FluxStore,
    prepared: Prepared,
    one: Series,
    band: Band,
    room: _Room,
    rows: Array,
    first: int,
    pool: Executor,
) -> Array:
    """The years of a series on a band from the ``first`` on, (year, layer, cell), read by threads;
    fills ``rows`` (year, row), t yr-1."""
    from saprolite.compiled.sums import add_up_rows

    cells, width = band.cells.stop - band.cells.start, prepared.grid.shape[1]
    borders = np.arange(band.rows.start, band.rows.stop + 1) * width
    starts = np.searchsorted(prepared.cells[band.cells], borders)
    area = prepared.area[band.cells]
    # The experiments stay in memory as they are stored, in the precision of the run.
    precision = prepared.study.engine.precision
    fields = room.fields(cells, np.float64 if one.array == FLUX else precision)

    def read(year: int) -> None:
        store.maps.read(one.array, (*one.label, first + year), band, fields[year])
        add_up_rows(fields[year], area, starts, rows[year])

    list(pool.map(read, range(len(fields))))
    return fields


def _fitted(fields: Array, room: _Room, fit: Fit, years: Sequence[int], pool: Executor) -> Found:
    """The fits of a series on a band, (layers and their sum, cell), some cells at a time."""
    from saprolite.compiled.sums import add_up_layers

    count, layers, cells = fields.shape
    found, fill = room.found(fit, cells), fit.fitter(years)
    by_layer = fields.reshape(count, -1)

    def task(first: int) -> None:
        part = slice(first, min(first + _CELLS, cells))
        columns = np.empty((count, part.stop - first))
        add_up_layers(fields, first, columns)
        for layer in range(layers):
            fill(by_layer, layer * cells + first, fit.part(found, (layer, part)))
        fill(columns, 0, fit.part(found, (layers, part)))

    list(pool.map(task, range(0, cells, _CELLS)))
    return found


def _write_band(
    store: FluxStore, number: int, band: Band, fit: Fit, found: Found, pool: Executor
) -> Iterator[None]:
    """Begin to write the fits of a series on a band; to be gone through, to know of errors."""

    def write(item: tuple[str, Array]) -> None:
        store.maps.write(item[0], (number,), band, item[1])

    by_name = found._asdict()
    maps = [(fit.array(LAYERS, name), by_name[name][:-1]) for name in fit.statistics]
    maps += [(fit.array(COLUMN, name), by_name[name][-1]) for name in fit.statistics]
    return pool.map(write, maps)


def _wait(begun: Iterable[Iterator[None]]) -> None:
    """Until all is done; raises the first error."""
    for one in begun:
        list(one)
