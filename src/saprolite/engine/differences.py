"""What makes a run another one than the run in a folder: choices, input files, versions."""

from __future__ import annotations

import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from saprolite.engine.state import FINISHED, PACKED_ROLES, STUDY_FILE, counting, versions
from saprolite.inputs.packed_manifest import Digests, differing, flat
from saprolite.places import Place
from saprolite.study import Study

_LINES = 8
_WIDTH = 60  # of a value, which may be a long list


def differences(out: Place, before: Mapping[str, Any], study: Study, digests: Digests) -> list[str]:
    """One line for each difference, the first ones if there are many; nothing if none is found.

    ``before``: the state of the run in the folder; ``digests``: of the input files now.
    """
    lines = [
        *_of_versions(before),
        *_of_choices(out, study),
        *_of_files(before["inputs_sha256"], digests, packed=study.inputs.packed is not None),
    ]
    if len(lines) <= _LINES:
        return lines
    return [*lines[: _LINES - 1], f"and {len(lines) - _LINES + 1} more"]


def _of_versions(before: Mapping[str, Any]) -> Iterator[str]:
    """Results of a finished run are kept under other versions of the libraries."""
    for name, now in versions().items():
        then = before["versions"].get(name)
        if then != now and (name == "saprolite" or before["status"] != FINISHED):
            yield f"{name}: {_both(then, now)}"


def _of_choices(out: Place, study: Study) -> Iterator[str]:
    """The keys of the study that count for the results, where they differ."""
    try:
        then = tomllib.loads((out / STUDY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # a run that was stopped before it wrote its study
    now = tomllib.loads(study.to_toml())
    choices = [dict(flat("", counting(content))) for content in (then, now)]
    for name, old, new in differing(*choices):
        section, _, key = name.rpartition(".")
        label = f"[{section}] {key}" if section else key
        if not (old.endswith('.csv"') and new.endswith('.csv"')):  # its content counts, see below
            yield f"{label}: {_both(old, new)}"


def _of_files(before: Digests, now: Digests, packed: bool) -> Iterator[str]:
    """Files by what is in them, wherever they lie."""
    for role in dict.fromkeys([*before, *now]):
        if packed and role in PACKED_ROLES:
            continue
        old, new = before.get(role, {}), now.get(role, {})
        lost, gained = _only_in(old, new), _only_in(new, old)
        if lost or gained:
            what = "other content"
            if not (lost and gained):
                what = "now alone" if gained else "in the folder alone"
            names = gained or lost
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            yield f"{role}: {names[0]}{more}: {what}"


def _only_in(files: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    lost = Counter(files.values()) - Counter(others.values())
    return [name for name, digest in files.items() if digest in lost]


def _both(then: Any, now: Any) -> str:
    old, new = (textwrap.shorten(str(value), _WIDTH, placeholder=" ...") for value in (then, now))
    return f"{old} in the folder, {new} now"
