"""GSDE (Shangguan et al. 2014): texture, bulk density and gravel in eight layers, NetCDF.

Quirks: one file a property at 5 minutes (``CLAY5min.nc``, ``BD5min.nc``), two at 30 seconds
(``CLAY1.nc`` the upper four layers, ``CLAY2.nc`` the lower); latitude descends from 84 N to 56 S;
whole percent of weight, bulk density in steps of 0.01 g cm-3 stored as integers, gravel in percent
of the volume; -999 is missing, and a bulk density of 0 is not soil.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import (
    Array,
    Spread,
    StaticField,
    known_unit,
    netcdf,
    spread_problem,
    unpacked,
)
from saprolite.sources.netcdf_bands import Layer, chunks_kept, find_layers
from saprolite.sources.rasters import require_values
from saprolite.sources.texture_bands import TEXTURE, TextureCheck

LAYERS = (0.0, 0.045, 0.091, 0.166, 0.289, 0.493, 0.829, 1.383, 2.296)
_WHAT = "NetCDF files of the GSDE"
_FILL = -999
_STEP = 0.01  # g cm-3: what one unit of an integer bulk density means
_PERCENT = {"%": 0.01}
_DENSITY = {"g cm-3": 1000.0, "kg m-3": 1.0}
_NAMES = {
    "clay": "CLAY",
    "silt": "SILT",
    "sand": "SAND",
    "bulk_density": "BD",
    "coarse_fragments": "GRAV",
}
_M_PER_CM = 0.01


def read_gsde_texture(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """Clay, silt and sand of the eight layers, mass fractions, as means over target cells.

    ``folder`` holds ``CLAY5min.nc``, ``SILT5min.nc``, ``SAND5min.nc``, or the pairs ``CLAY1.nc``
    and ``CLAY2.nc`` and so on. Cells whose three parts do not add up to 100 % are missing.
    """
    with ExitStack() as stack:
        layers = stack.enter_context(
            _opened({name: _files(folder, name) for name in TEXTURE}, _PERCENT)
        )
        check = TextureCheck(str(folder))
        means = []
        for at_depth in zip(*(layers[name] for name in TEXTURE), strict=True):
            gathered = at_depth[0].means(target)
            for band in at_depth[0].bands(gathered):
                parts = [_decoded(layer, _PERCENT, band) for layer in at_depth]
                gathered.add(band, check.band(np.stack(parts)))
            means.append(gathered.result(valid_share))
        check.finish()
        files = _paths(layers)
    stacked = np.stack(means, axis=1)
    require_values(str(folder), stacked, target)
    return _static(dict(zip(TEXTURE, stacked, strict=True)), target, files, check.notes())


def read_gsde_density(
    place: Path, target: Grid, valid_share: float = 0.5, variable: str | None = None
) -> StaticField:
    """Bulk density in kg m-3 of the eight layers, or of the top layer, as means over target cells.

    ``place``: a folder with ``BD5min.nc`` or with ``BD1.nc`` and ``BD2.nc``, or one file. A value
    of 0 means no soil in this product and is missing.
    """
    files = _files(place, "bulk_density") if place.is_dir() else [place]
    names = [variable] if variable else [_NAMES["bulk_density"], "bulk_density"]
    return _one_property("bulk_density", files, names, _DENSITY, target, valid_share)


def read_gsde_gravel(folder: Path, target: Grid, valid_share: float = 0.5) -> StaticField:
    """``coarse_fragments``: gravel as a fraction of the volume, as means over target cells."""
    name = "coarse_fragments"
    files = _files(folder, name)
    return _one_property(name, files, [_NAMES[name]], _PERCENT, target, valid_share)


def _one_property(
    name: str,
    files: list[Path],
    names: Sequence[str],
    factors: Mapping[str, float],
    target: Grid,
    valid_share: float,
) -> StaticField:
    means, spread = [], Spread(0, np.nan, np.nan, np.nan)
    with _opened({name: files}, factors, {name: names}) as opened:
        for layer in opened[name]:
            gathered = layer.means(target)
            for band in layer.bands(gathered):
                values = _decoded(layer, factors, band)
                if name == "bulk_density":
                    values[values == 0.0] = np.nan
                spread = spread.joined(Spread.of(values))
                gathered.add(band, values[None])
            means.append(gathered.result(valid_share)[0])
    advice = f"{name.replace('_', ' ')} must be in {' or '.join(factors)}; check the units"
    problem = spread_problem(str(files[0]), name, spread, advice)
    headline = f"The {name.replace('_', ' ')} cannot be used"
    raise_if_any(InputError, headline, [problem] if problem else [])
    require_values(str(files[0]), np.stack(means), target)
    note = f"{name.replace('_', ' ')}: the top layer (0 to 4.5 cm) stands for all layers"
    notes = (note,) if len(means) == 1 else ()
    return _static({name: np.stack(means)}, target, tuple(files), notes)


def _files(folder: Path, name: str) -> list[Path]:
    """The published files of a property in a folder; the 5-minute file where both are there."""
    stem = _NAMES[name]
    whole = folder / f"{stem}5min.nc"
    parts = [folder / f"{stem}{number}.nc" for number in (1, 2)]
    if not whole.is_file() and any(part.is_file() for part in parts):
        return parts
    return [whole]


@contextmanager
def _opened(
    files: Mapping[str, list[Path]],
    factors: Mapping[str, float],
    names: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[dict[str, list[Layer]]]:
    """The layers of each property from the top down; one error for all that is wrong with them."""
    problems: list[Problem] = []
    found: dict[str, list[Layer]] = {}
    with ExitStack() as stack:
        for name, paths in files.items():
            layers: list[Layer] = []
            for path in paths:
                try:
                    dataset = stack.enter_context(netcdf(path, _WHAT))
                except InputError as error:
                    problems += error.problems
                    continue
                wanted = names[name] if names else [_NAMES[name]]
                layers += find_layers(path, dataset, wanted, problems)
            found[name] = layers
            problems += _layer_problems(layers, factors)
        problems += _grid_problems(found)
        raise_if_any(InputError, "The files of the GSDE cannot be used", problems)
        stack.enter_context(chunks_kept([layer for layers in found.values() for layer in layers]))
        yield found


def _layer_problems(layers: list[Layer], factors: Mapping[str, float]) -> list[Problem]:
    problems = []
    for layer in {layer.path: layer for layer in layers}.values():
        if layer.unit and known_unit(layer.unit, list(factors)) is None:
            problems.append(
                Problem(
                    f"{layer.path}: {layer.variable.name}",
                    f"units {layer.unit!r}",
                    " or ".join(repr(unit) for unit in factors),
                    "give the published file, or convert the variable",
                )
            )
    where = f"{layers[0].path}: {layers[0].variable.name}" if layers else ""
    if layers and len(layers) not in (1, len(LAYERS) - 1):
        problems.append(
            Problem(
                where,
                f"{len(layers)} layers",
                f"1 (0 to 4.5 cm) or the product's {len(LAYERS) - 1}",
                'use product = "netcdf" with horizons_m for other layers',
            )
        )
    elif len(layers) > 1 and not _are_the_eight(np.array([layer.depth for layer in layers])):
        problems.append(
            Problem(
                f"{where}: depth",
                ", ".join(f"{layer.depth:g}" for layer in layers),
                "the lower bounds 4.5, 9.1, 16.6, 28.9, 49.3, 82.9, 138.3, 229.6 cm, or none",
                "give the layers of the product from the top down",
            )
        )
    return problems


def _are_the_eight(depths: Array) -> bool:
    """Whether depths are the product's lower bounds (cm or m), plain numbers, or not stated."""
    bounds = np.array(LAYERS[1:])
    in_order = bool(np.isfinite(depths).all() and (np.diff(depths) > 0.0).all())
    counted = in_order and bool((depths == np.rint(depths)).all() and depths[-1] <= bounds.size)
    stated = [np.allclose(depths * unit, bounds, atol=5e-4) for unit in (1.0, _M_PER_CM)]
    return bool(np.isnan(depths).all()) or counted or any(stated)


