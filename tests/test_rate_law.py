"""PROFILE's rate law against PHREEQC, hand calculation and its own derivative."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phreeqc import ACTIVITIES, Water, activities, evaluate, rate
from saprolite.errors import MineralError, ReadingError
from saprolite.minerals import PATHWAYS, KineticTable
from saprolite.minerals.tables import csv_rows, packaged_text
from saprolite.models import ColumnReading
from saprolite.models.rate_law import CHARGES, ELEMENTS, ProfileLaw, Slopes, Solution

# Largest relative deviation from PHREEQC that passes; 1e-14 is what is found.
SAME = 1e-9
MOL_PER_KMOL = 1000.0
BASES = {"Ca": 2e-4, "Mg": 1e-4, "K": 3e-5, "Na": 2e-4}
TOTALS = (
    {},
    {"Al": 2e-6},
    {"Ca": 2e-4},
    {"Mg": 1e-4},
    {"K": 3e-5},
    {"Na": 2e-4},
    {"Si": 1e-4},
    {**BASES, "Al": 2e-6, "Si": 1e-4, "Cl": 3e-4},
    {**BASES, "Al": 1e-4, "Si": 1.5e-3, "Cl": 3e-4},
)
# 0 to 30 degC, pH 3 to 9, two PCO2, with and without each solute that holds a reaction back.
WATERS = [
    Water(celsius, ph, co2, totals)
    for celsius in (0.0, 8.0, 15.0, 25.0, 30.0)
    for ph in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
    for co2 in (4e-4, 2e-2)
    for totals in TOTALS
]
SMECTITE = {"smectite": "Smectite_pkH_14.9"}
# A pathway that is switched off for PHREEQC: K = 10^-99.
OFF = 99.0


@pytest.fixture(scope="module")
def databases(data: Path) -> Path:
    return data / "phreeqc"


def solution(at: dict[str, np.ndarray]) -> Solution:
    """What PHREEQC reports of its waters, as the rate law takes it; no ligand."""
    bases = at["Ca"] + at["Mg"] + at["K"] + at["Na"]
    return Solution(
        at["temperature"], np.log(at["H"]), np.log(at["OH"]), at["CO2"], bases, at["Al"], at["Si"],
        np.zeros_like(bases),
    )  # fmt: skip


def rates(law: ProfileLaw, at: Solution) -> dict[str, np.ndarray]:
    """Rates of each pathway, (mineral, lane)."""
    return dict(zip(law.names, law.rates(law.constants(at.temperature), at), strict=True))


def total(law: ProfileLaw, at: Solution) -> np.ndarray:
    return np.asarray(sum(rates(law, at).values()))


def worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert np.all(theirs > 0.0)
    return float(np.max(np.abs(ours / theirs - 1.0)))


# --- PHREEQC ---------------------------------------------------------------------------------


def test_sverdrup_2019_is_rate_svd_of_phreeqc(databases: Path) -> None:
    """With the two lines that PHREEQC's own database holds; its organic pathway has no ligand."""
    reading = ColumnReading(
        rate_law="sverdrup_2019", kinetics="sverdrup_2019", pathways="H,H2O,CO2,OH"
    )
    law = ProfileLaw.of(reading, ("albite", "quartz"))
    assert law.names == ("H", "H2O", "CO2", "OH")
    expressions = [*ACTIVITIES.values(), rate("SVD", "Albite"), rate("SVD", "Quartz")]
    values = evaluate(databases / "phreeqc_rates.dat", WATERS, expressions)
    ours = total(law, solution(activities(values))) * MOL_PER_KMOL
    assert worst(ours, values[len(ACTIVITIES) :]) < SAME
    # Every brake acts somewhere: each solute alone makes albite slower than pure water does.
    by_totals = ours[0].reshape(-1, len(TOTALS))
    assert np.all(by_totals[:, 1:] <= by_totals[:, :1])
    assert np.all(np.min(by_totals[:, 1:] / by_totals[:, :1], axis=0) < 0.9)


