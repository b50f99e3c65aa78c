"""Two models at the same sites: rate per mineral surface and weathering of each horizon.

A model is named by its reading: a :class:`saprolite.Reading` is the CO2 pathway alone (Eqs 4 and
5), a ``ColumnReading`` a rate law of the soil pit at prescribed chemistry (pH of the profile).
Rates are compared in mol of base-cation charge per m2 of mineral surface: PROFILE's constants
count that, those of the WITCH-type model count mol of mineral and are multiplied with its charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite import equations as eq
from saprolite.analysis.ratios import QUANTITIES
from saprolite.column.chemistry import Chemistry
from saprolite.column.columns import PRESCRIBED, Columns
from saprolite.column.layer import IONS, SECONDS_PER_YEAR
from saprolite.column.prescribed import needed_chemistry
from saprolite.column.solve import rate_law, steady_state
from saprolite.constants import LN10
from saprolite.errors import InputError, Problem, ReadingError, raise_if_any
from saprolite.models import CO2Pathway, ColumnReading, Reading
from saprolite.models.soil import reactive_area, saturation
from saprolite.models.witch import WitchLaw

Array = npt.NDArray[np.float64]
Model = Reading | ColumnReading
MOL_PER_KMOL = 1e3
UNIT_CONTENT = 1.0
FROM_BICARBONATE = "bicarbonate"
_SITE_COLUMNS = (
    "clay_of_soil", "silt_of_soil", "sand_of_soil", "bulk_density", "top", "bottom", "ph",
    "soil_moisture", "soil_temperature", "soil_co2",
)  # fmt: skip
KEPT = (
    "profile", "horizon", "latitude", "longitude", "top", "bottom", "ph", "soil_temperature",
    "soil_moisture", "soil_co2",
)  # fmt: skip


@dataclass(frozen=True)
class AssumedSolution:
    """What profiles do not tell of the soil solution, and a rate law may ask for.

    Attributes
    ----------
    doc
        Dissolved organic carbon, kg m-3; for the organic pathway.
    log_gibbsite
        log10 K of gibbsite, which gives Al3+; for the brakes.
    base_cations
        Molar sum of base cations, kmol m-3, or ``bicarbonate``: two-valued cations that balance
        the charge left by H+, Al, OH-, carbonate and organic anions, none where that is
        negative. Strong anions are not known, so that this is the least there can be.

    None where a law does not ask for it; a law that does refuses to go without it.
    """

    doc: float | None = None
    log_gibbsite: float | None = None
    base_cations: float | str | None = None


@dataclass(frozen=True)
class _Side:
    """One model at all sites: rates (mineral, site) in kmol_c m-2 s-1 and the wetted surface of
    the soil (site), m2 m-3."""

    rates: Array
    wetted_area: Array


def compare_models(
    sites: pd.DataFrame,
    minerals: tuple[str, ...],
    model_a: Model,
    model_b: Model,
    assumed: AssumedSolution | None = None,
    equivalents_per_mol: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Rates and weathering of two models, one row per horizon and mineral.

    Parameters
    ----------
    sites
        Table of :class:`saprolite.comparison.ComparisonSites`.
    minerals
        Names of minerals.
    model_a, model_b
        :class:`saprolite.Reading` (CO2 pathway alone) or ``ColumnReading`` (at prescribed
        chemistry).
    assumed
        What the profiles do not tell of the solution; asked for by brakes and organic acids.
    equivalents_per_mol
        Base-cation charge of a mol of mineral, by mineral, for the WITCH-type model; by default
        that of its solubility phase (smectite: Ca-montmorillonite, 0.99; illite: 1.1).

    Returns
    -------
    ``profile``, ``horizon``, place, depths (m), ``ph``, ``soil_temperature`` (K),
    ``soil_moisture`` (m3 m-3), ``soil_co2`` (atm), ``mineral``; rates of both models (mol_c m-2 s-1
    of mineral surface); weathering of both (eq ha-1 yr-1 of the horizon, for a soil that is the
    mineral alone: the same content in both, so that it cancels in the ratio), each with the
    reactive area and the moisture factor of its own reading; ``ratio_of_rates`` and
    ``ratio_of_weathering``, a over b. NaN where an input is missing (weathering: bulk density).

    Raises
    ------
    InputError
        For columns that are missing, and for a solution that a law asks for and nobody gave.
    ReadingError
        For a reading that sites without a soil solution cannot serve.
    MineralError
        For a mineral without data.

    Source: Sverdrup & Warfvinge 1995 eqs 28, 33; manuscript Eqs 3 to 7; Hermanska et al. 2022.
    """
    assumed = assumed or AssumedSolution()
    problems = _missing_columns(sites)
    raise_if_any(InputError, "The sites cannot be used", problems)
    for name, model in (("model_a", model_a), ("model_b", model_b)):
        raise_if_any(ReadingError, "These models cannot be compared", _unfit(name, model))
    sides = [
        _co2_pathway(sites, minerals, model)
        if isinstance(model, Reading)
        else _prescribed(sites, minerals, model, assumed, equivalents_per_mol or {})
        for model in (model_a, model_b)
    ]
    thickness = (sites["bottom"] - sites["top"]).to_numpy(float)
    kept = [name for name in KEPT if name in sites.columns]
    parts = []
    for index, mineral in enumerate(minerals):
        part = sites[kept].assign(mineral=mineral)
        for side, rate_name, flux_name in zip(
            sides, QUANTITIES["rate"], QUANTITIES["weathering"], strict=True
        ):
            rate = side.rates[index]
            flux = eq.weathering_rate(rate, side.wetted_area, UNIT_CONTENT, 1.0, thickness)
            part[rate_name] = rate * MOL_PER_KMOL
            part[flux_name] = eq.equivalents_per_hectare(flux * SECONDS_PER_YEAR)
        for quantity, (a, b) in QUANTITIES.items():
            part[f"ratio_of_{quantity}s" if quantity == "rate" else f"ratio_of_{quantity}"] = (
                part[a] / part[b]
            )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _co2_pathway(sites: pd.DataFrame, minerals: tuple[str, ...], reading: Reading) -> _Side:
    """Eqs 4 and 5 at mean soil temperature and CO2."""
    model = CO2Pathway.of(reading, minerals)
    pressure = sites["soil_co2"].to_numpy(float)
    temperature = sites["soil_temperature"].to_numpy(float)
    rates = np.empty((len(minerals), len(sites)))
    for group in model.groups:
        warmth = eq.temperature_factor(
            temperature, group.coefficient, reading.reference_temperature
        )
        for index in group.members:
            # The yield of a row in kmol_c is 1; of a row in kmol, or by formula, the charge.
            constant = model.constants[index] * model.co2_yield[index]
            rates[index] = eq.rate_at_reference(constant, pressure, group.order) * warmth
    return _Side(rates, _wetted_area(sites, reading))


