"""One bit of the next byte: how mixers weigh what experts say of it, and how they learn.

    inputs ─┬─► mixer by channel and node ──────────────────┐
     × 64   ├─► mixer by distance of the border, and error ─┤   mixer
            ├─► mixer by bit and error ─────────────────────┼─► of     ─► p ─┬─► 3 APM ──► mean
            ├─► mixer by bit and nearness of contexts ──────┤   mixers       │              ▲
            └─► mixer by bit and spread of predictions ─────┘                └──────────────┘

The APMs, curves that map p to what really happened, are selected by the distance of the bit's
border from three predictions: BLEND, LOCAL and ALIKE.

A mixer is one neuron: squash(Σ weight · input); its weights move by input · error.

Integers throughout. Source: the logistic mixing of PAQ8 (Mahoney, "Data Compression Explained");
the selectors and the constants are this project's.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_jit import int64
from compgen.kernels.cm_tables import LIMIT, ONE, POINTS, STEP
from compgen.kernels.jit import kernel
from compgen.kernels.pixelcm_inputs import Walk, clamped, fine_place, gather, learn_inputs, walking
from compgen.kernels.pixelcm_nearest import Search, searching
from compgen.kernels.pixelcm_predict import Fit, fitting
from compgen.kernels.pixelcm_state import (
    ALIKE,
    BLEND,
    CHANNEL,
    CURVES,
    ENERGY,
    INPUTS,
    LEARNED,
    LOCAL,
    NEAREST_LEVEL,
    SETS,
    SPREAD,
    VALUE,
)
from compgen.kernels.pixelcm_tables import FINE, Tables, picture_tables

LEAST_RATE, FIRST_RATE, RATE_HALVES = 10, 150, 16384
"""Learning rate of the mixers, in 1/16384: the last, the first, and when it is halfway."""
FINAL_RATE = 12
"""That of the mixer of mixers, in 1/16384."""
CURVE_RATE = 6
"""An APM point moves by 2^-CURVE_RATE of its error."""
CURVE_PREDICTION = (BLEND, LOCAL, ALIKE)


class Work(NamedTuple):
    """What a thread needs besides the model."""

    tables: Tables
    search: Search
    fit: Fit
    walk: Walk


def work(channels: int) -> Work:
    """Scratch for one thread."""
    return Work(picture_tables(), searching(channels), fitting(), walking())


@kernel
def predict(layout, learned, picture, tables, walk, bit_index, half, node, so_far, known):
    """Probability that the next bit is 1, of 65536, 1 … 65535.

    bit_index  0 … 7: the row of `walk` that `learn` will find this bit in
    half    0 or 1: which half byte, whose lines of counters are active[half]
    node    1 … 15: the node of the half byte's tree
    so_far  1 … 255: 1 and then the bits of the byte so far
    known   how many those are
    """
    low = (so_far << (8 - known)) & 255
    gather(layout, learned, picture, tables, walk, bit_index, half, node, low, known)
    place, predicted = picture.place, picture.predicted[VALUE]
    channel = place[CHANNEL]
    border = ((low + (128 >> known)) << 4) - 8
    blend = fine_place(tables.fine, border - predicted[BLEND])
    energy = int64(tables.level[min(picture.predicted[ENERGY, BLEND], 1023)])
    bit = channel * 8 + known
    row = walk.chosen[bit_index]
    start, group = layout.channels * 256, layout.channels * 128
    row[0] = channel * 256 + so_far
    row[1] = start + ((blend >> 1) * 8 + known) * 8 + (energy >> 1)
    start += 2048
    row[2] = start + bit * 16 + energy
    row[3] = start + group + bit * 16 + place[NEAREST_LEVEL]
    row[4] = start + 2 * group + bit * 16 + place[SPREAD]
    weights, squash, inputs = learned.weights, tables.squash, walk.inputs[bit_index]
    final = learned.final[bit * 16 + energy]
    total = int64(0)
    for k in range(SETS):
        dot = int64(0)
        chosen = weights[row[k]]
        for i in range(INPUTS):
            dot += int64(inputs[i]) * int64(chosen[i])
        said = clamped(dot >> 16, LIMIT)
        walk.said[bit_index, k] = said
        total += said * int64(final[k])
    mix = clamped(total >> 16, LIMIT)
    walk.mix[bit_index] = mix
    probability = 2 * int64(squash[mix + LIMIT])
    j = min((mix + LIMIT) // STEP, POINTS - 2)
    part = mix + LIMIT - j * STEP
    for k in range(CURVES):
        at = bit * FINE + fine_place(tables.fine, border - predicted[CURVE_PREDICTION[k]])
        walk.curve[bit_index, k] = at
        curve = learned.curves[k, at]
        refined = (int64(curve[j]) * (STEP - part) + int64(curve[j + 1]) * part) // STEP
        probability += 2 * refined
    return min(max((probability + 4) >> 3, 1), ONE - 1)


@kernel
def learn(learned, picture, tables, walk, bit_index, half, node, bit):
    """Move everything that `predict` looked at towards the bit that came."""
    target = bit << 16
    size = picture.place[LEARNED]
    rate = LEAST_RATE + (FIRST_RATE - LEAST_RATE) * RATE_HALVES // (size + RATE_HALVES)
    inputs, weights = walk.inputs[bit_index], learned.weights
    mix = walk.mix[bit_index]
    error = target - int64(tables.squash[mix + LIMIT])
    energy = int64(tables.level[min(picture.predicted[ENERGY, BLEND], 1023)])
    final = learned.final[(picture.place[CHANNEL] * 8 + bit_index) * 16 + energy]
    for k in range(SETS):
        said = walk.said[bit_index, k]
        final[k] += (said * error * FINAL_RATE + (1 << 21)) >> 22
        step = np.int32(((target - int64(tables.squash[said + LIMIT])) * rate) >> 6)
        chosen = weights[walk.chosen[bit_index, k]]
        for i in range(INPUTS):  # 32 bits hold all of it
            change = np.int32(np.int32(inputs[i] * step) + np.int32(1 << 15))
            chosen[i] = np.int32(chosen[i] + np.int32(change >> 16))
    learn_inputs(learned, tables, walk, bit_index, half, node, bit)
    j = (mix + LIMIT + STEP // 2) // STEP
    for k in range(CURVES):
        curve = learned.curves[k, walk.curve[bit_index, k]]
        old = int64(curve[j])
        curve[j] = old + ((bit * 65535 - old + (1 << (CURVE_RATE - 1))) >> CURVE_RATE)