def svd_line(name: str, own: dict[str, dict[str, str]], wanted: Iterable[str]) -> str:
    """A row of PHREEQC's table with some pathways of one of ours, the others switched off.

    Its limits are umol/L, ours kmol m-3; both tables have K in kmol.
    """

    def number(pathway: str, column: str, default: float) -> float:
        return float(own.get(pathway, {}).get(column) or default)

    def pk(pathway: str) -> float:
        return number(pathway, "pk", OFF) if pathway in wanted else OFF

    def limit(pathway: str, column: str) -> float:
        return 1e6 * number(pathway, column, 1.0)

    cells = [number(pathway, "coefficient_K", 0.0) for pathway in ("H", "H2O", "CO2", "R", "OH")]
    for pathway in ("H", "H2O", "CO2", "R", "OH"):
        cells.append(pk(pathway))
        if pathway != "H2O":
            cells.append(number(pathway, "order", 0.0))
        if pathway == "R":
            cells.append(limit(pathway, "c_r"))
        if pathway in ("H", "H2O", "OH"):
            for exponent, column in (("y_al", "c_al"), ("x_bc", "c_bc"), ("z_si", "c_si"))[
                : 2 if pathway == "H" else 3
            ]:
                cells += [number(pathway, exponent, 0.0), limit(pathway, column)]
    assert len(cells) == 31
    return " ".join([name, *(f"{cell:.15g}" for cell in cells)])


