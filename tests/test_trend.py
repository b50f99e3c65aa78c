"""Equations 8 to 10 against scipy and identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from saprolite.equations import (
    linear_trend,
    linear_trend_with_break,
    relative_contribution,
)
from saprolite.errors import InputError


@given(npst.arrays(float, (4, 49), elements=st.floats(-100.0, 100.0, width=32)))
def test_trend_is_that_of_scipy(series: np.ndarray) -> None:
    trend = linear_trend(series)
    for index, values in enumerate(series):
        if np.ptp(values) == 0.0:
            assert (trend.slope[index], trend.F[index], trend.p[index]) == (
                pytest.approx(0.0, abs=1e-12),
                0.0,
                1.0,
            )
            continue
        expected = stats.linregress(np.arange(1, 50), values)
        scale = np.abs(values).max()
        assert trend.slope[index] == pytest.approx(expected.slope, rel=1e-9, abs=1e-13 * scale)
        assert trend.intercept[index] == pytest.approx(
            expected.intercept, rel=1e-9, abs=1e-11 * scale
        )
        assert trend.p[index] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


def test_golden_values_and_the_critical_value() -> None:
    trend = linear_trend([1.0, 2.0, 4.0])
    assert trend.slope == pytest.approx(1.5, rel=1e-14)
    assert pytest.approx(27.0, rel=1e-12) == trend.F
    assert stats.f.isf(0.05, 1, 47) == pytest.approx(4.047, abs=5e-4)


def test_limits() -> None:
    constant = linear_trend(np.full(49, 3.3))
    assert (constant.F, constant.p) == (0.0, 1.0)
    line = linear_trend(0.1 * np.arange(49.0) + 7.0)
    assert line.slope == pytest.approx(0.1, rel=1e-12)
    assert line.p < 1e-200
    gap = np.stack([np.arange(5.0), np.array([1.0, np.nan, 2.0, 5.0, 1.0])])
    assert np.isnan(linear_trend(gap).slope).tolist() == [False, True]
    assert np.isnan(linear_trend(gap).p).tolist() == [False, True]
    with pytest.raises(InputError, match="2 years"):
        linear_trend([1.0, 2.0])


@given(*[st.floats(-5.0, 5.0)] * 3)
def test_contributions_add_up(total: float, moisture: float, temperature: float) -> None:
    shares = relative_contribution(total, moisture, temperature)
    if abs(moisture) + abs(temperature) + abs(total - moisture - temperature) == 0.0:
        assert np.isnan(shares).all()
    else:
        assert sum(map(abs, shares)) == pytest.approx(100.0, rel=1e-12)


def test_contribution_golden_value() -> None:
    assert relative_contribution(1.0, -0.4, 0.2) == pytest.approx(
        (-22.222, 11.111, 66.667), abs=5e-4
    )


def ordinary_least_squares(series: np.ndarray, at: int) -> tuple[float, float, float, float, float]:
    """Slope, step, intercept, F and p of the slope by an independent way: QR of the whole design,
    with the F of the full model against the one without the slope."""
    years = series.size
    step = (np.arange(years) >= at).astype(float)
    design = np.stack([np.ones(years), np.arange(1.0, years + 1.0), step], axis=1)
    q, r = np.linalg.qr(design)
    found = np.linalg.solve(r, q.T @ series)
    full = float(((series - design @ found) ** 2).sum())
    without = np.where(step > 0, series[at:].mean(), series[:at].mean())
    reduced = float(((series - without) ** 2).sum())
    ratio = (reduced - full) / (full / (years - 3))
    return found[1], found[2], found[0], ratio, float(stats.f.sf(ratio, 1, years - 3))


@given(
    st.integers(1, 48),
    st.integers(0, 2**32 - 1),
    st.floats(-2.0, 2.0),
    st.floats(-50.0, 50.0),
)
def test_trend_with_a_break_is_that_of_least_squares(
    at: int, seed: int, slope: float, step: float
) -> None:
    years = np.arange(49.0)
    noise = np.random.default_rng(seed).standard_normal((2, 49))
    series = 10.0 + slope * years + step * (years >= at) + noise
    trend = linear_trend_with_break(series, at)
    for index, values in enumerate(series):
        expected = ordinary_least_squares(values, at)
        scale = np.abs(values).max()
        assert trend.slope[index] == pytest.approx(expected[0], rel=1e-10, abs=1e-12 * scale)
        assert trend.step[index] == pytest.approx(expected[1], rel=1e-10, abs=1e-11 * scale)
        assert trend.intercept[index] == pytest.approx(expected[2], rel=1e-10, abs=1e-11 * scale)
        # F of a slope near 0 is the difference of two nearly equal sums in the other way.
        assert trend.F[index] == pytest.approx(expected[3], rel=1e-10, abs=1e-9)
        assert trend.p[index] == pytest.approx(stats.f.sf(trend.F[index], 1, 46), rel=1e-9)


@given(st.integers(2, 47), st.floats(-50.0, 50.0), st.integers(0, 2**32 - 1))
def test_the_slope_given_the_step_does_not_see_the_step(at: int, step: float, seed: int) -> None:
    series = np.random.default_rng(seed).standard_normal(49)
    shifted = series + step * (np.arange(49) >= at)
    one, other = (linear_trend_with_break(values, at) for values in (series, shifted))
    assert other.slope == pytest.approx(one.slope, abs=1e-12)
    assert other.step - one.step == pytest.approx(step, abs=1e-11)
    assert other.p == pytest.approx(one.p, rel=1e-8)


def test_limits_of_a_trend_with_a_break() -> None:
    years = np.arange(20.0)
    exact = linear_trend_with_break(3.0 + 0.5 * years + 7.0 * (years >= 8), 8)
    assert exact.slope == pytest.approx(0.5, rel=1e-13)
    assert exact.step == pytest.approx(7.0, rel=1e-13)
    assert exact.intercept == pytest.approx(2.5, rel=1e-13)
    assert (exact.F, exact.p) == (np.inf, 0.0)
    level = linear_trend_with_break(np.where(years < 8, 1.0, 4.0), 8)
    assert (level.slope, level.step, level.F, level.p) == (0.0, 3.0, 0.0, 1.0)
    gap = np.stack([years, np.where(years == 4, np.nan, years)])
    assert np.isnan(linear_trend_with_break(gap, 8).slope).tolist() == [False, True]
    assert np.isnan(linear_trend_with_break(gap, 8).p).tolist() == [False, True]
    with pytest.raises(InputError, match="4 years or more"):
        linear_trend_with_break([1.0, 2.0, 4.0], 1)
    for index in (0, 20, -1):
        with pytest.raises(InputError, match="a year or more on each side"):
            linear_trend_with_break(years, index)
