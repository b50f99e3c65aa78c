"""The files of the page by their paths: served one by one when asked for, or all exported.

A path is looked up, never opened: only those that :meth:`Site.paths` tells exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.resources import files
from typing import Any

from saprolite.places import Place
from saprolite.viewer.catalogue import Shown, grid_file, page
from saprolite.viewer.cells import facts, facts_file, series_file, tiles
from saprolite.viewer.encoding import MAP_BITS, deflated, packed
from saprolite.viewer.labels import keys
from saprolite.viewer.quantities import Quantity, quantities
from saprolite.viewer.viewed_run import ViewedRun

_LIBRARY = ("leaflet/leaflet.js", "leaflet/leaflet.css", "leaflet/LICENSE")
_TOP = {"page.json", "grid.bin"}


class Site:
    """The page of a run, and of another one that it is compared with."""

    def __init__(self, shown: tuple[Shown, ...]) -> None:
        self._shown = {each.name: each for each in shown}

    @classmethod
    def open(cls, out: Place, against: Place | None = None) -> Site:
        """The page of a run folder; raises ``StoreError`` as :meth:`ViewedRun.open`."""
        this = ViewedRun.open(out)
        runs = {"this": this}
        if against is not None:
            runs["against"] = ViewedRun.open(against, onto=this)
        return cls(tuple(_shown(name, run) for name, run in runs.items()))

    def paths(self) -> Iterator[str]:
        """Every file of the page; those that need the same numbers follow one another."""
        yield from self._static
        yield from (f"data/{name}" for name in sorted(_TOP))
        for shown in self._shown.values():
            for quantity in shown.quantities:
                yield from _map_paths(shown, quantity)
            if shown.facts:
                yield from (f"data/{shown.name}/cells/facts/{n}.bin" for n in range(self._tiles))
            for quantity in shown.quantities:
                for key in _keyed(quantity)[0] if _has_series(shown, quantity) else ():
                    for number in range(self._tiles):
                        yield f"data/{shown.name}/cells/{quantity.name}/{key}/{number}.bin"

    def warm(self) -> None:
        """Read what the first cell needs: a fine grid takes seconds to read some 200 maps."""
        for shown in self._shown.values():
            if shown.facts and self._tiles:
                facts_file(shown.facts, 0)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where the page has no such file."""
        if path in self._static:
            return bytes(self._static[path].read_bytes())
        match path.split("/"):
            case ["data", name] if name in _TOP:
                return self._top(name)
            case ["data", run, "maps", quantity, series, layers, file]:
                return self._map(run, quantity, series, layers, _stem(file))
            case ["data", run, "cells", "facts", file]:
                return self._facts(run, self._tile(file))
            case ["data", run, "cells", quantity, series, file]:
                return self._series(run, quantity, series, self._tile(file))
        return None

    @cached_property
    def _static(self) -> dict[str, Any]:
        """Files of the package: the page, its scripts, the library, the coast."""
        folder = files("saprolite.viewer") / "static"
        found = {item.name: item for item in folder.iterdir() if item.is_file()}
        return dict(sorted(found.items())) | {name: folder / name for name in _LIBRARY}

    @property
    def _tiles(self) -> int:
        return tiles(self._shown["this"].run)

    def _top(self, name: str) -> bytes:
        if name == "page.json":
            return page(tuple(self._shown.values()))
        return grid_file(self._shown["this"].run)

    def _find(self, run: str, name: str) -> tuple[Shown, Quantity] | None:
        if run in self._shown:
            for quantity in self._shown[run].quantities:
                if quantity.name == name:
                    return self._shown[run], quantity
        return None

    def _map(self, run: str, name: str, series: str, layers: str, time: str) -> bytes | None:
        found = self._find(run, name)
        if found is None:
            return None
        _, quantity = found
        of_series, of_layers = _keyed(quantity)
        if series not in of_series or layers not in of_layers or time not in _times(found):
            return None
        values = quantity.read(of_series[series], of_layers[layers], time)
        if quantity.is_classes:
            return deflated(values.astype("u1").tobytes())
        return packed(values, MAP_BITS)

    def _facts(self, run: str, tile: int | None) -> bytes | None:
        if run not in self._shown or tile is None or not self._shown[run].facts:
            return None
        return facts_file(self._shown[run].facts, tile)

    def _series(self, run: str, name: str, series: str, tile: int | None) -> bytes | None:
        found = self._find(run, name)
        if found is None or tile is None or not _has_series(*found):
            return None
        shown, quantity = found
        label = _keyed(quantity)[0].get(series)
        return None if label is None else series_file(shown.run, quantity, label, tile)

    def _tile(self, file: str) -> int | None:
        """The number of a tile that exists, written in the one way that it has."""
        stem = _stem(file)
        if not (stem.isascii() and stem.isdigit() and len(stem) < 10):
            return None
        return int(stem) if str(int(stem)) == stem and int(stem) < self._tiles else None


def _shown(name: str, run: ViewedRun) -> Shown:
    found = quantities(run)
    return Shown(name, run, found, facts(found))


def _keyed(quantity: Quantity) -> tuple[dict[str, str], dict[str, str]]:
    """Series and layers by their names in paths."""
    labels = [series.label for series in quantity.series]
    return (dict(zip(keys(labels), labels, strict=True)),
            dict(zip(keys(quantity.layers), quantity.layers, strict=True)))  # fmt: skip


def _times(found: tuple[Shown, Quantity]) -> list[str]:
    """What of a quantity there are maps of: words, and years."""
    shown, quantity = found
    years = shown.run.fields.years if quantity.yearly else ()
    return [*quantity.times, *map(str, years)]


def _map_paths(shown: Shown, quantity: Quantity) -> Iterator[str]:
    of_series, of_layers = _keyed(quantity)
    for series in of_series:
        for time in _times((shown, quantity)):
            for layers in of_layers:
                yield f"data/{shown.name}/maps/{quantity.name}/{series}/{layers}/{time}.bin"


def _has_series(shown: Shown, quantity: Quantity) -> bool:
    return quantity.yearly and bool(shown.run.fields.years)


def _stem(file: str) -> str:
    """The name of a ``.bin`` file without its ending; nothing for another file."""
    return file.removesuffix(".bin") if file.endswith(".bin") else ""
