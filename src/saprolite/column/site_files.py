"""Site files: a TOML file, a CSV table with one row a layer, or a folder of them.

All that is wrong with all the files is one error. The format is explained by ``SITE_TEMPLATE``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from saprolite.column.site import Site
from saprolite.column.site_build import (
    LAYER_NUMBERS,
    SITE_GROUPS,
    SITE_NUMBERS,
    Entry,
    RawLayer,
    RawSite,
    build_site,
)
from saprolite.column.site_checks import closest
from saprolite.column.site_quantities import QUANTITIES, quantity
from saprolite.column.site_table import raw_sites_of_table
from saprolite.column.site_text import SITE_TEMPLATE, site_to_toml
from saprolite.column.site_units import unit_problem
from saprolite.errors import InputError, Problem, raise_if_any

__all__ = ["SITE_TEMPLATE", "read_sites", "site_to_toml"]

SUFFIXES = (".toml", ".csv")
SITE_KEYS = ("name", *SITE_NUMBERS, *SITE_GROUPS, "critical_load", "layer")
LAYER_KEYS = ("name", *LAYER_NUMBERS, "minerals")
UNIT_KEYS = tuple(
    name
    for name, spec in QUANTITIES.items()
    if spec.kind != "number" and "." not in name and name != "specific_surface_area"
)
_ADVICE = (
    'type {key} = "{typed}", or give the unit once for the whole file: [units] {group} = "{unit}"'
)


def read_sites(path: str | Path) -> list[Site]:
    """The sites of a TOML file, a CSV table, or a folder of such files, in their order.

    Raises ``InputError``, one for everything that is wrong with all the files.
    """
    path = Path(path)
    problems: list[Problem] = []
    raw_sites: list[RawSite] = []
    for file in _files(path, problems):
        text = _text(file, problems)
        if text is None:
            continue
        read = raw_sites_of_table if file.suffix.lower() == ".csv" else _raw_sites_of_toml
        found, faults = read(text, str(file))
        raw_sites += found
        problems += faults
    sites = []
    for raw in raw_sites:
        site, faults = build_site(raw)
        problems += faults
        sites += [site] if site else []
    problems += _repeated(raw_sites)
    kind = "folder of sites" if path.is_dir() else "site file"
    raise_if_any(InputError, f"{path} is not a usable {kind}", problems)
    return sites


def _files(path: Path, problems: list[Problem]) -> list[Path]:
    accepted = "a site file (.toml or .csv) or a folder of them"
    if path.is_dir():
        files = sorted(
            file
            for file in path.iterdir()
            if file.suffix.lower() in SUFFIXES and file.is_file() and file.name[0] not in ".~"
        )
        if not files:
            problems.append(Problem(str(path), "a folder without a .toml or .csv file", accepted,
                                    "check the path"))  # fmt: skip
        return files
    if not path.is_file():
        problems.append(Problem(str(path), "no such file or folder", accepted, "check the path"))
        return []
    if path.suffix.lower() not in SUFFIXES:
        problems.append(
            Problem(str(path), f"a file of kind {path.suffix or 'unknown'!r}", accepted,
                    "save a table as CSV UTF-8")
        )  # fmt: skip
        return []
    return [path]


def _text(file: Path, problems: list[Problem]) -> str | None:
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        problems.append(Problem(str(file), error.strerror or str(error), "a file that can be read",
                                "check its permissions"))  # fmt: skip
        return None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.append(
            Problem(f"{file}, line {line}", "a character that is not UTF-8", "text in UTF-8",
                    'save it in UTF-8 (in a spreadsheet: as "CSV UTF-8")')
        )  # fmt: skip
        return None
    if not text.strip():
        problems.append(Problem(str(file), "an empty file", "a site and its layers",
                                "start from the template of a site file"))  # fmt: skip
        return None
    return text


def _repeated(raw_sites: list[RawSite]) -> list[Problem]:
    """Sites of one name: results are kept by name."""
    files: dict[str, list[str]] = {}
    for raw in raw_sites:
        files.setdefault(raw.name, []).append(raw.source)
    return [
        Problem(
            ", ".join(dict.fromkeys(sources)),
            f"{len(sources)} sites named {name!r}",
            "one name for each site",
            "rename one of them",
        )
        for name, sources in files.items()
        if len(sources) > 1 and name
    ]


def _raw_sites_of_toml(text: str, source: str) -> tuple[list[RawSite], list[Problem]]:
    """The sites of a TOML text as it gives them, and what is wrong with its structure."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        fault = str(error) if isinstance(error, ValueError) else "sections within sections"
        next_step = 'correct the line; a value with its unit is in quotes: "8 cm"'
        return [], [Problem(source, fault, "TOML", next_step)]
    return _TomlReader(source).sites(content)


