"""The page of the benchmarks, written from their results alone.

python benchmarks/page.py [RESULTS.json] [PAGE.md]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import FOLDER
from targets import targets

RESULTS = FOLDER / "results.json"
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
Results = Mapping[str, Any]
INTRODUCTION = """# Benchmarks

How fast saprolite is and how much memory it takes, measured by `python benchmarks/run_all.py`. This
page is written from `benchmarks/results.json` by `benchmarks/page.py`; no number is typed by hand.

Inputs are made up and of the size of the real ones. Times are the least of several rounds; where
two things are compared, they took turns, what is short again and again within its turn. Seconds
belong to the machine below, ratios carry over.

A *layer-month* is one soil layer of one cell in one month.
"""


def page(results: Results) -> str:
    """The whole page."""
    parts = [INTRODUCTION, _machine(results)]
    known: dict[str, Callable[[Results], str]] = {
        "kernel": _kernel, "readings": _readings, "accuracy": _accuracy, "naive": _naive,
        "earth": _earth, "studies": _studies, "start": _start,
    }  # fmt: skip
    if "kernel" in results:
        parts.append(_targets(results))
    parts += [write(results[name]) for name, write in known.items() if name in results]
    parts += [_other(name, found) for name, found in results.items()
              if name not in known and name not in ("machine", "size")]  # fmt: skip
    return "\n".join(part.rstrip() + "\n" for part in parts)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table: the first column is text, the others are numbers."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(_shown(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    """Three digits are more than a time repeats to."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (abs(value) >= 1000 and value == round(value)):
        return f"{value:,.0f}"
    if value and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machine(results: Results) -> str:
    about = results["machine"]
    versions = ", ".join(f"{name} {found}" for name, found in about["versions"].items() if found)
    size = {"full": "", "quick": " **Small cases (`--quick`): the full ones differ.**",
            "tiny": " **Tiny cases: the numbers mean nothing.**"}[results["size"]]  # fmt: skip
    return (f"{about['processor']}, {about['cores']} cores, {about['memory_GB']} GB of memory; "
            f"{about['system']}, Python {about['python']}; {versions}.{size}\n")  # fmt: skip


def _targets(results: Results) -> str:
    rows = []
    for item in targets(max(results["kernel"]["workers"])):
        unit = {"s": " s", "GB": " GB", "ns": " ns"}.get(item.unit, "")
        sign = {">=": "≥", "<=": "≤"}[item.sign]
        value = item.measured(results)
        rows.append((item.what, f"{sign} {_shown(item.reach)}{unit}",
                     f"{_shown(item.aim)}{unit}",
                     "–" if value is None else f"{_shown(value)}{unit}",
                     item.verdict(results)))  # fmt: skip
    head = ("what", "reach", "aim", "measured", "")
    return f"## Against what it should reach\n\n{table(head, rows)}"


def _kernel(found: Results) -> str:
    parts = ["## The fused kernel\n\nns per layer-month, inputs in memory, results not stored.\n"]
    floor = found["one_read_of_the_inputs"]
    for size in (found["small"], found["large"]):
        ns, ratios = size["ns_per_layer_month"], size["ratios"]
        columns = list(next(iter(ratios.values())))
        cases = dict.fromkeys(name.rsplit(", float", 1)[0] for name in ns if ", float" in name)
        kernels = [(case, *(ns[f"{case}, {column}"] for column in columns)) for case in cases]
        plain = [(name, value) for name, value in ns.items() if ", plain" in name]
        compared = [(name, *row.values()) for name, row in ratios.items()]
        parts += [
            f"### {size['cells']:,} cells × {12 * size['years']} months\n",
            table(("kernel", *columns), kernels),
            table(("written plainly, one core", "float64"), plain),
            table(("how many times as long", *columns), compared),
        ]
    read = ", ".join(
        f"{count} thread{'s' if count != '1' else ''} {_shown(value)} ns "
        f"({_shown(floor['GB_per_s'][count])} GB/s)"
        for count, value in floor["ns_per_layer_month"].items()
    )
    parts.append(f"Reading the float32 inputs of a layer-month out of memory once takes: {read}.\n")
    return "\n".join(parts)


