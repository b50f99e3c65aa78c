"""The rate law of PROFILE by pathway: Sverdrup & Warfvinge 1995 eqs 28 to 32, and its 2019 form."""

from __future__ import annotations

from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, log


def log_brake(concentration: Number, limit: Number) -> Number:
    """Logarithm of a brake's base, ln(1 + C/C_lim); its exponent comes in :func:`braked_rate`.

    Parameters
    ----------
    concentration
        C of what holds the reaction back (Al3+, base cations, silica), kmol m-3, >= 0.
    limit
        C_lim, limiting concentration of the kinetic table, kmol m-3, > 0.

    Returns
    -------
    ln(1 + C/C_lim), 1.

    Source: Sverdrup & Warfvinge 1995 eqs 29, 30.

    >>> f"{log_brake(4.0e-6, 4.0e-6):.6f}"
    '0.693147'
    """
    return log(1.0 + concentration / limit)


def braked_rate(
    constant: Number,
    order: Number,
    log_activity: Number,
    base_cations: Number = 0.0,
    aluminium: Number = 0.0,
    silica: Number = 0.0,
) -> Number:
    """One pathway of the rate law: r = k a^n / [(1+BC/C_BC)^x (1+Al/C_Al)^y (1+Si/C_Si)^z].

    Parameters
    ----------
    constant
        k at soil temperature, kmol_c or kmol m-2 s-1.
    order, log_activity
        n, and ln a of the reactant: [H+], [OH-] or the ligand in kmol m-3, PCO2 in atm; n = 0 for
        the reaction with water.
    base_cations, aluminium, silica
        x, y, z times :func:`log_brake` of the same pathway; 0 where it has no such brake.

    Returns
    -------
    r, in the unit of ``constant``.

    Source: Sverdrup & Warfvinge 1995 eqs 28 to 30; the silica brake Sverdrup et al. 2019. By hand,
    10^-14.7 (10^-5)^0.5 / 2^0.4:

    >>> import math
    >>> rate = braked_rate(10**-14.7, 0.5, math.log(1e-5), aluminium=0.4 * log_brake(4e-6, 4e-6))
    >>> f"{rate:.6e}"
    '4.781762e-18'
    """
    return constant * exp(order * log_activity - base_cations - aluminium - silica)


def limited_ligand(ligand: Number, limit: Number) -> Number:
    """Ligand that takes part in the organic pathway: [R]/(1 + [R]/C_R).

    Raised to the order of the pathway this is the numerator and the brake of the organic term in
    one: k [R]^n / (1 + [R]/C_R)^n.

    Parameters: ``ligand`` [R-], kmol_c m-3, > 0; ``limit`` C_R, kmol m-3 (infinite: no limit).
    Returns: kmol_c m-3. Source: Sverdrup & Warfvinge 1995 eqs 28, 31; Sverdrup et al. 2019 (as
    PHREEQC's RATE_SVD has it).

    >>> f"{limited_ligand(5.0e-6, 5.0e-6):.2e}"
    '2.50e-06'
    """
    return ligand / (1.0 + ligand / limit)


def log_brake_slope(concentration: Number, limit: Number, slope: Number) -> Number:
    """Derivative of :func:`log_brake` where C varies with ``slope``: C'/(C_lim + C).

    Parameters: ``concentration`` C and ``limit`` C_lim, kmol m-3; ``slope`` C' = dC/dv, kmol m-3
    per unit of v. Returns: per unit of v. Source: derivative of S&W 1995 eq 29.

    >>> log_brake_slope(4.0e-6, 4.0e-6, 1.6e-5)
    2.0
    """
    return slope / (limit + concentration)


def log_ligand_slope(ligand: Number, limit: Number, slope: Number) -> Number:
    """Derivative of ln of :func:`limited_ligand` where [R] varies with ``slope``.

    Parameters: ``ligand`` [R-] and ``limit`` C_R, kmol m-3; ``slope`` d[R-]/dv. Returns: per unit
    of v. Source: derivative of S&W 1995 eq 31.

    >>> log_ligand_slope(5.0e-6, 5.0e-6, 1.0e-5)
    1.0
    """
    return slope / (ligand * (1.0 + ligand / limit))
