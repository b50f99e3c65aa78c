"""What the soil column needs besides the inputs of the CO2 pathway, on the packed cells, in SI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.column.site_checks import SUM_TOLERANCE
from saprolite.errors import InputError, Problem, SaproliteError
from saprolite.inputs.statics import StaticReader
from saprolite.minerals import Mineral
from saprolite.models import ColumnReading, Soil
from saprolite.models.rate_law import ProfileLaw
from saprolite.models.witch import WitchLaw
from saprolite.sources.netcdf_fields import Wanted, read_fields
from saprolite.sources.remote import local_copy
from saprolite.study_column import ColumnField, MapField, field_of, key_of
from saprolite.study_column_checks import missing_problems, needed_inputs

Array = npt.NDArray[np.float64]
_SHARED = {"evapotranspiration_share": "evapotranspiration", "uptake_share": "uptake"}


@dataclass(frozen=True)
class ColumnInputs:
    """The column of a study: reading, rate law, minerals, and what the study gives.

    ``content``: mass fraction of the soil, (mineral, layer, cell); ``fields``: by name, in SI,
    (layer, cell) or (cell,); ``complete``: cells with a value of each.
    """

    reading: ColumnReading
    law: ProfileLaw | WitchLaw
    minerals: tuple[str, ...]
    content: Array
    fields: Mapping[str, Array]
    complete: npt.NDArray[np.bool_]

    def described(self) -> dict[str, tuple[Array, str]]:
        """Every field with its unit in SI."""
        return {
            name: (values, next(unit for unit, factor in field_of(name).factors.items()
                                if factor == 1.0))
            for name, values in self.fields.items()
        }  # fmt: skip


class ColumnReader:
    """Reads the inputs of a column onto the packed cells; problems are collected, not raised."""

    def __init__(self, statics: StaticReader) -> None:
        self._statics = statics
        self._study = statics.study
        self._collected = statics.collected
        self._layers = len(statics.layer_edges) - 1

    def read(self, soil: Soil, checking_alone: bool = False) -> ColumnInputs | None:
        """The inputs; None for a study without a column, or with one that has problems.

        ``checking_alone``: the layers of the forcing are not known, maps and laws are read only.
        """
        column, reading = self._study.column, self._study.column_reading
        if column is None or reading is None:
            return None
        given = column.given()
        before = len(self._collected.problems)
        minerals = tuple(dict.fromkeys([*self._study.minerals.names,
                                        *(column.primary_minerals or {})]))  # fmt: skip
        law = self._law(reading, minerals)
        if law is not None:
            self._collected.problems += missing_problems(
                given, reading, law, column.model_dump(), "study"
            )
        fields = {name: self._read(name, value, checking_alone) for name, value in given.items()}
        if law is None or checking_alone or len(self._collected.problems) > before:
            return None
        content = _content(soil, minerals, fields)
        used = self._used(reading, law, fields)
        complete = _finite(content, *used.values())
        self._refuse_sums(content, used, soil.thickness)
        self._describe(reading, set(used), given, minerals)
        self._collected.notes += [f"soil column: {note}" for note in law.notes]
        primary = {name: values for name, values in fields.items() if name.startswith("minerals.")}
        return ColumnInputs(reading, law, minerals, content, {**used, **primary}, complete)

    def _law(
        self, reading: ColumnReading, minerals: tuple[str, ...]
    ) -> ProfileLaw | WitchLaw | None:
        from saprolite.column.solve import rate_law

        for key in ("kinetics", "transition_state"):
            table = str(getattr(reading, key))
            if table.endswith(".csv"):
                self._collected.files[f"column.reading.{key}"] = (Path(table),)
        try:
            return rate_law(reading, minerals)
        except SaproliteError as error:
            self._collected.problems += error.problems
            return None

    def _read(
        self, name: str, value: float | list[float] | MapField, checking_alone: bool
    ) -> Array:
        """One input as (layer, cell), or (cell,) where layers do not differ; SI."""
        field, cells, key = field_of(name), self._statics.cells.size, key_of(name)
        shape = (self._layers, cells) if field.per_layer else (cells,)
        if isinstance(value, MapField):
            try:
                return self._map(name, field, value)
            except SaproliteError as error:
                self._collected.problems += error.problems
                return np.full(shape, np.nan)
        if isinstance(value, list):
            if len(value) != self._layers and not checking_alone:
                self._collected.problems.append(
                    Problem(f"column.{key}", f"{len(value)} values", f"1 or {self._layers}, one "
                            "per layer of the forcing", "correct the list")
                )  # fmt: skip
                return np.full(shape, np.nan)
            if checking_alone:
                return np.full(shape, np.nan)
            return np.repeat(field.factor * np.array(value, float)[:, None], cells, axis=1)
        return np.full(shape, field.factor * value)

    def _map(self, name: str, field: ColumnField, spec: MapField) -> Array:
        path, key = local_copy(spec.path), key_of(name)
        wanted = {"value": Wanted(spec.variable, field.factors, spec.units)}
        data = read_fields(path, wanted, f"a NetCDF file for column.{key}")
        values = data["value"].values
        finite = values[np.isfinite(values)]
        unit = next(unit for unit, factor in field.factors.items() if factor == 1.0)
        if not finite.size or finite.min() < field.low or finite.max() > field.high:
            found = f"{finite.min():g} to {finite.max():g}" if finite.size else "no value at all"
            raise InputError("A map of the column", [
                Problem(f"{path}: {spec.variable}", f"{found} {unit}",
                        f"{field.low:g} to {field.high:g} {unit}", "check the units")])  # fmt: skip
        if not field.per_layer and ("horizon" in data.dims or spec.horizons_m):
            raise InputError("A map of the column", [
                Problem(f"column.{key}", "a map with horizons", "one value per cell",
                        "give a map without depth")])  # fmt: skip
        self._collected.files[f"column.{key}"] = (path,)
        if not field.per_layer:
            return self._statics.on_cells(data["value"])
        return self._statics.on_layers(data, spec.horizons_m, path)

    def _used(
        self,
        reading: ColumnReading,
        law: ProfileLaw | WitchLaw,
        fields: Mapping[str, Array],
    ) -> dict[str, Array]:
        """The inputs that the run uses, besides the minerals."""
        needed = {*needed_inputs(fields, reading, law), "gibbsite_exponent", "co2"}
        if reading.solves_chemistry:
            needed |= {"percolation"}
        else:
            needed |= {"doc", "log_gibbsite", "base_cations", "aluminium", "organic_acid",
                       "silica", "calcium", "magnesium", "potassium", "sodium"}  # fmt: skip
        if "percolation" in fields:
            needed -= {"precipitation", "evapotranspiration_share"}
        return {name: values for name, values in fields.items() if name in needed}

    def _refuse_sums(self, content: Array, fields: Mapping[str, Array], thickness: Array) -> None:
        """Minerals that are more than the soil, shares of layers that do not add up to 1."""
        problems = []
        total = content.sum(axis=0)
        too_much = int((total > 1.0 + SUM_TOLERANCE).any(axis=0).sum())
        if too_much:
            problems.append(
                Problem("column.primary_minerals",
                        f"with the clay minerals up to {np.nanmax(total):g} of the soil, "
                        f"in {too_much} cells", "1 or less (clay minerals: share x clay)",
                        "lower the fractions")
            )  # fmt: skip
        taken = sum((v for k, v in fields.items() if k.startswith("uptake.")),
                    np.zeros(thickness.shape[-1]))  # fmt: skip
        for name, what in _SHARED.items():
            if name not in fields:
                continue
            together = fields[name].sum(axis=0)
            wrong = np.abs(together - 1.0) > SUM_TOLERANCE
            if name == "uptake_share":
                wrong &= (taken != 0.0) | (together != 0.0)
            wrong &= np.isfinite(together)
            if wrong.any():
                problems.append(
                    Problem(f"column.{name}", f"shares that add up to {together[wrong][0]:.9g} "
                            f"over the layers, in {int(wrong.sum())} cells",
                            f"1: each layer's part of the {what}", "correct the shares")
                )  # fmt: skip
        self._collected.problems += problems

    def _describe(
        self,
        reading: ColumnReading,
        used: set[str],
        given: Mapping[str, float | list[float] | MapField],
        minerals: tuple[str, ...],
    ) -> None:
        """Notes: what stands in for data, what is not used, and how the column is set up."""
        notes, column = self._collected.notes, self._study.column
        assert column is not None
        idle = [
            key_of(name) for name in given if name not in used and not name.startswith("minerals.")
        ]
        constants = _in_place_of_data(
            {name: value for name, value in given.items() if key_of(name) not in idle}
        )
        if constants:
            notes.append(f"constants of the study in place of data: {constants}")
        if idle:
            notes.append(f"given, but not used by this model: {', '.join(idle)}")
        notes.append(
            "soil column: clay minerals are share x clay of the soil, primary minerals add to them"
        )
        if self._study.chosen_reading.frozen_action != "none":
            notes.append(
                "soil column: the wetted surface of a layer counts by its mean unfrozen share of "
                "the year (Eq 1); temperature and moisture are means of all months"
            )
        if reading.solves_chemistry:
            notes.append(
                f"soil column: percolation is at least {column.minimum_percolation_mm_yr:g} mm "
                "yr-1; precipitation does not vary between years; shares of layers without soil "
                "go to the lowest layer with soil"
            )
        if column.averaging == "climatology":
            notes.append(
                "soil column: means over all years, solved once; every year has the same flux"
            )
        carbonates = [name for name in minerals if Mineral.named(name).group == "carbonate"]
        if column.carbon == "co2_pathway" and carbonates:
            notes.append(
                f"soil column: {', '.join(carbonates)} counts one CO2 per charge, as in the run "
                "of the CO2 pathway"
            )
        if column.carbon == "alkalinity_export":
            notes.append(
                "soil column: alkalinity export by mineral is the column's, divided by the base "
                "cations that each mineral releases"
            )


def _in_place_of_data(given: Mapping[str, float | list[float] | MapField]) -> str:
    """The constants by group, as the study gives them.

    >>> _in_place_of_data({"doc": [30.0, 5.0], "uptake.Ca": 10.0, "uptake.Mg": 3.0})
    'doc 30/5 mg L-1; uptake Ca 10, Mg 3 meq m-2 yr-1'
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name, value in given.items():
        if isinstance(value, MapField):
            continue
        group, _, member = name.partition(".")
        values = value if isinstance(value, list) else [value]
        shown = "/".join(f"{item:g}" for item in values)
        unit = field_of(name).unit
        groups.setdefault((group, "" if unit == "1" else f" {unit}"), []).append(
            f"{member} {shown}" if member else shown
        )
    return "; ".join(
        f"{group} {', '.join(values)}{unit}" for (group, unit), values in groups.items()
    )


def _content(soil: Soil, minerals: tuple[str, ...], fields: Mapping[str, Array]) -> Array:
    """Mass fraction of the soil, (mineral, layer, cell): in the clay and as primary minerals."""
    content = np.zeros((len(minerals), *np.shape(soil.clay)))
    for index, name in enumerate(minerals):
        if name in soil.mineral_share:
            content[index] = soil.mineral_share[name] * soil.clay
        if f"minerals.{name}" in fields:
            content[index] = content[index] + fields[f"minerals.{name}"]
    return content


def _finite(*arrays: Array) -> npt.NDArray[np.bool_]:
    result = np.ones(arrays[0].shape[-1], bool)
    for array in arrays:
        result &= np.isfinite(array).reshape(-1, array.shape[-1]).all(axis=0)
    return result
