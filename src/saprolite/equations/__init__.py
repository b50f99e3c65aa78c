"""The equations: one published equation, one pure function.

Every function takes scalars, NumPy arrays or xarray objects of floats and returns the same kind.
They do no I/O, keep no state and check no ranges (that happens once, at the border: study file,
readers, :class:`saprolite.Reading`); a NaN argument gives NaN.
"""

from saprolite.equations.carbon import (
    carbon_from_equivalents,
    carbon_mass,
    equivalents_from_carbon,
    equivalents_per_hectare,
)
from saprolite.equations.evapotranspiration import (
    annualised_month,
    floored,
    monthly_amount,
    raw_month,
    twelve_month_sum,
)
from saprolite.equations.frozen import (
    FROZEN_FORMS,
    MONTHS,
    UNFROZEN_WEIGHTS,
    frozen_degree_days,
    frozen_linear,
    frozen_logistic,
    frozen_months,
    frozen_none,
    frozen_percentage,
    unfrozen_weight_linear,
    unfrozen_weight_logistic,
    unfrozen_weight_months,
    unfrozen_weight_none,
)
from saprolite.equations.moisture import (
    clipped_saturation,
    moist_bulk_density,
    moisture_saturation,
    volumetric_water_content,
)
from saprolite.equations.reaction import (
    base_e_coefficient,
    rate_at_reference,
    rate_constant,
    temperature_factor,
)
from saprolite.equations.soil_co2 import (
    ambient_intercept,
    co2_cap,
    co2_saturating,
    co2_scaled,
    co2_unlimited,
    soil_co2,
)
from saprolite.equations.surface import (
    clay_surface_area,
    coarse_sand_area,
    density_factor,
    fine_sand,
    surface_area,
)
from saprolite.equations.trend import (
    LinearTrend,
    RelativeContribution,
    linear_trend,
    relative_contribution,
)
from saprolite.equations.weathering import layer_presence, weathering_rate

__all__ = [
    "FROZEN_FORMS",
    "MONTHS",
    "UNFROZEN_WEIGHTS",
    "LinearTrend",
    "RelativeContribution",
    "ambient_intercept",
    "annualised_month",
    "base_e_coefficient",
    "carbon_from_equivalents",
    "carbon_mass",
    "clay_surface_area",
    "clipped_saturation",
    "co2_cap",
    "co2_saturating",
    "co2_scaled",
    "co2_unlimited",
    "coarse_sand_area",
    "density_factor",
    "equivalents_from_carbon",
    "equivalents_per_hectare",
    "fine_sand",
    "floored",
    "frozen_degree_days",
    "frozen_linear",
    "frozen_logistic",
    "frozen_months",
    "frozen_none",
    "frozen_percentage",
    "layer_presence",
    "linear_trend",
    "moist_bulk_density",
    "moisture_saturation",
    "monthly_amount",
    "rate_at_reference",
    "rate_constant",
    "raw_month",
    "relative_contribution",
    "soil_co2",
    "surface_area",
    "temperature_factor",
    "twelve_month_sum",
    "unfrozen_weight_linear",
    "unfrozen_weight_logistic",
    "unfrozen_weight_months",
    "unfrozen_weight_none",
    "volumetric_water_content",
    "weathering_rate",
]
