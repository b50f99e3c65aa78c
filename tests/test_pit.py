"""Solved pits: balances, sums, hand calculations, errors by their words, round trips."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w

import saprolite as sap
from saprolite.column.pit import Pits, solve
from saprolite.column.pit_numbers import unverified
from saprolite.column.site import Layer, Site
from saprolite.column.site_checks import DEPOSITION
from saprolite.column.site_critical_load import KEYS, criterion_name
from saprolite.column.site_files import SITE_TEMPLATE, read_sites
from saprolite.constants import TABLE
from saprolite.errors import InputError, MineralError, ReadingError
from saprolite.models import ColumnReading

SITES = Path(__file__).parents[1] / "sites"
PODZOL = Site.read(SITES / "podzol.toml")
ALL = tuple(read_sites(SITES))
FLUX = "mmol_c_m2_yr"
BASES = ("Ca", "Mg", "K", "Na")
READINGS: tuple[dict[str, Any], ...] = (
    {}, {"rate_law": "nutsfor"}, {"rate_law": "nutsfor", "organic_acid": "triprotic"},
    {"activity": "off", "aluminium_species": "al3_only"}, {"brakes": "off"},
)  # fmt: skip
WITCH_MINERALS = ("albite", "anorthite", "k_feldspar", "muscovite", "chlorite", "kaolinite")


def changed(site: Site, **layer: Any) -> Site:
    return replace(site, layers=tuple(replace(item, **layer) for item in site.layers))


def only(site: Site, minerals: tuple[str, ...]) -> Site:
    """The same site with some of its minerals."""
    return replace(site, critical_load=None, layers=tuple(
        replace(layer, minerals={k: v for k, v in layer.minerals.items() if k in minerals})
        for layer in site.layers
    ))  # fmt: skip


def one_layer(deposition: dict[str, float] | None = None, uptake: dict[str, float] | None = None,
              rain: float = 0.9, evaporation: float = 0.4, **layer: Any) -> Site:  # fmt: skip
    """A site of one layer without minerals and without DOC, unless something else is said."""
    given: dict[str, Any] = {
        "name": "B", "thickness": 0.3, "temperature": 281.0, "saturation": 0.5, "surface_area": 1e6,
        "co2": 0.004, "doc": 0.0, "log_gibbsite": 8.0, "minerals": {}, "nitrification": 0.0,
        "evapotranspiration_share": 1.0, "uptake_share": 1.0,
    }  # fmt: skip
    return Site(
        name="P", precipitation=rain, evapotranspiration=evaporation,
        layers=(Layer(**{**given, **layer}),),
        deposition={**dict.fromkeys(DEPOSITION, 0.0), **(deposition or {})},
        uptake={**dict.fromkeys(("Ca", "Mg", "K", "N"), 0.0), **(uptake or {})},
    )  # fmt: skip


def random_site(seed: int) -> Site:
    """A soil as it could be: any texture, minerals, rain, deposition, uptake and chemistry."""
    draw = np.random.default_rng(seed)
    names = ("k_feldspar", "oligoclase", "albite", "anorthite", "hornblende", "epidote", "biotite",
             "muscovite", "chlorite", "vermiculite", "apatite", "calcite", "kaolinite")  # fmt: skip
    count = int(draw.integers(1, 6))
    water, roots = draw.dirichlet(np.ones(count)), draw.dirichlet(np.ones(count))
    rain = draw.uniform(0.4, 2.5)
    layers = []
    for index in range(count):
        clay, silt, sand, _ = draw.dirichlet(np.ones(4))
        chosen = draw.choice(names, size=int(draw.integers(1, 8)), replace=False)
        content = draw.dirichlet(np.ones(chosen.size)) * draw.uniform(0.05, 0.9)
        shares = {str(name): float(x) for name, x in zip(chosen, content, strict=True)}
        # A trace of calcite is plenty.
        shares = {k: v * (1e-4 if k == "calcite" else 1.0) for k, v in shares.items()}
        layers.append(Layer(
            name=f"L{index}", thickness=draw.uniform(0.03, 0.6), temperature=draw.uniform(272, 303),
            saturation=draw.uniform(0.1, 1.0), bulk_density=draw.uniform(300, 1700), clay=clay,
            silt=silt, sand=sand, co2=10 ** draw.uniform(-3.3, -1.3), doc=10 ** draw.uniform(-3.5, -1),
            log_gibbsite=draw.uniform(6.0, 9.5), minerals=shares, nitrification=draw.uniform(0, 1),
            evapotranspiration_share=float(water[index]), uptake_share=float(roots[index]),
        ))  # fmt: skip
    return Site(
        name=f"random {seed}", precipitation=rain, evapotranspiration=rain * draw.uniform(0.1, 0.8),
        deposition={name: 10 ** draw.uniform(-6.5, -4.3) for name in DEPOSITION},
        uptake={name: 10 ** draw.uniform(-6.5, -4.6) for name in ("Ca", "Mg", "K", "N")},
        layers=tuple(layers),
    )  # fmt: skip


RANDOM = tuple(random_site(seed) for seed in range(50))


# Balances ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("choices", READINGS, ids=str)
def test_mass_balances_close(choices: dict[str, Any]) -> None:
    """Every element in every layer of the examples and of 50 random soils."""
    pits = solve((*ALL, *RANDOM), **choices)
    balance = pits.mass_balance()
    assert len(balance) == sum(len(site.layers) + 1 for site in pits.sites)
    closure = balance.drop(columns=["site", "layer"])
    assert list(closure) == [f"{x}_1" for x in (*BASES, "SO4", "Cl", "N", "Si", "P")]
    assert np.abs(closure.to_numpy(float)).max() < 1e-9


def test_a_balance_that_does_not_close_is_seen() -> None:
    """A tenth of the calcium lost on the way out."""
    pits = solve(PODZOL)
    ions = {**pits.state.ions, "Ca": 0.9 * pits.state.ions["Ca"]}
    broken = replace(pits, state=replace(pits.state, ions=ions)).mass_balance()
    top = broken.iloc[0]
    assert top["Ca_1"] > 0.02
    assert abs(top["Mg_1"]) < 1e-12


def test_charges_balance_in_every_layer() -> None:
    """Sum over all ions of the table, each with its charge, and the ANC of the strong ions."""
    table = solve((*ALL, *RANDOM)).table()
    charges = {"H": 1, "OH": -1, "HCO3": -1, "CO3": -2, "Al": 3, "AlOH1": 2, "AlOH2": 1, "AlOH4": -1,
               "Ca": 2, "Mg": 2, "K": 1, "Na": 1, "NH4": 1, "NO3": -1, "SO4": -2, "Cl": -1}  # fmt: skip
    total, size = -table["organic_anions_umol_c_L"], table["organic_anions_umol_c_L"].copy()
    for name, charge in charges.items():
        total = total + charge * table[f"{name}_umol_L"]
        size += abs(charge) * table[f"{name}_umol_L"]
    assert (total.abs() / size).max() < 1e-9
    weak = (table["OH_umol_L"] + table["HCO3_umol_L"] + 2 * table["CO3_umol_L"]
            + table["organic_anions_umol_c_L"] - table["H_umol_L"] - 3 * table["Al_umol_L"]
            - 2 * table["AlOH1_umol_L"] - table["AlOH2_umol_L"] + table["AlOH4_umol_L"])  # fmt: skip
    assert ((table["ANC_umol_c_L"] - weak).abs() / size).max() < 1e-9


def test_the_solution_obeys_its_equilibria() -> None:
    """pH, HCO3- and Al3+ by hand, activity coefficients 1, at 281.15 K."""
    reading = {"activity": "off", "aluminium_species": "al3_only"}
    row = solve(changed(PODZOL, temperature=281.15), **reading).table().iloc[2]
    h = 10.0 ** -row["pH"]
    t = 281.15
    henry = 10.0 ** (2385.7 / t - 14.0184 + 0.015264 * t)
    first = 10.0 ** (14.8435 - 3404.7 / t - 0.032786 * t)
    assert row["H_umol_L"] == pytest.approx(1e6 * h, rel=1e-9, abs=0.0)
    assert row["HCO3_umol_L"] == pytest.approx(1e6 * henry * first * 0.006 / h, rel=1e-9, abs=0.0)
    assert row["Al_umol_L"] == pytest.approx(1e6 * 10.0**8.5 * h**3, rel=1e-9, abs=0.0)
    share = 1.0 / (1.0 + h / 10.0 ** -(0.96 + 0.90 * row["pH"] - 0.039 * row["pH"] ** 2))
    assert row["organic_anions_umol_c_L"] == pytest.approx(
        1e6 * 0.01 * 0.008 * share, rel=1e-9, abs=0.0
    )


# Sums --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
def test_parts_add_up(model: str) -> None:
    sites = [only(site, WITCH_MINERALS) for site in ALL] if model == "witch-type" else list(ALL)
    pits = solve(sites[:1] if model == "simple" else sites, model)
    table, total = pits.table(), f"weathering_{FLUX}"
    by_element = table[[f"weathering_{name}_{FLUX}" for name in BASES]].sum(axis=1)
    assert by_element.to_numpy() == pytest.approx(table[total].to_numpy(), rel=1e-12, abs=0.0)
    for start in ("weathering_by_", "weathering_of_"):
        parts = table.filter(regex=f"^{start}").sum(axis=1)
        assert parts.to_numpy() == pytest.approx(table[total].to_numpy(), rel=1e-12, abs=0.0)
    keys = ["site", "layer"]
    whole = table.set_index(keys)[total]
    for frame in (pits.by_mineral(), pits.by_pathway()):
        summed = frame.groupby(keys, sort=False)[total].sum()
        assert summed.to_numpy() == pytest.approx(
            whole.loc[summed.index].to_numpy(), rel=1e-12, abs=0.0
        )
        for name in BASES:
            column = f"weathering_{name}_{FLUX}"
            summed = frame.groupby(keys, sort=False)[column].sum()
            expected = table.set_index(keys).loc[summed.index][column]
            assert summed.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-12, abs=1e-15)
    totals = pits.totals()
    per_site = table.groupby("site", sort=False)[total].sum()
    assert totals[total].to_numpy() == pytest.approx(per_site.to_numpy(), rel=1e-12, abs=0.0)
    # 1 mmol_c m-2 is 10 eq ha-1.
    assert totals["weathering_eq_ha_yr"].to_numpy() == pytest.approx(10 * totals[total].to_numpy())


def test_totals_are_the_columns_own_sums() -> None:
    pits = solve(ALL)
    totals, table = pits.totals().set_index("site"), pits.table()
    for site, own in table.groupby("site"):
        row = totals.loc[site]
        for name in ("Ca", "Mg", "K"):
            assert row[f"uptake_{name}_{FLUX}"] == pytest.approx(own[f"uptake_{name}_{FLUX}"].sum())
        last = own.iloc[-1]
        assert row[f"leaching_Ca_{FLUX}"] == last[f"outflow_Ca_{FLUX}"]
        nitrogen = last[f"outflow_NH4_{FLUX}"] + last[f"outflow_NO3_{FLUX}"]
        assert row["leaching_N_mmol_m2_yr"] == pytest.approx(nitrogen)
        assert row["depth_m"] == last["bottom_m"]


def test_depths_and_percolation_by_hand() -> None:
    table = solve(PODZOL).table()
    assert list(table["layer"]) == ["O", "E", "B", "C"]
    assert list(table["top_m"]) == [0.0, 0.07, 0.17, 0.52]
    assert list(table["bottom_m"]) == [0.07, 0.17, 0.52, 1.02]
    # 1000 - 520 times 45, 70, 100 and 100 %.
    assert list(table["percolation_mm_yr"]) == pytest.approx([766.0, 636.0, 480.0, 480.0])


def test_water_carries_what_falls() -> None:
    """Without minerals and uptake the concentration of a strong ion is deposition over water."""
    site = one_layer({"SO4": 2e-5, "Na": 1e-5, "Cl": 3e-5})
    row = solve(site).table().iloc[0]
    assert row["percolation_mm_yr"] == pytest.approx(500.0)
    assert row["SO4_umol_L"] == pytest.approx(2e-5 / 2 / 0.5 * 1e6)
    assert row["Na_umol_L"] == pytest.approx(20.0)
    assert row["ANC_umol_c_L"] == pytest.approx((1e-5 - 5e-5) / 0.5 * 1e6)


def test_co2_is_counted_in_three_ways() -> None:
    """12.011 g of C per mol; calcite counts half a CO2 per charge."""
    site = only(PODZOL, ("k_feldspar", "biotite"))
    layers = tuple(
        replace(layer, minerals={**layer.minerals, "calcite": 1e-4}) for layer in site.layers
    )
    pits = solve(replace(site, layers=layers))
    row, table = pits.totals().iloc[0], pits.table()
    calcite = table[f"weathering_of_calcite_{FLUX}"].sum()
    assert 0.02 < calcite / row[f"weathering_{FLUX}"] < 0.98
    # 1 mmol m-2 is 0.012011 t km-2.
    bound = row[f"weathering_{FLUX}"] - 0.5 * calcite
    assert row["CO2_by_base_cations_t_C_km2_yr"] == pytest.approx(
        0.012011 * bound, rel=1e-12, abs=0.0
    )
    minerals = pits.by_mineral()
    weight = np.where(minerals["mineral"] == "calcite", 0.5, 1.0)
    pathway = (weight * minerals[f"weathering_by_CO2_{FLUX}"]).sum()
    assert row["CO2_by_CO2_pathway_t_C_km2_yr"] == pytest.approx(
        0.012011 * pathway, rel=1e-12, abs=0.0
    )
    last = table.iloc[-1]
    leached = (last["HCO3_umol_L"] + last["CO3_umol_L"]) * last["percolation_mm_yr"] * 1e-3
    assert row["CO2_leached_t_C_km2_yr"] == pytest.approx(0.012011 * leached, rel=1e-12, abs=0.0)
    assert math.isnan(solve(PODZOL, "simple").totals().iloc[0]["CO2_leached_t_C_km2_yr"])
    other = solve(PODZOL, pathways="H,H2O").totals().iloc[0]
    assert math.isnan(other["CO2_by_CO2_pathway_t_C_km2_yr"])


# Minerals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["profile", "simple"])
@pytest.mark.parametrize("minerals", [{}, {"albite": 0.0, "chlorite": 0.0}])
def test_without_minerals_nothing_weathers(model: str, minerals: dict[str, float]) -> None:
    pits = solve(changed(PODZOL, minerals=minerals), model)
    assert (pits.table().filter(regex="^weathering").to_numpy() == 0.0).all()
    assert pits.totals().iloc[0]["CO2_by_base_cations_t_C_km2_yr"] == 0.0
    assert pits.text()
    assert pits.as_dict()["sites"][0]["totals"]["weathering_eq_ha_yr"] == 0.0


def test_witch_type_without_minerals() -> None:
    with pytest.raises(InputError, match="none in any layer"):
        solve(changed(PODZOL, minerals={}), "witch-type")
    table = solve(changed(PODZOL, minerals={"albite": 0.0}), "witch-type").table()
    assert (table[f"weathering_{FLUX}"] == 0.0).all()


def test_pathways_that_no_mineral_has() -> None:
    with pytest.raises(ReadingError, match="a pathway of chlorite, vermiculite"):
        solve(PODZOL, pathways="OH")


def test_minerals_without_data_are_all_named() -> None:
    with pytest.raises(MineralError) as caught:
        solve(PODZOL, kinetics="sverdrup_2019")
    assert len(caught.value.problems) == 9


def test_weathering_of_an_inert_solution_by_hand() -> None:
    """Albite, CO2 pathway alone: 10^-15.9 PCO2^0.6 at 281 K on 1e6 * 0.5 * 0.3 * 0.2 m2."""
    site = one_layer(minerals={"albite": 0.2}, co2=0.01)
    row = solve(site, pathways="CO2").table().iloc[0]
    expected = 10**-15.9 * 0.01**0.6 * (1e6 * 0.5 * 0.3 * 0.2) * 365.25 * 86400
    assert row[f"weathering_Na_{FLUX}"] == pytest.approx(1e6 * expected, rel=1e-12, abs=0.0)
    assert row["weathering_Si_mmol_m2_yr"] == pytest.approx(3e6 * expected, rel=1e-12, abs=0.0)


def test_saturation_of_the_witch_type() -> None:
    """A mineral at equilibrium has log Omega 0; one below it weathers by 1 - Omega^(1/sigma)."""
    pits = solve([only(site, WITCH_MINERALS) for site in ALL], "witch-type")
    table = pits.table()
    at_rest = dissolving = 0
    for mineral in ("albite", "k_feldspar", "muscovite", "chlorite"):
        level = table[f"log10_saturation_{mineral}"]
        rate = table[f"weathering_of_{mineral}_{FLUX}"]
        there = level.notna()
        assert (rate[there & (level > 1e-6)] <= 1e-9 * table[f"weathering_{FLUX}"].max()).all()
        assert (rate[there & (level < -1e-3)] > 0.0).all()
        at_rest += int((level[there] > -1e-6).sum())
        dissolving += int((level[there] < -0.1).sum())
    assert at_rest > 0
    assert dissolving > 0


def test_affinity_slows_by_the_saturation_of_the_table() -> None:
    """rate = k a_H^n ... (1 - Omega^(1/3)) for albite, from the columns of one row, by hand."""
    pits = solve(one_layer({"SO4": 1e-5}, minerals={"albite": 1e-3}), "witch-type", activity="off")
    row = pits.table().iloc[0]
    terms = {term.pathway: term for term in pits.law.laws[0].terms}
    h = 10.0 ** -row["pH"]
    rate = 0.0
    for pathway, term in terms.items():
        own = float(term.constant(281.0)) * (h**term.order if term.activity == "H" else 1.0)
        rate += own
        assert term.activity in ("H", ""), pathway
    omega = 10.0 ** row["log10_saturation_albite"]
    assert 0.0 < omega < 1.0
    area = 1e6 * 0.5 * 0.3 * 1e-3
    expected = rate * area * 365.25 * 86400 * (1.0 - omega ** (1.0 / 3.0)) * 1e3  # mmol
    assert row[f"weathering_of_albite_{FLUX}"] == pytest.approx(expected, rel=1e-6)


# Nitrogen and uptake -----------------------------------------------------------------------------


def test_nitrification_takes_two_equivalents() -> None:
    """NH4+ + 2 O2 -> NO3- + 2 H+: the ANC falls by 2 eq per NH4 that is nitrified."""
    deposition = {"NH4": 4e-5, "Na": 6e-5, "Cl": 2e-5}
    without = solve(one_layer(deposition)).table().iloc[0]
    half = solve(one_layer(deposition, nitrification=0.5)).table().iloc[0]
    assert half["ANC_umol_c_L"] - without["ANC_umol_c_L"] == pytest.approx(-2 * 2e-5 / 0.5 * 1e6)
    assert half["NO3_umol_L"] == pytest.approx(40.0)
    assert half["pH"] < without["pH"]


@pytest.mark.parametrize(("ion", "sign"), [("NH4", -1.0), ("NO3", 1.0)])
def test_uptake_of_nitrogen(ion: str, sign: float) -> None:
    """Uptake of NH4 takes 1 eq of ANC, uptake of NO3 gives 1 eq."""
    deposition = {"Na": 6e-5, "Cl": 1e-5, ion: 4e-5}
    before = solve(one_layer(deposition)).table().iloc[0]
    after = solve(one_layer(deposition, {"N": 3e-5})).table().iloc[0]
    assert after["ANC_umol_c_L"] - before["ANC_umol_c_L"] == pytest.approx(sign * 3e-5 / 0.5 * 1e6)
    assert after[f"uptake_{ion}_{FLUX}"] == pytest.approx(30.0)
    assert after["uptake_unmet_N_mmol_m2_yr"] == 0.0


def test_nitrogen_is_taken_in_proportion() -> None:
    row = solve(one_layer({"NH4": 1e-5, "NO3": 3e-5}, {"N": 2e-5})).table().iloc[0]
    assert row[f"uptake_NH4_{FLUX}"] == pytest.approx(5.0)
    assert row[f"uptake_NO3_{FLUX}"] == pytest.approx(15.0)
    more = solve(one_layer({"NH4": 1e-5, "NO3": 3e-5}, {"N": 5e-5})).table().iloc[0]
    assert more["uptake_unmet_N_mmol_m2_yr"] == pytest.approx(10.0)
    assert more["NO3_umol_L"] == 0.0


def test_uptake_stops_at_the_residual() -> None:
    """5 ueq/L of each of Ca, Mg and K stay: of 20 in 0.5 m of water 17.5 are taken, 12.5 are not."""
    given = {"Ca": 2e-5, "Mg": 4e-5, "Na": 1e-5, "Cl": 6e-5}
    pits = solve(one_layer(given, {"Ca": 3e-5, "Mg": 1e-5, "K": 1e-5}))
    row = pits.table().iloc[0]
    assert row["Ca_umol_L"] == pytest.approx(2.5)
    assert row[f"uptake_Ca_{FLUX}"] == pytest.approx(17.5)
    assert row[f"uptake_unmet_Ca_{FLUX}"] == pytest.approx(12.5)
    assert row[f"uptake_Mg_{FLUX}"] == pytest.approx(10.0)
    assert row[f"uptake_unmet_Mg_{FLUX}"] == 0.0
    # There is no K, and none is made up.
    assert row[f"uptake_K_{FLUX}"] == 0.0
    assert row[f"uptake_unmet_K_{FLUX}"] == pytest.approx(10.0)
    assert pits.totals().iloc[0][f"uptake_unmet_Ca_{FLUX}"] == pytest.approx(12.5)
    assert "uptake not met" in pits.text()
    other = solve(pits.sites[0], uptake_residual=3e-5).table().iloc[0]
    assert other["Ca_umol_L"] == pytest.approx(5.0)


# Sites ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choices", READINGS, ids=str)
def test_side_by_side_as_alone(choices: dict[str, Any]) -> None:
    """Bit for bit, whatever stands beside."""
    together = solve((*RANDOM[:12], *ALL), **choices).table().set_index("site")
    for site in (*RANDOM[:12], *ALL):
        alone = solve(site, **choices).table().set_index("site")
        beside = together.loc[[site.name], list(alone)]
        pd.testing.assert_frame_equal(alone, beside, check_exact=True)


def test_order_of_sites_and_layers() -> None:
    pits = solve(ALL)
    frames = pits.table(), pits.by_mineral(), pits.by_pathway()
    expected = [(site.name, layer.name) for site in ALL for layer in site.layers]
    for frame in frames:
        assert list(dict.fromkeys(zip(frame["site"], frame["layer"], strict=True))) == expected
    assert list(pits.totals()["site"]) == [site.name for site in ALL]
    # A layer sees what is above it, never what is below.
    cut = replace(PODZOL, critical_load=None, layers=(
        *PODZOL.layers[:2], replace(PODZOL.layers[2], thickness=0.9)))  # fmt: skip
    first = solve(PODZOL).table().iloc[:2]
    pd.testing.assert_frame_equal(solve(cut).table().iloc[:2][["pH"]], first[["pH"]])


def test_what_sites_may_be(tmp_path: Path) -> None:
    by_path = solve(SITES / "podzol.toml").table()
    for sites in (PODZOL, [PODZOL], iter([PODZOL]), str(SITES / "podzol.toml")):
        pd.testing.assert_frame_equal(solve(sites).table(), by_path)
    assert len(solve(SITES).sites) == 3
    with pytest.raises(InputError, match="no such file"):
        solve(tmp_path / "none.toml")
    with pytest.raises(InputError, match="give a site"):
        solve([])
    with pytest.raises(InputError, match="2 sites named"):
        solve([PODZOL, PODZOL])
    with pytest.raises(InputError, match=r"number 2[\s\S]*str 'podzol'"):
        solve([PODZOL, "podzol"])  # type: ignore[list-item]


def test_one_reading_or_its_parts() -> None:
    reading = ColumnReading(rate_law="nutsfor")
    same = solve(PODZOL, reading=reading).table()
    pd.testing.assert_frame_equal(same, solve(PODZOL, rate_law="nutsfor").table())
    for more in ({"model": "profile"}, {"brakes": "off"}):
        with pytest.raises(ReadingError, match="one of the two"):
            solve(PODZOL, reading=reading, **more)
    with pytest.raises(ReadingError, match="did you mean 'rate_law'"):
        solve(PODZOL, ratelaw="nutsfor")
    with pytest.raises(ReadingError, match="did you mean 'profile'"):
        solve(PODZOL, "profil")


def test_public_names() -> None:
    pits = sap.solve(sap.Site.read(SITES / "podzol.toml"), model="profile")
    assert isinstance(pits, Pits)
    assert sap.ColumnReading().model == "profile"
    assert len(sap.read_sites(SITES)) == 3
    assert sap.critical_loads.__name__ == "critical_loads"


# What cannot be solved -------------------------------------------------------------------------------


def test_too_acid() -> None:
    """5 mol_c m-2 of SO4 in 1 cm of water without aluminium: nothing balances it at pH 1."""
    site = one_layer({"SO4": 5e-3}, rain=0.5, evaporation=0.49, log_gibbsite=-10.0)
    with pytest.raises(InputError) as caught:
        solve([site, PODZOL])
    (problem,) = caught.value.problems
    assert problem.where == "site 'P', layer 'B'"
    assert "too acid" in problem.found
    assert "SO4 + Cl + NO3 exceed Ca + Mg + K + Na + NH4 by 0.5 kmol_c m-3" in problem.found
    # At pH 1 and activity 1: -[H+], nothing else.
    assert "-0.1 (pH 1)" in problem.accepted
    assert "0.01 m yr-1" in problem.next_step


def test_too_alkaline_and_the_layers_below() -> None:
    deposition = dict.fromkeys(("Ca", "Mg", "K", "Na"), 5e-3)
    top = one_layer(deposition, rain=0.01, evaporation=0.01 - 1e-9, co2=1e-5).layers[0]
    below = replace(top, name="C", evapotranspiration_share=0.0, uptake_share=0.0)
    site = replace(one_layer(deposition, rain=0.01, evaporation=0.01 - 1e-9), layers=(top, below))
    with pytest.raises(InputError) as caught:
        solve(site)
    first, second = caught.value.problems
    assert "too alkaline, Ca + Mg + K + Na + NH4 exceed SO4 + Cl + NO3" in first.found
    assert second.where == "site 'P', layer 'C'"
    assert "the layer 'B' above it has no solution" in second.found
    assert "(2 problems)" in str(caught.value)


def test_no_percolation() -> None:
    """Shares may miss 1 by rounding: all the water evaporates."""
    top = replace(one_layer().layers[0], uptake_share=0.0, evapotranspiration_share=0.5)
    below = replace(top, name="C", evapotranspiration_share=0.5 + 9e-7)
    site = replace(one_layer(rain=0.5, evaporation=0.5 - 1e-9), layers=(top, below))
    with pytest.raises(InputError, match="no percolation"):
        solve(site)


def test_simple_names_what_it_needs() -> None:
    bare = replace(PODZOL, layers=tuple(
        replace(layer, ph=None if layer.name in "OB" else layer.ph, base_cations=None)
        for layer in PODZOL.layers
    ))  # fmt: skip
    with pytest.raises(InputError) as caught:
        solve(bare, "simple")
    where = [problem.where for problem in caught.value.problems]
    name = "site 'Spruce podzol (illustration)'"
    assert where[:2] == [f"{name}, layer 'O': ph", f"{name}, layer 'B': ph"]
    assert where[2:] == [f"{name}, layer {layer!r}: base_cations" for layer in "OEBC"]
    pits = solve(PODZOL, "simple")
    assert list(pits.table()["pH"]) == [4.0, 4.2, 4.7, 5.1]
    assert not pits.table().filter(regex="outflow|uptake|ANC").columns.size
    with pytest.raises(InputError, match="prescribed chemistry"):
        pits.mass_balance()


# How it answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "change"), [
    ("temperature", lambda layer: {"temperature": layer.temperature + 2.0}),
    ("moisture", lambda layer: {"soil_moisture": layer.soil_moisture * 1.1}),
    ("co2", lambda layer: {"co2": layer.co2 * 1.5}),
], ids=["warmer", "wetter", "more CO2"])  # fmt: skip
def test_co2_pathway_never_falls(name: str, change: Any) -> None:
    """f_CO2 = 1: the pathway follows temperature, moisture and CO2, and nothing else."""
    column = f"weathering_by_CO2_{FLUX}"
    for site in ALL:
        more = replace(site, layers=tuple(replace(item, **change(item)) for item in site.layers))
        before, after = solve(site).table(), solve(more).table()
        assert (after[column] > before[column]).all()
        if name == "co2":  # orders of 0.5 and 0.6
            ratio = after[column] / before[column]
            assert ratio.between(1.5**0.5 - 1e-12, 1.5**0.6 + 1e-12).all()


def test_response_to_warming() -> None:
    """21 Quebec catchments: +13 to 15 % for +2.04 K (Houle et al. 2020), 6.5 to 7 % per K."""
    base = solve(PODZOL).totals().iloc[0][f"weathering_{FLUX}"]
    warm = replace(PODZOL, layers=tuple(
        replace(item, temperature=item.temperature + 2.04) for item in PODZOL.layers))  # fmt: skip
    change = solve(warm).totals().iloc[0][f"weathering_{FLUX}"] / base - 1.0
    assert 0.10 < change < 0.20


# Files and text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
def test_json_comes_back(tmp_path: Path, model: str) -> None:
    sites = [only(site, WITCH_MINERALS) for site in ALL] if model == "witch-type" else [PODZOL]
    pits = solve(sites, model)
    path = pits.to_json(tmp_path / "new" / "pit.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content == pits.as_dict()
    # Reading and sites stand in it: the same numbers come out again.
    (tmp_path / "again.toml").write_text(
        tomli_w.dumps({"site": [entry["input"] for entry in content["sites"]]}), encoding="utf-8"
    )
    again = solve(tmp_path / "again.toml", reading=ColumnReading(**content["reading"]))
    pd.testing.assert_frame_equal(again.table(), pits.table(), check_exact=True)
    layers = content["sites"][0]["layers"]
    assert [row["layer"] for row in layers] == [layer.name for layer in sites[0].layers]
    assert layers[0]["pH"] == pits.table().iloc[0]["pH"]
    assert {"python", "numpy", "pandas"} <= set(content["versions"])
    assert all(item["source"] and item["confidence"] for item in content["numbers"])


def test_csv_comes_back_and_says_what_it_is(tmp_path: Path) -> None:
    pits = solve(ALL, rate_law="nutsfor")
    path = pits.to_csv(tmp_path / "t.csv")
    again, table = pd.read_csv(path, comment="#", dtype=str), pits.table()
    assert list(again) == list(table)
    for column in table:
        typed = [type(table[column].iloc[0])(text) for text in again[column]]
        assert typed == list(table[column])
    head = path.read_text(encoding="utf-8").split("\nsite,")[0]
    for part in ("rate_law='nutsfor'", "gibbsite_exponent = 3 by default", "OLIVER_LINEAR",
                 "pathway switched off", "uptake_residual"):  # fmt: skip
        assert part in head


@pytest.mark.parametrize("model", ["profile", "simple", "witch-type"])
def test_text_fits_and_says_what_it_is(model: str) -> None:
    site = replace(PODZOL, layers=tuple(
        replace(item, name=f"{item.name} horizon with quite a long name") for item in PODZOL.layers
    ))  # fmt: skip
    if model == "witch-type":
        site = only(site, WITCH_MINERALS)
    pits = solve(site, model, activity="guntelberg")
    text = pits.text()
    assert max(map(len, text.splitlines())) <= 100
    for part in (site.name, "activity='guntelberg'", "gibbsite_exponent = 3 by default", "k_feldspar",
                 "eq/ha/yr", "CO2 that weathering binds", "mmol_c m-2 yr-1"):  # fmt: skip
        assert part in text
    assert ("Balance of the pit" in text) == (model != "simple")
    assert all(note[:60] in text.replace("\n      ", " ") for note in pits.law.notes)
    shown = pits.summary().splitlines()
    assert repr(pits) == pits.summary()
    assert str(pits) == pits.text()
    assert len(shown) == 3
    assert site.name in shown[2]


def test_text_shows_the_numbers_of_the_table() -> None:
    pits = solve(PODZOL)
    text, table, row = pits.text(), pits.table(), pits.totals().iloc[0]
    assert f"{row['weathering_eq_ha_yr']:.0f} eq ha-1 yr-1" in text
    for ph in table["pH"]:
        assert f" {ph:.2f} " in text
    assert f"{row['CO2_leached_t_C_km2_yr']:.3f}" in text


def test_unverified_numbers_are_those_in_use() -> None:
    names = {item["name"] for item in unverified(solve(PODZOL))}
    assert {"OLIVER_OFFSET", "OLIVER_LINEAR", "OLIVER_QUADRATIC", "organic_charge_density",
            "uptake_residual", "BASE_CATION_CHARGE", "MINIMUM_BASE_CONCENTRATION"} == names  # fmt: skip
    assert all(TABLE[name].confidence == "U" for name in names if name in TABLE)
    site = replace(one_layer({"SO4": 1e-5}, minerals={"garnet": 0.1, "albite": 0.1}), name="G")
    assert not unverified(solve(one_layer(minerals={"albite": 0.1})))
    with pytest.raises(MineralError, match="no temperature coefficient"):
        solve(only(site, ("garnet",)), kinetics="recalled")
    smectite = one_layer(minerals={"smectite": 0.1})
    pits = solve(smectite, kinetic_rows={"smectite": "Smectite_pkH_14.9"})
    assert [item["name"] for item in unverified(pits)] == ["pk of Smectite_pkH_14.9, pathway H"]
    own = {
        item["name"]
        for item in unverified(
            solve(
                PODZOL, organic_charge_density=0.008, uptake_residual=1e-5, organic_acid="triprotic"
            )
        )
    }
    assert own == {"BASE_CATION_CHARGE", "MINIMUM_BASE_CONCENTRATION"}


# Critical loads --------------------------------------------------------------------------------------


def loaded(**section: float | str) -> Site:
    """The podzol with another section; a key that is None is left out."""
    merged = {**(PODZOL.critical_load or {}), **section}
    return replace(PODZOL, critical_load={k: v for k, v in merged.items() if v is not None})


def test_critical_loads_by_hand() -> None:
    """CL(S)max = BC - Cl + BCw - Bcu - ANC_le,crit in eq ha-1 yr-1, with the pit's weathering."""
    pits = solve(PODZOL)
    (load,) = pits.critical_loads()
    row, table = load.row(), pits.table().iloc[:3]
    weathering = {name: 10 * table[f"weathering_{name}_{FLUX}"].sum() for name in BASES}
    base = 270.0 + weathering["Ca"] + weathering["Mg"] + weathering["K"] - 230.0
    # Bc/Al = 1: 1.5 eq of Al per eq of Bc; H by gibbsite, log K 8 = 300 m6 eq-2; 4800 m3 ha-1.
    anc = -1.5 * base - 4800.0 ** (2 / 3) * (1.5 * base / 300.0) ** (1 / 3)
    sulphur = 770.0 - 600.0 + sum(weathering.values()) - 230.0 - anc
    assert row["anc_le_crit_eq_ha_yr"] == pytest.approx(anc, rel=1e-9, abs=0.0)
    assert row["cl_max_s_eq_ha_yr"] == pytest.approx(sulphur, rel=1e-9, abs=0.0)
    assert row["cl_min_n_eq_ha_yr"] == pytest.approx(36.0 + 450.0)
    assert row["cl_max_n_eq_ha_yr"] == pytest.approx(486.0 + sulphur / 0.9, rel=1e-9, abs=0.0)
    assert row["sulphur_deposition_eq_ha_yr"] == pytest.approx(400.0)
    assert row["nitrogen_deposition_eq_ha_yr"] == pytest.approx(800.0)
    assert row["cl_max_s_kmol_c_m2_yr"] == pytest.approx(1e-7 * sulphur, rel=1e-9, abs=0.0)
    # S 400 and N 800 lie below the line from (0, sulphur) to (CLmax(N), 0): no exceedance.
    assert sulphur - 400.0 > 0.9 * (800.0 - 486.0)
    assert row["exceedance_eq_ha_yr"] == 0.0
    assert row["depth_m"] == 0.52
    assert "Critical loads" in pits.text()
    assert pits.as_dict()["sites"][0]["critical_loads"] == pytest.approx(row)


