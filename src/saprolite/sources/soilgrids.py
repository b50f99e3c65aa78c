"""SoilGrids 2.0 (Poggio et al. 2021): integer GeoTIFFs, one per property and depth.

Quirks: names such as ``clay_0-5cm_mean_5000.tif``; bulk density of the fine earth in cg cm-3,
clay, silt and sand in g kg-1, coarse fragments in cm3 dm-3; Homolosine projection as published,
latitude and longitude in cut-outs; -32768 is nodata, and cut-outs have 0 where there is no soil.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import Array, Spread, StaticField, spread_problem
from saprolite.sources.homolosine import opened_on_globe
from saprolite.sources.rasters import means_of_bands, require_one_grid, require_values
from saprolite.sources.texture_bands import TEXTURE, TextureCheck

HORIZONS = (0.0, 0.05, 0.15, 0.3, 0.6, 1.0, 2.0)
DEPTHS = tuple(f"{round(100 * top)}-{round(100 * bottom)}cm" for top, bottom in pairwise(HORIZONS))
NODATA = -32768
_WHAT = "a GeoTIFF of SoilGrids 2.0"
_CODES = {"bulk_density": "bdod", "coarse_fragments": "cfvo"} | {name: name for name in TEXTURE}
_FACTORS = {"bulk_density": 10.0, "coarse_fragments": 1e-3} | dict.fromkeys(TEXTURE, 1e-3)


def read_soilgrids_texture(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """Clay, silt and sand of the six layers, mass fractions, as means over target cells.

    ``folder`` holds the eighteen files, or a folder per property with six.
    """
    files = find_files(folder, TEXTURE)
    check = TextureCheck(str(folder))
    means = []
    for depth in range(len(DEPTHS)):
        paths = [files[name][depth] for name in TEXTURE]

        def parts(stored: list[npt.NDArray[Any]], paths: list[Path] = paths) -> Array:
            known = zip(paths, stored, TEXTURE, strict=True)
            return check.band(np.stack([_decoded(*item) for item in known]))

        means.append(_means(paths, target, valid_share, parts))
    check.finish()
    stacked = np.stack(means, axis=1)
    require_values(str(folder), stacked, target)
    values = dict(zip(TEXTURE, stacked, strict=True))
    return _static(values, target, files, check.notes())


def read_soilgrids_density(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """Bulk density of the fine earth of the six layers, kg m-3, as means over target cells."""
    return _one_property("bulk_density", folder, target, valid_share)


def read_soilgrids_coarse(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """``coarse_fragments``: fraction of the volume coarser than 2 mm, six layers, means."""
    return _one_property("coarse_fragments", folder, target, valid_share)


def find_files(folder: Path, properties: tuple[str, ...]) -> dict[str, list[Path]]:
    """The file of each property and depth; one error names all that are missing or doubled."""
    problems = []
    found: dict[str, list[Path]] = {name: [] for name in properties}
    for name in properties:
        code = _CODES[name]
        places = [place for place in (folder, folder / code) if place.is_dir()]
        names = sorted(item for place in places for item in place.iterdir())
        for depth in DEPTHS:
            pattern = re.compile(rf"{code}_{depth}_mean(_\d+)?\.(tif|vrt)", re.IGNORECASE)
            match = [item for item in names if pattern.fullmatch(item.name)]
            found[name] += match[:1]
            if len(match) != 1:
                problems.append(
                    Problem(
                        f"{folder}: {code} {depth}",
                        ", ".join(item.name for item in match) or "no such file",
                        f"one file such as {code}_{depth}_mean_5000.tif",
                        "keep one resolution" if match else "fetch it, or check the path",
                    )
                )
    raise_if_any(InputError, "The maps of SoilGrids cannot be used", problems)
    return found


def _one_property(name: str, folder: Path, target: Grid, valid_share: float) -> StaticField:
    files = find_files(folder, (name,))
    spread = Spread(0, np.nan, np.nan, np.nan)
    means = []
    for path in files[name]:

        def values(stored: list[npt.NDArray[Any]], path: Path = path) -> Array:
            nonlocal spread
            decoded = _decoded(path, stored[0], name)
            spread = spread.joined(Spread.of(decoded))
            return decoded[None]

        means.append(_means([path], target, valid_share, values)[0])
    problem = spread_problem(
        str(folder), name, spread, "give the published integers: bdod in cg cm-3, cfvo in cm3 dm-3"
    )
    raise_if_any(InputError, "The maps of SoilGrids cannot be used", [problem] if problem else [])
    require_values(str(folder), np.stack(means), target)
    notes = ("bulk density: of the fine earth",) if name == "bulk_density" else ()
    return _static({name: np.stack(means)}, target, files, notes)


def _means(
    paths: list[Path],
    target: Grid,
    valid_share: float,
    fields: Callable[[list[npt.NDArray[Any]]], Array],
) -> Array:
    """Means on target cells of what ``fields`` makes of the stored numbers; nodata is -32768."""
    with ExitStack() as stack:
        problems: list[Problem] = []
        rasters = []
        for path in paths:
            try:
                rasters.append(
                    stack.enter_context(opened_on_globe(path, _WHAT, target, outside=NODATA))
                )
            except InputError as error:
                problems += error.problems
        raise_if_any(InputError, "The maps of SoilGrids cannot be used", problems)
        require_one_grid(paths, rasters)
        nodata = [raster.nodata for raster in rasters]

        def marked(stored: list[npt.NDArray[Any]]) -> Array:
            return fields([
                values if mark in (None, NODATA) else np.where(values == mark, NODATA, values)
                for values, mark in zip(stored, nodata, strict=True)
            ])  # fmt: skip

        return means_of_bands(rasters, target, valid_share, marked, str(paths[0]))


def _decoded(path: Path, stored: npt.NDArray[Any], name: str) -> Array:
    """Values in SI; 0 is no soil where no soil can have 0."""
    if not np.issubdtype(stored.dtype, np.integer):
        raise InputError(
            "The maps of SoilGrids cannot be used (1 problem)",
            [Problem(str(path), f"{stored.dtype} numbers", "the integers of the product",
                     "give the published file, not one that was rescaled")],
        )  # fmt: skip
    values = stored.astype(np.float64)
    values[stored == NODATA] = np.nan
    if name == "bulk_density":
        values[stored == 0] = np.nan
    return values * _FACTORS[name]


def _static(
    values: Mapping[str, Array],
    target: Grid,
    files: Mapping[str, list[Path]],
    notes: tuple[str, ...],
) -> StaticField:
    dataset = fields_of(values, target, ("horizon", "lat", "lon"))
    paths = tuple(path for group in files.values() for path in group)
    return StaticField(dataset, HORIZONS, "soilgrids", paths, notes)
