"""A Reading: every choice that the equations leave open, in one frozen object.

The manuscript's equations are partly lost and partly ambiguous; each open point is a field here,
with its accepted values. A Reading is printed on every output; no choice hides anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from saprolite.constants import ARRHENIUS_COEFFICIENT, BROOK_INTERCEPT, REFERENCE_TEMPERATURE
from saprolite.equations import FROZEN_FORMS
from saprolite.errors import Problem, ReadingError, did_you_mean, raise_if_any
from saprolite.minerals import FORMULA_TABLES, PACKAGED
from saprolite.models.known_fields import refusing_unknown_fields

_HEADLINE = "This reading is not possible"
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "arrhenius_base": ("e", "10"),
        "atmosphere": ("fixed", "series"),
        "et_mode": ("monthly_x12", "annual", "trailing12", "monthly_raw"),
        "pco2_limit": ("none", "saturating", "cap", "scaled"),
        "mineral_basis": ("soil", "clay", "clay_surface"),
        "density_factor": ("none", "bulk"),
        "coarse_sand": ("as_sand", "excluded", "reduced"),
        "moisture_density": ("dry", "moist", "theta_only"),
        "frozen_form": tuple(FROZEN_FORMS),
        "frozen_action": ("monthly_mask", "annual_factor", "both", "none"),
        "stoichiometry": ("per_equivalent", "mineral_formula"),
        "stoichiometry_table": FORMULA_TABLES,
        "thickness": ("clip", "none"),
        "calendar": ("mean", "actual"),
        "drivers": ("monthly", "annual_mean"),
    }
)
_RANGES: Mapping[str, tuple[float, float, str]] = MappingProxyType(
    {
        "reference_temperature": (250.0, 320.0, "K"),
        "pco2_intercept": (-6.0, -1.0, "log10 atm"),
        "et_floor": (-100.0, 100.0, "mm month-1"),
        "mica_share": (0.0, 1.0, "1"),
    }
)


@refusing_unknown_fields(_HEADLINE)
@dataclass(frozen=True)
class Reading:
    """The choices of equations and numbers of a run; the defaults are the canonical reading.

    Attributes
    ----------
    arrhenius_base
        Eq 5: ``e`` (default) or ``10``, the base that ``arrhenius_coefficient`` goes with.
    arrhenius_coefficient
        Eq 5: A in K for all minerals, or ``table`` (the row of each mineral; base 10 only).
    reference_temperature
        Eq 5: T_lab, K.
    pco2_intercept
        Eq 2: log10 of PCO2 (atm) at ET = 0; -3.7 is what the manuscript prints.
    atmosphere
        Eq 2: ``fixed`` intercept, or the ``series`` of the year's air, which replaces it.
    et_mode
        Eq 2: ``monthly_x12``, ``annual``, ``trailing12`` or ``monthly_raw``.
    et_floor
        Eq 2: lower bound of ET, mm month-1 (times 12 for annual totals).
    pco2_limit, pco2_limit_value
        Eq 4: ``none``, ``saturating``, ``cap`` or ``scaled``, and P_lim in atm (no default).
    mineral_basis
        Eq 3: x_i as fraction of the ``soil``, of the ``clay``, or of the ``clay_surface``.
    density_factor
        Eq 6: ``none``, or ``bulk`` (rho_bulk / 1000 kg m-3).
    coarse_sand, coarse_sand_share
        Eq 6: sand coarser than 250 um counts ``as_sand``, is ``excluded``, or ``reduced`` to 0.05;
        the share of the sand that it is (required unless ``as_sand``).
    moisture_density
        Eq 7: ``dry`` or ``moist`` bulk density, or ``theta_only`` (phi = theta).
    frozen_form, frozen_action
        Eq 1: form of the frozen percentage, and how it acts on the rate.
    stoichiometry, stoichiometry_table
        Carbon: one CO2 ``per_equivalent``, or by ``mineral_formula`` with a named table.
    kinetics
        A packaged kinetic table, or the path of a CSV file in the same columns.
    thickness
        Eq 3: ``clip`` layers to the soil that is present, or ``none`` (full layers).
    calendar
        ``mean`` month lengths (February 28.25 d in every year) or ``actual`` days.
    drivers
        ``monthly`` drivers, or their ``annual_mean`` in every month (Eq 1 stays monthly).
    mica_share
        Share of an illite/mica class of mineral maps that is mica; the rest is illite.

    >>> Reading().et_mode
    'monthly_x12'
    >>> Reading.preset("profile_physical").differences()
    {'density_factor': 'bulk', 'moisture_density': 'moist'}
    """

    arrhenius_base: str = "e"
    arrhenius_coefficient: float | str = ARRHENIUS_COEFFICIENT
    reference_temperature: float = REFERENCE_TEMPERATURE
    pco2_intercept: float = BROOK_INTERCEPT
    atmosphere: str = "fixed"
    et_mode: str = "monthly_x12"
    et_floor: float = 0.0
    pco2_limit: str = "none"
    pco2_limit_value: float | None = None
    mineral_basis: str = "soil"
    density_factor: str = "none"
    coarse_sand: str = "as_sand"
    coarse_sand_share: float | None = None
    moisture_density: str = "dry"
    frozen_form: str = "months"
    frozen_action: str = "monthly_mask"
    stoichiometry: str = "per_equivalent"
    stoichiometry_table: str = "soil_clay"
    kinetics: str = "nutsfor"
    thickness: str = "clip"
    calendar: str = "mean"
    drivers: str = "monthly"
    mica_share: float = 0.5

    def __post_init__(self) -> None:
        # TOML and notebooks write the base as a number.
        object.__setattr__(self, "arrhenius_base", str(self.arrhenius_base))
        problems = [*self._choice_problems(), *self._number_problems(), *self._pair_problems()]
        raise_if_any(ReadingError, _HEADLINE, problems)
        for name, value in asdict(self).items():
            if isinstance(value, int) and not isinstance(value, bool):
                object.__setattr__(self, name, float(value))

    def _choice_problems(self) -> list[Problem]:
        problems = []
        for name, accepted in CHOICES.items():
            value = getattr(self, name)
            if value not in accepted:
                problems.append(
                    Problem(
                        f"reading.{name}",
                        repr(value),
                        ", ".join(accepted),
                        did_you_mean(str(value), accepted),
                    )
                )
        if self.kinetics not in PACKAGED and not str(self.kinetics).endswith(".csv"):
            problems.append(
                Problem(
                    "reading.kinetics",
                    repr(self.kinetics),
                    ", ".join(PACKAGED) + ", or the path of a .csv file",
                    did_you_mean(str(self.kinetics), PACKAGED),
                )
            )
        return problems

    def _number_problems(self) -> list[Problem]:
        problems = []
        for name, (low, high, unit) in _RANGES.items():
            value = getattr(self, name)
            if not (_is_number(value) and low <= value <= high):
                problems.append(
                    Problem(
                        f"reading.{name}",
                        repr(value),
                        f"a number from {low} to {high} ({unit})",
                        f"{name} = {getattr(type(self), name)}",
                    )
                )
        a = self.arrhenius_coefficient
        if a != "table" and not (_is_number(a) and 0.0 <= float(a) <= 2.0e4):
            problems.append(
                Problem(
                    "reading.arrhenius_coefficient",
                    repr(a),
                    'a number from 0 to 20000 (K), or "table"',
                    "arrhenius_coefficient = 3600",
                )
            )
        for switch, off, value_name, bounds, unit in (
            ("pco2_limit", "none", "pco2_limit_value", (0.0, 1.0), "atm"),
            ("coarse_sand", "as_sand", "coarse_sand_share", (0.0, 1.0), "share of the sand"),
        ):
            problems.extend(self._companion_problem(switch, off, value_name, bounds, unit))
        return problems

    def _companion_problem(
        self, switch: str, off: str, name: str, bounds: tuple[float, float], unit: str
    ) -> list[Problem]:
        value, option = getattr(self, name), getattr(self, switch)
        low, high = bounds
        if option not in CHOICES[switch]:
            return []
        if option == off:
            if value is None:
                return []
            return [
                Problem(
                    f"reading.{name}",
                    repr(value),
                    f'nothing with {switch} = "{off}"',
                    f"remove {name}, or choose another {switch}",
                )
            ]
        if _is_number(value) and low < value <= high:
            return []
        return [
            Problem(
                f"reading.{name}",
                repr(value),
                f"a number above {low} up to {high} ({unit}), required by {switch} = "
                f'"{option}"; it has no default',
                f"give {name} = ...",
            )
        ]

    def _pair_problems(self) -> list[Problem]:
        problems = []
        if self.arrhenius_coefficient == "table" and self.arrhenius_base != "10":
            problems.append(
                Problem(
                    "reading.arrhenius_coefficient",
                    f'"table" with base {self.arrhenius_base!r}',
                    "the tables' coefficients go with base 10",
                    'arrhenius_base = "10"',
                )
            )
        if self.frozen_form == "degree_days" and self.frozen_action != "annual_factor":
            problems.append(
                Problem(
                    "reading.frozen_action",
                    f'"{self.frozen_action}" with frozen_form "degree_days"',
                    "degree_days is annual: annual_factor alone",
                    'frozen_action = "annual_factor"',
                )
            )
        if self.mineral_basis == "clay_surface" and self.coarse_sand != "as_sand":
            problems.append(
                Problem(
                    "reading.coarse_sand",
                    f'"{self.coarse_sand}" with mineral_basis "clay_surface"',
                    "the clay term alone has no sand",
                    'coarse_sand = "as_sand"',
                )
            )
        if self.drivers == "annual_mean" and self.et_mode == "trailing12":
            problems.append(
                Problem(
                    "reading.et_mode",
                    '"trailing12" with drivers "annual_mean"',
                    "a mean over the calendar year has no trailing months",
                    'et_mode = "annual"',
                )
            )
        return problems

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Reading:
        """A named reading, with changes.

        >>> Reading.preset("profile_original").reference_temperature
        281.0
        """
        if name not in PRESETS:
            raise ReadingError(
                "Unknown preset (1 problem)",
                [Problem("preset", repr(name), ", ".join(PRESETS), did_you_mean(name, PRESETS))],
            )
        return cls(**{**PRESETS[name], **changes})

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names of all choices."""
        return tuple(item.name for item in fields(cls))

    def change(self, **changes: Any) -> Reading:
        """The same reading with other values of some fields.

        >>> Reading().change(et_mode="annual").et_mode
        'annual'
        """
        return replace(self, **changes)

    def as_dict(self) -> dict[str, float | str | None]:
        """All fields by name."""
        return asdict(self)

    def differences(self) -> dict[str, float | str | None]:
        """The fields that differ from the canonical reading."""
        canonical = Reading().as_dict()
        return {key: value for key, value in self.as_dict().items() if value != canonical[key]}

    @property
    def name(self) -> str:
        """Name of the preset that it equals, or ``custom``.

        >>> Reading().name, Reading(et_mode="annual").name
        ('canonical', 'custom')
        """
        for name in PRESETS:
            if self == Reading(**PRESETS[name]):
                return name
        return "custom"

    def summary(self) -> str:
        """One line for titles and figures.

        >>> Reading(et_mode="annual").summary()
        "reading: canonical with et_mode='annual'"
        """
        if self.name != "custom":
            return f"reading: {self.name}"
        items = ", ".join(f"{key}={value!r}" for key, value in self.differences().items())
        return f"reading: canonical with {items}"

    def resolved(self, folder: Path) -> Reading:
        """The same reading with a relative path of a kinetic table made absolute."""
        if self.kinetics in PACKAGED:
            return self
        return self.change(kinetics=str((folder / self.kinetics).resolve()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "canonical": {},
        "profile_physical": {"density_factor": "bulk", "moisture_density": "moist"},
        "profile_original": {
            "arrhenius_base": "10",
            "arrhenius_coefficient": "table",
            "reference_temperature": 281.0,
            "et_mode": "annual",
            "density_factor": "bulk",
            "moisture_density": "moist",
        },
        "manuscript_literal": {
            "pco2_intercept": -3.7,
            "et_mode": "monthly_raw",
            "stoichiometry": "mineral_formula",
        },
        "raw_formula_base10": {
            "arrhenius_base": "10",
            "et_mode": "monthly_raw",
            "stoichiometry": "mineral_formula",
        },
        "raw_surface_base10": {
            "arrhenius_base": "10",
            "et_mode": "monthly_raw",
            "mineral_basis": "clay_surface",
        },
    }
)
