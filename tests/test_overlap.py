"""One source brought to another: means agree, ratios and differences where the rule says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from saprolite.sources.overlap import (
    RATIO_LIMITS,
    RatioRule,
    Sums,
    adjusted,
    common_means,
    difference,
    ratio_or_difference,
    tally,
)

SERIES = npst.arrays(
    float,
    (5, 3, 4),
    elements=st.one_of(st.floats(-1.0, 50.0, width=32), st.just(float("nan"))),
)


@given(SERIES, SERIES, st.floats(0.01, 5.0))
def test_the_mean_of_the_adjusted_base_is_that_of_the_target(
    base: np.ndarray, target: np.ndarray, least: float
) -> None:
    both = np.isfinite(base) & np.isfinite(target)
    some = both.any(axis=0)
    means = common_means(base, target)
    for adjustment in (
        ratio_or_difference(means.base, means.target, RatioRule(least)),
        difference(means.base, means.target),
    ):
        scaled = np.where(both, adjusted(base, adjustment), np.nan)
        with np.errstate(invalid="ignore"):
            got = np.where(both, scaled, 0.0).sum(axis=0)[some] / both.sum(axis=0)[some]
            wanted = np.where(both, target, 0.0).sum(axis=0)[some] / both.sum(axis=0)[some]
        assert got == pytest.approx(wanted, rel=1e-11, abs=1e-11)
        assert np.isnan(adjustment.size[~some]).all()
        assert np.isnan(adjusted(np.ones((3, 4)), adjustment)[~some]).all()


@given(SERIES, SERIES, st.floats(0.01, 5.0))
def test_a_ratio_is_within_limits_and_of_a_large_base(
    base: np.ndarray, target: np.ndarray, least: float
) -> None:
    means = common_means(base, target)
    rule = RatioRule(least)
    adjustment = ratio_or_difference(means.base, means.target, rule)
    ratio = ~adjustment.added & np.isfinite(adjustment.size)
    assert (adjustment.size[ratio] >= RATIO_LIMITS[0]).all()
    assert (adjustment.size[ratio] <= RATIO_LIMITS[1]).all()
    assert (means.base[ratio] >= least).all()
    counts = tally(adjustment, means.base, rule)
    assert counts.known + counts.unknown == ratio.size
    assert counts.small_base + counts.out_of_limits == (~ratio & (means.years > 0)).sum()
    assert counts.unknown == (means.years == 0).sum()


@pytest.mark.parametrize(("base", "target", "size", "added"), [
    (2.0, 2.3, 1.15, False),
    (0.01, 0.5, 0.49, True),     # a base near zero
    (-0.2, 0.5, 0.7, True),      # two signs
    (2.0, -0.5, -2.5, True),     # the target is negative
    (1.0, 7.0, 6.0, True),       # a ratio above 5
    (1.0, 5.0, 5.0, False),      # the limit itself
    (10.0, 1.0, -9.0, True),     # a ratio below 0.2
    (0.1, 0.1, 1.0, False),      # the least base itself
])  # fmt: skip
def test_each_case_of_the_rule(base: float, target: float, size: float, added: bool) -> None:
    means = common_means(np.array([base]), np.array([target]))
    adjustment = ratio_or_difference(means.base, means.target, RatioRule(0.1))
    assert float(adjustment.size) == pytest.approx(size, rel=1e-14)
    assert bool(adjustment.added) is added


def test_two_sources_of_evapotranspiration_switched_twice() -> None:
    """Seasonal cycles of two products over the years that both have; the steps go away."""
    months = np.arange(12)
    cycle = 60.0 + 40.0 * np.cos(2.0 * np.pi * months / 12.0)
    growth = 1.0 + 0.001 * np.arange(20.0)[:, None]
    gldas = cycle * growth  # (year, month)
    mod16 = gldas * (0.8 + 0.02 * months)
    common = slice(5, 15)
    means = common_means(mod16[common], gldas[common])
    brought = adjusted(mod16, ratio_or_difference(means.base, means.target, RatioRule(1.0)))
    assert brought == pytest.approx(gldas, rel=1e-12)


@given(SERIES, SERIES, st.floats(0.0, 5.0))
def test_a_ratio_cut_off_never_turns_a_sign(
    base: np.ndarray, target: np.ndarray, least: float
) -> None:
    """Where it is beyond the limits, the limit is taken: of what is positive nothing else becomes."""
    rule = RatioRule(least, beyond="limit")
    found = ratio_or_difference(base, target, rule)
    known = np.isfinite(base) & np.isfinite(target)
    assert (np.isfinite(found.size) == known).all()
    ratio = known & ~found.added
    assert (ratio == (known & (base > 0.0) & (base >= least) & (target > 0.0))).all()
    assert found.size[ratio] == pytest.approx(np.clip(target[ratio] / base[ratio], *RATIO_LIMITS))
    assert found.size[found.added] == pytest.approx((target - base)[found.added])


def test_sums_count_the_years_that_all_sources_have() -> None:
    sums = Sums(2, (3,))
    nan = np.nan
    for base, target in (([1.0, nan, 5.0], [2.0, 1.0, nan]), ([3.0, 4.0, nan], [6.0, 8.0, nan])):
        sums.add(np.array(base, np.float32), np.array(target))
    assert sums.years.tolist() == [2, 1, 0]
    np.testing.assert_array_equal(sums.means(), [[2.0, 4.0, nan], [4.0, 8.0, nan]])
    np.testing.assert_array_equal(sums.means(fewest=2), [[2.0, nan, nan], [4.0, nan, nan]])
