"""A soil pit solved: from sites to weathering by layer, mineral, element and pathway.

>>> from saprolite.column.site import Layer, Site
>>> layer = Layer(name="B", thickness=0.5, temperature=281.0, saturation=0.5, surface_area=1e6,
...               co2=0.006, doc=0.0, log_gibbsite=8.5, minerals={"albite": 0.2},
...               evapotranspiration_share=1.0, uptake_share=0.0)
>>> site = Site(name="P", precipitation=0.9, evapotranspiration=0.4, layers=(layer,),
...             deposition=dict.fromkeys(("Ca", "Mg", "K", "Na", "NH4", "NO3", "SO4", "Cl"), 0.0),
...             uptake=dict.fromkeys(("Ca", "Mg", "K", "N"), 0.0))
>>> row = solve(site).table().iloc[0]
>>> row.layer, bool(row.weathering_Na_mmol_c_m2_yr == row.weathering_mmol_c_m2_yr > 0.0)
('B', True)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from saprolite.column.columns import Columns
from saprolite.column.pit_problems import unsolved_layers
from saprolite.column.site import Site
from saprolite.column.site_checks import repeated_problems
from saprolite.column.site_files import read_sites
from saprolite.column.solve import rate_law, steady_state
from saprolite.column.steady_state import SteadyState
from saprolite.errors import InputError, Problem, ReadingError, raise_if_any
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ProfileLaw
from saprolite.models.witch import WitchLaw

if TYPE_CHECKING:
    from saprolite.column.site_critical_load import SiteCriticalLoad

DEFAULT_MODEL = "profile"


@dataclass(frozen=True, repr=False)
class Pits:
    """Solved sites: what went in, the choices, and the steady state; prints itself.

    Every output says what reading it was made with, what the rate law notes, what the site files
    left to defaults, and which unverified numbers are in it. Weathering counts base cations
    (Ca + Mg + K + Na) as charge, mmol_c m-2 yr-1; of Al, Si and P amounts, mmol m-2 yr-1.
    """

    sites: tuple[Site, ...]
    reading: ColumnReading
    law: ProfileLaw | WitchLaw
    columns: Columns
    state: SteadyState

    def __repr__(self) -> str:
        return self.summary()

    def __str__(self) -> str:
        return self.text()

    def table(self) -> pd.DataFrame:
        """One row a layer: chemistry, weathering, concentrations, outflow, uptake; units in names.

        With prescribed chemistry the columns of fluxes in water are absent.
        """
        from saprolite.column.pit_frames import layer_frame

        return layer_frame(self)

    def by_mineral(self) -> pd.DataFrame:
        """One row a layer and mineral: content, weathering, its pathways and base cations."""
        from saprolite.column.pit_frames import mineral_frame

        return mineral_frame(self)

    def by_pathway(self) -> pd.DataFrame:
        """One row a layer and pathway: weathering and its base cations."""
        from saprolite.column.pit_frames import pathway_frame

        return pathway_frame(self)

    def totals(self) -> pd.DataFrame:
        """One row a site: weathering, deposition, uptake, leaching, and the CO2 that is bound."""
        from saprolite.column.pit_budget import totals_frame

        return totals_frame(self)

    def mass_balance(self) -> pd.DataFrame:
        """Relative closure, in + weathering - uptake - out, by element; a row a layer and the sum.

        Raises ``InputError`` with prescribed chemistry, where no water carries anything away.
        """
        from saprolite.column.pit_budget import balance_frame

        return balance_frame(self)

    def critical_loads(self) -> tuple[SiteCriticalLoad, ...]:
        """Critical loads of the sites that have a section for them.

        Raises one ``InputError`` with everything that is wrong with the sections.
        """
        from saprolite.column.site_critical_load import site_critical_loads

        return site_critical_loads(self)

    def summary(self) -> str:
        """One line a site, under a header."""
        from saprolite.column.pit_text import summary_text

        return summary_text(self)

    def footer(self) -> str:
        """Reading, notes, warnings and unverified numbers: what holds for all sites."""
        from saprolite.column.pit_text import footer_text

        return footer_text(self)

    def text(self) -> str:
        """All of it as tables for a terminal, at most 100 columns wide."""
        from saprolite.column.pit_text import pits_text

        return pits_text(self)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain numbers, texts, lists and mappings: what ``to_json`` writes."""
        from saprolite.column.pit_files import as_dict

        return as_dict(self)

    def to_csv(self, path: str | Path) -> Path:
        """Write :meth:`table`; lines that begin with # say what it is."""
        from saprolite.column.pit_files import write_frame

        return write_frame(self, self.table(), path)

    def to_json(self, path: str | Path) -> Path:
        """Write sites, reading, results, versions, the sources of the numbers."""
        from saprolite.column.pit_files import write_dict

        return write_dict(self, path)


