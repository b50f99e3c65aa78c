"""The soil solution against PHREEQC with the same constants, hand calculation and analytic limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from phreeqc import Water, evaluate
from saprolite import equations as eq
from saprolite.column.chemistry import Chemistry
from saprolite.constants import GAS_CONSTANT
from saprolite.minerals import equilibria, equilibrium
from saprolite.minerals.tables import csv_rows, packaged_text
from saprolite.models import ColumnReading

LN10 = math.log(10.0)
OFF = ColumnReading(activity="off", organic_acid="none")
# A constant of gibbsite with which there is no aluminium at all.
NO_ALUMINIUM = -60.0
START_PH = 5.0


def lanes(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def chemistry(
    reading: ColumnReading,
    temperature: np.ndarray | float = 281.15,
    pressure: np.ndarray | float = 1e-2,
    doc: np.ndarray | float = 0.0,
    log_gibbsite: np.ndarray | float = 8.5,
    exponent: np.ndarray | float = 3.0,
) -> Chemistry:
    """Equilibria of lanes; numbers are spread over the lanes of the arrays."""
    values = np.broadcast_arrays(
        *(np.atleast_1d(v) for v in (temperature, pressure, doc, log_gibbsite, exponent))
    )
    return Chemistry.of(reading, *(np.array(value, dtype=np.float64) for value in values))


def solved(own: Chemistry, charge: np.ndarray) -> np.ndarray:
    """ln h of lanes that must all be found."""
    x, found = own.solve_ph(charge, np.full_like(charge, -LN10 * START_PH))
    assert found.all()
    return x


def ph_of(own: Chemistry, charge: np.ndarray | float) -> np.ndarray:
    return -solved(own, np.broadcast_to(charge, own.pressure.shape).astype(np.float64)) / LN10


# --- The constants ---------------------------------------------------------------------------

TEMPERATURES = (0.0, 8.0, 25.0, 30.0)
# Ours as PHREEQC has it, and the largest difference in log10 K at 0, 8, 25 and 30 degC. Carbonate
# and water are fits to the same measurements; the hydrolysis of aluminium is not (phreeqc.dat has
# Nordstrom & May, MAGIC other enthalpies), and Al(OH)3 and Al(OH)4- are known to half a unit only.
CONSTANTS = {
    "water": ('LK_SPECIES("OH-")', (0.003, 0.003, 0.001, 0.001)),
    "henry_co2": ('LK_PHASE("CO2(g)")', (0.008, 0.003, 0.003, 0.004)),
    "carbonic_1": ('LK_SPECIES("HCO3-") - LK_SPECIES("CO2")', (0.003, 0.001, 0.001, 0.002)),
    "carbonic_2": ('-LK_SPECIES("HCO3-")', (0.003, 0.001, 0.001, 0.001)),
    "al_oh_1": ('LK_SPECIES("AlOH+2")', (0.04, 0.02, 0.02, 0.02)),
    "al_oh_2": ('LK_SPECIES("Al(OH)2+")', (0.36, 0.22, 0.03, 0.08)),
    "al_oh_3": ('LK_SPECIES("Al(OH)3")', (0.77, 0.55, 0.19, 0.11)),
    "al_oh_4": ('LK_SPECIES("Al(OH)4-")', (0.43, 0.41, 0.34, 0.32)),
    "gibbsite": ('LK_PHASE("Gibbsite")', (5e-5, 4e-5, 1e-9, 1e-5)),
}


def test_constants_are_near_those_of_phreeqc(data: Path) -> None:
    waters = [Water(celsius, 6.0, 1e-2, {"Al": 1e-6}) for celsius in TEMPERATURES]
    expressions = ["TK", *(expression for expression, _ in CONSTANTS.values())]
    temperature, *theirs = evaluate(data / "phreeqc" / "phreeqc.dat", waters, expressions)
    for (name, (_, limits)), other in zip(CONSTANTS.items(), theirs, strict=True):
        ours = np.log10(equilibrium(name).constant(temperature))
        apart = np.abs(ours - other)
        assert np.all(apart <= limits), (name, apart)
        if not name.startswith("al_oh"):
            assert np.all(apart < 0.05), name


def test_constants_by_hand() -> None:
    """The sources' own lines: MAGIC's core, and enthalpies in cal/mol."""
    for celsius in TEMPERATURES:
        t = celsius + 273.15
        inverse = (1.0 / t - 1.0 / 298.15) / (LN10 * 8.31446261815324 / 4.184)
        expected = {
            "water": -4470.99 / t + 6.0875 - 0.01706 * t,
            "henry_co2": 2385.7 / t - 14.0184 + 0.015264 * t,
            "carbonic_1": 14.8435 - 3404.7 / t - 0.032786 * t,
            "carbonic_2": 6.4980 - 2902.39 / t - 0.02379 * t,
            "al_oh_1": -4.99 - 11900.0 * inverse,
            "al_oh_2": -10.13 - 22000.0 * inverse,
            "al_oh_3": -16.76 - 33000.0 * inverse,
            "al_oh_4": -23.00 - 44060.0 * inverse,
            "gibbsite": 8.11 + 22800.0 * inverse,
            "organic_1": -3.04,
            "organic_2": -4.51,
            "organic_3": -6.46,
        }
        found = {name: math.log10(item.constant(t)) for name, item in equilibria().items()}
        assert found == pytest.approx(expected, abs=1e-9)


# --- pH against PHREEQC with the same constants ----------------------------------------------

# Charge of the strong ions, kmol_c m-3; PCO2, atm; degC; organic carbon, kg m-3; aluminium or not.
STATES = tuple(
    itertools.product(
        (-1e-3, -2e-4, -2e-5, 0.0, 1e-4, 5e-4, 2e-3),
        (3e-4, 1e-2, 5e-2),
        (0.0, 8.0, 25.0),
        (0.0, 0.02),
        (True, False),
    )
)
CHARGES = {"Ca": 2, "Mg": 2, "K": 1, "Na": 1, "NH4": 1, "SO4": -2, "NO3": -1, "Cl": -1}
CHARGE_DENSITY = 0.012
LOG_GIBBSITE = 8.5
TRIPROTIC = ColumnReading(organic_acid="triprotic", organic_charge_density=CHARGE_DENSITY)


def strong_ions(charge: float) -> dict[str, float]:
    """A soil solution of that charge, kmol_c m-3, with ions of one and two charges."""
    ions = {"Ca": 4e-4, "Mg": 2e-4, "K": 5e-5, "Na": 3e-4, "NH4": 1e-5,
            "SO4": 4e-4, "NO3": 6e-5, "Cl": 5e-4}  # fmt: skip
    ions["Ca" if charge > 0.0 else "SO4"] += abs(charge)
    return ions


@dataclass(frozen=True)
class Balanced:
    """A solution whose pH PHREEQC finds from the charges, at a PCO2, with gibbsite or without."""

    celsius: float
    charge: float
    pressure: float
    acid: float
    aluminium: bool

    def block(self, number: int) -> str:
        """As PHREEQC has it: mol per kg of water, which is our kmol m-3."""
        lines = [f"SOLUTION {number}", f"temp {self.celsius!r}", "pH 5 charge", "units mol/kgw",
                 f"C 1e-3 CO2(g) {math.log10(self.pressure)!r}"]  # fmt: skip
        if self.aluminium:
            lines.append("Al 1e-6 Gibbsite 0")
        if self.acid:
            lines.append(f"Hu {self.acid!r}")
        for name, charge in strong_ions(self.charge).items():
            element = {"SO4": "Su", "NO3": "Nr", "NH4": "Am"}.get(name, name)
            lines.append(f"{element} {charge / abs(CHARGES[name])!r}")
        return "\n".join([*lines, "END"])


def analytic(name: str) -> tuple[float, float, float]:
    """a, c and b of log10 K = a + b/T + c T, from the cells of the table."""
    row = next(r for r in csv_rows(packaged_text("equilibria.csv")) if r["name"] == name)
    if row["a"]:
        return float(row["a"]), float(row["c_per_K"]), float(row["b_K"])
    slope = float(row["enthalpy_kJ_mol"] or 0.0) / (LN10 * GAS_CONSTANT)
    return float(row["log_k_25"]) + slope / 298.15, 0.0, -slope


HYDROXIDES = ("AlOH+2", "Al(OH)2+", "Al(OH)3", "Al(OH)4-")
GIBBSITE = f"-log_k {LOG_GIBBSITE}"


def database(gamma: str, gibbsite: str = GIBBSITE, hydrolysis: bool = True) -> str:
    """Our table as a database of PHREEQC; ``gamma`` is the line of every ion, ``gibbsite`` that
    of its constant."""

    def species(reaction: str, *names: str, neutral: bool = False) -> list[str]:
        terms = np.sum([analytic(name) for name in names], axis=0) if names else (0.0, 0.0, 0.0)
        own = "-gamma 0 0" if neutral else gamma
        return [reaction, "-analytic " + " ".join(f"{term:.17g}" for term in terms), own]

    masters = """SOLUTION_MASTER_SPECIES
        H H+ -1 H 1.008
        H(0) H2 0 H
        H(1) H+ -1 0
        E e- 0 0 0
        O H2O 0 O 16
        O(0) O2 0 O
        O(-2) H2O 0 0
        C CO2 0 C 12
        Al Al+3 0 Al 27
        Ca Ca+2 0 Ca 40
        Mg Mg+2 0 Mg 24
        K K+ 0 K 39
        Na Na+ 0 Na 23
        Am Am+ 0 Am 18
        Su Su-2 0 Su 96
        Nr Nr- 0 Nr 62
        Cl Cl- 0 Cl 35
        Hu Hu-3 0 Hu 200
        SOLUTION_SPECIES
        e- = e-
        -log_k 0
        H2O = H2O
        -log_k 0
        2 H2O = O2 + 4 H+ + 4 e-
        -log_k -86.08
        2 H+ + 2 e- = H2
        -log_k -3.15"""
    ions = ("H+", "Al+3", "Ca+2", "Mg+2", "K+", "Na+", "Am+", "Su-2", "Nr-", "Cl-", "Hu-3")
    lines = [masters, *species("CO2 = CO2", neutral=True)]
    for ion in ions:
        lines += species(f"{ion} = {ion}")
    lines += species("H2O = OH- + H+", "water")
    lines += species("CO2 + H2O = HCO3- + H+", "carbonic_1")
    lines += species("CO2 + H2O = CO3-2 + 2 H+", "carbonic_1", "carbonic_2")
    for step, product in enumerate(HYDROXIDES if hydrolysis else (), start=1):
        reaction = f"Al+3 + {step} H2O = {product} + {step} H+"
        lines += species(reaction, f"al_oh_{step}", neutral=step == 3)
    for step, product in ((3, "HHu-2"), (2, "H2Hu-"), (1, "H3Hu")):
        constants = [analytic(f"organic_{later}") for later in range(step, 4)]
        lines += [
            f"Hu-3 + {4 - step} H+ = {product}",
            f"-log_k {-sum(terms[0] for terms in constants):.17g}",
            "-gamma 0 0" if step == 1 else gamma,
        ]
    a, c, b = analytic("henry_co2")
    lines += ["PHASES", "CO2(g)", "CO2 = CO2", f"-analytic {a:.17g} {c:.17g} {b:.17g}",
              "Gibbsite", "Al(OH)3 + 3 H+ = Al+3 + 3 H2O", gibbsite,
              "KNOBS", "-convergence_tolerance 1e-12", "-iterations 500", "END"]  # fmt: skip
    return "\n".join(lines)


REPORTED = ('-LA("H+")', "MU", 'ACT("H2O")', "DH_A", "DH_B", 'MOL("Al+3")', 'MOL("Al(OH)4-")')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("phreeqc")


def theirs(folder: Path, states, gamma: str, **options) -> dict[str, np.ndarray]:
    """What PHREEQC reports of states, by expression; ``options`` of :func:`database`."""
    waters = [
        Balanced(celsius, charge, pressure, CHARGE_DENSITY * doc / 3.0, aluminium)
        for charge, pressure, celsius, doc, aluminium in states
    ]
    path = folder / "own.dat"
    path.write_text(database(gamma, **options), encoding="utf-8")
    return dict(zip(REPORTED, evaluate(path, waters, REPORTED), strict=True))


def with_water_activity(own: Chemistry, activity: np.ndarray) -> Chemistry:
    """The same equilibria with an activity of water below 1, as PHREEQC has it."""
    return replace(
        own,
        water=own.water * activity,
        first=own.first * activity,
        log_gibbsite=own.log_gibbsite - 3.0 * np.log10(activity),
        hydrolysis=tuple(
            beta * activity**step for step, beta in enumerate(own.hydrolysis, start=1)
        ),
    )


def ours(
    reading: ColumnReading, states, water_activity: np.ndarray | None = None
) -> tuple[Chemistry, np.ndarray, np.ndarray]:
    """Equilibria, ln h and ionic strength of states, brought to agree with each other."""
    charge, pressure, celsius, doc, aluminium = (np.array(v) for v in zip(*states, strict=True))
    own = chemistry(
        reading, celsius + 273.15, pressure, doc, np.where(aluminium, LOG_GIBBSITE, NO_ALUMINIUM)
    )
    if water_activity is not None:
        own = with_water_activity(own, water_activity)
    ions = [strong_ions(value) for value in charge]
    strong = {name: np.array([item[name] for item in ions]) for name in CHARGES}
    difference = eq.strong_ion_difference(
        sum(strong[name] for name in ("Ca", "Mg", "K", "Na")), strong["NH4"], strong["SO4"],
        strong["Cl"], strong["NO3"],
    )  # fmt: skip
    for _ in range(30):
        x = solved(own, difference)
        strength = own.ionic_strength(x, strong)
        own = own.with_ionic_strength(strength)
    return own, x, strength


# -gamma with so large a radius that the coefficients are 1 to nine digits.
UNITY = "-gamma 1e10 0"


def test_ph_is_that_of_phreeqc_without_activity_coefficients(folder: Path) -> None:
    found = theirs(folder, STATES, UNITY)
    reading = TRIPROTIC.change(activity="off")
    _, x, _ = ours(reading, STATES)
    apart = np.abs(-x / LN10 - found['-LA("H+")'])
    assert apart.max() < 1e-4
    # What is left is the activity of water: ours is 1, PHREEQC's falls to 0.9999.
    assert found['ACT("H2O")'].min() < 0.99995
    own, x, _ = ours(reading, STATES, found['ACT("H2O")'])
    assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 1e-8
    ions = own.concentrations(x)
    with_al = np.array([state[4] for state in STATES])
    for name, expression in (("Al", 'MOL("Al+3")'), ("AlOH4", 'MOL("Al(OH)4-")')):
        assert ions[name][with_al] == pytest.approx(found[expression][with_al], rel=1e-6, abs=0.0)
    # The states reach from acid soil with aluminium to alkaline soil with carbonate.
    assert found['-LA("H+")'].min() < 3.2
    assert found['-LA("H+")'].max() > 8.4


@pytest.mark.parametrize("activity", ["davies", "guntelberg"])
def test_ph_is_near_that_of_phreeqc_with_activity_coefficients(folder: Path, activity: str) -> None:
    """PHREEQC's A varies with temperature, 0.491 to 0.510 here, where ours is 0.5 throughout."""
    for celsius in (0.0, 8.0, 25.0):
        states = [state for state in STATES if state[2] == celsius]
        found = theirs(folder, states, gamma_of(folder, activity, celsius))
        _, x, _ = ours(TRIPROTIC.change(activity=activity), states)
        assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 0.003


