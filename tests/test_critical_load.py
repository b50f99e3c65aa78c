"""Critical loads: hand-derived values, back-substitution into the soil water, published numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from saprolite import constants
from saprolite import equations as eq
from saprolite.column.critical_load import CRITERIA, CriticalLoadInput, critical_loads
from saprolite.column.pit import solve
from saprolite.column.site import Site
from saprolite.errors import InputError

EQ_HA = 1e-7  # kmol_c m-2 yr-1 in one eq ha-1 yr-1

SITE = CriticalLoadInput(
    ca_deposition=1e-5, mg_deposition=5e-6, k_deposition=5e-6, na_deposition=4e-5,
    cl_deposition=4.5e-5, ca_weathering=3e-5, mg_weathering=1e-5, k_weathering=1e-5,
    na_weathering=1e-5, ca_uptake=5e-6, mg_uptake=2e-6, k_uptake=3e-6, n_uptake=3e-5,
    n_immobilisation=7e-6, percolation=0.3, criterion="bc_al", critical_value=1.0,
    log_gibbsite=8.0, denitrification_fraction=0.4, nitrogen_concentration=1e-5,
)  # fmt: skip
VALUES = {"bc_al": 1.0, "bc_h": 0.5, "aluminium": 2e-4, "ph": 4.2, "anc": 2e-5,
          "aluminium_mobilisation": 2.0}  # fmt: skip

flux = st.floats(1e-6, 5e-4)
water = st.floats(0.05, 3.0)
ratios = st.floats(0.1, 30.0)
log_constants = st.floats(6.0, 10.0)


def soil_water(anc_leaching: float, percolation: float, log_gibbsite: float) -> tuple[float, float]:
    """[H+] and [Al3+], mol/L, of a water whose charge balance is ANC = -[H] - 3 [Al]."""

    def charge(log_h: float) -> float:
        h = 10.0**log_h
        return h + 3.0 * 10.0**log_gibbsite * h**3 + anc_leaching / percolation

    h = 10.0 ** brentq(charge, -14.0, 2.0, xtol=1e-15, rtol=1e-15)
    return h, 10.0**log_gibbsite * h**3


# --- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_k", [6.5, 8.0, 9.0, 9.5])
def test_the_manual_constant_from_a_water_at_equilibrium(log_k: float) -> None:
    h = 10.0**-4.3  # mol/L
    aluminium = 10.0**log_k * h**3  # mol/L
    h_eq, al_eq = 1000.0 * h, 3.0 * 1000.0 * aluminium  # eq m-3
    assert eq.gibbsite_manual_constant(log_k) == pytest.approx(al_eq / h_eq**3, rel=1e-12, abs=0.0)
    assert eq.log_gibbsite_constant(al_eq / h_eq**3) == pytest.approx(log_k, rel=1e-12, abs=0.0)


def test_three_hundred_m6_eq_2_is_log_8_not_log_9() -> None:
    assert eq.gibbsite_manual_constant(8.0) == pytest.approx(300.0, rel=1e-12, abs=0.0)
    assert eq.gibbsite_manual_constant(9.0) == pytest.approx(3000.0, rel=1e-12, abs=0.0)


def test_the_molar_constant_in_the_charge_formula_is_wrong_by_the_cube_root_of_three() -> None:
    naive = 0.3 ** (2 / 3) * (9e-5 / 1e8) ** (1 / 3)
    assert naive / eq.hydrogen_leaching(0.3, 9e-5, 8.0) == pytest.approx(
        3 ** (1 / 3), rel=1e-12, abs=0.0
    )


@pytest.mark.parametrize(("log_k", "ratio"), [(8.0, 1.0), (9.0, 10.0), (8.5, 1.2)])
def test_bc_al_in_the_manuals_own_units(log_k: float, ratio: float) -> None:
    """Q in m3 ha-1 yr-1, Bc_le in eq ha-1 yr-1, K_gibb in m6 eq-2; 9 and 10: eastern Canada
    (Ouimet et al. 2006)."""
    q, bc, k = 5000.0, 400.0, 3e-6 * 10.0**log_k
    aluminium = 1.5 * bc / ratio
    expected = -(q ** (2 / 3)) * (aluminium / k) ** (1 / 3) - aluminium
    found = eq.anc_leaching_bc_al(q / 1e4, bc * EQ_HA, ratio, log_k)
    assert eq.equivalents_per_hectare(found) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_eastern_canada_by_hand() -> None:
    """Al_le = 1.5 * 400/10 = 60; H_le = (5000^2 * 60/3000)^(1/3) = 500000^(1/3) eq ha-1."""
    found = eq.anc_leaching_bc_al(0.5, 400 * EQ_HA, 10.0, 9.0)
    assert found == pytest.approx(-(60.0 + 79.37005259840998) * EQ_HA, rel=1e-12, abs=0.0)


# --- the criteria, put back into the soil water ------------------------------------------------


@given(water, flux, ratios, log_constants)
def test_bc_al_comes_back(q: float, bc: float, ratio: float, log_k: float) -> None:
    anc = eq.anc_leaching_bc_al(q, bc, ratio, log_k)
    _, aluminium = soil_water(anc, q, log_k)
    assert (bc / 2.0 / q) / aluminium == pytest.approx(ratio, rel=1e-9, abs=0.0)
    assert bc / (3.0 * q * aluminium) == pytest.approx(ratio * 2.0 / 3.0, rel=1e-9, abs=0.0)


@given(water, st.floats(1e-6, 1e-3), log_constants)
def test_aluminium_comes_back(q: float, charge: float, log_k: float) -> None:
    _, aluminium = soil_water(eq.anc_leaching_aluminium(q, charge, log_k), q, log_k)
    assert 3.0 * aluminium == pytest.approx(charge, rel=1e-9, abs=0.0)


@given(water, st.floats(3.0, 6.0), log_constants)
def test_ph_comes_back(q: float, ph: float, log_k: float) -> None:
    h, _ = soil_water(eq.anc_leaching_ph(q, ph, log_k), q, log_k)
    assert -math.log10(h) == pytest.approx(ph, abs=1e-9)


@given(water, flux, st.floats(0.1, 3.0), log_constants)
def test_aluminium_leaves_as_fast_as_it_weathers(
    q: float, weathering: float, share: float, log_k: float
) -> None:
    anc = eq.anc_leaching_mobilisation(q, weathering, share, log_k)
    _, aluminium = soil_water(anc, q, log_k)
    assert 3.0 * aluminium * q == pytest.approx(share * weathering, rel=1e-9, abs=0.0)


@given(flux, ratios)
def test_bc_h_comes_back(bc: float, ratio: float) -> None:
    hydrogen = -eq.anc_leaching_bc_h(bc, ratio)
    assert (bc / 2.0) / hydrogen == pytest.approx(ratio, rel=1e-12, abs=0.0)


def test_anc_of_a_water() -> None:
    assert eq.anc_leaching_concentration(0.5, 2e-5) == pytest.approx(1e-5, rel=1e-14, abs=0.0)


def test_four_criteria_that_describe_one_water_agree() -> None:
    """pH 4, log K 8: [H] = 1e-4, [Al] = 1e-4 mol/L; Q = 0.3 m; with Bc 1e-4 mol/L Bc/Al is 1."""
    expected = -0.3 * 4e-4
    assert eq.anc_leaching_ph(0.3, 4.0, 8.0) == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert eq.anc_leaching_aluminium(0.3, 3e-4, 8.0) == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert eq.anc_leaching_bc_al(0.3, 6e-5, 1.0, 8.0) == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert eq.anc_leaching_mobilisation(0.3, 4.5e-5, 2.0, 8.0) == pytest.approx(
        expected, rel=1e-12, abs=0.0
    )


@given(
    st.floats(0.0, 1.0), water, ratios, log_constants, flux, flux,
    st.floats(0.0, 0.9), st.booleans(),
)  # fmt: skip
def test_every_point_of_the_function_gives_the_critical_water(
    along: float, q: float, ratio: float, log_k: float, weathering: float, sodium: float,
    fraction: float, constant: bool,
) -> None:  # fmt: skip
    """The ions that a deposition on the function leaves behind, added up, give (Bc/Al)crit."""
    nitrogen_sink = 2e-5
    site = replace(
        SITE, percolation=q, critical_value=ratio, log_gibbsite=log_k, na_weathering=sodium,
        ca_weathering=weathering, ca_uptake=0.0, mg_uptake=0.0, k_uptake=0.0,
        minimum_base_concentration=0.0,
        denitrification_fraction=None if constant else fraction,
        denitrification=nitrogen_sink if constant else None,
    )  # fmt: skip
    loads = critical_loads(site)
    nitrogen = loads.cl_min_n + along * (loads.cl_max_n - loads.cl_min_n)
    sulphate = loads.cl_max_s * (1.0 - along)
    excess = nitrogen - site.n_immobilisation - site.n_uptake
    nitrate = excess - nitrogen_sink if constant else (1.0 - fraction) * excess
    base = 2e-5 + weathering + 2e-5
    anc = base + (4e-5 + sodium) - 4.5e-5 - sulphate - nitrate
    _, aluminium = soil_water(anc, q, log_k)
    assert (base / 2.0 / q) / aluminium == pytest.approx(ratio, rel=1e-6, abs=0.0)


# --- the loads -----------------------------------------------------------------------------------


def test_loads_by_hand() -> None:
    """In eq ha-1 yr-1: Bc_le 600, ANC_le,crit -1200, BC 600 + 600 - 450 - 100 = 650."""
    loads = critical_loads(SITE).as_equivalents_per_hectare()
    expected = {"anc_le_crit": -1200.0, "cl_a": 1800.0, "cl_max_s": 1850.0, "cl_min_n": 370.0,
                "cl_max_n": 370.0 + 1850.0 / 0.6, "cl_nut_n": 370.0 + 30.0 / 0.6}  # fmt: skip
    assert loads == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_constant_denitrification_and_given_leaching() -> None:
    site = replace(SITE, denitrification_fraction=None, denitrification=1e-5,
                   nitrogen_concentration=None, nitrogen_leaching=4e-6)  # fmt: skip
    loads = critical_loads(site).as_equivalents_per_hectare()
    assert loads["cl_min_n"] == pytest.approx(470.0)
    assert loads["cl_max_n"] == pytest.approx(470.0 + 1850.0)
    assert loads["cl_nut_n"] == pytest.approx(510.0)


def test_without_acceptable_leaching_there_is_no_nutrient_load() -> None:
    loads = critical_loads(replace(SITE, nitrogen_concentration=None))
    assert loads.cl_nut_n is None
    assert "cl_nut_n" not in loads.as_equivalents_per_hectare()
    with pytest.raises(InputError, match="nitrogen_leaching"):
        loads.nutrient_exceedance(nitrogen_deposition=1e-5)
    assert critical_loads(SITE).nutrient_exceedance(nitrogen_deposition=5e-5) == pytest.approx(8e-6)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_arrays_equal_scalars_and_nan_stays_in_its_cell(criterion: str) -> None:
    weathering = np.array([[1e-5, 5e-5, math.nan], [2e-4, 3e-5, 8e-6]])
    log_k = np.array([8.0, 8.5, 9.0])
    site = replace(SITE, criterion=criterion, critical_value=VALUES[criterion], log_gibbsite=log_k,
                   ca_weathering=weathering)  # fmt: skip
    loads = critical_loads(site)
    over = loads.exceedance(sulphur_deposition=3e-4, nitrogen_deposition=2e-4)
    for index in np.ndindex(2, 3):
        cell = replace(site, ca_weathering=weathering[index], log_gibbsite=log_k[index[1]])
        one = critical_loads(cell)
        for name in ("anc_le_crit", "cl_a", "cl_max_s", "cl_max_n"):
            whole = np.broadcast_to(getattr(loads, name), (2, 3))
            assert whole[index] == pytest.approx(getattr(one, name), rel=1e-13, nan_ok=True)
        single = one.exceedance(sulphur_deposition=3e-4, nitrogen_deposition=2e-4)
        assert [part[index] for part in over] == pytest.approx(list(single), rel=1e-9, nan_ok=True)
    assert np.isnan(loads.cl_max_s).sum() == np.isnan(over.total).sum() == 1
    assert np.isnan(over.region).sum() == 1


@given(st.sampled_from(sorted(CRITERIA)), flux, flux, st.sampled_from(["ca", "mg", "k", "na"]))
def test_more_weathering_never_lowers_a_load(
    criterion: str, low: float, more: float, element: str
) -> None:
    def at(weathering: float) -> Any:
        changed: Any = {f"{element}_weathering": weathering}
        return critical_loads(
            replace(SITE, criterion=criterion, critical_value=VALUES[criterion], **changed)
        )

    before, after = at(low), at(low + more)
    # Neutralised acidity alone raises the load by the weathering itself.
    assert after.cl_max_s - before.cl_max_s >= more * (1.0 - 1e-9)
    assert after.cl_max_n >= before.cl_max_n
    assert after.cl_a >= before.cl_a


@pytest.mark.parametrize(("criterion", "stricter"), [
    ("bc_al", 10.0), ("bc_h", 1.0), ("aluminium", 2e-5), ("ph", 4.6), ("anc", 4e-5),
    ("aluminium_mobilisation", 1.0)])  # fmt: skip
def test_a_stricter_criterion_lowers_the_load(criterion: str, stricter: float) -> None:
    loads = [critical_loads(replace(SITE, criterion=criterion, critical_value=value)).cl_max_s
             for value in (VALUES[criterion], stricter)]  # fmt: skip
    assert loads[1] < loads[0]


def test_a_load_below_zero_is_shown_and_any_deposition_exceeds_it() -> None:
    loads = critical_loads(replace(SITE, criterion="anc", critical_value=1e-3))
    assert loads.as_equivalents_per_hectare()["cl_max_s"] == pytest.approx(650.0 - 3000.0)
    over = loads.exceedance(sulphur_deposition=1e-5, nitrogen_deposition=5e-5)
    assert over.sulphur == pytest.approx(1e-5)
    assert over.nitrogen == pytest.approx(5e-5 - 3.7e-5)


# --- refusals ------------------------------------------------------------------------------------


def test_the_criterion_has_no_default_and_all_problems_come_at_once() -> None:
    wrong = replace(
        SITE, percolation=-0.1, criterion=None, critical_value=None, ca_deposition=-1e-6,
        denitrification=1e-6, nitrogen_leaching=1e-6, n_uptake="much",
        mg_weathering=np.ones(2) * 1e-5, k_weathering=np.ones(3) * 1e-5,
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        critical_loads(wrong)
    assert {problem.where for problem in caught.value.problems} == {
        "percolation", "criterion", "critical_value", "ca_deposition", "n_uptake", "shapes",
        "denitrification_fraction and denitrification",
        "nitrogen_leaching and nitrogen_concentration",
    }  # fmt: skip
    assert "there is no default" in str(caught.value)


@pytest.mark.parametrize(("changes", "message"), [
    ({"criterion": "bc_a"}, "did you mean 'bc_al'"),
    ({"criterion": 3}, "'bc_al', 'bc_h'"),
    ({"critical_value": None}, "molar Bc/Al"),
    ({"log_gibbsite": None}, "needed by 'bc_al'"),
    ({"denitrification_fraction": None}, "neither"),
    # slips of the unit
    ({"ca_weathering": 300.0}, "1e7 eq ha-1"),
    ({"na_deposition": 0.04}, "1e7 eq ha-1"),
    ({"percolation": 300.0}, "metres, not mm"),
    ({"percolation": 0.0}, "set them NaN"),
    ({"log_gibbsite": 300.0}, "8 for 300 m6 eq-2"),
    ({"log_gibbsite": 1e9}, "8 for 300 m6 eq-2"),
    ({"denitrification_fraction": 40.0}, "not percent"),
    ({"nitrogen_concentration": 0.2}, "1 mg N L-1"),
    ({"criterion": "aluminium", "critical_value": 0.2}, "kmol_c m-3"),
    ({"criterion": "anc", "critical_value": 20.0}, "kmol_c m-3"),
    ({"criterion": "ph", "critical_value": 1e-4}, "2 to 7"),
    ({"ca_weathering": xr.DataArray([1e-5])}, "its .values"),
    ({"ca_weathering": math.inf}, "1e7 eq ha-1"),
])  # fmt: skip
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=r"\(1 problem\)") as caught:
        critical_loads(replace(SITE, **changes))
    assert message in str(caught.value)


def test_a_site_is_told_how_its_critical_loads_are_computed() -> None:
    site = Site.read(Path(__file__).parents[1] / "sites/podzol.toml")
    with pytest.raises(InputError, match=r"a sap\.CriticalLoadInput") as caught:
        critical_loads(site)  # type: ignore[arg-type]
    next_step = caught.value.problems[0].next_step
    assert next_step.startswith("sap.solve(site).critical_loads()")
    assert len(solve(site).critical_loads()) == 1


def test_uptake_above_the_supply() -> None:
    """Supply 200 + 500 eq ha-1, minus 0.3 m of 10 ueq/L = 30: the limit is 670."""
    limit = eq.largest_uptake(2e-5, 5e-5, 0.3)
    assert limit == pytest.approx(670 * EQ_HA)
    critical_loads(replace(SITE, ca_uptake=limit - 5e-6))
    with pytest.raises(InputError, match="5 eq ha-1 yr-1 above the supply, in 1 of 3 cells"):
        critical_loads(replace(SITE, ca_uptake=limit - 5e-6 + np.array([0.0, 5e-7, math.nan])))
    assert eq.largest_uptake(1e-6, 1e-6, 1.0) == 0.0


def test_an_implausible_or_missing_deposition_is_refused() -> None:
    loads = critical_loads(SITE)
    with pytest.raises(InputError, match="2 problems") as caught:
        loads.exceedance(sulphur_deposition=-1e-6, nitrogen_deposition=900.0)
    assert "nitrogen_deposition" in str(caught.value)
    with pytest.raises(InputError, match="give the deposition"):
        loads.exceedance(sulphur_deposition=None, nitrogen_deposition=1e-5)


# --- the exceedance ------------------------------------------------------------------------------

# CL(N)min 1, CL(N)max 5, CL(S)max 3: the slope is the 3-4-5 triangle, its normal (3, 4).
LOADS = (1.0, 5.0, 3.0)


@pytest.mark.parametrize(("nitrogen", "sulphur", "expected"), [
    (0.0, 0.0, (0, 0, 0, 0)), (1.0, 3.0, (0, 0, 0, 0)), (3.0, 1.5, (0, 0, 0, 0)),
    (5.0, 0.0, (0, 0, 0, 0)), (0.5, 3.0, (0, 0, 0, 0)), (4.9, 0.0, (0, 0, 0, 0)),
    (7.0, 0.0, (2, 0, 2, 1)),
    (9.0, 1.0, (4, 1, 5, 2)), (5.0, 0.0 + 1e-3, None),
    (6.0, 5.5, (3, 4, 7, 3)), (3.3, 1.9, (0.3, 0.4, 0.7, 3)),
    (2.0, 8.0, (1, 5, 6, 4)),
    (0.5, 5.0, (0, 2, 2, 5)), (1.0, 4.0, (0, 1, 1, 5)), (0.0, 3.5, (0, 0.5, 0.5, 5)),
])  # fmt: skip
def test_regions_by_hand(nitrogen: float, sulphur: float, expected: tuple[float, ...]) -> None:
    if expected is None:
        # Just above the corner on the N axis: along the normal (3, 4)/5 of a height 4/5 * 1e-3.
        expected = (0.8e-3 * 0.6, 0.8e-3 * 0.8, 0.8e-3 * 1.4, 3)
    assert eq.exceedance(nitrogen, sulphur, *LOADS) == pytest.approx(expected, abs=1e-12)


def test_region_one_has_a_breadth_with_a_smallest_sulphur() -> None:
    found = eq.exceedance(7.0, 0.5, *LOADS, sulphur_minimum=1.0)
    assert found == pytest.approx((2.0, 0.0, 2.0, 1.0))
    assert eq.exceedance(7.0, 3.0, *LOADS, sulphur_minimum=1.0) == pytest.approx((2, 2, 4, 2))


def test_a_function_without_room_for_acid() -> None:
    """CL(S)max = 0: the line shrinks to a point; what is bearable is N up to CL(N)min alone."""
    assert eq.exceedance(0.5, 0.0, 1.0, 1.0, 0.0).total == 0.0
    assert eq.exceedance(3.0, 2.0, 1.0, 1.0, 0.0)[:3] == pytest.approx((2.0, 2.0, 4.0))
    assert eq.exceedance(3.0, 2.0, 1.0, -7.0, -4.0)[:3] == pytest.approx((2.0, 2.0, 4.0))


CATCHMENTS = [
    # Means over catchments that lie in one region, where Ex is linear in the depositions; meq m-2
    # yr-1: Ndep, Sdep, CLminN, CLmaxN, CLmaxS, ExN, ExS, region (NIVA critical_loads_2, MIT,
    # cl_vestland/output/cl_vestland_results_summary_meqpm2pyr.csv, Mod_Main, Ynd_Main).
    (42.86723734999869, 10.3945953575086, 3.051811933517456, 45.81250381469727,
     34.85468292236328, 3.914848406769425, 4.802846742641074, 3),
    (51.219336461126005, 9.610114621732574, 3.111899137496948, 20.06623077392578,
     14.197444915771484, 31.153116098357913, 9.610114621732574, 2),
    (69.7152155244638, 20.56901521657172, 3.111899137496948, 20.06623077392578,
     14.197444915771484, 49.64898730730563, 20.56901521657172, 2),
]  # fmt: skip


@pytest.mark.parametrize("row", CATCHMENTS)
def test_published_exceedances(row: tuple[float, ...]) -> None:
    *arguments, in_nitrogen, in_sulphur, region = row
    found = eq.exceedance(*arguments)
    assert found.nitrogen == pytest.approx(in_nitrogen, rel=2e-5, abs=0.0)
    assert found.sulphur == pytest.approx(in_sulphur, rel=2e-5, abs=0.0)
    assert found.region == region


deposition = st.floats(0.0, 20.0)
loads_of = st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 0.9), st.floats(0.01, 10.0)).map(
    lambda t: (t[0], t[0] + t[2] / (1.0 - t[1]), t[2])
)


def height(nitrogen: float, low: float, right: float, top: float) -> float:
    """The critical load function: largest S at this N; below 0 right of CL(N)max."""
    return min(top, top * (right - nitrogen) / (right - low))


@given(deposition, deposition, loads_of)
def test_exceeded_if_and_only_if_above_the_function(
    nitrogen: float, sulphur: float, loads: tuple[float, float, float]
) -> None:
    found = eq.exceedance(nitrogen, sulphur, *loads)
    above = sulphur - height(nitrogen, *loads)
    if above < -1e-9:
        assert found.total == 0.0
        assert found.region == 0.0
    if above > 1e-9:
        assert found.total > 0.0
        assert found.region in (1.0, 2.0, 3.0, 4.0, 5.0)
    assert found.total == found.nitrogen + found.sulphur


@given(deposition, deposition, loads_of)
def test_the_cut_is_the_shortest_that_reaches_the_function(
    nitrogen: float, sulphur: float, loads: tuple[float, float, float]
) -> None:
    found = eq.exceedance(nitrogen, sulphur, *loads)
    n, s = nitrogen - found.nitrogen, sulphur - found.sulphur
    assert n >= -1e-12
    assert s >= -1e-12
    assert s <= height(n, *loads) + 1e-9
    if found.total > 0.0:
        low, right, top = loads
        share = np.linspace(0.0, 1.0, 2001)
        border_n = np.concatenate([share * low, low + share * (right - low)])
        border_s = np.concatenate([np.full(2001, top), top * (1.0 - share)])
        shortest = np.hypot(nitrogen - border_n, sulphur - border_s).min()
        assert math.hypot(found.nitrogen, found.sulphur) <= shortest + 1e-9


@given(deposition, deposition, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), loads_of)
def test_no_jump_between_regions(
    nitrogen: float, sulphur: float, dn: float, ds: float, loads: tuple[float, float, float]
) -> None:
    """What is left of a projection on a convex set moves no farther than the point does."""
    other_n, other_s = max(nitrogen + dn, 0.0), max(sulphur + ds, 0.0)
    one, two = (eq.exceedance(n, s, *loads) for n, s in ((nitrogen, sulphur), (other_n, other_s)))
    moved = math.hypot(other_n - nitrogen, other_s - sulphur)
    assert math.hypot(one.nitrogen - two.nitrogen, one.sulphur - two.sulphur) <= moved + 1e-9


def test_exceedance_of_arrays_and_labelled_arrays() -> None:
    nitrogen = np.linspace(0.0, 9.0, 37)
    sulphur = np.linspace(0.0, 7.0, 29)
    whole = eq.exceedance(nitrogen[:, None], sulphur, *LOADS)
    assert set(np.unique(whole.region)) == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}
    for i, j in ((0, 28), (36, 0), (36, 3), (20, 20), (5, 28), (4, 4)):
        assert [part[i, j] for part in whole] == list(
            eq.exceedance(nitrogen[i], sulphur[j], *LOADS)
        )
    labelled = eq.exceedance(
        xr.DataArray(nitrogen, dims="n"), xr.DataArray(sulphur, dims="s"), *LOADS
    )
    assert labelled.region.dims == ("n", "s")
    np.testing.assert_array_equal(labelled.total, whole.total)
    gap = eq.exceedance(np.array([9.0, math.nan]), 1.0, *LOADS)
    assert gap.region[0] == 2.0
    assert all(np.isnan(part[1]) for part in (gap.nitrogen, gap.total, gap.region))


# --- published tables ----------------------------------------------------------------------------


def test_norwegian_waters(data: Path) -> None:
    """2303 cells computed by NIVA: ANC limit as criterion, and CL(N)max from what does not
    denitrify and is not kept by lakes (fractions from the lake formulas of the same source)."""
    table = pd.read_csv(data / "critical_loads/norway_resa2_cla.csv", sep=";", decimal=",")
    table = table.dropna(subset=["CLA", "CLMAXN"])
    assert len(table) == 2303
    runoff = table["Q2"].to_numpy() * 1e-3  # m yr-1
    to_si = 1e-6  # ueq L-1 to kmol_c m-3, and meq m-2 to kmol_c m-2
    for base, limit, acidity, maximum in (
        ("BC0", "ANCVARLIMIT", "CLA", "CLMAXN"),
        ("BC_MAGIC", "ANCVARLIMIT_MAGIC", "CLA_MAGIC", "CLMAXN_MAGIC"),
    ):
        supply = runoff * table[base].to_numpy() * to_si
        anc = eq.anc_leaching_concentration(runoff, table[limit].to_numpy() * to_si)
        load = eq.critical_load_sulphur(0.0, 0.0, supply, 0.0, anc)
        np.testing.assert_allclose(load, table[acidity] * to_si, rtol=1e-12, atol=1e-18)
        np.testing.assert_allclose(eq.critical_load_acidity(supply, anc), load, rtol=1e-12, atol=0)
        kept_s = 0.5 / (0.5 + runoff / table["CLRAT"].to_numpy())
        reaches_n = (1.0 - 0.1 * (1.0 - table["CLRAT"])) * (1.0 - table["RHON"])
        found = eq.critical_load_nitrogen_maximum(
            table["CLMINN"].to_numpy() * to_si, load / (1.0 - kept_s),
            1.0 - reaches_n.to_numpy() / (1.0 - kept_s),
        )  # fmt: skip
        np.testing.assert_allclose(found, table[maximum] * to_si, rtol=1e-12)


def test_sea_salt_ratios_against_sea_water() -> None:
    """Reference seawater, mmol kg-1 (Millero et al. 2008): charges per charge of chloride."""
    chloride = 545.86
    for name, amount, charge in (("CA", 10.28, 2), ("MG", 52.82, 2), ("K", 10.21, 1),
                                 ("NA", 468.97, 1), ("SO4", 28.24, 2)):  # fmt: skip
        printed = getattr(constants, f"SEA_SALT_{name}")
        assert printed == pytest.approx(charge * amount / chloride, rel=0.04, abs=0.0), name
    assert eq.sea_salt_corrected(3e-5, 4e-5, constants.SEA_SALT_NA) == 0.0
