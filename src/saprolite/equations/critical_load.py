"""Critical loads of acidity and nutrient nitrogen of a soil: the simple mass balance (SMB).

Symbols are those of the Mapping Manual (UNECE ICP Modelling & Mapping, chapter V.3). BC is the
charge of Ca + Mg + K + Na, Bc of Ca + Mg + K; the indices dep, w, u, le, i, de stand for
deposition, weathering, net uptake, leaching, immobilisation and denitrification. Fluxes are in
kmol_c m-2 yr-1 (the manual's eq ha-1 yr-1 times 1e-7), concentrations in kmol m-3 or kmol_c m-3
(the manual's eq m-3 times 1e-3), percolation Q in m yr-1.

At a low pH the alkalinity that leaches is ANC_le = -H_le - Al_le: bicarbonate and organic anions
are left out, as in the manual's criteria. A chemical criterion fixes H_le and Al_le at their
critical values; the mass balances of the strong ions turn that leaching into a deposition.

    Sdep + Ndep = BCdep - Cldep + BCw - Bcu + Ni + Nu + Nde - ANC_le
"""

from __future__ import annotations

from saprolite.constants import (
    ALUMINIUM_CHARGE,
    BASE_CATION_CHARGE,
    LN10,
    MINIMUM_BASE_CONCENTRATION,
    MOL_PER_KMOL,
)
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, log, maximum

# Gibbsite dissolves with three protons: [H] goes with the cube root of [Al].
_CUBE_ROOT = 1.0 / 3.0


def sea_salt_corrected(flux: Number, chloride: Number, ratio: Number) -> Number:
    """Non-marine part of a deposition: X* = max(X - ratio Cl, 0), chloride taken as all marine.

    Parameters: ``flux`` Xdep and ``chloride`` Cldep, kmol_c m-2 yr-1; ``ratio`` of X to Cl in sea
    water, kmol_c kmol_c-1 (``SEA_SALT_*`` of saprolite.constants). With corrected base cations the
    Cldep of the balance is 0. Returns: kmol_c m-2 yr-1.
    Source: NIVA critical_loads_2 @b464e053 (calculate_critical_loads_for_water).

    >>> f"{sea_salt_corrected(8e-5, 5e-5, 0.859):.4e} {sea_salt_corrected(1e-6, 5e-5, 0.196):.1f}"
    '3.7050e-05 0.0'
    """
    return maximum(flux - ratio * chloride, 0.0)


def base_cation_leaching(deposition: Number, weathering: Number, uptake: Number) -> Number:
    """Bc_le = Bcdep + Bcw - Bcu.

    Parameters: of Ca + Mg + K, kmol_c m-2 yr-1. Returns: kmol_c m-2 yr-1.
    Source: mass balance; Mapping Manual V.3 (recalled).

    >>> f"{base_cation_leaching(2e-5, 6e-5, 2e-5):.1e}"
    '6.0e-05'
    """
    return deposition + weathering - uptake


def largest_uptake(
    deposition: Number,
    weathering: Number,
    percolation: Number,
    minimum_concentration: Number = MINIMUM_BASE_CONCENTRATION,
) -> Number:
    """Largest net uptake that the supply allows: Bcu <= Bcdep + Bcw - Q [Bc]min, at least 0.

    Roots leave a small concentration in the water; an uptake above this cannot last.

    Parameters: ``deposition``, ``weathering`` of Ca + Mg + K, kmol_c m-2 yr-1; ``percolation`` Q,
    m yr-1; ``minimum_concentration`` [Bc]min, kmol_c m-3. Returns: kmol_c m-2 yr-1.
    Source: Mapping Manual V.3 (recalled). By hand, 200 + 600 - 30 eq ha-1:

    >>> f"{largest_uptake(2e-5, 6e-5, 0.3):.2e}"
    '7.70e-05'
    """
    return maximum(deposition + weathering - percolation * minimum_concentration, 0.0)


def gibbsite_charge_constant(log_gibbsite: Number) -> Number:
    """K of [Al3+]_c = K [H+]^3 with aluminium counted as charge: K = 3 * 10^(log K_gibb).

    Parameters: ``log_gibbsite`` log10 of K_gibb in (mol/L)^-2 = (kmol m-3)^-2, both ions molar, 5
    to 12. Returns: K, (kmol_c m-3)^-2. Source: definition of the equivalent.

    >>> f"{gibbsite_charge_constant(8.0):.4e}"
    '3.0000e+08'
    """
    return ALUMINIUM_CHARGE * exp(LN10 * log_gibbsite)


