"""What must hold within a layer and within a site, beyond each value's own unit and range.

The same rules serve the files, where one error lists all that is wrong, and the dataclasses of
:mod:`saprolite.column.site`, which hold nothing that breaks them. ``given`` names the keys that are
there, also those whose value could not be read: a rule does not call them missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from saprolite.column.site_quantities import quantity
from saprolite.constants import PARTICLE_DENSITY
from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import Problem, did_you_mean
from saprolite.minerals import Mineral

DEPOSITION = ("Ca", "Mg", "K", "Na", "NH4", "NO3", "SO4", "Cl")
UPTAKE = ("Ca", "Mg", "K", "N")
TEXTURE = ("clay", "silt", "sand")
SHARES = {"evapotranspiration_share": "evapotranspiration", "uptake_share": "uptake"}
CHEMISTRY = (
    "ph", "aluminium", "base_cations", "organic_acid", "silica",
    "calcium", "magnesium", "potassium", "sodium",
)  # fmt: skip
LAYER_REQUIRED = ("thickness", "temperature", "co2", "doc", "log_gibbsite")
SITE_REQUIRED = ("precipitation", "evapotranspiration")

# Shares and mineral fractions are decimal numbers: their sums miss by rounding only.
SUM_TOLERANCE = 1e-6
# Moisture, bulk density and particle density are measured apart: their pore space may miss by this.
PORE_SPACE_TOLERANCE = 0.05


def closest(word: str, accepted: Iterable[str]) -> str:
    """Advice for an unknown word, whatever its case.

    >>> closest("no3", ("NH4", "NO3")), closest("K-feldspar", ("albite", "k_feldspar"))
    ("did you mean 'NO3'?", "did you mean 'k_feldspar'?")
    """
    words = list(accepted)
    plain = word.strip().casefold().replace("-", "_").replace(" ", "_")
    return did_you_mean(next((item for item in words if item.casefold() == plain), word), words)


def missing_problem(
    group: str,
    needed: Iterable[str],
    given: Collection[str],
    where: str,
    example: Callable[[str], str],
) -> list[Problem]:
    """The keys of a group that are not given, as one problem that lists them all.

    ``example`` makes what to add for a key.

    >>> print(*missing_problem("deposition", ("Ca", "Cl"), ("Ca",), "site 'P'", "{} = 0".format))
    site 'P': deposition
        found:    no Cl
        accepted: a value for each of Ca, Cl; 0 is allowed
        next:     add Cl = 0
    """
    needed = list(needed)
    missing = [key for key in needed if key not in given]
    if not missing:
        return []
    lines = ", ".join(example(key) for key in missing)
    place = f"{where}: {group}" if group else where
    zero = "; 0 is allowed" if group else ""
    return [
        Problem(
            place,
            "no " + ", ".join(missing),
            f"a value for each of {', '.join(needed)}{zero}",
            f"add {lines}",
        )
    ]


def layer_problems(
    values: Mapping[str, float], minerals: Mapping[str, float], given: Collection[str], where: str
) -> list[Problem]:
    """What is wrong with the values of a layer (SI) taken together."""
    return [
        *_moisture_problems(values, given, where),
        *_area_problems(values, given, where),
        *_mineral_problems(minerals, where),
    ]


def _moisture_problems(
    values: Mapping[str, float], given: Collection[str], where: str
) -> list[Problem]:
    both = [key for key in ("soil_moisture", "saturation") if key in given]
    if len(both) != 1:
        return [
            Problem(
                f"{where}: soil_moisture or saturation",
                "both" if both else "neither",
                "exactly one of soil_moisture (m3 m-3) and saturation (of the pores)",
                "leave one out" if both else 'add soil_moisture = "... %" or saturation = "... %"',
            )
        ]
    moisture, density = values.get("soil_moisture"), values.get("bulk_density")
    if moisture is None or density is None:
        return []
    pores = 1.0 - density / PARTICLE_DENSITY
    if moisture <= pores + PORE_SPACE_TOLERANCE:
        return []
    return [
        Problem(
            f"{where}: soil_moisture",
            f"{moisture:g} m3 m-3, with a bulk density of {density:g} kg m-3",
            f"at most the pore space, {pores:.2f} (1 - bulk density / {PARTICLE_DENSITY:g} kg m-3)",
            "check both: soil_moisture is by volume, bulk_density is dry",
        )
    ]


def _area_problems(
    values: Mapping[str, float], given: Collection[str], where: str
) -> list[Problem]:
    problems = []
    texture = [key for key in TEXTURE if key in given]
    if bool(texture) == ("surface_area" in given):
        problems.append(
            Problem(
                f"{where}: texture or surface_area",
                "both" if texture else "neither",
                "exactly one of texture (clay, silt, sand of the whole soil) and a measured "
                "surface_area",
                "leave one out"
                if texture
                else 'add clay = "... %", silt = "... %", sand = "... %"',
            )
        )
    elif texture:
        problems += missing_problem(
            "", TEXTURE, texture, f"{where}: texture", '{} = "... %"'.format
        )
    if all(key in values for key in TEXTURE):
        total = sum(values[key] for key in TEXTURE)
        if total > 1.0 + TEXTURE_SUM_TOLERANCE:
            problems.append(
                Problem(
                    f"{where}: clay + silt + sand",
                    f"{total:g}",
                    f"1 or less (up to {1.0 + TEXTURE_SUM_TOLERANCE:g} from rounding); "
                    "the rest is coarse",
                    "give mass fractions of the whole soil, stones included",
                )
            )
    if "bulk_density" not in given and not {"saturation", "surface_area"} <= set(given):
        problems.append(
            Problem(
                f"{where}: bulk_density",
                "nothing",
                quantity("bulk_density").accepted
                + " (it may be left out with saturation and a surface_area in m2/m3)",
                'add bulk_density = "... g/cm3"',
            )
        )
    return problems


def _mineral_problems(minerals: Mapping[str, float], where: str) -> list[Problem]:
    known = Mineral.names()
    problems = [
        Problem(f"{where}: minerals", repr(name), ", ".join(known), closest(name, known))
        for name in minerals
        if name not in known
    ]
    total = sum(minerals.values())
    if total > 1.0 + SUM_TOLERANCE:
        problems.append(
            Problem(
                f"{where}: minerals",
                f"fractions that add up to {total:g}",
                "1 or less: mass fractions of the whole soil; the rest is inert or organic",
                "scale them down, or leave out what is counted twice",
            )
        )
    return problems


def water_problems(values: Mapping[str, float], where: str) -> list[Problem]:
    """A site from which no water percolates: the steady state of its layers has no solution."""
    rain, evaporation = (values.get(key) for key in SITE_REQUIRED)
    if rain is None or evaporation is None or evaporation < rain:
        return []
    return [
        Problem(
            f"{where}: evapotranspiration",
            f"{evaporation:g} m yr-1, with a precipitation of {rain:g} m yr-1",
            "less than the precipitation, so that water percolates out of the pit",
            "check both",
        )
    ]


def share_problems(
    key: str, shares: Iterable[float], total: float | None, where: str
) -> list[Problem]:
    """Shares of the layers that do not add up to 1; all may be 0 where nothing is shared.

    ``total``: what is shared, summed over the ions; None where it could not be read.

    >>> share_problems("uptake_share", (0.5, 0.5), 1e-5, "P")
    []
    >>> print(*share_problems("uptake_share", (0.4, 0.5), 1e-5, "P"))
    P: uptake_share
        found:    shares that add up to 0.9 over the layers
        accepted: 1: each layer's part of the site's uptake
        next:     correct the shares; with the other layers as they are the last is 0.6
    """
    found = list(shares)
    together = sum(found)
    if abs(together - 1.0) <= SUM_TOLERANCE or (total == 0.0 and not any(found)):
        return []
    last = 1.0 - together + found[-1]
    fix = f"; with the other layers as they are the last is {last:.6g}" if 0 <= last <= 1 else ""
    return [
        Problem(
            f"{where}: {key}",
            f"shares that add up to {together:.9g} over the layers",
            f"1: each layer's part of the site's {SHARES[key]}",
            f"correct the shares{fix}",
        )
    ]


def nitrification_problem(where: str) -> Problem:
    """A layer without nitrification in a site where NH4 is deposited."""
    return Problem(
        f"{where}: nitrification",
        "nothing, with NH4 in the deposition",
        quantity("nitrification").accepted + ": the part of the NH4 that is nitrified here",
        'add nitrification = "... %" (0 for none)',
    )


def repeated_problems(names: Iterable[str], what: str, where: str) -> list[Problem]:
    """Names that occur more than once.

    >>> repeated_problems(["O", "B", "O"], "layer", "P")[0].found
    "2 layers named 'O'"
    """
    words = list(names)
    return [
        Problem(
            where,
            f"{words.count(name)} {what}s named {name!r}",
            f"one name for each {what}",
            f"rename the {what}s",
        )
        for name in dict.fromkeys(words)
        if words.count(name) > 1
    ]
