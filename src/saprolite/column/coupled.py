"""A layer with silica brakes: rates that need the concentration of every element.

The unknowns are the concentrations of Ca, Mg, K, Na (kmol_c m-3) and Si (kmol m-3); the pH follows
from them by the charge balance. Newton's method, with a step that is halved until what is left
over falls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.chemistry import Chemistry
from saprolite.column.lanes import choose_lanes
from saprolite.column.layer import (
    BASE_CATIONS,
    Ions,
    LayerInput,
    LayerSolution,
    element_sum,
    finish_layer,
    layer_chemistry,
    surface_constants,
    uptake_floor,
)
from saprolite.column.newton import TOLERANCE, Flags
from saprolite.models.rate_law import CHARGES, ProfileLaw, Solution

Array = npt.NDArray[np.float64]
UNKNOWNS = (*BASE_CATIONS, "Si")
_STEP = 1e-7
# A trace keeps the scale of an element that neither rain nor minerals bring above zero.
_TRACE = 1e-12
_AIM = 1e-12
# No soil solution holds this much (kmol m-3): a longer step has left the range of its slope.
_MOST = 10.0
_MOST_NEWTON_STEPS = 200
_MOST_HALVINGS = 30
_MOST_ACTIVITY_PASSES = 60


@dataclass(frozen=True)
class _System:
    law: ProfileLaw
    layer: LayerInput
    ions: Ions
    constants: list[Array]
    chemistry: Chemistry

    def deviation(
        self, unknowns: Array, start: Array
    ) -> tuple[Array, Array, Flags, Solution, Chemistry]:
        """What the layer delivers minus what it holds, (element, lane), kmol(_c) m-3; ln h that
        balances the charges, whether it was found, and the state that the minerals feel."""
        water = self.layer.percolation
        held = dict(zip(UNKNOWNS, unknowns, strict=True))
        charge = -self.ions.anions_less_ammonium / water
        for name in BASE_CATIONS:
            charge = charge + held[name]
        strong = {name: held[name] for name in BASE_CATIONS}
        strong.update({name: flux / water for name, flux in self.ions.flux.items()})
        chemistry, x, found = self._ph(charge, strong, start)
        at = self._state(chemistry, held, x)
        total: Array = np.zeros((1,))
        for rate in self.law.rates(self.constants, at):
            total = total + rate
        deviations = []
        for name in BASE_CATIONS:
            available = self.layer.inflow[name] + CHARGES[name] * element_sum(
                self.law.release, name, total
            )
            floor = uptake_floor(self.law.reading, self.layer, name)
            out, _ = eq.after_uptake(available, self.layer.uptake[name], floor)
            deviations.append(out / water - held[name])
        silica = self.layer.inflow["Si"] + element_sum(self.law.release, "Si", total)
        deviations.append(silica / water - held["Si"])
        return np.stack(deviations), x, found, at, chemistry

    def _ph(
        self, charge: Array, strong: Mapping[str, Array], start: Array
    ) -> tuple[Chemistry, Array, Flags]:
        chemistry, x = self.chemistry, start
        found = np.ones(start.shape, bool)
        for _ in range(_MOST_ACTIVITY_PASSES):
            x, found = chemistry.solve_ph(charge, x)
            new = chemistry.with_ionic_strength(chemistry.ionic_strength(x, strong))
            still = ~found | (chemistry.change_of_activity(new) <= _AIM)
            if still.all():
                break
            chemistry = chemistry.updated(new, ~still)
        return chemistry, x, found

    def _state(self, chemistry: Chemistry, held: Mapping[str, Array], x: Array) -> Solution:
        anc = chemistry.alkalinity(x)
        base_cations: Array = np.zeros((1,))
        for name in BASE_CATIONS:
            base_cations = base_cations + held[name] / CHARGES[name]
        return Solution(
            self.layer.temperature, x, chemistry.log_hydroxide(x), self.layer.pressure,
            base_cations, anc.aluminium, held["Si"], anc.ligand,
        )  # fmt: skip


def coupled_layer(law: ProfileLaw, layer: LayerInput, start: Array) -> LayerSolution:
    """Solve a layer whose rates depend on the concentration of silica, too."""
    ions = Ions.of(layer)
    chemistry = layer_chemistry(law.reading, layer)
    system = _System(law, layer, ions, surface_constants(law, layer), chemistry)
    guess = _newton(system, _Guess.of(system, _without_weathering(layer, law), start))
    deviation, x, found, at, chemistry = system.deviation(guess.unknowns, guess.x)
    residual = _merit(deviation, guess.unknowns)
    rates = np.stack(law.rates(system.constants, at))
    return finish_layer(
        law, layer, chemistry, ions, x, rates, residual, found & (residual <= TOLERANCE)
    )


@dataclass(frozen=True)
class _Guess:
    """Where the search stands: concentrations, ln h, what is left over, and how large that is."""

    unknowns: Array
    x: Array
    deviation: Array
    merit: Array
    found: Flags
    lowest: Array

    @classmethod
    def of(cls, system: _System, lowest: Array, start: Array) -> _Guess:
        deviation, x, found, *_ = system.deviation(lowest, start)
        return cls(lowest, x, deviation, _merit(deviation, lowest), found, lowest)

    def moved(self, system: _System, step: Array) -> _Guess:
        trial = np.clip(self.unknowns + step, self.lowest, np.maximum(self.lowest, _MOST))
        deviation, x, found, *_ = system.deviation(trial, self.x)
        return _Guess(trial, x, deviation, _merit(deviation, trial), found, self.lowest)


def _newton(system: _System, guess: _Guess) -> _Guess:
    """Newton's method; the step is halved until what is left over falls."""
    running = guess.found & (guess.merit > _AIM)
    for _ in range(_MOST_NEWTON_STEPS):
        if not running.any():
            break
        step = _newton_step(system, guess)
        better = ~running
        for halving in range(_MOST_HALVINGS):
            trial = guess.moved(system, step * 0.5**halving)
            improves = ~better & trial.found & (trial.merit < guess.merit)
            guess = choose_lanes(guess, trial, improves)
            better |= improves
            if better.all():
                break
        running &= better & (guess.merit > _AIM)
    return guess