def table_rows(table: str) -> dict[str, dict[str, dict[str, str]]]:
    """The cells of a packaged table, row -> pathway -> column."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for cells in csv_rows(packaged_text(f"{table}.csv")):
        found.setdefault(cells["row"], {})[cells["pathway"]] = cells
    return found


@pytest.mark.parametrize(
    ("table", "rate_law", "pathways", "count"),
    [
        ("nutsfor", "sverdrup_warfvinge_1995", ("H", "H2O", "CO2"), 33),
        ("nutsfor", "sverdrup_2019", ("H", "H2O", "CO2"), 33),
        ("sverdrup_2019", "sverdrup_2019", ("H", "H2O", "CO2", "OH"), 2),
        ("sverdrup_2019", "sverdrup_warfvinge_1995", ("H", "CO2"), 2),
        ("sverdrup_warfvinge_1995", "sverdrup_2019", ("H", "H2O", "CO2", "OH"), 2),
    ],
)
def test_every_pathway_of_every_row_is_that_of_phreeqc(
    databases: Path, table: str, rate_law: str, pathways: tuple[str, ...], count: int
) -> None:
    """Each row of a table given to PHREEQC, one pathway at a time and then all of them."""
    rows = {row: own for row, own in table_rows(table).items() if row != "Smectite"}
    assert len(rows) == count
    # PHREEQC's names end at a blank and must not be numbers.
    names = {row: f"Own{index}" for index, row in enumerate(rows)}
    lines, expressions = ["RATE_PARAMETERS_SVD"], list(ACTIVITIES.values())
    for row, own in rows.items():
        for wanted in (*((pathway,) for pathway in pathways), pathways):
            lines.append(svd_line(names[row] + "".join(wanted), own, wanted))
            expressions.append(rate("SVD", names[row] + "".join(wanted)))
    values = evaluate(databases / "phreeqc_rates.dat", WATERS, expressions, "\n".join(lines))
    at = solution(activities(values))
    theirs = iter(values[len(ACTIVITIES) :])
    deviations = {}
    for row, own in rows.items():
        mineral = next(iter(own.values()))["mineral"]
        reading = ColumnReading(
            rate_law=rate_law, kinetics=table, pathways=",".join(pathways),
            kinetic_rows={mineral: row},
        )  # fmt: skip
        ours = rates(ProfileLaw.of(reading, (mineral,)), at)
        assert tuple(ours) == pathways
        for pathway in pathways:
            deviations[row, pathway] = worst(MOL_PER_KMOL * ours[pathway][0], next(theirs))
        deviations[row, "all"] = worst(MOL_PER_KMOL * sum(ours.values())[0], next(theirs))
    assert next(theirs, None) is None
    assert max(deviations.values()) < SAME, max(deviations, key=lambda key: deviations[key])


def rates_block(database: Path, mineral: str) -> list[str]:
    """The lines of a block of RATES up to the sum of its pathways, as they stand there.

    What is cut off multiplies with the area and with 1 - SR.
    """
    text = database.read_text(encoding="latin-1")
    found = re.search(rf"^{mineral}\n -start\n(.*?)^ -end", text, re.MULTILINE | re.DOTALL)
    assert found
    lines = [line for line in found[1].splitlines() if line.strip()]
    last = lines.index("250 rate = rate_H + rate_H2O + rate_OH + rate_CO2")
    assert [line.split(" ", 1)[1] for line in lines[last + 1 :]] == [
        "area = PARM(1) * M0 *(M/M0)^0.67",
        f'rate = PARM(2) * area * rate * (1-SR("{mineral}"))',
        "moles = rate * TIME",
        "SAVE moles",
    ]
    return lines[: last + 1]


@pytest.mark.parametrize(("mineral", "block"), [("k_feldspar", "K-feldspar"), ("albite", "Albite")])
@pytest.mark.parametrize("rate_law", ["sverdrup_warfvinge_1995", "sverdrup_2019"])
def test_sverdrup_warfvinge_1995_is_phreeqcs_block(
    databases: Path, mineral: str, block: str, rate_law: str
) -> None:
    database = databases / "phreeqc.dat"
    terms = {"H": "rate_H", "H2O": "rate_H2O", "CO2": "rate_CO2", "OH": "rate_OH"}
    expressions = [*ACTIVITIES.values(), *terms.values(), "rate"]
    values = evaluate(database, WATERS, expressions, program=rates_block(database, block))
    reading = ColumnReading(
        rate_law=rate_law, kinetics="sverdrup_warfvinge_1995", pathways="H,H2O,CO2,OH"
    )
    law = ProfileLaw.of(reading, (mineral,))
    ours = rates(law, solution(activities(values)))
    assert tuple(ours) == tuple(terms)
    theirs = values[len(ACTIVITIES) :]
    for term, name in zip(theirs, terms, strict=False):
        assert worst(MOL_PER_KMOL * ours[name][0], term) < SAME, name
    assert worst(MOL_PER_KMOL * sum(ours.values())[0], theirs[-1]) < SAME
    # One equivalent per mol of feldspar: K and Na come as they dissolve.
    element = {"k_feldspar": "K", "albite": "Na"}[mineral]
    assert law.release[:, 0].tolist() == [float(e == element) for e in ELEMENTS[:4]] + [1, 3, 0]


# --- By hand: the organic pathway, NutsFor's brakes, no brakes -------------------------------


def k_at(pk: float, coefficient: float, celsius: float) -> float:
    """10^-(pk + A (1/T - 1/281)), as all versions of the law have it."""
    return 10.0 ** -(pk + coefficient * (1.0 / (celsius + 273.15) - 1.0 / 281.0))


def one_lane(
    celsius: float, ligand: float = 0.0, ph: float = 5.0, co2: float = 1e-2, bases: float = 0.0,
    aluminium: float = 0.0, silica: float = 0.0,
) -> Solution:  # fmt: skip
    def lane(value: float) -> np.ndarray:
        return np.array([value])

    return Solution(
        lane(celsius + 273.15), lane(-ph * math.log(10.0)), lane((ph - 14.0) * math.log(10.0)),
        lane(co2), lane(bases), lane(aluminium), lane(silica), lane(ligand),
    )  # fmt: skip


# Mineral, table, pk, A, order, C_R: rows as the tables print them.
ORGANIC = [
    ("albite", "sverdrup_2019", 14.7, 1200.0, 0.5, 5e-6),
    ("quartz", "sverdrup_2019", 16.3, 2000.0, 0.5, 5e-6),
    ("albite", "nutsfor", 14.7, 1200.0, 1.0, 5e-6),
    ("biotite", "nutsfor", 14.8, 2000.0, 1.0, 5e-4),
    ("oligoclase", "nutsfor", 14.7, 1200.0, 0.5, 5e-6),
    ("hornblende", "nutsfor", 14.4, 2000.0, 1.0, 5e-6),
]


@pytest.mark.parametrize(("mineral", "table", "pk", "coefficient", "order", "limit"), ORGANIC)
@pytest.mark.parametrize("rate_law", ["sverdrup_2019", "sverdrup_warfvinge_1995"])
def test_organic_pathway_by_hand(
    mineral: str, table: str, pk: float, coefficient: float, order: float, limit: float,
    rate_law: str,
) -> None:  # fmt: skip
    """k ([R]/(1 + [R]/C_R))^n. PHREEQC's built-in lacks a factor 1000 and the temperature here."""
    reading = ColumnReading(rate_law=rate_law, kinetics=table, pathways="R")
    law = ProfileLaw.of(reading, (mineral,))
    assert law.names == ("R",)
    for celsius in (0.0, 7.85, 25.0):
        for ligand in (1e-9, 5e-6, 2e-4):
            expected = k_at(pk, coefficient, celsius) * (ligand / (1 + ligand / limit)) ** order
            at = one_lane(celsius, ligand, bases=1e-3, aluminium=1e-5, silica=1e-3)
            assert rates(law, at)["R"][0, 0] == pytest.approx(expected, rel=1e-12, abs=0.0)
    # Nothing without a ligand, and saturation at k C_R^n.
    most = k_at(pk, coefficient, 25.0) * limit**order
    assert rates(law, one_lane(25.0))["R"][0, 0] < 1e-100 * most
    assert rates(law, one_lane(25.0, 1e4))["R"][0, 0] == pytest.approx(most, rel=1e-6, abs=0.0)


