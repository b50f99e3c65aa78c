"""How much of a change between two runs each driver brings, exactly, from their stored forcings.

The flux of a month is a static number times four factors: soil moisture, frozen soil, temperature,
soil CO2. Take the factors of a set of drivers from a year of the scenario and the others from a
year of the past, drawn without regard to each other, and the expected flux is

    v(set) = sum over months of C s E_scenario[product of the set] E_past[product of the others].

With all drivers this is the mean flux of the scenario, with none that of the past; the Shapley
value of this game of 16 outcomes divides the difference of the two means among the drivers, without
an order and without a residual. Means of products are taken within each run: drivers that go
together in a year (warm and dry) stay together.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.analysis.scenario_runs import Array, Run
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.models import CO2Pathway, Drivers, Reading, Soil, month_seconds
from saprolite.threads import in_order

DRIVERS = ("soil_moisture", "frozen_soil", "soil_temperature", "soil_co2")
DEFINITION = (
    "Shapley values of the expected flux when the factors of a set of drivers are those of a year "
    "of the scenario and the others those of a year of history; they add up to the difference of "
    "the mean fluxes; soil_co2 is evapotranspiration, and the air's CO2 where the reading has its "
    "series"
)
_SETS = 1 << len(DRIVERS)
_BYTES = 1.5e9  # of the means of one run in memory
_CELLS_AT_ONCE = 2048  # for a thread: what it multiplies stays in the cache
_STATIC = ("clay", "silt", "sand", "bulk_density", "effective_thickness", "mineral_share")
Positions = npt.NDArray[np.int64]


def driver_contributions(history: Run, member: Run, flat_cells: Positions) -> Array:
    """What each driver contributes to mean(member) - mean(history): (driver, layer, cell).

    ``flat_cells``: flat indices of cells of the grid that have a value in both runs.
    t C km-2 yr-1. Raises ``StoreError`` where a forcing is not stored and ``InputError`` for a soil
    or a reading that does not allow it.
    """
    places = [run.positions(flat_cells) for run in (history, member)]
    _require(history, member, *places)
    past, future = (CO2Pathway.of(Reading(**run.reading), run.maps.minerals)
                    for run in (history, member))  # fmt: skip
    layers = history.maps.layer_bounds.shape[0]
    each = 8 * _SETS * eq.MONTHS * layers * len(past.groups)
    step = max(int(_BYTES / each), 1)
    pieces = []
    for start in range(0, flat_cells.size, step):
        here = [place[start : start + step] for place in places]
        soil = _soil(history, here[0])
        static = np.stack(past.group_factors(past.static_factors(soil)))
        before = _means_of_sets(history, past, here[0], soil.bulk_density)
        after = _means_of_sets(member, future, here[1], soil.bulk_density)
        seconds = np.array(month_seconds("mean", history.maps.years[0]))[:, None, None]
        outcomes = [
            (static[:, None] * seconds * after[chosen] * before[_SETS - 1 - chosen]).sum(
                axis=(0, 1)
            )
            for chosen in range(_SETS)
        ]
        pieces.append(np.stack(eq.shapley_of_game(outcomes)))
    return np.concatenate(pieces, axis=-1)


def _means_of_sets(run: Run, model: CO2Pathway, place: Positions, density: Array) -> Array:
    """Means over the years of the product of each set of factors: (set, group, month, layer, cell).

    Bit i of a set is the driver i of ``DRIVERS``.
    """
    years = run.maps.years
    means = np.zeros((_SETS, len(model.groups), eq.MONTHS, *density.shape))
    air = json.loads(run.fluxes.attrs.get("atmospheric_co2_ppm", "{}"))
    cells = [slice(at, at + _CELLS_AT_ONCE) for at in range(0, place.size, _CELLS_AT_ONCE)]
    for year in years:
        found = run.year(year, place)
        before = None
        if model.reading.et_mode == "trailing12" and run.has_year(year - 1):
            before = run.year(year - 1, place).evapotranspiration
        drivers = _per_month(
            Drivers(found.soil_moisture, found.soil_temperature, found.evapotranspiration,
                    month_seconds("mean", year), before, air.get(str(year)))
        )  # fmt: skip
        for _ in in_order(partial(_add_products, means, model, drivers, density), cells):
            pass
    means /= len(years)
    return means


def _add_products(
    means: Array, model: CO2Pathway, drivers: Drivers, density: Array, cells: slice
) -> None:
    """Add the products of each set of factors of a year, at some cells."""
    before = drivers.previous_evapotranspiration
    own = drivers._replace(
        soil_moisture=drivers.soil_moisture[..., cells],
        soil_temperature=drivers.soil_temperature[..., cells],
        evapotranspiration=drivers.evapotranspiration[..., cells],
        previous_evapotranspiration=None if before is None else before[..., cells],
    )
    for month, factors in enumerate(model.month_factors(own, density[:, cells])):
        for group, (co2, warmth) in enumerate(zip(factors.co2, factors.warmth, strict=True)):
            products: list[Array] = [np.ones_like(density[:, cells])]
            for factor in (factors.wetness, factors.unfrozen, warmth, co2):
                products += [product * np.asarray(factor, np.float64) for product in products]
            for chosen, product in enumerate(products):
                means[chosen, group, month, :, cells] += product


def _per_month(drivers: Drivers) -> Drivers:
    """Evapotranspiration of the months as the model takes it, from the rates of the forcing."""
    water = drivers.evapotranspiration
    seconds = np.array(drivers.seconds, water.dtype)[:, None]
    before = drivers.previous_evapotranspiration
    return drivers._replace(
        evapotranspiration=water * seconds,
        previous_evapotranspiration=None if before is None else before * seconds,
    )


def _soil(run: Run, place: Positions) -> Soil:
    held = run.inputs
    values = {name: np.asarray(held[name].values[..., place], np.float64) for name in _STATIC}
    shares = dict(zip(run.maps.minerals, values["mineral_share"], strict=True))
    return Soil(values["clay"], values["silt"], values["sand"], values["bulk_density"], shares,
                values["effective_thickness"])  # fmt: skip


def _require(history: Run, member: Run, past: Positions, future: Positions) -> None:
    problems = []
    if "column_reading" in history.fluxes.attrs:
        problems.append(
            Problem("model", "a soil column, whose chemistry feeds back on itself",
                    "the CO2 pathway, whose flux is a product of factors",
                    'experiment = "soil_moisture" under [column], a run for each driver')
        )  # fmt: skip
    if history.reading["calendar"] != "mean":
        problems.append(
            Problem("reading.calendar", repr(history.reading["calendar"]),
                    '"mean": a leap day belongs to no driver', 'calendar = "mean"')
        )  # fmt: skip
    for name in _STATIC:
        one, other = (run.inputs[name].values[..., place]
                      for run, place in ((history, past), (member, future)))  # fmt: skip
        if not np.array_equal(one, other, equal_nan=True):
            problems.append(
                Problem(f"{member.name}: {name}", f"another than in {history.name}",
                        "the same soil", "the same soil inputs in both studies")
            )  # fmt: skip
    for run in (history, member):
        series = run.reading["atmosphere"] == "series"
        if series and "atmospheric_co2_ppm" not in run.fluxes.attrs:
            problems.append(Problem(f"{run.name}: atmospheric_co2_ppm", "not in its store",
                                    "the air's CO2 by year", "run the study again"))  # fmt: skip
    raise_if_any(InputError, "The change cannot be divided among the drivers", problems)
