"""Generated GLDAS months: side by side with an original file, and through the reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from saprolite.inputs.demo import DemoPlanet
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_files import UNITS
from saprolite.sources.gldas_layout import month_name
from saprolite.testing.gldas import SOURCE, write_gldas_months
from saprolite.testing.gldas_values import STEP_SECONDS, Seam, published_fields

ORIGINAL = "gldas/noah10_monthly_v21/GLDAS_NOAH10_M.A201203.021.nc4"


def header(path: Path) -> dict[str, Any]:
    """What ncdump -h -s shows, less the values."""
    found: dict[str, Any] = {}
    with netCDF4.Dataset(path) as dataset:
        found["format"] = dataset.data_model
        found["dimensions"] = {
            name: (item.size, item.isunlimited()) for name, item in dataset.dimensions.items()
        }
        found["globals"] = {name: attribute(dataset, name) for name in dataset.ncattrs()}
        for name, variable in dataset.variables.items():
            found[name] = {
                "type": variable.dtype.str,
                "dimensions": variable.dimensions,
                "chunks": variable.chunking(),
                "filters": variable.filters(),
                "endian": variable.endian(),
                **{item: attribute(variable, item) for item in variable.ncattrs()},
            }
    return found


def attribute(owner: Any, name: str) -> tuple[str, Any]:
    value = owner.getncattr(name)
    return type(value).__name__, value


def test_the_header_is_that_of_an_original_file(data: Path, tmp_path: Path) -> None:
    """All names, orders, types, dimensions, chunks, filters and attributes but the values' range,
    the date, and what says that it is no data."""
    write_gldas_months(tmp_path, [2012], 1.0)
    made, original = header(tmp_path / Path(ORIGINAL).name), header(data / ORIGINAL)
    assert list(made) == list(original)
    for name in ("source", "history"):
        assert made["globals"].pop(name) != original["globals"].pop(name)
    assert list(made["globals"]) == list(original["globals"])
    for name, item in made.items():
        if isinstance(item, dict):
            for bound in ("vmin", "vmax"):
                assert (bound in item) == (bound in original[name])
                item.pop(bound, None), original[name].pop(bound, None)
            assert set(item) == set(original[name]), name
        assert item == original[name], name


def test_axes_and_times_are_those_of_an_original_file(data: Path, tmp_path: Path) -> None:
    write_gldas_months(tmp_path, [2012], 1.0, fields=UNITS)
    with netCDF4.Dataset(tmp_path / Path(ORIGINAL).name) as made:
        with netCDF4.Dataset(data / ORIGINAL) as original:
            for name in ("time", "time_bnds", "lat", "lon"):
                assert (made[name][:] == original[name][:]).all()
        assert made.source == SOURCE


def test_names_of_both_versions_and_resolutions() -> None:
    assert month_name(2012, 3, 1.0) == "GLDAS_NOAH10_M.A201203.021.nc4"
    assert month_name(1948, 12, 0.25, "2.0") == "GLDAS_NOAH025_M.A194812.020.nc4"
    assert month_name(2024, 1, 0.25, early=True) == "GLDAS_NOAH025_M_EP.A202401.021.nc4"


def test_the_reader_gives_back_the_demo_planet(tmp_path: Path) -> None:
    write_gldas_months(tmp_path, [1999], 5.0)
    gldas, planet = open_gldas(tmp_path, [1999]), DemoPlanet(5.0)
    assert gldas.grid.same_as(planet.grid)
    assert (gldas.land() == planet.land()).all()
    assert (gldas.land_ice() == planet.land_ice()).all()
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    for read, made in zip(gldas.read_year(1999, cells), planet.read_year(1999, cells), strict=True):
        assert read == pytest.approx(made, rel=2e-7)


def test_version_two_zero_is_less_by_the_seam(tmp_path: Path) -> None:
    seam = Seam(evapotranspiration=1.25, soil_moisture=0.9, soil_temperature=-0.5)
    for version in ("2.0", "2.1"):
        write_gldas_months(tmp_path / version, [2000], 5.0, version, seam=seam, fields=UNITS)
    old, new = (open_gldas(tmp_path / version, [2000]) for version in ("2.0", "2.1"))
    assert (old.land_ice() == new.land_ice()).all()
    cells = np.flatnonzero(new.land() & ~new.land_ice())
    before, after = old.read_year(2000, cells), new.read_year(2000, cells)
    rounded = 2.0**-24  # once in each file, moisture once more in each reading
    rate, wet = before.evapotranspiration.astype(float), before.soil_moisture.astype(float)
    assert after.evapotranspiration == pytest.approx(1.25 * rate, rel=2 * rounded)
    assert after.soil_moisture == pytest.approx(0.9 * wet, rel=4 * rounded)
    assert after.soil_temperature == pytest.approx(before.soil_temperature - 0.5, abs=5e-5)


def test_budgets_close_and_every_field_is_finite(tmp_path: Path) -> None:
    path = write_gldas_months(tmp_path, [2005], 5.0)[6]
    with netCDF4.Dataset(path) as dataset:
        fields = {field.name: dataset[field.name][0].compressed() for field in published_fields()}
    assert len(fields) == 36
    assert len({values.size for values in fields.values()}) == 1
    assert all(np.isfinite(values).all() for values in fields.values())
    runoff = (fields["Qs_acc"] + fields["Qsb_acc"]) / STEP_SECONDS
    balance = fields["Rainf_f_tavg"] - fields["Evap_tavg"] - runoff
    assert np.abs(balance).max() < 1e-11
    heat = fields["Qle_tavg"] + fields["Qh_tavg"] + fields["Qg_tavg"]
    assert fields["Swnet_tavg"] + fields["Lwnet_tavg"] == pytest.approx(heat, abs=1e-3)