def _without_weathering(layer: LayerInput, law: ProfileLaw) -> Array:
    """The least that the layer can hold: what comes in, after uptake."""
    water = layer.percolation
    least = []
    for name in BASE_CATIONS:
        floor = uptake_floor(law.reading, layer, name)
        least.append(eq.after_uptake(layer.inflow[name], layer.uptake[name], floor)[0] / water)
    return np.stack([*least, layer.inflow["Si"] / water])


def _merit(deviation: Array, unknowns: Array) -> Array:
    """Largest deviation of an element against the charge of the cations (silica: against Si)."""
    charge = unknowns[:-1].sum(axis=0) + _TRACE
    relative = np.abs(deviation[:-1]) / charge
    silica = np.abs(deviation[-1]) / (unknowns[-1] + charge)
    return np.asarray(np.maximum(relative.max(axis=0), silica))


def _newton_step(system: _System, guess: _Guess) -> Array:
    size = len(UNKNOWNS)
    jacobian = np.empty((guess.x.size, size, size))
    for column in range(size):
        shift = _STEP * (guess.unknowns[column] + 1e-3 * guess.unknowns.sum(axis=0) + _TRACE)
        moved = guess.unknowns.copy()
        moved[column] += shift
        slope = (system.deviation(moved, guess.x)[0] - guess.deviation) / shift
        jacobian[:, :, column] = slope.T
    matrix = -jacobian
    usable = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(guess.deviation).all(axis=0)
    matrix[~usable] = np.eye(size)
    right = np.where(usable, guess.deviation, 0.0)
    return np.asarray(np.linalg.solve(matrix, right.T[..., None])[..., 0].T)
