"""``packed.json``: what a packed forcing was made from, and which of its years are whole."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.chunks import checksum_of
from saprolite.errors import Problem, StoreError
from saprolite.grid import Grid
from saprolite.places import Place
from saprolite.stores import write_json
from saprolite.study import Study

MANIFEST, ARRAYS = "packed.json", "forcing.zarr"
FORMAT = "saprolite packed forcing 1"
Digests = Mapping[str, Mapping[str, str]]
# Problem less its place: what was found, what is accepted, what to do.
_Difference = tuple[str, str, str]


@dataclass(frozen=True)
class Manifest:
    """A packed forcing: the years that it is for and, in ``years``, the checksums of those that
    are whole.

    ``saprolite`` and ``package``: version and digest of the package; ``choices``: what the study
    says of the forcing; ``year_before``: whether the year before the study's first was wanted;
    ``places``: checksum of grid, cells, land ice and layers; ``rests_on``: years whose values
    change those of other years; ``holes``: of years in which one field lacks what others have.
    """

    saprolite: str
    package: str
    choices: Mapping[str, Any]
    year_before: bool
    first_year: int
    last_year: int
    step: tuple[float, float]
    layer_edges: tuple[float, ...]
    places: str
    products: Mapping[str, str]
    notes: tuple[str, ...]
    inputs_sha256: Digests
    rests_on: Mapping[str, Sequence[int]]
    years: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    holes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    format: str = FORMAT

    @property
    def all_years(self) -> range:
        """The years that the store is for, whole or not."""
        return range(self.first_year, self.last_year + 1)

    def lacking(self, years: range) -> list[int]:
        """Years that are not whole in the store."""
        return [year for year in years if str(year) not in self.years]

    def with_year(self, year: int, sums: Mapping[str, str], holes: Sequence[str]) -> Manifest:
        """The same with one more year that is whole; years in order, whenever each was packed."""
        years = dict(sorted({**self.years, str(year): sums}.items()))
        found = dict(sorted({**self.holes, **({str(year): list(holes)} if holes else {})}.items()))
        return replace(self, years=years, holes=found)

    def digest(self, years: range) -> str:
        """SHA-256 of what some years of the store are."""
        content = [self.choices, self.products, self.places,
                   [self.years[str(year)] for year in years]]  # fmt: skip
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def differences(self, other: Manifest) -> Iterator[_Difference]:
        """Why years of this store and of one made now, ``other``, do not go together."""
        again = "pack anew: --restart, or another --to"
        if (self.saprolite, self.package) != (other.saprolite, other.package):
            yield (
                f"packed by saprolite {self.saprolite}",
                f"this saprolite {other.saprolite}",
                again,
            )
        for name, mine, theirs in differing(self.choices, other.choices):
            yield f"packed with {name} = {mine}", f"{theirs}, as in the study", again
        if (self.first_year, self.year_before) != (other.first_year, other.year_before):
            yield (f"packed from {self.first_year} on", f"{other.first_year}, as in the study",
                   f"years are added at the end alone; {again}")  # fmt: skip
        if (self.places, self.layer_edges) != (other.places, other.layer_edges):
            yield "packed on other cells or layers", "those of the files that are there", again
        short, long = sorted((self, other), key=lambda item: item.last_year)
        for role, files in short.inputs_sha256.items():
            lost = Counter(files.values()) - Counter(long.inputs_sha256.get(role, {}).values())
            names = [name for name, digest in files.items() if digest in lost]
            if names:
                yield (f"{role}: {len(names)} files are others than those that were packed, such "
                       f"as {names[0]}", "the files that were packed, and more", again)  # fmt: skip
        common = set(short.all_years)
        for name in sorted({*self.rests_on, *other.rests_on}):
            before, now = (set(item.rests_on.get(name, ())) for item in (self, other))
            if name == "covered":
                before, now = before & common, now & common
            if before != now:
                yield (f"{_RESTS_ON[name]} {_listed(before)}", f"{_listed(now)}, as for this "
                       "study: values of earlier years change with it", again)  # fmt: skip


_RESTS_ON = {
    "overlap": "one version of GLDAS scaled over",
    "covered": "evapotranspiration of its own in",
    "scaled_over": "evapotranspiration scaled over",
}


def read_manifest(store: Place) -> Manifest | None:
    """The manifest of a store; None where there is none, ``StoreError`` where it is not one."""
    file = store / MANIFEST
    if not file.is_file():
        return None
    try:
        found = _manifest(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(file, f"{type(error).__name__}: {error}") from error
    if found.format != FORMAT:
        raise _unusable(file, f"format {found.format!r}")
    return found


def as_stored(manifest: Manifest) -> Manifest:
    """The manifest as it is when it has been written and read."""
    return _manifest(json.dumps(asdict(manifest)))


def _manifest(text: str) -> Manifest:
    content = json.loads(text)
    for name in ("step", "layer_edges", "notes"):
        content[name] = tuple(content[name])
    return Manifest(**content)


def write_manifest(store: Place, manifest: Manifest) -> None:
    """Write the manifest whole or not at all."""
    write_json(store / MANIFEST, asdict(manifest))


def choices_of(study: Study) -> dict[str, Any]:
    """What a study says of its forcing, by the names of the fields; where files lie does not
    count."""
    inputs, grid = study.inputs, study.grid
    sections = {
        "inputs.forcing": inputs.forcing.model_dump(),
        "inputs.evapotranspiration": (
            None if inputs.evapotranspiration is None else inputs.evapotranspiration.model_dump()
        ),
        "grid": {name: getattr(grid, name) for name in ("resolution_deg", "valid_share", "region")},
    }
    return {name: value for name, value in flat("", sections) if value is not None}


def differing(packed: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Names of the choices that differ, with both values in words."""
    return [
        (name, _in_words(packed, name), _in_words(wanted, name))
        for name in sorted({*packed, *wanted})
        if packed.get(name) != wanted.get(name)
    ]


def checksum_of_places(grid: Grid, cells: npt.NDArray[np.int64], ice: npt.NDArray[np.bool_]) -> str:
    """Checksum of the cells of a store: where they are, and which are land ice."""
    parts = (grid.lat, grid.lon, np.array(grid.step), cells, ice)
    return checksum_of(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))


def without_paths(section: dict[str, Any]) -> dict[str, Any]:
    """A section of a study without its paths, nor those of the sections in it."""
    return {
        key: without_paths(value) if isinstance(value, dict) else value
        for key, value in section.items()
        if key != "path" and not key.startswith("path_")
    }


def flat(prefix: str, section: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The choices of a section and of those in it by their full names, paths left out."""
    for key, value in without_paths(dict(section)).items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from flat(name, value)
        else:
            yield name, value


def _in_words(choices: Mapping[str, Any], name: str) -> str:
    return json.dumps(choices[name]) if name in choices else "nothing"


def _listed(years: set[int]) -> str:
    return ", ".join(map(str, sorted(years))) or "no year"


def _unusable(file: Place, found: str) -> StoreError:
    return StoreError(
        "A packed forcing cannot be read (1 problem)",
        [Problem(str(file), found, "a packed.json that saprolite prepare wrote",
                 "give another place, or pack anew: saprolite prepare STUDY.toml --restart")],
    )  # fmt: skip
