"""The command ``saprolite claims``: what a run says of every claim of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from saprolite.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def claims(
    out: str,
    *,
    ledger: Annotated[Path | None, Parameter(name="--claims")] = None,
    scenario: str | None = None,
    comparisons: str | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative=())] = False,
) -> None:
    """Hold a finished, analysed run against the claims of a study, the manuscript's by default.

    Writes OUT/analysis/claims.csv. A number is reproduced if it lies within the rounding of the
    printed one; else it is within 10 %, within a factor of 2, or differs.

    Parameters
    ----------
    out
        Folder of the run, or its URL.
    ledger
        Another ledger of claims (TOML; format in docs/claims.md).
    scenario
        Folder of a scenario run, for the claims about it.
    comparisons
        Folder of the comparisons between models, for the claims about them.
    everything
        Print every claim, not only the counts.
    """
    from saprolite.analysis.claims import VERDICTS
    from saprolite.analysis_workflow import FOLDER, judge_claims
    from saprolite.places import place

    with Progress() as report:
        found = judge_claims(out, ledger, scenario=scenario, comparisons=comparisons,
                             report=report)  # fmt: skip
    if everything:
        _print_claims(found)
    counts = found["verdict"].value_counts()
    print(f"{len(found)} claims")
    for verdict in VERDICTS:
        names = found[found["verdict"] == verdict]["id"].tolist()
        print(f"  {verdict:22s} {counts.get(verdict, 0):4d}  {_some(names)}".rstrip())
    other = found["note"].str.extract(r"(the run is of \d+-\d+)")[0].dropna()
    if len(other):
        print(f"  note: {other.iloc[0]}; {len(other)} claims are of other years")
    print(f"  look at {place(out) / FOLDER / 'claims.csv'}")


def _print_claims(found: pd.DataFrame) -> None:
    for row in found.to_dict("records"):
        ratio = f" (ratio {row['ratio_1']:.3g})" if row["ratio_1"] == row["ratio_1"] else ""
        here = f" here {row['here']}{ratio};" if row["here"] else ""
        printed = f" printed {row['printed']} {row['unit']};".replace(" ;", ";")
        print(f"{row['id']} {row['verdict']}: {row['claim']};{printed}{here} {row['note']}".strip())


def _some(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " ".join(names[:most]) + more
