"""What a field loses on a coarser grid: the field against itself, taken through the coarse cells.

An error of preprocessing as a statistic of a pair, fine and coarse: the coarse means stand on every
fine cell that they were made from, and are compared with what was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.grid.cells import Grid
from saprolite.grid.regrid import conservative

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]
_ANY = 1e-6  # share of a cell with a value that is enough: no value is lost on the way


class ResamplingError(NamedTuple):
    """Error of a resampled field, coarse c against fine f; all means are weighted by area.

    ``mean_absolute_relative_percent``: mean of |c - f|/|f|. Cells where |f| is ``least`` or less
    have no such ratio; ``without_ratio_percent`` is their share of the compared area.
    ``mean_absolute_percent``: mean of |c - f| over the mean of |f|. ``rms_percent``: root of the
    mean of (c - f)^2 over the mean of |f|. ``bias_percent``: mean of c - f over the mean of |f|.
    ``cells``: number of compared values, those that both fields have.
    """

    mean_absolute_relative_percent: float
    mean_absolute_percent: float
    rms_percent: float
    bias_percent: float
    without_ratio_percent: float
    cells: int


def resampled(fine: xr.DataArray, coarse: Grid) -> xr.DataArray:
    """A field taken through the cells of a coarser grid: its area means there, on its own cells.

    ``fine`` has ``lat`` and ``lon`` last (normalised); both ways are area means on the sphere
    (:func:`saprolite.grid.conservative`). Cells that are missing in ``fine`` stay missing, and none
    more are.

    >>> import xarray as xr
    >>> fine = Grid.globe(30.0)
    >>> field = xr.DataArray(np.tile(np.arange(12.0), (6, 1)), dims=("lat", "lon"),
    ...                      coords={"lat": fine.lat, "lon": fine.lon})
    >>> resampled(field, Grid.globe(60.0)).values[0, :4].round(12)
    array([0.5, 0.5, 2.5, 2.5])
    """
    grid = Grid.from_centres(fine["lat"], fine["lon"], str(fine.name or "field"))
    returned = conservative(conservative(fine, coarse, _ANY), grid, _ANY)
    back = returned.assign_coords(lat=fine["lat"], lon=fine["lon"])
    return back.where(np.isfinite(fine))


def resampling_error(
    fine: xr.DataArray, coarse: xr.DataArray, least: float = 0.0
) -> ResamplingError:
    """Area-weighted error statistics of a resampled field against the field itself.

    Parameters
    ----------
    fine, coarse
        The field and what :func:`resampled` made of it (or another way of resampling): the same
        cells and unit, ``lat`` and ``lon`` last, any dimensions before them; NaN where missing.
    least
        Cells whose \\|fine\\| is this or less have no relative error; unit of the field, >= 0.

    Returns
    -------
    :class:`ResamplingError`, in %; 0 for identical fields. NaN where no cell has both values, or
    nothing to divide by.

    Raises
    ------
    InputError
        If the fields are not on the same cells.

    Source: the manuscript prints an average error of preprocessing of 6.22 % by resampling (line
    445) without its definition; a mean of the relative changes of the cells, or of the changes over
    the mean of the field: the first two of these. Golden value, a checkerboard of 1 and 3:

    >>> import xarray as xr
    >>> cells = Grid.globe(30.0)
    >>> board = 1.0 + 2.0 * (np.add.outer(np.arange(6), np.arange(12)) % 2)
    >>> field = xr.DataArray(board, {"lat": cells.lat, "lon": cells.lon}, ("lat", "lon"))
    >>> error = resampling_error(field, resampled(field, Grid.globe(60.0)))
    >>> " ".join(f"{value:.4f}" for value in error[:3])
    '66.6667 50.0000 50.0000'
    """
    one, other = (np.asarray(field.values, np.float64) for field in (fine, coarse))
    grid = Grid.from_centres(fine["lat"], fine["lon"], str(fine.name or "field"))
    _require_same(grid, fine, coarse)
    # Areas of the sphere, as those of the regridding: what it conserves has no bias.
    area = np.broadcast_to(grid.areas("sphere"), one.shape)
    both = np.isfinite(one) & np.isfinite(other)
    weights = area[both]
    value, change = one[both], other[both] - one[both]
    size = np.abs(value)
    large = size > least
    level = _mean(size, weights)
    return ResamplingError(
        100.0 * _mean(np.abs(change[large]) / size[large], weights[large]),
        _percent(_mean(np.abs(change), weights), level),
        _percent(float(np.sqrt(_mean(change * change, weights))), level),
        _percent(_mean(change, weights), level),
        100.0 * _mean((~large).astype(np.float64), weights),
        int(both.sum()),
    )


def _mean(values: Array, weights: Array) -> float:
    return float(np.average(values, weights=weights)) if values.size else float("nan")


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0.0 else float("nan")


def _require_same(grid: Grid, fine: xr.DataArray, coarse: xr.DataArray) -> None:
    other = Grid.from_centres(coarse["lat"], coarse["lon"], str(coarse.name or "coarse"))
    if fine.shape != coarse.shape or not grid.same_as(other):
        raise InputError(
            "The fields cannot be compared (1 problem)",
            [Problem("coarse", f"{coarse.shape} on {other.describe()}",
                     f"{fine.shape} on {grid.describe()}, as fine",
                     "take the field through the coarse grid and back: resampled(fine, grid)")],
        )  # fmt: skip
