"""Reactive area and moisture of a soil (Eqs 6 and 7) under the choices of a reading."""

from __future__ import annotations

from typing import Any, Protocol

from saprolite import equations as eq

Number = Any


class SoilChoices(Protocol):
    """The choices that Eqs 6 and 7 leave open, as fields of a reading."""

    @property
    def density_factor(self) -> str:
        """``none`` or ``bulk``."""

    @property
    def coarse_sand(self) -> str:
        """``as_sand``, ``excluded`` or ``reduced``."""

    @property
    def coarse_sand_share(self) -> float | None:
        """Share of the sand that is coarser than 250 um."""

    @property
    def moisture_density(self) -> str:
        """``dry``, ``moist`` or ``theta_only``."""


def reactive_area(
    choices: SoilChoices, clay: Number, silt: Number, sand: Number, bulk_density: Number
) -> Number:
    """A_w in m2 m-3 (Eq 6 with the density factor and the sand cut).

    >>> from saprolite.models import Reading
    >>> f"{reactive_area(Reading(density_factor='bulk'), 0.3, 0.3, 0.4, 1320.0):.4e}"
    '4.1976e+06'
    """
    if choices.coarse_sand == "as_sand":
        area = eq.surface_area(clay, silt, sand)
    else:
        area = eq.surface_area(clay, silt, eq.fine_sand(sand, choices.coarse_sand_share))
        if choices.coarse_sand == "reduced":
            area = area + eq.coarse_sand_area(sand, choices.coarse_sand_share)
    if choices.density_factor == "bulk":
        area = area * eq.density_factor(bulk_density)
    return area


def saturation(choices: SoilChoices, soil_moisture: Number, bulk_density: Number) -> Number:
    """phi before it is clipped (Eq 7).

    >>> from saprolite.models import Reading
    >>> f"{saturation(Reading(), 0.30, 1320.0):.8f}"
    '0.48773006'
    """
    if choices.moisture_density == "theta_only":
        return soil_moisture + 0.0 * bulk_density
    if choices.moisture_density == "moist":
        bulk_density = eq.moist_bulk_density(soil_moisture, bulk_density)
    return eq.moisture_saturation(soil_moisture, bulk_density)
