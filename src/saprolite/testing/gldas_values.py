"""The 36 fields of a GLDAS Noah month, made from the nine that the demo planet has. Not data.

The others follow from these by rules of thumb, so that each has a plausible size and sign and two
budgets close: rain and snow = evapotranspiration + runoff, and net radiation = latent + sensible +
ground heat. Version 2.0 differs from 2.1 by a known ratio or difference.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.constants import FREEZING_POINT
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.gldas import LAYER_DEPTHS
from saprolite.sources.gldas_files import EVAPOTRANSPIRATION, MOISTURE, TEMPERATURE
from saprolite.sources.gldas_layout import Field

Array = npt.NDArray[np.float64]
STEP_SECONDS = 10800.0  # of three hours, what an _acc field is a sum over
_LATENT_HEAT = 2.5e6  # J kg-1
_WATER = 1000.0  # kg m-3
_ICE_SHEET = 8.0e4  # kg m-2 of snow on land ice
_SHARE_ON_SURFACE, _SHARE_BELOW = 0.1, 0.3  # runoff per evapotranspiration


@dataclass(frozen=True)
class Seam:
    """What version 2.1 is to version 2.0: ratios of evapotranspiration and of soil moisture, and a
    difference of soil temperature in K."""

    evapotranspiration: float = 1.15
    soil_moisture: float = 1.05
    soil_temperature: float = 0.4


@cache
def published_fields() -> tuple[Field, ...]:
    """The 36 fields of GLDAS Noah monthly, in the order of the files."""
    source = resources.files("saprolite.testing").joinpath("data", "gldas_noah_fields.csv")
    lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    return tuple(Field(**row) for row in csv.DictReader(lines))


def month_of(year: ForcingYear, month: int, ice: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """The nine fields that a run reads, in the units of the files; ``month`` counts from 0."""
    fields: dict[str, Array] = {}
    for layer, (name, depth) in enumerate(zip(MOISTURE, LAYER_DEPTHS, strict=True)):
        wet = np.asarray(year.soil_moisture[month, layer], np.float64)
        fields[name] = _WATER * depth * np.where(ice, 1.0, wet)
    for layer, name in enumerate(TEMPERATURE):
        fields[name] = np.asarray(year.soil_temperature[month, layer], np.float64)
    fields[EVAPOTRANSPIRATION] = np.asarray(year.evapotranspiration[month], np.float64)
    return fields


def older(fields: Mapping[str, Array], seam: Seam, ice: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """The nine fields of version 2.0 from those of 2.1; land ice keeps its moisture."""
    result = dict(fields)
    for name in MOISTURE:
        result[name] = np.where(ice, fields[name], fields[name] / seam.soil_moisture)
    for name in TEMPERATURE:
        result[name] = fields[name] - seam.soil_temperature
    result[EVAPOTRANSPIRATION] = fields[EVAPOTRANSPIRATION] / seam.evapotranspiration
    return result


def all_fields(nine: Mapping[str, Array], ice: npt.NDArray[np.bool_]) -> dict[str, Array]:
    """All 36 fields from the nine; units as in ``published_fields``."""
    rate = nine[EVAPOTRANSPIRATION]
    ground, deep = nine[TEMPERATURE[0]], nine[TEMPERATURE[3]]
    wetting = np.maximum(rate, 0.0) * STEP_SECONDS
    surface, below = _SHARE_ON_SURFACE * wetting, _SHARE_BELOW * wetting
    precipitation = rate + (surface + below) / STEP_SECONDS
    cold = ground < FREEZING_POINT
    snow_depth = np.where(ice, _ICE_SHEET, np.where(cold, 30.0, 0.0))
    evaporated = _LATENT_HEAT * np.maximum(rate, 0.0)
    latent, sensible, into_ground = _LATENT_HEAT * rate, 0.6 * evaporated + 5.0, ground - deep
    longwave_down = 5.67e-8 * (ground - 10.0) ** 4
    longwave = longwave_down - 5.67e-8 * ground**4
    shortwave = latent + sensible + into_ground - longwave
    albedo = np.where(ice, 75.0, np.where(cold, 45.0, 20.0))
    made = {
        "Swnet_tavg": shortwave,
        "Lwnet_tavg": longwave,
        "Qle_tavg": latent,
        "Qh_tavg": sensible,
        "Qg_tavg": into_ground,
        "Snowf_tavg": np.where(cold, np.maximum(precipitation, 0.0), 0.0),
        "Rainf_tavg": np.where(cold, 0.0, np.maximum(precipitation, 0.0)),
        "Qs_acc": surface,
        "Qsb_acc": below,
        "Qsm_acc": np.where(cold, 0.05, 0.0),
        "AvgSurfT_inst": ground,
        "Albedo_inst": albedo,
        "SWE_inst": snow_depth,
        "SnowDepth_inst": snow_depth / 250.0,
        "PotEvap_tavg": 1.5 * evaporated + 10.0,
        "ECanop_tavg": 0.25 * evaporated,
        "Tveg_tavg": 0.4 * evaporated,
        "ESoil_tavg": 0.35 * evaporated,
        "RootMoist_inst": sum((nine[name] for name in MOISTURE[:3]), np.zeros_like(rate)),
        "CanopInt_inst": np.where(rate > 0.0, 0.1, 0.0),
        "Wind_f_inst": np.full_like(rate, 3.0),
        "Rainf_f_tavg": precipitation,
        "Tair_f_inst": ground - 1.0,
        "Qair_f_inst": 4.0e-3 * np.exp((ground - FREEZING_POINT) / 15.0),
        "Psurf_f_inst": np.full_like(rate, 9.4e4),
        "SWdown_f_tavg": shortwave / (1.0 - albedo / 100.0),
        "LWdown_f_tavg": longwave_down,
    }
    return {field.name: _one_of(field.name, nine, made) for field in published_fields()}


def _one_of(name: str, *sources: Mapping[str, Any]) -> Array:
    return next(np.asarray(source[name]) for source in sources if name in source)
