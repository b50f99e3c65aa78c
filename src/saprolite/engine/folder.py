"""The folder of a run: what may be in it before, and what a restart takes away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from saprolite.engine.differences import differences
from saprolite.engine.state import FINISHED, UNFINISHED, versions, write_state
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared
from saprolite.inputs.packed_manifest import Digests
from saprolite.places import Place, remove, writing
from saprolite.sources.kept import FOLDER
from saprolite.study import Study

Stamps = dict[str, tuple[int, int]]
_FILES = ("study.toml", "ledger.jsonl", "summary.json", "inputs.zarr", "fluxes.zarr", FOLDER)
_FOLDERS = ("tables", "figures")
_INDENT = 14 * " "  # under what is found, in a message
_FOUND_IN_IT = ("analysis.zarr", "analysis")  # they would outlive the fluxes that they are of


def refuse_foreign_folder(out: Place, state: dict[str, Any] | None) -> None:
    """A folder that holds something of another program under a name that a run writes."""
    if state is None:
        found = [name for name in (*_FILES, *_FOLDERS) if (out / name).exists()]
        if not found:
            return
        problem = f"{', '.join(found)} but no run.json"
    elif {"fingerprint", "status", "versions"} <= state.keys():
        return
    else:
        problem = "a run.json that saprolite did not write"
    raise StoreError(
        "The folder is in use (1 problem)",
        [Problem(str(out), problem, "an empty folder, or a run of saprolite",
                 "give another --out")],
    )  # fmt: skip


def refuse_another_run(
    out: Place, before: dict[str, Any], mark: str, study: Study, digests: Digests
) -> None:
    """A folder that holds a run of another study, other inputs or other versions."""
    same = before["fingerprint"] == mark
    if same and (before["status"] == FINISHED or before["versions"] == versions()):
        return
    differing = differences(out, before, study, digests)
    what = "that differs in" if differing else "of another study, or by other code of saprolite"
    found = f"\n{_INDENT}".join([f"a run of {before['title']!r} {what}", *differing])
    raise StoreError(
        "The folder holds another run (1 problem)",
        [Problem(str(out), found,
                 "an empty folder, or the same study, inputs and versions",
                 "give another --out, or --restart to start over in this one")],
    )  # fmt: skip


def remove_own(out: Place, state: dict[str, Any]) -> None:
    """Remove what the run in a folder wrote and its analysis, and nothing else; a crash leaves it
    unfinished."""
    with writing(out):
        write_state(out, {**state, "status": UNFINISHED})
        for name in (*_FILES, *_FOUND_IN_IT, *state.get("outputs", ())):
            remove(out / name)
        for name in _FOLDERS:
            folder = out / name
            # An object store has no empty folders.
            if not isinstance(folder, Path) or folder.is_symlink() or not folder.is_dir():
                continue
            if not any(folder.iterdir()):
                folder.rmdir()
        remove(out / "run.json")


def stamps(prepared: Prepared) -> Stamps:
    """Size and time of change of every input file."""
    return stamps_of(file for paths in prepared.files.values() for file in paths)


def stamps_of(files: Iterable[Path]) -> Stamps:
    """Size and time of change of files; those that are gone have none."""
    found = {str(file): file.stat() for file in files if file.exists()}
    return {file: (stat.st_size, stat.st_mtime_ns) for file, stat in found.items()}


def refuse_changed_inputs(before: Stamps, after: Stamps, next_step: str) -> None:
    """An input file that is not as it was when the work began."""
    changed = [file for file, stamp in before.items() if after.get(file) != stamp]
    if changed:
        raise StoreError(
            "An input changed during the run (1 problem)",
            [Problem(", ".join(changed[:5]), "not the file that the run began with",
                     "input files that stay as they are", next_step)],
        )  # fmt: skip
