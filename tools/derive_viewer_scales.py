"""Crameri's scales, which the colour-blind can read, as the interactive map has them.

    python tools/derive_viewer_scales.py [FILE]

Writes src/saprolite/viewer/static/scales.json: each scale as 256 colours, hexadecimal, one after
the other. A file, because the package of the scales takes a second to load.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from cmcrameri import cm

FILE = Path(__file__).parents[1] / "src/saprolite/viewer/static/scales.json"
# Name on the page: the scale, its first and last part. Diverging ones without their darkest ends,
# on which dots cannot be seen; moisture wet is blue, temperature warm is red.
_SCALES: Mapping[str, tuple[str, float, float]] = {
    "sink": ("imola_r", 0.0, 1.0),
    "change": ("bam", 0.1, 0.9),
    "moisture": ("oslo_r", 0.1, 0.9),
    "moisture_change": ("broc_r", 0.1, 0.9),
    "temperature": ("lajolla", 0.05, 0.95),
    "temperature_change": ("vik", 0.1, 0.9),
    "soil": ("bilbao_r", 0.05, 1.0),
}


def scales() -> dict[str, str]:
    """Each scale as 256 colours, hexadecimal, one after the other."""
    places = np.linspace(0.0, 1.0, 256)
    found = {}
    for name, (scale, first, last) in _SCALES.items():
        colours = getattr(cm, scale)(first + (last - first) * places, bytes=True)
        found[name] = np.ascontiguousarray(colours[:, :3]).tobytes().hex()
    return found


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    file.write_text(json.dumps(scales(), indent=0) + "\n", encoding="utf-8")