def _prescribed(
    sites: pd.DataFrame,
    minerals: tuple[str, ...],
    reading: ColumnReading,
    assumed: AssumedSolution,
    equivalents_per_mol: Mapping[str, float],
) -> _Side:
    """A rate law of the soil pit at the pH of the profile: each horizon is a layer of its own."""
    law = rate_law(reading, minerals)
    chemistry_needed = needed_chemistry(reading, law)
    problems = [
        Problem(f"assumed.{name}", "nothing", accepted, f"give {name}, or {otherwise}")
        for name, accepted, otherwise in _wanted(reading, chemistry_needed)
        if getattr(assumed, name) is None
    ]
    if "silica" in chemistry_needed:
        problems.append(
            Problem(f"silica, for {reading.title}", "not known at the sites", "a law without it",
                    'brakes = "off", or another rate_law')
        )  # fmt: skip
    raise_if_any(InputError, "The soil solution is not known", problems)
    one = np.ones((1, len(sites)))
    ph = sites["ph"].to_numpy(float)[None, :]
    nowhere = np.full_like(one, np.nan)
    temperature = sites["soil_temperature"].to_numpy(float)[None, :]
    pressure = sites["soil_co2"].to_numpy(float)[None, :]
    doc = one * (assumed.doc or 0.0)
    # Without brakes nothing feels aluminium; any finite constant serves.
    gibbsite = one * (assumed.log_gibbsite or 0.0)
    chemistry = Chemistry.of(reading, temperature, pressure, doc, gibbsite, 3.0 * one)
    prescribed = dict.fromkeys(PRESCRIBED, nowhere) | {"ph": ph}
    if assumed.base_cations == FROM_BICARBONATE:
        anc = chemistry.alkalinity(-LN10 * ph).value
        prescribed["base_cations"] = np.maximum(anc, 0.0) / 2.0
    elif assumed.base_cations is not None:
        prescribed["base_cations"] = one * float(assumed.base_cations)
    names = tuple(str(name) for name in sites.index)
    columns = Columns(
        names=names,
        layer_names=tuple(("horizon",) for _ in names),
        minerals=minerals,
        thickness=one,
        temperature=temperature,
        pressure=pressure,
        doc=doc,
        log_gibbsite=gibbsite,
        gibbsite_exponent=3.0 * one,
        nitrification=0.0 * one,
        surface=np.ones((len(minerals), 1, len(sites))),
        percolation=one,
        deposition=dict.fromkeys(IONS, 0.0 * one[0]),
        uptake=dict.fromkeys(("Ca", "Mg", "K", "N", "Na"), 0.0 * one),
        prescribed=prescribed,
        present=np.isfinite(ph),
    )
    state = steady_state(columns, reading, law)
    rates = state.rates.sum(axis=0)[:, 0] / SECONDS_PER_YEAR
    if isinstance(law, WitchLaw):
        for index, item in enumerate(law.phases):
            charge = equivalents_per_mol.get(item.mineral, item.phase.equivalents_per_mol)
            rates[index] *= charge / item.phase.equivalents_per_mol
    return _Side(rates, _wetted_area(sites, reading))


