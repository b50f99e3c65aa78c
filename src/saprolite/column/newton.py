"""Newton's method inside a bracket, for many independent equations at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# The balance is accepted at 1e-10; the search goes on to rounding where it can.
TOLERANCE = 1e-10
AIM = 1e-13
ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


def changes_sign(
    function: Callable[[Array], tuple[Array, Array, Array]], low: Array, high: Array
) -> Flags:
    """Whether an increasing function is negative at ``low`` and positive at ``high``, per lane."""
    return np.asarray((function(low)[0] <= 0.0) & (function(high)[0] >= 0.0))


def bracketed_newton(
    function: Callable[[Array], tuple[Array, Array, Array]],
    low: Array,
    high: Array,
    start: Array,
    lanes: Flags,
) -> tuple[Array, Flags]:
    """Root of an increasing function per lane; returns it and whether it was found.

    ``function(x)`` gives value, derivative and scale (what the value is small against), per lane.
    A Newton step that leaves the bracket, or that follows a step which did not halve the value, is
    replaced by bisection, so the search always ends; each lane is tested on its own and frozen
    when it has converged. ``lanes`` are those with a change of sign in the bracket
    (:func:`changes_sign`); the others are not found.
    """
    low, high = low.copy(), high.copy()
    x = np.where(np.isfinite(start), np.clip(start, low, high), 0.5 * (low + high))
    running = lanes.copy()
    found = np.zeros_like(lanes)
    before = np.full(x.shape, np.inf)
    while running.any():
        value, slope, scale = function(x)
        size = np.abs(value)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = x - value / slope
        exhausted = (high - low <= ROUNDING * np.abs(x)) | (np.abs(step - x) <= 1e-16 * np.abs(x))
        done = running & ((size <= AIM * scale) | exhausted)
        found |= done & (size <= TOLERANCE * scale)
        # NaN lies neither below nor above: such a lane is closed as not found.
        running &= ~done & np.isfinite(value)
        low = np.where(running & (value < 0.0), x, low)
        high = np.where(running & (value > 0.0), x, high)
        newton = (step >= low) & (step <= high) & (size <= 0.5 * before)
        before = np.where(newton, size, np.inf)
        following = np.where(newton, step, 0.5 * (low + high))
        x = np.where(running, following, x)
    return x, found
