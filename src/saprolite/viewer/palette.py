"""Colours of the page: Crameri's scales, which the colour-blind can read, and those of classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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
# Okabe and Ito's, as in the figures of a study.
CLASS_COLOURS: Mapping[str, str] = {
    "both_positive": "#009e73",
    "both_negative": "#cc79a7",
    "opposite": "#f5e6b3",
    "one_is_zero": "#000000",
    "soil_moisture": "#0072b2",
    "soil_temperature": "#d55e00",
    "undetermined": "#f0d264",
}


def scales() -> dict[str, str]:
    """Each scale as 256 colours, hexadecimal, one after the other."""
    from cmcrameri import cm

    places = np.linspace(0.0, 1.0, 256)
    found = {}
    for name, (scale, first, last) in _SCALES.items():
        colours = getattr(cm, scale)(first + (last - first) * places, bytes=True)
        found[name] = np.ascontiguousarray(colours[:, :3]).tobytes().hex()
    return found