def solve(
    sites: Site | Iterable[Site] | str | Path,
    model: str | None = None,
    reading: ColumnReading | None = None,
    **changes: Any,
) -> Pits:
    """Solve soil pits: solution chemistry and weathering of every layer, from the top down.

    Parameters
    ----------
    sites
        A site, several, or the path of a site file or of a folder of them.
    model
        ``profile`` (default), ``simple`` or ``witch-type``.
    reading
        All choices at once, in the place of ``model`` and ``changes``.
    changes
        Fields of :class:`saprolite.models.ColumnReading`, such as ``rate_law="nutsfor"``.

    Returns
    -------
    :class:`Pits`.

    Raises
    ------
    InputError
        Once: for files that cannot be used; for chemistry that is not given; for every layer
        without a steady state, with the reason.
    ReadingError
        For choices that do not exist or do not go together.
    MineralError
        For minerals without data, all of them.

    Source: models and numbers are those of the reading; see ``Pits.as_dict()["numbers"]``.
    """
    chosen = _reading(model, reading, changes)
    found = _sites(sites)
    columns = Columns.of(found, chosen)
    _refuse_without_minerals(columns, chosen)
    law = rate_law(chosen, columns.minerals)
    _refuse_without_pathways(law)
    state = steady_state(columns, chosen, law)
    raise_if_any(
        InputError, "The soil pit has no solution", unsolved_layers(columns, chosen, state)
    )
    return Pits(found, chosen, law, columns, state)


def _reading(
    model: str | None, reading: ColumnReading | None, changes: dict[str, Any]
) -> ColumnReading:
    if reading is None:
        return ColumnReading(model=model or DEFAULT_MODEL, **changes)
    given = [*(["model"] if model else []), *changes]
    raise_if_any(
        ReadingError,
        "Two readings of the soil pit",
        [
            Problem(
                "solve",
                f"a reading, and {', '.join(given)}",
                "one of the two",
                f"solve(..., reading=reading.change({given[0]}=...))",
            )
        ]
        if given
        else [],
    )
    return reading


def _sites(sites: Site | Iterable[Site] | str | Path) -> tuple[Site, ...]:
    if isinstance(sites, str | Path):
        return tuple(read_sites(sites))
    found = (sites,) if isinstance(sites, Site) else tuple(sites)
    accepted = "a site, several sites, or the path of a site file or folder"
    problems = [
        Problem(f"sites, number {number}", f"{type(item).__name__} {item!r:.40}", accepted,
                "make it with sap.Site.read or sap.read_sites")
        for number, item in enumerate(found, 1)
        if not isinstance(item, Site)
    ]  # fmt: skip
    if not found:
        problems.append(Problem("sites", "none", accepted, "give a site"))
    if not problems:
        problems += repeated_problems((site.name for site in found), "site", "sites")
    raise_if_any(InputError, "The sites cannot be solved", problems)
    return found


def _refuse_without_minerals(columns: Columns, reading: ColumnReading) -> None:
    if columns.minerals or reading.model != "witch-type":
        return
    problem = Problem(
        "minerals",
        "none in any layer",
        f"one mineral or more, for {reading.title}",
        'name one, with a 0, or use model = "profile"',
    )
    raise_if_any(InputError, "There is nothing to compute", [problem])


def _refuse_without_pathways(law: ProfileLaw | WitchLaw) -> None:
    """Pathways that no mineral of the sites has would look like a soil that does not weather."""
    if not isinstance(law, ProfileLaw) or law.rows or not law.minerals:
        return
    problem = Problem(
        "reading.pathways",
        ", ".join(law.reading.used_pathways),
        f"a pathway of {', '.join(law.minerals)} in table {law.reading.kinetics!r}",
        'pathways = "law", or another table (kinetics = ...)',
    )
    raise_if_any(ReadingError, "No mineral has the pathways that are asked for", [problem])
