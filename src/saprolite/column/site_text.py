"""Sites as text: a site written back as TOML, and the commented file to start from."""

from __future__ import annotations

import tomli_w

from saprolite.column.site import Layer, Site
from saprolite.column.site_build import LAYER_NUMBERS, SITE_NUMBERS
from saprolite.column.site_quantities import QUANTITIES, quantity

SITE_TEMPLATE = """\
# A site of saprolite: one soil pit, its layers from the top down.
#
# A value with a unit is in quotes: "5.2 degC", "30 cm", "1.25 g/cm3", "12 mg/L", "350 eq/ha/yr".
# A bare number is a fraction of 1, a pH, or a logarithm; everything else needs its unit, unless
# [units] below gives it once for the whole file. A 0 needs no unit.
# mol counts particles, eq (or molc) their charge: 1 mol of Ca2+ is 2 eq.
# Units are read with their prefixes: ueq, meq, eq, keq; mmolc, kmolc; cm; mg; umol; kPa ...
# Every key without "optional" is needed. Several sites in one file: [[site]], [site.deposition],
# [[site.layer]], [site.layer.minerals]. As a table: one row a layer, a CSV file with the columns
# site, layer, thickness [cm], mineral:albite [%], deposition:Ca [meq/m2/yr], uptake:N [mmol/m2/yr].

name = "My pit"
latitude = 58.06                        # optional, degrees north
longitude = 12.02                       # optional, degrees east
precipitation = "900 mm/yr"
evapotranspiration = "450 mm/yr"        # less than the precipitation: the rest percolates

# Deposition of each ion, wet and dry, in equivalents per area and time; 0 is allowed.
# From kg: kg of S / 32.06 x 2 = keq; kg of N / 14.01 = keq; kg of Ca / 40.08 x 2 = keq ...
[deposition]
Ca = "10 meq/m2/yr"
Mg = "10 meq/m2/yr"
K = "3 meq/m2/yr"
Na = "40 meq/m2/yr"
NH4 = "30 meq/m2/yr"
NO3 = "30 meq/m2/yr"
SO4 = "35 meq/m2/yr"
Cl = "45 meq/m2/yr"

# Net uptake: what the plants take and do not give back (harvest, growth). N in mol.
[uptake]
Ca = "12 meq/m2/yr"
Mg = "3 meq/m2/yr"
K = "5 meq/m2/yr"
N = "25 mmol/m2/yr"

# Optional: critical loads by the simple mass balance. Criterion and unit of its critical value:
# "Bc/Al", "Bc/H" (mol/mol), "aluminium", "ANC" ("200 ueq/L"), "pH",
# "aluminium_mobilisation" (charge of Al to charge of base cations that weather).
# Give denitrification_fraction or denitrification (a flux); acceptable_nitrogen_leaching or
# critical_nitrogen_concentration, or neither. Weathering is the pit's, down to the depth of the
# root zone (the bottom of a layer); or give weathering_Ca, weathering_Mg, weathering_K and
# weathering_Na, each like "12 meq/m2/yr".
# [critical_load]
# criterion = "Bc/Al"
# critical_value = 1.0
# log_gibbsite = 8.0
# nitrogen_immobilisation = "3.6 mmol/m2/yr"
# denitrification_fraction = "10 %"
# acceptable_nitrogen_leaching = "0 mmol/m2/yr"
# minimum_base_concentration = "10 ueq/L"
# depth = "50 cm"

# Optional: the unit of bare numbers, by quantity.
# [units]
# thickness = "cm"
# minerals = "%"
# deposition = "meq/m2/yr"

[[layer]]
name = "E"
thickness = "10 cm"
temperature = "5.2 degC"                # soil temperature, mean of the year
soil_moisture = "25 %"                  # by volume; or: saturation = "60 %" of the pores
bulk_density = "1.1 g/cm3"              # dry, of the whole soil, stones included
clay = "2 %"                            # mass fractions of the whole soil: clay < 2 um,
silt = "22 %"                           # silt 2 to 60 um, sand 60 to 250 um;
sand = "46 %"                           # what is missing to 100 % is coarse and counts no area
# surface_area = "1.5 m2/g"             # measured, in the place of clay, silt, sand (or m2/m3)
co2 = "2800 ppm"                        # CO2 of the soil air: ppm of 1 atm, %, atm, kPa
doc = "30 mg/L"                         # dissolved organic carbon, as C; 0 is allowed
log_gibbsite = 7.5                      # x of [Al3+] = 10^x [H+]^n, concentrations in mol/L
gibbsite_exponent = 3                   # optional, n; 3 is the default
evapotranspiration_share = "60 %"       # part of the site's; the layers add up to 100 %
uptake_share = "60 %"                   # part of the site's; the layers add up to 100 %
nitrification = "10 %"                  # part of the NH4; needed where NH4 is deposited

# Optional: solution chemistry, for models that do not compute it. Any of
# ph = 4.2
# aluminium = "8 umol/L"                # Al3+
# base_cations = "200 umol/L"           # molar sum Ca + Mg + K + Na
# organic_acid = "150 ueq/L"            # organic anions
# silica = "100 umol/L"
# calcium = "30 umol/L"
# magnesium = "30 umol/L"
# potassium = "15 umol/L"
# sodium = "125 umol/L"

# Mass fractions of the whole soil; what is missing to 100 % is inert (quartz) or organic.
[layer.minerals]
k_feldspar = "14 %"
oligoclase = "12 %"
hornblende = "0.5 %"
muscovite = "3 %"

[[layer]]
name = "B"
thickness = "40 cm"
temperature = "5.2 degC"
soil_moisture = "22 %"
bulk_density = "1.25 g/cm3"
clay = "3 %"
silt = "20 %"
sand = "42 %"
co2 = "6000 ppm"
doc = "8 mg/L"
log_gibbsite = 8.5
evapotranspiration_share = "40 %"
uptake_share = "40 %"
nitrification = 0

[layer.minerals]
k_feldspar = "16 %"
oligoclase = "15 %"
hornblende = "1.5 %"
epidote = "1 %"
biotite = "0.5 %"
muscovite = "4 %"
chlorite = "0.5 %"
vermiculite = "2 %"
apatite = "0.2 %"
"""


