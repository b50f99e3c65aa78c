"""What the GLDAS forcing of a study and its years do not allow together."""

from __future__ import annotations

from pydantic import BaseModel

from saprolite.errors import Problem
from saprolite.study_parts import BOTH_VERSIONS, SEAM_YEAR, GldasForcing, Inputs

_FIRST_OF_OLDER = 1948
_CHOICES = '"splice", "scale", "2.0-only" or "2.1-only"'


def forcing_problems(forcing: BaseModel, years: range, where: str) -> list[Problem]:
    """Everything that is wrong with ``[inputs.forcing]`` of GLDAS in a study of these years."""
    if not isinstance(forcing, GldasForcing):
        return []
    found = [*_path_problems(forcing), *_field_problems(forcing), *_year_problems(forcing, years)]
    return [
        Problem(f"{where}: inputs.forcing.{name}", *rest) for name, *rest in dict.fromkeys(found)
    ]


def evapotranspiration_problems(inputs: Inputs, where: str) -> list[Problem]:
    """Thresholds of a scaling in ``[inputs.evapotranspiration]`` where nothing is scaled."""
    spec = inputs.evapotranspiration
    if spec is None or spec.other_years == "scale":
        return []
    return [
        Problem(f"{where}: inputs.evapotranspiration.{name}",
                f"{getattr(spec, name)} with other_years = {spec.other_years!r}",
                'a choice of other_years = "scale"',
                f'remove {name}, or set other_years = "scale"')
        for name in ("ratio_limits", "least_evapotranspiration") if getattr(spec, name) is not None
    ]  # fmt: skip


_Found = tuple[str, str, str, str]


def _path_problems(forcing: GldasForcing) -> list[_Found]:
    own = {"path_2_0": forcing.path_2_0, "path_2_1": forcing.path_2_1}
    given = [name for name, path in own.items() if path is not None]
    if forcing.path is None and not given:
        return [("path", "nothing", "a folder of GLDAS Noah monthly, or one file of months",
                 'add path = "..." under [inputs.forcing]')]  # fmt: skip
    found: list[_Found] = []
    if forcing.path is not None and given:
        found.append(("path", f"path and {' and '.join(given)}",
                      "path alone, or path_2_0 and path_2_1",
                      "remove the one or the other"))  # fmt: skip
    if given and forcing.seam is None:
        found.append(("seam", "nothing", f"{_CHOICES}; there is no default",
                      'seam = "scale" brings 2.0 to the level of 2.1'))  # fmt: skip
    needed = {"2.0-only": ["path_2_0"], "2.1-only": ["path_2_1"]}.get(forcing.seam or "", list(own))
    lacking = [name for name in needed if own[name] is None]
    if forcing.path is None and forcing.seam is not None and lacking:
        found.append((lacking[0], "nothing", f'a folder for seam = "{forcing.seam}"',
                      f'add {lacking[0]} = "..." under [inputs.forcing]'))  # fmt: skip
    return found


def _field_problems(forcing: GldasForcing) -> list[_Found]:
    found: list[_Found] = []
    seam = f"seam = {forcing.seam!r}".replace("'", '"') if forcing.seam else "no seam"
    uses = {"seam_year": ("splice", "scale"), "scaled_version": ("scale",),
            **dict.fromkeys(("overlap_years", "ratio_limits", "least_soil_moisture",
                             "least_evapotranspiration"), ("scale",))}  # fmt: skip
    for name, seams in uses.items():
        value = getattr(forcing, name)
        if value is not None and forcing.seam not in seams:
            wanted = " or ".join(f'"{item}"' for item in seams)
            found.append((name, f"{value} with {seam}", f"a choice of seam = {wanted}",
                          f"remove {name}, or set seam"))  # fmt: skip
    overlap = forcing.overlap_years
    if overlap is not None and not (
        BOTH_VERSIONS[0] <= overlap[0] <= overlap[1] <= BOTH_VERSIONS[-1]
    ):
        found.append(("overlap_years", str(overlap),
                      f"[first, last] within {BOTH_VERSIONS[0]} to {BOTH_VERSIONS[-1]}, the years "
                      "that both versions have",
                      f"overlap_years = [{BOTH_VERSIONS[0]}, {BOTH_VERSIONS[-1]}]"))  # fmt: skip
    return found


def _year_problems(forcing: GldasForcing, years: range) -> list[_Found]:
    """Years that a version does not have; a seam that lies outside the study."""
    first, last = years[0], years[-1]
    period, seam = f"{first} to {last}", forcing.seam
    found: list[_Found] = []
    if seam is None:
        return found
    if seam != "2.1-only" and first < _FIRST_OF_OLDER:
        found.append(("seam", f'"{seam}" for {period}', f"years from {_FIRST_OF_OLDER} on",
                      f"first_year = {_FIRST_OF_OLDER} or later"))  # fmt: skip
    if seam == "2.0-only" and last > BOTH_VERSIONS[-1]:
        found.append(("seam", f'"2.0-only" for {period}',
                      f"years up to {BOTH_VERSIONS[-1]}, where GLDAS 2.0 ends",
                      f'last_year = {BOTH_VERSIONS[-1]}, or seam = "scale"'))  # fmt: skip
    if seam == "2.1-only" and first < BOTH_VERSIONS[0]:
        found.append(("seam", f'"2.1-only" for {period}',
                      f"years from {BOTH_VERSIONS[0]} on, where GLDAS 2.1 begins",
                      f'first_year = {BOTH_VERSIONS[0]}, or seam = "scale"'))  # fmt: skip
    if seam not in ("splice", "scale"):
        return found
    at = forcing.seam_year or SEAM_YEAR
    scaled = forcing.scaled_version or "2.0"
    older_used, newer_used = first < at, last >= at
    idle = not (older_used and newer_used)
    if seam == "scale":
        idle = not (older_used if scaled == "2.0" else newer_used)
    if idle:
        only = "2.1-only" if newer_used else "2.0-only"
        found.append(("seam", f'"{seam}" at {at} for {period}',
                      "a seam within the study" if seam == "splice"
                      else f"years of {scaled}, the version that is scaled",
                      f'seam = "{only}", or other years'))  # fmt: skip
    return found
