"""The soil solution: carbonate system, water, aluminium, and the alkalinity that they make.

Activities and concentrations are in kmol m-3 (= mol/L); h stands for the activity of H+.
"""

from __future__ import annotations

from saprolite.constants import LN10
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp


def equilibrium_constant(temperature: Number, a: Number, b: Number, c: Number) -> Number:
    """K = 10^(a + b/T + c T).

    Parameters: ``temperature`` T, K, 270 to 320; ``a``, ``b`` (K), ``c`` (K-1): the row of the
    table of equilibria. Returns: K (kmol m-3, atm). Source: form of the MAGIC core (Mobius2
    @6f61616, from Cosby). Golden value, K_w at 25 degC:

    >>> import math
    >>> kw = equilibrium_constant(298.15, 6.0875, -4470.99, -0.01706)
    >>> f"{math.log10(kw):.4f}"
    '-13.9947'
    """
    return exp(LN10 * (a + b / temperature + c * temperature))


def hydroxide(proton: Number, water: Number) -> Number:
    """[OH-] = K_w / h.

    Parameters: ``proton`` h, kmol m-3; ``water`` K_w. Returns: kmol m-3. Source: definition.

    >>> f"{hydroxide(1e-4, 1e-14):.3e}"
    '1.000e-10'
    """
    return water / proton


def bicarbonate(proton: Number, pressure: Number, henry: Number, first: Number) -> Number:
    """[HCO3-] = K_1 K_H PCO2 / h.

    Parameters: ``proton`` h, kmol m-3; ``pressure`` PCO2, atm; ``henry`` K_H, kmol m-3 atm-1;
    ``first`` K_1. Returns: kmol m-3. Source: definition of the constants.

    >>> f"{bicarbonate(1e-6, 0.01, 10**-1.47, 10**-6.35):.3e}"
    '1.514e-04'
    """
    return first * henry * pressure / proton


def carbonate(
    proton: Number, pressure: Number, henry: Number, first: Number, second: Number
) -> Number:
    """[CO3--] = K_2 K_1 K_H PCO2 / h^2.

    Parameters: as :func:`bicarbonate`, and ``second`` K_2. Returns: kmol m-3.
    Source: definition of the constants.

    >>> f"{carbonate(1e-6, 0.01, 10**-1.47, 10**-6.35, 10**-10.33):.3e}"
    '7.079e-09'
    """
    return second * bicarbonate(proton, pressure, henry, first) / proton


def aluminium_activity(log_proton: Number, log_gibbsite: Number, exponent: Number) -> Number:
    """Al3+ in equilibrium with the layer's aluminium hydroxide: 10^(log K_gibb) h^exponent.

    Parameters: ``log_proton`` ln h; ``log_gibbsite`` log10 K_gibb, (kmol m-3)^(1-exponent), 5 to
    12; ``exponent`` 3 for gibbsite, fitted values go down to 1. Returns: kmol m-3.
    Source: definition; MAGIC and PROFILE.

    >>> import math
    >>> f"{aluminium_activity(math.log(1e-5), 8.5, 3.0):.3e}"
    '3.162e-07'
    """
    return exp(LN10 * log_gibbsite + exponent * log_proton)


def hydrolysed_aluminium(
    aluminium: Number, log_proton: Number, constant: Number, protons: Number
) -> Number:
    """Al(OH)_j^(3-j) = beta_j {Al3+} / h^j.

    Parameters: ``aluminium`` activity of Al3+, kmol m-3; ``log_proton`` ln h; ``constant`` beta_j;
    ``protons`` j, 1 to 4. Returns: activity, kmol m-3. Source: definition of the constants.

    >>> import math
    >>> f"{hydrolysed_aluminium(1e-6, math.log(1e-5), 10**-4.99, 1):.4e}"
    '1.0233e-06'
    """
    return constant * aluminium * exp(-protons * log_proton)


def alkalinity(
    hydroxide: Number,
    bicarbonate: Number,
    carbonate: Number,
    organic: Number,
    proton: Number,
    aluminium_charge: Number,
) -> Number:
    """ANC = [OH-] + [HCO3-] + 2 [CO3--] + [R-] - [H+] - sum of the charges of aluminium.

    Parameters: concentrations, kmol m-3; ``organic`` and ``aluminium_charge`` as charge, kmol_c
    m-3. Returns: acid neutralising capacity, kmol_c m-3. Source: PROFILE, docs/equations.md.

    >>> f"{alkalinity(1e-9, 1e-4, 0.0, 2e-5, 1e-5, 3e-6):.4e}"
    '1.0700e-04'
    """
    return hydroxide + bicarbonate + 2.0 * carbonate + organic - proton - aluminium_charge