def gamma_of(folder: Path, activity: str, celsius: float) -> str:
    """PHREEQC's line for our activity coefficients: none is Davies; Guentelberg has B a = 1."""
    radius = 1.0 / theirs(folder, [(0.0, 1e-2, celsius, 0.0, False)], UNITY)["DH_B"][0]
    return {"davies": "", "guntelberg": f"-gamma {radius:.17g} 0", "off": UNITY}[activity]


@pytest.fixture(scope="module")
def celsius_of_our_a(folder: Path) -> float:
    """The temperature at which PHREEQC's Debye-Hueckel slope is our 0.5."""

    def excess(celsius: float) -> float:
        return theirs(folder, [(0.0, 1e-2, celsius, 0.0, False)], UNITY)["DH_A"][0] - 0.5

    celsius = brentq(excess, 5.0, 20.0, xtol=1e-10)
    assert 12.0 < celsius < 14.0
    return celsius


@pytest.mark.parametrize("doc", [0.0, 0.02])
@pytest.mark.parametrize("activity", ["davies", "guntelberg"])
def test_where_a_is_ours_ph_and_ionic_strength_are_those_of_phreeqc(
    folder: Path, celsius_of_our_a: float, activity: str, doc: float
) -> None:
    states = [
        (charge, pressure, celsius_of_our_a, doc, aluminium)
        for charge, pressure, celsius, carbon, aluminium in STATES
        if (celsius, carbon) == (8.0, 0.0)
    ]
    assert len(states) == 42
    found = theirs(folder, states, gamma_of(folder, activity, celsius_of_our_a))
    _, x, strength = ours(TRIPROTIC.change(activity=activity), states, found['ACT("H2O")'])
    assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 1e-9
    assert strength == pytest.approx(found["MU"], rel=1e-9, abs=0.0)
    # The coefficients matter: without them pH is elsewhere.
    _, plain, _ = ours(TRIPROTIC.change(activity="off"), states)
    assert np.abs(plain - x).max() / LN10 > 0.02


