"""The minerals that saprolite knows by name, and the rule that splits the illite/mica class."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from saprolite.errors import MineralError, Problem, did_you_mean, raise_if_any
from saprolite.minerals.tables import packaged_text

CLAY_MINERALS = ("chlorite", "smectite", "mica", "illite", "vermiculite")


@dataclass(frozen=True)
class Mineral:
    """A mineral by its name.

    ``kinetics_as`` is the mineral whose kinetic rows it uses; ``map_class`` its class in the
    Ito & Wagai (2017) maps, where illite and mica are one class.

    >>> Mineral.named("mica").kinetics_as
    'muscovite'
    """

    name: str
    group: str
    kinetics_as: str
    map_class: str | None = None
    note: str = ""

    @classmethod
    def named(cls, name: str) -> Mineral:
        """The mineral of that name; ``MineralError`` if there is none.

        >>> Mineral.named("ilite")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        saprolite.errors.MineralError: Unknown mineral (1 problem)
        - mineral
            found:    'ilite'
            accepted: chlorite, smectite, mica, illite, ...
            next:     did you mean 'illite'?
        """
        return cls.several([name])[0]

    @classmethod
    def several(cls, names: list[str] | tuple[str, ...]) -> tuple[Mineral, ...]:
        """The minerals of these names; one error names all that are unknown."""
        known = _minerals()
        problems = [
            Problem("mineral", repr(name), ", ".join(known), did_you_mean(name, known))
            for name in names
            if name not in known
        ]
        raise_if_any(MineralError, "Unknown mineral", problems)
        return tuple(known[name] for name in names)

    @staticmethod
    def names() -> tuple[str, ...]:
        """The names of all minerals."""
        return tuple(_minerals())


@cache
def _minerals() -> dict[str, Mineral]:
    table = tomllib.loads(packaged_text("minerals.toml"))
    return {
        name: Mineral(
            name=name,
            group=row["group"],
            kinetics_as=row.get("kinetics_as", name),
            map_class=row.get("ito_wagai"),
            note=row.get("note", ""),
        )
        for name, row in table.items()
    }


def share_of_map_class(mineral: Mineral, mica_share: float) -> float:
    """Share of its Ito & Wagai class that a mineral takes.

    The maps hold illite and mica in one class; ``mica_share`` of it is mica, the rest illite.
    Every other class is one mineral.

    >>> [share_of_map_class(Mineral.named(name), 0.4) for name in ("mica", "illite", "chlorite")]
    [0.4, 0.6, 1.0]
    """
    if mineral.map_class != "illite,mica":
        return 1.0
    return mica_share if mineral.name == "mica" else 1.0 - mica_share