def _wetted_area(sites: pd.DataFrame, reading: Model) -> Array:
    """A_w phi, m2 m-3, under a reading's density factor, sand cut and moisture density."""
    density = sites["bulk_density"].to_numpy(float)
    clay, silt, sand = (sites[f"{name}_of_soil"].to_numpy(float)
                        for name in ("clay", "silt", "sand"))  # fmt: skip
    area = reactive_area(reading, clay, silt, sand, density)
    wetness = saturation(reading, sites["soil_moisture"].to_numpy(float), density)
    return np.asarray(area * eq.clipped_saturation(wetness))


def _missing_columns(sites: pd.DataFrame) -> list[Problem]:
    missing = [name for name in _SITE_COLUMNS if name not in sites.columns]
    if not missing:
        return []
    return [
        Problem("sites", "no column " + ", ".join(missing), ", ".join(_SITE_COLUMNS),
                "give the table of saprolite.comparison.build_sites")
    ]  # fmt: skip


def _unfit(name: str, model: Model) -> list[Problem]:
    """Choices that sites with a pH and nothing else of the solution cannot serve."""
    if isinstance(model, Reading):
        wanted = {"pco2_limit": "none", "mineral_basis": "soil"}
    else:
        wanted = {"affinity": "off"} if model.model == "witch-type" else {}
        if model.solves_chemistry:
            wanted["chemistry"] = "prescribed"
    return [
        Problem(f"{name}.{key}", repr(getattr(model, key)), repr(value), f'{key} = "{value}"')
        for key, value in wanted.items()
        if getattr(model, key) != value
    ]


def _wanted(reading: ColumnReading, chemistry: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Names in ``AssumedSolution`` that a law asks for, what is accepted, and how to do without."""
    wanted: list[tuple[str, str, str]] = []
    if reading.model == "witch-type":
        return wanted
    if "R" in reading.used_pathways and reading.organic_acid != "none":
        wanted.append(("doc", "dissolved organic carbon, kg m-3", 'organic_acid = "none"'))
    if "base_cations" in chemistry:
        wanted.append(("base_cations", f"kmol m-3, or {FROM_BICARBONATE!r}", 'brakes = "off"'))
        wanted.append(("log_gibbsite", "log10 K of gibbsite", 'brakes = "off"'))
    return wanted
