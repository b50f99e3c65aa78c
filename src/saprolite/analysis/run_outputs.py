"""All that a finished run has put out, opened for reading: state, summary, tables, stores."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from saprolite.engine.state import finished_state
from saprolite.places import Place
from saprolite.stores import open_dataset


@dataclass(frozen=True)
class RunOutputs:
    """A run folder: ``run.json``, ``summary.json``, ``tables/``, ``analysis/`` and the stores.

    ``analysis`` and ``maps`` are empty where the run has not been analysed.
    """

    folder: Place
    state: Mapping[str, Any]
    summary: Mapping[str, Any]
    fluxes: xr.Dataset
    inputs: xr.Dataset | None
    tables: Mapping[str, pd.DataFrame]
    analysis: Mapping[str, pd.DataFrame]
    maps: xr.Dataset | None

    @classmethod
    def open(cls, folder: Place) -> RunOutputs:
        """Open a run folder; ``StoreError`` where there is no finished run."""
        state = finished_state(folder)
        stores = {name: folder / f"{name}.zarr" for name in ("inputs", "analysis")}
        found = {name: open_dataset(at) if at.is_dir() else None for name, at in stores.items()}
        return cls(
            folder,
            state,
            json.loads((folder / "summary.json").read_text(encoding="utf-8")),
            open_dataset(folder / "fluxes.zarr"),
            found["inputs"],
            read_tables(folder / "tables"),
            read_tables(folder / "analysis"),
            found["analysis"],
        )


def read_tables(folder: Place) -> dict[str, pd.DataFrame]:
    """The CSV files of a folder by name, their comment lines left out; none without a folder."""
    if not folder.is_dir():
        return {}
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".csv")), key=str)
    return {file.name.removesuffix(".csv"): read_table(file) for file in files}


def read_table(file: Place) -> pd.DataFrame:
    """One CSV file with comment lines."""
    return pd.read_csv(io.StringIO(file.read_text(encoding="utf-8")), comment="#")
