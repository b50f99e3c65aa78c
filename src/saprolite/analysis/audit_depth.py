"""Audit of published numbers by depth: layers that sum, rise with depth, or rise per centimetre."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saprolite.analysis.audit_rows import FAILED, OK, Row
from saprolite.analysis.audit_tables import thickness_cm
from saprolite.analysis.printed import Printed
from saprolite.analysis.published import NUMBER, Published, sum_row

Array = npt.NDArray[np.float64]
_RISES = "each more than the one above"
AS_PRINTED = f"{FAILED} as printed"
_UNITS = {"total": "Tg C yr-1", "mean_flux": "t C km-2 yr-1", "slope_of_total": "Tg C yr-2"}


def depth_rows(numbers: Published) -> list[Row]:
    """Sums over layers, and whether what is said to rise with depth does."""
    layers = _layers(numbers)
    rows = [row for quantity in ("total", "mean_flux") for row in _sum(numbers, quantity, layers)]
    for statement in numbers.of("increases_with_depth", area="globe"):
        if statement["subject"] == "total":
            rows += _totals(numbers, layers)
        elif statement["subject"] == "slope_of_total":
            rows += _slopes(numbers, layers)
    return rows


def _layers(numbers: Published) -> list[str]:
    """Single layers: those with a total, the whole column left out, from the surface down."""
    named = {row["layers"] for row in numbers.of("total", area="globe")} - {numbers.column, ""}
    return sorted(named, key=lambda name: float(name.split("-")[0]))


def _sum(numbers: Published, quantity: str, layers: list[str]) -> list[Row]:
    whole = numbers.get(quantity, area="globe", layers=numbers.column)
    found = [numbers.get(quantity, area="globe", layers=name) for name in layers]
    parts = [part for part in found if part is not None]
    if whole is None or len(parts) < max(2, len(layers)):
        return []
    return [sum_row(f"layers sum to the column: {quantity}", parts, whole, _UNITS[quantity],
                    "X02")]  # fmt: skip


def _totals(numbers: Published, layers: list[str]) -> list[Row]:
    parts = [numbers.get("total", area="globe", layers=name) for name in layers]
    totals = np.array([part.value for part in parts if part is not None])
    rows = []
    for name, values, unit in (
        ("per layer", totals, "Tg C yr-1"),
        ("per cm of layer", totals / thickness_cm(layers), "Tg C yr-1 cm-1"),
    ):
        rises = bool((np.diff(values) > 0.0).all())
        rows.append(
            Row(f"the sink increases with depth, {name}", "X30", OK if rises else FAILED,
                f"{_listed(values)} {unit}", _RISES, "", "")
        )  # fmt: skip
    return rows


def _slopes(numbers: Published, layers: list[str]) -> list[Row]:
    """Slopes of all layers from those printed: sums over layers and ratios of groups.

    The printed values give the slopes that are not printed; whether any slopes that round to the
    printed ones rise with depth is a linear programme.
    """
    exact, limits, bounds = _conditions(numbers, layers)
    if np.linalg.matrix_rank(exact[:, :-1]) < len(layers):
        return []
    slopes = np.linalg.lstsq(exact[:, :-1], exact[:, -1])[0]
    rises = bool((np.diff(slopes) > 0.0).all())
    possible = rises or _can_rise(limits, bounds, len(layers))
    status = OK if rises else AS_PRINTED if possible else FAILED
    note = "" if rises else f"possible within the rounding: {'yes' if possible else 'no'}"
    return [Row("slopes increase with depth", "X06", status, f"{_listed(slopes, 4)} Tg C yr-2",
                _RISES, "", note)]  # fmt: skip


def _conditions(numbers: Published, layers: list[str]) -> tuple[Array, Array, Array]:
    """Rows (coefficients of layers, right side): as printed, and as inequalities coef x <= side."""
    exact: list[Array] = []
    limits: list[Array] = []
    bounds: list[float] = []

    def add(low: Array, high: Array, number: Printed) -> None:
        limits.extend((high, -low))
        bounds.extend((number.high, -number.low))

    for row in numbers.of("slope_of_total", area="globe"):
        inside = _inside(layers, row["layers"])
        exact.append(np.append(inside, row[NUMBER].value))
        add(inside, inside, row[NUMBER])
    for row in numbers.of("slope_ratio", area="globe"):
        deep, shallow = _inside(layers, row["subject"]), _inside(layers, row["layers"])
        ratio: Printed = row[NUMBER]
        exact.append(np.append(deep - ratio.value * shallow, 0.0))
        add(deep - ratio.low * shallow, deep - ratio.high * shallow, Printed(0.0, 0.0, 0.0))
    return np.array(exact), np.array(limits), np.array(bounds)


def _can_rise(limits: Array, bounds: Array, layers: int) -> bool:
    from scipy.optimize import linprog

    rising = np.eye(layers - 1, layers) - np.eye(layers - 1, layers, 1)
    found = linprog(np.zeros(layers), np.vstack([limits, rising]),
                    np.append(bounds, np.zeros(layers - 1)), bounds=(None, None))  # fmt: skip
    return bool(found.status == 0)


def _inside(layers: list[str], group: str) -> Array:
    """1 for each layer within a group such as ``0-40 cm``."""
    top, bottom = (float(edge) for edge in group.removesuffix(" cm").split("-"))
    edges = [tuple(map(float, name.removesuffix(" cm").split("-"))) for name in layers]
    return np.array([float(top <= low and high <= bottom) for low, high in edges])


def _listed(values: npt.NDArray[np.floating], digits: int = 3) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)
