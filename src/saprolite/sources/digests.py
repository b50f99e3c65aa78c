"""SHA-256 of input files, remembered as long as a file is the same: large ones are read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from saprolite.sources.remembered import remembered
from saprolite.threads import in_order

# A smaller file is read as fast as what is remembered of it is looked up.
_WORTH_BYTES = 1_000_000


def digests(files: Iterable[Path]) -> list[str]:
    """The SHA-256 of files, in their order; those that must be read are read by threads."""
    return list(in_order(digest, files))


def digest(file: Path) -> str:
    """SHA-256 of a file: read now, or remembered."""
    if file.stat().st_size < _WORTH_BYTES:
        return _read(file)
    return str(remembered("digests", file, partial(_read, file)))


@cache
def package_digest() -> str:
    """Digest of the package's own code and tables."""
    package = Path(__file__).parents[1]
    total = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".csv", ".toml", ".npz"):
            total.update(str(file.relative_to(package)).encode() + file.read_bytes())
    return total.hexdigest()


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
