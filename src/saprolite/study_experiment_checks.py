"""What the experiments and trends of a study, its model and its reading do not allow together."""

from __future__ import annotations

from saprolite.errors import Problem
from saprolite.models import Reading
from saprolite.study_column import CO2_MODEL, Column
from saprolite.study_parts import Experiments, Output, Trends

_FEWEST_WITH_A_BREAK = 4


def experiment_problems(
    experiments: Experiments,
    output: Output,
    model: str,
    reading: Reading,
    years: range,
    product: str,
    where: str,
) -> list[Problem]:
    """Everything that is wrong with ``[experiments]`` and ``[output]`` of a study."""
    problems = []
    period = f"{years[0]} to {years[-1]}"
    base = experiments.base_year
    if base is not None and base not in years:
        problems.append(
            Problem(f"{where}: experiments.base_year", str(base), f"a year of the run, {period}",
                    f"base_year = {years[0]}")
        )  # fmt: skip
    if base is None and experiments.run and product == "change_factors":
        problems.append(
            Problem(f"{where}: experiments.base_year", "nothing, in a scenario",
                    f"the year whose drivers an experiment keeps, {period}: the first year of a "
                    "scenario is one like any other",
                    f"base_year = {years[0]} under [experiments]")
        )  # fmt: skip
    if base is not None and not experiments.run:
        own = "column.base_year" if model != CO2_MODEL else "experiments.run"
        problems.append(
            Problem(f"{where}: experiments.base_year", f"{base} without experiments",
                    "a base year of experiments that are run",
                    f"remove base_year, or set {own}")
        )  # fmt: skip
    if experiments.frozen_soil == "fixed" and "soil_temperature" not in experiments.run:
        problems.append(
            Problem(f"{where}: experiments.frozen_soil", f'"fixed" with run = {experiments.run}',
                    'a choice for "soil_temperature" alone; it changes no other experiment',
                    'remove frozen_soil, or add "soil_temperature" to run')
        )  # fmt: skip
    if experiments.run and model != CO2_MODEL:
        problems.append(
            Problem(f"{where}: experiments.run", f'{experiments.run} with model = "{model}"',
                    "column.experiment: the chemistry of a column feeds back on itself, so each "
                    "driver that varies alone is a run of its own",
                    'remove [experiments], and set experiment = "soil_moisture" under [column]')
        )  # fmt: skip
    if experiments.run and model == CO2_MODEL and reading.calendar == "actual":
        problems.append(
            Problem(f"{where}: experiments.run", f'{experiments.run} with calendar = "actual"',
                    'calendar = "mean": by the actual calendar a leap day is a change of the flux '
                    "that belongs to no driver",
                    'calendar = "mean" under [reading]')
        )  # fmt: skip
    if output.monthly and model != CO2_MODEL:
        problems.append(
            Problem(f"{where}: output.monthly", f'true with model = "{model}"',
                    "false: a soil column is solved on means of a year or of all years",
                    "monthly = false")
        )  # fmt: skip
    if output.driver_means and model != CO2_MODEL:
        problems.append(
            Problem(f"{where}: output.driver_means", f'true with model = "{model}"',
                    "false: a soil column keeps its forcing in inputs.zarr",
                    'driver_means = false, and store_forcing = "always"')
        )  # fmt: skip
    return problems


def trend_problems(
    trends: Trends, column: Column | None, years: range, where: str
) -> list[Problem]:
    """What is wrong with ``[trends]`` of a study."""
    chosen = trends.break_year
    if chosen is None:
        return []
    problems = []
    if chosen not in years[1:]:
        problems.append(
            Problem(f"{where}: trends.break_year", str(chosen),
                    "a year of the run but the first: one or more on each side",
                    f"break_year = {years[len(years) // 2]}")
        )  # fmt: skip
    if len(years) < _FEWEST_WITH_A_BREAK:
        problems.append(
            Problem(f"{where}: trends.break_year", f"{chosen} in a run of {len(years)} years",
                    f"{_FEWEST_WITH_A_BREAK} years or more", "remove [trends]")
        )  # fmt: skip
    if column is not None and column.averaging == "climatology":
        problems.append(
            Problem(f"{where}: trends.break_year", f'{chosen} with averaging = "climatology"',
                    "years that differ: every year of a climatology is the same",
                    'remove [trends], or set averaging = "annual"')
        )  # fmt: skip
    return problems
