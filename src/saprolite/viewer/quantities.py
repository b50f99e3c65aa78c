"""What a run has to show: each quantity with its unit, series, layers, times and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.annual import CONTROL, FLUX, STATES
from saprolite.analysis.classes import CONTROLS, SYNERGIES
from saprolite.viewer.labels import in_words, unit_of
from saprolite.viewer.viewed_run import ViewedRun

MEAN, SLOPE, P, INTERCEPT, VALUE = "mean", "slope", "p", "intercept", "value"
SUM, AVERAGE, SHARES = "sum", "average", "shares"
ALL = "all"
# (series, layers, time) to values on the cells; a time is a year, or one of the words above.
Read = Callable[[str, str, str], npt.NDArray[Any]]
_SOIL = ("effective_thickness", "clay", "silt", "sand", "bulk_density")


@dataclass(frozen=True)
class Series:
    """One of the kinds that a quantity has: an experiment, a mineral, a driver.

    ``centred``: colours about 0; ``like``: the series whose map the colours are scaled to.
    """

    label: str
    name: str
    scale: str
    centred: bool
    like: str


@dataclass(frozen=True)
class Quantity:
    """Something that can be shown as a map.

    ``unit``: of the values; ``meaning``: the long name in its store; ``times``: words of the stored
    maps; ``yearly``: a map for each year, too; ``area``: what becomes of an area (``sum`` of value
    times area, ``average`` by area, ``shares`` of classes); ``classes``: names by code, for
    maps of classes.
    """

    name: str
    title: str
    heading: str
    unit: str
    series: tuple[Series, ...]
    layers: tuple[str, ...]
    times: tuple[str, ...]
    read: Read
    meaning: str = ""
    yearly: bool = False
    area: str = AVERAGE
    classes: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_classes(self) -> bool:
        """Whether its values are codes of classes."""
        return bool(self.classes)


def quantities(run: ViewedRun) -> tuple[Quantity, ...]:
    """All that the run has; what it lacks is not among them. The flux is the first."""
    found: list[Quantity | None] = [
        _flux(run), _flux_trend(run), _contribution(run),
        *(_classes(run, name, codes)
          for name, codes in (("main_control", CONTROLS), ("synergy", SYNERGIES))),
        _by_mineral(run),
    ]  # fmt: skip
    for state in STATES:
        found += [_state(run, state), _state_trend(run, state)]
    found += [_soil(run, name) for name in _SOIL]
    found.append(_minerals(run))
    return tuple(quantity for quantity in found if quantity is not None)


def _flux(run: ViewedRun) -> Quantity:
    def read(series: str, layers: str, time: str) -> npt.NDArray[Any]:
        group = run.group(layers)
        if time == MEAN:
            return run.mean(("flux", series, layers), lambda year: run.flux(series, group, year))
        return run.flux(series, group, int(time))

    return Quantity(
        "flux", "Carbon sink flux", "Carbon sink", unit_of(run.fields.fluxes[FLUX].attrs),
        _experiments(run.fields.series, "sink"), _names(run.yearly_groups),
        (MEAN,) if run.fields.years else (), read, _meaning(run.fields.fluxes[FLUX]), yearly=True,
        area=SUM,
    )  # fmt: skip


def _flux_trend(run: ViewedRun) -> Quantity | None:
    """Trends of the analysis; else of the run itself, by layer and of the column."""
    if run.maps is not None and "trend_slope" in run.maps:
        maps, layers = run.maps, _names(run.fields.groups)
        times: tuple[str, ...] = (SLOPE, P, INTERCEPT)

        def read(series: str, layers: str, time: str) -> npt.NDArray[Any]:
            return run.stored(maps, f"trend_{time}", {"series": series, "layers": layers})

    elif run.finished and "column_trend_slope" in run.fields.fluxes:
        maps, layers = run.fields.fluxes, _names(run.yearly_groups)
        times, singles = (SLOPE, P), layers[: len(run.fields.layer_bounds)]

        def read(series: str, layers: str, time: str) -> npt.NDArray[Any]:
            if layers not in singles:
                return run.stored(maps, f"column_trend_{time}", {"series": series})
            number = str(maps["layer"].values[singles.index(layers)])
            return run.stored(maps, f"trend_{time}", {"series": series, "layer": number})

    else:
        return None
    return Quantity(
        "flux_trend", "Trend of the carbon sink flux", "Carbon sink",
        unit_of(maps["trend_slope"].attrs),
        tuple(Series(label, in_words(label), "change", True, CONTROL)
              for label in (str(name) for name in maps["series"].values)),
        layers, times, read, _meaning(maps["trend_slope"]), area=SUM,
    )  # fmt: skip


def _contribution(run: ViewedRun) -> Quantity | None:
    name = "relative_contribution"
    maps = run.maps
    if maps is None or name not in maps:
        return None
    scales = {"soil_moisture": "moisture_change", "soil_temperature": "temperature_change"}
    return Quantity(
        name, "Relative contribution to the trend (Eq 10)", "Carbon sink",
        unit_of(maps[name].attrs),
        tuple(Series(label, in_words(label), scales.get(label, "change"), True, label)
              for label in (str(driver) for driver in maps["driver"].values)),
        _names(run.fields.groups), (VALUE,),
        lambda driver, layers, _: run.stored(maps, name, {"driver": driver, "layers": layers}),
    )  # fmt: skip


def _classes(run: ViewedRun, name: str, codes: Mapping[int, str]) -> Quantity | None:
    maps = run.maps
    if maps is None or name not in maps:
        return None
    title = {"main_control": "Main control of the trend",
             "synergy": "Signs of soil moisture and temperature together"}[name]  # fmt: skip
    return Quantity(
        name, title, "Carbon sink", "", _alone("classes"), _names(run.fields.groups), (VALUE,),
        lambda _, layers, __: run.stored(maps, name, {"layers": layers}),
        area=SHARES, classes=codes,
    )  # fmt: skip


def _by_mineral(run: ViewedRun) -> Quantity | None:
    name = "carbon_sink_flux_by_mineral"
    store = run.fields.fluxes
    if not run.finished or name not in store:
        return None

    def read(mineral: str, layers: str, _: str) -> npt.NDArray[Any]:
        group = run.group(layers)
        numbers = [str(number) for number in store["layer"].values[group.layers]]
        return np.asarray(sum(
            run.stored(store, name, {"mineral": mineral, "layer": number}) for number in numbers
        ))  # fmt: skip

    labels = [str(mineral) for mineral in store["mineral"].values]
    return Quantity(
        "flux_by_mineral", "Carbon sink flux by mineral", "Carbon sink",
        unit_of(store[name].attrs),
        tuple(Series(label, in_words(label), "sink", False, label) for label in labels),
        _names(run.yearly_groups), (MEAN,), read, _meaning(store[name]), area=SUM,
    )  # fmt: skip


def _state(run: ViewedRun, state: str) -> Quantity | None:
    if not run.fields.years or not run.fields.has_state(state):
        return None
    stores = (run.fields.inputs, run.fields.fluxes)
    array = next(store[name] for store in stores if store is not None
                 for name in (state, STATES[state]) if name in store)  # fmt: skip

    def read(_: str, layers: str, time: str) -> npt.NDArray[Any]:
        group = run.group(layers)
        if time == MEAN:
            return run.mean((state, layers), lambda year: run.state_of(state, group, year))
        return run.state_of(state, group, int(time))

    return Quantity(
        state, f"{in_words(state).capitalize()}, annual mean", "Drivers", unit_of(array.attrs),
        _alone(state.removeprefix("soil_")), _names(run.yearly_groups), (MEAN,), read, yearly=True,
    )  # fmt: skip


def _state_trend(run: ViewedRun, state: str) -> Quantity | None:
    maps = run.maps
    if maps is None or f"{state}_trend_slope" not in maps:
        return None
    return Quantity(
        f"{state}_trend", f"Trend of {in_words(state)}", "Drivers",
        unit_of(maps[f"{state}_trend_slope"].attrs),
        _alone(f"{state.removeprefix('soil_')}_change", centred=True), _names(run.fields.groups),
        (SLOPE, P, INTERCEPT),
        lambda _, layers, time: run.stored(maps, f"{state}_trend_{time}", {"layers": layers}),
    )  # fmt: skip


def _soil(run: ViewedRun, name: str) -> Quantity | None:
    store = run.fields.inputs
    if store is None or name not in store:
        return None
    return _static(run, store, name, _alone("soil"), lambda _: {})


def _minerals(run: ViewedRun) -> Quantity | None:
    store, name = run.fields.inputs, "mineral_share"
    if store is None or name not in store:
        return None
    labels = [str(mineral) for mineral in store["mineral"].values]
    series = tuple(Series(label, in_words(label), "soil", False, label) for label in labels)
    return _static(run, store, name, series, lambda mineral: {"mineral": mineral})


def _static(
    run: ViewedRun, store: xr.Dataset, name: str, series: tuple[Series, ...],
    where: Callable[[str], dict[str, str]],
) -> Quantity:  # fmt: skip
    """An input of the soil by layer, as it lies in ``inputs.zarr``."""
    layers = _names(run.fields.groups)[: len(run.fields.layer_bounds)]
    numbers = [str(number) for number in store["layer"].values]

    def read(label: str, layer: str, _: str) -> npt.NDArray[Any]:
        return run.stored(store, name, {**where(label), "layer": numbers[layers.index(layer)]})

    return Quantity(
        name, in_words(name).capitalize(), "Soil", unit_of(store[name].attrs), series, layers,
        (VALUE,), read, _meaning(store[name]),
    )  # fmt: skip


def _experiments(labels: Sequence[str], scale: str) -> tuple[Series, ...]:
    """The control and what varies one driver are scaled alike; contributions lie about 0."""
    return tuple(
        Series(label, in_words(label), "change", True, label)
        if label.startswith("contribution_of_")
        else Series(label, in_words(label), scale, False, CONTROL)
        for label in labels
    )


def _alone(scale: str, *, centred: bool = False) -> tuple[Series, ...]:
    """Of a quantity that has no kinds."""
    return (Series(ALL, "", scale, centred, ALL),)


def _meaning(array: xr.DataArray) -> str:
    return str(array.attrs.get("long_name", ""))


def _names(groups: Sequence[Any]) -> tuple[str, ...]:
    return tuple(group.name for group in groups)
