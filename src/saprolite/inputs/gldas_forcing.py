"""The GLDAS forcing of a study: which version is read where, and what is done at their seam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from saprolite.errors import InputError, Problem, SaproliteError, raise_if_any
from saprolite.sources.forcing import Forcing
from saprolite.sources.gldas import GldasMonthly, open_gldas
from saprolite.sources.gldas_files import whole_years
from saprolite.sources.gldas_seam import Rules, spliced
from saprolite.sources.kept import Keeper
from saprolite.sources.overlap import (
    FEWEST_COMMON_YEARS,
    LEAST_MOISTURE,
    LEAST_RATE,
    RATIO_LIMITS,
    RatioRule,
)
from saprolite.sources.remote import local_copy
from saprolite.study_parts import BOTH_VERSIONS, SEAM_YEAR, GldasForcing


class Versions(NamedTuple):
    """GLDAS 2.0 and 2.1, checked, and the whole years that both have."""

    older: GldasMonthly
    newer: GldasMonthly
    overlap: tuple[int, ...]


class Opened(NamedTuple):
    """A forcing, whether it holds the year before the first, what its notes do not say, and the
    years that one version is scaled by."""

    forcing: Forcing
    previous_year: bool
    notes: tuple[str, ...] = ()
    overlap: tuple[int, ...] = ()


def gldas_forcing(
    spec: GldasForcing, years: range, before: int | None = None, keeper: Keeper | None = None
) -> Opened:
    """The forcing of a study's years, and of the year ``before`` them if its files have it.

    ``keeper`` keeps what a scaling is made of. Raises ``InputError`` that lists everything that is
    wrong with the files.
    """
    if spec.seam not in ("splice", "scale"):
        version = None if spec.seam is None else spec.seam.removesuffix("-only")
        folder = _folder(spec, version, {*years, before})
        accept = spec.early_product == "accept"
        alone = open_gldas(folder, years, before, version, accept)
        notes = () if alone.version is None else (f"forcing: GLDAS Noah {alone.version}",)
        return Opened(alone, (before, 1) in alone.months, notes)
    seam_year = spec.seam_year or SEAM_YEAR
    scaled = (spec.scaled_version or "2.0") if spec.seam == "scale" else None
    older, newer, overlap = _open(spec, years, before, scaled is not None)
    rules = Rules(
        rule_of(spec.least_soil_moisture, LEAST_MOISTURE, spec.ratio_limits),
        rule_of(spec.least_evapotranspiration, LEAST_RATE, spec.ratio_limits),
    )
    parts = {"scaled_version": scaled, "overlap": list(overlap), "rules": rules}
    used = [*_months(older, overlap), *_months(newer, overlap)]
    keep = (keeper or Keeper()).keep("gldas_seam", parts, dict.fromkeys(used))
    found = spliced(older, newer, seam_year, scaled, overlap, rules, keep)
    side = older if before is not None and before < seam_year else newer
    return Opened(found, (before, 1) in side.months, overlap=overlap)


def _months(source: GldasMonthly, years: Iterable[int]) -> Iterator[Path]:
    """The files of the first month, which tells the land, and of some years."""
    keys = [(year, month) for year in years for month in range(1, 13)]
    yield from (source.months[key].path for key in (min(source.months), *keys))


def rule_of(least: float | None, default: float, limits: Sequence[float] | None) -> RatioRule:
    """The rule of a scaling by the fields of a study, None where it leaves one out."""
    low, high = limits or RATIO_LIMITS
    return RatioRule(default if least is None else least, (low, high))


def common_versions(spec: GldasForcing) -> Versions:
    """Both versions over the years that both have, to compare them, whatever the seam is to be."""
    return _open(spec, range(0), None, True)


def _open(spec: GldasForcing, years: Iterable[int], before: int | None, common: bool) -> Versions:
    """Both versions: each on its side of the seam, and on the common years if they are needed."""
    accept = spec.early_product == "accept"
    seam_year = spec.seam_year or SEAM_YEAR
    wanted = {*years, before, *(_stated_overlap(spec) or BOTH_VERSIONS if common else ())}
    problems: list[Problem] = []
    opened: list[GldasMonthly] = []
    folders = [_folder(spec, version, wanted) for version in ("2.0", "2.1")]
    overlap = _overlap(spec, folders) if common else ()
    for version, folder in zip(("2.0", "2.1"), folders, strict=True):
        side = {year for year in years if (year < seam_year) == (version == "2.0")}
        wanted_years = sorted(side | set(overlap))
        mine = before is not None and (before < seam_year) == (version == "2.0")
        try:
            if not folder.is_dir() and spec.path is not None:
                raise _one_file(folder)
            opened.append(
                open_gldas(folder, wanted_years, before if mine else None, version, accept)
            )
        except SaproliteError as error:
            problems += error.problems
    raise_if_any(InputError, "The GLDAS forcing cannot be used", problems)
    return Versions(opened[0], opened[1], overlap)


def _folder(spec: GldasForcing, version: str | None, years: set[int | None]) -> Path:
    """The folder or file of a version; what a URL names is fetched, of a folder these years."""
    own = {"2.0": spec.path_2_0, "2.1": spec.path_2_1}.get(version or "")
    where = own or spec.path
    if where is None:
        name = f"path_{version.replace('.', '_')}" if version else "path"
        raise InputError(
            "The GLDAS forcing cannot be used (1 problem)",
            [Problem(f"inputs.forcing.{name}", "nothing", "a folder or file of GLDAS Noah monthly",
                     f'{name} = "FOLDER", or path = "FOLDER" with both versions')],
        )  # fmt: skip
    return local_copy(where, lambda name: any(f".A{year}" in name for year in years))


def _stated_overlap(spec: GldasForcing) -> range | None:
    if spec.overlap_years is None:
        return None
    return range(spec.overlap_years[0], spec.overlap_years[1] + 1)


def _overlap(spec: GldasForcing, folders: list[Path]) -> tuple[int, ...]:
    stated = _stated_overlap(spec)
    if stated is not None:
        return tuple(stated)
    held = (whole_years(folders[0], "2.0"), whole_years(folders[1], "2.1"))
    common = sorted(held[0] & held[1] & set(BOTH_VERSIONS))
    if len(common) < FEWEST_COMMON_YEARS:
        first, last = BOTH_VERSIONS[0], BOTH_VERSIONS[-1]
        raise InputError(
            "The GLDAS forcing cannot be used (1 problem)",
            [Problem(" and ".join(dict.fromkeys(map(str, folders))),
                     f"whole years in both versions: {', '.join(map(str, common)) or 'none'}",
                     f"{FEWEST_COMMON_YEARS} or more of {first} to {last} to scale or compare by",
                     "fetch more of these years in both versions, or name the years: "
                     "overlap_years = [FIRST, LAST]")],
        )  # fmt: skip
    return tuple(common)


def _one_file(path: Path) -> InputError:
    return InputError(
        "The GLDAS forcing cannot be used (1 problem)",
        [Problem(str(path), "one file for both versions", "a folder with both, or two paths",
                 'path_2_0 = "..." and path_2_1 = "..." under [inputs.forcing]')],
    )  # fmt: skip
