"""The page as plain files: the same paths as those of the server, for any web host."""

from __future__ import annotations

from pathlib import Path

from saprolite.errors import Problem, StoreError
from saprolite.places import remove, write_bytes, writing
from saprolite.stages import Report, quiet
from saprolite.viewer.site import Site

_MARK = "data/page.json"


def export(site: Site, folder: Path, report: Report = quiet) -> int:
    """Write all files of the page into a folder; returns their bytes.

    Raises ``StoreError`` where the folder holds something else, or cannot be written. An export
    that is there is replaced; ``data/page.json`` is written last.
    """
    _refuse_foreign(folder)
    paths = [path for path in site.paths() if path != _MARK]
    written = 0
    with writing(folder):
        remove(folder / "data")
        for number, path in enumerate([*paths, _MARK], 1):
            content = site.read(path)
            assert content is not None
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(file, content, durable=False)
            written += len(content)
            if number % 50 == 0 or number > len(paths):
                report("files", number, len(paths) + 1)
    return written


def _refuse_foreign(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
        found = "a folder with other files"
    elif folder.exists() and not folder.is_dir():
        found = "a file"
    else:
        return
    raise StoreError(
        "The page cannot be exported (1 problem)",
        [Problem(f"--export {folder}", found, "a new or empty folder, or an earlier export",
                 "give another folder")],
    )  # fmt: skip
