"""The study file: a closed, typed model of everything a run needs (TOML in, TOML out)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from saprolite.errors import Problem, ReadingError, SaproliteError, StudyError, raise_if_any
from saprolite.minerals import CLAY_MINERALS, Mineral
from saprolite.models import CO2Pathway, ColumnReading, Reading
from saprolite.places import DATA_VARIABLE, located
from saprolite.study_analysis import AnalysisChoices
from saprolite.study_column import CARBON_MEANING, CO2_MODEL, MODEL_NAMES, Column
from saprolite.study_column_checks import (
    column_problems,
    constant_problems,
    resolved_column_reading,
)
from saprolite.study_experiment_checks import experiment_problems, trend_problems
from saprolite.study_forcing_checks import evapotranspiration_problems, forcing_problems
from saprolite.study_parts import (
    Engine,
    Experiments,
    GridChoice,
    Inputs,
    MineralList,
    Output,
    Trends,
)
from saprolite.study_problems import validation_problems
from saprolite.study_section import Closed
from saprolite.study_soil import ConstantMinerals


class Study(Closed):
    """A study: period, reading, minerals, grid, inputs."""

    title: str = Field(min_length=1)
    first_year: int = Field(ge=1800, le=2300)
    last_year: int = Field(ge=1800, le=2300)
    data_root: str = Field(".", description="folder that relative input paths start from")
    model: MODEL_NAMES = Field(
        CO2_MODEL, description="the CO2 pathway on monthly drivers, or a soil column on means"
    )
    reading: dict[str, Any] = Field(default_factory=dict)
    column: Column | None = Field(None, description="for every model but profile-co2")
    minerals: MineralList = MineralList()
    grid: GridChoice = GridChoice()
    inputs: Inputs
    experiments: Experiments = Experiments()
    trends: Trends = Trends()
    engine: Engine = Engine()
    output: Output = Output()
    analysis: AnalysisChoices = AnalysisChoices()

    @model_validator(mode="after")
    def _period(self) -> Study:
        if self.last_year < self.first_year:
            raise ValueError(f"last_year {self.first_year} or later, which is the first year")
        return self

    @property
    def years(self) -> range:
        """The years of the run."""
        return range(self.first_year, self.last_year + 1)

    @property
    def chosen_reading(self) -> Reading:
        """The reading: its preset with the changes of the study."""
        changes = dict(self.reading)
        return Reading.preset(changes.pop("preset", "canonical"), **changes)

    @property
    def column_reading(self) -> ColumnReading | None:
        """The choices of the soil column; None for the CO2 pathway."""
        if self.column is None:
            return None
        return ColumnReading(**{**self.column.reading, "model": self.model})

    def with_workers(self, workers: int) -> Study:
        """The same study with another number of threads; ``StudyError`` for none at all."""
        content = self.model_dump(exclude_none=True)
        if workers < 1:
            raise StudyError(
                "Nobody is to compute (1 problem)",
                [Problem("workers", str(workers), "1 or more threads", "--workers 1")],
            )
        content["engine"]["workers"] = workers
        return Study.model_validate(content)

    @property
    def base_year(self) -> int:
        """The year whose drivers an experiment keeps; the first year where none is named."""
        chosen = (self.experiments if self.column is None else self.column).base_year
        return self.first_year if chosen is None else chosen

    @property
    def summary(self) -> str:
        """The model, its choices and what its carbon sink is, in one line for every output."""
        summary, column, chosen = self.chosen_reading.summary(), self.column, self.column_reading
        if column is None or chosen is None:
            return summary
        experiment = (
            "control"
            if column.experiment == "control"
            else f"{column.experiment} alone varies, the rest as in {self.base_year}"
        )
        means = {"annual": "annual means", "climatology": "climatology"}[column.averaging or ""]
        return (
            f"{chosen.summary()}; carbon sink: {CARBON_MEANING[column.carbon or '']}; {means}, "
            f"{experiment}; soil CO2, frozen soil and thickness by {summary}"
        )

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """Read and check a study file; its paths become absolute.

        Relative input paths start from ``data_root``, itself relative to the study file; the
        environment variable ``SAPROLITE_DATA`` takes the place of ``data_root``.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise StudyError(
                "Study file cannot be read (1 problem)",
                [Problem(str(file), str(error.strerror), "a study file in TOML",
                         "saprolite init STUDY.toml writes a commented one")],
            ) from error  # fmt: skip
        except UnicodeDecodeError as error:
            raise StudyError(
                "Study file cannot be read (1 problem)",
                [Problem(str(file), f"no text in UTF-8: {error}", "a study file in TOML, in UTF-8",
                         "save it as UTF-8 in your editor")],
            ) from error  # fmt: skip
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(
                "Study file is not valid TOML (1 problem)",
                [Problem(str(file), f"{error}{_line_of(error, text)}", "TOML",
                         "correct the line: numbers with a decimal point, text in quotes, paths "
                         "with / or in 'single quotes'")],
            ) from error  # fmt: skip
        return cls.of(content, file.resolve().parent, str(file), text)

    @classmethod
    def of(
        cls, content: Mapping[str, Any], folder: Path, where: str = "study", text: str = ""
    ) -> Study:
        """Check the content of a study file; ``StudyError`` lists everything that is wrong."""
        problems: list[Problem] = []
        study: Study | None = None
        try:
            study = cls.model_validate(dict(content))
        except ValidationError as error:
            problems += validation_problems(error, cls, where, text)
        reading = content.get("reading", {})
        problems += _reading_problems(reading, where) if isinstance(reading, Mapping) else []
        problems += _mineral_problems(content, where)
        problems += column_problems(content, where)
        raise_if_any(StudyError, f"{where} is not a usable study", problems)
        assert study is not None  # what pydantic refuses is a problem
        problems = study._cross_problems(where)
        raise_if_any(StudyError, f"{where} is not a usable study", problems)
        return study._resolved(folder)

    def _cross_problems(self, where: str) -> list[Problem]:
        problems = []
        reading = self.chosen_reading
        series = reading.atmosphere == "series"
        if not series and self.inputs.atmospheric_co2 is not None:
            problems.append(
                Problem(
                    f"{where}: inputs.atmospheric_co2",
                    'a series with reading.atmosphere = "fixed", which does not use it',
                    "a series that the reading uses",
                    'set reading.atmosphere = "series", or remove [inputs.atmospheric_co2]',
                )
            )
        if series and self.inputs.atmospheric_co2 is None:
            problems.append(
                Problem(
                    f"{where}: inputs.atmospheric_co2",
                    "nothing",
                    'a series, required by reading.atmosphere = "series"',
                    'add [inputs.atmospheric_co2] path = "..."',
                )
            )
        problems += forcing_problems(self.inputs.forcing, self.years, where)
        problems += evapotranspiration_problems(self.inputs, where)
        problems += self._column_problems(where)
        problems += experiment_problems(
            self.experiments, self.output, self.model, reading, self.years,
            self.inputs.forcing.product, where,
        )  # fmt: skip
        problems += trend_problems(self.trends, self.column, self.years, where)
        minerals = self.inputs.minerals
        if isinstance(minerals, ConstantMinerals) and set(minerals.shares) != set(
            self.minerals.names
        ):
            problems.append(
                Problem(
                    f"{where}: inputs.minerals.shares",
                    ", ".join(minerals.shares),
                    "one share for each of " + ", ".join(self.minerals.names),
                    "name the same minerals in [minerals] names and in shares",
                )
            )
        return problems

    def _column_problems(self, where: str) -> list[Problem]:
        """What the soil column and the rest of the study do not allow together."""
        problems: list[Problem] = []
        if self.column is None:
            return []
        problems += constant_problems(self.column, where)
        basis = self.chosen_reading.mineral_basis
        if basis != "soil":
            problems.append(
                Problem(
                    f"{where}: reading.mineral_basis",
                    f'"{basis}", with model = "{self.model}"',
                    '"soil": the minerals of a column are mass fractions of the soil',
                    'mineral_basis = "soil"',
                )
            )
        base = self.column.base_year
        if base is not None and base not in self.years:
            problems.append(
                Problem(
                    f"{where}: column.base_year",
                    str(base),
                    f"a year of the run, {self.first_year} to {self.last_year}",
                    f"base_year = {self.first_year}",
                )
            )
        return problems

    def _resolved(self, folder: Path) -> Study:
        chosen = os.environ.get(DATA_VARIABLE)
        root = located(str(Path.cwd()), chosen) if chosen else located(str(folder), self.data_root)
        content = self.model_dump(exclude_none=True)
        _resolve_paths(content["inputs"], root)
        column = self.column_reading
        if column is not None:
            content["column"]["reading"] = resolved_column_reading(column, folder)
            _resolve_paths(content["column"], root)
        if "regions" in content["analysis"]:
            content["analysis"]["regions"] = located(root, content["analysis"]["regions"])
        content["data_root"] = root
        reading = {
            key: value
            for key, value in self.chosen_reading.resolved(folder).as_dict().items()
            if value is not None
        }
        return Study.model_validate({**content, "reading": reading})

    def to_toml(self) -> str:
        """The resolved study as TOML: every field, absolute paths, the reading in full."""
        import tomli_w

        header = f"# Resolved study: every field, absolute paths. {self.summary}\n"
        return header + tomli_w.dumps(self.model_dump(exclude_none=True))


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> str:
    """The line that an error of the syntax names."""
    number = re.search(r"at line (\d+)", str(error))
    return f": {text.splitlines()[int(number[1]) - 1].strip()}" if number else ""