def alkalinity_slope(
    hydroxide: Number,
    bicarbonate: Number,
    carbonate: Number,
    organic_slope: Number,
    proton: Number,
    aluminium_slope: Number,
) -> Number:
    """d(ANC)/d(ln h) of :func:`alkalinity`.

    Parameters: as there; ``organic_slope``, ``aluminium_slope`` derivatives of the charge of the
    organic acid and of aluminium. Returns: kmol_c m-3. Source: derivative of :func:`alkalinity`.

    >>> f"{alkalinity_slope(1e-9, 1e-4, 0.0, -1e-5, 1e-5, 9e-6):.4e}"
    '-1.2900e-04'
    """
    return -hydroxide - bicarbonate - 4.0 * carbonate + organic_slope - proton - aluminium_slope


def alkalinity_scale(
    hydroxide: Number,
    bicarbonate: Number,
    carbonate: Number,
    organic: Number,
    proton: Number,
    aluminium_size: Number,
) -> Number:
    """Sum of the charges of :func:`alkalinity` without their signs.

    Parameters: as there; ``aluminium_size`` that of aluminium. Returns: kmol_c m-3.
    Source: definition.

    >>> f"{alkalinity_scale(1e-9, 1e-4, 0.0, 2e-5, 1e-5, 3e-6):.4e}"
    '1.3300e-04'
    """
    return hydroxide + bicarbonate + 2.0 * carbonate + organic + proton + aluminium_size


def aluminium_charge(
    aluminium: Number, first: Number, second: Number, fourth: Number, exponent: Number
) -> tuple[Number, Number, Number]:
    """Charge of Al3+, AlOH++, Al(OH)2+ and Al(OH)4-, its derivative to ln h, its size.

    Parameters: concentrations, kmol m-3 (Al(OH)3 has no charge); ``exponent`` of
    :func:`aluminium_activity`. Returns: three times kmol_c m-3. Source: definition.

    >>> aluminium_charge(2.0, 1.0, 1.0, 1.0, 3.0)
    (8.0, 24.0, 10.0)
    """
    charge = 3.0 * aluminium
    slope = exponent * charge
    slope = slope + (exponent - 1.0) * (2.0 * first) + (exponent - 2.0) * second
    size = charge + 2.0 * first + second + fourth
    charge = charge + 2.0 * first + second - fourth
    return charge, slope - (exponent - 4.0) * fourth, size


def strong_ionic_strength(
    calcium: Number,
    magnesium: Number,
    potassium: Number,
    sodium: Number,
    ammonium: Number,
    nitrate: Number,
    sulphate: Number,
    chloride: Number,
) -> Number:
    """Sum of c z^2 of the strong ions: their charge times z.

    Parameters: kmol_c m-3. Returns: kmol m-3. Source: definition of I.

    >>> strong_ionic_strength(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0)
    13.0
    """
    total = 2.0 * (calcium + magnesium + sulphate)
    return total + potassium + sodium + ammonium + nitrate + chloride


def ionic_strength(
    strong: Number,
    proton: Number,
    hydroxide: Number,
    bicarbonate: Number,
    carbonate: Number,
    organic: Number,
    aluminium: Number,
    first: Number,
    second: Number,
    fourth: Number,
) -> Number:
    """I = (sum of c z^2)/2.

    Parameters: ``strong`` and ``organic`` sums of c z^2, the others concentrations; ``first``,
    ``second``, ``fourth`` hydrolysed aluminium by its OH; kmol m-3. Returns: kmol m-3.
    Source: definition of I.

    >>> ionic_strength(2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    12.5
    """
    total = strong + proton + hydroxide + bicarbonate + 4.0 * carbonate
    return 0.5 * (total + organic + 9.0 * aluminium + 4.0 * first + second + fourth)


def strong_ion_difference(
    base_cations: Number, ammonium: Number, sulphate: Number, chloride: Number, nitrate: Number
) -> Number:
    """ANC from the mass balances: BC + NH4 - SO4 - Cl - NO3.

    Parameters: kmol_c m-3. Returns: kmol_c m-3. Source: PROFILE, docs/equations.md.

    >>> f"{strong_ion_difference(3e-4, 1e-5, 1e-4, 5e-5, 6e-5):.1e}"
    '1.0e-04'
    """
    return base_cations + ammonium - sulphate - chloride - nitrate
