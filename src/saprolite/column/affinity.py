"""A layer of the WITCH-type model: minerals that dissolve until they are in equilibrium.

The rate of a mineral is k s with s = max(0, 1 - Omega^(1/sigma)). With t = -ln(1 - s) as unknown
this is a complementarity, 0 <= t and 0 <= t + ln(Omega)/sigma with one of them zero, in which the
concentrations are explicit: no rate jumps and none is stiff. Its slope is the identity plus the
curvature of the solution's free energy, so there is one solution; Newton's method on the
Fischer-Burmeister function, with steps halved until the rest falls, looks for it from several
starts. A layer where it is not found is reported, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.chemistry import Chemistry, log_proton_bracket
from saprolite.column.lanes import choose_lanes, take_lanes
from saprolite.column.layer import (
    BASE_CATIONS,
    Ions,
    LayerInput,
    LayerSolution,
    finish_layer,
    layer_chemistry,
    surface_constants,
    uptake_floor,
)
from saprolite.column.newton import Flags, bracketed_newton, changes_sign
from saprolite.constants import LN10
from saprolite.models.rate_law import CHARGES, ELEMENTS, Solution
from saprolite.models.witch import WitchLaw

Array = npt.NDArray[np.float64]
# The pH is known to 1e-13 of the charges; a phase that takes up 16 H+ magnifies that.
_AIM = 1e-9
_STILL = 1e-12
_RIDGE = 1e-12
_OTHER_STARTS = (1e-3, 0.1)
_MOST_STEPS = 100
_MOST_HALVINGS = 30
_MOST_PASSES = 60
# ln(Omega)/sigma below this is as far from equilibrium as a rate can tell.
_FAR = -45.0
_TRACE = 1e-30


@dataclass(frozen=True)
class _Balance:
    """What the concentrations, the pH and the saturation are for given dissolution s."""

    law: WitchLaw
    layer: LayerInput
    ions: Ions
    constants: list[Array]

    def part(self, lanes: Flags) -> _Balance:
        """Some of the lanes."""
        return _Balance(
            self.law, take_lanes(self.layer, lanes), take_lanes(self.ions, lanes),
            [constant[..., lanes] for constant in self.constants],
        )  # fmt: skip

    def rates(self, chemistry: Chemistry, x: Array) -> list[Array]:
        """Rates far from equilibrium, by pathway, (mineral, lane), kmol m-2 yr-1."""
        at = Solution(
            self.layer.temperature, x, chemistry.log_hydroxide(x), self.layer.pressure,
            0.0, 0.0, 0.0, 0.0,
        )  # fmt: skip
        return self.law.far_rates(self.constants, at)

    def delivered(self, name: str, weathering: Array) -> tuple[Array, Flags]:
        """Outflow of an element, kmol_c or kmol m-2 yr-1, and whether it follows the weathering."""
        share = self.law.release[ELEMENTS.index(name)][:, None]
        released = (share * weathering).sum(axis=0)
        if name == "Si":
            return self.layer.inflow[name] + released, np.ones(released.shape, bool)
        floor = uptake_floor(self.law.reading, self.layer, name)
        available = self.layer.inflow[name] + CHARGES[name] * released
        return eq.after_uptake(available, self.layer.uptake[name], floor)

    def solve_ph(
        self, chemistry: Chemistry, dissolution: Array, start: Array, lanes: Flags | None = None
    ) -> tuple[Array, Flags]:
        """ln h at which the charges balance."""

        def imbalance(x: Array) -> tuple[Array, Array, Array]:
            rates, slopes = self._total(chemistry, x)
            charge, gain = self._charge(rates * dissolution, slopes * dissolution)
            anc = chemistry.alkalinity(x)
            scale = anc.scale + np.abs(charge)
            return charge - anc.value, gain - anc.slope, scale

        low, high = log_proton_bracket(start)
        if lanes is None:
            lanes = changes_sign(imbalance, low, high)
        return bracketed_newton(imbalance, low, high, start, lanes)

    def _total(self, chemistry: Chemistry, x: Array) -> tuple[Array, Array]:
        total: Array = np.zeros((1,))
        slope: Array = np.zeros((1,))
        for name, rate in zip(self.law.names, self.rates(chemistry, x), strict=True):
            on_proton, on_hydroxide, _ = self.law.orders[name]
            total = total + rate
            slope = slope + rate * (on_proton - on_hydroxide)
        return total, slope

    def _charge(self, weathering: Array, slopes: Array) -> tuple[Array, Array]:
        """Charge of the strong ions (kmol_c m-3) and its slope."""
        water = self.layer.percolation
        charge = -self.ions.anions_less_ammonium / water
        gain: Array = np.zeros_like(charge)
        for name in BASE_CATIONS:
            out, follows = self.delivered(name, weathering)
            share = self.law.release[ELEMENTS.index(name)][:, None]
            own = CHARGES[name] * (share * slopes).sum(axis=0) / water
            charge = charge + out / water
            gain = gain + np.where(follows, own, 0.0)
        return charge, gain

    def state(
        self, chemistry: Chemistry, dissolution: Array, x: Array
    ) -> tuple[Array, dict[str, Array], dict[str, Flags]]:
        """Weathering (mineral, lane), concentrations (kmol m-3) and where they follow it."""
        weathering = self._total(chemistry, x)[0] * dissolution
        held, follows = {}, {}
        for name in (*BASE_CATIONS, "Si"):
            out, follows[name] = self.delivered(name, weathering)
            held[name] = out / (self.layer.percolation * CHARGES.get(name, 1))
        return weathering, held, follows

    def log_saturation(self, chemistry: Chemistry, held: Mapping[str, Array], x: Array) -> Array:
        """ln(Omega)/sigma of every mineral, (mineral, lane), cut at far from equilibrium."""
        if self.law.reading.affinity == "off":
            return np.full((len(self.law.minerals), x.size), _FAR)
        one, two, _ = chemistry.gamma
        activities = {
            name: held[name] * (two if CHARGES[name] == 2 else one) for name in BASE_CATIONS
        }
        at = Solution(
            self.layer.temperature, x, chemistry.log_hydroxide(x), self.layer.pressure, 0.0,
            chemistry.aluminium(x), held["Si"], 0.0, activities,
        )  # fmt: skip
        return np.maximum(self.law.log_saturation_ratios(at) * LN10 / self.law.sigma, _FAR)

    def slope(
        self,
        chemistry: Chemistry,
        t: Array,
        x: Array,
        held: Mapping[str, Array],
        follows: Mapping[str, Flags],
    ) -> Array:
        """d(ln(Omega)/sigma) of mineral i by t of mineral j, (lane, i, j)."""
        water = self.layer.percolation
        rates, rate_slopes = self._total(chemistry, x)
        dissolution = -np.expm1(-t)
        gain = rates * np.exp(-t)  # d(weathering)/dt at constant pH
        anc_slope = chemistry.alkalinity(x).slope
        # Charge balance: the pH answers to each mineral's cations.
        charge_by_t: Array = np.zeros_like(t)
        charge_by_x: Array = np.zeros_like(x)
        by_t: dict[str, Array] = {}
        by_x: dict[str, Array] = {}
        for name in (*BASE_CATIONS, "Si"):
            share = self.law.release[ELEMENTS.index(name)][:, None]
            follow = np.where(follows[name], 1.0 / water, 0.0)
            by_t[name] = follow * share * gain
            by_x[name] = follow * (share * rate_slopes * dissolution).sum(axis=0)
            if name != "Si":
                charge_by_t = charge_by_t + CHARGES[name] * by_t[name]
                charge_by_x = charge_by_x + CHARGES[name] * by_x[name]
        x_by_t = charge_by_t / (anc_slope - charge_by_x)
        matrix = np.zeros((x.size, len(self.law.minerals), len(self.law.minerals)))
        for index, item in enumerate(self.law.phases):
            row = -item.phase.protons * x_by_t
            for ion, moles in item.phase.ions.items():
                if ion == "Al":
                    row = row + moles * chemistry.exponent * x_by_t
                elif ion in by_t:
                    change = by_t[ion] + by_x[ion] * x_by_t
                    row = row + moles * change / np.maximum(held[ion], _TRACE)
            matrix[:, index, :] = (row / item.sigma).T
        return matrix


@dataclass(frozen=True)
class _Guess:
    t: Array
    x: Array
    level: Array
    rest: Array
    merit: Array
    found: Flags

    @classmethod
    def of(
        cls, balance: _Balance, chemistry: Chemistry, t: Array, start: Array, lanes: Flags | None
    ) -> _Guess:
        dissolution = -np.expm1(-t)
        x, found = balance.solve_ph(chemistry, dissolution, start, lanes)
        _, held, _ = balance.state(chemistry, dissolution, x)
        level = balance.log_saturation(chemistry, held, x)
        other = t + level
        rest = t + other - np.sqrt(t * t + other * other)
        return cls(t, x, level, rest, (rest * rest).sum(axis=0), found)

    def with_lanes(self, lanes: Flags, part: _Guess) -> _Guess:
        """``part`` put into some lanes."""
        values = []
        for item in fields(_Guess):
            full = getattr(self, item.name).copy()
            full[..., lanes] = getattr(part, item.name)
            values.append(full)
        return _Guess(*values)

    @property
    def solved(self) -> Flags:
        """Lanes whose every mineral fulfils its condition to rounding."""
        exact = np.abs(np.minimum(self.t, self.t + self.level)) <= _AIM * (1.0 + self.t)
        return np.asarray(exact.all(axis=0))


def affinity_layer(law: WitchLaw, layer: LayerInput, start: Array) -> LayerSolution:
    """Solve a layer in which minerals dissolve until they are in equilibrium."""
    ions = Ions.of(layer)
    balance = _Balance(law, layer, ions, surface_constants(law, layer))
    chemistry = layer_chemistry(law.reading, layer)
    guess = _Guess.of(balance, chemistry, np.zeros(layer.surface.shape), start, None)
    lanes = guess.found
    guess = _newton(balance, chemistry, guess)
    for share in _OTHER_STARTS:
        lost = lanes & ~guess.solved
        if not lost.any():
            break
        t = np.where(lost, share, guess.t)
        again = _Guess.of(balance, chemistry, t, start, lost)
        guess = choose_lanes(guess, _newton(balance, chemistry, again), lost)
    still = ~lanes
    for _ in range(_MOST_PASSES):
        guess = _newton(balance, chemistry, guess)
        guess = replace(guess, found=guess.found & guess.solved)
        new = _at_ionic_strength(balance, chemistry, guess)
        still = ~guess.found | (chemistry.change_of_activity(new) <= _STILL)
        if still.all():
            break
        chemistry = chemistry.updated(new, ~still)
        guess = _Guess.of(balance, chemistry, guess.t, guess.x, guess.found)
    found = guess.found & guess.solved & still
    dissolution = -np.expm1(-guess.t)
    rates = np.stack(balance.rates(chemistry, guess.x)) * dissolution
    return finish_layer(
        law, layer, chemistry, ions, guess.x, rates, _residual(balance, chemistry, guess), found
    )


def _newton(balance: _Balance, chemistry: Chemistry, guess: _Guess) -> _Guess:
    """Newton's method on the lanes that are not solved yet, and on these alone."""
    lost = np.zeros(guess.x.shape, bool)
    for _ in range(_MOST_STEPS):
        lanes = guess.found & ~guess.solved & ~lost
        if not lanes.any():
            break
        part, better = _one_step(
            balance.part(lanes), take_lanes(chemistry, lanes), take_lanes(guess, lanes)
        )
        guess = guess.with_lanes(lanes, part)
        lost[lanes] = ~better
    return guess