def test_order_and_limit_of_the_organic_pathway_go_together() -> None:
    """S&W 1995 eqs 28 and 31: k [R]^0.5 / (1 + [R]/C_R)^0.5."""
    law = ProfileLaw.of(
        ColumnReading(rate_law="sverdrup_2019", kinetics="sverdrup_2019"), ("albite",)
    )
    ligand = 4e-5
    expected = k_at(14.7, 1200.0, 12.0) * math.sqrt(ligand) / math.sqrt(1.0 + ligand / 5e-6)
    found = rates(law, one_lane(12.0, ligand))["R"][0, 0]
    assert found == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_silica_brakes_in_the_law_of_2019_only() -> None:
    for rate_law, brake in (("sverdrup_2019", 1.5**3), ("sverdrup_warfvinge_1995", 1.0)):
        reading = ColumnReading(rate_law=rate_law, kinetics="sverdrup_2019", pathways="H2O")
        law = ProfileLaw.of(reading, ("albite",))
        assert law.needs_elements == (brake > 1.0)
        found = rates(law, one_lane(8.0, silica=4.5e-4))["H2O"][0, 0]
        assert found == pytest.approx(k_at(16.8, 2500.0, 8.0) / brake, rel=1e-12, abs=0.0)


def test_brakes_of_nutsfor_by_hand() -> None:
    """The base cations brake CO2 with the exponent of H+, organic acid with that of water (or H+)."""
    # Vermiculite1: x_BC 0.2 with H+ and 0.1 with water, C_BC 500 umol/L, C_R 5 umol/L.
    bases, aluminium, ligand, co2, celsius, ph = 3e-4, 2e-6, 4e-5, 1.5e-2, 5.0, 4.6
    at = one_lane(celsius, ligand, ph, co2, bases, aluminium)
    b, a, r = 1.0 + bases / 5e-4, 1.0 + aluminium / 4e-6, 1.0 + ligand / 5e-6
    acid = k_at(14.8, 4300.0, celsius) * (10.0**-ph) ** 0.6 / (a**0.4 * b**0.2)
    water = k_at(17.2, 3800.0, celsius) / (a**0.1 * b**0.1)
    carbonic = k_at(16.2, 1700.0, celsius) * co2**0.5
    organic = k_at(15.2, 2000.0, celsius) * ligand / r
    expected = {
        ("nutsfor", "H2O"): (carbonic / b**0.2, organic / b**0.1),
        ("nutsfor", "H"): (carbonic / b**0.2, organic / b**0.2),
        ("sverdrup_warfvinge_1995", "H2O"): (carbonic, organic),
        ("sverdrup_2019", "H2O"): (carbonic, organic),
    }
    for (rate_law, exponent), (co2_rate, organic_rate) in expected.items():
        reading = ColumnReading(rate_law=rate_law, organic_brake_exponent=exponent)
        law = ProfileLaw.of(reading, ("vermiculite",))
        found = {name: values[0, 0] for name, values in rates(law, at).items()}
        by_hand = {"H": acid, "H2O": water, "CO2": co2_rate, "R": organic_rate}
        assert found == pytest.approx(by_hand, rel=1e-12, abs=0.0), (rate_law, exponent)