@pytest.mark.parametrize("activity", ["davies", "guntelberg"])
def test_triprotic_acid_moves_ph_as_in_phreeqc(
    folder: Path, celsius_of_our_a: float, activity: str
) -> None:
    """With the activity coefficients at PHREEQC's ionic strength, the acid is PHREEQC's."""
    states = [
        (charge, pressure, celsius_of_our_a, 0.02, aluminium)
        for charge, pressure, celsius, carbon, aluminium in STATES
        if (celsius, carbon) == (8.0, 0.0)
    ]
    found = theirs(folder, states, gamma_of(folder, activity, celsius_of_our_a))
    reading = TRIPROTIC.change(activity=activity)
    own, _, _ = ours(reading, states, found['ACT("H2O")'])
    x = solved(own.with_ionic_strength(found["MU"]), np.array([state[0] for state in states]))
    assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 1e-9


def test_gibbsite_of_25_degrees_at_the_temperature_of_the_layer(folder: Path) -> None:
    states = [state for state in STATES if state[4] and state[0] < 0.0]
    slope = float(equilibrium("gibbsite").enthalpy) / (LN10 * GAS_CONSTANT)
    line = f"-analytic {LOG_GIBBSITE + slope / 298.15:.17g} 0 {-slope:.17g}"
    found = theirs(folder, states, UNITY, gibbsite=line)
    reading = TRIPROTIC.change(activity="off", gibbsite_temperature="vant_hoff")
    _, x, _ = ours(reading, states, found['ACT("H2O")'])
    assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 1e-8
    # Gibbsite dissolves better in the cold: pH is higher there than with the constant of 25 degC.
    _, fixed, _ = ours(reading.change(gibbsite_temperature="fixed"), states, found['ACT("H2O")'])
    cold = np.array([state[2] < 25.0 for state in states])
    assert np.all(-x[cold] > -fixed[cold])
    assert np.max(np.abs(x - fixed)[~cold]) < 1e-12


