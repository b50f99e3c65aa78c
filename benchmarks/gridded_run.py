"""Ratios of one process: the engine's year against plain xarray, and against reading its inputs.

    python benchmarks/gridded_run.py [RESOLUTION_DEG]

Times are the least of three rounds taken in turn; on a shared machine the ratios are what counts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

import saprolite as sap
from saprolite.engine.blocks import Statics, compute_year
from saprolite.engine.state import peak_memory_bytes
from saprolite.inputs.store import write_inputs
from saprolite.models import CO2Pathway, month_seconds
from saprolite.study import Study
from saprolite.study_template import demo_content

YEAR = 2000


def plain_xarray(inputs: xr.Dataset, model: CO2Pathway) -> xr.DataArray:
    """The same year as a script would have it: whole arrays, one mineral after the other."""
    seconds = xr.DataArray(np.array(month_seconds("mean", YEAR)), dims="month")
    water = 12.0 * inputs["evapotranspiration"] * seconds
    pressure = 10.0 ** (-3.47 + 2.09 * (1.0 - np.exp(-0.00172 * water.clip(min=0.0))))
    theta, kelvin = inputs["soil_moisture"], inputs["soil_temperature"]
    phi = (theta * 2650.0 / (2650.0 + 1000.0 * theta - inputs["bulk_density"])).clip(0.0, 1.0)
    area = (8.0 * inputs["clay"] + 2.2 * inputs["silt"] + 0.3 * inputs["sand"]) * 1e6
    unfrozen = (kelvin >= 273.15).astype(float)
    total: xr.DataArray | float = 0.0
    for row, name in zip(model.rows, model.minerals, strict=True):
        content = inputs["mineral_share"].sel(mineral=name) * inputs["clay"]
        rate = 10.0**-row.pk * pressure**row.order
        rate = rate * np.exp(3600.0 * (1.0 / 281.15 - 1.0 / kelvin)) * unfrozen
        weathered = rate * area * content * phi * inputs["effective_thickness"] * seconds
        total = total + weathered.sum("month", skipna=False) * 12.011 * 1000.0
    assert isinstance(total, xr.DataArray)
    return total.transpose("layer", "cell")


def least(function: Callable[[], object], rounds: int = 3) -> float:
    """Least wall time of some rounds, seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print the ratios."""
    resolution = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    content = demo_content(resolution) | {"first_year": YEAR, "last_year": YEAR}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.zarr"
        prepared = write_inputs(path, sap.check(Study.of(content, Path())), "b", lambda *_: None)
        model = CO2Pathway.of(prepared.study.chosen_reading)
        statics = Statics.of(model, prepared.soil)
        inputs = xr.open_zarr(path, consolidated=False, chunks=None).load()
        inputs = inputs.assign_coords(mineral=[str(name) for name in inputs["mineral"].values])
        ours = compute_year(statics, prepared, YEAR)[0][0]
        flowing = ours > 0.0
        theirs = plain_xarray(inputs, model).values
        difference = np.abs(theirs[flowing] / ours[flowing] - 1.0).max()
        read = least(lambda: prepared.read_year(YEAR))
        engine = least(lambda: compute_year(statics, prepared, YEAR))
        plain = least(lambda: plain_xarray(inputs, model))
    layer_months = 12 * 4 * prepared.cells.size
    print(f"{prepared.cells.size} cells, {layer_months / 1e6:.2f} M layer-months, one year")
    print(f"largest relative difference of the two: {difference:.1e}")
    unit = 1e9 / layer_months
    print(f"read the stored inputs   {unit * read:7.1f} ns per layer-month")
    print(f"engine, reading included {unit * engine:7.1f}   {engine / read:5.1f} x reading")
    print(f"plain xarray, in memory  {unit * plain:7.1f}   {plain / engine:5.1f} x engine")
    print(f"peak memory {(peak_memory_bytes() or 0) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