@pytest.mark.parametrize("rate_law", ["sverdrup_warfvinge_1995", "nutsfor", "sverdrup_2019"])
def test_without_brakes_every_f_is_1(rate_law: str) -> None:
    minerals = ("vermiculite", "albite")
    law = ProfileLaw.of(ColumnReading(rate_law=rate_law, brakes="off"), minerals)
    celsius, ph, co2, ligand = 3.0, 5.5, 2e-2, 8e-5
    at = one_lane(celsius, ligand, ph, co2, bases=5e-3, aluminium=1e-3, silica=1e-2)
    expected = [
        {"H": k_at(14.8, 4300.0, celsius) * 10 ** (-ph * 0.6), "H2O": k_at(17.2, 3800.0, celsius),
         "CO2": k_at(16.2, 1700.0, celsius) * co2**0.5, "R": k_at(15.2, 2000.0, celsius) * ligand},
        {"H": k_at(14.6, 4200.0, celsius) * 10 ** (-ph * 0.5), "H2O": k_at(16.8, 2500.0, celsius),
         "CO2": k_at(15.9, 1700.0, celsius) * co2**0.6, "R": k_at(14.7, 1200.0, celsius) * ligand},
    ]  # fmt: skip
    found = rates(law, at)
    for index, by_hand in enumerate(expected):
        own = {name: values[index, 0] for name, values in found.items()}
        assert own == pytest.approx(by_hand, rel=1e-12, abs=0.0)
    braked = rates(ProfileLaw.of(ColumnReading(rate_law=rate_law), minerals), at)
    assert all(np.all(braked[name] < found[name]) for name in ("H", "H2O", "R"))


def test_temperature_counts_from_281_kelvin() -> None:
    """8 degC is 281 K in the tables, not 281.15 K."""
    law = ProfileLaw.of(ColumnReading(), ("k_feldspar", "biotite"))
    at_281 = [constant[:, 0] for constant in law.constants(np.array([281.0]))]
    pk = [(14.7, 14.8), (17.2, 16.7), (16.8, 15.8), (15.0, 14.8)]
    for found, expected in zip(at_281, pk, strict=True):
        assert found == pytest.approx(10.0 ** -np.array(expected), rel=1e-13, abs=0.0)
    # A of 3500 K is +10.7 % per K, of 2000 K +6.0 % per K (10^(A/281^2)).
    warmer = [constant[0, 0] for constant in law.constants(np.array([282.0]))]
    growth = [new / old[0] for new, old in zip(warmer, at_281, strict=True)]
    assert growth[0] == pytest.approx(1.107, abs=0.001)
    assert growth[1] == pytest.approx(1.060, abs=0.001)


def test_rows_at_25_degrees_keep_their_rate_there() -> None:
    """Sverdrup 1990 counts from 298 K: K is brought to 281 K with its own A and back."""
    law = ProfileLaw.of(ColumnReading(kinetics="sverdrup_1990"), ("k_feldspar", "albite"))
    assert law.names == ("H", "H2O", "CO2", "R")
    pk = {"H": (12.5, 12.5), "H2O": (15.3, 14.8), "CO2": (14.6, 14.0), "R": (13.9, 12.5)}
    for name, constant in zip(law.names, law.constants(np.array([298.0])), strict=True):
        assert constant[:, 0] == pytest.approx(10.0 ** -np.array(pk[name]), rel=1e-12, abs=0.0)


# --- Stoichiometry ---------------------------------------------------------------------------


def of_row(row: str, mineral: str, **choices: str) -> ProfileLaw:
    return ProfileLaw.of(ColumnReading(kinetic_rows={mineral: row}, **choices), (mineral,))


def charge_released(law: ProfileLaw) -> float:
    """kmol_c of base cations per unit of rate."""
    return float(sum(z * law.release[ELEMENTS.index(name), 0] for name, z in CHARGES.items()))


# Their equivalents per mol are printed with five digits, which the sum of their elements is not.
ROWS = [
    pytest.param(row, next(iter(own.values()))["mineral"], id=row)
    for row, own in table_rows("nutsfor").items()
    if row not in ("Smectite", "Kaolinite", "Fayalite", "Kyanite")
]  # fmt: skip


@pytest.mark.parametrize(("row", "mineral"), ROWS)
def test_a_kmol_c_releases_a_kmol_c_of_base_cations(row: str, mineral: str) -> None:
    assert charge_released(of_row(row, mineral)) == pytest.approx(1.0, rel=1e-12, abs=0.0)


