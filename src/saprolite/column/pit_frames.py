"""Solved pits as tables: by layer, by mineral, by pathway; a unit in every column name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.column.layer import BASE_CATIONS, IONS, SOLUTES
from saprolite.column.pit_saturation import log_saturation
from saprolite.column.steady_state import SteadyState
from saprolite.models.rate_law import CHARGES, ELEMENTS

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

Array = npt.NDArray[np.float64]
MILLI = 1e6  # mmol m-2 in a kmol m-2; umol L-1 in a kmol m-3
_MM_PER_M = 1e3
_PERCENT = 100.0
FLUX, AMOUNT = "mmol_c_m2_yr", "mmol_m2_yr"
_UPTAKE = {"Ca": FLUX, "Mg": FLUX, "K": FLUX, "NH4": FLUX, "NO3": FLUX}
# Rounding of available minus outflow; what is less than this part of the wish is met.
_MET = 1e-9
_BOUNDARY_DIGITS = 9


def layer_frame(pits: Pits) -> pd.DataFrame:
    """One row a layer; see ``Pits.table``."""
    return pd.DataFrame({**_labels(pits), **_cells(pits, layer_columns(pits))})


def layer_columns(pits: Pits) -> dict[str, Array]:
    """The columns of the table of layers as (layer, lane) arrays."""
    columns, state = pits.columns, pits.state
    found = {
        "percolation_mm_yr": columns.percolation * _MM_PER_M,
        "temperature_K": columns.temperature,
        "pH": state.ph,
    }
    if pits.reading.solves_chemistry:
        found["ANC_umol_c_L"] = state.anc * MILLI
    found["Bc_Al_mol_mol"] = _bc_al(state)
    found |= _weathering(state)
    for name, values in state.ions.items():
        found[f"{'organic_anions_umol_c' if name == 'R' else f'{name}_umol'}_L"] = values * MILLI
    for name, values in state.outflow.items():
        found[f"outflow_{name}_{FLUX if name in IONS else AMOUNT}"] = values * MILLI
    found |= _uptake(pits)
    found |= {
        f"log10_saturation_{mineral}": values for mineral, values in log_saturation(pits).items()
    }
    if pits.reading.solves_chemistry:
        found["charge_balance_residual_1"] = state.residual
    return found


def _bc_al(state: SteadyState) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return state.bc_al_ratio


def _weathering(state: SteadyState) -> dict[str, Array]:
    found = {f"weathering_{FLUX}": state.weathering * MILLI}
    for name in ELEMENTS:
        charge, unit = (CHARGES[name], FLUX) if name in CHARGES else (1, AMOUNT)
        found[f"weathering_{name}_{unit}"] = charge * state.released[name] * MILLI
    for index, pathway in enumerate(state.pathways):
        found[f"weathering_by_{pathway}_{FLUX}"] = state.rates[index].sum(axis=0) * MILLI
    for index, mineral in enumerate(state.minerals):
        found[f"weathering_of_{mineral}_{FLUX}"] = state.rates[:, index].sum(axis=0) * MILLI
    return found


def _uptake(pits: Pits) -> dict[str, Array]:
    taken = pits.state.taken_up
    if not taken:
        return {}
    found = {f"uptake_{name}_{unit}": taken[name] * MILLI for name, unit in _UPTAKE.items()}
    unmet = unmet_uptake(pits)
    return found | {
        f"uptake_unmet_{name}_{AMOUNT if name == 'N' else FLUX}": values * MILLI
        for name, values in unmet.items()
    }


def unmet_uptake(pits: Pits) -> dict[str, Array]:
    """Uptake that the plants wanted and did not get, (layer, lane), kmol_c (N: kmol) m-2 yr-1."""
    taken, unmet = dict(pits.state.taken_up), {}
    taken["N"] = taken["NH4"] + taken["NO3"]
    for name in ("Ca", "Mg", "K", "N"):
        wanted = pits.columns.uptake[name]
        rest = wanted - taken[name]
        unmet[name] = np.where(rest <= _MET * wanted, 0.0, rest)
    return unmet


def mineral_frame(pits: Pits) -> pd.DataFrame:
    """One row a layer and mineral; see ``Pits.by_mineral``."""
    state = pits.state
    by_pathway = np.moveaxis(state.rates, 1, 0)  # (mineral, pathway, layer, lane)
    shares = element_shares(pits)
    parts = []
    for index, mineral in enumerate(state.minerals):
        total = by_pathway[index].sum(axis=0)
        content = np.full(state.ph.shape, np.nan)
        for lane, site in enumerate(pits.sites):
            for number, layer in enumerate(site.layers):
                content[number, lane] = layer.minerals.get(mineral, np.nan) * _PERCENT
        found: dict[str, Array] = {"content_percent": content, f"weathering_{FLUX}": total * MILLI}
        for number, pathway in enumerate(state.pathways):
            found[f"weathering_by_{pathway}_{FLUX}"] = by_pathway[index, number] * MILLI
        for name in BASE_CATIONS:
            found[f"weathering_{name}_{FLUX}"] = shares[name][index] * total * MILLI
        labels = {**_labels(pits), "mineral": mineral}
        part = pd.DataFrame({**labels, **_cells(pits, found)})
        parts.append(part[part["content_percent"].notna()])
    if not parts:
        return pd.DataFrame(columns=["site", "layer", "mineral", f"weathering_{FLUX}"])
    return _in_order_of_layers(pits, pd.concat(parts))


def pathway_frame(pits: Pits) -> pd.DataFrame:
    """One row a layer and pathway; see ``Pits.by_pathway``."""
    state = pits.state
    shares = element_shares(pits)
    parts = []
    for index, pathway in enumerate(state.pathways):
        own = state.rates[index]  # (mineral, layer, lane)
        found = {f"weathering_{FLUX}": own.sum(axis=0) * MILLI}
        for name in BASE_CATIONS:
            released = (shares[name][:, None, None] * own).sum(axis=0)
            found[f"weathering_{name}_{FLUX}"] = released * MILLI
        labels = {**_labels(pits), "pathway": pathway}
        parts.append(pd.DataFrame({**labels, **_cells(pits, found)}))
    return _in_order_of_layers(pits, pd.concat(parts))


def element_shares(pits: Pits) -> dict[str, Array]:
    """Part of each base cation in the charge that a mineral releases, (mineral,)."""
    charges = {name: CHARGES[name] * pits.law.release[ELEMENTS.index(name)] for name in CHARGES}
    total: Array = np.sum([charges[name] for name in BASE_CATIONS], axis=0)
    whole = np.where(total > 0.0, total, 1.0)
    return {name: charges[name] / whole for name in BASE_CATIONS}


def site_inflow(pits: Pits, index: int) -> dict[str, Array]:
    """What enters a layer of all sites with the water from above, (lane,), as in the solver."""
    if index == 0:
        return pits.columns.inflow()
    return {name: pits.state.outflow[name][index - 1] for name in SOLUTES}


def depths(pits: Pits) -> tuple[Array, Array]:
    """Top and bottom of the layers, m, (layer, lane)."""
    sums = np.cumsum(pits.columns.thickness, axis=0)
    bottom = np.asarray(np.round(sums, _BOUNDARY_DIGITS), dtype=np.float64)
    return np.vstack([np.zeros((1, pits.columns.size)), bottom[:-1]]), bottom


def _labels(pits: Pits) -> dict[str, Any]:
    top, bottom = depths(pits)
    names = [(site.name, layer.name) for site in pits.sites for layer in site.layers]
    edges = _cells(pits, {"top_m": top, "bottom_m": bottom})
    return {"site": [name for name, _ in names], "layer": [name for _, name in names], **edges}


def _cells(pits: Pits, columns: Mapping[str, Array]) -> dict[str, Array]:
    """(layer, lane) arrays as columns: site after site, each from the top down."""
    here = pits.columns.present.T
    return {name: values.T[here] for name, values in columns.items()}


def _in_order_of_layers(pits: Pits, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by site and depth; within a layer in the order that they have."""
    order = {site.name: number for number, site in enumerate(pits.sites)}
    number = frame["site"].map(order)
    keyed = frame.assign(_site=number).sort_values(["_site", "top_m"], kind="stable")
    return keyed.drop(columns="_site").reset_index(drop=True)
