"""What the fused kernel of the CO2 pathway is made of: stages of a reading, equations bound.

What differs between readings is which of the functions of ``equations``, never a second formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from saprolite import equations as eq
from saprolite.compiled import pathway_bundles as bundles
from saprolite.compiled import pathway_products as products
from saprolite.compiled import pathway_stages as stages
from saprolite.compiled import pathway_template as template
from saprolite.compiled.binding import bound, called, inlined
from saprolite.compiled.bundling import Bundles
from saprolite.compiled.elementary import ELEMENTARY, REAL
from saprolite.constants import FREEZING_POINT
from saprolite.models import Reading

NEAR_FREEZING_K = 0.2
_LIMITS = MappingProxyType(
    {"saturating": eq.co2_saturating, "cap": eq.co2_cap, "scaled": eq.co2_scaled}
)
_SATURATION = MappingProxyType(
    {
        "dry": stages.dry_saturation,
        "moist": stages.moist_saturation,
        "theta_only": stages.content_as_saturation,
    }
)

_UNFROZEN = MappingProxyType(
    {
        "monthly_mask": stages.month_masked,
        "both": stages.month_masked_and_year,
        "annual_factor": stages.year_alone,
        "none": stages.year_alone,
    }
)


_BUNDLED = MappingProxyType(
    {
        "group": (bundles.group_alone, bundles.nothing_bundled),
        "order": (bundles.bundled_by_order, bundles.bundles_by_order),
        "coefficient": (bundles.bundled_by_coefficient, bundles.bundles_by_coefficient),
    }
)


class Wanted(NamedTuple):
    """What a kernel gives besides the flux: each driver alone, the contributions of the drivers,
    every month; ``frozen_follows``: frozen soil follows a temperature that varies alone."""

    alone: bool = False
    contributions: bool = False
    months: bool = False
    frozen_follows: bool = True

    @property
    def needs_base(self) -> bool:
        """Whether the factors of a base year are needed."""
        return self.alone or self.contributions


def stages_of(
    reading: Reading, precision: str, wanted: Wanted, shares_warmth: bool, bundling: Bundles
) -> dict[str, Any]:
    """The placeholders of the templates for a reading; ``shares_warmth``: groups of minerals have
    temperature coefficients in common."""
    real, elementary = REAL[precision], ELEMENTARY[precision]

    def equation(function: Callable[..., Any]) -> Any:
        return bound(function, precision)

    def lane(function: Callable[..., Any], **names: Any) -> Any:
        return inlined(function, {"real": real, **names}, precision)

    def stage(function: Callable[..., Any], **names: Any) -> Any:
        return called(function, {"real": real, **names}, precision)

    annual_mean = reading.drivers == "annual_mean"
    form = _monthly_form(reading)
    at_freezing = ("FREEZING_POINT",) if form == "months" else ()
    weight = bound(eq.UNFROZEN_WEIGHTS[form], precision, at_freezing)
    floor = reading.et_floor
    if reading.et_mode != "monthly_raw":
        floor = float(eq.annualised_month(floor))
    limited = lane(stages.unlimited_pressure)
    if reading.pco2_limit != "none":
        limited = lane(
            stages.limited_pressure,
            log=elementary["log"],
            exp=elementary["exp"],
            limited=equation(_LIMITS[reading.pco2_limit]),
            limit=real(reading.pco2_limit_value),
        )
    names: dict[str, Any] = {
        "real": real,
        "argument_stage": _argument_stage(reading, equation, stage),
        "co2_factors": stage(
            stages.co2_factors,
            floor=real(floor),
            floored=equation(eq.floored),
            log_soil_co2=equation(eq.log_soil_co2),
            limited_log=limited,
            pathway_rate_of_log=equation(eq.pathway_rate_of_log),
        ),
        "fetch": stage(stages.fetch),
        "means": stage(stages.mean_of_year if annual_mean else stages.no_means),
        "row_of_driver": lane(stages.row_of_mean if annual_mean else stages.row_of_month),
        "row_of_month": lane(stages.row_of_month),
        "annual_frost": _annual_frost(reading, weight, equation, stage),
        "wet_month": stage(
            stages.wet_month,
            saturation=lane(
                _SATURATION[reading.moisture_density],
                moisture_saturation=equation(eq.moisture_saturation),
                moist_bulk_density=equation(eq.moist_bulk_density),
            ),
            clipped_saturation=equation(eq.clipped_saturation),
        ),
        "frozen_month": stage(
            stages.frozen_month if wanted.needs_base else stages.wet_and_frozen_month,
            near_width=real(NEAR_FREEZING_K),
            freezing_point=real(FREEZING_POINT),
            unfrozen_at=lane(_UNFROZEN[reading.frozen_action], unfrozen_weight=weight),
        ),
        "warm_month": stage(
            stages.warm_month,
            reference=real(reading.reference_temperature),
            arrhenius_argument=equation(eq.arrhenius_argument),
        ),
        "shares_of_year": stage(template.shares_of_year_template),
        "wants_experiments": wanted.needs_base,
    }
    layer_factors = called(template.layer_factors_template, names, precision)
    of_month = (
        products.product_of_month if wanted.needs_base else products.product_with_wet_and_frozen
    )
    product = lane(of_month)
    warmth, added_up = equation(eq.warmth_of_argument), lane(products.sum_of_months)
    by_order = wanted.needs_base and bundling.by == "order"
    keeps_warmth = (shares_warmth or wanted.needs_base or wanted.months) and not by_order
    sum_of_year = (
        stage(products.sum_of_year, product_of_month=product)
        if keeps_warmth
        else stage(
            products.sum_of_year_with_own_warmth, warmth_of_argument=warmth, added_up=added_up
        )
    )
    shared = {
        "copied": lane(template.copied_template),
        "warmth_of_argument": warmth,
        "warmth_of_months": stage(stages.warmth_of_months, warmth_of_argument=warmth),
        "product_of_month": product,
        "sum_of_year": sum_of_year,
        "added_up": added_up,
    }
    return {
        **names,
        **shared,
        **_bundled(bundling, _compared(wanted, equation, lane), shared, equation, lane, stage),
        "layer_factors": layer_factors,
        "counted": stage(template.counted_template),
        "keeps_warmth": keeps_warmth,
        "months_of_year": stage(products.months_of_year, product_of_month=product),
        "wants_months": wanted.months,
    }


def _bundled(
    bundling: Bundles, compared: Mapping[str, Any], shared: Mapping[str, Any],
    equation: Any, lane: Any, stage: Any,
) -> dict[str, Any]:  # fmt: skip
    """What is done with a group, with all bundles of groups, and with the base year's warmth."""
    change, together = equation(eq.pair_change), equation(eq.pairs_added)
    pairs, *further = (
        lane(bundles.pair_of_bundle, place=place, pair_change=change)
        for place in range(bundling.number)
    )
    for pair in further:
        pairs = lane(
            bundles.pairs_of_bundles, pairs_added=together, pairs_before=pairs, further_pair=pair
        )
    parts = {
        "scaled_and_added": stage(bundles.scaled_and_added_template),
        "compared_year": stage(products.compared_year, pair_change=change, **shared, **compared),
        "compared_bundles": stage(
            products.compared_bundles, pairs_of_bundles=pairs, **shared, **compared
        ),
    }
    of_group, of_bundles = _BUNDLED[bundling.by]
    by_order = bundling.by == "order"
    return {
        **parts,
        "group_year": stage(of_group, **shared, **parts),
        "bundles_year": stage(of_bundles, **parts),
        "base_warmth_of": stage(
            bundles.warmth_by_order if by_order else bundles.warmth_by_coefficient,
            **shared, **parts,
        ),
    }  # fmt: skip


