"""From a study to its prepared inputs: everything on one grid, land cells packed, SI units."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, SaproliteError, raise_if_any
from saprolite.grid import Grid
from saprolite.inputs.direct import DirectForcing, ReadYear
from saprolite.inputs.missing import CAUSES, COLUMN_CAUSES, Flags, complete_cells, flags, gaps
from saprolite.inputs.opening import land_of, open_forcing
from saprolite.inputs.packed import PackedForcing
from saprolite.inputs.packed_manifest import Digests
from saprolite.inputs.seasons import require_seasons
from saprolite.inputs.statics import Collected, StaticReader
from saprolite.models import CO2Pathway, Soil
from saprolite.places import Place
from saprolite.sources.atmosphere import read_atmospheric_co2
from saprolite.sources.forcing import Forcing, ForcingYear
from saprolite.sources.kept import Keeper
from saprolite.sources.remote import local_copy
from saprolite.study import Study

if TYPE_CHECKING:
    from saprolite.inputs.column_fields import ColumnInputs

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """The inputs of a run: cells packed in map order, south to north and west to east.

    ``cells`` are flat indices of the study grid, ``source_cells`` of the forcing's own grid;
    ``soil`` holds arrays (layer, cell); ``missing`` the causes why a cell has no result; ``column``
    what the soil column needs besides, None for the CO2 pathway (``model``; for a column, its
    reading of soil CO2 and frozen soil alone). ``packed_from``: the SHA-256 of the files that a
    packed forcing was made from, by role and name, and of its packed years; ``keeper`` has what was
    kept of a scaling; ``held_bytes`` is what the forcing holds in memory all along.
    """

    study: Study
    model: CO2Pathway
    grid: Grid
    layer_edges: tuple[float, ...]
    cells: npt.NDArray[np.int64]
    source_cells: npt.NDArray[np.int64]
    area: Array
    soil: Soil
    climate: npt.NDArray[np.int16]
    missing: Flags
    forcing: Forcing
    previous_year: bool
    atmospheric_co2: dict[int, float]
    products: dict[str, str]
    files: dict[str, tuple[Path, ...]]
    notes: tuple[str, ...]
    column: ColumnInputs | None = None
    keeper: Keeper = field(default_factory=Keeper)
    held_bytes: int = 0
    packed_from: Digests = field(default_factory=dict)

    @property
    def causes(self) -> tuple[str, ...]:
        """Why a cell may lack a result."""
        return CAUSES if self.column is None else COLUMN_CAUSES

    @property
    def minerals(self) -> tuple[str, ...]:
        """The minerals of the fluxes."""
        return tuple(self.study.minerals.names) if self.column is None else self.column.minerals

    @property
    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Cells of land ice: no soil, whatever the other inputs say."""
        return (self.missing & (1 << CAUSES.index("land_ice"))) > 0

    def read_year(self, year: int, cells: slice = slice(None)) -> ForcingYear:
        """One year of forcing on packed cells, float32, to be read only; land ice has no value."""
        return self.forcing.read_year(year, self.source_cells[cells])