def site_to_toml(site: Site) -> str:
    """A site as a TOML file in the units of the program; reading it gives an equal site.

    >>> import tomllib
    >>> from saprolite.column.site import Layer, Site
    >>> layer = Layer(name="B", thickness=0.3, temperature=278.35, saturation=0.6, co2=0.006,
    ...               surface_area=1.8e6, doc=0.008, log_gibbsite=8.5, minerals={},
    ...               evapotranspiration_share=1.0, uptake_share=1.0)
    >>> site = Site(name="P", precipitation=0.9, evapotranspiration=0.4, layers=(layer,),
    ...             deposition=dict.fromkeys(("Ca", "Mg", "K", "Na", "NH4", "NO3", "SO4", "Cl"), 0),
    ...             uptake=dict.fromkeys(("Ca", "Mg", "K", "N"), 0))
    >>> tomllib.loads(site_to_toml(site))["layer"][0]["temperature"]
    '278.35 K'
    """
    content: dict[str, object] = {"name": site.name, **_values(site, SITE_NUMBERS)}
    content["deposition"] = _group("deposition", dict(site.deposition))
    content["uptake"] = _group("uptake", dict(site.uptake))
    if site.critical_load is not None:
        content["critical_load"] = _group("critical_load", dict(site.critical_load))
    content["layer"] = [
        {
            "name": layer.name,
            **_values(layer, LAYER_NUMBERS),
            "minerals": _group("minerals", dict(layer.minerals)),
        }
        for layer in site.layers
    ]
    header = "# Resolved site: every value in the units of the program, defaults included.\n"
    return header + tomli_w.dumps(content)


def _values(record: Layer | Site, keys: tuple[str, ...]) -> dict[str, object]:
    found = {key: getattr(record, key) for key in keys}
    return {key: _typed(key, value) for key, value in found.items() if value is not None}


def _group(group: str, values: dict[str, float] | dict[str, float | str]) -> dict[str, object]:
    return {key: _typed(f"{group}.{key}", value) for key, value in values.items()}


def _typed(name: str, value: float | str) -> object:
    """A value as it is typed: with its unit where the quantity needs one."""
    if isinstance(value, str):
        return value
    known = name in QUANTITIES or name.partition(".")[0] in QUANTITIES
    if known and quantity(name).kind == "measure":
        return f"{float(value)!r} {quantity(name).unit}"
    return float(value)
