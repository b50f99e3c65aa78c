"""From what a file says to a checked site: every value to SI, every rule, all problems collected.

The readers of TOML and CSV files make a :class:`RawSite`; from there on both are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from saprolite.column.site import GIBBSITE_EXPONENT, Layer, Site
from saprolite.column.site_checks import (
    CHEMISTRY,
    DEPOSITION,
    LAYER_REQUIRED,
    SHARES,
    SITE_REQUIRED,
    TEXTURE,
    UPTAKE,
    layer_problems,
    missing_problem,
    nitrification_problem,
    repeated_problems,
    share_problems,
    water_problems,
)
from saprolite.column.site_quantities import QUANTITIES, range_problem
from saprolite.column.site_units import fits, free_value, to_si
from saprolite.errors import InputError, Problem

SITE_NUMBERS = ("latitude", "longitude", *SITE_REQUIRED)
SITE_GROUPS = {"deposition": DEPOSITION, "uptake": UPTAKE}
LAYER_NUMBERS = (
    "thickness", "temperature", "soil_moisture", "saturation", "bulk_density", *TEXTURE,
    "surface_area", "co2", "doc", "log_gibbsite", "gibbsite_exponent", *SHARES, "nitrification",
    *CHEMISTRY,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A value as the file gives it: the unit of a bare number, and the key as the file writes it.

    ``unreadable``: its unit is refused already, with the column or in [units].
    """

    value: object
    label: str
    unit: str | None = None
    unreadable: bool = False


@dataclass(frozen=True)
class RawLayer:
    """A layer as the file gives it; ``where`` names file, site and layer."""

    name: str
    where: str
    values: Mapping[str, Entry]
    minerals: Mapping[str, Entry] | None


@dataclass(frozen=True)
class RawSite:
    """A site as the file gives it; ``where`` names file and site.

    ``advice`` is what an error tells to do about a number without unit (see ``to_si``);
    ``example`` makes what to add for a quantity that is missing.
    """

    name: str
    where: str
    source: str
    values: Mapping[str, Entry]
    groups: Mapping[str, Mapping[str, Entry]]
    critical_load: Mapping[str, Entry] | None
    layers: tuple[RawLayer, ...]
    advice: str
    example: Callable[[str], str]


def build_site(raw: RawSite) -> tuple[Site | None, list[Problem]]:
    """The site, or None and everything that is wrong with it.

    None without a problem: what is wrong with the structure of the file is named already.
    """
    return _Builder(raw).site()


