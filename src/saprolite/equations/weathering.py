"""Equation 3: the weathering of a layer, and the thickness of soil that takes part in it."""

from __future__ import annotations

from saprolite.equations._typing import Number
from saprolite.equations.elementary import maximum, minimum


def weathering_rate(
    reaction_rate: Number,
    surface_area: Number,
    content: Number,
    saturation: Number,
    thickness: Number,
) -> Number:
    """Eq 3, one mineral: R_i A_w x_i phi Z_eff; the total is the sum over the minerals.

    Parameters
    ----------
    reaction_rate
        R_i (Eqs 4, 5), kmol_c m-2 s-1 of mineral surface.
    surface_area
        A_w (Eq 6), m2 m-3.
    content
        x_i, fraction, 0 to 1, on the basis that the reading names.
    saturation
        phi (Eq 7), 0 to 1.
    thickness
        Z_eff, m.

    Returns
    -------
    kmol_c m-2 s-1 of ground.

    Source: manuscript Eq 3; Sverdrup & Warfvinge 1995 eq 33. Worked cell (equations.md 1.12), in
    eq ha-1 yr-1 (1 kmol_c m-2 = 10^7 eq ha-1):

    >>> rate = weathering_rate(8.70866294e-18, 3.18e6, 0.10, 0.48773006, 2.0)
    >>> f"{rate * 365.25 * 86400.0 * 1e7:.4f}"
    '852.4955'
    """
    return reaction_rate * surface_area * content * saturation * thickness


def layer_presence(soil_thickness: Number, top: Number, bottom: Number) -> Number:
    """Soil that is present in a layer: Z_eff = clip(thickness - top, 0, bottom - top).

    Parameters
    ----------
    soil_thickness
        Thickness of the soil from the surface, m, >= 0.
    top, bottom
        Depth of the layer's upper and lower border, m, top < bottom.

    Returns
    -------
    Z_eff, m, 0 to bottom - top. NaN gives NaN.

    Source: docs/equations.md 1.3, after Pelletier et al. 2016.

    >>> [round(float(layer_presence(0.7, top, bottom)), 12)
    ...  for top, bottom in ((0.0, 0.1), (0.1, 0.4), (0.4, 1.0), (1.0, 2.0))]
    [0.1, 0.3, 0.3, 0.0]
    """
    return minimum(maximum(soil_thickness - top, 0.0), bottom - top)