def test_release_by_hand() -> None:
    """kmol of Ca, Mg, K, Na, Al, Si, P per kmol_c."""
    expected = {
        ("Anorthite", "anorthite"): [0.5, 0, 0, 0, 1, 1, 0],
        ("Apatite", "apatite"): [0.5, 0, 0, 0, 0, 0, 0.3],
        ("Illite2", "illite"): [0.08, 0.16, 0.52, 0, 1.68, 2.64, 0],
        ("K-Feldspar90", "k_feldspar"): [0, 0, 0.9, 0.1, 1, 3, 0],
        ("Dolomite", "dolomite"): [0.25, 0.25, 0, 0, 0, 0, 0],
        ("Chlorite2", "chlorite"): [0, 0.5, 0, 0, 0.5 / 1.03, 0.435 / 1.03, 0],
    }
    for (row, mineral), elements in expected.items():
        law = of_row(row, mineral)
        assert law.release[:, 0].tolist() == pytest.approx(elements, rel=1e-12, abs=0.0), row
        assert law.notes == ()
        assert {item.row for item in law.rows} == {row}


def test_a_kmol_releases_the_equivalents_of_a_mol() -> None:
    reading = ColumnReading(rate_law="sverdrup_2019", kinetics="sverdrup_2019")
    law = ProfileLaw.of(reading, ("quartz", "albite"))
    assert law.release[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert law.release[:, 1].tolist() == [0, 0, 0, 1, 1, 3, 0]
    assert law.notes == ()


def test_kmol_of_a_mineral_with_two_charges(tmp_path: Path) -> None:
    """Anorthite, 2 kmol_c per kmol: a K in kmol releases the double of one in kmol_c."""
    header, *rows = [
        line for line in packaged_text("nutsfor.csv").splitlines() if not line.startswith("#")
    ]
    own = [row.replace(",kmol_c,", ",kmol,") for row in rows if row.startswith("Anorthite")]
    assert len(own) == 4
    path = tmp_path / "own.csv"
    path.write_text("\n".join([header, *own]) + "\n", encoding="utf-8")
    law = ProfileLaw.of(ColumnReading(kinetics=str(path)), ("anorthite",))
    assert law.release[:, 0].tolist() == [1, 0, 0, 0, 2, 2, 0]
    assert charge_released(law) == 2.0


def test_a_mineral_without_base_cations_releases_nothing_and_says_so() -> None:
    law = ProfileLaw.of(ColumnReading(), ("kaolinite", "illite", "kyanite"))
    assert not law.release[:, [0, 2]].any()
    assert law.release[:, 1].any()
    assert len(law.notes) == 2
    assert law.notes[0].startswith("kaolinite: no base cations")
    assert law.notes[1].startswith("kyanite: no base cations")
    # Its rate is there all the same.
    assert np.all(total(law, one_lane(8.0))[0] > 0.0)


# --- Refusals --------------------------------------------------------------------------------


def test_a_number_that_cannot_be_right_is_refused_until_a_row_is_named() -> None:
    with pytest.raises(MineralError, match=r"4\.9 .*14\.9") as caught:
        ProfileLaw.of(ColumnReading(), ("smectite",))
    assert 'kinetic_rows = { smectite = "Smectite_pkH_14.9" }' in str(caught.value)
    law = ProfileLaw.of(ColumnReading(kinetic_rows=SMECTITE), ("smectite",))
    assert [(item.row, item.pathway, item.pk, item.confidence) for item in law.rows] == [
        ("Smectite_pkH_14.9", "H", 14.9, "I"), ("Smectite_pkH_14.9", "H2O", 17.6, "R"),
        ("Smectite_pkH_14.9", "CO2", 16.5, "R"), ("Smectite_pkH_14.9", "R", 15.6, "R"),
    ]  # fmt: skip
    # 2 Ca + 2 Mg + K + Na = 2.53; the composition is that of the printed row.
    assert law.release[:4, 0].tolist() == pytest.approx([0.2 / 2.53, 1 / 2.53, 0, 0.13 / 2.53])


def test_one_error_names_every_mineral_that_cannot_be_computed() -> None:
    reading = ColumnReading(kinetic_rows={"illite": "Illite3"})
    with pytest.raises(MineralError) as caught:
        ProfileLaw.of(reading, ("albite", "garnet", "illite", "ilite", "smectite", "quartz"))
    message = str(caught.value)
    assert len(caught.value.problems) == 5
    assert "(5 problems)" in message
    for part in ("garnet\n", "row 'Illite3'", "Illite1, Illite2", "'ilite'", "did you mean 'illite'",
                 "smectite, row Smectite, pathway H", "quartz\n"):  # fmt: skip
        assert part in message, part
    assert "- albite" not in message


def test_garnet_has_no_stoichiometry() -> None:
    with pytest.raises(MineralError, match=r"garnet \(row Garnet\)\n.*no stoichiometry"):
        ProfileLaw.of(ColumnReading(kinetics="recalled"), ("garnet",))


def test_garnet_lacks_its_temperature_coefficients_too() -> None:
    with pytest.raises(MineralError) as caught:
        ProfileLaw.of(ColumnReading(kinetics="recalled"), ("garnet",))
    message = str(caught.value)
    assert "no stoichiometry" in message
    assert message.count("no temperature coefficient") == 4


def test_a_pathway_without_temperature_coefficient_is_refused_where_it_is_used(
    tmp_path: Path,
) -> None:
    text = packaged_text("sverdrup_2019.csv")
    assert text.count(",3350,281,") == 1
    assert text.count(",3320,281,") == 1
    path = tmp_path / "own.csv"
    without = text.replace(",3350,281,", ",,281,").replace(",3320,281,", ",,281,")
    path.write_text(without, encoding="utf-8")
    reading = ColumnReading(rate_law="sverdrup_2019", kinetics=str(path))
    with pytest.raises(MineralError, match="2 problems") as caught:
        ProfileLaw.of(reading, ("albite", "quartz"))
    assert [problem.where for problem in caught.value.problems] == [
        "albite, row Albite, pathway H", "quartz, row Quartz, pathway OH",
    ]  # fmt: skip
    law = ProfileLaw.of(reading.change(pathways="H2O,CO2"), ("albite", "quartz"))
    assert law.names == ("H2O", "CO2")


def test_a_reading_that_is_not_possible_names_all_that_is_wrong() -> None:
    with pytest.raises(ReadingError, match="4 problems") as caught:
        ColumnReading(
            rate_law="nutsfr", pathways="H,OHH", kinetics="sverdrup", kinetic_rows={"ilite": "I"}
        )
    for part in ("did you mean 'nutsfor'", "H, H2O, CO2, R, OH", "reading.kinetics", "'ilite'"):
        assert part in str(caught.value)


# --- Derivative, lanes -----------------------------------------------------------------------

NUTSFOR = tuple(sorted({row.mineral for row in KineticTable.named("nutsfor").rows}))
LAWS = [
    *(
        ProfileLaw.of(ColumnReading(rate_law=rate_law, kinetic_rows=SMECTITE, **more), NUTSFOR)
        for rate_law in ("sverdrup_warfvinge_1995", "nutsfor")
        for more in ({}, {"organic_brake_exponent": "H"}, {"brakes": "off"})
    ),
    ProfileLaw.of(
        ColumnReading(rate_law="sverdrup_2019", kinetics="sverdrup_2019"), ("albite", "quartz")
    ),
    ProfileLaw.of(
        ColumnReading(
            rate_law="sverdrup_2019", kinetics="sverdrup_warfvinge_1995", pathways="H,H2O,CO2,OH"
        ),
        ("albite", "k_feldspar"),
    ),
]


def along(x: np.ndarray, state: tuple[float, ...]) -> tuple[Solution, Slopes]:
    """A soil solution that varies with ln h, and the derivatives of its base cations (a parabola),
    Al3+ (h^3) and ligand (a monoprotic acid of pK 4.5)."""
    celsius, middle, bases, aluminium, silica, ligand, pressure, slope = state
    one = np.ones_like(x)
    offset = x - middle
    base_cations = bases * (1.0 + slope * offset + 0.1 * offset**2)
    al = aluminium * np.exp(3.0 * offset)
    share = 1.0 / (1.0 + np.exp(x) / 10.0**-4.5)
    at = Solution(
        (celsius + 273.15) * one, x, math.log(1e-14) - x, pressure * one, base_cations, al,
        silica * one, ligand * share,
    )  # fmt: skip
    return at, Slopes(bases * (slope + 0.2 * offset), 3.0 * al, -ligand * share * (1.0 - share))


states = st.tuples(
    st.floats(0.0, 30.0), st.floats(-9.0 * math.log(10), -3.0 * math.log(10)),
    st.floats(1e-7, 5e-3), st.floats(1e-12, 1e-3), st.floats(1e-7, 2e-3), st.floats(1e-7, 1e-3),
    st.floats(3e-4, 0.1), st.floats(-2.0, 2.0),
)  # fmt: skip


@given(states, st.sampled_from(LAWS))
@settings(max_examples=150)
def test_slope_is_the_derivative_of_the_rate(state: tuple[float, ...], law: ProfileLaw) -> None:
    step = 1e-4
    x = state[1] + step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    at, slopes = along(x, state)
    rate_, slope = law.rates_and_slopes(law.constants(at.temperature), at, slopes)
    # Five points: the error is of the order of step^4, and rounding 1e-12 of the rate.
    weights = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / (12.0 * step)
    numeric = rate_ @ weights
    assert np.all(np.abs(slope[:, 2] - numeric) <= 1e-6 * np.abs(numeric) + 1e-10 * rate_[:, 2])
    assert np.array_equal(rate_, total(law, at))


def lane_of(at: Solution, index: int) -> Solution:
    return Solution(*(values[index : index + 1] for values in at[:8]))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.reading.summary())
