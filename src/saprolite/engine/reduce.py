"""Trends of a run, from its stored annual fields: of each layer, of the column, of the globe.

One series (the control, an experiment, a contribution) of one band of rows is in memory at a time,
in arrays that are used for all of them. Sums over the globe are made row by row, then over the
rows, so that no bit depends on the bands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.engine.banded_maps import Band
from saprolite.engine.kernels import Extra, is_climatology, workers_of
from saprolite.engine.store import FLUX, FluxStore
from saprolite.equations.trend import FEWEST_YEARS, LinearTrend
from saprolite.inputs import Prepared
from saprolite.stores import writing
from saprolite.threads import in_order

Array = npt.NDArray[Any]
Report = Callable[[str, int, int], None]
LAYERS, COLUMN = "trend", "column_trend"
STATISTICS = ("slope", "F", "p")
TOTAL = "carbon_sink_total"
CONTROL = "control"
_T_PER_TG = 1.0e6
# Cells that are fitted at a time: the sums of their layers stay in the cache of a core.
_CELLS = 2048
# Series by what the labels of an extra array are; of months there are no trends.
_NAMES = {"experiment": "{}_only", "driver": "contribution_of_{}"}
_ABOUT = {
    "slope": ("t km-2 yr-2", "linear trend of the annual carbon sink flux, tonnes of carbon"),
    "F": ("1", "F(1, n - 2) of the linear trend over n years"),
    "p": ("1", "probability of an F as great in a series without trend"),
}


class Series(NamedTuple):
    """An annual field of a run: its name, its array in the store, its label there."""

    name: str
    array: str
    label: tuple[int, ...]


class _Room:
    """The arrays that the series of a band are read and fitted in: those of the largest band, of
    which others use a part."""

    def __init__(self, years: int, layers: int, bands: Sequence[Band]) -> None:
        most = max(band.cells.stop - band.cells.start for band in bands)
        self._shape = (years, layers)
        self._fields = np.empty(years * layers * most)
        self._found = LinearTrend(*(np.empty((layers + 1) * most) for _ in LinearTrend._fields))

    def fields(self, cells: int, kind: npt.DTypeLike) -> Array:
        """Room for a series, (year, layer, cell)."""
        shape = (*self._shape, cells)
        return self._fields.view(kind)[: math.prod(shape)].reshape(shape)

    def found(self, cells: int) -> LinearTrend:
        """Room for trends, (layers and their sum, cell)."""
        shape = (self._shape[1] + 1, cells)
        return LinearTrend(*(one[: math.prod(shape)].reshape(shape) for one in self._found))


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
    if len(years) < FEWEST_YEARS:
        return f"no trends: {len(years)} of the {FEWEST_YEARS} years that a trend needs"
    if list(years) != list(range(years[0], years[-1] + 1)):
        return "no trends: the years with a value do not follow one another"
    return None


def write_trends(
    store: FluxStore, prepared: Prepared, extras: Sequence[Extra], report: Report
) -> str | None:
    """Write the trends of every series over the used years; returns a note where there are none.

    Arrays ``trend_slope``, ``_F``, ``_p`` (series, layer, lat, lon), ``column_trend_...`` (series,
    lat, lon) and ``carbon_sink_total`` (series, year). The same call writes them anew.
    """
    years = store.used_years()
    note = why_no_trends(prepared, years)
    if note:
        return note
    series = series_of(extras)
    workers = workers_of(prepared)
    totals = np.full((len(series), len(prepared.study.years)), np.nan)
    first = prepared.study.years.index(years[0])
    with writing(store.path):
        _create(store, series, years)
        room = _Room(len(years), len(prepared.layer_edges) - 1, store.maps.bands)
        for number, one in enumerate(series):
            rows = np.zeros((len(years), prepared.grid.shape[0]))
            for band in store.maps.bands:
                fields = _read(store, prepared, one, band, room, rows[:, band.rows], first)
                _write_band(store, number, band, _fitted(fields, room, workers), workers)
            totals[number, first : first + len(years)] = [math.fsum(row) for row in rows]
            report("trends", number + 1, len(series))
        about = {
            "units": "Tg yr-1",
            "long_name": "carbon sink of all layers and cells, teragrams of carbon",
        }
        store.add_values(TOTAL, ("series", "year"), totals / _T_PER_TG, about)
    return None


def _create(store: FluxStore, series: Sequence[Series], years: Sequence[int]) -> None:
    store.add_labels("series", [one.name for one in series], "annual series of a trend")
    for statistic in STATISTICS:
        unit, meaning = _ABOUT[statistic]
        for group, layered in ((LAYERS, True), (COLUMN, False)):
            attributes = {
                "units": unit,
                "long_name": meaning if layered else f"{meaning}, all layers together",
                "coordinates": "depth" if layered else "",
                "cell_measures": "area: cell_area",
                "years_used": list(years),
            }
            store.maps.create(
                f"{group}_{statistic}",
                {"series": len(series)},
                {key: value for key, value in attributes.items() if value},
                layered=layered,
            )


def _read(
    store: FluxStore,
    prepared: Prepared,
    one: Series,
    band: Band,
    room: _Room,
    rows: Array,
    first: int,
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

    for _ in in_order(read, range(len(fields)), workers_of(prepared)):
        pass
    return fields


def _fitted(fields: Array, room: _Room, workers: int) -> LinearTrend:
    """The trends of a series on a band, (layers and their sum, cell), some cells at a time."""
    from saprolite.compiled.f_tail import FTail
    from saprolite.compiled.sums import add_up_layers
    from saprolite.compiled.trend import fit

    years, layers, cells = fields.shape
    found, tail = room.found(cells), FTail.of(years - 2)
    by_layer = fields.reshape(years, -1)

    def task(first: int) -> None:
        part = slice(first, min(first + _CELLS, cells))
        columns = np.empty((years, part.stop - first))
        add_up_layers(fields, first, columns)
        for layer in range(layers + 1):
            trends = LinearTrend(*(array[layer, part] for array in found))
            if layer < layers:
                fit(by_layer, layer * cells + first, tail, trends)
            else:
                fit(columns, 0, tail, trends)

    for _ in in_order(task, range(0, cells, _CELLS), workers):
        pass
    return found


def _write_band(
    store: FluxStore, number: int, band: Band, found: LinearTrend, workers: int
) -> None:
    def write(item: tuple[str, Array]) -> None:
        store.maps.write(item[0], (number,), band, item[1])

    by_name = found._asdict()
    maps = [(f"{LAYERS}_{name}", by_name[name][:-1]) for name in STATISTICS]
    maps += [(f"{COLUMN}_{name}", by_name[name][-1]) for name in STATISTICS]
    for _ in in_order(write, maps, workers):
        pass
