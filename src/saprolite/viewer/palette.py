"""Colours of classes on the page; its scales lie in ``static/scales.json``."""

from __future__ import annotations

from collections.abc import Mapping

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
