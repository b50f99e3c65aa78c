"""One year of soil columns: every layer of every cell solved, its carbon sink by mineral."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.columns import PRESCRIBED, Columns
from saprolite.column.layer import IONS
from saprolite.column.solve import is_compilable, steady_state_of_many
from saprolite.column.steady_state import SteadyState
from saprolite.engine.column_means import ColumnDrivers, MeanDrivers
from saprolite.engine.kernels import Block, Extra, Result, workers_of
from saprolite.engine.turns import SharedByBand
from saprolite.inputs import Prepared
from saprolite.inputs.column_fields import ColumnInputs
from saprolite.minerals import Mineral
from saprolite.models.rate_law import ProfileLaw
from saprolite.models.soil import reactive_area, saturation
from saprolite.stages import Report

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
COLUMN_COUNTS = (
    "et_below_floor_cell_years",
    "saturation_clipped_layer_cell_years",
    "percolation_raised_to_the_minimum_layer_cell_years",
    "no_solution_layer_cell_years",
)
_UPTAKE = ("Ca", "Mg", "K", "N")
_METRES_PER_MM = 1e-3
# CaCO3 + CO2 + H2O = Ca + 2 HCO3: of two charges one comes from the air.
_CARBONATE_SHARE = 0.5


class ColumnKernel:
    """Soil columns of the cells of a block; every mineral is a part of its own."""

    counted = COLUMN_COUNTS
    extras: tuple[Extra, ...] = ()

    def __init__(self, prepared: Prepared) -> None:
        assert prepared.column is not None
        self._prepared = prepared
        self._inputs: ColumnInputs = prepared.column
        self._drivers = ColumnDrivers(prepared)
        # Cells with every static input; a column that lacks one in any layer is not solved.
        none_missing = prepared.column.complete & ~prepared.land_ice
        soil = prepared.soil
        for values in (soil.clay, soil.silt, soil.sand, soil.bulk_density, soil.thickness):
            none_missing = none_missing & np.isfinite(values).all(axis=0)
        self.complete: Flags = none_missing
        self.shares_bands = self._drivers.is_climatology
        first = prepared.study.first_year
        self._climatology = SharedByBand(
            lambda cells: self._solved(first, cells), workers_of(prepared)
        )

    def warm_up(self, report: Report) -> None:
        """Compile the solver, where the law allows it, or take its code from the disk."""
        law = self._inputs.law
        if not is_compilable(self._inputs.reading, law):
            return
        assert isinstance(law, ProfileLaw)
        from saprolite.column.compiled import compile_solver, is_compiled
        from saprolite.compiled.binding import announced

        with announced(is_compiled(law), report):
            compile_solver(law)

    def shares(self) -> Array:
        """Every mineral is the whole of its part."""
        layers = len(self._prepared.layer_edges) - 1
        return np.ones((len(self._inputs.minerals), layers, self._prepared.cells.size))

    def known(self) -> Flags:
        """Cells with every static input."""
        layers = len(self._prepared.layer_edges) - 1
        return np.broadcast_to(self.complete, (1, layers, self._prepared.cells.size))

    def block(self, block: Block) -> Result:
        """The flux of a year; a climatology is solved once for all years of a band."""
        if not self.shares_bands:
            return self._solved(block.year, block.cells)
        with self._climatology.of(block.cells) as result:
            return result

    def _solved(self, year: int, band: slice) -> Result:
        """The cells are taken in pieces of ``cells_per_block``; no result depends on the size."""
        means = self._drivers.of(year)
        offset, size = band.start, band.stop - band.start
        shape = (len(self._prepared.layer_edges) - 1, size)
        by_mineral = np.full((len(self._inputs.minerals), *shape), np.nan)
        total, counts = np.full(shape, np.nan), dict.fromkeys(COLUMN_COUNTS, 0)
        known = self.complete & np.isfinite(means.evapotranspiration)
        for values in means[:3]:
            known &= np.isfinite(values).all(axis=0)
        lanes = offset + np.flatnonzero(known[band])
        step = self._prepared.study.engine.cells_per_block
        for start in range(0, lanes.size, step):
            cells = lanes[start : start + step]
            columns = self.columns(means, cells, counts)
            state = steady_state_of_many(columns, self._inputs.reading, self._inputs.law)
            one, all_together = self._carbon(columns, state)
            absent = ~columns.present
            by_mineral[..., cells - offset] = np.where(absent, 0.0, one)
            total[:, cells - offset] = np.where(absent, 0.0, all_together)
            counts[COLUMN_COUNTS[3]] += int((columns.present & ~state.found).sum())
        return Result(by_mineral, total, {}, counts)

    def columns(
        self, means: MeanDrivers, cells: npt.NDArray[np.int64], counts: dict[str, int]
    ) -> Columns:
        """The profiles of some cells, and what was clipped in them."""
        soil, given, reading = self._prepared.soil, self._inputs.fields, self._inputs.reading
        density, thickness = soil.bulk_density[:, cells], soil.thickness[:, cells]
        present = thickness > 0.0
        nothing = np.full(thickness.shape, np.nan)

        def layered(name: str) -> Array:
            values = given[name][..., cells] if name in given else nothing
            return np.where(present, values, np.nan)

        moisture = means.soil_moisture[:, cells]
        raw = saturation(reading, moisture, density)
        counts[COLUMN_COUNTS[1]] += int((((raw < 0.0) | (raw > 1.0)) & present).sum())
        area = reactive_area(
            reading, soil.clay[:, cells], soil.silt[:, cells], soil.sand[:, cells], density
        )
        wetted = area * eq.clipped_saturation(raw) * thickness * means.unfrozen[:, cells]
        surface = np.where(present, wetted * self._inputs.content[..., cells], np.nan)
        pressure = layered("co2")
        if "co2" not in given:
            soil_co2, floored = self._drivers.soil_co2(means, cells)
            counts[COLUMN_COUNTS[0]] += int(floored.sum())
            pressure = np.where(present, soil_co2, np.nan)
        uptake = dict.fromkeys((*_UPTAKE, "Na"), nothing)
        percolation = nothing
        deposition: dict[str, Array] = {}
        if reading.solves_chemistry:
            percolation = np.where(
                present, self._percolation(means, cells, present, counts), np.nan
            )
            deposition = {ion: given[f"deposition.{ion}"][cells] for ion in IONS}
            shares = np.where(present, to_lowest(given["uptake_share"][:, cells], present), np.nan)
            uptake = {ion: shares * given[f"uptake.{ion}"][cells] for ion in _UPTAKE}
            uptake["Na"] = np.where(present, 0.0, np.nan)
        names = tuple(f"cell {self._prepared.cells[cell]}" for cell in cells)
        layer_names = tuple(f"layer {index + 1}" for index in range(thickness.shape[0]))
        return Columns(
            names,
            tuple(layer_names for _ in names),
            self._inputs.minerals,
            thickness=np.where(present, thickness, np.nan),
            temperature=np.where(present, means.soil_temperature[:, cells], np.nan),
            pressure=pressure,
            doc=layered("doc"),
            log_gibbsite=layered("log_gibbsite"),
            gibbsite_exponent=layered("gibbsite_exponent"),
            nitrification=layered("nitrification"),
            surface=surface,
            percolation=percolation,
            deposition=deposition,
            uptake=uptake,
            prescribed={name: layered(name) for name in PRESCRIBED},
            present=present,
        )

    def _percolation(
        self,
        means: MeanDrivers,
        cells: npt.NDArray[np.int64],
        present: Flags,
        counts: dict[str, int],
    ) -> Array:
        """Water that leaves each layer, m yr-1: what evapotranspiration leaves of precipitation."""
        given, column = self._inputs.fields, self._prepared.study.column
        assert column is not None
        assert column.minimum_percolation_mm_yr is not None
        if "percolation" in given:
            water = given["percolation"][:, cells]
        else:
            shares = to_lowest(given["evapotranspiration_share"][:, cells], present)
            evaporated = means.evapotranspiration[cells] * _METRES_PER_MM
            consumed, rows = np.zeros(cells.size), []
            for share in shares:
                consumed = consumed + share
                rows.append(given["precipitation"][cells] - consumed * evaporated)
            water = np.stack(rows)
        least = column.minimum_percolation_mm_yr * _METRES_PER_MM
        counts[COLUMN_COUNTS[2]] += int(((water < least) & present).sum())
        return np.asarray(np.maximum(water, least))

    def _carbon(self, columns: Columns, state: SteadyState) -> tuple[Array, Array]:
        """Carbon sink by mineral and altogether, t C km-2 yr-1, as the study counts it."""
        column = self._prepared.study.column
        assert column is not None
        if column.carbon == "co2_pathway":
            charge = state.rates[state.pathways.index("CO2")]
            return _with_total(eq.carbon_mass(charge))
        weathered: Array = np.zeros(state.rates.shape[1:])
        for pathway in state.rates:
            weathered = weathered + pathway
        if column.carbon == "base_cations":
            carbonate = [Mineral.named(name).group == "carbonate" for name in state.minerals]
            shares = np.where(carbonate, _CARBONATE_SHARE, 1.0)[:, None, None]
            return _with_total(eq.carbon_mass(weathered * shares))
        return _alkalinity_export(columns, state, weathered)


def to_lowest(shares: Array, present: Flags) -> Array:
    """Shares of the layers, those of layers without soil given to the lowest layer with soil.

    >>> to_lowest(np.array([[0.5], [0.3], [0.2]]), np.array([[True], [True], [False]]))[:, 0]
    array([0.5, 0.5, 0. ])
    """
    result = np.array(shares)
    for index in range(len(result) - 1, 0, -1):
        absent = ~present[index]
        result[index - 1] = np.where(absent, result[index - 1] + result[index], result[index - 1])
        result[index] = np.where(absent, 0.0, result[index])
    return result


def _with_total(by_mineral: Array) -> tuple[Array, Array]:
    total: Array = np.zeros(by_mineral.shape[1:])
    for mineral in by_mineral:
        total = total + mineral
    return by_mineral, total


def _alkalinity_export(
    columns: Columns, state: SteadyState, weathered: Array
) -> tuple[Array, Array]:
    """Gain of bicarbonate and carbonate in the water from layer to layer; the layers add up to
    what leaves the column (rain brings none). By mineral: in proportion to the base cations that
    weather in the column as a whole."""
    charge = (state.ions["HCO3"] + 2.0 * state.ions["CO3"]) * columns.percolation
    above: Array = np.zeros(charge.shape[-1])
    gains, by_mineral = [], np.zeros((len(state.minerals), charge.shape[-1]))
    for index, out in enumerate(charge):
        here = columns.present[index]
        gains.append(np.where(here, out - above, 0.0))
        above = np.where(here, out, above)
        by_mineral = by_mineral + np.where(here, weathered[:, index], 0.0)
    total = eq.carbon_mass(np.stack(gains))
    whole = _with_total(by_mineral)[1]
    shares = by_mineral / np.where(whole == 0.0, 1.0, whole)
    return shares[:, None] * total, np.asarray(total)
