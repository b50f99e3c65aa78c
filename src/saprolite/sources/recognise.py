"""What the files of a folder are: product and edition, months that are missing, files that are
broken. Names are asked first, then contents; no network."""

from __future__ import annotations

import csv
import gzip
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import netCDF4
import numpy as np

from saprolite.errors import InputError, Problem
from saprolite.places import PART
from saprolite.sources.catalog import Pooch, published
from saprolite.sources.files import attributes_of, netcdf
from saprolite.sources.tiff_structure import length_of_tiff, missing_bytes
from saprolite.stages import Report, counted, quiet

_NETCDF = (".nc", ".nc4", ".cdf")
_TIFF = (".tif", ".tiff")
_TEXT = (".csv", ".txt", ".dat", ".stm", ".tsv")
_SHOWN = 6


@dataclass(frozen=True)
class Found:
    """One file: what it is, by what, and the months (YYYYMM) that it holds."""

    path: Path
    product: str = ""
    edition: str = ""
    by: str = ""
    months: tuple[str, ...] = ()


@dataclass
class Survey:
    """What lies at a path, as lines to print, and everything that is wrong with it."""

    files: list[Found] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def survey(path: Path, years: range | None = None, report: Report = quiet) -> Survey:
    """Recognise a file, or every file below a folder; hidden files are left out.

    ``years``: the years of which every month is wanted; by default those from the first month
    that is there to the last. Raises ``InputError`` where there is nothing.
    """
    result = Survey()
    for file in counted(_files(path), "looking at files", report):
        problem = _damage(file)
        if problem is not None:
            result.problems.append(problem)
        found, doubt = _recognised(file, problem is None)
        result.files.append(found)
        if doubt is not None:
            result.problems.append(doubt)
    for (product, edition), group in _groups(result.files).items():
        if product:
            _describe(path, product, edition, group, years, result)
    unknown = [item.path for item in result.files if not item.product]
    if unknown:
        result.lines.append(
            f"not recognised: {len(unknown)} files: {_some(p.name for p in unknown)}"
        )
    if len(unknown) == len(result.files):
        result.problems.append(
            Problem(str(path), f"nothing of the catalogue: {_some(item.name for item in unknown)}",
                    "files with the names or the contents of a product",
                    "saprolite data list; saprolite data show NAME says how its files are named")
        )  # fmt: skip
    result.problems += _mixtures(result.files)
    return result


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = [
        item for item in sorted(path.rglob("*"))
        if item.is_file() and not any(part.startswith(".") for part in item.relative_to(path).parts)
    ] if path.is_dir() else []  # fmt: skip
    unfinished = sorted(path.glob(f"**/.saprolite-get/*{PART}")) if path.is_dir() else []
    if not files and not unfinished:
        raise InputError(
            "Nothing to look at (1 problem)",
            [Problem(str(path), "an empty folder" if path.is_dir() else "no such file or folder",
                     "a file, or a folder with files", "check the path")],
        )  # fmt: skip
    return files + unfinished


@cache
def _names() -> tuple[tuple[str, str, re.Pattern[str], bool], ...]:
    """Product, edition, pattern of names, and whether other files may have such names."""
    rows = []
    for product, item in published().items():
        for name, edition in item.editions.items():
            if edition.file:
                rows.append((product, name, re.compile(edition.file), edition.generic_name))
            if isinstance(edition.get, Pooch):
                fixed = "|".join(re.escape(file.name) for file in edition.get.all_files())
                rows.append((product, name, re.compile(fixed), False))
        if item.any_version:
            rows.append((product, "", re.compile(item.any_version), False))
    return tuple(sorted(rows, key=lambda row: (row[1] == "", row[3])))


def _recognised(path: Path, sound: bool) -> tuple[Found, Problem | None]:
    """The product by the name, checked against the contents; else by the contents."""
    inside, months = _contents(path) if sound else (frozenset(), ())
    for product, edition, pattern, generic in _names():
        match = pattern.fullmatch(path.name)
        if match is None or generic:
            continue
        groups = match.groupdict()
        month = groups.get("month") or (groups["year"] + groups["mon"] if groups.get("mon") else "")
        signature = published()[product].signature
        doubt = None
        if inside and path.suffix in _NETCDF and not inside.issuperset(signature):
            missing = [name for name in signature if name not in inside]
            doubt = Problem(
                f"{path}: {', '.join(missing)}", "not in the file", f"the variables of {product}",
                "fetch the original file",
            )  # fmt: skip
        if not edition:
            doubt = Problem(
                str(path), f"a version of {product} that the catalogue does not have",
                "; ".join(f"{name}: {item.file}" for name, item in
                          published()[product].editions.items() if item.file),
                f"saprolite data show {product}",
            )  # fmt: skip
        elif published()[product].editions[edition].early:
            doubt = Problem(str(path), "an early product", "the main product",
                            f"saprolite data show {product}")  # fmt: skip
        if len(month) == 6 and months and months != (month,) and len(months) == 1:
            doubt = Problem(f"{path}: time", f"the month {months[0]}", f"{month}, as the name says",
                            "the file is misnamed: fetch it again")  # fmt: skip
        return Found(path, product, edition, "name", (month,) if month else ()), doubt
    for product, item in published().items():
        if item.signature and inside.issuperset(item.signature):
            return Found(path, product, "", "contents", months), None
    for product, edition, pattern, generic in _names():
        if generic and pattern.fullmatch(path.name):
            return Found(path, product, edition, "name (other files may have such names)"), None
    return Found(path), None


