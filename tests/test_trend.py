"""Equations 8 to 10 against scipy and identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from saprolite.equations import linear_trend, relative_contribution
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
