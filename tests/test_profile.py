"""The CO2 pathway: worked cell, factorisation, and every option against a calculation by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saprolite import equations as eq
from saprolite.errors import InputError, MineralError
from saprolite.minerals import CLAY_MINERALS
from saprolite.models import (
    CHOICES,
    CO2Pathway,
    Drivers,
    Reading,
    Soil,
    carbon_sink_flux,
    month_seconds,
)
from saprolite.models.explain import explain_text

MEAN_YEAR = 365.25 * 86400.0
SITE = {"clay": 0.3, "silt": 0.3, "sand": 0.4, "bulk_density": 1320.0, "thickness": 2.0}


def worked_cell(
    reading: Reading | None = None, mineral: str = "illite", share: float = 0.1 / 0.3, **site: float
) -> float:
    return float(carbon_sink_flux(
        np.full(12, 0.30), np.full(12, 298.15), np.full(12, 1000.0 / 12.0),
        mineral_share={mineral: share}, reading=reading, **{**SITE, **site},
    ))  # fmt: skip


def test_worked_cell() -> None:
    """docs/equations.md 1.12, every intermediate and the result, to 1e-7."""
    pressure = eq.soil_co2(1000.0)
    warmth = eq.temperature_factor(298.15)
    rate = eq.rate_at_reference(eq.rate_constant(16.5), pressure, 0.5) * warmth
    area, phi = eq.surface_area(0.3, 0.3, 0.4), eq.moisture_saturation(0.30, 1320.0)
    assert pressure == pytest.approx(0.0176096916, rel=1e-7)
    assert warmth == pytest.approx(2.07527477, rel=1e-7)
    assert rate == pytest.approx(8.70866294e-18, rel=1e-7)
    assert area == pytest.approx(3.18e6, rel=1e-7)
    assert phi == pytest.approx(0.48773006, rel=1e-7)
    charge = eq.weathering_rate(rate, area, 0.10, phi, 2.0) * MEAN_YEAR
    assert eq.equivalents_per_hectare(charge) == pytest.approx(852.495488, rel=1e-7)
    assert eq.carbon_mass(charge) == pytest.approx(1.0239323, rel=1e-7)
    for reading in (Reading(et_mode="annual"), Reading()):
        assert worked_cell(reading) == pytest.approx(1.0239323, rel=1e-7)


def by_hand(reading: Reading, soil: dict[str, float], theta: np.ndarray, warm: np.ndarray,
            water: np.ndarray, shares: dict[str, float]) -> float:  # fmt: skip
    """The flux written out in full, with the math module and the printed numbers only."""
    pk = {"chlorite": 16.2, "vermiculite": 16.2, "illite": 16.5, "mica": 16.5, "smectite": 16.5}
    per_mol = {"chlorite": 10.0, "vermiculite": 1.6, "illite": 1.1, "mica": 1.0, "smectite": 1.22}
    days = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if reading.calendar == "actual":
        days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    sand = soil["sand"]
    coarse = 0.0
    if reading.coarse_sand != "as_sand":
        coarse, sand = sand * reading.coarse_sand_share, sand * (1 - reading.coarse_sand_share)
    area = 8.0e6 * soil["clay"] + 2.2e6 * soil["silt"] + 0.3e6 * sand
    if reading.coarse_sand == "reduced":
        area += 0.05e6 * coarse
    if reading.mineral_basis == "clay_surface":
        area = 8.0e6 * soil["clay"]
    if reading.density_factor == "bulk":
        area *= soil["bulk_density"] / 1000.0
    frozen_months = [t < 273.15 for t in warm]
    r = {"months": 100 / 12 * sum(frozen_months), "none": 0.0,
         "linear": 100 / 12 * sum(min(max((273.15 - t) / 2, 0), 1) for t in warm),
         "logistic": 100 / 12 * sum(1 / (1 + math.exp((t - 273.15) / 0.5)) for t in warm),
         "degree_days": 100 * sum(max(273.15 - t, 0) for t in warm)
         / sum(abs(t - 273.15) for t in warm)}[reading.frozen_form]  # fmt: skip
    total = 0.0
    mean_theta = sum(x * d for x, d in zip(theta, days, strict=True)) / sum(days)
    mean_warm = sum(x * d for x, d in zip(warm, days, strict=True)) / sum(days)
    for m in range(12):
        et = {"monthly_x12": 12 * water[m], "annual": sum(water), "monthly_raw": water[m],
              "trailing12": sum(water)}[reading.et_mode]  # fmt: skip
        th, t = theta[m], warm[m]
        if reading.drivers == "annual_mean":
            th, t = mean_theta, mean_warm
            et = et if reading.et_mode in ("annual", "trailing12") else (
                sum(water) if reading.et_mode == "monthly_x12" else sum(water) / 12)  # fmt: skip
        et = max(et, reading.et_floor * (1 if reading.et_mode == "monthly_raw" else 12))
        intercept = math.log10(420e-6) if reading.atmosphere == "series" else reading.pco2_intercept
        p = 10 ** (intercept + 2.09 * (1 - math.exp(-0.00172 * et)))
        limit = reading.pco2_limit_value
        if reading.pco2_limit == "cap":
            p = min(p, limit)
        elif reading.pco2_limit == "scaled":
            p = p / limit
        elif reading.pco2_limit == "saturating":
            p = p / (1 + p / limit)
        rho = soil["bulk_density"] + (1000 * th if reading.moisture_density == "moist" else 0.0)
        phi = th * 2650 / (2650 + th * 1000 - rho)
        if reading.moisture_density == "theta_only":
            phi = th
        phi = min(max(phi, 0), 1)
        weight = {"months": 1.0 * (warm[m] >= 273.15), "none": 1.0, "degree_days": 1.0,
                  "linear": 1 - min(max((273.15 - warm[m]) / 2, 0), 1),
                  "logistic": 1 - 1 / (1 + math.exp((warm[m] - 273.15) / 0.5))}[reading.frozen_form]  # fmt: skip
        u = {"monthly_mask": weight, "annual_factor": 1 - r / 100, "both": weight * (1 - r / 100),
             "none": 1.0}[reading.frozen_action]  # fmt: skip
        a = 1700.0 if reading.arrhenius_coefficient == "table" else reading.arrhenius_coefficient
        base = math.e if reading.arrhenius_base == "e" else 10.0
        g = base ** (a * (1 / reading.reference_temperature - 1 / t))
        for name, share in shares.items():
            x = share * soil["clay"] if reading.mineral_basis == "soil" else share
            co2 = 1.0
            if reading.stoichiometry == "mineral_formula":
                co2 = 6.86 if (name, reading.stoichiometry_table) == ("vermiculite", "trioctahedral") \
                    else per_mol[name]  # fmt: skip
            rate = 10 ** -pk[name] * p**0.5 * g
            total += rate * co2 * area * x * phi * u * soil["thickness"] * days[m] * 86400
    return total * 12.011 * 1000.0


def readings() -> list[Reading]:
    companions = {"pco2_limit": {"pco2_limit_value": 0.01}, "coarse_sand": {"coarse_sand_share": 0.3},
                  "stoichiometry_table": {"stoichiometry": "mineral_formula"}}  # fmt: skip
    found = [Reading.preset(name) for name in
             ("canonical", "profile_physical", "profile_original", "manuscript_literal",
              "raw_formula_base10", "raw_surface_base10")]  # fmt: skip
    for name, accepted in CHOICES.items():
        for value in accepted:
            extra = companions.get(name, {}) if value != getattr(Reading(), name) else {}
            if value == "degree_days":
                extra = {"frozen_action": "annual_factor"}
            found.append(Reading(**{name: value, **extra}))
    found += [Reading(frozen_form=form, frozen_action=action) for form in ("linear", "logistic")
              for action in ("annual_factor", "both")]  # fmt: skip
    found += [Reading(et_floor=60.0), Reading(et_floor=60.0, et_mode="monthly_raw"),
              Reading(drivers="annual_mean", et_mode="monthly_raw")]  # fmt: skip
    return found


@pytest.mark.parametrize("reading", readings(), ids=lambda r: str(r.differences()) or "canonical")
def test_every_option_against_a_calculation_by_hand(reading: Reading) -> None:
    months = np.arange(12)
    theta = 0.25 + 0.1 * np.cos(months)
    theta[3] = 0.95  # clipped under the moist form
    warm = 275.0 + 12.0 * np.sin(2 * np.pi * (months - 3) / 12) + 0.3 * months
    warm[0] = 272.6  # inside the window of the linear form
    water = 60.0 + 50.0 * np.sin(months)
    water[1] = -4.0
    shares = dict(zip(CLAY_MINERALS, (0.05, 0.2, 0.07, 0.15, 0.1), strict=True))
    flux = carbon_sink_flux(
        theta, warm, water, mineral_share=shares, reading=reading, atmospheric_co2=420.0,
        previous_evapotranspiration=water, **SITE,
    )  # fmt: skip
    expected = by_hand(reading, SITE, theta, warm, water, shares)
    assert flux == pytest.approx(expected, rel=2e-13)
    assert flux > 0.0


@given(
    st.lists(st.floats(0.0, 0.19), min_size=5, max_size=5),
    st.floats(0.02, 0.5), st.floats(274.0, 310.0), st.floats(0.0, 200.0),
    st.sampled_from(["canonical", "profile_original", "manuscript_literal", "raw_surface_base10"]),
)  # fmt: skip
def test_the_factorised_flux_is_equation_3(
    shares: list[float], theta: float, warm: float, water: float, preset: str
) -> None:
    """Sum over minerals of R_i A_w x_i phi Z, month by month, against the factorised engine."""
    reading = Reading.preset(preset)
    model = CO2Pathway.of(reading)
    soil = Soil(0.3, 0.3, 0.4, 1320.0, dict(zip(CLAY_MINERALS, shares, strict=True)), 1.3)
    drivers = Drivers(np.full(12, theta), np.full(12, warm), np.full(12, water),
                      month_seconds("mean", 2000))  # fmt: skip
    factors = model.group_factors(model.static_factors(soil))
    flux = sum(model.annual_flux(factors, drivers, 1320.0))
    charge = 0.0
    for index, (name, row) in enumerate(zip(model.minerals, model.rows, strict=True)):
        group = next(g for g in model.groups if index in g.members)
        pressure = model.soil_co2(drivers, 0)
        rate = eq.rate_at_reference(eq.rate_constant(row.pk), pressure, row.order)
        rate *= eq.temperature_factor(warm, group.coefficient, reading.reference_temperature)
        phi = eq.clipped_saturation(model.saturation(theta, 1320.0))
        x = model.content(soil.mineral_share[name], 0.3)
        weathered = eq.weathering_rate(rate, model.reactive_area(soil), x, phi, 1.3)
        charge += weathered * model.co2_yield[index] * MEAN_YEAR
    assert flux == pytest.approx(eq.carbon_mass(charge), rel=1e-12, abs=1e-300)


def test_minerals_with_other_orders_make_groups_and_add_up() -> None:
    names = ("illite", "albite", "calcite", "chlorite")
    model = CO2Pathway.of(Reading.preset("profile_original"), names)
    assert [group.members for group in model.groups] == [(0, 3), (1,), (2,)]
    shares = dict.fromkeys(names, 0.1)
    site = {key: value for key, value in SITE.items() if key != "thickness"}
    whole = carbon_sink_flux(np.full(12, 0.3), np.full(12, 290.0), np.full(12, 60.0), thickness=1.0,
                             mineral_share=shares, reading=model.reading, **site)  # fmt: skip
    parts = [carbon_sink_flux(np.full(12, 0.3), np.full(12, 290.0), np.full(12, 60.0), thickness=1.0,
                              mineral_share={name: 0.1}, reading=model.reading, **site)
             for name in names]  # fmt: skip
    assert whole == pytest.approx(sum(parts), rel=1e-13)


def test_a_mineral_without_base_cations_binds_no_co2() -> None:
    assert worked_cell(mineral="kaolinite") == 0.0
    assert worked_cell(Reading(stoichiometry="mineral_formula"), mineral="kaolinite") == 0.0
    mixed = carbon_sink_flux(
        np.full(12, 0.3), np.full(12, 298.15), np.full(12, 1000 / 12),
        mineral_share={"illite": 0.1 / 0.3, "kaolinite": 0.4}, **SITE)  # fmt: skip
    assert mixed == pytest.approx(worked_cell(), rel=1e-15)


def test_carbonates_and_minerals_that_bind_nothing_are_noted() -> None:
    """Calcite is a full CO2 per charge here, half of that in a soil column: it has to be said."""
    assert CO2Pathway.of(Reading()).notes == ()
    carbonate, bare = CO2Pathway.of(
        Reading(), ("kaolinite", "calcite", "illite", "dolomite", "kyanite")
    ).notes
    assert carbonate.startswith("calcite, dolomite: the CO2 of carbonates is counted in full")
    assert "returns when carbonate precipitates" in carbonate
    assert bare.startswith("kaolinite, kyanite: no base cations")
    text = explain_text(CO2Pathway.of(Reading(), ("calcite", "kaolinite")))
    assert "note: calcite: " in text
    assert "note: kaolinite: " in text


def test_no_soil_no_flux() -> None:
    assert worked_cell(thickness=0.0) == 0.0
    assert worked_cell(thickness=1.0) == pytest.approx(worked_cell() / 2, rel=1e-15)


@pytest.mark.parametrize("name", ["clay", "silt", "sand", "bulk_density", "thickness"])
def test_nan_in_a_static_input_gives_nan(name: str) -> None:
    assert math.isnan(worked_cell(**{name: math.nan}))
    # Also where the reading does not use the value in its formula.
    assert math.isnan(worked_cell(Reading(mineral_basis="clay_surface"), **{name: math.nan}))


def test_month_lengths() -> None:
    assert sum(month_seconds("mean", 1900)) == MEAN_YEAR
    assert month_seconds("mean", 2000) == month_seconds("mean", 2001)
    assert month_seconds("mean", 2000)[1] == 28.25 * 86400.0
    assert month_seconds("actual", 2000)[1] == 29 * 86400.0
    assert month_seconds("actual", 1900)[1] == 28 * 86400.0
    constant = {"mineral_share": {"illite": 0.1}, **SITE}
    drivers = (np.full(12, 0.3), np.full(12, 290.0), np.full(12, 60.0))
    leap, common = (carbon_sink_flux(*drivers, reading=Reading(calendar="actual"), year=year, **constant)
                    for year in (2000, 2001))  # fmt: skip
    assert leap / common == pytest.approx(366 / 365, rel=1e-14)


def test_trailing12_is_nan_before_the_record_starts() -> None:
    water = np.full(12, 60.0)
    site = {"mineral_share": {"illite": 0.1}, "reading": Reading(et_mode="trailing12"), **SITE}
    drivers = (np.full(12, 0.3), np.full(12, 290.0))
    assert math.isnan(carbon_sink_flux(*drivers, water, **site))
    known = carbon_sink_flux(*drivers, water, previous_evapotranspiration=water, **site)
    annual = carbon_sink_flux(*drivers, water, **{**site, "reading": Reading(et_mode="annual")})
    assert known == pytest.approx(annual, rel=1e-14)
    # A wetter year before raises January's sum by eleven months of it, December's not at all.
    model = CO2Pathway.of(Reading(et_mode="trailing12"), ("illite",))
    forcing = Drivers(*drivers, water, month_seconds("mean", 2000), np.full(12, 70.0))
    assert [model.co2_argument(forcing, month)[0] for month in (0, 5, 11)] == [830.0, 780.0, 720.0]


def test_refusals() -> None:
    with pytest.raises(MineralError, match="named twice"):
        CO2Pathway.of(Reading(), ("illite", "illite"))
    with pytest.raises(MineralError, match="none"):
        CO2Pathway.of(Reading(), ())
    with pytest.raises(InputError, match="12 months"):
        carbon_sink_flux(0.3, 290.0, 60.0, mineral_share={"illite": 0.1}, **SITE)
    with pytest.raises(InputError, match="atmospheric_co2"):
        worked_cell(Reading(atmosphere="series"))
    with pytest.raises(MineralError, match="no stoichiometry"):
        CO2Pathway.of(Reading(kinetics="recalled"), ("garnet",))


@pytest.mark.parametrize(("change", "message"), [
    ({"clay": 30.0}, "clay"), ({"sand": 0.8}, "clay . silt . sand"), ({"bulk_density": 0.132}, "bulk_density"),
    ({"thickness": -1.0}, "effective_thickness"), ({"share": 33.0}, "mineral_share of illite"),
    ({"share": -0.1}, "mineral_share of illite"),
])  # fmt: skip
def test_a_layer_in_another_unit_is_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        worked_cell(**change)


@pytest.mark.parametrize(
    ("theta", "warm", "water"), [(30.0, 290.0, 60.0), (0.3, 17.0, 60.0), (0.3, 290.0, 60000.0)]
)
def test_drivers_in_another_unit_are_refused(theta: float, warm: float, water: float) -> None:
    with pytest.raises(InputError, match="1 problem"):
        carbon_sink_flux(np.full(12, theta), np.full(12, warm), np.full(12, water),
                         mineral_share={"illite": 0.1}, **SITE)  # fmt: skip


def test_freezing_is_not_frozen_in_either_precision() -> None:
    def flux(kelvin: np.ndarray) -> float:
        return float(carbon_sink_flux(np.full(12, 0.3), kelvin, np.full(12, 80.0),
                                      mineral_share={"illite": 0.3}, **SITE))  # fmt: skip

    assert flux(np.full(12, 273.15)) == flux(np.full(12, 273.15, np.float32)) > 0.0
    assert flux(np.full(12, 273.14, np.float32)) == 0.0


@pytest.mark.parametrize("water", [1000.0, 3e-5])
def test_months_that_are_no_amounts_of_months_are_refused(water: float) -> None:
    """The amount of the year in every month; a rate in kg m-2 s-1."""
    drivers = (np.full(12, 0.3), np.full(12, 290.0))
    with pytest.raises(InputError, match=r"mm in the year\n.*: 0\.032 to 3156 mm in a year"):
        carbon_sink_flux(*drivers, np.full(12, water), mineral_share={"illite": 0.1}, **SITE)
    for possible in (np.zeros(12), np.full(12, -1.0), np.full(12, 1.0), np.full(12, 250.0)):
        flux = carbon_sink_flux(*drivers, possible, mineral_share={"illite": 0.1}, **SITE)
        assert np.isfinite(flux)


def test_labelled_arrays_are_not_combined_by_position() -> None:
    import xarray as xr

    theta = xr.DataArray(np.full((3, 12), 0.3), dims=("x", "month"))
    with pytest.raises(InputError, match="an xarray object"):
        carbon_sink_flux(
            theta, np.full(12, 290.0), np.full(12, 60.0), mineral_share={"illite": 0.1}, **SITE
        )


@pytest.mark.parametrize(("reading", "preset"), [
    ("profile_physical", "profile_physical"), ("cannonical", "canonical"), ({"et_mode": "annual"}, "canonical"),
])  # fmt: skip
def test_what_is_no_reading_is_refused(reading: object, preset: str) -> None:
    with pytest.raises(InputError, match=r"1 problem") as caught:
        worked_cell(reading)  # type: ignore[arg-type]
    (problem,) = caught.value.problems
    assert problem.found.startswith(repr(reading))
    assert problem.next_step == f'reading=sap.Reading.preset("{preset}")'


def test_the_year_before_and_the_sum_of_shares_are_checked() -> None:
    drivers = (np.full(12, 0.3), np.full(12, 290.0), np.full(12, 60.0))
    for previous in (np.full(24, 60.0), np.full(11, 60.0), np.full(12, 8e6)):
        with pytest.raises(InputError, match=r"previous_evapotranspiration|the year before"):
            carbon_sink_flux(
                *drivers,
                mineral_share={"illite": 0.1},
                previous_evapotranspiration=previous,
                **SITE,
            )
    with pytest.raises(InputError, match=r"add up to 1\.9"):
        carbon_sink_flux(*drivers, mineral_share={"illite": 0.95, "mica": 0.95}, **SITE)


@pytest.mark.parametrize(("argument", "value"), [
    ("bulk_density", 1.32), ("evapotranspiration", np.full(12, -50.0)), ("thickness", 150.0),
])  # fmt: skip
def test_a_site_in_another_unit_gives_no_number(argument: str, value: object) -> None:
    """g cm-3, a flux of another sign, cm: each gave a number that looks like one."""
    site = {"soil_moisture": np.full(12, 0.3), "soil_temperature": np.full(12, 298.15),
            "evapotranspiration": np.full(12, 1000.0 / 12.0), "clay": 0.3, "silt": 0.3, "sand": 0.4,
            "bulk_density": 1320.0, "thickness": 2.0, "mineral_share": {"illite": 1 / 3}}  # fmt: skip
    name = {"thickness": "effective_thickness"}.get(argument, argument)
    with pytest.raises(InputError, match=name):
        carbon_sink_flux(**(site | {argument: value}))
