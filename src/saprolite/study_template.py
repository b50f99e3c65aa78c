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
model = "profile-co2"           # CO2 pathway on monthly drivers; or a soil column on means (needs
                                # [column]): profile | simple (given soil water) | witch-type

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
product = "gldas"               # gldas, era5_land, cmip (path) | change_factors (below)
                                # | demo (resolution_deg)
path = "gldas/"                 # or path_2_0 and path_2_1, a folder for each version
# seam = "scale"                # where both versions are there: splice (as they are) | scale (one
                                # brought to the other) | 2.0-only (to 2014) | 2.1-only (from 2000)
# seam_year = 2000              # splice, scale: first year that is taken from 2.1
# scaled_version = "2.0"        # scale: the version that is brought to the other
# overlap_years = [2000, 2014]  # scale: years to scale by; default: all that both have
# early_product = "accept"      # refuse | accept: months without GPCP precipitation

# A scenario, in its place: what a climate model says of the change, on an observed forcing.
# [inputs.forcing]
# product = "change_factors"
# base_years = [1985, 2014]     # years of both whose means are compared
# soil_moisture = "ratio"       # ratio | difference; evapotranspiration, too
# [inputs.forcing.base]
# product = "gldas"             # gldas | era5_land | demo
# path = "gldas/"
# [inputs.forcing.model]
# product = "cmip"
# path = "cmip/"                # files of one model, historical and a scenario

# Evapotranspiration of another product than that of the forcing:
# [inputs.evapotranspiration]
# product = "mod16"             # mod16, mod16_8day, era5_land (path)
# path = "mod16/"
# other_years = "scale"         # years without it: scale (the forcing's, brought to its level)
#                               # | splice (the forcing's as it is)

# What saprolite prepare packed from these files, in their place:
# [inputs.packed]
# path = "packed/my_study"

# Climate classes, for the totals by climate group and for the tables by class.
[inputs.climate]
product = "koeppen"             # koeppen (path) | koeppen_rubel (path) | demo
path = "koppen_geiger_0p1.tif"

# Clay, silt and sand as mass fractions.
[inputs.texture]
product = "wise"                # wise, gsde, soilgrids, hwsd (path)
                                # | netcdf (path, clay, silt, sand, units, horizons_m)
path = "soilmap.dat"            # | constant (clay, silt, sand) | climate_class

# Dry bulk density.
[inputs.bulk_density]
product = "constant"            # gsde, soilgrids, hwsd (path)
                                # | netcdf (path, variable, units, horizons_m)
kg_m3 = [1320.0, 1380.0, 1380.0, 1380.0]   # | constant (kg_m3: one value, or one per layer)

# Shares of the clay-size fraction.
[inputs.minerals]
product = "climate_class"       # ito_wagai (path, units) | constant (shares)
                                # | climate_class (illustrative, not data)

# Soil thickness.
[inputs.thickness]
product = "constant"            # pelletier (path, maps) | shangguan (path) | raster (path, units)
metres = 2.0                    # | constant (metres) | climate_class (illustrative, not data)

# Only with reading.atmosphere = "series":
# [inputs.atmospheric_co2]
# path = "co2.csv"              # columns year, co2_ppm

# The soil column, for model = "profile" (full chemistry), "simple" or "witch-type". No map of the
# globe gives these inputs: each is a constant in the unit of its name, a list with one value per
# layer, or a map {{ path = "x.nc", variable = "x", units = "..." }}. The values show the form; they
# are no data. Without the first "# " of each line from here to COLUMN ENDS this is a complete set.
# [column]
# averaging = "annual"                  # annual | climatology (means of all years, solved once)
# experiment = "control"                # control | soil_moisture | soil_temperature |
#                                       # evapotranspiration: it alone varies, not the others
# # base_year = 2012                    # what the others are; default: the first year
# carbon = "base_cations"               # the carbon sink: CO2 as charge of the base cations that
#                                       # weather | co2_pathway (by CO2 alone) | alkalinity_export
# precipitation_mm_yr = 1000.0          # or percolation_mm_yr = [600.0, 500.0, 450.0, 430.0]
# minimum_percolation_mm_yr = 10.0      # least percolation, where evapotranspiration takes it all
# evapotranspiration_share = [0.5, 0.3, 0.2, 0.0]
# uptake_share = [0.5, 0.3, 0.2, 0.0]
# doc_mg_L = [30.0, 15.0, 5.0, 3.0]
# log_gibbsite = [6.5, 7.6, 8.5, 8.5]
# gibbsite_exponent = 3.0
# nitrification = 1.0
# # soil_co2_atm = 0.01                 # else from evapotranspiration (Eq 2, [reading])
#
# [column.reading]                      # saprolite explain shows all of them
# rate_law = "sverdrup_warfvinge_1995"  # | nutsfor | sverdrup_2019 (with its own table)
# kinetic_rows = {{ smectite = "Smectite_pkH_14.9" }}   # its first row prints a pkH of 4.9
#
# [column.deposition_meq_m2_yr]
# Ca = 15.0
# Mg = 8.0
# K = 3.0
# Na = 20.0
# NH4 = 20.0
# NO3 = 20.0
# SO4 = 30.0
# Cl = 25.0
#
# [column.uptake_meq_m2_yr]             # N: mmol m-2 yr-1
# Ca = 10.0
# Mg = 3.0
# K = 3.0
# N = 30.0
#
# [column.primary_minerals]             # mass fraction of the soil, besides clay minerals x clay
# k_feldspar = 0.10
# albite = [0.08, 0.10, 0.12, 0.12]
#
# [column.prescribed]                   # for model = "simple" only
# ph = [4.8, 5.2, 5.6, 6.0]
# base_cations_umol_L = [150.0, 150.0, 200.0, 250.0]
# COLUMN ENDS

# Runs in which one driver follows the years and the others repeat the months of the base year,
# all in the same pass; shapley: what each driver contributes to the change since the base year.
[experiments]
run = []                        # soil_moisture, soil_temperature, soil_co2, frozen_soil, shapley
# base_year = 1970              # by default the first year
# frozen_soil = "fixed"         # follows | fixed: where soil temperature varies alone

# Trends given a level shift at a year in which a source changes, beside the plain ones:
# [trends]
# break_year = 2000             # first year after it

# How saprolite analyse judges trends, drivers and zones; no flux depends on it:
# [analysis]
# alpha = 0.05                  # a trend with p below it is significant
# trend = "theil_sen"           # least_squares | theil_sen (with Mann-Kendall)
# autocorrelation = "hamed_rao" # none | hamed_rao (theil_sen)
# false_discovery = "none"      # none | benjamini_hochberg
# relative_to = "total"         # summed_trends | total: denominator of relative contributions
# masks = "sign"                # sign | significant: where soil dries or warms
# latitude_bands = [[-30.0, 30.0], [30.0, 60.0]]
# regions = "regions.geojson"   # polygons with totals of their own

[engine]
precision = "float32"           # float32 | float64 (twice the time): annual sums are float64
# workers = 4                   # threads; by default the cores of the machine
# bands = 4                     # bands of latitude rows that a year is cut into; else chosen
# memory_gb = 8.0               # what a run may hold; by default what is free

[output]
store_forcing = "auto"          # auto (below 2 GB) | always | never: forcing in inputs.zarr
monthly = false                 # flux of every month, too
"""


# Every run beside the control; their kernel takes some ten seconds to compile, once.
EXPERIMENTS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil", "shapley")


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
