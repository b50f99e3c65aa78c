"""The numbers of the validation page, computed when they are asked for.

python tools/validation.py [RUN]

RUN is a finished, analysed run, for the audit, the claims and the sites. The comparisons with
PHREEQC are those of the test suite, on all waters of the tests; they and the sites need the sample
data (SAPROLITE_DATA). Needs the extra ``test``.
"""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import test_chemistry
import test_rate_law
import test_transition_state
from phreeqc import ACTIVITIES, activities, evaluate, rate
from saprolite import equations
from saprolite.constants import LN10
from saprolite.minerals import TransitionStateTable
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ProfileLaw

YEARS = 49


def data() -> Path | None:
    """Folder of the sample data, or None."""
    folder = os.environ.get("SAPROLITE_DATA")
    return Path(folder) if folder and Path(folder).is_dir() else None


def golden_values() -> pd.DataFrame:
    """The doctests of every equation, run now: published and golden numbers."""
    rows = []
    for module in pkgutil.iter_modules(equations.__path__, "saprolite.equations."):
        found = doctest.testmod(
            importlib.import_module(module.name), optionflags=doctest.NORMALIZE_WHITESPACE
        )
        if found.attempted:
            name = module.name.rpartition(".")[2]
            rows.append({"module": name, "lines": found.attempted, "failed": found.failed})
    return pd.DataFrame(rows)


def rate_laws(samples: Path) -> pd.DataFrame:
    """Rates of every row of the tables against PHREEQC's own functions, in the same waters."""
    rows = []
    database = samples / "phreeqc" / "phreeqc_rates.dat"
    for name, function in test_transition_state.FUNCTIONS.items():
        table = TransitionStateTable.named(name)
        lines = test_transition_state.block(database, "RATE_PARAMETERS_" + function)
        names = {line.split()[0] for line in lines} & set(table.rows)
        laws = {row: test_transition_state.law_of_row(table, row) for row in sorted(names)}
        worst = test_transition_state.compare(database, laws, function)
        waters = len(test_transition_state.WATERS)
        rows.append(_peer(f"RATE_{function}: {name}", len(laws), waters, worst))
    rows.append(_sverdrup_2019(database))
    rows += _sverdrup_warfvinge_1995(samples / "phreeqc" / "phreeqc.dat")
    return pd.DataFrame(rows)


def _peer(law: str, minerals: int, waters: int, worst: float) -> dict[str, object]:
    return {"law of PHREEQC": law, "minerals": minerals, "waters": waters,
            "largest relative deviation": f"{worst:.1e}"}  # fmt: skip


def _sverdrup_2019(database: Path) -> dict[str, object]:
    reading = ColumnReading(
        rate_law="sverdrup_2019", kinetics="sverdrup_2019", pathways="H,H2O,CO2,OH"
    )
    law = ProfileLaw.of(reading, ("albite", "quartz"))
    waters = test_rate_law.WATERS
    asked = [*ACTIVITIES.values(), rate("SVD", "Albite"), rate("SVD", "Quartz")]
    values = evaluate(database, waters, asked)
    ours = test_rate_law.total(law, test_rate_law.solution(activities(values)))
    worst = test_rate_law.worst(test_rate_law.MOL_PER_KMOL * ours, values[len(ACTIVITIES) :])
    return _peer("RATE_SVD: sverdrup_2019", 2, len(waters), worst)


def _sverdrup_warfvinge_1995(database: Path) -> Iterator[dict[str, object]]:
    reading = ColumnReading(kinetics="sverdrup_warfvinge_1995", pathways="H,H2O,CO2,OH",
                            rate_law="sverdrup_2019")  # fmt: skip
    waters = test_rate_law.WATERS
    for mineral, name in (("k_feldspar", "K-feldspar"), ("albite", "Albite")):
        program = test_rate_law.rates_block(database, name)
        values = evaluate(database, waters, [*ACTIVITIES.values(), "rate"], program=program)
        law = ProfileLaw.of(reading, (mineral,))
        ours = test_rate_law.total(law, test_rate_law.solution(activities(values)))
        worst = test_rate_law.worst(test_rate_law.MOL_PER_KMOL * ours[0], values[-1])
        yield _peer(f"RATES {name}: sverdrup_warfvinge_1995", 1, len(waters), worst)


