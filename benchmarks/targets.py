"""What the program should reach, and where in the results it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from harness import label

SITE = "one site, CO2 pathway, in Python"
ALL_MONTHS = "seconds_of_588_months"  # of fewer, nothing is to be reached
GRID = "first gridded result, 4,096 cells, compiled before"


class Target(NamedTuple):
    """A number of the results by its path; ``reach`` is the floor, ``aim`` the goal; ``sign`` says
    on which side of them the number is to be: >= or <=."""

    what: str
    path: tuple[str | int, ...]
    sign: str
    reach: float
    aim: float
    unit: str = "times"

    def measured(self, results: Mapping[str, Any]) -> float | None:
        """The number, None where the results do not have it."""
        place: Any = results
        for key in self.path:
            if isinstance(key, int):
                if not isinstance(place, list) or len(place) <= key:
                    return None
            elif not isinstance(place, Mapping) or key not in place:
                return None
            place = place[key]
        return float(place)

    def verdict(self, results: Mapping[str, Any]) -> str:
        """Whether the number is where it should be."""
        value = self.measured(results)
        if value is None:
            return "not measured"
        for border, word in ((self.aim, "aim"), (self.reach, "reach")):
            if value >= border if self.sign == ">=" else value <= border:
                return word
        return "missed"


def targets(workers: int) -> tuple[Target, ...]:
    """All targets, for the number of threads that the kernel was timed with."""
    single, double = label("float32", workers), label("float64", workers)
    small, large = ("kernel", "small", "ratios"), ("kernel", "large", "ratios")
    earth, files = ("earth", "cases", 0, "run"), ("earth", "netcdf")
    difference = "float64_to_plain_equations_largest_relative_difference"
    return (
        Target("plain xarray to kernel, by mineral, float32",
               (*small, "plain xarray to kernel, five groups", single), ">=", 50, 120),
        Target("plain xarray to kernel, by mineral, float64",
               (*small, "plain xarray to kernel, five groups", double), ">=", 20, 40),
        Target("five plain xarray runs to control and four experiments, float32",
               (*large, "five plain xarray runs to control and four experiments", single),
               ">=", 200, 400),
        Target("kernel to one read of its inputs, float32",
               (*large, "kernel to one read of the inputs, one group", single), "<=", 6, 3.5),
        Target("all experiments with Shapley to the control alone: kernel, float32",
               (*large, "experiments with Shapley to control alone", single), "<=", 2, 1.2),
        Target("the same: Earth from the packed store",
               ("earth", "all_experiments_to_control_alone"), "<=", 2, 1.2),
        Target("the same: Earth from NetCDF files",
               ("earth", "netcdf", "all_experiments_to_control_alone"), "<=", 2, 1.2),
        Target("Earth from the packed store to only reading it, zarr and xarray",
               ("earth", "run_to_reading", "with zarr and xarray"), "<=", 1.5, 1.15),
        Target("the same, to only reading it with the engine's own reader",
               ("earth", "run_to_reading", "with the reader of the engine"), "<=", 1.5, 1.15),
        Target("the same, of computing and trends alone",
               ("earth", "computing_and_trends_to_reading", "with the reader of the engine"),
               "<=", 1.5, 1.15),
        Target("Earth from the packed store", (*earth, "seconds"), "<=", 6, 2, "s"),
        Target("Earth, peak private memory", (*earth, "peak_private_GB"), "<=", 2, 1.5, "GB"),
        Target("five runs of the xarray + Dask script to one run of control and four experiments",
               (*files, "script_to_run", "single drivers"), ">=", 35, 60),
        Target("the same five to one run with Shapley contributions, too",
               (*files, "script_to_run", "all"), ">=", 35, 60),
        Target("Earth from 588 NetCDF files", (*files, ALL_MONTHS), "<=", 15, 15, "s"),
        Target("PROFILE chemistry, a cold layer solution, 15 minerals",
               ("column", "two_threads_ns_per_layer"), "<=", 500, 250, "ns"),
        Target("scipy brentq to PROFILE chemistry",
               ("column", "brentq_over_two_threads"), ">=", 500, 500),
        Target("vectorised NumPy Newton to PROFILE chemistry",
               ("column", "numpy_over_two_threads"), ">=", 4, 4),
        Target("scipy linregress to compiled trends with p",
               ("trends", "times_faster_than_linregress", f"compiled, {workers} threads"),
               ">=", 400, 1600),
        Target("xarray.open_mfdataset to our NetCDF reader",
               ("reading", "times_faster", "open_mfdataset", "saprolite"), ">=", 5, 9),
        Target("saprolite --help", ("start", "saprolite --help", "least_s"), "<=", 0.3, 0.1, "s"),
        Target("one site", ("start", SITE, "least_s"), "<=", 0.5, 0.3, "s"),
        Target("first gridded result", ("start", GRID, "least_s"), "<=", 1.0, 0.8, "s"),
        Target("float64 to the plain equations, relative", ("accuracy", difference),
               "<=", 1e-13, 1e-13, ""),
        Target("float32 to float64, global sums, relative",
               ("accuracy", "float32_to_float64", "global_sum_largest_relative_difference"),
               "<=", 1e-6, 1e-6, ""),
        Target("float32 to float64, flips of significance in 100,000 series",
               ("accuracy", "float32_to_float64", "flips_per_100_000_series"), "<=", 1, 1, ""),
    )  # fmt: skip
