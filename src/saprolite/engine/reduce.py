"""Trends of a run, from its stored annual fields: of each layer, of the column, of the globe.

One series (the control, an experiment, a contribution) of one band of rows is in memory at a time.
Sums over the globe are made row by row, then over the rows, so that no bit depends on the bands.
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


class _Fields(NamedTuple):
    """A series on a band: (year, layer, cell); all layers (year, cell); and t yr-1 (year, row)."""

    layers: Array
    column: Array
    rows: Array


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
        for number, one in enumerate(series):
            rows = np.zeros((len(years), prepared.grid.shape[0]))
            for band in store.maps.bands:
                fields = _read(store, prepared, one, band, range(first, first + len(years)))
                rows[:, band.rows] = fields.rows
                _write_band(store, number, band, fields, workers)
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
    store: FluxStore, prepared: Prepared, one: Series, band: Band, positions: range
) -> _Fields:
    """The years of a series on a band, read by threads."""
    from saprolite.compiled.sums import add_up

    size, width = band.cells.stop - band.cells.start, prepared.grid.shape[1]
    borders = np.arange(band.rows.start, band.rows.stop + 1) * width
    starts = np.searchsorted(prepared.cells[band.cells], borders)
    area = prepared.area[band.cells]
    # The experiments are stored in float32, and stay so in memory.
    kind = np.float64 if one.array == FLUX else np.float32
    layers = np.empty((len(positions), len(prepared.layer_edges) - 1, size), kind)
    column = np.empty((len(positions), size))
    rows = np.empty((len(positions), starts.size - 1))

    def read(number: int) -> None:
        layers[number] = store.packed(one.array, (*one.label, positions[number]), band)
        add_up(layers[number], area, starts, column[number], rows[number])

    for _ in in_order(read, range(len(positions)), prepared.study.engine.workers):
        pass
    return _Fields(layers, column, rows)


def _write_band(store: FluxStore, number: int, band: Band, fields: _Fields, workers: int) -> None:
    from saprolite.compiled.trend import linear_trends

    years, layers, size = fields.layers.shape
    by_layer = linear_trends(fields.layers.reshape(years, -1), workers)
    whole = linear_trends(fields.column, workers)

    def write(item: tuple[str, Array]) -> None:
        store.maps.write(item[0], (number,), band, item[1])

    maps = [*_named(LAYERS, by_layer, (layers, size)), *_named(COLUMN, whole, (size,))]
    for _ in in_order(write, maps, workers):
        pass


def _named(group: str, trends: LinearTrend, shape: tuple[int, ...]) -> list[tuple[str, Array]]:
    found = trends._asdict()
    return [(f"{group}_{statistic}", found[statistic].reshape(shape)) for statistic in STATISTICS]