def gibbsite_manual_constant(log_gibbsite: Number) -> Number:
    """K_gibb as the Mapping Manual prints it: eq m-3 of Al3+ over the cube of eq m-3 of H+.

    Parameters: ``log_gibbsite`` log10 of K_gibb in (mol/L)^-2. Returns: m6 eq-2.
    Source: computed from the units; it returns the manual's pairs (recalled) 6.5 and 9.5, 8 and
    300, 8.5 and 950:

    >>> ["%.1f" % gibbsite_manual_constant(log_k) for log_k in (6.5, 8.0, 8.5, 9.0)]
    ['9.5', '300.0', '948.7', '3000.0']
    """
    return gibbsite_charge_constant(log_gibbsite) / MOL_PER_KMOL**2


def log_gibbsite_constant(manual_constant: Number) -> Number:
    """log10 of K_gibb in (mol/L)^-2 from the manual's K_gibb.

    Parameters: ``manual_constant`` m6 eq-2, > 0. Returns: log10 (mol/L)^-2. Source: units.

    >>> f"{log_gibbsite_constant(300.0):.6f}"
    '8.000000'
    """
    return log(manual_constant * MOL_PER_KMOL**2 / ALUMINIUM_CHARGE) / LN10


def hydrogen_leaching(
    percolation: Number, aluminium_leaching: Number, log_gibbsite: Number
) -> Number:
    """H_le = Q^(2/3) (Al_le / K)^(1/3): protons in equilibrium with the aluminium that leaches.

    From [Al]_c = K [H]^3, Al_le = Q [Al]_c and H_le = Q [H]. K is the constant of charge
    concentrations (:func:`gibbsite_charge_constant`); the molar one makes H_le 3^(1/3) too large.

    Parameters: ``percolation`` Q, m yr-1; ``aluminium_leaching`` Al_le, kmol_c m-2 yr-1, a
    negative one counts as 0; ``log_gibbsite`` log10 (mol/L)^-2. Returns: kmol_c m-2 yr-1.
    Source: derived. By hand, (3000^2 * 900 / 300)^(1/3) = 300 eq ha-1:

    >>> f"{hydrogen_leaching(0.3, 9e-5, 8.0):.4e}"
    '3.0000e-05'
    """
    per_constant = maximum(aluminium_leaching, 0.0) / gibbsite_charge_constant(log_gibbsite)
    return (percolation * percolation * per_constant) ** _CUBE_ROOT


def anc_leaching_bc_al(
    percolation: Number, base_leaching: Number, ratio: Number, log_gibbsite: Number
) -> Number:
    """ANC_le,crit for a molar ratio (Bc/Al)crit.

    ANC_le,crit = -Q^(2/3) [1.5 Bc_le / (K_gibb (Bc/Al)crit)]^(1/3) - 1.5 Bc_le / (Bc/Al)crit.
    The factor 1.5 = 3/2 turns the molar ratio into charges: 3 of Al, 2 of Bc (K counts as 2).

    Parameters
    ----------
    percolation
        Q, m yr-1, > 0.
    base_leaching
        Bc_le, kmol_c m-2 yr-1, 0 or more.
    ratio
        (Bc/Al)crit, mol mol-1, > 0; 1 in much of Europe, 10 in eastern Canada.
    log_gibbsite
        log10 of K_gibb in (mol/L)^-2; the formula takes it in charge concentrations.

    Returns
    -------
    ANC_le,crit, kmol_c m-2 yr-1, negative.

    Source: Mapping Manual V.3 (recalled), derived here from the charge and mass balances. By hand,
    Bc_le = 600, Q = 3000 m3 ha-1, K_gibb = 300 m6 eq-2: -300 - 900 = -1200 eq ha-1:

    >>> f"{anc_leaching_bc_al(0.3, 6e-5, 1.0, 8.0):.4e}"
    '-1.2000e-04'
    """
    aluminium = ALUMINIUM_CHARGE / BASE_CATION_CHARGE * base_leaching / ratio
    return -hydrogen_leaching(percolation, aluminium, log_gibbsite) - aluminium