def _resolve_paths(section: dict[str, Any], root: str) -> None:
    """Make the paths of a section and of those in it absolute; URLs stay as they are."""
    for name, value in section.items():
        if isinstance(value, dict):
            _resolve_paths(value, root)
        elif isinstance(value, str) and (name == "path" or name.startswith("path_")):
            section[name] = located(root, value)


def _reading_problems(reading: Mapping[str, Any], where: str) -> list[Problem]:
    changes = dict(reading)
    try:
        Reading.preset(changes.pop("preset", "canonical"), **changes)
    except ReadingError as error:
        return [
            Problem(f"{where}: {item.where}", item.found, item.accepted, item.next_step)
            for item in error.problems
        ]
    return []


def _mineral_problems(content: Mapping[str, Any], where: str) -> list[Problem]:
    """Unknown minerals, and minerals without kinetic data, before any work."""
    section = content.get("minerals", {})
    names = section.get("names", list(CLAY_MINERALS)) if isinstance(section, Mapping) else None
    reading_section = content.get("reading", {})
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return []
    if not isinstance(reading_section, Mapping):
        return []
    try:
        Mineral.several(names)
        changes = dict(reading_section)
        reading = Reading.preset(changes.pop("preset", "canonical"), **changes)
        if content.get("model", CO2_MODEL) == CO2_MODEL and not reading.kinetics.endswith(".csv"):
            CO2Pathway.of(reading, tuple(names))
    except ReadingError:
        return []
    except SaproliteError as error:
        return [
            Problem(
                f"{where}: minerals.names: {item.where}", item.found, item.accepted, item.next_step
            )
            for item in error.problems
        ]
    return []
