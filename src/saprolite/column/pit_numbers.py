"""The numbers that a solved pit rests on, each with source and confidence; which are unverified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from saprolite.column.chemistry import HYDROLYSIS
from saprolite.constants import TABLE
from saprolite.minerals import composition
from saprolite.minerals.equilibria import equilibria
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ProfileLaw
from saprolite.models.witch import WitchLaw

if TYPE_CHECKING:
    from saprolite.column.pit import Pits

UNVERIFIED = ("U", "I")
_GIVEN = "given"
_OLIVER = ("OLIVER_OFFSET", "OLIVER_LINEAR", "OLIVER_QUADRATIC")
# Numbers of the reading that come from no table: what their defaults are.
_SETTINGS = {
    "organic_charge_density": (
        "kmol_c kg-1",
        "charge of the organic acid, 10 meq per g of C (recalled; used with Oliver et al. 1983)",
    ),
    "uptake_residual": (
        "kmol_c m-3",
        "Ca + Mg + K that roots leave in the water, PROFILE (recalled)",
    ),
}


def numbers(pits: Pits) -> list[dict[str, Any]]:
    """Every number in use: name, value, unit, source, confidence, and a warning where it has one.

    Confidence as in ``saprolite.constants``; ``given``: chosen in the reading.
    """
    law = pits.law
    found = _kinetic(law) if isinstance(law, ProfileLaw) else _transition_state(law)
    return [*found, *_equilibria(pits), *_settings(pits), *_constants(pits)]


def unverified(pits: Pits) -> list[dict[str, Any]]:
    """The numbers in use that are recalled (U) or inferred (I)."""
    return [item for item in numbers(pits) if item["confidence"] in UNVERIFIED]


def warnings(pits: Pits) -> list[str]:
    """What tables say about their own numbers, once for all the numbers that it is said of.

    Without what the law's notes say already.
    """
    noted = {note.partition(": ")[2] for note in pits.law.notes}
    said: dict[str, dict[str, list[str]]] = {}
    for item in numbers(pits):
        if item["warning"] and item["warning"] not in noted:
            head, _, pathway = item["name"].partition(", pathway ")
            of_head = said.setdefault(item["warning"], {}).setdefault(head, [])
            of_head += [pathway] if pathway else []
    lines = []
    for warning, named in said.items():
        shown = (
            f"{head} ({', '.join(pathways)})" if pathways else head
            for head, pathways in named.items()
        )
        lines.append(f"{', '.join(shown)}: {warning}")
    return lines


def unverified_lines(pits: Pits) -> list[str]:
    """The unverified numbers as lines of text; the pathways of one kinetic row are one line."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for item in unverified(pits):
        head, _, pathway = item["name"].partition(", pathway ")
        shown = f"{item['value']:g}" + (f" {item['unit']}" if item["unit"] != "1" else "")
        key = (head, item["source"], item["confidence"])
        lines.setdefault(key, []).append(f"{pathway} {shown}".strip())
    return [
        f"{head} = {', '.join(values)} [{confidence}] {source}"
        for (head, source, confidence), values in lines.items()
    ]


def notes(pits: Pits) -> list[str]:
    """What is to be known about a result, besides its reading: law, defaults, uptake."""
    found = list(pits.law.notes)
    for site in pits.sites:
        found += _merged(site.name, site.defaults)
    return found


def _merged(site: str, defaults: Iterable[str]) -> list[str]:
    """Defaults of one site, the layers that share one named together."""
    layers: dict[str, list[str]] = {}
    for line in defaults:
        head, _, rest = line.partition(": ")
        layers.setdefault(rest, []).append(head.removeprefix("layer "))
    return [
        f"{site}: {rest} by default in layer {', '.join(names)}" for rest, names in layers.items()
    ]


def _number(
    name: str, value: Any, unit: str, source: str, confidence: str, warning: str = "", **more: Any
) -> dict[str, Any]:
    return {
        "name": name, "value": value, "unit": unit, "source": source, "confidence": confidence,
        "warning": warning, **more,
    }  # fmt: skip


def _kinetic(law: ProfileLaw) -> list[dict[str, Any]]:
    found = [
        _number(
            f"pk of {row.row}, pathway {row.pathway}",
            row.pk,
            f"-log10 of {row.basis} m-2 s-1",
            row.source,
            row.confidence,
            row.flag,
            order=row.order,
            temperature_coefficient_K_base_10=row.coefficient,
            brakes=dict(row.brakes),
        )
        for row in law.rows
    ]
    for name, mineral in dict.fromkeys((row.row, row.mineral) for row in law.rows):
        elements = composition(name, mineral)
        found.append(
            _number(
                f"base cations of {name}",
                elements.equivalents_per_mol,
                "kmol_c kmol-1",
                elements.source,
                elements.confidence,
                elements=dict(elements.elements),
            )
        )
    return found


