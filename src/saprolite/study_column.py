"""The [column] section of a study file: the soil column on the grid, and what no map gives.

Every input is a constant in the unit that its name states, a list with one value per layer of the
forcing (from the surface down), or a map: ``{ path = ..., variable = ..., units = ... }``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from saprolite.column.site import GIBBSITE_EXPONENT
from saprolite.column.site_quantities import quantity
from saprolite.study_section import Closed

MODEL_NAMES = Literal["profile-co2", "profile", "simple", "witch-type"]
CO2_MODEL: Literal["profile-co2"] = "profile-co2"
CARBON_MEANING = MappingProxyType(
    {
        "base_cations": "CO2 as charge of all base cations that weather, carbonates half",
        "co2_pathway": "CO2 as charge of the base cations that the CO2 pathway releases",
        "alkalinity_export": "bicarbonate and carbonate that percolate out, by layer their gain",
    }
)


class MapField(Closed):
    """A field of a NetCDF file, brought onto the cells by conservative means."""

    path: str
    variable: str
    units: str | None = Field(None, description="if the file states none")
    horizons_m: list[float] | None = Field(
        None, description="depths of the horizons' borders, m; none: the same in every layer"
    )


def _one_message(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    """One error that says what is accepted, instead of one for each form that does not fit."""
    try:
        return handler(value)
    except ValidationError:
        raise ValueError(
            "a number, a list with one number per layer (where layers differ), or "
            '{ path = "...", variable = "...", units = "..." }'
        ) from None


PerCell = Annotated[float | MapField, WrapValidator(_one_message)]
PerLayer = Annotated[float | list[float] | MapField, WrapValidator(_one_message)]


class Deposition(Closed):
    """What falls on the soil; a base cation, acid anion or ammonium each, meq m-2 yr-1."""

    Ca: PerCell | None = None
    Mg: PerCell | None = None
    K: PerCell | None = None
    Na: PerCell | None = None
    NH4: PerCell | None = None
    NO3: PerCell | None = None
    SO4: PerCell | None = None
    Cl: PerCell | None = None


class Uptake(Closed):
    """Net uptake by plants over all layers, meq m-2 yr-1 (N: mmol m-2 yr-1)."""

    Ca: PerCell | None = None
    Mg: PerCell | None = None
    K: PerCell | None = None
    N: PerCell | None = None


class Prescribed(Closed):
    """The soil solution where it is given and not solved."""

    ph: PerLayer | None = None
    aluminium_umol_L: PerLayer | None = Field(None, description="Al3+; else from log_gibbsite")
    base_cations_umol_L: PerLayer | None = Field(None, description="Ca + Mg + K + Na, molar")
    organic_acid_ueq_L: PerLayer | None = Field(None, description="anions; else from doc_mg_L")
    silica_umol_L: PerLayer | None = None
    calcium_umol_L: PerLayer | None = None
    magnesium_umol_L: PerLayer | None = None
    potassium_umol_L: PerLayer | None = None
    sodium_umol_L: PerLayer | None = None


class Column(Closed):
    """The soil column of ``model`` = profile, simple or witch-type on every cell."""

    averaging: Literal["annual", "climatology"] | None = Field(
        None, description="means of each year, or of all years together (the same flux every year)"
    )
    experiment: Literal["control", "soil_moisture", "soil_temperature", "evapotranspiration"] = (
        Field("control", description="the one driver that varies; the others keep the base year")
    )
    base_year: int | None = Field(None, description="default: the first year")
    carbon: Literal["base_cations", "co2_pathway", "alkalinity_export"] | None = Field(
        None, description="what the carbon sink flux is"
    )
    minimum_percolation_mm_yr: float | None = Field(
        None, gt=0.0, le=1000.0, description="least water that leaves a layer"
    )
    precipitation_mm_yr: PerCell | None = None
    percolation_mm_yr: PerLayer | None = Field(
        None, description="instead of precipitation less evapotranspiration"
    )
    evapotranspiration_share: PerLayer | None = Field(None, description="of each layer; sum 1")
    uptake_share: PerLayer | None = Field(None, description="of each layer; sum 1")
    doc_mg_L: PerLayer | None = None
    log_gibbsite: PerLayer | None = None
    gibbsite_exponent: PerLayer = GIBBSITE_EXPONENT
    nitrification: PerLayer | None = Field(None, description="nitrified part of the NH4, 0 to 1")
    soil_co2_atm: PerLayer | None = Field(None, description="else Eq 2 on evapotranspiration")
    reading: dict[str, Any] = Field(default_factory=dict)
    deposition_meq_m2_yr: Deposition = Deposition()
    uptake_meq_m2_yr: Uptake = Uptake()
    primary_minerals: dict[str, PerLayer] | None = Field(
        None, description="mass fraction of the soil, besides the clay minerals; empty: none"
    )
    prescribed: Prescribed = Prescribed()

    def given(self) -> dict[str, float | list[float] | MapField]:
        """What the section gives, by the name of :data:`FIELDS`."""
        found: dict[str, Any] = {}
        for key, field in FIELDS.items():
            value: Any = self
            for part in key.split("."):
                value = getattr(value, part)
            if value is not None:
                found[field.name] = value
        for mineral, value in (self.primary_minerals or {}).items():
            found[f"minerals.{mineral}"] = value
        return found


class ColumnField(NamedTuple):
    """An input of the column: its name inside, the unit of a constant, the units that a map may
    have with their factors to SI, whether layers differ, and the plausible range in SI."""

    name: str
    unit: str
    factors: Mapping[str, float]
    per_layer: bool
    low: float
    high: float

    @property
    def factor(self) -> float:
        """From the unit of a constant to SI."""
        return self.factors[self.unit]


_FLUX = {"kmol_c m-2 yr-1": 1.0, "eq m-2 yr-1": 1e-3, "meq m-2 yr-1": 1e-6, "eq ha-1 yr-1": 1e-7}
_NITROGEN = {**_FLUX, "kmol m-2 yr-1": 1.0, "mmol m-2 yr-1": 1e-6, "mol ha-1 yr-1": 1e-7}
_WATER = {"m yr-1": 1.0, "mm yr-1": 1e-3}
_SHARE = {"1": 1.0, "%": 1e-2}
_AMOUNT = {"kmol m-3": 1.0, "umol L-1": 1e-6}
_CHARGE = {"kmol_c m-3": 1.0, "ueq L-1": 1e-6}
# A desert has less rain than the site of a soil pit; percolation may be next to nothing.
_WATER_RANGE = (0.0, 15.0)


def _field(
    name: str, unit: str, factors: Mapping[str, float], per_layer: bool = True
) -> ColumnField:
    low, high = _WATER_RANGE
    if name not in ("precipitation", "percolation"):
        low, high = quantity(name).low, quantity(name).high
    return ColumnField(name, unit, MappingProxyType(dict(factors)), per_layer, low, high)


MINERAL = _field("minerals", "1", _SHARE)
FIELDS: Mapping[str, ColumnField] = MappingProxyType(
    {
        "precipitation_mm_yr": _field("precipitation", "mm yr-1", _WATER, per_layer=False),
        "percolation_mm_yr": _field("percolation", "mm yr-1", _WATER),
        "evapotranspiration_share": _field("evapotranspiration_share", "1", _SHARE),
        "uptake_share": _field("uptake_share", "1", _SHARE),
        "doc_mg_L": _field("doc", "mg L-1", {"kg m-3": 1.0, "mg L-1": 1e-3}),
        "log_gibbsite": _field("log_gibbsite", "1", {"1": 1.0}),
        "gibbsite_exponent": _field("gibbsite_exponent", "1", {"1": 1.0}),
        "nitrification": _field("nitrification", "1", _SHARE),
        "soil_co2_atm": _field("co2", "atm", {"atm": 1.0, "ppm": 1e-6}),
        **{
            f"deposition_meq_m2_yr.{ion}": _field(
                f"deposition.{ion}", "meq m-2 yr-1", _FLUX, per_layer=False
            )
            for ion in Deposition.model_fields
        },
        **{
            f"uptake_meq_m2_yr.{ion}": _field(
                f"uptake.{ion}",
                "mmol m-2 yr-1" if ion == "N" else "meq m-2 yr-1",
                _NITROGEN if ion == "N" else _FLUX,
                per_layer=False,
            )
            for ion in Uptake.model_fields
        },
        "prescribed.ph": _field("ph", "1", {"1": 1.0}),
        **{
            f"prescribed.{name}_umol_L": _field(name, "umol L-1", _AMOUNT)
            for name in (
                "aluminium", "base_cations", "silica", "calcium", "magnesium", "potassium",
                "sodium",
            )
        },
        "prescribed.organic_acid_ueq_L": _field("organic_acid", "ueq L-1", _CHARGE),
    }
)  # fmt: skip
KEYS: Mapping[str, str] = MappingProxyType({field.name: key for key, field in FIELDS.items()})


def key_of(name: str) -> str:
    """Where the study file gives an input.

    >>> key_of("deposition.Ca"), key_of("minerals.albite")
    ('deposition_meq_m2_yr.Ca', 'primary_minerals.albite')
    """
    if name.startswith("minerals."):
        return f"primary_minerals.{name.partition('.')[2]}"
    return KEYS[name]


def field_of(name: str) -> ColumnField:
    """The input of that name.

    >>> field_of("doc").factor
    0.001
    """
    return MINERAL if name.startswith("minerals.") else FIELDS[KEYS[name]]