def test_al3_only_is_phreeqc_without_the_hydrolysis(folder: Path) -> None:
    found = theirs(folder, STATES, UNITY, hydrolysis=False)
    reading = TRIPROTIC.change(activity="off", aluminium_species="al3_only")
    own, x, _ = ours(reading, STATES, found['ACT("H2O")'])
    assert np.abs(-x / LN10 - found['-LA("H+")']).max() < 1e-8
    assert not [name for name in own.concentrations(x) if name.startswith("AlOH")]


def test_no_organic_acid_is_no_organic_carbon() -> None:
    _, without, _ = ours(TRIPROTIC, [state for state in STATES if state[3] == 0.0])
    with_carbon = [state for state in STATES if state[3] > 0.0]
    _, none, _ = ours(TRIPROTIC.change(organic_acid="none"), with_carbon)
    assert np.array_equal(none, without)


# --- By hand ---------------------------------------------------------------------------------


def by_hand(
    charge: float, celsius: float, pressure: float, doc: float, log_gibbsite: float,
    exponent: float, density: float = 0.01,
) -> float:  # fmt: skip
    """pH with Oliver's acid and activity coefficients of 1, written out and solved by bisection."""
    t = celsius + 273.15
    kw = 10 ** (-4470.99 / t + 6.0875 - 0.01706 * t)
    carbonic = 10 ** (2385.7 / t - 14.0184 + 0.015264 * t) * pressure
    k1 = 10 ** (14.8435 - 3404.7 / t - 0.032786 * t)
    k2 = 10 ** (6.4980 - 2902.39 / t - 0.02379 * t)
    inverse = (1.0 / t - 1.0 / 298.15) / (LN10 * 8.31446261815324 / 4.184)
    beta = [10 ** (-4.99 - 11900 * inverse), 10 ** (-10.13 - 22000 * inverse),
            0.0, 10 ** (-23.00 - 44060 * inverse)]  # fmt: skip

    def excess(ph: float) -> float:
        h = 10.0**-ph
        al = 10**log_gibbsite * h**exponent
        cations = h + 3 * al + 2 * beta[0] * al / h + beta[1] * al / h**2
        k = 10 ** -(0.96 + 0.90 * ph - 0.039 * ph**2)
        anions = kw / h + k1 * carbonic / h + 2 * k2 * k1 * carbonic / h**2
        anions += beta[3] * al / h**4 + density * doc * k / (k + h)
        return charge + cations - anions

    return brentq(excess, 1.0, 13.0, xtol=1e-13)