def test_a_lane_alone_has_the_bits_of_a_lane_among_others(law: ProfileLaw) -> None:
    random = np.random.default_rng(20190128)
    count = 37
    at, slopes = along(
        random.uniform(-21.0, -7.0, count),
        (12.0, -12.0, 2e-4, 1e-7, 3e-4, 1e-4, 1e-2, 0.1),
    )
    at = at._replace(
        temperature=random.uniform(273.0, 303.0, count),
        pressure=10.0 ** random.uniform(-4, -1, count),
        base_cations=10.0 ** random.uniform(-7, -3, count),
        silica=10.0 ** random.uniform(-7, -3, count),
    )
    together = rates(law, at)
    both = law.rates_and_slopes(law.constants(at.temperature), at, slopes)
    for index in range(count):
        alone = lane_of(at, index)
        for name, values in rates(law, alone).items():
            assert np.array_equal(values[:, 0], together[name][:, index]), name
        own = Slopes(*(np.broadcast_to(s, (count,))[index : index + 1] for s in slopes))
        single = law.rates_and_slopes(law.constants(alone.temperature), alone, own)
        for one, all_lanes in zip(single, both, strict=True):
            assert np.array_equal(one[:, 0], all_lanes[:, index])


@pytest.mark.parametrize(
    "field", ["temperature", "log_proton", "pressure", "base_cations", "aluminium", "ligand"]
)
def test_nan_stays_in_its_lane(field: str) -> None:
    law = LAWS[0]
    at, _ = along(np.full(3, -11.0), (9.0, -11.0, 2e-4, 1e-6, 1e-4, 5e-5, 1e-2, 0.0))
    clean = total(law, at)
    values = np.array(getattr(at, field))
    values[1] = np.nan
    found = total(law, at._replace(**{field: values}))
    assert np.isnan(found[:, 1]).all()
    assert np.array_equal(found[:, [0, 2]], clean[:, [0, 2]])


