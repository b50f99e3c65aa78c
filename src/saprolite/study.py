"""The study file: a closed, typed model of everything a run needs (TOML in, TOML out)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import Field, ValidationError, model_validator

from saprolite.errors import Problem, ReadingError, SaproliteError, StudyError, raise_if_any
from saprolite.minerals import CLAY_MINERALS, Mineral
from saprolite.models import CO2Pathway, Reading
from saprolite.study_parts import (
    Closed,
    ConstantMinerals,
    Engine,
    GridChoice,
    Inputs,
    MineralList,
    Output,
)
from saprolite.study_problems import validation_problems

DATA_VARIABLE = "SAPROLITE_DATA"


class Study(Closed):
    """A study: period, reading, minerals, grid, inputs."""

    title: str = Field(min_length=1)
    first_year: int = Field(ge=1800, le=2300)
    last_year: int = Field(ge=1800, le=2300)
    data_root: str = Field(".", description="folder that relative input paths start from")
    reading: dict[str, Any] = Field(default_factory=dict)
    minerals: MineralList = MineralList()
    grid: GridChoice = GridChoice()
    inputs: Inputs
    engine: Engine = Engine()
    output: Output = Output()

    @model_validator(mode="after")
    def _period(self) -> Study:
        if self.last_year < self.first_year:
            raise ValueError(f"last_year {self.last_year} is before first_year {self.first_year}")
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

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """Read and check a study file; its paths become absolute.

        Relative input paths start from ``data_root``, itself relative to the study file; the
        environment variable ``SAPROLITE_DATA`` takes the place of ``data_root``.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise StudyError(
                "Study file cannot be read (1 problem)",
                [
                    Problem(
                        str(file),
                        error.strerror or str(error),
                        "a study file in TOML",
                        "saprolite init STUDY.toml writes a commented one",
                    )
                ],
            ) from error
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(
                "Study file is not valid TOML (1 problem)",
                [Problem(str(file), str(error), "TOML", "correct the line")],
            ) from error
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
        if problems or study is None:
            count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            raise StudyError(f"{where} is not a usable study ({count})", problems)
        problems = study._cross_problems(where)
        raise_if_any(StudyError, f"{where} is not a usable study", problems)
        return study._resolved(folder)

    def _cross_problems(self, where: str) -> list[Problem]:
        problems = []
        series = self.chosen_reading.atmosphere == "series"
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

    def _resolved(self, folder: Path) -> Study:
        root = Path(os.environ.get(DATA_VARIABLE) or folder / self.data_root)
        content = self.model_dump(exclude_none=True)
        for item in content["inputs"].values():
            if "path" in item:
                item["path"] = str((root / Path(item["path"]).expanduser()).resolve())
        content["data_root"] = str(root.resolve())
        reading = {
            key: value
            for key, value in self.chosen_reading.resolved(folder).as_dict().items()
            if value is not None
        }
        return Study.model_validate({**content, "reading": reading})

    def to_toml(self) -> str:
        """The resolved study as TOML: every field, absolute paths, the reading in full."""
        header = f"# Resolved study: every field, absolute paths. {self.chosen_reading.summary()}\n"
        return header + tomli_w.dumps(self.model_dump(exclude_none=True))


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
        if not reading.kinetics.endswith(".csv"):
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