class _TomlReader:
    """The structure of a TOML site file: its sections and keys."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.units: dict[str, str] = {}
        self.bad_units: set[str] = set()

    def sites(self, content: Mapping[str, Any]) -> tuple[list[RawSite], list[Problem]]:
        several = "site" in content
        self._units(content.get("units", {}))
        if several:
            self._unknown_keys(content, ("site", "units"), self.source)
            records = self._tables(content["site"], f"{self.source}: site", "[[site]]")
        else:
            records = [{key: value for key, value in content.items() if key != "units"}]
        return [self._site(record, n) for n, record in enumerate(records, 1)], self.problems

    def _site(self, record: Mapping[str, Any], number: int) -> RawSite:
        name = self._name(record, f"site {number}", self.source)
        where = f"{self.source}: site {name or number!r}"
        self._unknown_keys(record, SITE_KEYS, where)
        groups = {}
        for group, ions in SITE_GROUPS.items():
            section = self._section(record.get(group, {}), f"{where}: {group}", f"[{group}]")
            self._misplaced(section, SITE_KEYS, f"{where}: {group}", "the first [section]")
            self._unknown_keys(section, ions, f"{where}: {group}")
            groups[group] = self._entries(section, ions, group)
        critical_load = None
        if "critical_load" in record:
            place = f"{where}: critical_load"
            section = self._section(record["critical_load"], place, "[critical_load]")
            self._misplaced(section, SITE_KEYS, place, "the first [section]")
            critical_load = self._entries(section, section, "critical_load")
        layers = self._tables(record.get("layer", []), f"{where}: layer", "[[layer]]")
        if not layers:
            self.problems.append(
                Problem(where, "no layers", "one [[layer]] or more, from the top down",
                        "add [[layer]] with its name and values")
            )  # fmt: skip
        return RawSite(
            name=name,
            where=where,
            source=self.source,
            values=self._entries(record, SITE_NUMBERS),
            groups=groups,
            critical_load=critical_load,
            layers=tuple(self._layer(layer, n, where) for n, layer in enumerate(layers, 1)),
            advice=_ADVICE,
            example=_example,
        )

    def _layer(self, record: Mapping[str, Any], number: int, where: str) -> RawLayer:
        name = self._name(record, f"layer {number}", where)
        where = f"{where}, layer {name or number!r}"
        self._unknown_keys(record, LAYER_KEYS, where)
        minerals = None
        if "minerals" in record:
            place = f"{where}: minerals"
            section = self._section(record["minerals"], place, "[layer.minerals]")
            self._misplaced(section, LAYER_KEYS, place, "[layer.minerals]")
            minerals = self._entries(section, section, "minerals")
        return RawLayer(name, where, self._entries(record, LAYER_NUMBERS), minerals)

    def _units(self, section: Any) -> None:
        where = f"{self.source}: units"
        section = self._section(section, where, "[units]")
        self._unknown_keys(section, UNIT_KEYS, where)
        for key, unit in section.items():
            if key not in UNIT_KEYS:
                continue
            if not isinstance(unit, str):
                spec = quantity(key)
                problem: Problem | None = Problem(
                    f"{where}.{key}", repr(unit), "the name of a unit in quotes",
                    f'type {key} = "{spec.examples[0].partition(" ")[2]}"',
                )  # fmt: skip
            else:
                problem = unit_problem(key, unit, f"{where}.{key}")
            if problem:
                self.problems.append(problem)
                self.bad_units.add(key)
            else:
                self.units[key] = unit

    def _entries(
        self, record: Mapping[str, Any], keys: Iterable[str], group: str = ""
    ) -> dict[str, Entry]:
        return {
            key: Entry(
                value=record[key],
                label=f"{group}.{key}" if group else key,
                unit=self.units.get(group or key),
                unreadable=(group or key) in self.bad_units,
            )
            for key in keys
            if key in record
        }

    def _name(self, record: Mapping[str, Any], fallback: str, where: str) -> str:
        name = record.get("name")
        if isinstance(name, str) and name.strip() and name.isprintable():
            return name.strip()
        self.problems.append(
            Problem(f"{where}: {fallback}: name", "nothing" if name is None else repr(name),
                    "a name: a line of text", 'add name = "..."')
        )  # fmt: skip
        return ""

    def _section(self, value: Any, where: str, header: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        self.problems.append(
            Problem(where, f"{value!r}"[:60], f"a section {header}", f"write it as {header}")
        )
        return {}

    def _tables(self, value: Any, where: str, header: str) -> list[dict[str, Any]]:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        found = "one section" if isinstance(value, dict) else f"{value!r}"[:60]
        self.problems.append(
            Problem(where, found, f"{header}, once for each", f"write {header} in double brackets")
        )
        return [value] if isinstance(value, dict) else []

    def _misplaced(
        self, section: dict[str, Any], keys: Iterable[str], where: str, header: str
    ) -> None:
        """Take out keys that slipped into a section because they were written below its header."""
        for key in [key for key in section if key in keys]:
            del section[key]
            self.problems.append(
                Problem(f"{where}: {key}", "a key that does not belong to this section",
                        f"{key} above {header}", f"move it up, above {header}")
            )  # fmt: skip

    def _unknown_keys(self, record: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        known = list(known)
        for key in [key for key in record if key not in known]:
            advice = closest(key, known)
            if not advice.startswith("did"):
                advice = "leave it out, or make it a comment with #"
            self.problems.append(
                Problem(f"{where}: {key}", "no such key", ", ".join(known), advice)
            )


def _example(name: str) -> str:
    """A line of TOML that gives a quantity, its number to be filled in."""
    spec, (group, _, key) = quantity(name), name.rpartition(".")
    unit = spec.examples[0].partition(" ")[2]
    line = f'{key} = "... {unit}"' if unit else f"{key} = ..."
    return f"[layer.minerals] {line}" if group == "minerals" else line