def test_minerals_do_not_change_each_other() -> None:
    """All minerals together give what each gives alone, and in the order asked for."""
    at, _ = along(np.linspace(-20.0, -8.0, 11), (9.0, -14.0, 2e-4, 1e-9, 1e-4, 5e-5, 1e-2, 0.0))
    at = at._replace(base_cations=np.abs(at.base_cations))
    together = total(LAWS[0], at)
    for index, mineral in enumerate(NUTSFOR):
        alone = ProfileLaw.of(LAWS[0].reading, (mineral,))
        assert np.array_equal(total(alone, at)[0], together[index]), mineral
        assert np.array_equal(alone.release[:, 0], LAWS[0].release[:, index])
    assert LAWS[0].minerals == NUTSFOR


def test_pathways_come_in_one_order_whatever_is_asked() -> None:
    law = ProfileLaw.of(ColumnReading(pathways="R, H"), ("albite",))
    assert law.names == ("H", "R")
    assert ColumnReading(rate_law="sverdrup_2019").used_pathways == PATHWAYS


def test_the_order_of_the_organic_pathway_is_a_choice() -> None:
    minerals = ("k_feldspar", "oligoclase")
    rows = {
        choice: next(
            pathway
            for pathway in ProfileLaw.of(ColumnReading(organic_order=choice), minerals).pathways
            if pathway.name == "R"
        )
        for choice in ("table", "equation")
    }
    assert rows["table"].order.ravel().tolist() == [1.0, 0.5]
    assert rows["equation"].order.ravel().tolist() == [0.5, 0.5]