@pytest.mark.parametrize("exponent", [3.0, 2.6, 1.0])
def test_oliver_acid_by_hand(exponent: float) -> None:
    # A layer with a fitted exponent has the same Al3+ at pH 4.5 as one with gibbsite.
    log_gibbsite = LOG_GIBBSITE - 4.5 * (3.0 - exponent)
    cases = list(
        itertools.product(
            (-8e-4, -5e-5, 0.0, 3e-4, 1e-3), (1e-3, 3e-2), (2.0, 20.0), (0.0, 5e-3, 0.05)
        )
    )
    charge, pressure, celsius, doc = (np.array(v) for v in zip(*cases, strict=True))
    own = chemistry(
        ColumnReading(activity="off"), celsius + 273.15, pressure, doc, log_gibbsite, exponent
    )
    found = -solved(own, charge) / LN10
    expected = [by_hand(c, t, p, d, log_gibbsite, exponent) for c, p, t, d in cases]
    assert found == pytest.approx(expected, abs=1e-9)
    # DOC has its effect: 50 mg/L at no strong charge.
    assert (
        found[cases.index((0.0, 1e-3, 2.0, 0.05))] < found[cases.index((0.0, 1e-3, 2.0, 0.0))] - 0.2
    )


def test_dissociation_of_olivers_acid_by_hand() -> None:
    """pK = 0.96 + 0.90 pH - 0.039 pH^2, C_T = 10 meq per g of carbon, whatever the ionic strength."""
    own = chemistry(ColumnReading(), doc=0.02).with_ionic_strength(lanes(0.01))
    for ph, pk in ((3.0, 3.309), (4.5, 4.22025), (6.0, 4.956)):
        expected = 0.01 * 0.02 / (1.0 + 10 ** (pk - ph))
        assert own.concentrations(lanes(-LN10 * ph))["R"][0] == pytest.approx(
            expected, rel=1e-12, abs=0.0
        )


