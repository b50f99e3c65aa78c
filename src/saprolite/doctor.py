"""What a run will find on this machine: versions, cores, memory, disk, caches, data."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from saprolite.engine.memory import memory_limit
from saprolite.places import DATA_VARIABLE
from saprolite.sources.remote import cache_folder
from saprolite.threads import cores
from saprolite.version import __version__

_NEEDED = ("numpy", "scipy", "numba", "xarray", "zarr", "netCDF4", "h5py", "rasterio", "matplotlib",
           "cartopy")  # fmt: skip
# What an extra brings, and what it is for.
_OPTIONAL = {
    "earthaccess": "data: downloads of NASA products",
    "pooch": "data: other downloads",
    "distributed": "dask: runs on a cluster",
    "pyhdf": "hdf4: eight-day MOD16",
}
_LEAST_MEMORY_GB = 2.0
_GB = 1e9


class Finding(NamedTuple):
    """One thing looked at: what it is, what was found, and what to do where it is not well."""

    what: str
    found: str
    advice: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.advice


def findings() -> Iterator[Finding]:
    """Everything that matters for a run, looked at now; nothing is written."""
    yield Finding("saprolite", f"{__version__} at {Path(__file__).parent}")
    yield Finding("Python", f"{platform.python_version()} at {sys.executable}")
    for name in _NEEDED:
        found = _version(name)
        yield Finding(name, found or "not there", "" if found else f"pip install {name}")
    for name, use in _OPTIONAL.items():
        extra, purpose = use.split(": ")
        found = _version(name)
        text = found or f'not there, needed for {purpose} only: pip install "saprolite[{extra}]"'
        yield Finding(name, text)
    yield Finding("cores", str(cores()))
    yield _memory()
    yield _folder("results", Path.cwd())
    yield _folder("caches", cache_folder())
    yield _data()


def _memory() -> Finding:
    free, source = memory_limit(None)
    if free is None:
        return Finding("memory", "the system does not say", "set engine.memory_gb in the study")
    scarce = free < _LEAST_MEMORY_GB * _GB
    advice = f"the Earth at 0.25 degree needs {_LEAST_MEMORY_GB:g} GB; smaller grids need less"
    return Finding("memory", f"{free / _GB:.1f} GB {source}", advice if scarce else "")


def _folder(what: str, folder: Path) -> Finding:
    """Room on a disk, and whether it can be written: the nearest folder that is there."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(there, os.W_OK)
    found = f"{folder}, {shutil.disk_usage(there).free / _GB:.1f} GB free"
    return Finding(f"folder of {what}", found, "" if writable else f"{there} cannot be written")


def _data() -> Finding:
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen is None:
        return Finding(DATA_VARIABLE, "not set: input paths start from data_root of each study")
    folder = Path(chosen)
    if not folder.is_dir():
        advice = f"set {DATA_VARIABLE} to the folder of the input files, or unset it"
        return Finding(DATA_VARIABLE, f"{folder}, not a folder", advice)
    inside = sorted(item.name for item in folder.iterdir())
    shown = ", ".join(inside[:8]) + (" ..." if len(inside) > 8 else "")
    return Finding(DATA_VARIABLE, f"{folder}: {shown or 'empty'}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
