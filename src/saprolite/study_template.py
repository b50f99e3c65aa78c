"""Studies to start from: the commented file of ``saprolite init``, and the demo planet."""

from __future__ import annotations

from typing import Any

TEMPLATE = """# A saprolite study. Check it with: saprolite check {name}
# Input paths start from data_root (itself relative to this file); the environment variable
# SAPROLITE_DATA takes the place of data_root.

title = "My study"
first_year = 2012
last_year = 2022
data_root = "."

# Which reading of the equations. Presets: canonical, profile_physical, profile_original,
# manuscript_literal, raw_formula_base10, raw_surface_base10. Any field can be changed here;
# saprolite explain shows what each equation then is.
[reading]
preset = "canonical"
# et_mode = "annual"            # monthly_x12 | annual | trailing12 | monthly_raw
# moisture_density = "moist"    # dry | moist | theta_only
# density_factor = "bulk"       # none | bulk

# The minerals whose weathering is added up.
[minerals]
names = ["chlorite", "smectite", "mica", "illite", "vermiculite"]

[grid]
earth = "wgs84"                 # wgs84 | sphere: shape for the cell areas
# resolution_deg = 2.0          # coarser cells than the forcing's: drivers are averaged onto them
# region = [-10.0, 35.0, 30.0, 60.0]   # west, south, east, north: cells with their centre inside

# GLDAS Noah monthly: a folder of GLDAS_NOAH..._M.AYYYYMM.02x.nc4 files, or one file of months.
[inputs.forcing]
product = "gldas"               # gldas (path) | demo (resolution_deg)
path = "gldas/"

# Climate classes, for the totals by climate group and for the tables by class.
[inputs.climate]
product = "koeppen"             # koeppen (path) | demo
path = "koppen_geiger_0p1.tif"

# Clay, silt and sand as mass fractions.
[inputs.texture]
product = "wise"                # wise (path) | netcdf (path, clay, silt, sand, units, horizons_m)
path = "soilmap.dat"            # | constant (clay, silt, sand) | climate_class

# Dry bulk density.
[inputs.bulk_density]
product = "constant"            # gsde (path) | netcdf (path, variable, units, horizons_m)
kg_m3 = [1320.0, 1380.0, 1380.0, 1380.0]   # | constant (kg_m3: one value, or one per layer)

# Shares of the clay-size fraction.
[inputs.minerals]
product = "climate_class"       # ito_wagai (path, units) | constant (shares)
                                # | climate_class (illustrative, not data)

# Soil thickness.
[inputs.thickness]
product = "constant"            # raster (path, units) | constant (metres)
metres = 2.0                    # | climate_class (illustrative, not data)

# Only with reading.atmosphere = "series":
# [inputs.atmospheric_co2]
# path = "co2.csv"              # columns year, co2_ppm

[engine]
cells_per_block = 20000         # memory per step; no result depends on it

[output]
store_forcing = "auto"          # auto (below 2 GB) | always | never: forcing in inputs.zarr
"""


def demo_content(resolution_deg: float = 2.0) -> dict[str, Any]:
    """The study of the demo planet."""
    return {
        "title": "Demo planet (made-up weather and minerals, not data)",
        "first_year": 1970,
        "last_year": 2018,
        "inputs": {
            "forcing": {"product": "demo", "resolution_deg": resolution_deg},
            "climate": {"product": "demo"},
            "texture": {"product": "climate_class"},
            "bulk_density": {"product": "constant", "kg_m3": [1320.0, 1380.0, 1380.0, 1380.0]},
            "minerals": {"product": "climate_class"},
            "thickness": {"product": "climate_class"},
        },
    }
