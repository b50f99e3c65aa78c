"""What the annual flux of a run is stored by, beside its total: kinetic groups, or minerals."""

from __future__ import annotations

from typing import Any, NamedTuple

from saprolite.inputs import Prepared

BY_GROUP = "carbon_sink_flux_by_group"
BY_MINERAL_AND_YEAR = "carbon_sink_flux_by_mineral_and_year"


class Coordinate(NamedTuple):
    """A value for each part: its values and attributes."""

    values: list[float]
    attributes: dict[str, Any]


class Parts(NamedTuple):
    """The parts of a flux: array and dimension in the store, the minerals (by position) of each
    part, whether they are stored (one group alone is the total), coordinates along the parts."""

    array: str
    dim: str
    members: tuple[tuple[int, ...], ...]
    stored: bool
    long_name: str
    coordinates: dict[str, Coordinate]


def parts_of(prepared: Prepared) -> Parts:
    """The parts of a run: static shares divide a kinetic group of the CO2 pathway among its
    minerals; in a soil column every mineral has a flux of its own each year."""
    if prepared.column is not None:
        members = tuple((index,) for index in range(len(prepared.minerals)))
        name = "carbon sink flux by mineral and year"
        return Parts(BY_MINERAL_AND_YEAR, "mineral", members, True, name, {})
    groups = prepared.model.groups
    coordinates = {
        "order": Coordinate(
            [item.order for item in groups],
            {"long_name": "reaction order of the group", "units": "1"},
        ),
        "coefficient": Coordinate(
            [item.coefficient for item in groups],
            {"long_name": "temperature coefficient of the group, base e", "units": "K"},
        ),
    }
    return Parts(
        BY_GROUP,
        "group",
        tuple(group.members for group in groups),
        len(groups) > 1,
        "carbon sink flux by kinetic group",
        coordinates,
    )