def _grid_problems(found: Mapping[str, list[Layer]]) -> list[Problem]:
    """Properties on other cells, or with another number of layers, than the first."""
    known = [layers for layers in found.values() if layers]
    if not known:
        return []
    first = known[0]
    return [
        Problem(
            str(layer.path),
            f"{len(layers)} layers of {layer.lat.size} x {layer.lon.size} cells",
            f"the {len(first)} layers of {first[0].lat.size} x {first[0].lon.size} cells of "
            f"{first[0].path.name}",
            "give all properties at one resolution",
        )
        for layers in known
        for layer in layers
        if len(layers) != len(first)
        or layer.lat.shape != first[0].lat.shape
        or layer.lon.shape != first[0].lon.shape
        or not np.allclose(layer.lat, first[0].lat, atol=1e-4, equal_nan=True)
        or not np.allclose(layer.lon, first[0].lon, atol=1e-4, equal_nan=True)
    ]


def _decoded(layer: Layer, factors: Mapping[str, float], rows: slice) -> Array:
    """Values of some rows in the canonical unit; the product's own unit where none is stated."""
    raw, attributes = layer.read(rows), layer.attributes
    values = unpacked(raw, attributes)
    values[raw == _FILL] = np.nan
    unit = known_unit(layer.unit, list(factors)) if layer.unit else next(iter(factors))
    assert unit is not None
    if unit == "g cm-3" and np.issubdtype(raw.dtype, np.integer):
        values *= 1.0 if "scale_factor" in attributes else _STEP
    return values * factors[unit]


def _paths(layers: Mapping[str, list[Layer]]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(layer.path for stack in layers.values() for layer in stack))


def _static(
    values: Mapping[str, Array], target: Grid, files: tuple[Path, ...], notes: tuple[str, ...]
) -> StaticField:
    dataset = fields_of(values, target, ("horizon", "lat", "lon"))
    return StaticField(dataset, LAYERS[: dataset.sizes["horizon"] + 1], "gsde", files, notes)
