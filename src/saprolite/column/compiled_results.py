"""Parts of the compiled solver: what is read of a layer, what is written of it, what flows on.

Templates as in :mod:`.compiled_solution`.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated"
from __future__ import annotations

import numpy as np

from saprolite.column import compiled_rows as r
from saprolite.compiled.intrinsics import fma
from saprolite.constants import LN10

LANES, FOUR_ROWS = r.LANES, 4 * r.LANES


def read_layer(s, fields, layer, start, count):
    """What is given of a layer; lanes beyond the last are not there."""
    for number in range(len(fields)):
        offset = LANES * np.uint64(number)
        row, values = s[offset : offset + LANES], fields[number][layer, start : start + count]
        for lane in range(count):
            row[lane] = values[lane]
        row[count:] = np.nan


def read_inflow(s, deposition, start, count, first_guess):
    """What falls on the first layer, and the first guess of ln h."""
    for ion in range(deposition.shape[0]):
        offset = r.INFLOW + LANES * np.uint64(ion)
        row, values = s[offset : offset + LANES], deposition[ion, start : start + count]
        for lane in range(count):
            row[lane] = values[lane]
    for lane in range(LANES):
        s[r.SILICA + lane] = 0.0
        s[r.PHOSPHORUS + lane] = 0.0
        s[r.START + lane] = first_guess


def weathering(s, law, e, k):
    """Rates by pathway and mineral, in the place of k, and what they release of each element."""
    minerals = law.constants.shape[1]
    for element in range(7):
        row = r.RELEASED + LANES * np.uint64(element)
        for lane in range(LANES):
            s[row + lane] = 0.0
    for mineral in range(minerals):
        for lane in range(LANES):
            s[r.STEP + lane] = 0.0
        for pathway in range(law.constants.shape[0]):
            row, term = (
                LANES * np.uint64(pathway * minerals + mineral),
                law.term_of[pathway, mineral],
            )
            for lane in range(LANES):
                rate = k[row + lane] * e[term + lane]
                k[row + lane] = rate
                s[r.STEP + lane] = s[r.STEP + lane] + rate
        for element in range(7):
            share, row = law.release[element, mineral], r.RELEASED + LANES * np.uint64(element)
            if share != 0.0:
                for lane in range(LANES):
                    s[row + lane] = fma(share, s[r.STEP + lane], s[row + lane])


def leaving(s):
    """What leaves the layer (Ca, Mg, K, Na, NH4, NO3, SO4, Cl, Si, P); the balance left over."""
    for ion in range(4):
        offset = LANES * np.uint64(ion)
        to, bases, others = r.LEAVES + offset, r.OUT + offset, r.FLUX + offset
        for lane in range(LANES):
            s[to + lane] = s[bases + lane]
            s[to + FOUR_ROWS + lane] = s[others + lane]
    for lane in range(LANES):
        s[r.LEAVES_SILICA + lane] = s[r.SILICA + lane] + s[r.RELEASED_SILICA + lane]
        s[r.LEAVES_PHOSPHORUS + lane] = s[r.PHOSPHORUS + lane] + s[r.RELEASED_PHOSPHORUS + lane]
        s[r.RESIDUAL + lane] = s[r.VALUE + lane] / s[r.SCALE + lane]
        s[r.PH + lane] = -s[r.X + lane] / LN10
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        taken = r.TAKEN_CATIONS + offset
        delivered, left = r.DELIVERED + offset, r.OUT + offset
        for lane in range(LANES):
            s[taken + lane] = s[delivered + lane] - s[left + lane]


def write_layer(s, law, k, solute_charge, layer, start, count, out, found):
    """The results of a layer; NaN where it was not solved."""
    stop = start + count
    is_found, water = s[r.FOUND : r.FOUND + LANES], s[r.WATER : r.WATER + LANES]
    here = found[layer, start:stop]
    for lane in range(count):
        here[lane] = is_found[lane] > 0.0
    for solute in range(10):
        offset, charge = r.LEAVES + LANES * np.uint64(solute), solute_charge[solute]
        values, to = s[offset : offset + LANES], out[r.OUT_SOLUTES + solute, layer, start:stop]
        for lane in range(count):
            to[lane] = values[lane] / charge / water[lane] if is_found[lane] > 0.0 else np.nan
    for number in range(r.WRITTEN.shape[0]):
        offset, to = np.uint64(r.WRITTEN[number, 0]), out[r.WRITTEN[number, 1], layer, start:stop]
        values = s[offset : offset + LANES]
        for lane in range(count):
            to[lane] = values[lane] if is_found[lane] > 0.0 else np.nan
    minerals = law.constants.shape[1]
    for row in range(law.constants.size):
        charge, to = law.charge[row % minerals], out[r.OUT_RATES + row, layer, start:stop]
        offset = LANES * np.uint64(row)
        values = k[offset : offset + LANES]
        for lane in range(count):
            to[lane] = values[lane] * charge if is_found[lane] > 0.0 else np.nan


def pass_on(s, present, layer, start, count):
    """What leaves a layer flows into the next one; its pH is the first guess there."""
    is_present, here = s[r.STEP : r.STEP + LANES], present[layer, start : start + count]
    for lane in range(count):
        is_present[lane] = 1.0 if here[lane] else 0.0
    for lane in range(LANES):
        s[r.START + lane] = s[r.X + lane] if s[r.FOUND + lane] > 0.0 else s[r.START + lane]
    for solute in range(10):
        offset = LANES * np.uint64(solute)
        inflow, leaves = r.INFLOW + offset, r.LEAVES + offset
        for lane in range(LANES):
            left = s[leaves + lane] if s[r.FOUND + lane] > 0.0 else np.nan
            s[inflow + lane] = left if s[r.STEP + lane] > 0.0 else s[inflow + lane]