def _readings(found: Results) -> str:
    rows = [(name, *row.values()) for name, row in found["readings"].items()]
    head = ("reading", "float32, ns", "float64, ns", "until both are compiled or loaded, s",
            "float64 to plain equations, relative")  # fmt: skip
    return (f"## Each reading\n\nControl alone, one thread, {found['cells']:,} cells × "
            f"{found['months']} months, ns per layer-month.\n\n{table(head, rows)}")  # fmt: skip


def _accuracy(found: Results) -> str:
    single = found["float32_to_float64"]
    names = ("float64_to_plain_equations_largest_relative_difference",)
    rows = [(_words(name), found[name]) for name in names]
    rows += [(f"float32 to float64: {_words(name)}", value) for name, value in single.items()]
    return (f"## Accuracy\n\nRandom soils, {found['cells']:,} cells × {found['years']} years, "
            f"{len(found['series'])} arrays (control, experiments, contributions). A flip is a "
            "series whose trend is significant (p < 0.05) in one precision only.\n\n"
            f"{table(('', ''), rows)}")  # fmt: skip


def _naive(found: Results) -> str:
    rows = found["largest_relative_difference_to_saprolite_float64"].items()
    return ("## The same formulas written plainly\n\n`benchmarks/naive.py` has the formulas in "
            "plain NumPy and with xarray, `benchmarks/xarray_dask_script.py` as a complete script "
            "over NetCDF files. Largest relative difference to saprolite in float64, "
            f"{found['cells']:,} cells × {found['months']} months:\n\n"
            f"{table(('', ''), rows)}")  # fmt: skip


def _earth(found: Results) -> str:
    rows = [
        (f"{row['resolution']}° × {row['years']} years", row["cells"], row["run"]["seconds"],
         row["read_with_saprolite_s"], row["read_with_xarray_s"], row["first_run"]["seconds"],
         row["microseconds_per_cell_and_year"], row["run"]["peak_private_GB"],
         row["run"]["inputs_GB"], row["run"]["fluxes_GB"])
        for row in found["cases"]
    ]  # fmt: skip
    head = ("case", "land cells", "run, s", "only read, engine's reader, s",
            "only read, zarr and xarray, s", "first run, inputs made and packed, s",
            "µs per cell and year", "peak private memory, GB", "inputs, GB",
            "fluxes, GB")  # fmt: skip
    main = found["cases"][0]["run"]
    stages = sorted(main["seconds_by_stage"].items(), key=lambda item: -item[1])
    by_workers = found["main_case_by_workers"].items()
    parts = [
        "## The Earth\n\nFour layers, control, four single-driver experiments, Shapley "
        "contributions, trends with p, from the packed store (warm) into the flux store, "
        f"{found['workers']} threads; everything from preparing the study to the last trend. A run "
        "writes every flux once. A virtual machine that gets its memory from the host only when it "
        "touches it spends several times as long on that first touch as on the writing, and not "
        "the same from hour to hour: so do these seconds vary more than those of a kernel.\n",
        table(head, rows),
        "The first case, how many times as long as only reading its stored forcing:\n",
        table(
            ("", *found["run_to_reading"]),
            (
                ("whole run", *found["run_to_reading"].values()),
                ("computing and trends", *found["computing_and_trends_to_reading"].values()),
            ),
        ),
        "The first case by stage of the run, s:\n",
        table(("stage", "s"), stages),
        "The first case by number of threads:\n",
        table(("threads", "s"), by_workers),
        f"The control alone takes {_shown(found['control_alone']['seconds'])} s.\n",
    ]
    if "netcdf" in found:
        parts.append(_files(found["netcdf"]))
    return "\n".join(parts)


