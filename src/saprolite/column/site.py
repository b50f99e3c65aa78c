"""A site and its soil layers, in SI units, checked: what the models of the soil pit start from.

>>> layer = Layer(name="B", thickness=0.3, temperature=278.35, soil_moisture=0.25,
...               bulk_density=1250.0, clay=0.04, silt=0.25, sand=0.40, co2=0.006, doc=0.008,
...               log_gibbsite=8.5, minerals={"albite": 0.12}, evapotranspiration_share=1.0,
...               uptake_share=1.0)
>>> layer.gibbsite_exponent, round(layer.coarse, 2)
(3.0, 0.31)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from pathlib import Path
from typing import Any

from saprolite.column.site_checks import (
    DEPOSITION,
    SHARES,
    UPTAKE,
    layer_problems,
    missing_problem,
    nitrification_problem,
    repeated_problems,
    share_problems,
    water_problems,
)
from saprolite.column.site_quantities import QUANTITIES, range_problem
from saprolite.errors import InputError, Problem, raise_if_any

GIBBSITE_EXPONENT = 3.0


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A soil layer.

    Attributes
    ----------
    name
        The name of the layer, such as "B".
    thickness
        m.
    temperature
        Soil temperature, mean of the year, K.
    soil_moisture, saturation
        Volumetric water content (m3 m-3), or the water-filled part of the pores (0 to 1): one of
        them, the other is None.
    bulk_density
        Dry bulk density of the whole soil, kg m-3. None only with ``saturation`` and a measured
        ``surface_area``, where nothing needs it.
    clay, silt, sand
        Mass fractions of the whole soil (< 2, 2 to 60, 60 to 250 um); the rest is ``coarse``.
        None with a measured ``surface_area``.
    surface_area
        Measured area of the minerals, m2 per m3 of soil. None with a texture.
    co2
        Partial pressure of CO2 in the soil air, atm.
    doc
        Dissolved organic carbon, kg of C per m3 of water.
    log_gibbsite, gibbsite_exponent
        x and n of [Al3+] = 10^x [H+]^n, in kmol m-3; x is log10 of (kmol m-3)^(1 - n).
    minerals
        Mass fraction of the whole soil by mineral name; the rest is inert or organic.
    evapotranspiration_share, uptake_share
        The layer's part of the site's evapotranspiration and uptake, 0 to 1. They add up to 1
        over the layers, or are all 0 where the site has nothing to share.
    nitrification
        Part of the NH4 in the layer that is nitrified, 0 to 1. It may be None where none is
        deposited (a file that leaves it out there gives 0).
    ph, aluminium, base_cations, organic_acid, silica, calcium, magnesium, potassium, sodium
        Prescribed solution chemistry for the models that need it, each may be None: pH; Al3+, the
        molar sum Ca + Mg + K + Na, Si, Ca, Mg, K, Na in kmol m-3; organic anions in kmol_c m-3.

    Raises ``InputError`` for values out of their range or that do not go together.
    """

    name: str
    thickness: float
    temperature: float
    soil_moisture: float | None = None
    saturation: float | None = None
    bulk_density: float | None = None
    clay: float | None = None
    silt: float | None = None
    sand: float | None = None
    surface_area: float | None = None
    co2: float
    doc: float
    log_gibbsite: float
    gibbsite_exponent: float = GIBBSITE_EXPONENT
    minerals: Mapping[str, float]
    evapotranspiration_share: float
    uptake_share: float
    nitrification: float | None = None
    ph: float | None = None
    aluminium: float | None = None
    base_cations: float | None = None
    organic_acid: float | None = None
    silica: float | None = None
    calcium: float | None = None
    magnesium: float | None = None
    potassium: float | None = None
    sodium: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "minerals", dict(self.minerals))
        where = f"layer {self.name!r}"
        values = _numbers(self)
        minerals = {f"minerals.{name}": share for name, share in self.minerals.items()}
        problems = _range_problems({**values, **minerals}, where)
        problems += layer_problems(values, self.minerals, values, where)
        raise_if_any(InputError, f"{where} cannot be used", problems)

    @property
    def coarse(self) -> float | None:
        """Mass fraction of what is coarser than sand: the rest of the texture, if there is one."""
        if self.clay is None or self.silt is None or self.sand is None:
            return None
        return max(0.0, 1.0 - self.clay - self.silt - self.sand)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site: its water, its deposition and uptake, its layers from the top down.

    Attributes
    ----------
    name
        The name of the site.
    latitude, longitude
        Degrees north and east, or None.
    precipitation, evapotranspiration
        m yr-1; the difference percolates.
    deposition
        Ca, Mg, K, Na, NH4, NO3, SO4, Cl, each in kmol_c m-2 yr-1.
    uptake
        Net uptake by the plants: Ca, Mg, K in kmol_c m-2 yr-1, N in kmol m-2 yr-1.
    layers
        From the top down.
    critical_load
        The section of the file, its numbers in SI, or None.
    source
        The file; not part of a comparison.
    defaults
        What the file left to its default, in words; not part of a comparison.

    Raises ``InputError`` for values out of their range or that do not go together.
    """

    name: str
    latitude: float | None = None
    longitude: float | None = None
    precipitation: float
    evapotranspiration: float
    deposition: Mapping[str, float]
    uptake: Mapping[str, float]
    layers: tuple[Layer, ...]
    critical_load: Mapping[str, float | str] | None = None
    source: str = field(default="", compare=False)
    defaults: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "deposition", dict(self.deposition))
        object.__setattr__(self, "uptake", dict(self.uptake))
        object.__setattr__(self, "layers", tuple(self.layers))
        if self.critical_load is not None:
            object.__setattr__(self, "critical_load", dict(self.critical_load))
        raise_if_any(InputError, f"site {self.name!r} cannot be used", self._problems())

    def _problems(self) -> list[Problem]:
        where = f"site {self.name!r}"
        values = _numbers(self)
        fluxes = {
            **{f"deposition.{ion}": flux for ion, flux in self.deposition.items()},
            **{f"uptake.{ion}": flux for ion, flux in self.uptake.items()},
        }
        problems = _range_problems({**values, **fluxes}, where)
        problems += water_problems(values, where)
        for group, needed in (("deposition", DEPOSITION), ("uptake", UPTAKE)):
            given = getattr(self, group)
            problems += missing_problem(group, needed, given, where, repr)
            problems += [
                Problem(f"{where}: {group}", f"{key!r}", ", ".join(needed), "leave it out")
                for key in given
                if key not in needed
            ]
        problems += [
            Problem(f"{where}: critical_load.{key}", repr(value), "a finite number or a text",
                    "correct the value")
            for key, value in (self.critical_load or {}).items()
            if not (isinstance(value, str) or (_is_number(value) and math.isfinite(value)))
        ]  # fmt: skip
        if not self.layers:
            problems.append(Problem(where, "no layers", "one layer or more", "add a layer"))
            return problems
        problems += repeated_problems((layer.name for layer in self.layers), "layer", where)
        totals = {
            "evapotranspiration_share": self.evapotranspiration,
            "uptake_share": sum(self.uptake.values()),
        }
        for key in SHARES:
            shares = [getattr(layer, key) for layer in self.layers]
            problems += share_problems(key, shares, totals[key], where)
        if self.deposition.get("NH4", 0.0) > 0.0:
            problems += [
                nitrification_problem(f"{where}, layer {layer.name!r}")
                for layer in self.layers
                if layer.nitrification is None
            ]
        return problems

    @classmethod
    def read(cls, path: str | Path) -> Site:
        """The one site of a file; ``InputError`` lists everything that is wrong with the file.

        :func:`saprolite.column.site_files.read_sites` reads files and folders of several sites.
        """
        from saprolite.column.site_files import read_sites

        sites = read_sites(path)
        names = ", ".join(repr(site.name) for site in sites)
        raise_if_any(
            InputError,
            f"{path} is not the file of one site",
            [Problem(str(path), f"{len(sites)} sites: {names}", "one site", "use read_sites")]
            if len(sites) != 1
            else [],
        )
        return sites[0]


def _numbers(record: Layer | Site) -> dict[str, float]:
    """The numbers of a layer or a site by name, without those that are None.

    ``InputError`` for a value that is no number.
    """
    found: dict[str, float] = {}
    problems = []
    for item in fields(record):
        value: Any = getattr(record, item.name)
        if item.name not in QUANTITIES or isinstance(value, Mapping) or value is None:
            continue
        if not _is_number(value):
            spec = QUANTITIES[item.name]
            problems.append(Problem(item.name, repr(value), f"a number, {spec.unit}", "correct it"))
            continue
        found[item.name] = float(value)
    raise_if_any(InputError, f"{record.name!r} cannot be used", problems)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _range_problems(values: Mapping[str, float], where: str) -> list[Problem]:
    found = (range_problem(name, value, f"{where}: {name}") for name, value in values.items())
    return [problem for problem in found if problem is not None]
