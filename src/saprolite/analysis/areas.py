"""Parts of the land that have numbers of their own: zones, classes, latitude bands, regions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.zones import group_masks
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.places import place

Flags = npt.NDArray[np.bool_]
GLOBE = "globe"
_NAMES = ("name", "NAME", "Name", "id")
_TURNS = (-360.0, 0.0, 360.0)


class Area(NamedTuple):
    """A part of the land: what kind it is, its name, which land cells belong to it."""

    kind: str
    name: str
    cells: Flags


def areas_of(
    fields: AnnualFields, bands: Sequence[Sequence[float]] = (), regions: str | None = None
) -> list[Area]:
    """The globe, climate groups, climate classes that occur, latitude bands, regions.

    A cell is in a band or region if its centre is. Raises ``InputError`` for regions that cannot be
    read.
    """
    found = [Area(GLOBE, GLOBE, np.ones(fields.area.size, bool))]
    found += [
        Area("climate_group", name, cells) for name, cells in group_masks(fields.climate).items()
    ]
    names = fields.fluxes["climate_class"].attrs["flag_meanings"].split()
    codes = (int(code) for code in np.unique(fields.climate) if code > 0)
    found += [Area("climate_class", names[code], fields.climate == code) for code in codes]
    for south, north in bands:
        inside = (fields.latitude >= south) & (fields.latitude < north)
        found.append(Area("latitude_band", f"{_degrees(south)} to {_degrees(north)}", inside))
    if regions is not None:
        found += read_regions(regions, fields.longitude, fields.latitude)
    return found


def read_regions(
    path: str, longitude: npt.NDArray[np.float64], latitude: npt.NDArray[np.float64]
) -> list[Area]:
    """The polygons of a GeoJSON file, as areas of the cells whose centre lies in them.

    Features of one name (property ``name``; else their number) are one region. Coordinates are
    degrees east and north, of any turn: a box across the date line is one from 170 to 190. Raises
    ``InputError`` that names everything that is wrong.
    """
    import shapely
    from shapely.geometry import shape

    features = _features(path)
    found: dict[str, Flags] = {}
    problems = []
    for number, feature in enumerate(features, 1):
        properties = feature.get("properties") or {}
        name = next((str(properties[key]) for key in _NAMES if key in properties), f"{number}")
        try:
            polygon = shape(feature["geometry"])
            if polygon.geom_type not in ("Polygon", "MultiPolygon"):
                raise ValueError(f"a {polygon.geom_type}")
            if not shapely.is_valid(polygon):
                raise ValueError(shapely.is_valid_reason(polygon))
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            shapely.errors.ShapelyError,
        ) as error:
            problems.append(_problem(path, f"feature {number} ({name}): {error}"))
            continue
        # Longitudes may run from 0 to 360, or on beyond the date line.
        inside = np.any(
            [shapely.contains_xy(polygon, longitude + turn, latitude) for turn in _TURNS], axis=0
        )
        found[name] = found.get(name, np.zeros(longitude.size, bool)) | inside
    if not features:
        problems.append(_problem(path, "no feature"))
    raise_if_any(InputError, "The regions cannot be used", problems)
    return [Area("region", name, cells) for name, cells in found.items()]


def of_kind(areas: Iterable[Area], *kinds: str) -> list[Area]:
    """The areas of some kinds, in their order."""
    return [area for area in areas if area.kind in kinds]


def _features(path: str) -> list[dict[str, Any]]:
    try:
        content = json.loads(place(path).read_text(encoding="utf-8"))
        features = content.get("features", [content])
        return [feature if "geometry" in feature else {"geometry": feature} for feature in features]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            "The regions cannot be read (1 problem)", [_problem(path, f"{error}")]
        ) from error


def _problem(path: str, found: str) -> Problem:
    return Problem(path, found, "GeoJSON: valid polygons in degrees east and north",
                   "correct the file, or name another under [analysis] regions")  # fmt: skip


def _degrees(latitude: float) -> str:
    side = "N" if latitude > 0 else "S"
    return f"{abs(latitude):g}{side if latitude else ''}"