def anc_leaching_bc_h(base_leaching: Number, ratio: Number) -> Number:
    """ANC_le,crit = -0.5 Bc_le / (Bc/H)crit, for organic soils without aluminium hydroxides.

    Parameters: ``base_leaching`` Bc_le, kmol_c m-2 yr-1; ``ratio`` (Bc/H)crit, mol mol-1, > 0.
    Returns: kmol_c m-2 yr-1, negative. Source: Mapping Manual V.3 (recalled), derived here.

    >>> f"{anc_leaching_bc_h(6e-5, 1.0):.1e}"
    '-3.0e-05'
    """
    return -base_leaching / (BASE_CATION_CHARGE * ratio)


def anc_leaching_aluminium(
    percolation: Number, concentration: Number, log_gibbsite: Number
) -> Number:
    """ANC_le,crit = -Q ([Al]crit + ([Al]crit / K_gibb)^(1/3)).

    Parameters: ``percolation`` Q, m yr-1; ``concentration`` [Al]crit as charge, kmol_c m-3 (three
    times the molar one; the manual's eq m-3 times 1e-3); ``log_gibbsite`` log10 (mol/L)^-2.
    Returns: kmol_c m-2 yr-1, negative. Source: Mapping Manual V.3 (recalled), derived here.
    By hand, [Al] = 0.3 eq m-3 and [H] = 0.1 eq m-3 at K_gibb = 300: -0.4 * 3000 eq ha-1:

    >>> f"{anc_leaching_aluminium(0.3, 3e-4, 8.0):.4e}"
    '-1.2000e-04'
    """
    aluminium = percolation * concentration
    return -hydrogen_leaching(percolation, aluminium, log_gibbsite) - aluminium


def anc_leaching_ph(percolation: Number, ph: Number, log_gibbsite: Number) -> Number:
    """ANC_le,crit = -Q ([H]crit + K_gibb [H]crit^3), [H]crit = 10^-pH.

    Without bicarbonate it is a fair approximation up to about pH 5.

    Parameters: ``percolation`` Q, m yr-1; ``ph`` critical pH, 2 to 7; ``log_gibbsite`` log10
    (mol/L)^-2. Returns: kmol_c m-2 yr-1, negative. Source: Mapping Manual V.3 (recalled), derived
    here. By hand, [H] = 0.1, [Al] = 0.3 eq m-3:

    >>> f"{anc_leaching_ph(0.3, 4.0, 8.0):.4e}"
    '-1.2000e-04'
    """
    hydrogen = exp(-LN10 * ph)
    aluminium = gibbsite_charge_constant(log_gibbsite) * hydrogen * hydrogen * hydrogen
    return -percolation * (hydrogen + aluminium)


def anc_leaching_concentration(percolation: Number, concentration: Number) -> Number:
    """ANC_le,crit = Q [ANC]crit, as for surface waters.

    Parameters: ``percolation`` Q (runoff), m yr-1; ``concentration`` [ANC]crit, kmol_c m-3 (20
    ueq L-1 is 2e-5). Returns: kmol_c m-2 yr-1. Source: steady-state water chemistry method,
    freshwaters.org.uk (SSWC model); NIVA critical_loads_2.

    >>> f"{anc_leaching_concentration(1.2, 2e-5):.1e}"
    '2.4e-05'
    """
    return percolation * concentration


def anc_leaching_mobilisation(
    percolation: Number, weathering: Number, share: Number, log_gibbsite: Number
) -> Number:
    """ANC_le,crit = -Q^(2/3) (p BCw / K_gibb)^(1/3) - p BCw: no depletion of reactive aluminium.

    Aluminium may leave as fast as weathering releases it: Al_le,crit = Al_w = p BCw.

    Parameters: ``percolation`` Q, m yr-1; ``weathering`` BCw of Ca + Mg + K + Na, kmol_c m-2 yr-1;
    ``share`` p, charge of Al per charge of BC in the minerals that weather, 0 to 3 (3 for
    feldspars); ``log_gibbsite`` log10 (mol/L)^-2. Returns: kmol_c m-2 yr-1, negative.
    Source: Mapping Manual V.3 (recalled), derived here. By hand, 2 * 450 = 900 eq ha-1 of Al:

    >>> f"{anc_leaching_mobilisation(0.3, 4.5e-5, 2.0, 8.0):.4e}"
    '-1.2000e-04'
    """
    aluminium = share * weathering
    return -hydrogen_leaching(percolation, aluminium, log_gibbsite) - aluminium