def test_charge_of_the_triprotic_acid_by_hand() -> None:
    """A third of the charge density is moles; with coefficients: K1/g1, K2 g1/g2, K3 g2/g3."""
    own = chemistry(TRIPROTIC, doc=0.03).with_ionic_strength(lanes(0.01))
    exponent = -0.5 * (0.1 / 1.1 - 0.3 * 0.01)
    g1, g2, g3 = (10 ** (exponent * z * z) for z in (1, 2, 3))
    for gamma, expected in zip(own.gamma, (g1, g2, g3), strict=True):
        assert gamma[0] == pytest.approx(expected, rel=1e-12, abs=0.0)
    for ph in (2.5, 4.5, 7.5):
        h = 10.0**-ph
        one = 10**-3.04 / (h * g1)
        two = one * 10**-4.51 / h * g1 / g2
        three = two * 10**-6.46 / h * g2 / g3
        mean = (one + 2 * two + 3 * three) / (1 + one + two + three)
        expected = CHARGE_DENSITY * 0.03 / 3.0 * mean
        assert own.concentrations(lanes(-LN10 * ph))["R"][0] == pytest.approx(
            expected, rel=1e-12, abs=0.0
        )


def test_water_with_carbon_dioxide_of_the_air() -> None:
    """pH 5.6 at 25 degC: h^2 = Kw + K1 KH P (1 + 2 K2/h)."""
    own = chemistry(OFF, 298.15, 3.9e-4, log_gibbsite=NO_ALUMINIUM)
    ph = ph_of(own, 0.0)[0]
    assert ph == pytest.approx(5.61, abs=0.01)
    kw, product, k2 = 10**-13.99471, 10 ** (-6.35112 - 1.46579) * 3.9e-4, 10**-10.3297
    h = math.sqrt(kw + product)
    for _ in range(5):
        h = math.sqrt(kw + product * (1.0 + 2.0 * k2 / h))
    assert ph == pytest.approx(-math.log10(h), abs=1e-4)


def test_limits_without_carbon_dioxide() -> None:
    """Neutral water, a strong acid, a strong base; no aluminium."""
    own = chemistry(OFF, lanes(273.15, 298.15, 298.15, 298.15), 1e-25, log_gibbsite=NO_ALUMINIUM)
    kw = -np.log10(own.water)
    found = ph_of(own, lanes(0.0, 0.0, -1e-3, 1e-3))
    assert found == pytest.approx(lanes(kw[0] / 2, kw[1] / 2, 3.0, kw[1] - 3.0), abs=1e-6)
    assert found[:2] == pytest.approx([7.47, 7.00], abs=0.005)


def test_bicarbonate_water() -> None:
    """2 meq/L of strong cations at 1 % of CO2: 2 K1 K2 KH P/h^2 + (K1 KH P + Kw)/h = 2e-3 + h."""
    own = chemistry(OFF, 298.15, 1e-2, log_gibbsite=NO_ALUMINIUM)
    first = float(own.first[0] * own.henry[0] * 1e-2)
    linear, square = first + float(own.water[0]), 2 * first * float(own.second[0])
    h = 0.0
    for _ in range(20):
        inverse = (-linear + math.sqrt(linear**2 + 4 * square * (2e-3 + h))) / (2 * square)
        h = 1.0 / inverse
    found = ph_of(own, 2e-3)[0]
    assert found == pytest.approx(-math.log10(h), abs=1e-9)
    # Without carbonate and OH-: pH = log(2e-3/(K1 KH P)) = -2.70 + 6.35 + 1.47 + 2.
    assert found == pytest.approx(7.12, abs=0.01)


def test_aluminium_of_gibbsite_by_hand() -> None:
    """log Al3+ = log K - n pH; activity coefficients turn it into a concentration."""
    own = chemistry(ColumnReading(), exponent=2.5, log_gibbsite=6.5)
    own = own.with_ionic_strength(lanes(0.005))
    x = lanes(-LN10 * 4.2)
    assert own.aluminium(x)[0] == pytest.approx(10 ** (6.5 - 2.5 * 4.2), rel=1e-12, abs=0.0)
    ions = own.concentrations(x)
    root = math.sqrt(0.005)
    gamma = 10 ** (-0.5 * (root / (1 + root) - 0.3 * 0.005))
    assert ions["Al"][0] == pytest.approx(10 ** (6.5 - 2.5 * 4.2) / gamma**9, rel=1e-12, abs=0.0)
    # The minerals feel the activity.
    assert own.alkalinity(x).aluminium[0] == pytest.approx(
        10 ** (6.5 - 2.5 * 4.2), rel=1e-12, abs=0.0
    )
    beta = own.hydrolysis
    for step, power in ((1, 4), (2, 1), (3, 0), (4, 1)):
        expected = beta[step - 1][0] * 10 ** (6.5 - 2.5 * 4.2 + step * 4.2) / gamma**power
        assert ions[f"AlOH{step}"][0] == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_vant_hoff_of_gibbsite() -> None:
    """-95.4 kJ/mol: one and a half units more at 0 than at 25 degC; the exponent scales it."""
    temperature = lanes(273.15, 281.15, 298.15, 308.15)
    fixed = chemistry(OFF, temperature, log_gibbsite=8.11)
    own = chemistry(OFF.change(gibbsite_temperature="vant_hoff"), temperature, log_gibbsite=8.11)
    assert np.all(fixed.log_gibbsite == 8.11)
    # 9.640 and 9.120 are phreeqc.dat's.
    assert own.log_gibbsite[:3] == pytest.approx([9.640, 9.1205, 8.11], abs=5e-4)
    assert np.all(np.diff(own.log_gibbsite) < 0.0)
    half = chemistry(
        OFF.change(gibbsite_temperature="vant_hoff"), temperature, log_gibbsite=8.11, exponent=1.5
    )
    assert half.log_gibbsite - 8.11 == pytest.approx(0.5 * (own.log_gibbsite - 8.11), abs=1e-12)