def soil_solution() -> pd.DataFrame:
    """pH of the soil solution against PHREEQC's, with our constants loaded into it."""
    states = test_chemistry.STATES
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        found = test_chemistry.theirs(Path(folder), states, test_chemistry.UNITY)
        reading = test_chemistry.TRIPROTIC.change(activity="off")
        theirs = found['-LA("H+")']
        activities_of_water = {
            "activity of water 1, as we have it": None,
            "activity of water as PHREEQC has it": found['ACT("H2O")'],
        }
        for label, water in activities_of_water.items():
            _, x, _ = test_chemistry.ours(reading, states, water)
            row = {"solution": label, "states": len(states)}
            row |= {"pH from": round(float(theirs.min()), 2), "to": round(float(theirs.max()), 2)}
            apart = np.abs(-x / LN10 - theirs).max()
            rows.append(row | {"largest difference in pH": f"{apart:.1e}"})
    return pd.DataFrame(rows)


def trends(series: int = 60, seed: int = 0) -> pd.DataFrame:
    """Trends of random walks of 49 years against SciPy, statsmodels and pymannkendall."""
    import pymannkendall
    import statsmodels.api as sm
    from scipy import stats

    walks = np.cumsum(np.random.default_rng(seed).normal(size=(series, YEARS)), axis=1)
    year = np.arange(1.0, YEARS + 1.0)
    line, rank = equations.linear_trend(walks), equations.mann_kendall(walks)
    fits = [stats.linregress(year, walk) for walk in walks]
    models = [sm.OLS(walk, sm.add_constant(year)).fit() for walk in walks]
    ranks = [pymannkendall.original_test(walk) for walk in walks]
    pairs = {
        ("slope", "scipy.stats.linregress"): (line.slope, [fit.slope for fit in fits]),
        ("p of F", "scipy.stats.linregress"): (line.p, [fit.pvalue for fit in fits]),
        ("F", "statsmodels OLS"): (line.F, [model.fvalue for model in models]),
        ("Theil-Sen slope", "scipy.stats.theilslopes"): (
            equations.theil_sen_slope(walks), [stats.theilslopes(walk).slope for walk in walks]),
        ("Mann-Kendall Z", "pymannkendall"): (rank.Z, [one.z for one in ranks]),
    }  # fmt: skip
    return pd.DataFrame([
        {"what": what, "against": peer, "series": series,
         "largest relative deviation": f"{_apart(*pair):.1e}"}
        for (what, peer), pair in pairs.items()
    ])  # fmt: skip


def _apart(ours: object, theirs: object) -> float:
    own, peer = np.asarray(ours, float), np.asarray(theirs, float)
    return float(np.max(np.abs(own - peer) / np.maximum(np.abs(peer), 1e-12)))


def audit(run: Path) -> pd.DataFrame:
    """How many checks of a run's outputs against each other hold."""
    from saprolite.analysis.audit import audit as audit_run
    from saprolite.analysis.run_outputs import RunOutputs
    from saprolite.stages import quiet

    found = audit_run(RunOutputs.open(run), quiet)
    return found["status"].value_counts().rename("checks").to_frame()


def claims(run: Path) -> pd.DataFrame:
    """The verdicts of a run on the published claims; nothing is written into its folder."""
    from saprolite.analysis.claims import VERDICTS, judge, manuscript_claims
    from saprolite.analysis.claims_recipes import tables_of
    from saprolite.analysis.run_outputs import RunOutputs

    found = judge(manuscript_claims(), {"this": tables_of(RunOutputs.open(run))})
    counts = found["verdict"].value_counts()
    return counts.reindex(VERDICTS, fill_value=0).rename("claims").to_frame()


def sites(run: Path, samples: Path, out: Path, depth_cm: float = 50.0) -> pd.DataFrame:
    """A run beside the Norwegian table of base-cation weathering; files go to ``out``."""
    import saprolite as sap
    from saprolite.comparison.site_outputs import write_sites

    table = samples / "critical_loads" / "norway_resa2_cla.csv"
    found, _ = write_sites(sap.open(run), table, None, out, depth_cm=depth_cm)
    return found.statistics


def main(run: str | None = None) -> None:
    """Print everything that can be computed here."""
    parts: dict[str, pd.DataFrame] = {"doctests of the equations": golden_values()}
    parts["soil solution"] = soil_solution()
    parts["trends"] = trends()
    samples = data()
    if samples:
        parts["rate laws"] = rate_laws(samples)
    if run:
        parts |= {"audit": audit(Path(run)), "claims": claims(Path(run))}
    if run and samples:
        with tempfile.TemporaryDirectory() as folder:
            parts["sites"] = sites(Path(run), samples, Path(folder))
    for title, table in parts.items():
        print(f"\n{title}\n{table.to_string()}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