def _one_step(balance: _Balance, chemistry: Chemistry, guess: _Guess) -> tuple[_Guess, Flags]:
    """A Newton step, halved until what is left over falls; and whether it did."""
    step = _step(balance, chemistry, guess)
    better = np.zeros(guess.x.shape, bool)
    for halving in range(_MOST_HALVINGS):
        t = np.where(better, guess.t, np.maximum(guess.t + step * 0.5**halving, 0.0))
        trial = _Guess.of(balance, chemistry, t, guess.x, guess.found & ~better)
        improves = ~better & trial.found & (trial.merit < guess.merit)
        guess = choose_lanes(guess, trial, improves)
        better |= improves
        if better.all():
            break
    return guess, better


def _step(balance: _Balance, chemistry: Chemistry, guess: _Guess) -> Array:
    """Newton's step of the Fischer-Burmeister function, (mineral, lane)."""
    t, other = guess.t, guess.t + guess.level
    root = np.sqrt(t * t + other * other)
    # At (0, 0) any point of the cone's slope will do.
    safe = np.where(root > 0.0, root, 1.0)
    on_t = 1.0 - np.where(root > 0.0, t / safe, np.sqrt(0.5))
    on_other = 1.0 - np.where(root > 0.0, other / safe, np.sqrt(0.5))
    _, held, follows = balance.state(chemistry, -np.expm1(-t), guess.x)
    slope = balance.slope(chemistry, t, guess.x, held, follows)
    # A mineral far from equilibrium stays there: its level is cut, and so is its slope.
    slope = np.where((guess.level > _FAR).T[:, :, None], slope, 0.0)
    size = len(balance.law.minerals)
    matrix = on_other.T[:, :, None] * (slope + np.eye(size)) + on_t.T[:, :, None] * np.eye(size)
    # Rows differ by many powers of ten where an element is all but absent.
    largest = np.abs(matrix).max(axis=2, keepdims=True)
    matrix = matrix / largest + _RIDGE * np.eye(size)
    rest = guess.rest / largest[:, :, 0].T
    usable = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(rest).all(axis=0)
    matrix[~usable] = np.eye(size)
    right = np.where(usable, -rest, 0.0)
    return np.asarray(np.linalg.solve(matrix, right.T[..., None])[..., 0].T)


def _at_ionic_strength(balance: _Balance, chemistry: Chemistry, guess: _Guess) -> Chemistry:
    _, held, _ = balance.state(chemistry, -np.expm1(-guess.t), guess.x)
    water = balance.layer.percolation
    strong = {name: held[name] * CHARGES[name] for name in BASE_CATIONS}
    strong.update({name: flux / water for name, flux in balance.ions.flux.items()})
    return chemistry.with_ionic_strength(chemistry.ionic_strength(guess.x, strong))


def _residual(balance: _Balance, chemistry: Chemistry, guess: _Guess) -> Array:
    """Charge balance left over, against the sum of the charges."""
    _, held, _ = balance.state(chemistry, -np.expm1(-guess.t), guess.x)
    anc = chemistry.alkalinity(guess.x)
    anions = balance.ions.anions_less_ammonium / balance.layer.percolation
    bases: Array = np.zeros_like(anions)
    for name in BASE_CATIONS:
        bases = bases + CHARGES[name] * held[name]
    imbalance = eq.strong_ion_difference(bases, 0.0, anions, 0.0, 0.0) - anc.value
    return np.asarray(imbalance / (anc.scale + np.abs(anions) + bases))