def test_ionic_strength_by_hand() -> None:
    """Half the sum of c z^2 in acid water with Al3+ and its hydroxides, Oliver's acid, CO2."""
    own = chemistry(ColumnReading(), doc=0.01).with_ionic_strength(lanes(0.002))
    x = lanes(-LN10 * 4.3)
    c = {name: values[0] for name, values in own.concentrations(x).items()}
    strong = {"Ca": 3e-4, "Mg": 1e-4, "K": 2e-5, "Na": 1e-4, "NH4": 3e-5,
              "SO4": 5e-4, "NO3": 4e-5, "Cl": 2e-4}  # fmt: skip
    total = 4 * (3e-4 + 1e-4 + 5e-4) / 2 + 2e-5 + 1e-4 + 3e-5 + 4e-5 + 2e-4
    total += c["H"] + c["OH"] + c["HCO3"] + 4 * c["CO3"] + c["R"]
    total += 9 * c["Al"] + 4 * c["AlOH1"] + c["AlOH2"] + c["AlOH4"]
    found = own.ionic_strength(x, {name: lanes(value) for name, value in strong.items()})
    assert found[0] == pytest.approx(total / 2, rel=1e-12, abs=0.0)


def test_activity_coefficients_stop_at_the_end_of_their_range() -> None:
    own = chemistry(ColumnReading(), lanes(281.0, 281.0))
    one, two, three = own.with_ionic_strength(lanes(0.5, 40.0)).gamma
    assert one[0] == one[1]
    assert two[0] == two[1]
    assert three[0] == three[1]
    off = chemistry(OFF, lanes(281.0, 281.0))
    assert off.with_ionic_strength(lanes(0.5, 40.0)) is off


# --- Properties ------------------------------------------------------------------------------

READINGS = [
    ColumnReading(organic_acid=acid, activity=activity, aluminium_species=species)
    for acid in ("oliver", "triprotic", "none")
    for activity in ("davies", "guntelberg", "off")
    for species in ("hydrolysed", "al3_only")
]
layers = st.tuples(
    st.floats(273.15, 303.15), st.floats(-4.0, -1.0).map(lambda power: 10.0**power),
    st.just(0.0) | st.floats(1e-6, 0.1), st.floats(5.0, 10.0), st.floats(1.0, 3.0),
)  # fmt: skip
# Below an exponent of 2 the charge of Al(OH)2+ may rise with pH, and more than one pH balance.
monotone_layers = layers.filter(lambda layer: layer[4] >= 2.0)
strengths = st.floats(1e-5, 0.1)
charges = st.floats(-2e-3, 5e-3)


def of_layer(reading: ColumnReading, layer: tuple[float, ...], size: int = 1) -> Chemistry:
    return chemistry(reading, *(np.full(size, value) for value in layer))