def _contents(path: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """Names of variables or columns, and the months of a time axis."""
    name = path.name.removesuffix(".gz")
    if name.endswith(_NETCDF):
        with netcdf(path, "a NetCDF file") as dataset:
            return frozenset(dataset.variables), tuple(_months(dataset))
    if name.endswith(_TEXT):
        with _text(path) as lines:
            return frozenset(_cells(next(iter(lines), ""))), ()
    return frozenset(), ()


def _months(dataset: netCDF4.Dataset) -> Iterator[str]:
    time = dataset.variables.get("time")
    if time is None or time.size > 100_000:
        return
    attributes = attributes_of(time)
    try:
        dates = netCDF4.num2date(
            time[:], str(attributes["units"]), str(attributes.get("calendar", "standard"))
        )
    except (KeyError, ValueError, TypeError):
        return
    for date in np.atleast_1d(np.asarray(dates, dtype=object)).ravel():
        yield f"{date.year:04d}{date.month:02d}"


def _damage(path: Path) -> Problem | None:
    """What is wrong with the bytes of a file, as far as its structure tells."""
    found = ""
    name = path.name.removesuffix(PART).removesuffix(".gz").lower()
    try:
        if path.name.endswith(PART):
            found = f"an unfinished download ({path.stat().st_size} bytes)"
        elif path.stat().st_size == 0:
            found = "an empty file"
        elif _starts_as_page(path):
            found = "a web page in place of the data (a login page?)"
        elif path.suffix == ".gz":
            with gzip.open(path) as stream:
                while stream.read(1 << 20):
                    pass
        elif name.endswith(_NETCDF):
            with netcdf(path, "a NetCDF file") as dataset:
                if not dataset.variables and not dataset.groups:
                    found = "a NetCDF file without variables"
        elif name.endswith(_TIFF):
            length_of_tiff(path)
            found = missing_bytes(path)
        elif name.endswith(".zip"):
            zipfile.ZipFile(path).close()
        if not found and name.endswith(".csv"):
            found = _damage_of_table(path)
    except InputError as error:
        found = error.problems[0].found
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        found = f"{type(error).__name__}: {error}".splitlines()[0]
    if not found:
        return None
    return Problem(str(path), found, "a whole file", "fetch it again")


def _damage_of_table(path: Path) -> str:
    with _text(path) as lines:
        first = next(iter(lines), "")
        columns, last = len(_cells(first)), first
        for line in lines:
            last = line if line.strip() else last
    if len(_cells(last)) < columns or (path.suffix != ".gz" and not last.endswith("\n")):
        return f"an incomplete last row {last.strip()[:40]!r}"
    return ""


def _text(path: Path) -> IO[str]:
    """A text, plain or gzipped, line by line."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    stream: IO[str] = opener(path, "rt", encoding="utf-8", errors="replace")
    return stream


def _cells(line: str) -> list[str]:
    """The cells of a line with ; or , or tabs or spaces between them."""
    line = line.strip().lstrip("\ufeff")
    for separator in (";", ",", "\t"):
        if separator in line:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return line.split()


def _starts_as_page(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(256).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _groups(files: list[Found]) -> dict[tuple[str, str], list[Found]]:
    groups: dict[tuple[str, str], list[Found]] = {}
    for item in files:
        groups.setdefault((item.product, item.edition), []).append(item)
    return groups


def _describe(
    path: Path, product: str, edition: str, group: list[Found], years: range | None, result: Survey
) -> None:
    """The line of one edition, and its months that are missing or there twice."""
    name = f"{product}/{edition}" if edition else f"{product} (edition not told by the name)"
    by = ", ".join(sorted({item.by for item in group}))
    line = f"{name}: {len(group)} {'file' if len(group) == 1 else 'files'}, by {by}"
    months = sorted(month for item in group for month in item.months)
    if months:
        line += f"; {_dash(months[0])} to {_dash(months[-1])}"
        wanted = _all_months(months[0], months[-1])
        if years is not None:
            wanted = _all_months(f"{years[0]}01", f"{years[-1]}12")
        absent = [month for month in wanted if month not in set(months)]
        twice = [month for month, number in Counter(months).items() if number > 1]
        if absent:
            line += f", {len(absent)} months missing"
            result.problems.append(
                Problem(f"{path}: {name}", f"months missing: {_some(map(_dash, absent))}",
                        f"every month from {_dash(wanted[0])} to {_dash(wanted[-1])}",
                        f"saprolite data get {name.partition(' ')[0]} --years "
                        f"{wanted[0][:4]}-{wanted[-1][:4]} --out FOLDER")
            )  # fmt: skip
        if twice and not (edition and published()[product].editions[edition].many_a_month):
            result.problems.append(
                Problem(f"{path}: {name}", f"months there twice: {_some(map(_dash, twice))}",
                        "each month once", "remove one of the two")
            )  # fmt: skip
    result.lines.append(line)


def _mixtures(files: list[Found]) -> list[Problem]:
    """Months of several editions of a product in one folder."""
    kinds: dict[tuple[Path, str], set[str]] = {}
    for item in files:
        if item.months and item.edition:
            kinds.setdefault((item.path.parent, item.product), set()).add(item.edition)
    return [
        Problem(str(folder), f"a mixture: {', '.join(sorted(editions))} of {product}",
                "one edition in a folder", "put them into folders of their own")
        for (folder, product), editions in kinds.items() if len(editions) > 1
    ]  # fmt: skip


def _all_months(first: str, last: str) -> list[str]:
    start, end = (int(text[:4]) * 12 + int(text[4:]) - 1 for text in (first, last))
    return [f"{number // 12:04d}{number % 12 + 1:02d}" for number in range(start, end + 1)]


def _dash(month: str) -> str:
    return f"{month[:4]}-{month[4:]}"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