def critical_load_acidity(weathering: Number, anc_leaching: Number) -> Number:
    """CL(A) = BCw - ANC_le,crit: acidity that the soil itself bears.

    Parameters: ``weathering`` BCw of Ca + Mg + K + Na; ``anc_leaching`` ANC_le,crit,
    kmol_c m-2 yr-1. Returns: kmol_c m-2 yr-1. Source: Mapping Manual V.3 (recalled).

    >>> f"{critical_load_acidity(6e-5, -1.2e-4):.1e}"
    '1.8e-04'
    """
    return weathering - anc_leaching


def critical_load_sulphur(
    base_deposition: Number,
    chloride_deposition: Number,
    weathering: Number,
    base_uptake: Number,
    anc_leaching: Number,
) -> Number:
    """CL(S)max = BCdep - Cldep + BCw - Bcu - ANC_le,crit.

    Parameters: ``base_deposition`` BCdep, ``weathering`` BCw of Ca + Mg + K + Na;
    ``chloride_deposition`` Cldep; ``base_uptake`` Bcu of Ca + Mg + K; ``anc_leaching`` ANC_le,crit,
    all kmol_c m-2 yr-1. Returns: kmol_c m-2 yr-1; a negative one says that the criterion is missed
    without any deposition of S and N. Source: mass balance of the SMB, Forest Research (UK), soil
    sustainability: critical loads methodologies; Mapping Manual V.3.

    >>> f"{critical_load_sulphur(3e-5, 1e-5, 7e-5, 2e-5, -1.2e-4):.1e}"
    '1.9e-04'
    """
    return base_deposition - chloride_deposition + weathering - base_uptake - anc_leaching


def critical_load_nitrogen_minimum(
    immobilisation: Number, uptake: Number, denitrification: Number = 0.0
) -> Number:
    """CL(N)min = Ni + Nu (+ Nde, where denitrification is a constant flux).

    Parameters: Ni, Nu, Nde, kmol m-2 yr-1; Nde = 0 with a denitrified fraction.
    Returns: kmol_c m-2 yr-1. Source: mass balance of the SMB; Mapping Manual V.3 (recalled).

    >>> f"{critical_load_nitrogen_minimum(7e-6, 3e-5):.1e}"
    '3.7e-05'
    """
    return immobilisation + uptake + denitrification


def critical_load_nitrogen_maximum(
    minimum: Number, sulphur: Number, denitrified_fraction: Number = 0.0
) -> Number:
    """CL(N)max = CL(N)min + CL(S)max / (1 - f_de).

    With Nde = f_de (Ndep - Ni - Nu) only the rest 1 - f_de of the excess N acidifies.

    Parameters: ``minimum`` CL(N)min, ``sulphur`` CL(S)max, kmol_c m-2 yr-1;
    ``denitrified_fraction`` f_de, 0 to below 1; 0 with a constant Nde. Returns: kmol_c m-2 yr-1.
    Source: mass balance of the SMB; Mapping Manual V.3 (recalled); NIVA critical_loads_2.

    >>> f"{critical_load_nitrogen_maximum(3.7e-5, 1.9e-4, 0.5):.2e}"
    '4.17e-04'
    """
    return minimum + sulphur / (1.0 - denitrified_fraction)


def critical_load_nutrient_nitrogen(
    minimum: Number, leaching: Number, denitrified_fraction: Number = 0.0
) -> Number:
    """CL_nut(N) = CL(N)min + N_le(acc) / (1 - f_de), N_le(acc) = Q [N]crit.

    Parameters: ``minimum`` CL(N)min; ``leaching`` acceptable leaching N_le(acc), kmol m-2 yr-1;
    ``denitrified_fraction`` f_de, 0 to below 1; 0 with a constant Nde. Returns: kmol m-2 yr-1.
    Source: mass balance of nitrogen; Mapping Manual V.3 (recalled).

    >>> f"{critical_load_nutrient_nitrogen(3.7e-5, 0.3 * 2e-5, 0.5):.2e}"
    '4.90e-05'
    """
    return minimum + leaching / (1.0 - denitrified_fraction)