def _transition_state(law: WitchLaw) -> list[dict[str, Any]]:
    found = []
    for own, chosen in zip(law.laws, law.phases, strict=True):
        for term in own.terms:
            by_log = term.form == "log"
            value = term.log_k if by_log else term.pre_exponential
            found.append(
                _number(
                    f"{'log k' if by_log else 'A'} of {term.row} ({own.mineral}), "
                    f"pathway {term.pathway}",
                    value,
                    "log10 of mol m-2 s-1" if by_log else "mol m-2 s-1",
                    term.source,
                    term.confidence,
                    term.flag,
                    order=term.order,
                    activation_energy_kJ_mol=term.activation_energy,
                )
            )
        phase = chosen.phase
        found.append(
            _number(
                f"log K of {phase.name} ({chosen.mineral}) at 25 degC", phase.log_k_25, "1",
                phase.source, phase.confidence, phase.flag, reaction=phase.reaction,
            )
        )  # fmt: skip
        found.append(
            _number(
                f"sigma of {chosen.mineral}, with phase {phase.name}", chosen.sigma, "1",
                chosen.sigma_source, chosen.confidence, chosen.flag,
            )
        )  # fmt: skip
    return found


def _equilibria(pits: Pits) -> list[dict[str, Any]]:
    reading = pits.reading
    names = ["water"]
    if reading.solves_chemistry:
        names += ["henry_co2", "carbonic_1", "carbonic_2"]
        if reading.aluminium_species == "hydrolysed":
            names += HYDROLYSIS
        if reading.gibbsite_temperature == "vant_hoff":
            names.append("gibbsite")
    if reading.organic_acid == "triprotic" and _has_doc(pits):
        names += ["organic_1", "organic_2", "organic_3"]
    table = equilibria()
    return [
        _number(f"constant of {table[name].reaction}", float(table[name].constant(_ROOM)),
                "at 25 degC, kmol m-3 and atm", table[name].source, table[name].confidence)
        for name in names
    ]  # fmt: skip


_ROOM = TABLE["STANDARD_TEMPERATURE"].value


def _settings(pits: Pits) -> list[dict[str, Any]]:
    reading = pits.reading
    used = []
    if reading.organic_acid != "none" and _has_doc(pits):
        used.append("organic_charge_density")
    wanted = any(site.uptake[name] > 0.0 for site in pits.sites for name in ("Ca", "Mg", "K"))
    if reading.solves_chemistry and wanted:
        used.append("uptake_residual")
    found = []
    for name in used:
        unit, source = _SETTINGS[name]
        value = getattr(reading, name)
        is_default = value == getattr(ColumnReading, name)
        found.append(
            _number(name, value, unit, source if is_default else "the reading",
                    "U" if is_default else _GIVEN)
        )  # fmt: skip
    return found


def _constants(pits: Pits) -> list[dict[str, Any]]:
    reading = pits.reading
    layers = [layer for site in pits.sites for layer in site.layers]
    names: list[str] = []
    if any(layer.surface_area is None for layer in layers):
        names += ["CLAY_AREA", "SILT_AREA", "SAND_AREA"]
        if reading.coarse_sand == "reduced":
            names.append("COARSE_SAND_AREA")
        if reading.density_factor == "bulk":
            names.append("REFERENCE_DENSITY")
    measured = any(layer.soil_moisture is not None for layer in layers)
    if measured and reading.moisture_density != "theta_only":
        names += ["PARTICLE_DENSITY", "WATER_DENSITY"]
    if reading.organic_acid == "oliver" and _has_doc(pits):
        names += _OLIVER
    if reading.solves_chemistry and reading.activity != "off":
        names.append("DEBYE_HUECKEL_A")
        if reading.activity == "davies":
            names.append("DAVIES_LINEAR")
    names += ["DAYS_PER_YEAR", "SECONDS_PER_DAY", "CARBON_MOLAR_MASS"]
    loads = [site.critical_load for site in pits.sites if site.critical_load is not None]
    if loads:
        names += ["ALUMINIUM_CHARGE", "BASE_CATION_CHARGE"]
        if any("minimum_base_concentration" not in load for load in loads):
            names.append("MINIMUM_BASE_CONCENTRATION")
    return [
        _number(name, TABLE[name].value, TABLE[name].unit, f"{TABLE[name].meaning}: "
                f"{TABLE[name].source}", TABLE[name].confidence)
        for name in names
    ]  # fmt: skip


def _has_doc(pits: Pits) -> bool:
    """Whether the charge of organic acids is reckoned from DOC anywhere."""
    return any(
        layer.doc > 0.0 and (pits.reading.solves_chemistry or layer.organic_acid is None)
        for site in pits.sites
        for layer in site.layers
    )
