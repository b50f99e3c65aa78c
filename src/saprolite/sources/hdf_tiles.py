"""The stored numbers of a MOD16 tile in HDF-EOS 2 (HDF4), which needs the package pyhdf."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np

from saprolite.errors import InputError, Problem
from saprolite.sources.composites import SCALE, Stored
from saprolite.sources.files import HDF5_LOCK, broken, require_file

VARIABLE = "ET_500m"
WHAT = "a tile of MOD16A2 or MOD16A2GF v061 (HDF-EOS)"


def read_tile(path: Path) -> Stored:
    """The numbers of ``ET_500m``, (row, column), north first; one thread at a time.

    Raises ``InputError`` where pyhdf is not installed, for a damaged file, and for a variable that
    is absent or scaled in another way.
    """
    require_file(path, WHAT)
    try:
        sd = import_module("pyhdf.SD")
        errors = import_module("pyhdf.error").HDF4Error
    except ImportError as error:
        raise InputError(
            "MOD16 tiles cannot be read (1 problem)",
            [Problem(str(path), "HDF4, and the package pyhdf is not installed",
                     "pyhdf 0.11 or later",
                     "pip install 'saprolite[hdf4]', or use the monthly maps (product mod16)")],
        ) from error  # fmt: skip
    with HDF5_LOCK:  # the HDF4 library is not thread-safe either
        try:
            file = sd.SD(str(path), sd.SDC.READ)
            try:
                if VARIABLE not in file.datasets():
                    raise _unlike(path, f"variables {', '.join(file.datasets()) or 'none'}")
                variable = file.select(VARIABLE)
                try:
                    scale = float(variable.attributes().get("scale_factor", np.nan))
                    values = np.asarray(variable.get())
                finally:
                    variable.endaccess()
            finally:
                file.end()
        except errors as error:
            raise broken(path, WHAT, f"not a complete HDF4 file: {error}") from error
    if values.dtype != np.int16 or abs(scale - SCALE) > 1e-9:
        raise _unlike(path, f"{values.dtype}, scale_factor {scale:g}")
    return values


def _unlike(path: Path, found: str) -> InputError:
    return InputError(
        "MOD16 tiles cannot be read (1 problem)",
        [Problem(f"{path}: {VARIABLE}", found, f"int16 with scale_factor {SCALE:g}",
                 "fetch the original file of collection 061")],
    )  # fmt: skip