@given(st.sampled_from(READINGS), layers, strengths, st.floats(1.5, 11.0))
@settings(max_examples=150)
def test_slopes_are_derivatives(
    reading: ColumnReading, layer: tuple[float, ...], strength: float, ph: float
) -> None:
    step = 1e-4
    own = of_layer(reading, layer, 5).with_ionic_strength(np.full(5, strength))
    found = own.alkalinity(-LN10 * ph + step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    weights = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / (12.0 * step)
    for value, slope, size in (
        (found.value, found.slope, found.scale),
        (found.aluminium, found.aluminium_slope, found.aluminium),
        (found.ligand, found.ligand_slope, found.ligand),
    ):
        numeric = float(value @ weights)
        assert abs(slope[2] - numeric) <= 1e-6 * abs(numeric) + 1e-10 * size[2]
    if layer[4] >= 2.0:
        assert found.slope[2] < 0.0


@given(st.sampled_from(READINGS), layers, strengths, charges)
@settings(max_examples=150)
def test_the_alkalinity_found_is_the_charge_of_the_strong_ions(
    reading: ColumnReading, layer: tuple[float, ...], strength: float, charge: float
) -> None:
    own = of_layer(reading, layer).with_ionic_strength(lanes(strength))
    x = solved(own, lanes(charge))
    found = own.alkalinity(x)
    c = {name: float(values[0]) for name, values in own.concentrations(x).items()}
    anions = c["OH"] + c["HCO3"] + 2 * c["CO3"] + c["R"] + c.get("AlOH4", 0.0)
    cations = c["H"] + 3 * c["Al"] + 2 * c.get("AlOH1", 0.0) + c.get("AlOH2", 0.0)
    size = anions + cations + abs(charge)
    assert abs(anions - cations - charge) <= 1e-10 * size
    assert found.value[0] == pytest.approx(anions - cations, abs=1e-14 * size)
    assert found.scale[0] == pytest.approx(anions + cations, rel=1e-12, abs=0.0)


def falls(values: np.ndarray) -> bool:
    """Nowhere up, but for rounding, and down in all."""
    return bool(np.all(np.diff(values) < 1e-10) and values[-1] < values[0])


@given(st.sampled_from(READINGS), monotone_layers, strengths, charges)
@settings(max_examples=100)
def test_ph_rises_with_the_charge_and_falls_with_carbon(
    reading: ColumnReading, layer: tuple[float, ...], strength: float, charge: float
) -> None:
    own = of_layer(reading, layer, 6).with_ionic_strength(np.full(6, strength))
    assert falls(-ph_of(own, charge + 1e-5 * np.arange(6.0)))
    steps = 2.0 ** np.arange(6.0)
    more_gas = replace(own, pressure=own.pressure * steps)
    assert falls(ph_of(more_gas, charge))
    if reading.organic_acid != "none":
        more_acid = replace(own, organic_charge=1e-5 * steps)
        assert falls(ph_of(more_acid, charge))


@pytest.mark.parametrize("reading", READINGS[::3], ids=lambda reading: reading.summary())
def test_a_lane_alone_has_the_bits_of_a_lane_among_others(reading: ColumnReading) -> None:
    random = np.random.default_rng(1995)
    count = 37
    columns = (
        random.uniform(273.0, 300.0, count), 10 ** random.uniform(-3.5, -1.2, count),
        random.uniform(0.0, 0.06, count), random.uniform(6.0, 9.5, count),
        random.uniform(1.5, 3.0, count),
    )  # fmt: skip
    charge, strength = random.uniform(-1e-3, 3e-3, count), random.uniform(1e-4, 2e-2, count)
    together = solved(chemistry(reading, *columns).with_ionic_strength(strength), charge)
    for index in range(count):
        one = slice(index, index + 1)
        own = chemistry(reading, *(column[one] for column in columns))
        assert solved(own.with_ionic_strength(strength[one]), charge[one])[0] == together[index]


@pytest.mark.parametrize("place", range(6))
def test_nan_stays_in_its_lane(place: int) -> None:
    inputs = [
        np.full(3, value)
        for value in (283.15, 1e-2, 0.02, 8.5, 2.8, 3e-4)
    ]  # fmt: skip
    clean = chemistry(ColumnReading(), *inputs[:5])
    start = np.full(3, -LN10 * START_PH)
    expected, _ = clean.solve_ph(inputs[5], start)
    inputs[place][1] = np.nan
    own = chemistry(ColumnReading(), *inputs[:5])
    x, found = own.solve_ph(inputs[5], start)
    assert found.tolist() == [True, False, True]
    assert np.array_equal(x[[0, 2]], expected[[0, 2]])
    if place < 5:
        value = own.alkalinity(expected).value
        assert np.isnan(value).tolist() == [False, True, False]
        assert np.array_equal(value[[0, 2]], clean.alkalinity(expected).value[[0, 2]])


def test_the_start_does_not_matter() -> None:
    own = of_layer(ColumnReading(), (280.0, 1e-2, 0.02, 8.5, 3.0), 6)
    charge = np.full(6, 2e-4)
    starts = -LN10 * lanes(1.0, 13.0, 5.0, -300.0, 300.0, np.nan)
    x, found = own.solve_ph(charge, starts)
    assert found.all()
    assert np.ptp(x) < 1e-9


@pytest.mark.parametrize("charge", [10.0, -10.0, 1e300, -1e300, np.inf, -np.inf])
def test_charges_that_nothing_can_balance_are_not_found(charge: float) -> None:
    """Between pH 1 and 13 water, little CO2 and no gibbsite hold less than 1 kmol_c m-3."""
    own = chemistry(OFF, lanes(281.0, 281.0, 281.0), 1e-9, log_gibbsite=NO_ALUMINIUM)
    charges_ = lanes(1e-4, charge, -1e-4)
    x, found = own.solve_ph(charges_, np.full(3, -LN10 * START_PH))
    assert found.tolist() == [True, False, True]
    others = own.solve_ph(lanes(1e-4, 0.0, -1e-4), np.full(3, -LN10 * START_PH))[0]
    assert np.array_equal(x[[0, 2]], others[[0, 2]])
