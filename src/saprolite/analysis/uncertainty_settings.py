"""What is uncertain, and by how much: settings of an uncertainty analysis, each with a source."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.study_problems import validation_problems
from saprolite.study_section import Closed

# The field that says how wide a distribution is.
WIDTHS = {
    "lognormal": "relative_sd",
    "truncated_normal": "relative_sd",
    "uniform": "relative_half_width",
    "log10_uniform": "half_width_dex",
}
Text = Annotated[str, Field(min_length=1)]
# What is wider still is a percentage: of what is less known, log10 units say more.
_WIDEST = 2.0


class Error(Closed):
    """A factor on the flux: how it is shared, its distribution, its width, where that is from."""

    name: Text
    shared: Literal["common", "by_mineral", "by_layer", "by_cell"]
    distribution: Literal["lognormal", "truncated_normal", "uniform", "log10_uniform"]
    relative_sd: float | None = Field(None, ge=0.0, le=_WIDEST, description="1")
    relative_half_width: float | None = Field(None, ge=0.0, le=1.0, description="1")
    half_width_dex: float | None = Field(None, ge=0.0, le=5.0, description="log10 units")
    source: Text
    minerals: list[str] | None = Field(None, min_length=1, description="all by default")

    @model_validator(mode="after")
    def _one_width(self) -> Error:
        given = [name for name in dict.fromkeys(WIDTHS.values()) if getattr(self, name) is not None]
        if given != [WIDTHS[self.distribution]]:
            raise ValueError(
                f"{self.distribution} takes {WIDTHS[self.distribution]} and no other width, "
                f"not {', '.join(given) or 'none'}"
            )
        if self.shared == "by_cell" and self.minerals is not None:
            raise ValueError("an error by cell acts on all minerals: remove minerals")
        return self

    @property
    def width(self) -> float:
        """The width of the distribution, in the unit of its field."""
        return float(getattr(self, WIDTHS[self.distribution]))


class BudgetTerm(Closed):
    """A relative standard deviation that is added in quadrature."""

    name: Text
    relative_sd_percent: float = Field(ge=0.0)
    source: Text


class Indices(Closed):
    """How many samples the indices of sensitivity are made of."""

    sobol_samples: int = Field(4096, ge=64)
    morris_trajectories: int = Field(200, ge=4)

    @model_validator(mode="after")
    def _power_of_two(self) -> Indices:
        if self.sobol_samples & (self.sobol_samples - 1):
            raise ValueError(f"sobol_samples is a power of 2, not {self.sobol_samples}")
        return self


class StructureChoice(Closed):
    """The readings that stand for the structure of the model, and their weights."""

    readings: list[str] = Field(min_length=1)
    weights: list[Annotated[float, Field(gt=0.0)]] | None = Field(
        None, description="equal by default"
    )

    @model_validator(mode="after")
    def _as_many(self) -> StructureChoice:
        if self.weights is not None and len(self.weights) != len(self.readings):
            raise ValueError(f"{len(self.weights)} weights for {len(self.readings)} readings")
        return self


class UncertaintySettings(Closed):
    """The errors that are drawn, the budget in quadrature, the indices, the readings.

    >>> settings = UncertaintySettings.read()
    >>> [(one.name, one.shared, one.width) for one in settings.error][:2]
    [('kinetic constants', 'by_mineral', 0.3), ('mineral contents', 'common', 0.3652)]
    """

    error: list[Error] = Field(default_factory=list)
    budget: list[BudgetTerm] = Field(default_factory=list)
    indices: Indices = Indices()
    structure: StructureChoice | None = None

    @model_validator(mode="after")
    def _names(self) -> UncertaintySettings:
        names = [one.name for one in self.error]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"errors named twice: {', '.join(twice)}")
        return self

    @classmethod
    def read(cls, path: Path | None = None) -> UncertaintySettings:
        """The settings of a file, or the defaults of the package.

        Raises ``InputError`` that lists everything that is wrong with the file.
        """
        where = str(path) if path else "defaults"
        try:
            text = path.read_text(encoding="utf-8") if path else _defaults()
            return cls.model_validate(tomllib.loads(text))
        except ValidationError as error:
            problems = validation_problems(error, cls, where, text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problems = [Problem(where, str(error), "settings in TOML",
                                "begin with the defaults that the command writes")]  # fmt: skip
        raise_if_any(InputError, "The settings cannot be used", problems)
        raise AssertionError("problems were raised")

    def require_minerals(self, minerals: Sequence[str]) -> None:
        """Raise ``InputError`` for minerals that a run does not have."""
        problems = [
            Problem(f"error {one.name}: minerals", name, ", ".join(minerals), "correct the name")
            for one in self.error
            for name in one.minerals or ()
            if name not in minerals
        ]
        raise_if_any(InputError, "The settings do not fit the run", problems)

    def to_toml(self) -> str:
        """The settings as they were used."""
        import tomli_w

        content: dict[str, Any] = self.model_dump(exclude_none=True)
        return "# Settings of the uncertainty analysis, in full.\n" + tomli_w.dumps(content)


def _defaults() -> str:
    file = resources.files("saprolite.analysis").joinpath("data", "uncertainty.toml")
    return file.read_text(encoding="utf-8")
