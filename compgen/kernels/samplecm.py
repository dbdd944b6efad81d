"""The sound model over bytes: read, score, code, look at all 256 next bytes, write.

    arrive ─► nearest contexts, predictions, hashes of the next byte ─┬─► next_byte  changes nothing
      ▲                                                              └─► code ─► take ─┐
      └─── the place moves on by one byte ◄── learned, if it is not frozen ◄───────────┘

A byte is eight binary decisions about its rank (samplecm_tables.py), the highest bit first. What
experts say of them and how they are mixed is pixelcm's: a rank, as a pixel, is a number of which
there are predictions. Only the bells around the predictions differ: they lie over amplitudes.

Code lengths are those of the product of the eight 16-bit probabilities, multiplied in float64
in the same order in `next_byte` and in `code`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from compgen.kernels.bit_coder import READ, code_bit
from compgen.kernels.cm_jit import int64
from compgen.kernels.jit import kernel
from compgen.kernels.lz_marginal_sample import draw, shape
from compgen.kernels.pixelcm_contexts import find_lines, save_lines
from compgen.kernels.pixelcm_inputs import Walk, below, learn_support, walking
from compgen.kernels.pixelcm_node import learn, predict
from compgen.kernels.pixelcm_state import (
    BROAD,
    BROAD_INVERSE,
    BYTE,
    INVERSE,
    PREDICTIONS,
    SHARP,
    SHARP_INVERSE,
)
from compgen.kernels.pixelcm_tables import Tables, picture_tables
from compgen.kernels.repeats import penalise, write
from compgen.kernels.samplecm_contexts import MAP_PREDICTION, set_hashes, set_selected
from compgen.kernels.samplecm_nearest import find_nearest, move_window, weigh_nearest
from compgen.kernels.samplecm_predict import (
    learn_predictions,
    note_errors,
    predict_all,
    set_features,
)
from compgen.kernels.samplecm_state import (
    AT,
    CHANNEL,
    FOUND,
    LEARNED,
    LONG,
    SIZE,
    STACKED,
    WHOLE,
)

_ONE = 1 / 65536


class Fit(NamedTuple):
    """Scratch of least squares."""

    system: np.ndarray  # float64 (LONG, LONG)
    answer: np.ndarray  # float64 (LONG,)
    solution: np.ndarray  # float64 (LONG,)
    apart: np.ndarray  # float64 (STACKED,)


class Work(NamedTuple):
    """What a thread needs besides the model."""

    tables: Tables
    fit: Fit
    walk: Walk


def work() -> Work:
    """Scratch for one thread."""
    fit = Fit(np.zeros((LONG, LONG)), np.zeros(LONG), np.zeros(LONG), np.zeros(STACKED))
    return Work(picture_tables(), fit, walking(MAP_PREDICTION))


@kernel
def arrive(model, work, learning):
    """Find out all that is known of the next byte."""
    layout, sound, level = model.layout, model.sound, work.tables.level
    if sound.place[CHANNEL] == 0:
        find_nearest(layout, sound, learning)
    set_features(layout, sound)
    weigh_nearest(layout, sound)
    predict_all(layout, model.learned, sound, work.fit, learning, level)
    set_hashes(layout, sound, level)
    set_selected(layout, sound, level)


@kernel
def _find_mass(layout, sound, bell, mass, border):
    """Mass of every bell below the rank `border`, 0 … 256, into its column of `mass`."""
    here, near, inverse = layout.law.border[border], sound.near, sound.predicted[INVERSE]
    for which in range(PREDICTIONS):
        distance = here - int64(sound.linear[which])
        mass[which, border] = below(bell, distance, inverse[which])
    sharp = broad = int64(0)
    for index in range(sound.place[FOUND]):
        distance = here - near[BYTE, index]
        sharp += near[SHARP, index] * below(bell, distance, near[SHARP_INVERSE, index])
        broad += near[BROAD, index] * below(bell, distance, near[BROAD_INVERSE, index])
    mass[PREDICTIONS, border] = sharp >> 12
    mass[PREDICTIONS + 1, border] = broad >> 12


@kernel
def _decision(model, work, so_far, known):
    """`predict` along one path, after the bits `so_far`, of which `known` are known."""
    layout, sound, walk, bell = model.layout, model.sound, work.walk, work.tables.bell
    half, depth = known >> 2, known & 3
    if depth == 0:
        find_lines(layout, model.store, sound.hashes, so_far, walk.lines[half], walk.active[half])
    node = (1 << depth) | (so_far & ((1 << depth) - 1))
    if known == 0:
        _find_mass(layout, sound, bell, walk.mass, int64(0))
        _find_mass(layout, sound, bell, walk.mass, int64(256))
    border = ((so_far << (8 - known)) & 255) + (128 >> known)
    _find_mass(layout, sound, bell, walk.mass, border)
    return predict(
        layout, model.learned, sound, work.tables, walk, known, half, node, so_far, known
    )


@kernel
def take(model, work, rank, learning):
    """Move past the byte of that rank, learning from it where `predict` has seen its bits."""
    layout, sound = model.layout, model.sound
    place = sound.place
    channel = place[CHANNEL]
    value = np.float64(layout.law.centre[rank])
    if learning:
        learned, walk = model.learned, work.walk
        so_far = int64(1)
        for known in range(8):
            bit = (rank >> (7 - known)) & 1
            node = (1 << (known & 3)) | (so_far & ((1 << (known & 3)) - 1))
            learn(learned, sound, work.tables, walk, known, known >> 2, node, bit)
            so_far = 2 * so_far + bit
        for half in range(2):
            save_lines(model.store, walk.lines[half], walk.active[half])
        learn_predictions(learned, sound, work.fit, value)
        learn_support(learned, channel, rank)
        place[LEARNED] += 1
    note_errors(sound, rank, value)
    at = place[AT]
    sound.wave[channel, at] = np.float32(value)
    place[WHOLE] = int64(learning) if channel == 0 else place[WHOLE] & int64(learning)
    place[SIZE] += 1
    if channel < layout.channels - 1:
        place[CHANNEL] += 1
        return
    sound.trained[at] = place[WHOLE]
    place[CHANNEL] = 0
    place[AT] += 1
    move_window(sound, place[WHOLE])


@kernel
def code(model, work, mode, learning, data, lengths, interval, stream):
    """Move past `data`, uint8 (n,), which is known or, if `mode` is DECODE, found out.

    lengths   float64 (n,)   result: -log2 p, byte by byte
    interval  int64 (4,)     of the coder; see bit_coder.py, on `stream`, too
    """
    low, high, current, position = interval[0], interval[1], interval[2], interval[3]
    law = model.layout.law
    for index in range(data.shape[0]):
        rank = int64(law.rank_of[data[index]])
        probability = 1.0
        so_far = int64(1)
        for known in range(8):
            one = _decision(model, work, so_far, known)
            bit = (rank >> (7 - known)) & 1
            if mode != READ:
                bit, low, high, current, position = code_bit(
                    mode, one, bit, low, high, current, position, stream
                )
            probability *= (one if bit else 65536 - one) * _ONE
            so_far = 2 * so_far + bit
        rank = so_far & 255
        data[index] = law.byte_of[rank]
        lengths[index] = -np.log2(probability)
        take(model, work, rank, learning)
        arrive(model, work, learning)
    interval[0], interval[1], interval[2], interval[3] = low, high, current, position


@kernel
def next_byte(model, work, out):
    """Probability of each next byte into `out`, float64 (256,); changes nothing but `work`."""
    layout, learned, sound = model.layout, model.learned, model.sound
    tables, walk = work.tables, work.walk
    for border in range(257):
        _find_mass(layout, sound, tables.bell, walk.mass, border)
    reach = walk.reach
    reach[1] = 1.0
    for upper in range(15, 32):  # the upper half byte first, then the lower one after each
        half = int64(upper > 15)
        prefix = int64(upper) if half else int64(1)
        find_lines(layout, model.store, sound.hashes, prefix, walk.lines[half], walk.active[half])
        for node in range(1, 16):
            depth = int64(node > 1) + int64(node > 3) + int64(node > 7)
            so_far = (prefix << depth) | (node - (1 << depth))
            known = 4 * half + depth
            one = predict(
                layout, learned, sound, tables, walk, 0 * known, half, node, so_far, known
            )
            reach[2 * so_far] = reach[so_far] * ((65536 - one) * _ONE)
            reach[2 * so_far + 1] = reach[so_far] * (one * _ONE)
    for rank in range(256):
        out[layout.law.byte_of[rank]] = reach[256 + rank]


@njit(cache=True, nogil=True)
def generate(
    model, work, uniforms, learning, temperature, top_k, typical, top_p, min_p, repeats, lengths
):
    """One byte for each of `uniforms`; `lengths`, float64 (n,), are their -log2 p before shaping.

    The sound and the overlay must have room for them. `repeats` is DRY's state, with room for
    the bytes that are appended to it, if it is on. Returns the bytes, uint8 (n,).
    """
    p = np.empty(256)
    out = np.empty(uniforms.shape[0], np.uint8)
    longest = np.empty(256, np.int64)
    dry = repeats.multiplier > 0
    for index in range(uniforms.shape[0]):
        next_byte(model, work, p)
        if dry:
            penalise(repeats, p, longest)
        shape(p, temperature, top_k, typical, top_p, min_p)
        value = draw(p, uniforms[index])
        out[index] = value
        rank = int64(model.layout.law.rank_of[value])
        lengths[index] = -np.log2(work.walk.reach[256 + rank])
        if learning:
            for known in range(8):  # the walk has left other nodes in `work`
                _decision(model, work, (256 | rank) >> (8 - known), known)
        take(model, work, rank, learning)
        arrive(model, work, learning)
        if dry:
            write(repeats, value)
    return out