def test_exceedance_of_more_deposition() -> None:
    site = replace(loaded(acceptable_nitrogen_leaching=1e-6),
                   deposition={**PODZOL.deposition, "SO4": 1.5e-4})  # fmt: skip
    (load,) = solve(site).critical_loads()
    row = load.row()
    assert row["exceedance_eq_ha_yr"] > 100.0
    total = row["exceedance_s_eq_ha_yr"] + row["exceedance_n_eq_ha_yr"]
    assert row["exceedance_eq_ha_yr"] == pytest.approx(total)
    # N: 486 + 10/0.9 against 800.
    assert row["cl_nut_n_eq_ha_yr"] == pytest.approx(486.0 + 10.0 / 0.9)
    assert row["exceedance_nut_n_eq_ha_yr"] == pytest.approx(800.0 - 486.0 - 10.0 / 0.9)


def test_weathering_given_and_whole_pit() -> None:
    given = {f"weathering_{name}": 1e-5 for name in BASES}
    (load,) = solve(loaded(**given)).critical_loads()
    assert load.row()["weathering_eq_ha_yr"] == pytest.approx(400.0)
    assert load.row()["weathering_is"] == "given"
    pits = solve(loaded(depth=None))  # type: ignore[arg-type]
    (load,) = pits.critical_loads()
    assert load.depth == 1.02
    total = pits.totals().iloc[0]["weathering_eq_ha_yr"]
    assert load.row()["weathering_eq_ha_yr"] == pytest.approx(total)


