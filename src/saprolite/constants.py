"""Physical constants and the printed coefficients of the equations: one home, each with its source.

Every number is a plain float, so that the equations can be compiled; ``TABLE`` keeps what it is,
its unit, its source and how sure we are of it. Confidence codes:

``exact``  a definition · ``S`` printed in the manuscript · ``R`` read in the named public source ·
``C`` computed · ``I`` inferred · ``U`` recalled, to be verified (a run that uses one lists it).

    >>> REFERENCE_TEMPERATURE
    281.15
    >>> TABLE["BROOK_INTERCEPT"].confidence
    'U'
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """A number with its unit, meaning, source and confidence."""

    name: str
    value: float
    unit: str
    meaning: str
    source: str
    confidence: str


TABLE: dict[str, Constant] = {}


def _constant(name: str, value: float, unit: str, meaning: str, source: str, conf: str) -> float:
    TABLE[name] = Constant(name, value, unit, meaning, source, conf)
    return value


_MS = "manuscript"
_SW1995 = "Sverdrup & Warfvinge 1995"
_SI = "SI Brochure, 9th edition"

LN10 = _constant("LN10", 2.302585092994046, "1", "natural logarithm of 10", "mathematics", "exact")

SECONDS_PER_DAY = _constant("SECONDS_PER_DAY", 86400.0, "s d-1", "length of a day", _SI, "exact")
DAYS_PER_YEAR = _constant(
    "DAYS_PER_YEAR", 365.25, "d yr-1", "mean (Julian) year", "astronomical convention", "exact"
)
FREEZING_POINT = _constant("FREEZING_POINT", 273.15, "K", "0 degC", _SI, "exact")

BROOK_INTERCEPT = _constant(
    "BROOK_INTERCEPT",
    -3.47,
    "1",
    "Eq 2: log10 of the PCO2 (atm) at ET = 0",
    "Brook et al. 1983 (recalled; the manuscript prints 3.7)",
    "U",
)
BROOK_AMPLITUDE = _constant(
    "BROOK_AMPLITUDE", 2.09, "1", "Eq 2: rise of log10 PCO2 from ET = 0 to infinity", _MS, "S"
)
BROOK_RATE = _constant(
    "BROOK_RATE", 0.00172, "yr mm-1", "Eq 2: how fast log10 PCO2 rises with annual ET", _MS, "S"
)

ARRHENIUS_COEFFICIENT = _constant(
    "ARRHENIUS_COEFFICIENT", 3600.0, "K", "Eq 5: A, base e, one value for all minerals", _MS, "S"
)
REFERENCE_TEMPERATURE = _constant(
    "REFERENCE_TEMPERATURE", 281.15, "K", "Eq 5: laboratory temperature, 8 degC", _MS, "S"
)

CLAY_AREA = _constant(
    "CLAY_AREA", 8.0e6, "m2 m-3", "Eq 6: area of clay (< 2 um)", f"{_MS}; {_SW1995} eq 34", "S"
)
SILT_AREA = _constant(
    "SILT_AREA", 2.2e6, "m2 m-3", "Eq 6: area of silt (2-60 um)", f"{_MS}; {_SW1995} eq 34", "S"
)
SAND_AREA = _constant(
    "SAND_AREA", 0.3e6, "m2 m-3", "Eq 6: area of sand (60-250 um)", f"{_MS}; {_SW1995} eq 34", "S"
)
COARSE_SAND_AREA = _constant(
    "COARSE_SAND_AREA",
    0.05e6,
    "m2 m-3",
    "area of coarse sand (> 250 um), reduced form",
    "NutsFor manual, citing Sverdrup 1996",
    "R",
)
REFERENCE_DENSITY = _constant(
    "REFERENCE_DENSITY",
    1000.0,
    "kg m-3",
    "rho_0 of the density factor of the surface area",
    f"computed from the units of {_SW1995} eq 34",
    "C",
)

PARTICLE_DENSITY = _constant(
    "PARTICLE_DENSITY",
    2650.0,
    "kg m-3",
    "Eq 7: density of the soil minerals",
    "density of quartz; value of the worked cell",
    "C",
)
WATER_DENSITY = _constant(
    "WATER_DENSITY", 1000.0, "kg m-3", "density of liquid water", "convention", "exact"
)

FREEZING_WIDTH = _constant(
    "FREEZING_WIDTH",
    2.0,
    "K",
    "Eq 1, linear form: width of the freezing window below 0 degC",
    "land-surface models (recalled)",
    "U",
)
LOGISTIC_WIDTH = _constant(
    "LOGISTIC_WIDTH", 0.5, "K", "Eq 1, logistic form: scale s", "test version of Eq 1", "I"
)

CARBON_MOLAR_MASS = _constant(
    "CARBON_MOLAR_MASS", 12.011, "kg kmol-1", "molar mass of carbon", "IUPAC 2021", "R"
)
CO2_MOLAR_MASS = _constant(
    "CO2_MOLAR_MASS", 44.009, "kg kmol-1", "molar mass of carbon dioxide", "IUPAC 2021", "R"
)

WGS84_SEMI_MAJOR_AXIS = _constant(
    "WGS84_SEMI_MAJOR_AXIS",
    6378137.0,
    "m",
    "equatorial radius of the ellipsoid",
    "NIMA TR8350.2",
    "exact",
)
WGS84_FLATTENING = _constant(
    "WGS84_FLATTENING",
    1.0 / 298.257223563,
    "1",
    "flattening of the ellipsoid",
    "NIMA TR8350.2",
    "exact",
)
MEAN_EARTH_RADIUS = _constant(
    "MEAN_EARTH_RADIUS",
    6371007.1809,
    "m",
    "radius of the sphere with the ellipsoid's area",
    "computed from WGS 84 (authalic radius)",
    "C",
)

ORGANIC_ORDER = _constant(
    "ORGANIC_ORDER",
    0.5,
    "1",
    "order of the organic pathway in the rate law",
    f"{_SW1995} eq 28 (as quoted)",
    "R",
)
_OLIVER = "Oliver et al. 1983 (recalled)"
OLIVER_OFFSET = _constant(
    "OLIVER_OFFSET", 0.96, "1", "pK of organic acid: constant term", _OLIVER, "U"
)
OLIVER_LINEAR = _constant(
    "OLIVER_LINEAR", 0.90, "1", "pK of organic acid: factor of pH", _OLIVER, "U"
)
OLIVER_QUADRATIC = _constant(
    "OLIVER_QUADRATIC", -0.039, "1", "pK of organic acid: factor of pH squared", _OLIVER, "U"
)
DEBYE_HUECKEL_A = _constant(
    "DEBYE_HUECKEL_A",
    0.5,
    "kmol-0.5 m1.5",
    "Debye-Hueckel slope A",
    "MAGIC core (Mobius2 @6f61616)",
    "R",
)
DAVIES_LINEAR = _constant(
    "DAVIES_LINEAR", 0.3, "m3 kmol-1", "linear term of Davies' equation", "PHREEQC", "R"
)

GAS_CONSTANT = _constant(
    "GAS_CONSTANT",
    8.31446261815324e-3,
    "kJ mol-1 K-1",
    "molar gas constant",
    "CODATA 2018 (product of two defined constants)",
    "exact",
)
STANDARD_TEMPERATURE = _constant(
    "STANDARD_TEMPERATURE", 298.15, "K", "25 degC, reference of log K", "convention", "exact"
)

ALUMINIUM_CHARGE = _constant(
    "ALUMINIUM_CHARGE", 3.0, "kmol_c kmol-1", "charge of Al3+", "chemistry", "exact"
)
BASE_CATION_CHARGE = _constant(
    "BASE_CATION_CHARGE",
    2.0,
    "kmol_c kmol-1",
    "charge of Bc = Ca + Mg + K in molar ratios, K counted as divalent",
    "factor 1.5 = 3/2 of the Mapping Manual V.3 (recalled)",
    "U",
)
MOL_PER_KMOL = _constant("MOL_PER_KMOL", 1000.0, "mol kmol-1", "kilo", _SI, "exact")
MINIMUM_BASE_CONCENTRATION = _constant(
    "MINIMUM_BASE_CONCENTRATION",
    1.0e-5,
    "kmol_c m-3",
    "[Bc]min, Ca + Mg + K that roots leave in the water (0.01 eq m-3)",
    "Mapping Manual V.3 (recalled; PROFILE 1.5e-5)",
    "U",
)

_SEA_SALT = "NIVA critical_loads_2 @b464e053, ratios to chloride"
SEA_SALT_CA = _constant("SEA_SALT_CA", 0.037, "1", "Ca to Cl in sea water, charge", _SEA_SALT, "R")
SEA_SALT_MG = _constant("SEA_SALT_MG", 0.196, "1", "Mg to Cl in sea water, charge", _SEA_SALT, "R")
SEA_SALT_K = _constant("SEA_SALT_K", 0.018, "1", "K to Cl in sea water, charge", _SEA_SALT, "R")
SEA_SALT_NA = _constant("SEA_SALT_NA", 0.859, "1", "Na to Cl in sea water, charge", _SEA_SALT, "R")
SEA_SALT_SO4 = _constant(
    "SEA_SALT_SO4", 0.103, "1", "SO4 to Cl in sea water, charge", _SEA_SALT, "R"
)
