"""The choices of the soil pit: rate law, brakes, organic acid, activities, aluminium, uptake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from saprolite.errors import Problem, ReadingError, did_you_mean, raise_if_any
from saprolite.minerals import PACKAGED, PATHWAYS, TRANSITION_STATE_TABLES, Mineral
from saprolite.models.known_fields import refusing_unknown_fields

_HEADLINE = "This reading of the soil pit is not possible"
MODELS = ("profile", "simple", "witch-type")
COLUMN_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "model": MODELS,
        "chemistry": ("model", "solved", "prescribed"),
        "rate_law": ("sverdrup_warfvinge_1995", "nutsfor", "sverdrup_2019"),
        "brakes": ("on", "off"),
        "organic_order": ("table", "equation"),
        "organic_brake_exponent": ("H2O", "H"),
        "affinity": ("on", "off"),
        "organic_acid": ("oliver", "triprotic", "none"),
        "activity": ("davies", "guntelberg", "off"),
        "aluminium_species": ("hydrolysed", "al3_only"),
        "gibbsite_temperature": ("fixed", "vant_hoff"),
        "density_factor": ("bulk", "none"),
        "moisture_density": ("moist", "dry", "theta_only"),
        "coarse_sand": ("as_sand", "excluded", "reduced"),
    }
)
LAW_PATHWAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sverdrup_warfvinge_1995": ("H", "H2O", "CO2", "R"),
        "nutsfor": ("H", "H2O", "CO2", "R"),
        "sverdrup_2019": ("H", "H2O", "CO2", "R", "OH"),
    }
)


@refusing_unknown_fields(_HEADLINE)
@dataclass(frozen=True)
class ColumnReading:
    """The choices of a soil-pit calculation; printed on every output.

    Attributes
    ----------
    model
        ``profile``: PROFILE's kinetics with its solution chemistry; ``simple``: PROFILE's kinetics
        with prescribed chemistry; ``witch-type``: transition-state rate laws with affinity
        (WITCH-type, Hermanska constants by default; not WITCH itself, whose table is unpublished).
    chemistry
        ``solved`` (steady state), ``prescribed`` (pH and the rest given), or what the ``model``
        does: ``simple`` prescribes, the others solve.
    rate_law
        ``sverdrup_warfvinge_1995`` (f_CO2 = 1), ``nutsfor`` (base cations brake CO2 and organic
        acid too), or ``sverdrup_2019`` (OH- and silica brakes, limits per pathway).
    kinetics, kinetic_rows
        A packaged kinetic table or the path of a CSV file; the row of a mineral that has several
        (default: the first of the table).
    transition_state
        Table of the WITCH-type model: ``hermanska``, ``palandri_kharaka``, ``clay_laws`` or a path.
    pathways
        ``law`` (all of the rate law), or some of H, H2O, CO2, R, OH, separated by commas.
    brakes
        ``on``, or ``off`` (every f of the rate law is 1).
    organic_order
        Order of the organic pathway: the row's own (``table``; the older rows of ``nutsfor`` say 1,
        the appended ones 0.5, which sets them about a factor of 1000 apart), or 0.5 for all, as the
        ``equation`` of Sverdrup & Warfvinge 1995 prints it.
    organic_brake_exponent
        ``nutsfor`` law: exponent of the base cations' brake on organic acids, from pathway ``H2O``
        (as its manual prints) or ``H`` (as its output suggests).
    affinity
        WITCH-type: ``on``, rates times 1 - Omega^(1/sigma), never below 0; or ``off``.
    organic_acid, organic_charge_density
        ``oliver`` (monoprotic), ``triprotic`` or ``none``; charge of the acid, kmol_c per kg C.
    activity
        ``davies``, ``guntelberg``, or ``off`` (all activity coefficients 1).
    aluminium_species
        Charge of aluminium in the balance: ``hydrolysed`` (Al3+ to Al(OH)4-) or ``al3_only``.
    gibbsite_temperature
        The layer's constant is meant at its temperature (``fixed``), or at 25 degC (``vant_hoff``).
    density_factor, moisture_density, coarse_sand, coarse_sand_share
        Eqs 6 and 7, as in :class:`saprolite.Reading`.
    uptake_residual
        Uptake of base cations stops where Ca + Mg + K would fall below it, kmol_c m-3 (a third
        for each).

    >>> ColumnReading().differences()
    {}
    >>> ColumnReading(model="witch-type").title
    'WITCH-type, hermanska constants'
    """

    model: str = "profile"
    chemistry: str = "model"
    rate_law: str = "sverdrup_warfvinge_1995"
    kinetics: str = "nutsfor"
    kinetic_rows: Mapping[str, str] = field(default_factory=dict)
    transition_state: str = "hermanska"
    pathways: str = "law"
    brakes: str = "on"
    organic_order: str = "table"
    organic_brake_exponent: str = "H2O"
    affinity: str = "on"
    organic_acid: str = "oliver"
    organic_charge_density: float = 0.01
    activity: str = "davies"
    aluminium_species: str = "hydrolysed"
    gibbsite_temperature: str = "fixed"
    density_factor: str = "bulk"
    moisture_density: str = "moist"
    coarse_sand: str = "as_sand"
    coarse_sand_share: float | None = None
    uptake_residual: float = 1.5e-5

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinetic_rows", MappingProxyType(dict(self.kinetic_rows)))
        problems = [*self._choices(), *self._tables(), *self._numbers()]
        raise_if_any(ReadingError, _HEADLINE, problems)

    def __hash__(self) -> int:
        return hash(tuple(sorted((key, str(value)) for key, value in self.as_dict().items())))

    def _choices(self) -> list[Problem]:
        return [
            Problem(f"reading.{name}", repr(getattr(self, name)), ", ".join(accepted),
                    did_you_mean(str(getattr(self, name)), accepted))
            for name, accepted in COLUMN_CHOICES.items()
            if getattr(self, name) not in accepted
        ]  # fmt: skip

    def _tables(self) -> list[Problem]:
        problems = []
        for name, packaged in (
            ("kinetics", PACKAGED),
            ("transition_state", TRANSITION_STATE_TABLES),
        ):
            value = getattr(self, name)
            if value not in packaged and not str(value).endswith(".csv"):
                problems.append(
                    Problem(f"reading.{name}", repr(value),
                            ", ".join(packaged) + ", or the path of a .csv file",
                            did_you_mean(str(value), packaged))
                )  # fmt: skip
        for mineral in self.kinetic_rows:
            if mineral not in Mineral.names():
                problems.append(
                    Problem("reading.kinetic_rows", repr(mineral), "names of minerals",
                            did_you_mean(mineral, Mineral.names()))
                )  # fmt: skip
        unknown = [name for name in self._named_pathways() if name not in PATHWAYS]
        if unknown:
            problems.append(
                Problem("reading.pathways", repr(self.pathways),
                        'law, or some of ' + ", ".join(PATHWAYS), 'pathways = "H,H2O,CO2,R"')
            )  # fmt: skip
        return problems

    def _numbers(self) -> list[Problem]:
        problems = []
        for name, high, unit in (
            ("organic_charge_density", 0.1, "kmol_c per kg C; 10 meq per g is 0.01"),
            ("uptake_residual", 1e-2, "kmol_c m-3; 15 ueq/L is 1.5e-5"),
        ):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0.0 <= value <= high):
                problems.append(
                    Problem(f"reading.{name}", repr(value), f"0 to {high:g} ({unit})",
                            f"{name} = {getattr(type(self), name)}")
                )  # fmt: skip
        share = self.coarse_sand_share
        needed = self.coarse_sand in ("excluded", "reduced")
        if needed != (share is not None) or (share is not None and not 0.0 < share <= 1.0):
            problems.append(
                Problem("reading.coarse_sand_share", repr(share),
                        'a share above 0 up to 1 with coarse_sand = "excluded" or "reduced", '
                        "else nothing", "coarse_sand_share = 0.5, or remove it")
            )  # fmt: skip
        return problems

    def _named_pathways(self) -> tuple[str, ...]:
        if self.pathways == "law":
            return LAW_PATHWAYS.get(self.rate_law, ())
        return tuple(part.strip() for part in self.pathways.split(","))

    @property
    def used_pathways(self) -> tuple[str, ...]:
        """The pathways that are computed, in the order of the tables."""
        return tuple(name for name in PATHWAYS if name in self._named_pathways())

    @property
    def solves_chemistry(self) -> bool:
        """Whether the soil solution is computed."""
        return self.chemistry == "solved" or (self.chemistry == "model" and self.model != "simple")

    @property
    def title(self) -> str:
        """Name of the model with its constants, as outputs print it."""
        if self.model == "witch-type":
            return f"WITCH-type, {self.transition_state} constants"
        name = {"profile": "PROFILE", "simple": "simple mineral model"}[self.model]
        return f"{name}, {self.rate_law} rate law, {self.kinetics} constants"

    def change(self, **changes: Any) -> ColumnReading:
        """The same reading with other values of some fields."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return {**{item.name: getattr(self, item.name) for item in fields(self)},
                "kinetic_rows": dict(self.kinetic_rows)}  # fmt: skip

    def differences(self) -> dict[str, Any]:
        """The fields that differ from the default reading of the same model."""
        default = ColumnReading(model=self.model).as_dict()
        return {key: value for key, value in self.as_dict().items() if value != default[key]}

    def summary(self) -> str:
        """One line for titles and figures.

        >>> ColumnReading(brakes="off").summary()
        "PROFILE, sverdrup_warfvinge_1995 rate law, nutsfor constants; brakes='off'"
        """
        items = ", ".join(f"{key}={value!r}" for key, value in self.differences().items())
        return self.title + (f"; {items}" if items else "")