def test_the_root_zone_takes_its_own_part() -> None:
    """Down to 17 cm: 60 % of the uptake, the percolation of E, the weathering of O and E."""
    pits = solve(loaded(depth=0.17))
    (load,) = pits.critical_loads()
    table = pits.table().iloc[:2]
    assert load.percolation == pytest.approx(0.636)
    assert load.row()["cl_min_n_eq_ha_yr"] == pytest.approx(36.0 + 0.6 * 450.0)
    assert 1e6 * load.weathering["K"] == pytest.approx(table[f"weathering_K_{FLUX}"].sum())
    supply = 270.0 + 1e7 * (sum(load.weathering.values()) - load.weathering["Na"]) - 63.6
    assert supply > 0.6 * 230.0
    assert load.uptake_unmet == 0.0


@pytest.mark.parametrize(("section", "parts"), [
    ({"criterium": "Bc/Al"}, ["critical_load.criterium", "no such key", "did you mean 'criterion'"]),
    ({"criterion": "Ca/Al"}, ["critical_load.criterion", "'Ca/Al'", "Bc/Al"]),
    ({"criterion": None}, ["critical_load.criterion", "nothing", "Bc/Al, Bc/H"]),
    ({"critical_value": None}, ["critical_load.critical_value", "nothing"]),
    ({"critical_value": "one"}, ["critical_load.critical_value", "'one'", "a number"]),
    ({"critical_value": 1e-3}, ["critical_load.critical_value", "0.01 to 1000 mol mol-1"]),
    ({"log_gibbsite": None}, ["critical_load.log_gibbsite", "needed by 'bc_al'"]),
    ({"nitrogen_immobilisation": None}, ["critical_load.nitrogen_immobilisation", "nothing"]),
    ({"denitrification_fraction": None}, ["critical_load.denitrification_fraction and", "neither"]),
    ({"denitrification": 1e-6}, ["critical_load.denitrification_fraction and", "both"]),
    ({"depth": 0.4}, ["critical_load.depth", "0.4 m", "0.07, 0.17, 0.52, 1.02 m"]),
    ({"weathering_Ca": 1e-5}, ["no weathering_Mg, weathering_K, weathering_Na", "all four, or none"]),
    ({"acceptable_nitrogen_leaching": 0.0, "critical_nitrogen_concentration": 0.0},
     ["critical_load.acceptable_nitrogen_leaching and critical_nitrogen_concentration", "both"]),
])  # fmt: skip
def test_sections_that_cannot_be_used(section: dict[str, Any], parts: list[str]) -> None:
    pits = solve([loaded(**section), *ALL[1:]])
    with pytest.raises(InputError) as caught:
        pits.critical_loads()
    (problem,) = caught.value.problems
    assert problem.where.startswith(
        f"{PODZOL.source}: site 'Spruce podzol (illustration)': critical"
    )
    for part in parts:
        assert part in str(problem), problem