def prepare(study: Study, given: Place | None = None) -> Prepared:
    """Open every input, put the static ones onto the study grid, and check them.

    ``given``: a folder with what another process has kept of the same inputs. Raises
    ``InputError`` that lists everything that is wrong with all inputs together.
    """
    collected = Collected(keeper=Keeper(given))
    reading = study.chosen_reading
    model = _model(study, collected)
    forcing, previous_year = open_forcing(study, collected)
    co2: dict[int, float] = {}
    if reading.atmosphere == "series" and study.inputs.atmospheric_co2:
        try:
            path = local_copy(study.inputs.atmospheric_co2.path)
            co2 = read_atmospheric_co2(path, study.years)
            collected.products["atmospheric_co2"] = "atmospheric_co2"
            collected.files["atmospheric_co2"] = (path,)
        except SaproliteError as error:
            collected.problems += error.problems
    alone = len(study.years) == 1 and not previous_year
    if forcing is not None and reading.et_mode == "trailing12" and alone:
        collected.problems.append(
            Problem(
                "reading.et_mode",
                f'"trailing12" with {study.first_year} alone',
                "the eleven months before the first year, or a second year",
                f"add {study.first_year - 1} to the forcing, or choose another et_mode",
            )
        )
    base = study.base_year
    before_base = previous_year or base > study.first_year
    cycles = bool(study.experiments.run) and reading.et_mode == "trailing12"
    if forcing is not None and cycles and not alone and not before_base:
        collected.problems.append(
            Problem(
                "experiments.base_year",
                f'{base} with et_mode = "trailing12"; the record has no {base - 1}',
                "a base year whose twelve months before are in the record",
                f"base_year = {base + 1}, or add {base - 1} to the forcing",
            )
        )
    if forcing is None:
        # The other inputs are still checked, on a coarse grid, so that one error names everything.
        stand_in = Grid.globe(5.0)
        statics = StaticReader(
            study, stand_in, np.ones(stand_in.shape, bool), (0.0, 0.1, 0.4, 1.0, 2.0), collected
        )
        _column(statics, _soil(statics, statics.climate()), checking_alone=True)
        raise_if_any(InputError, "The inputs cannot be used", collected.problems)
        raise AssertionError("a forcing that cannot be opened names a problem")
    land = land_of(study, forcing)
    if not land.any():
        collected.problems.append(
            Problem(
                "grid.region",
                f"no land cell in {study.grid.region}",
                f"a box with land of {forcing.grid.describe()}",
                "give a larger region",
            )
        )
        raise_if_any(InputError, "The inputs cannot be used", collected.problems)
    statics = StaticReader(study, forcing.grid, land, forcing.layer_edges, collected)
    climate = statics.climate()
    soil = _soil(statics, climate)
    column = _column(statics, soil)
    raise_if_any(InputError, "The inputs cannot be used", collected.problems)

    cells = statics.cells
    ice = forcing.land_ice().ravel()[cells]
    taken, complete, holes = _taken(forcing, study.first_year, cells)
    collected.notes += holes
    masks = {
        "land_ice": ice,
        "forcing": ~complete,
        "texture": ~complete_cells(soil.clay, soil.silt, soil.sand),
        "bulk_density": ~complete_cells(soil.bulk_density),
        "minerals": ~complete_cells(*soil.mineral_share.values()),
        "thickness": ~complete_cells(soil.thickness),
    }
    if column is not None:
        no_cell = np.zeros(cells.size, bool)
        masks |= {"column": ~column.complete, "no_solution": no_cell}
    missing = flags(masks)
    grid, packed = _study_grid(study, forcing.grid, cells)
    area = grid.areas(study.grid.earth).ravel()[packed]
    _refuse_large_gaps(study, missing, area, collected)
    if not (missing == 0).any():
        found = ", ".join(f"{name}: {product}" for name, product in collected.products.items())
        raise InputError("The inputs cannot be used (1 problem)", [
            Problem("all land cells", "every cell lacks an input", "one complete cell or more",
                    f"check that the inputs cover the same area ({found})")])  # fmt: skip
    assert model is not None
    return Prepared(
        study=study,
        model=model,
        grid=grid,
        layer_edges=forcing.layer_edges,
        cells=packed,
        source_cells=cells,
        area=area,
        soil=soil,
        climate=climate,
        missing=missing,
        forcing=taken,
        previous_year=previous_year,
        atmospheric_co2=co2,
        products=collected.products,
        files=collected.files,
        notes=tuple(dict.fromkeys(collected.notes)),
        column=column,
        keeper=collected.keeper,
        held_bytes=collected.keeper.nbytes + collected.held_bytes,
        packed_from=forcing.packed_from(study) if isinstance(forcing, PackedForcing) else {},
    )


