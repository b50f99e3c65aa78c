"""Exceedance of critical loads: of the critical load function of N and S, and of nutrient N.

The critical load function is the horizontal line S = CL(S)max from N = 0 to CL(N)min, then the
straight line down to N = CL(N)max at S = CL(S)min (0 in the simple mass balance). Every pair of
depositions on or below it is bearable. The exceedance is the smallest cut, in the sense of the
shortest path to the function, added up over N and S:

Regions: 0 not exceeded; 1 (S at or below CL(S)min) cut N alone; 2 cut both, to the corner CL(N)max,
CL(S)min; 3 cut both, at right angles to the line; 4 cut both, to the corner CL(N)min, CL(S)max;
5 (N at or below CL(N)min) cut S alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from saprolite.equations._typing import Number
from saprolite.equations.elementary import maximum, minimum

# Keeps 0/0 from arising where the line has no length; far below the square of any flux.
_NO_LENGTH = 1.0e-300
_AT_N_AXIS, _AT_N_CORNER, _AT_LINE, _AT_S_CORNER, _AT_S_EDGE = 1.0, 2.0, 3.0, 4.0, 5.0


class Exceedance(NamedTuple):
    """Exceedance in N and in S, their sum (unit of the loads), and the region, 0 to 5."""

    nitrogen: Number
    sulphur: Number
    total: Number
    region: Number


def exceedance(
    nitrogen: Number,
    sulphur: Number,
    nitrogen_minimum: Number,
    nitrogen_maximum: Number,
    sulphur_maximum: Number,
    sulphur_minimum: Number = 0.0,
) -> Exceedance:
    """Ex = Ex_N + Ex_S along the shortest path to the critical load function.

    The nearest bearable point is the projection on the line from (CL(N)min, CL(S)max) to
    (CL(N)max, CL(S)min), held within its ends; where that point asks for more N or S than is
    deposited, nothing is cut.

    Parameters
    ----------
    nitrogen, sulphur
        Ndep and (non-marine) Sdep, 0 or more, in any one unit of charge per area and time.
    nitrogen_minimum, nitrogen_maximum, sulphur_maximum, sulphur_minimum
        CL(N)min, CL(N)max, CL(S)max, CL(S)min in the same unit. A CL(S)max below CL(S)min counts
        as equal to it, a CL(N)max below CL(N)min likewise.

    Returns
    -------
    Named tuple nitrogen, sulphur, total, region (see the head of the module). NaN where an
    argument is NaN.

    Source: Mapping Manual VII.4, as written out in NIVA critical_loads_2 (regions, order of the
    tests). Golden values, means over the Modalen catchment, all in region 3, meq m-2 yr-1 (same
    repository, cl_vestland):

    >>> found = exceedance(42.867237, 10.394595, 3.0518119, 45.8125038, 34.8546829)
    >>> "%.4f %.4f %.4f region %.0f" % found
    '3.9148 4.8028 8.7177 region 3'
    """
    top = maximum(sulphur_maximum, sulphur_minimum)
    right = maximum(nitrogen_maximum, nitrogen_minimum)
    run, drop = right - nitrogen_minimum, top - sulphur_minimum
    length_squared = maximum(run * run + drop * drop, _NO_LENGTH)
    along = ((nitrogen - nitrogen_minimum) * run - (sulphur - top) * drop) / length_squared
    held = minimum(maximum(along, 0.0), 1.0)
    in_nitrogen = maximum(nitrogen - nitrogen_minimum - held * run, 0.0)
    in_sulphur = maximum(sulphur - top + held * drop, 0.0)
    total = in_nitrogen + in_sulphur
    corner = _select(along <= 0.0, _AT_S_CORNER, _AT_LINE)
    corner = _select(along >= 1.0, _AT_N_CORNER, corner)
    corner = _select(nitrogen <= nitrogen_minimum, _AT_S_EDGE, corner)
    corner = _select(sulphur <= sulphur_minimum, _AT_N_AXIS, corner)
    return Exceedance(in_nitrogen, in_sulphur, total, (total > 0.0) * corner + 0.0 * total)


def nutrient_exceedance(nitrogen: Number, critical_load: Number) -> Number:
    """Ex_nut = max(Ndep - CL_nut(N), 0).

    Parameters: ``nitrogen`` Ndep, ``critical_load`` CL_nut(N), one unit. Returns: that unit.
    Source: GAINS documentation (IIASA), impacts on ecosystems.

    >>> f"{nutrient_exceedance(6e-5, 4.9e-5):.1e} {nutrient_exceedance(4e-5, 4.9e-5):.1f}"
    '1.1e-05 0.0'
    """
    return maximum(nitrogen - critical_load, 0.0)


def _select(condition: Any, yes: Number, no: Number) -> Number:
    """``yes`` where the condition holds, else ``no``, without a branch."""
    return condition * yes + (1.0 - condition) * no