def _compared(wanted: Wanted, equation: Any, lane: Any) -> dict[str, Any]:
    """Each driver alone, the contributions of the drivers, or both in one pass over the factors."""
    frozen = products.frozen_follows if wanted.frozen_follows else products.frozen_stays
    compared = alone = lane(products.drivers_alone, frozen_with_temperature=lane(frozen))
    kept = lane(products.four_kept)
    if wanted.contributions:
        shapley = equation(eq.shapley_of_pair)
        compared = contributions = lane(products.contributions_of_drivers, shapley_of_pair=shapley)
        if wanted.alone:
            compared = lane(
                products.alone_and_contributions,
                drivers_alone=alone,
                contributions_of_drivers=contributions,
            )
            kept = lane(products.eight_kept, four_kept=kept)
    return {"compared_month": lane(products.month_compared, compared=compared, kept=kept)}


def _monthly_form(reading: Reading) -> str:
    """The form of the monthly weight; ``degree_days`` has none and goes without a mask."""
    return "none" if reading.frozen_form == "degree_days" else reading.frozen_form


def _argument_stage(reading: Reading, equation: Any, stage: Any) -> Any:
    amount = equation(eq.monthly_amount)
    per_month = equation(eq.raw_month if reading.et_mode == "monthly_raw" else eq.annualised_month)
    year = stage(stages.argument_of_year, monthly_amount=amount)
    if reading.drivers == "annual_mean":
        return stage(stages.argument_of_mean_month, per_month=per_month, argument_of_year=year)
    if reading.et_mode == "annual":
        return year
    if reading.et_mode == "trailing12":
        return stage(stages.argument_of_trailing_year, monthly_amount=amount)
    return stage(stages.argument_of_month, per_month=per_month, monthly_amount=amount)


def _annual_frost(reading: Reading, weight: Any, equation: Any, stage: Any) -> Any:
    if reading.frozen_action not in ("annual_factor", "both"):
        return stage(stages.no_annual_frost)
    factor = equation(eq.unfrozen_factor)
    if reading.frozen_form == "degree_days":
        return stage(
            stages.annual_frost_of_degrees,
            unfrozen_factor=factor,
            degrees_below_freezing=equation(eq.degrees_below_freezing),
            degrees_above_freezing=equation(eq.degrees_above_freezing),
            percentage_of_degrees=equation(eq.percentage_of_degrees),
        )
    return stage(
        stages.annual_frost_of_months,
        unfrozen_weight=weight,
        frozen_part=equation(eq.frozen_part),
        percentage_of_months=equation(eq.percentage_of_months),
        unfrozen_factor=factor,
    )
