"""Readings side by side: totals, shares of layers and climate groups, and how they fit a target."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from saprolite.analysis.targets import Target
from saprolite.analysis.zones import UNCLASSIFIED, group_masks
from saprolite.errors import InputError, Problem
from saprolite.models import Reading
from saprolite.models.variations import choice_text

if TYPE_CHECKING:
    from saprolite.engine.readings import ComparedReadings

Array = npt.NDArray[np.float64]
BY_CLASS, VALID, ANNUAL = "carbon_sink", "carbon_sink_of_valid_cells", "annual_carbon_sink"
TOTAL, LOG_RATIO = "total_Tg_C_yr-1", "log10_total_to_target_1"
MEAN_FLUX = "mean_flux_area_weighted_valid_t_C_km-2_yr-1"
GROUPS_RMS, LAYERS_RMS = "rms_ln_share_groups_A_to_D_1", "rms_ln_share_layers_1"
LAYER, SHARE = "layer ", " share_percent"
FITS = "fits_group_shares"
# Polar soils bind too little for the logarithm of their share to say much.
_FITTED_GROUPS = 4


def readings_dataset(found: ComparedReadings) -> xr.Dataset:
    """Everything that was kept of the readings, Tg C yr-1 by mineral, layer and climate class."""
    names, totals = list(found.readings), list(found.totals.values())
    top_bottom = 100.0 * np.array(found.layer_edges)
    layers = [f"{top:g}-{bottom:g} cm"
              for top, bottom in itertools.pairwise(top_bottom)]  # fmt: skip
    unit = {"units": "Tg yr-1", "comment": "teragrams of carbon per year"}
    kept = ("reading", "mineral", "layer")
    return xr.Dataset(
        {
            BY_CLASS: ((*kept, "climate_class"), np.stack([one.by_class for one in totals]), unit),
            VALID: (kept, np.stack([one.valid for one in totals]), unit),
            ANNUAL: (("reading", "year", "mineral", "layer"),
                     np.stack([one.annual for one in totals]), unit),
            "valid_area": (("reading", "climate_class"),
                           np.stack([one.valid_area for one in totals]), {"units": "km2"}),
            "land_area": ("climate_class", found.land_area, {"units": "km2"}),
            "used": (("reading", "year"),
                     np.array([[year in one.years for year in found.study.years]
                               for one in totals], np.int8), {"units": "1"}),
            "choices": ("reading", [json.dumps(one.as_dict()) for one in found.readings.values()]),
        },
        coords={
            "reading": names,
            "mineral": list(found.minerals),
            "layer": layers,
            "climate_class": np.arange(found.land_area.size),
            "year": list(found.study.years),
        },
        attrs={
            "title": found.study.title,
            "period": [found.study.first_year, found.study.last_year],
            "notes": list(found.notes),
        },
    )  # fmt: skip


def by_group(classes: xr.DataArray) -> xr.DataArray:
    """Sums over the climate groups A to E and what has no class, in the place of the classes."""
    masks = group_masks(classes["climate_class"].values)
    sums = [classes.values[..., mask].sum(axis=-1) for mask in masks.values()]
    dims = [*(dim for dim in classes.dims if dim != "climate_class"), "climate_group"]
    coords: dict[Any, Any] = {
        dim: classes.coords[dim] for dim in dims if dim in classes.coords
    }  # fmt: skip
    return xr.DataArray(np.stack(sums, axis=-1), coords | {"climate_group": list(masks)}, dims)


def readings_table(
    readings: xr.Dataset, target: Target | None = None, tolerance: float = 0.2
) -> pd.DataFrame:
    """One row for each reading: total, mean flux, shares of layers and climate groups.

    With a target: ``log10`` of the total over the target's; root mean square of ln(share / share of
    the target) over the climate groups A to D and over the layers; whether that of the groups is at
    most ``tolerance``. Means over the years with a value; shares in % of the total.

    Raises
    ------
    InputError
        For a target whose number of layers is another.
    """
    totals = readings[BY_CLASS].sum("mineral")
    layers, groups = totals.sum("climate_class"), by_group(totals.sum("layer"))
    whole = layers.sum("layer").values
    table = pd.DataFrame({"reading": readings["reading"].values.astype(str), TOTAL: whole})
    flux = readings[VALID].sum(("mineral", "layer")) / readings["valid_area"].sum("climate_class")
    table[MEAN_FLUX] = 1.0e6 * flux.values
    layer_shares = 100.0 * layers.values / whole[:, None]
    group_shares = 100.0 * groups.values / whole[:, None]
    for name, share in zip(layers["layer"].values, layer_shares.T, strict=True):
        table[f"{LAYER}{name}{SHARE}"] = share
    for name, share in zip(groups["climate_group"].values, group_shares.T, strict=True):
        if name != UNCLASSIFIED or share.any():
            table[f"{name}{SHARE}"] = share
    if target is not None:
        _require_layers(target, layer_shares.shape[1])
        if target.total is not None:
            table[LOG_RATIO] = np.log10(whole / target.total)
        if target.zone_shares is not None:
            fitted = slice(0, _FITTED_GROUPS)
            table[GROUPS_RMS] = rms_ln(group_shares[:, fitted], target.zone_shares[fitted])
            table[FITS] = table[GROUPS_RMS] <= tolerance
        if target.layer_shares is not None:
            table[LAYERS_RMS] = rms_ln(layer_shares, target.layer_shares)
    table["choices"] = [
        ", ".join(f"{key}={choice_text(value)}" for key, value in one.differences().items())
        for one in (Reading(**json.loads(text)) for text in readings["choices"].values)
    ]
    return table


def share_columns(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The columns of a table of readings that hold shares: of climate groups, and of layers."""
    names = [str(name) for name in table if str(name).endswith(SHARE)]
    layers = [name for name in names if name.startswith(LAYER)]
    return [name for name in names if name not in layers], layers


