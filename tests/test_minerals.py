"""Minerals and kinetic tables: every row sourced, refusals loud, numbers as published."""

from __future__ import annotations

from pathlib import Path

import pytest

from saprolite.errors import InputError, MineralError
from saprolite.minerals import (
    CLAY_MINERALS,
    PACKAGED,
    PATHWAYS,
    KineticTable,
    Mineral,
    co2_per_mol,
    composition,
    share_of_map_class,
)


@pytest.mark.parametrize("name", PACKAGED)
def test_every_row_has_source_confidence_and_a_known_mineral(name: str) -> None:
    table = KineticTable.named(name)
    assert table.rows
    for row in table.rows:
        assert row.source
        inferred = row.row == "Smectite_pkH_14.9" and row.pathway == "H"
        assert row.confidence == ("U" if name == "recalled" else "I" if inferred else "R")
        assert row.mineral in Mineral.names()
        assert row.pathway in PATHWAYS
    assert len({(row.row, row.pathway) for row in table.rows}) == len(table.rows)


# PROFILE clay rows as printed in the sources: pkH2O, pkCO2, n, pkR (science of kinetics, 2).
@pytest.mark.parametrize(("mineral", "water", "co2", "order", "organic"), [
    ("chlorite", 17.0, 16.2, 0.5, 15.0), ("vermiculite", 17.2, 16.2, 0.5, 15.2),
    ("illite", 17.5, 16.5, 0.5, 15.3), ("mica", 17.5, 16.5, 0.5, 15.3),
    ("biotite", 16.7, 15.8, 0.5, 14.8), ("kaolinite", 17.6, 16.5, 0.5, 19.5),
    ("smectite", 17.6, 16.5, 0.5, 15.6), ("k_feldspar", 17.2, 16.8, 0.6, 15.0),
    ("albite", 16.8, 15.9, 0.6, 14.7)])  # fmt: skip
def test_nutsfor_rows(mineral: str, water: float, co2: float, order: float, organic: float) -> None:
    table = KineticTable.named("nutsfor")
    assert table.row(mineral, "H2O").pk == water
    row = table.row(mineral, "CO2")
    assert (row.pk, row.order, row.coefficient) == (co2, order, 1700.0)
    assert table.row(mineral, "R").pk == organic


def test_the_smectite_typing_error_is_refused() -> None:
    with pytest.raises(MineralError, match="typing error"):
        KineticTable.named("nutsfor").row("smectite", "H")


def test_conflicting_versions_stay_visible() -> None:
    versions = {name: KineticTable.named(name).row("albite", "CO2").pk
                for name in ("nutsfor", "sverdrup_warfvinge_1995", "sverdrup_2019")}  # fmt: skip
    assert versions == {"nutsfor": 15.9, "sverdrup_warfvinge_1995": 16.0, "sverdrup_2019": 16.05}


def test_limiting_concentrations_are_in_kmol_m3_in_every_table() -> None:
    """4 umol/L is 4e-6 kmol m-3: one table gives umol/L, another mol/L."""
    assert KineticTable.named("sverdrup_2019").row("albite", "H2O").brakes["c_al"] == pytest.approx(
        4e-6
    )
    assert KineticTable.named("sverdrup_warfvinge_1995").row("albite", "H2O").brakes["c_al"] == 4e-6
    assert KineticTable.named("nutsfor").row("illite", "H2O").brakes["c_al"] == 4e-6


def test_a_mineral_or_pathway_without_data_is_refused() -> None:
    with pytest.raises(MineralError, match="albite, quartz"):
        KineticTable.named("sverdrup_2019").row("illite", "CO2")
    with pytest.raises(MineralError, match="no mineral has this pathway"):
        KineticTable.named("nutsfor").row("illite", "OH")
    with pytest.raises(MineralError, match="5 problems"):
        KineticTable.named("sverdrup_2019").rows_for(CLAY_MINERALS, "CO2")
    with pytest.raises(MineralError, match="did you mean 'nutsfor'"):
        KineticTable.named("nutfor")
    with pytest.raises(MineralError, match="no stoichiometry"):
        composition("Garnet", "garnet")
    with pytest.raises(MineralError, match="no formula"):
        co2_per_mol("hornblende")
    with pytest.raises(MineralError, match="did you mean 'soil_clay'"):
        co2_per_mol("illite", "soil_clays")
    with pytest.raises(MineralError, match="2 problems"):
        Mineral.several(["ilite", "smektite"])


def test_rows_given_at_298_k_come_to_281_k_with_their_own_coefficient() -> None:
    row = KineticTable.named("sverdrup_1990").row("k_feldspar", "CO2")
    assert row.pk == 14.6
    assert row.pk_at_281 == pytest.approx(14.6 + 1677.0 * (1 / 281 - 1 / 298), rel=1e-15)


@pytest.mark.parametrize(("mineral", "table", "value"), [
    ("chlorite", "soil_clay", 10.0), ("illite", "soil_clay", 1.1), ("mica", "soil_clay", 1.0),
    ("smectite", "soil_clay", 1.22), ("vermiculite", "soil_clay", 1.6),
    ("vermiculite", "trioctahedral", 6.86), ("kaolinite", "trioctahedral", 0.0)])  # fmt: skip
def test_co2_per_mol(mineral: str, table: str, value: float) -> None:
    assert co2_per_mol(mineral, table).value == value


def test_equivalents_are_the_charge_of_the_base_cations() -> None:
    for row in KineticTable.named("nutsfor").rows:
        found = composition(row.row, row.mineral)
        amounts = dict(found.elements)
        charge = 2 * amounts["Ca"] + 2 * amounts["Mg"] + amounts["K"] + amounts["Na"]
        assert found.equivalents_per_mol == pytest.approx(charge, abs=6e-5), row.row


def test_the_illite_mica_class_is_split_and_conserved() -> None:
    shares = [share_of_map_class(Mineral.named(name), 0.37) for name in ("mica", "illite")]
    assert shares == [0.37, 0.63]
    assert share_of_map_class(Mineral.named("smectite"), 0.37) == 1.0


def test_a_user_table(tmp_path: Path) -> None:
    good = tmp_path / "mine.csv"
    good.write_text(
        "# my numbers\nrow,mineral,pathway,pk,basis,order,coefficient_K,source,confidence\n"
        "Illite,illite,CO2,16.1,kmol_c,0.5,1800,my laboratory,R\n"
    )
    assert KineticTable.load(str(good)).row("illite", "CO2").pk == 16.1
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "row,mineral,pathway,pk,basis,order,coefficient_K,source,confidence\n"
        "A,ilite,CO2,16.1,kmol_c,0.5,1800,x,R\nB,illite,CO3,16.1,kmol_c,0.5,1800,x,R\n"
        "C,illite,CO2,a,kmol_c,0.5,1800,x,R\nD,illite,CO2,16,kmol_c,0.5,1800,,R\nE,illite,CO2,16,kmol_c,0.5,1800,x,?\n"
    )
    with pytest.raises(InputError, match="5 problems"):
        KineticTable.load(str(bad))
    (tmp_path / "empty.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="columns missing"):
        KineticTable.load(str(tmp_path / "empty.csv"))
    with pytest.raises(InputError, match="no such file"):
        KineticTable.load(str(tmp_path / "nothing.csv"))
