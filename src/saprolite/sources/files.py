"""Opening files of products: one clear error for what is missing, broken or in another unit."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, did_you_mean
from saprolite.places import DATA_VARIABLE
from saprolite.variables import REGISTRY

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

Array = npt.NDArray[np.float64]

# The HDF5 library is not thread-safe, and netCDF4 lets go of the interpreter while it reads. All
# that calls it holds this lock, h5py too: an installation may share one library between the two.
HDF5_LOCK = threading.RLock()

UNIT_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "kg m-2": ("kg m-2", "kg/m2", "kg/m^2", "kg m^-2", "kg m**-2", "mm"),
    "kg m-2 s-1": ("kg m-2 s-1", "kg/m2/s", "kg/m^2/s", "kg m^-2 s^-1", "kg m**-2 s**-1", "mm s-1"),
    "m3 m-3": ("m3 m-3", "m**3 m**-3", "m^3 m^-3", "m3/m3"),
    "m of water per day": ("m of water equivalent", "m of water equivalent per day", "m", "m d-1"),
    "K": ("K", "kelvin", "Kelvin", "degK"),
    "g cm-3": ("g cm-3", "g/cm3", "g/cm^3", "g cm^-3", "kg dm-3", "Mg m-3", "t m-3"),
    "kg m-3": ("kg m-3", "kg/m3", "kg/m^3", "kg m^-3"),
    "1": ("1", "fraction", "kg kg-1", "g g-1", "-", "dimensionless", "0-1"),
    "%": ("%", "percent", "per cent", "pct", "wt%", "% of weight", "% of volume"),
    "m": ("m", "meter", "metre", "meters", "metres"),
    "cm": ("cm", "centimeter", "centimetre"),
}


@dataclass(frozen=True)
class StaticField:
    """A field that does not vary in time, as a product publishes it.

    ``data``: variables on (horizon, lat, lon) or (lat, lon), canonical names and units, NaN where
    missing, latitude and longitude ascending; ``horizons``: depths of the borders, m;
    ``product``: key in the catalogue; ``notes``: what a user must know about its use.
    """

    data: xr.Dataset
    horizons: tuple[float, ...]
    product: str
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def require_file(path: Path, what: str) -> None:
    """Raise unless the file exists and is not empty."""
    if not path.is_file():
        folder = path.parent.is_dir()
        near = (
            [item.name for item in sorted(path.parent.iterdir()) if item.is_file()]
            if folder else []
        )  # fmt: skip
        advice = did_you_mean(path.name, near) if near else ""
        raise InputError(
            "Input file not found (1 problem)",
            [Problem(
                str(path), "no such file" if folder else "no such folder", what,
                advice if advice.startswith("did") else where_paths_start(path),
            )],
        )  # fmt: skip
    if path.stat().st_size == 0:
        raise broken(path, what, "an empty file")


def where_paths_start(path: Path) -> str:
    """What to do about a path that is not there."""
    root = os.environ.get(DATA_VARIABLE)
    if root and path.is_relative_to(Path(root).absolute()):
        return (f"check the path; {DATA_VARIABLE} = {root} takes the place of data_root and of the "
                "folder of the study: unset it if the file lies there")  # fmt: skip
    return "check the path, or data_root"


def broken(path: Path, what: str, found: str) -> InputError:
    """The error for a file that cannot be read."""
    return InputError(
        "Input file cannot be read (1 problem)",
        [Problem(str(path), found, what, "fetch it again if it is truncated; what it is says: "
                 f"saprolite data check {path}")],
    )  # fmt: skip


@contextmanager
def netcdf(path: Path, what: str) -> Iterator[netCDF4.Dataset]:
    """An open NetCDF file with raw values (no masking, no scaling); one thread at a time."""
    import netCDF4

    require_file(path, what)
    with HDF5_LOCK:
        try:
            dataset = netCDF4.Dataset(path)
        except OSError as error:
            found = f"not a complete NetCDF file ({path.stat().st_size} bytes): {error}"
            raise broken(path, what, found) from error
        try:
            dataset.set_auto_maskandscale(False)
            yield dataset
        except RuntimeError as error:  # netCDF4 raises it for a damaged chunk
            raise broken(path, what, f"damaged data: {error}") from error
        finally:
            dataset.close()


def decode(variable: Any, index: Any = ...) -> Array:
    """Values of a NetCDF variable as float64: fill NaN, scale and offset applied (CF 8.1)."""
    return unpacked(np.asarray(variable[index]), attributes_of(variable))


def attributes_of(variable: Any) -> dict[str, Any]:
    """The attributes of a NetCDF variable."""
    return {name: getattr(variable, name) for name in variable.ncattrs()}


def unpacked(raw: npt.NDArray[Any], attributes: Mapping[str, Any]) -> Array:
    """Stored numbers as float64: fill NaN, scale and offset of the attributes applied."""
    values = raw.astype(np.float64)
    for name in ("_FillValue", "missing_value"):
        if name in attributes:
            values[raw == np.asarray(attributes[name]).astype(raw.dtype)] = np.nan
    scale = float(attributes.get("scale_factor", 1.0))
    offset = float(attributes.get("add_offset", 0.0))
    if scale != 1.0:
        values = values * scale
    return values + offset if offset else values


def unit_of(variable: Any) -> str:
    """The ``units`` attribute, or an empty text."""
    return str(getattr(variable, "units", "")).strip()


def known_unit(text: str, accepted: Sequence[str]) -> str | None:
    """Which of the accepted units a spelling means, or None.

    >>> known_unit("kg/m^2", ["kg m-2"])
    'kg m-2'
    """
    for unit in accepted:
        if text in UNIT_SPELLINGS.get(unit, (unit,)):
            return unit
    return None


class Spread(NamedTuple):
    """What a field holds, missing values left out."""

    number: int
    smallest: float
    largest: float
    mean: float | None  # None: not to be held against the plausible bounds

    @classmethod
    def of(cls, values: Array) -> Spread:
        """The spread of the finite values of an array."""
        finite = values[np.isfinite(values)]
        if finite.size == 0:
            return cls(0, np.nan, np.nan, np.nan)
        return cls(finite.size, float(finite.min()), float(finite.max()), float(finite.mean()))

    def joined(self, other: Spread) -> Spread:
        """The spread of two parts of a field together.

        >>> Spread.of(np.array([1.0, 3.0])).joined(Spread.of(np.array([np.nan, 8.0])))
        Spread(number=3, smallest=1.0, largest=8.0, mean=4.0)
        """
        if self.number == 0 or other.number == 0:
            return other if self.number == 0 else self
        number = self.number + other.number
        mean = None
        if self.mean is not None and other.mean is not None:
            mean = (self.number * self.mean + other.number * other.mean) / number
        return Spread(
            number,
            min(self.smallest, other.smallest),
            max(self.largest, other.largest),
            mean,
        )


def range_problem(where: str, name: str, values: Array, advice: str) -> Problem | None:
    """What is wrong if values leave the valid range of a variable of the registry, else None."""
    return spread_problem(where, name, Spread.of(values), advice)


def spread_problem(where: str, name: str, found: Spread, advice: str) -> Problem | None:
    """What is wrong if values leave the valid range of a variable of the registry, else None.

    The mean is held against the plausible bounds when there are at least 100 values: it catches
    a field in another unit whose values happen to be possible.
    """
    variable = REGISTRY[name]
    low, high = variable.valid_range
    if found.number == 0:
        return Problem(
            f"{where}: {name}",
            "no value at all, only missing ones",
            variable.span(low, high),
            "check the fill value and the file",
        )
    if found.smallest < low or found.largest > high:
        return Problem(
            f"{where}: {name}",
            f"{found.smallest:.6g} to {found.largest:.6g}",
            variable.span(low, high),
            advice,
        )
    if variable.plausible_mean and found.mean is not None and found.number >= 100:
        low, high = variable.plausible_mean
        if not low <= found.mean <= high:
            return Problem(
                f"{where}: {name}",
                f"a mean of {found.mean:.4g}",
                f"a mean of {variable.span(low, high)}",
                advice,
            )
    return None