def test_all_sites_with_problems_are_named() -> None:
    second = replace(loaded(criterion="pH"), name="Second")
    with pytest.raises(InputError) as caught:
        solve([loaded(depth=0.5), second]).critical_loads()
    message = str(caught.value)
    assert "(2 problems)" in message
    assert "site 'Second': critical_load.critical_value" in message
    assert "2 to 7" in message


def test_uptake_above_the_supply_is_reported() -> None:
    """Of 900 + 30 + 60 eq ha-1 wanted, what falls and weathers less 48 in the water is there."""
    pits = solve(replace(PODZOL, uptake={**PODZOL.uptake, "Ca": 9e-5}))
    (load,) = pits.critical_loads()
    supply = 270.0 + 1e7 * (sum(load.weathering.values()) - load.weathering["Na"]) - 48.0
    assert load.row()["uptake_unmet_eq_ha_yr"] == pytest.approx(990.0 - supply, rel=1e-9, abs=0.0)
    assert "uptake that the supply forbids" in pits.text()
    assert "uptake that the supply forbids" not in solve(PODZOL).text()


def test_criteria_as_they_are_written() -> None:
    written = ("Bc/Al", "Bc/H", "aluminium", "pH", "ANC", "aluminium_mobilisation")
    for text in written:
        assert text in SITE_TEMPLATE
    expected = ["bc_al", "bc_h", "aluminium", "ph", "anc", "aluminium_mobilisation"]
    assert [criterion_name(text) for text in written] == expected
    for key in KEYS:
        assert key in SITE_TEMPLATE
    values = {"Bc/H": 0.5, "aluminium": 2e-4, "pH": 4.2, "ANC": 2e-5, "aluminium_mobilisation": 1.0}
    for text, value in values.items():
        (load,) = solve(loaded(criterion=text, critical_value=value)).critical_loads()
        assert load.loads.criterion == criterion_name(text)


def test_units_of_the_section(tmp_path: Path) -> None:
    """eq, mol and kg are told apart in this section too."""
    text = (SITES / "podzol.toml").read_text(encoding="utf-8")

    def critical(old: str, new: str) -> Site:
        assert old in text
        (tmp_path / "p.toml").write_text(text.replace(old, new), encoding="utf-8")
        return Site.read(tmp_path / "p.toml")

    site = critical('criterion = "Bc/Al"\ncritical_value = 1.0',
                    'criterion = "aluminium"\ncritical_value = "200 ueq/L"')  # fmt: skip
    assert site.critical_load is not None
    assert site.critical_load["critical_value"] == pytest.approx(2e-4)
    with pytest.raises(InputError, match="a mass per volume"):
        critical("critical_value = 1.0", 'critical_value = "0.2 mg/L"')
    for new in ('weathering_Ca = "6 mmol/m2/yr"', 'critical_nitrogen_concentration = "0.3 mg/L"',
                'depth = "52 kg"', 'denitrification = "2 kg/ha/yr"'):  # fmt: skip
        with pytest.raises(InputError, match="critical_load"):
            critical('depth = "52 cm"', new)
