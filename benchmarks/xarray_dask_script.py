"""The obvious alternative: the same formulas with xarray and Dask, over monthly NetCDF files.

    python xarray_dask_script.py 'FOLDER/GLDAS*.nc4' SOIL.nc OUT.nc

A complete script as one would write it for one project, without any of saprolite: canonical
reading, float64, one experiment (all drivers as they are), annual sums by layer and their trends
with p. SOIL.nc holds clay, silt, sand (1), bulk_density (kg m-3) and thickness (m) by layer,
content (mass fraction of the soil) by mineral and layer, and pk, order and coefficient (K, base e)
by mineral.
"""

import sys

import numpy as np
import xarray as xr
from scipy import stats

FREEZING = np.float32(273.15)  # in float64, 273.15 K as the files store it would be below
LAYERS = ["0_10cm", "10_40cm", "40_100cm", "100_200cm"]
DEPTH = xr.DataArray([0.1, 0.3, 0.6, 1.0], dims="layer")
WANTED = ["Evap_tavg", *(f"Soil{kind}{layer}_inst" for kind in ("Moi", "TMP") for layer in LAYERS)]
DAYS = xr.DataArray([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dims="month", name="days")


def layers(data, kind):
    """The four layers of a variable as one array."""
    names = [f"Soil{kind}{layer}_inst" for layer in LAYERS]
    return xr.concat([data[name] for name in names], dim="layer", coords="minimal",
                     compat="override")  # fmt: skip


def carbon_sink(data, soil):
    """Annual carbon sink flux, t C km-2 yr-1, (year, layer, lat, lon)."""
    seconds = 86400.0 * DAYS[data["time"].dt.month - 1]
    theta = layers(data, "Moi") / (1000.0 * DEPTH)
    kelvin = layers(data, "TMP").astype("float64")
    water = (12.0 * data["Evap_tavg"].astype("float64") * seconds).clip(min=0.0)
    pressure = 10.0 ** (-3.47 + 2.09 * (1.0 - np.exp(-0.00172 * water)))
    phi = theta * 2650.0 / (2650.0 + 1000.0 * theta - soil["bulk_density"])
    phi = phi.clip(0.0, 1.0)
    area = (8.0 * soil["clay"] + 2.2 * soil["silt"] + 0.3 * soil["sand"]) * 1e6
    unfrozen = (kelvin >= FREEZING).astype("float64")
    total = 0.0
    for mineral in range(soil.sizes["mineral"]):
        own = soil[["pk", "order", "coefficient", "content"]].isel(mineral=mineral)
        warmth = np.exp(float(own["coefficient"]) * (1.0 / 281.15 - 1.0 / kelvin))
        rate = 10.0 ** -float(own["pk"]) * pressure ** float(own["order"]) * warmth
        total = total + rate * area * own["content"] * phi * soil["thickness"] * unfrozen
    carbon = total * seconds * 12.011 * 1000.0
    annual = carbon.groupby("time.year").sum(skipna=False)
    return annual.transpose("year", "layer", "lat", "lon").rename("carbon_sink_flux")


def trend(annual):
    """Slope, t C km-2 yr-2, and p of its F test."""
    free = annual.sizes["year"] - 2
    fit = annual.polyfit("year", 1, skipna=False, full=True)
    slope = fit["polyfit_coefficients"].sel(degree=1, drop=True)
    left = fit["polyfit_residuals"]
    explained = ((annual - annual.mean("year")) ** 2).sum("year", skipna=False) - left
    p = xr.apply_ufunc(stats.f.sf, explained / (left / free), 1, free)
    return slope.rename("trend"), p.rename("p")


def main(pattern, soil_file, out):
    """From the files to the fluxes and their trends."""
    data = xr.open_mfdataset(
        pattern, combine="nested", concat_dim="time", data_vars="minimal",
        coords="minimal", compat="override", join="override", chunks={},
        preprocess=lambda month: month[WANTED],
    )  # fmt: skip
    soil = xr.open_dataset(soil_file)
    annual = carbon_sink(data, soil).compute()
    xr.merge([annual, *trend(annual)]).to_netcdf(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