def rms_ln(shares: Array, target: Sequence[float]) -> Array:
    """Root mean square of ln(share / target) over the last axis; infinite for a share of 0.

    >>> rms_ln(np.array([[10.0, 90.0], [20.0, 80.0]]), [10.0, 90.0]).round(4)
    array([0.    , 0.4972])
    """
    with np.errstate(divide="ignore"):
        logs = np.log(shares) - np.log(np.asarray(target))
    return np.asarray(np.sqrt((logs**2).mean(axis=-1)))


def verdict(
    table: pd.DataFrame, readings: xr.Dataset, target: Target | None, tolerance: float
) -> list[str]:
    """What the comparison decides and what it leaves open, as sentences; none without a target."""
    if target is None:
        return ["no target: nothing is decided"]
    lines = [target.text]
    if FITS not in table:
        return lines
    fits = table[FITS].to_numpy(bool)
    lines.append(
        f"shares of the climate groups A to D within {tolerance:g} (rms of ln share): "
        f"{fits.sum()} of {fits.size} readings"
    )
    choices = [json.loads(text) for text in readings["choices"].values]
    lines += _decided(choices, fits)
    if fits.any():
        totals = table.loc[fits, TOTAL]
        low, high = float(totals.min()), float(totals.max())
        lines.append(
            f"totals of these readings: {low:.1f} to {high:.1f} Tg C yr-1, a factor of "
            f"{high / low:.2f}, which the shares do not decide"
        )
    return lines


def _decided(choices: list[dict[str, Any]], fits: npt.NDArray[np.bool_]) -> list[str]:
    """Values of choices that no fitting reading has, and choices of which several fit."""
    out, several = [], []
    for field in choices[0]:
        tried = dict.fromkeys(one[field] for one in choices)
        fitting = dict.fromkeys(
            one[field] for one, fit in zip(choices, fits, strict=True) if fit
        )  # fmt: skip
        out += [f"{field}={choice_text(value)}" for value in tried if value not in fitting]
        if len(fitting) > 1:
            several.append(f"{field}={'|'.join(map(choice_text, fitting))}")
    lines = [f"in no fitting reading: {', '.join(out)}"] if out and fits.any() else []
    return lines + ([f"open among the fitting ones: {', '.join(several)}"] if several else [])


def _require_layers(target: Target, number: int) -> None:
    if target.layer_shares is not None and len(target.layer_shares) != number:
        raise InputError(
            "The target cannot be used (1 problem)",
            [Problem(f"target {target.name}: layers", f"{len(target.layer_shares)} shares",
                     f"one share for each of the {number} layers", "correct the list")],
        )  # fmt: skip
