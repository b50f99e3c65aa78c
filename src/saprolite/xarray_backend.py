"""``xarray.open_dataset("out/", engine="saprolite")``: a run folder for xarray.

xarray loads this module where it looks for what can open a file, and so has ``ds.saprolite``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint

import saprolite.accessor  # noqa: F401


class RunBackend(BackendEntrypoint):
    """Opens the folder of a run as :func:`saprolite.open` does."""

    description = "Fluxes of a saprolite run folder"
    open_dataset_parameters = ("filename_or_obj", "drop_variables")

    def open_dataset(
        self, filename_or_obj: Any, *, drop_variables: str | Iterable[str] | None = None
    ) -> xr.Dataset:
        """The fluxes of a run folder, lazily read."""
        from saprolite.workflow import open

        return open(str(filename_or_obj)).drop_vars(drop_variables or [])

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether this is the folder of a run on a local disk."""
        local = isinstance(filename_or_obj, str | os.PathLike)
        return local and (Path(filename_or_obj) / "run.json").is_file()
