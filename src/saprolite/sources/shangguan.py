"""Absolute depth to bedrock of Shangguan et al. (2017): ``BDTICM_M_*_ll.tif``, whole centimetres.

Quirks: two more maps of the product look alike: ``BDRICM`` stops at 200 cm, ``BDRLOG`` is a
probability in percent. Depth to bedrock is deeper than soil: it holds regolith and sediment too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.sources.files import Array, Spread, StaticField
from saprolite.sources.rasters import means_of_bands, opened_geographic
from saprolite.sources.thickness import effective_thickness, layers_present, refuse_thick

_WHAT = "BDTICM_M_250m_ll.tif, BDTICM_M_1km_ll.tif or BDTICM_M_10km_ll.tif"
_M_PER_CM = 0.01
_OTHER_MAPS = {"BDRICM": "depth to bedrock up to 200 cm", "BDRLOG": "a probability in percent"}
# The mean over a hundred cells or more: metres or millimetres read as centimetres leave it.
_PLAUSIBLE_MEAN = (0.5, 300.0)
_ENOUGH = 100


def read_shangguan(
    path: Path, layer_edges: tuple[float, ...], target: Grid, valid_share: float = 0.5
) -> StaticField:
    """What lies above the bedrock in each layer, m, as the mean over target cells.

    The layers are clipped on the map's own grid and averaged afterwards. The map is read in bands.
    """
    other = next((text for name, text in _OTHER_MAPS.items() if name in path.name.upper()), None)
    if other is not None:
        raise _refused(path, other, _WHAT, "give the absolute depth to bedrock, BDTICM")
    seen = Spread(0, np.nan, np.nan, np.nan)
    with opened_geographic(path, _WHAT) as raster:

        def present(stored: list[npt.NDArray[Any]]) -> Array:
            nonlocal seen
            thickness = _M_PER_CM * stored[0].astype(np.float64)
            thickness[stored[0] == raster.nodata] = np.nan
            if np.nanmin(thickness, initial=0.0) < 0.0:
                low = 100.0 * np.nanmin(thickness)
                advice = "set the nodata value of the file, e.g. gdal_edit.py -a_nodata"
                raise _refused(path, f"{low:g}, nodata {raster.nodata}", "0 cm or more", advice)
            refuse_thick(path, thickness, "the product is in cm: give the published file")
            seen = seen.joined(Spread.of(thickness))
            return layers_present(thickness, layer_edges)

        means = means_of_bands([raster], target, valid_share, present, str(path))
    low, high = _PLAUSIBLE_MEAN
    if seen.number >= _ENOUGH and seen.mean is not None and not low <= seen.mean <= high:
        raise _refused(path, f"a mean of {seen.mean:.3g} m, read as cm", f"{low:g} to {high:g} m",
                       "the product is in cm: give the published file, or use "
                       'product = "raster" with units')  # fmt: skip
    notes = ("thickness: depth to bedrock, which holds regolith and sediment besides soil",)
    return effective_thickness(means, layer_edges, target, "shangguan", (path,), notes)


def _refused(path: Path, found: str, accepted: str, advice: str) -> InputError:
    return InputError(
        "The depth to bedrock cannot be used (1 problem)",
        [Problem(str(path), found, accepted, advice)],
    )