def _taken(
    forcing: Forcing, first_year: int, cells: npt.NDArray[np.int64]
) -> tuple[Forcing, npt.NDArray[np.bool_], list[str]]:
    """The forcing as a run takes it, the cells with every value of the first year, and notes on
    holes in single fields of it."""
    if isinstance(forcing, PackedForcing):
        taken: Forcing = forcing
        complete, holes = forcing.complete(first_year), forcing.holes(first_year)
    else:
        first = forcing.read_year(first_year, cells)
        require_seasons(first, forcing.grid, cells, first_year)
        # Before land ice is taken out.
        complete, holes = gaps(first)
        taken = DirectForcing(forcing, ReadYear(first_year, cells, first))
    return taken, complete, [f"forcing ({first_year}): {hole}" for hole in holes]


def _model(study: Study, collected: Collected) -> CO2Pathway | None:
    """The model of the study; a kinetic table of the user's own is an input like the others."""
    reading = study.chosen_reading
    if reading.kinetics.endswith(".csv"):
        collected.files["kinetics"] = (Path(reading.kinetics),)
    if study.column is not None:
        # Of the CO2 pathway a column takes soil CO2 and frozen soil, which know no mineral.
        return CO2Pathway(reading, (), (), (), (), ())
    try:
        model = CO2Pathway.of(reading, tuple(study.minerals.names))
    except SaproliteError as error:
        collected.problems += error.problems
        return None
    collected.notes += [f"minerals: {note}" for note in model.notes]
    return model


def _soil(statics: StaticReader, climate: npt.NDArray[np.int16]) -> Soil:
    texture = statics.texture(climate)
    shares = statics.minerals(climate)
    return Soil(
        texture["clay"],
        texture["silt"],
        texture["sand"],
        statics.bulk_density(),
        dict(zip(statics.study.minerals.names, shares, strict=True)),
        statics.thickness(climate),
    )


def _column(statics: StaticReader, soil: Soil, checking_alone: bool = False) -> ColumnInputs | None:
    """What a soil column needs besides; None for a study without one."""
    if statics.study.column is None:
        return None
    from saprolite.inputs.column_fields import ColumnReader

    return ColumnReader(statics).read(soil, checking_alone)


def _refuse_large_gaps(study: Study, missing: Flags, area: Array, collected: Collected) -> None:
    """An input that lacks much of the land is a truncated file or one of another area."""
    ice = (missing & (1 << CAUSES.index("land_ice"))) > 0
    accepted = study.grid.max_missing_percent
    land = float(area[~ice].sum())
    problems = []
    causes = CAUSES if study.column is None else COLUMN_CAUSES
    for bit, cause in enumerate(causes):
        lacking = float(area[((missing & (1 << bit)) > 0) & ~ice].sum())
        if cause != "land_ice" and land > 0.0 and 100.0 * lacking / land > accepted:
            product = collected.products.get(cause, "?")
            spec = getattr(study.inputs, cause, None)
            place = getattr(spec, "path", None) or product
            problems.append(
                Problem(
                    f"{place}: {cause}",
                    f"no value on {100.0 * lacking / land:.1f} % of the land (land ice left out)",
                    f"{accepted:g} % or less (grid.max_missing_percent)",
                    "check that the file is complete and covers the area, or raise the limit",
                )
            )
    raise_if_any(InputError, "An input has large gaps", problems)


def _study_grid(
    study: Study, grid: Grid, cells: npt.NDArray[np.int64]
) -> tuple[Grid, npt.NDArray[np.int64]]:
    """The grid of the study (the box of its region), and the cells as its flat indices."""
    if study.grid.region is None:
        return grid, cells
    rows, columns = grid.box(*study.grid.region)
    part = grid.part(rows, columns)
    row, column = np.divmod(cells, grid.lon.size)
    return part, (row - rows.start) * part.lon.size + (column - columns.start)
