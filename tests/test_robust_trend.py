"""Theil-Sen and Mann-Kendall against SciPy and pymannkendall; trends with gaps against linregress."""

from __future__ import annotations

import numpy as np
import pymannkendall
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from saprolite.equations import (
    linear_trend,
    linear_trend_of_known_years,
    mann_kendall,
    mann_kendall_of_autocorrelated,
    relative_contribution_to_total,
    theil_sen_slope,
)
from saprolite.errors import InputError

RANDOM = np.random.default_rng(5)
YEARS = 49
WALKS = np.cumsum(RANDOM.normal(size=(60, YEARS)), axis=1)  # resemble their neighbours
TIED = np.round(RANDOM.normal(size=(20, YEARS)), 1) + 0.02 * np.arange(YEARS)


@pytest.mark.parametrize("series", [WALKS, TIED], ids=["walks", "tied"])
def test_theil_sen_and_mann_kendall_are_those_of_other_programs(series: np.ndarray) -> None:
    slope, test, wide = (
        function(series)
        for function in (theil_sen_slope, mann_kendall, mann_kendall_of_autocorrelated)
    )
    for row, values in enumerate(series):
        assert slope[row] == pytest.approx(stats.theilslopes(values).slope, rel=1e-12, abs=1e-15)
        plain = pymannkendall.original_test(values)
        assert (test.S[row], test.Z[row]) == pytest.approx((plain.s, plain.z), rel=1e-12)
        assert test.p[row] == pytest.approx(plain.p, rel=1e-9, abs=1e-15)
        corrected = pymannkendall.hamed_rao_modification_test(values, lag=YEARS - 2)
        if np.isfinite(wide.Z[row]):
            assert wide.Z[row] == pytest.approx(corrected.z, rel=1e-9)


def test_the_correction_widens_what_resembles_its_neighbours() -> None:
    plain, wide = mann_kendall(WALKS), mann_kendall_of_autocorrelated(WALKS)
    known = np.isfinite(wide.p)
    assert known.mean() > 0.9
    assert np.median(np.abs(wide.Z[known])) < 0.7 * np.median(np.abs(plain.Z[known]))


def test_constant_rising_and_missing_series_have_defined_results() -> None:
    series = np.array([[3.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0], [1.0, np.nan, 2.0, 3.0, 4.0]])
    assert theil_sen_slope(series)[:2].tolist() == [0.0, 1.0]
    for test in (mann_kendall(series), mann_kendall_of_autocorrelated(series)):
        assert test.p[0] == 1.0
        assert test.S[1] == 10.0
        assert np.isnan([test.S[2], test.Z[2], test.p[2], theil_sen_slope(series)[2]]).all()
    for function in (theil_sen_slope, mann_kendall, mann_kendall_of_autocorrelated):
        with pytest.raises(InputError, match=r"three years|3 years"):
            function([1.0, 2.0])


@given(st.integers(0, 2**32 - 1))
def test_a_trend_over_known_years_is_that_of_linregress_and_statsmodels(seed: int) -> None:
    random = np.random.default_rng(seed)
    series = random.normal(size=(4, YEARS)) + 0.05 * np.arange(YEARS)
    series[random.random(series.shape) < 0.3] = np.nan
    found = linear_trend_of_known_years(series)
    year = np.arange(1.0, YEARS + 1.0)
    for row, values in enumerate(series):
        known = np.isfinite(values)
        peer = stats.linregress(year[known], values[known])
        fit = sm.OLS(values[known], sm.add_constant(year[known])).fit()
        assert found.slope[row] == pytest.approx(peer.slope, rel=1e-10, abs=1e-12)
        assert found.intercept[row] == pytest.approx(peer.intercept, rel=1e-10, abs=1e-10)
        assert found.p[row] == pytest.approx(peer.pvalue, rel=1e-9)
        assert found.F[row] == pytest.approx(fit.fvalue, rel=1e-9)


def test_without_gaps_it_is_the_plain_trend_and_too_few_years_have_none() -> None:
    for known, plain in zip(linear_trend_of_known_years(WALKS), linear_trend(WALKS), strict=True):
        np.testing.assert_allclose(known, plain, rtol=1e-11)
    few = np.full(10, np.nan)
    few[:4] = [1.0, 2.0, 3.0, 5.0]
    assert np.isfinite(linear_trend_of_known_years(few, 4)).all()
    assert np.isnan(linear_trend_of_known_years(few, 5)).all()
    assert np.isnan(linear_trend_of_known_years(np.full(10, np.nan))).all()
    assert float(linear_trend_of_known_years([2.0, np.nan, 2.0, 2.0]).p) == 1.0


def test_contributions_to_the_total_have_no_bound_and_none_without_a_total() -> None:
    found = relative_contribution_to_total(np.array([0.1, 0.0]), np.array([-2.0, 1.0]),
                                           np.array([3.0, 1.0]))  # fmt: skip
    assert [part[0] for part in found] == pytest.approx([-2000.0, 3000.0, -900.0])
    assert np.isnan([part[1] for part in found]).all()
