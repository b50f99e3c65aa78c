"""Coastlines for the interactive map, from Natural Earth 1:50 m (public domain).

    python tools/derive_coastlines.py land-50m.json

``land-50m.json`` is the TopoJSON of the npm package world-atlas 2.0.2. Writes
src/saprolite/viewer/static/coast.json: lines in hundredths of a degree, each point from the last,
simplified to 0.08 degree, without what is smaller than 0.35 degree, and without the seams along the
date line and around the pole, which are no coast.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

FILE = Path(__file__).parents[1] / "src/saprolite/viewer/static/coast.json"
_TOLERANCE, _SMALLEST, _SOUTH = 0.08, 0.35, -84.5

Array = npt.NDArray[np.float64]


def arcs(topology: dict) -> Iterator[Array]:  # type: ignore[type-arg]
    """The lines of a TopoJSON, (point, lon and lat), degrees."""
    scale, offset = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    for arc in topology["arcs"]:
        yield np.cumsum(arc, axis=0) * scale + offset


def pieces(line: Array) -> Iterator[Array]:
    """A line without its seams."""
    seam = (np.abs(np.abs(line[:, 0]) - 180.0) < 0.02) | (line[:, 1] < _SOUTH)
    jump = np.abs(np.diff(line[:, 0])) > 180.0
    cuts = np.flatnonzero(jump | (seam[:-1] & seam[1:])) + 1
    yield from (piece for piece in np.split(line, cuts) if len(piece) > 1)


def coast(topology: dict) -> list[list[int]]:  # type: ignore[type-arg]
    """Lines as steps in hundredths of a degree."""
    found = []
    for line in arcs(topology):
        for piece in pieces(line):
            simple = shapely.get_coordinates(
                shapely.LineString(piece).simplify(_TOLERANCE, preserve_topology=False)
            )
            if len(simple) > 2 and np.ptp(simple, axis=0).max() >= _SMALLEST:
                points = np.round(100.0 * simple).astype(int)
                found.append(np.diff(points, axis=0, prepend=0).ravel().tolist())
    return found


if __name__ == "__main__":
    lines = coast(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    FILE.write_text(json.dumps(lines, separators=(",", ":")), encoding="utf-8")
