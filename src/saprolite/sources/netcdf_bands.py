"""Layers of large NetCDF maps, one layer at a time in bands of rows, as the file stores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.errors import Problem, did_you_mean
from saprolite.grid import AreaMeans, Grid
from saprolite.sources.files import Array, attributes_of, decode, unit_of
from saprolite.sources.netcdf_fields import map_problems
from saprolite.sources.rasters import bands

_SPARE = 2**20
_MOST_KEPT = 3 * 2**27  # bytes of all variables together: six of them at 30 seconds


@dataclass(frozen=True)
class Layer:
    """One layer of a variable on (layer, lat, lon) or (lat, lon), in an open file.

    ``depth``: its value of the depth coordinate, NaN without one.
    """

    path: Path
    variable: Any
    index: int | None
    depth: float
    lat: Array
    lon: Array

    @property
    def unit(self) -> str:
        """The ``units`` attribute, or an empty text."""
        return unit_of(self.variable)

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the variable."""
        return attributes_of(self.variable)

    def read(self, rows: slice) -> npt.NDArray[Any]:
        """Stored numbers of some rows, (row, column)."""
        index = (rows,) if self.index is None else (self.index, rows)
        return np.asarray(self.variable[index])

    def means(self, target: Grid) -> AreaMeans:
        """Where the bands of this layer are gathered."""
        return AreaMeans(self.lat, self.lon, target, str(self.path))

    def row_of_chunks(self) -> int:
        """Bytes of the chunks that a row of the map runs through."""
        chunks = self.variable.chunking()
        if chunks == "contiguous" or not chunks:
            return 0
        across = -(-self.lon.size // int(chunks[-1])) * int(chunks[-1])
        return int(np.prod(chunks[:-1])) * across * int(self.variable.dtype.itemsize)

    def bands(self, means: AreaMeans) -> Iterator[slice]:
        """Bands of the rows that lie on the target of ``means``, whole chunks where small."""
        chunks = self.variable.chunking()
        rows = 1 if chunks == "contiguous" or not chunks else int(chunks[-2])
        return bands(means.touched(), self.lon.size, rows)


@contextmanager
def chunks_kept(layers: Sequence[Layer]) -> Iterator[None]:
    """While bands of rows are read, each chunk that they share is inflated once, not by each."""
    variables = {id(layer.variable): layer for layer in layers}.values()
    before = [(layer, layer.variable.get_var_chunk_cache()) for layer in variables]
    share = _MOST_KEPT // max(len(before), 1)
    for layer, (size, *_) in before:
        needed = layer.row_of_chunks()
        if needed > size:
            layer.variable.set_var_chunk_cache(size=min(needed + _SPARE, share))
    try:
        yield
    finally:
        for layer, (size, *_) in before:
            layer.variable.set_var_chunk_cache(size=size)


def find_layers(
    path: Path,
    dataset: netCDF4.Dataset,
    names: Sequence[str],
    problems: list[Problem],
    advice: str | None = None,
) -> list[Layer]:
    """The layers of the first of ``names`` that is in the file, by depth from the top down.

    What is wrong is added to ``problems``; the list is empty then. ``advice`` for a file without
    any of the names; by default the name that is closest.
    """
    name = next((name for name in names if name in dataset.variables), None)
    if name is None:
        problems.append(
            Problem(
                f"{path}: {' or '.join(names)}",
                "not in the file",
                ", ".join(dataset.variables),
                advice or did_you_mean(names[0], dataset.variables),
            )
        )
        return []
    variable = dataset.variables[name]
    dims = list(variable.dimensions)
    found = map_problems(path, name, dataset, dims, "(lat, lon) or (depth, lat, lon)")
    if found:
        problems += found
        return []
    lat, lon = decode(dataset[dims[-2]]), decode(dataset[dims[-1]])
    if len(dims) == 2:
        return [Layer(path, variable, None, np.nan, lat, lon)]
    count = len(dataset.dimensions[dims[0]])
    has_depths = dims[0] in dataset.variables
    depths = decode(dataset[dims[0]]) if has_depths else np.full(count, np.nan)
    layers = [
        Layer(path, variable, index, float(depths[index]), lat, lon) for index in range(count)
    ]
    return sorted(layers, key=lambda layer: layer.depth) if has_depths else layers
