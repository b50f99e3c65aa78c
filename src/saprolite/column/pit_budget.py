"""What a whole pit gains and loses in a year, how well that closes, and the CO2 that it binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite import equations as eq
from saprolite.column.layer import BASE_CATIONS
from saprolite.column.pit_frames import (
    AMOUNT,
    FLUX,
    MILLI,
    depths,
    element_shares,
    site_inflow,
    unmet_uptake,
)
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.minerals import Mineral
from saprolite.models.rate_law import CHARGES, ELEMENTS

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

Array = npt.NDArray[np.float64]
BALANCED = ("Ca", "Mg", "K", "Na", "SO4", "Cl", "N", "Si", "P")
IN_MOLES = ("N", "Si", "P")
# Half of the bicarbonate that dissolving carbonate leaves comes from the carbonate itself.
_CARBONATE_SHARE = 0.5
CO2 = {
    "CO2_by_base_cations_t_C_km2_yr": "base cations released, 1 CO2 per charge (carbonates: half)",
    "CO2_by_CO2_pathway_t_C_km2_yr": "of these, by the CO2 pathway of the rate law",
    "CO2_leached_t_C_km2_yr": "bicarbonate and carbonate that leave the lowest layer",
}


def totals_frame(pits: Pits) -> pd.DataFrame:
    """One row a site; see ``Pits.totals``."""
    state = pits.state
    _, bottom = depths(pits)
    found: dict[str, Array] = {
        "layers": pits.columns.present.sum(axis=0),
        "depth_m": np.nanmax(bottom, axis=0),
        "percolation_mm_yr": lowest(pits, pits.columns.percolation) * 1e3,
        "pH_lowest": lowest(pits, state.ph),
    }
    weathering = summed(pits, state.weathering)
    found[f"weathering_{FLUX}"] = weathering * MILLI
    found["weathering_eq_ha_yr"] = eq.equivalents_per_hectare(weathering)
    for name in ELEMENTS:
        charge, unit = (CHARGES[name], FLUX) if name in CHARGES else (1, AMOUNT)
        found[f"weathering_{name}_{unit}"] = charge * summed(pits, state.released[name]) * MILLI
    if pits.reading.solves_chemistry:
        found["ANC_leached_mmol_c_m2_yr"] = lowest(pits, state.anc * pits.columns.percolation) * (
            MILLI
        )
        for term, values in budget(pits).items():
            for name, flux in values.items():
                if term != "weathering":
                    unit = AMOUNT if name in IN_MOLES else FLUX
                    found[f"{term}_{name}_{unit}"] = flux * MILLI
    return pd.DataFrame({"site": [site.name for site in pits.sites], **found, **co2_bound(pits)})


def budget(pits: Pits) -> dict[str, dict[str, Array]]:
    """Deposition, weathering, uptake, unmet uptake and leaching of whole profiles, by element.

    (lane,) arrays, kmol_c m-2 yr-1; N, Si and P in kmol m-2 yr-1.
    """
    state, deposition = pits.state, dict(pits.columns.inflow())
    nothing = np.zeros(pits.columns.size)
    leaching = {name: lowest(pits, values) for name, values in state.outflow.items()}
    taken = {name: summed(pits, values) for name, values in state.taken_up.items()}
    for fluxes in (deposition, leaching, taken):
        fluxes["N"] = fluxes["NH4"] + fluxes["NO3"]
    unmet = unmet_uptake(pits)
    weathering = {
        name: CHARGES.get(name, 1) * summed(pits, state.released[name])
        for name in BALANCED
        if name in state.released
    }
    return {
        "deposition": {name: deposition[name] for name in BALANCED},
        "weathering": {name: weathering.get(name, nothing) for name in BALANCED},
        "uptake": {name: taken.get(name, nothing) for name in BALANCED},
        "uptake_unmet": {name: summed(pits, unmet[name]) for name in ("Ca", "Mg", "K", "N")},
        "leaching": {name: leaching[name] for name in BALANCED},
    }


def balance_frame(pits: Pits) -> pd.DataFrame:
    """Relative closure by layer and of the whole; see ``Pits.mass_balance``.

    Reckoned from the rates of the minerals and from concentration times percolation, not from
    the fluxes that the solver kept.
    """
    _refuse_prescribed(pits)
    columns, state = pits.columns, pits.state
    terms = [_layer_terms(pits, index) for index in range(columns.present.shape[0])]
    rows = []
    for lane, site in enumerate(pits.sites):
        whole: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in BALANCED}
        for index, layer in enumerate(site.layers):
            row: dict[str, object] = {"site": site.name, "layer": layer.name}
            for name in BALANCED:
                parts = terms[index][name]
                flux_in, weathered, taken, out = (float(part[lane]) for part in parts)
                whole[name].append((flux_in, weathered, taken, out))
                row[f"{name}_1"] = _closure(flux_in, weathered, taken, out)
            rows.append(row)
        total: dict[str, object] = {"site": site.name, "layer": "sum"}
        for name, parts_of_layers in whole.items():
            total[f"{name}_1"] = _closure(
                parts_of_layers[0][0],
                sum(item[1] for item in parts_of_layers),
                sum(item[2] for item in parts_of_layers),
                parts_of_layers[-1][3],
            )
        rows.append(total)
    assert state.outflow
    return pd.DataFrame(rows)


def _layer_terms(pits: Pits, index: int) -> dict[str, tuple[Array, Array, Array, Array]]:
    """In, weathering, uptake, out of a layer by element, (lane,) each."""
    state, water = pits.state, pits.columns.percolation
    shares = element_shares(pits)
    by_mineral = state.rates[:, :, index].sum(axis=0)
    nothing = np.zeros(pits.columns.size)

    def leaving(name: str, layer: int) -> Array:
        charge = 2 if name in ("Ca", "Mg", "SO4") else 1
        return np.asarray(charge * state.ions[name][layer] * water[layer])

    def entering(name: str) -> Array:
        return leaving(name, index - 1) if index else site_inflow(pits, 0)[name]

    found = {}
    for name in BALANCED:
        parts = ("NH4", "NO3") if name == "N" else (name,)
        weathered = nothing
        if name in BASE_CATIONS:
            weathered = (shares[name][:, None] * by_mineral).sum(axis=0)
        elif name in state.released:
            weathered = state.released[name][index]
        taken = [state.taken_up[part][index] for part in parts if part in state.taken_up]
        found[name] = (
            np.sum([entering(part) for part in parts], axis=0),
            weathered,
            np.sum(taken, axis=0) if taken else nothing,
            np.sum([leaving(part, index) for part in parts], axis=0),
        )
    return found


def _closure(flux_in: float, weathered: float, taken: float, out: float) -> float:
    """(in + weathering - uptake - out) over what is turned over; 0 where nothing is."""
    turnover = 0.5 * (abs(flux_in) + abs(weathered) + abs(taken) + abs(out))
    rest = flux_in + weathered - taken - out
    return rest / turnover if turnover else 0.0


def co2_bound(pits: Pits) -> dict[str, Array]:
    """CO2 that weathering binds, counted in three ways, (lane,), t C km-2 yr-1; see ``CO2``.

    NaN where the rate law has no CO2 pathway, and for leaching with prescribed chemistry.
    """
    state = pits.state
    share = np.array(
        [
            _CARBONATE_SHARE if Mineral.named(name).group == "carbonate" else 1.0
            for name in state.minerals
        ]
    )[:, None, None]
    unknown = np.full(pits.columns.size, np.nan)
    bound = summed(pits, (share * state.rates.sum(axis=0)).sum(axis=0))
    pathway, leached = unknown, unknown
    if "CO2" in state.pathways and pits.reading.model != "witch-type":
        own = state.rates[state.pathways.index("CO2")]
        pathway = summed(pits, (share * own).sum(axis=0))
    if pits.reading.solves_chemistry:
        carbon = state.ions["HCO3"] + state.ions["CO3"]
        leached = lowest(pits, carbon * pits.columns.percolation)
    kinds = (bound, pathway, leached)
    return {
        name: np.asarray(eq.carbon_mass(values)) for name, values in zip(CO2, kinds, strict=True)
    }


def summed(pits: Pits, values: Array) -> Array:
    """Sum over the layers of each site, (lane,)."""
    total: Array = np.zeros(values.shape[-1])
    for here, row in zip(pits.columns.present, values, strict=True):
        total = total + np.where(here, row, 0.0)
    return total


def lowest(pits: Pits, values: Array) -> Array:
    """The value of each site's lowest layer, (lane,)."""
    last = pits.columns.present.sum(axis=0) - 1
    return np.asarray(values[last, np.arange(last.size)])


def _refuse_prescribed(pits: Pits) -> None:
    problem = Problem(
        "mass_balance",
        f"prescribed chemistry ({pits.reading.title})",
        "a model that solves the soil solution",
        'solve(..., model="profile")',
    )
    raise_if_any(
        InputError,
        "There is no mass balance",
        [] if pits.reading.solves_chemistry else [problem],
    )