def _files(found: Results) -> str:
    part, script = found["runs_on_the_months_of_the_script"], found["script"]
    few, many = (f"{found[name]} months" for name in ("months_of_the_script", "months"))
    runs = [
        (f"all experiments with Shapley, {many}", found["run"]),
        (f"control alone, {many}", found["control_alone"]),
        (f"all experiments with Shapley, {few}", part["all"]),
        (f"control and four experiments, {few}", part["single drivers"]),
        (f"control alone, {few}", part["control"]),
    ]
    rows = [(f"saprolite, {what}", run["seconds"], run["peak_private_GB"]) for what, run in runs]
    rows.append((f"xarray + Dask script, one experiment, {few}",
                 script["seconds"], script["peak_resident_GB"]))  # fmt: skip
    stages = sorted(found["run"]["seconds_by_stage"].items(), key=lambda item: -item[1])
    ratio, count = found["script_to_run"], found["number_of_script_runs"]
    return "\n".join((
        "### From monthly NetCDF files\n\n36 variables each, shuffled and deflated as the "
        "published files are, in the page cache. Time from the call on, Python started and xarray "
        "imported; the least of several runs: the first of all also computes the SHA-256 of every "
        "file and reads what the file says of itself. Memory of saprolite is private, of the "
        "script resident, libraries included.\n",
        table(("", "s", "peak memory, GB"), rows),
        "Both give annual sums by layer and their trends with p; a run, besides, those of the "
        f"whole soil and means by mineral. {count} runs of the script, one for each experiment, "
        f"take {_shown(ratio['single drivers'])} times as long as one run with the same "
        f"experiments, {_shown(ratio['all'])} times as long as one with Shapley contributions, "
        "too, for which the script would have to run for each of the 16 sets of drivers. One run "
        f"of it takes {_shown(ratio['control'])} times as long as the control alone.\n\n"
        "Sums over the land differ by "
        f"{_shown(script['largest_relative_difference_of_a_year_to_the_run'])} or less, relative, "
        f"in every year, p of trends by {_shown(script['largest_difference_of_p'])} or less; "
        f"{script['flips_of_significance']} of {_shown(script['series_with_a_trend'])} series "
        "have a trend that is significant (p < 0.05) in one of them only.\n",
        table(("stage of the run", "s"), stages),
    ))  # fmt: skip


def _studies(found: Results) -> str:
    rows = [(f"`studies/{name}.toml`", row["years"], row["cells_with_a_flux"], row["seconds"],
             row["peak_private_GB"]) for name, row in found["studies"].items()]  # fmt: skip
    return f"""## The published studies

Run from files in the layout of every product at {found["resolution_deg"]:g} degree: opened,
checked, regridded, computed with all their experiments, trends, tables. The files are made, and
repeat after a year.

{table(("study", "years", "cells with a flux", "s", "peak private memory, GB"), rows)}"""


def _start(found: Results) -> str:
    rows = [(name, times["least_s"], times["median_s"])
            for name, times in found.items() if name not in ("machine", "size")]  # fmt: skip
    return f"## Start\n\nWall time of a process, s.\n\n{table(('', 'least', 'median'), rows)}"


def _other(name: str, found: Any) -> str:
    """Results of a benchmark that the page knows nothing of: every number by its path."""
    rows = [(_words(path), value) for path, value in _numbers(found)]
    return f"## {name.capitalize()}\n\n{table(('', ''), rows)}"


def _numbers(found: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(found, Mapping):
        for key, value in found.items():
            if key != "machine":
                yield from _numbers(value, f"{path}: {key}" if path else str(key))
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _numbers(value, f"{path}: {index + 1}")
    else:
        yield path, found


def _words(name: str) -> str:
    return name.replace("_", " ")


def main() -> None:
    """Write the page."""
    given = [Path(text) for text in sys.argv[1:]]
    source, target = (*given, *(RESULTS, PAGE)[len(given) :])
    target.write_text(page(json.loads(source.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
