"""The water balance of GLDAS: units and month lengths, on real and on generated months.

The documented closure of -0.7 mm yr-1 (P 833.4, E 588.0, Q 246.0) is one of 11 years. Of these the
samples hold evapotranspiration alone; precipitation and runoff are there for four months, three of
which follow each other: their surplus is held against the change of the storage.
"""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from saprolite.errors import InputError
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_balance import MonthBalance, month_balance
from saprolite.sources.gldas_files import UNITS
from saprolite.testing.gldas import write_gldas_months

MONTHS = "gldas/noah10_monthly_v21"
STACK = f"{MONTHS}/gldas_noah10_m_v21_soil_evap_201201-202212.nc"
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@pytest.fixture(scope="module")
def real(data: Path) -> dict[int, MonthBalance]:
    names = {month: f"GLDAS_NOAH10_M.A2012{month:02d}.021.nc4" for month in (1, 2, 3, 7)}
    return {month: month_balance(data / MONTHS / name) for month, name in names.items()}


def mean(balance: MonthBalance, values: np.ndarray) -> float:
    area = balance.grid.areas()
    known = np.isfinite(values)
    return float(np.average(values[known], weights=area[known]))


def test_land_ice_is_left_out(real: dict[int, MonthBalance]) -> None:
    for balance in real.values():
        for values in balance[1:]:
            assert np.isfinite(values).sum() == 15159 - 556


def test_evapotranspiration_of_eleven_years_is_the_documented_one(data: Path) -> None:
    stack = open_gldas(data / STACK, range(2012, 2023))
    cells = np.flatnonzero(stack.land() & ~stack.land_ice())
    area = stack.grid.areas().ravel()[cells]
    annual = []
    for year in range(2012, 2023):
        days = np.array([31, 29 if year % 4 == 0 else 28, *DAYS[2:]])
        rate = stack.read_year(year, cells).evapotranspiration.astype(float)
        annual.append((rate * 86400.0 * days[:, None]).sum(axis=0))
    assert np.average(np.mean(annual, axis=0), weights=area) == pytest.approx(588.0, abs=1.0)


def test_the_surplus_of_real_months_is_the_change_of_storage(real: dict[int, MonthBalance]) -> None:
    """Middle of January to middle of March 2012: half, whole and half a surplus against the change
    of mean storage. 1 mm of 15 is left by the halves; _acc without the 8 would leave 35 mm."""
    surplus = 0.5 * real[1].surplus + real[2].surplus + 0.5 * real[3].surplus
    change = real[3].storage - real[1].storage
    assert mean(real[1], surplus) == pytest.approx(15.5, abs=0.1)
    assert mean(real[1], change) == pytest.approx(14.5, abs=0.1)
    known = np.isfinite(surplus)
    slope = np.polyfit(surplus[known], change[known], 1)[0]
    assert 0.9 < slope < 1.0
    assert np.corrcoef(surplus[known], change[known])[0, 1] > 0.94


def test_real_months_are_of_the_documented_size(real: dict[int, MonthBalance]) -> None:
    """Four months of one year against the means of 11 years: P 69.5, E 49.0, Q 20.5 mm month-1."""
    for balance in real.values():
        assert 60.0 < mean(balance, balance.precipitation) < 85.0
        assert 15.0 < mean(balance, balance.surface_runoff + balance.drainage) < 26.0
        assert mean(balance, balance.drainage) > 2.0 * mean(balance, balance.surface_runoff)
    assert mean(real[1], real[1].evapotranspiration) < mean(real[7], real[7].evapotranspiration)


def test_rain_and_snow_are_the_precipitation(data: Path) -> None:
    """To 0.01 mm month-1: the files are float32 means of 248 float32 steps."""
    with netCDF4.Dataset(data / MONTHS / "GLDAS_NOAH10_M.A201201.021.nc4") as dataset:
        parts = dataset["Rainf_tavg"][0] + dataset["Snowf_tavg"][0]
        assert np.abs(parts - dataset["Rainf_f_tavg"][0]).max() * 86400 * 31 < 0.01


def test_generated_months_close(tmp_path: Path) -> None:
    """P = E + Q in each, February of a leap year too."""
    for path in write_gldas_months(tmp_path, [2004], 10.0)[:3]:
        balance = month_balance(path)
        assert np.nanmax(np.abs(balance.surplus)) < 1e-4
        assert mean(balance, balance.precipitation) > 20.0


def test_a_file_without_all_fields_is_refused(tmp_path: Path) -> None:
    path = write_gldas_months(tmp_path, [2004], 10.0, fields=UNITS)[0]
    with pytest.raises(InputError, match="Qsb_acc"):
        month_balance(path)
    with netCDF4.Dataset(path, "a") as dataset:
        dataset["Evap_tavg"].units = "mm"
    with pytest.raises(InputError, match="units 'mm'"):
        month_balance(path)