@dataclass
class _Builder:
    raw: RawSite
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def site(self) -> tuple[Site | None, list[Problem]]:
        raw, where = self.raw, self.raw.where
        values = self._numbers(raw.values, where)
        self.problems += missing_problem("", SITE_REQUIRED, raw.values, where, raw.example)
        self.problems += water_problems(values, where)
        fluxes = {group: self._fluxes(group) for group in SITE_GROUPS}
        critical_load = self._critical_load()
        names = [layer.name for layer in raw.layers if layer.name]
        self.problems += repeated_problems(names, "layer", where)
        layers = [self._layer(layer, fluxes["deposition"]) for layer in raw.layers]
        uptake = fluxes["uptake"]
        totals = {
            "evapotranspiration_share": values.get("evapotranspiration"),
            "uptake_share": sum(uptake.values()) if len(uptake) == len(UPTAKE) else None,
        }
        for key, total in totals.items():
            self._share(key, total, layers)
        if self.problems or not self.complete or not layers:
            return None, self.problems
        defaults = tuple(
            f"layer {layer.name!r}: gibbsite_exponent = {GIBBSITE_EXPONENT:g}"
            for layer in raw.layers
            if "gibbsite_exponent" not in layer.values
        )
        site = Site(
            name=raw.name,
            latitude=values.get("latitude"),
            longitude=values.get("longitude"),
            precipitation=values["precipitation"],
            evapotranspiration=values["evapotranspiration"],
            deposition=fluxes["deposition"],
            uptake=uptake,
            critical_load=critical_load,
            layers=tuple(Layer(**layer) for layer in layers),
            source=raw.source,
            defaults=defaults,
        )
        return site, []

    def _number(self, name: str, entry: Entry, where: str) -> float | None:
        """The value of an entry in SI, or None and a problem."""
        if entry.unreadable:
            self.complete = False
            return None
        place = f"{where}: {entry.label}"
        try:
            return to_si(name, entry.value, place, unit=entry.unit, advice=self.raw.advice)
        except InputError as error:
            self.problems += error.problems
            return None

    def _numbers(
        self, entries: Mapping[str, Entry], where: str, group: str = ""
    ) -> dict[str, float]:
        values = {
            key: self._number(f"{group}.{key}" if group else key, entry, where)
            for key, entry in entries.items()
        }
        return {key: value for key, value in values.items() if value is not None}

    def _fluxes(self, group: str) -> dict[str, float]:
        raw, entries = self.raw, self.raw.groups.get(group, {})
        self.problems += missing_problem(
            group, SITE_GROUPS[group], entries, raw.where, lambda ion: raw.example(f"{group}.{ion}")
        )
        found = self._numbers(entries, raw.where, group)
        return {ion: found[ion] for ion in SITE_GROUPS[group] if ion in found}

    def _critical_load(self) -> dict[str, float | str] | None:
        entries = self.raw.critical_load
        if entries is None:
            return None
        found: dict[str, float | str] = {}
        for key, entry in entries.items():
            name, where = f"critical_load.{key}", self.raw.where
            if name in QUANTITIES:
                found |= self._numbers({key: entry}, where, "critical_load")
                continue
            try:
                found[key] = free_value(entry.value, f"{where}: {entry.label}", unit=entry.unit)
            except InputError as error:
                self.problems += error.problems
        return found

    def _layer(self, layer: RawLayer, deposition: Mapping[str, float]) -> dict[str, Any]:
        """The values of a layer, as far as they can be read."""
        entries = dict(layer.values)
        area = entries.pop("surface_area", None)
        values = self._numbers(entries, layer.where)
        if area is not None:
            measured = self._area(area, values, layer)
            values |= {} if measured is None else {"surface_area": measured}
        minerals = self._minerals(layer)
        self.problems += missing_problem(
            "", LAYER_REQUIRED, layer.values, layer.where, self.raw.example
        )
        self.problems += layer_problems(values, minerals, layer.values, layer.where)
        if "nitrification" not in layer.values and "NH4" in deposition:
            if deposition["NH4"] > 0.0:
                self.problems.append(nitrification_problem(layer.where))
            values["nitrification"] = 0.0
        return {"name": layer.name, "minerals": minerals, **values}

    def _area(self, entry: Entry, values: Mapping[str, float], layer: RawLayer) -> float | None:
        """A measured area: m2 m-3 as it is, m2 kg-1 (m2/g) times the bulk density."""
        if entry.unreadable or not fits("specific_surface_area", entry.value, entry.unit):
            return self._number("surface_area", entry, layer.where)
        by_mass = self._number("specific_surface_area", entry, layer.where)
        place = f"{layer.where}: {entry.label}"
        if "bulk_density" not in layer.values and "saturation" in layer.values:
            self.problems.append(
                Problem(
                    place,
                    f'"{entry.value}", an area per mass, without a bulk_density',
                    "an area per volume (m2/m3), or a bulk_density too",
                    f"add {self.raw.example('bulk_density')}",
                )
            )
        density = values.get("bulk_density")
        if by_mass is None or density is None:
            return None
        problem = range_problem("surface_area", by_mass * density, place)
        self.problems += [problem] if problem else []
        return by_mass * density

    def _minerals(self, layer: RawLayer) -> dict[str, float]:
        if layer.minerals is None:
            self.problems.append(
                Problem(
                    f"{layer.where}: minerals",
                    "nothing",
                    "mass fractions of the whole soil by mineral name; none is a choice too",
                    f"add {self.raw.example('minerals.albite')} ...; a 0 if there are none",
                )
            )
            return {}
        return self._numbers(layer.minerals, layer.where, "minerals")

    def _share(self, key: str, total: float | None, layers: list[dict[str, Any]]) -> None:
        """Check the shares of the layers, or set them where there is nothing to choose."""
        raw = self.raw
        without = [layer.name for layer in raw.layers if key not in layer.values]
        if not without:
            shares = [layer[key] for layer in layers if key in layer]
            if layers and len(shares) == len(layers):
                self.problems += share_problems(key, shares, total, raw.where)
            return
        nothing_given = len(without) == len(layers)
        if nothing_given and (total in (None, 0.0) or len(layers) == 1):
            for layer in layers:
                layer[key] = 0.0 if total in (None, 0.0) else 1.0
            return
        names = ", ".join(repr(name) for name in without)
        self.problems.append(
            Problem(
                f"{raw.where}: {key}",
                "nothing in any layer" if nothing_given else f"nothing in layer {names}",
                f"each layer's part of the site's {SHARES[key]}, adding up to 1",
                f"add {raw.example(key)} (0 for a layer without any)",
            )
        )
