"""Equations 1 to 7 against golden values, limits, and each other's bindings."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from saprolite import equations as eq
from saprolite.errors import ReadingError

HALF_FROZEN = np.r_[[270.0] * 6, [280.0] * 6]
TEMPERATURES = st.floats(200.0, 330.0)


@pytest.mark.parametrize(("et", "pco2"), [
    (0.0, 3.38844e-4), (100.0, 7.24876e-4), (500.0, 5.43990e-3), (1000.0, 1.76097e-2),
    (1500.0, 2.89489e-2)])  # fmt: skip
def test_soil_co2_golden(et: float, pco2: float) -> None:
    assert eq.soil_co2(et) == pytest.approx(pco2, rel=5e-6, abs=0.0)
    by_hand = 10.0 ** (-3.47 + 2.09 * (1.0 - math.exp(-0.00172 * et)))
    assert eq.soil_co2(et) == pytest.approx(by_hand, rel=1e-14, abs=0.0)


def test_soil_co2_limits_and_intercepts() -> None:
    assert eq.soil_co2(1e9) == pytest.approx(10.0 ** (-3.47 + 2.09), rel=1e-13, abs=0.0)
    assert eq.soil_co2(700.0, -3.7) / eq.soil_co2(700.0) == pytest.approx(
        10**-0.23, rel=1e-13, abs=0.0
    )
    # The square root of that ratio is the factor on the flux for n = 0.5 (docs/equations.md 1.2).
    assert math.sqrt(10**-0.23) == pytest.approx(0.767, abs=5e-4)
    assert eq.soil_co2(0.0, eq.ambient_intercept(400.0)) == pytest.approx(
        400e-6, rel=1e-12, abs=0.0
    )


@given(st.lists(st.floats(0.0, 3000.0), min_size=2, max_size=2, unique=True))
def test_soil_co2_grows_with_et(pair: list[float]) -> None:
    low, high = sorted(pair)
    assert eq.soil_co2(low) <= eq.soil_co2(high)


@pytest.mark.parametrize(("temperature", "factor"), [
    (263.15, 0.416505), (273.15, 0.687276), (281.15, 1.0), (288.15, 1.364871),
    (298.15, 2.075275)])  # fmt: skip
def test_temperature_factor_golden(temperature: float, factor: float) -> None:
    assert eq.temperature_factor(temperature) == pytest.approx(factor, abs=5e-7)


def test_temperature_factor_base_10() -> None:
    base_10 = eq.temperature_factor(298.15, eq.base_e_coefficient(3600.0))
    assert base_10 == pytest.approx(5.371475, abs=5e-7)
    assert base_10 == pytest.approx(10.0 ** (3600.0 * (1 / 281.15 - 1 / 298.15)), rel=1e-13)


@pytest.mark.parametrize("form", ["months", "degree_days", "linear"])
def test_frozen_exact_rows(form: str) -> None:
    assert eq.frozen_percentage(np.full(12, 270.0), form) == 100.0
    assert eq.frozen_percentage(np.full(12, 280.0), form) == 0.0


def test_frozen_golden() -> None:
    assert eq.frozen_percentage(HALF_FROZEN) == 50.0
    assert eq.frozen_percentage(HALF_FROZEN, "degree_days") == pytest.approx(
        31.5, rel=1e-12, abs=0.0
    )
    assert eq.frozen_percentage(np.full(12, 270.0), "logistic") == pytest.approx(99.82, abs=5e-3)
    assert eq.frozen_percentage(np.full(12, 280.0), "logistic") == pytest.approx(1e-4, abs=5e-5)
    assert eq.frozen_percentage(np.full(12, 250.0), "none") == 0.0
    assert eq.frozen_percentage(np.full(12, 273.15), "degree_days") == 0.0


def test_frozen_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ReadingError, match="did you mean 'degree_days'"):
        eq.frozen_percentage(HALF_FROZEN, "degree_day")
    with pytest.raises(ReadingError, match="12 months"):
        eq.frozen_percentage(np.full(11, 280.0))
    with pytest.raises(ReadingError, match=r"2 problems|shape None"):
        eq.frozen_percentage(280.0, "no such form")


@given(
    npst.arrays(float, (3, 4, 12), elements=TEMPERATURES), st.sampled_from(sorted(eq.FROZEN_FORMS))
)
def test_frozen_is_a_percentage_and_does_not_depend_on_memory_order(
    temperatures: np.ndarray, form: str
) -> None:
    frozen = eq.frozen_percentage(temperatures, form)
    assert ((frozen >= 0.0) & (frozen <= 100.0)).all()
    month_major = np.moveaxis(np.ascontiguousarray(np.moveaxis(temperatures, -1, 0)), 0, -1)
    assert (eq.frozen_percentage(month_major, form) == frozen).all()
    assert eq.frozen_percentage(temperatures[1, 2], form) == frozen[1, 2]


def test_surface_area_golden_and_variants() -> None:
    assert eq.surface_area(0.3, 0.3, 0.4) == pytest.approx(3.18e6, rel=1e-15, abs=0.0)
    assert eq.clay_surface_area(0.3) == pytest.approx(2.4e6, rel=1e-15, abs=0.0)
    assert eq.surface_area(0.0, 0.0, 1.0) == 0.3e6
    fine = eq.fine_sand(0.4, 0.25)
    assert eq.surface_area(0.3, 0.3, fine) == pytest.approx(
        3.18e6 - 0.3e6 * 0.1, rel=1e-14, abs=0.0
    )
    assert eq.coarse_sand_area(0.4, 0.25) == pytest.approx(0.05e6 * 0.1, rel=1e-14, abs=0.0)
    assert eq.density_factor(1320.0) == 1.32


def test_moisture_saturation_golden_and_limits() -> None:
    assert eq.moisture_saturation(0.30, 1320.0) == pytest.approx(0.48773006, abs=5e-9)
    moist = eq.moist_bulk_density(0.30, 1320.0)
    porosity = 1.0 - 1320.0 / 2650.0
    assert eq.moisture_saturation(0.30, moist) == pytest.approx(0.30 / porosity, rel=1e-14, abs=0.0)
    assert eq.moisture_saturation(0.30, moist) == pytest.approx(0.5977, abs=5e-5)
    # At pore saturation the dry form ends at 1/(1 + rho_w/rho_min), not at 1.
    assert eq.moisture_saturation(porosity, 1320.0) == pytest.approx(
        1 / (1 + 1000 / 2650), rel=1e-14
    )
    assert eq.clipped_saturation(1.3) == 1.0
    assert eq.clipped_saturation(-0.1) == 0.0
    assert np.isnan(eq.clipped_saturation(np.nan))


def test_volumetric_water_content_of_gldas_layers() -> None:
    for mass, depth in ((30.0, 0.1), (90.0, 0.3), (180.0, 0.6), (300.0, 1.0)):
        assert eq.volumetric_water_content(mass, depth) == pytest.approx(0.3, rel=1e-15, abs=0.0)


@given(st.floats(0.0, 5.0), st.lists(st.floats(0.01, 3.0), min_size=2, max_size=5))
def test_layer_presence_adds_up_to_the_soil(thickness: float, depths: list[float]) -> None:
    edges = np.concatenate([[0.0], np.cumsum(depths)])
    parts = [eq.layer_presence(thickness, top, bottom) for top, bottom in itertools.pairwise(edges)]
    assert sum(parts) == pytest.approx(min(thickness, edges[-1]), abs=1e-12)
    assert min(parts) >= 0.0


def test_carbon_conversion_golden() -> None:
    assert eq.carbon_from_equivalents(1.0) == pytest.approx(1.2011e-3, rel=1e-14, abs=0.0)
    assert eq.carbon_from_equivalents(174.92) == pytest.approx(0.2101, abs=5e-5)
    assert eq.carbon_from_equivalents(1046.23) == pytest.approx(1.2566, abs=5e-5)
    assert eq.equivalents_from_carbon(0.50) == pytest.approx(416, abs=0.5)


@given(st.floats(1e-6, 1e9))
def test_carbon_conversion_round_trip(equivalents: float) -> None:
    there = eq.carbon_from_equivalents(equivalents)
    assert eq.equivalents_from_carbon(there) == pytest.approx(equivalents, rel=4e-16, abs=0.0)
    # The same flux by way of kmol_c m-2: 1e7 eq ha-1 each.
    assert eq.carbon_mass(equivalents / 1e7) == pytest.approx(there, rel=1e-14, abs=0.0)


def test_rate_units_kmol_not_mol() -> None:
    """k in kmol_c: taking it as mol would be a factor of 1000."""
    rate = eq.rate_at_reference(eq.rate_constant(16.5), 1.0, 0.5)
    assert rate == pytest.approx(10**-16.5, rel=1e-13, abs=0.0)
    charge = eq.weathering_rate(rate, 1e6, 1.0, 1.0, 1.0) * 365.25 * 86400.0
    assert eq.equivalents_per_hectare(charge) == pytest.approx(
        10**-16.5 * 1e6 * 3.15576e7 * 1e7, rel=1e-12
    )


ELEMENTWISE = {
    "soil_co2": (eq.soil_co2, [(0.0, 3000.0)]),
    "temperature_factor": (eq.temperature_factor, [(200.0, 330.0)]),
    "surface_area": (eq.surface_area, [(0.0, 1.0)] * 3),
    "moisture_saturation": (eq.moisture_saturation, [(0.0, 1.0), (200.0, 2000.0)]),
    "rate_at_reference": (eq.rate_at_reference, [(1e-18, 1e-14), (1e-5, 0.1), (0.4, 1.0)]),
    "weathering_rate": (eq.weathering_rate, [(1e-19, 1e-15), (1e5, 8e6), (0.0, 1.0), (0.0, 1.0), (0.0, 2.0)]),
    "layer_presence": (lambda z: eq.layer_presence(z, 0.1, 0.4), [(0.0, 3.0)]),
    "months": (eq.unfrozen_weight_months, [(200.0, 330.0)]),
    "linear": (eq.unfrozen_weight_linear, [(200.0, 330.0)]),
    "logistic": (eq.unfrozen_weight_logistic, [(200.0, 330.0)]),
    "co2_saturating": (eq.co2_saturating, [(1e-5, 0.1), (1e-4, 1.0)]),
    "co2_cap": (eq.co2_cap, [(1e-5, 0.1), (1e-4, 1.0)]),
    "co2_scaled": (eq.co2_scaled, [(1e-5, 0.1), (1e-4, 1.0)]),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
@given(data=st.data())
def test_scalar_array_and_xarray_give_the_same_bits_and_nan_stays_in_place(
    name: str, data: st.DataObject
) -> None:
    function, ranges = ELEMENTWISE[name]
    size = data.draw(st.integers(1, 40))
    arguments = [
        data.draw(npst.arrays(float, size, elements=st.floats(low, high))) for low, high in ranges
    ]
    whole = np.asarray(function(*arguments))
    scalars = np.array([float(function(*(float(a[i]) for a in arguments))) for i in range(size)])
    assert (whole == scalars).all()
    labelled = function(*(xr.DataArray(a, dims="x") for a in arguments))
    assert isinstance(labelled, xr.DataArray)
    assert (labelled.values == whole).all()
    strided = function(*(np.repeat(a, 3)[::3] for a in arguments))
    assert (np.asarray(strided) == whole).all()

    which, where = (
        data.draw(st.integers(0, len(arguments) - 1)),
        data.draw(st.integers(0, size - 1)),
    )
    spoiled = [a.copy() for a in arguments]
    spoiled[which][where] = np.nan
    result = np.asarray(function(*spoiled))
    others = np.arange(size) != where
    assert np.isnan(result[where])
    assert (result[others] == whole[others]).all()
