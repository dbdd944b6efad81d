"""The picture model over bytes: read, score, code, look at all 256 next bytes, write.

                        1                       a byte is 8 binary decisions, the highest bit
                0 ┌─────┴─────┐ 1               first; the lines of counters of every context
             10 ┌─┴─┐       ┌─┴─┐ 11            are looked up at the root and after 4 bits:
             …                 …                twice a byte where it is known, 1 + 16 times
                                                where all 255 nodes are visited

    arrive ─► predictions, nearest contexts, hashes of `place` ─┬─► next_byte   changes nothing
      ▲                                                        └─► code ─► take ──┐
      └─── place moves on by one byte ◄── learned, if it is not frozen ◄──────────┘

Code lengths are those of the product of the eight 16-bit probabilities, multiplied in float64
in the same order in `next_byte` and in `code`.
"""

import numpy as np
from numba import njit

from compgen.kernels.bit_coder import READ, code_bit
from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.jit import kernel
from compgen.kernels.lz_marginal_sample import draw, shape
from compgen.kernels.pixelcm_contexts import find_lines, save_lines, set_hashes
from compgen.kernels.pixelcm_inputs import find_mass, learn_support, set_selected
from compgen.kernels.pixelcm_nearest import find_nearest, remember
from compgen.kernels.pixelcm_node import learn, predict
from compgen.kernels.pixelcm_predict import learn_slow, note_errors, predict_all, set_features
from compgen.kernels.pixelcm_state import (
    AT,
    CHANNEL,
    COLUMN,
    LEARNED,
    MARGIN,
    ROW,
    SIZE,
)
from compgen.kernels.repeats import penalise, write

_ONE = 1 / 65536


@kernel
def arrive(model, work):
    """Find out all that is known of the next byte: its place is set."""
    layout, picture, level, walk = model.layout, model.picture, work.tables.level, work.walk
    if picture.place[CHANNEL] == 0:
        find_nearest(layout, model.store, picture, work.search)
    set_features(layout, picture, work.fit)
    predict_all(layout, picture, model.learned.slow, work.fit, work.search, level)
    set_hashes(layout, picture, level, walk.around[0], walk.around[1])
    set_selected(layout, picture, walk, level)


@inlined
def _look_up(model, walk, prefix, half):
    """Find the lines of counters of a half byte."""
    hashes = model.picture.hashes
    find_lines(model.layout, model.store, hashes, prefix, walk.lines[half], walk.active[half])


@kernel
def _decision(model, work, so_far, known):
    """`predict` along one path, after the bits `so_far`, of which `known` are known."""
    walk, half, depth = work.walk, known >> 2, known & 3
    if depth == 0:
        _look_up(model, walk, so_far, half)
    node = (1 << depth) | (so_far & ((1 << depth) - 1))
    if known == 0:
        find_mass(model.picture, work.tables.bell, walk.mass, int64(0))
        find_mass(model.picture, work.tables.bell, walk.mass, int64(256))
    border = ((so_far << (8 - known)) & 255) + (128 >> known)
    find_mass(model.picture, work.tables.bell, walk.mass, border)
    return predict(
        model.layout,
        model.learned,
        model.picture,
        work.tables,
        walk,
        known,
        half,
        node,
        so_far,
        known,
    )


@kernel
def take(model, work, value, learning):
    """Move past the byte `value`, learning from it where `predict` has seen its eight bits."""
    picture, layout = model.picture, model.layout
    place = picture.place
    channels, stride = layout.channels, layout.stride
    if learning:
        learned, walk = model.learned, work.walk
        so_far = int64(1)
        for known in range(8):
            bit = (value >> (7 - known)) & 1
            node = (1 << (known & 3)) | (so_far & ((1 << (known & 3)) - 1))
            learn(learned, picture, work.tables, walk, known, known >> 2, node, bit)
            so_far = 2 * so_far + bit
        for half in range(2):
            save_lines(model.store, walk.lines[half], walk.active[half])
        learn_slow(layout, picture, learned, work.fit, value)
        learn_support(learned, place[CHANNEL], value)
        place[LEARNED] += 1
    note_errors(layout, picture, value)
    at = place[AT]
    picture.pixels[at] = value
    picture.trained[at] = learning
    place[SIZE] += 1
    if place[CHANNEL] < channels - 1:
        place[CHANNEL] += 1
        place[AT] += 1
        return
    known = True
    for back in range(channels):
        known = known and picture.trained[at - back] != 0
    if known:
        remember(layout, model.store, picture, work.search)
    place[CHANNEL] = 0
    place[COLUMN] += 1
    place[AT] += 1
    if place[COLUMN] < layout.width:
        return
    row = at + 1 - layout.width * channels
    for index in range(MARGIN * channels):  # beyond the row, its last pixel goes on
        picture.pixels[at + 1 + index] = picture.pixels[at + 1 - channels + index % channels]
    place[AT] = row + stride
    for index in range(MARGIN * channels):  # before the next, the pixel above
        picture.pixels[row + stride - 1 - index] = picture.pixels[
            row + channels - 1 - index % channels
        ]
    place[COLUMN] = 0
    place[ROW] += 1


@kernel
def code(model, work, mode, learning, data, lengths, interval, stream):
    """Move past `data`, uint8 (n,), which is known or, if `mode` is DECODE, found out.

    lengths   float64 (n,)   result: -log2 p, byte by byte
    interval  int64 (4,)     of the coder; see bit_coder.py, on `stream`, too
    """
    low, high, current, position = interval[0], interval[1], interval[2], interval[3]
    for index in range(data.shape[0]):
        value = int64(data[index])
        probability = 1.0
        so_far = int64(1)
        for known in range(8):
            one = _decision(model, work, so_far, known)
            bit = (value >> (7 - known)) & 1
            if mode != READ:
                bit, low, high, current, position = code_bit(
                    mode, one, bit, low, high, current, position, stream
                )
            probability *= (one if bit else 65536 - one) * _ONE
            so_far = 2 * so_far + bit
        value = so_far & 255
        data[index] = value
        lengths[index] = -np.log2(probability)
        take(model, work, value, learning)
        arrive(model, work)
    interval[0], interval[1], interval[2], interval[3] = low, high, current, position


@kernel
def next_byte(model, work, out):
    """Probability of each next byte into `out`, float64 (256,); changes nothing but `work`."""
    layout, learned, picture = model.layout, model.learned, model.picture
    tables, walk = work.tables, work.walk
    for border in range(257):
        find_mass(picture, tables.bell, walk.mass, border)
    reach = walk.reach
    reach[1] = 1.0
    for upper in range(15, 32):  # the upper half byte first, then the lower one after each
        half = int64(upper > 15)
        prefix = int64(upper) if half else int64(1)
        _look_up(model, walk, prefix, half)
        for node in range(1, 16):
            depth = int64(node > 1) + int64(node > 3) + int64(node > 7)
            so_far = (prefix << depth) | (node - (1 << depth))
            known = 4 * half + depth
            one = predict(
                layout, learned, picture, tables, walk, 0 * known, half, node, so_far, known
            )
            reach[2 * so_far] = reach[so_far] * ((65536 - one) * _ONE)
            reach[2 * so_far + 1] = reach[so_far] * (one * _ONE)
    for value in range(256):
        out[value] = reach[256 + value]


@njit(cache=True, nogil=True)
def generate(
    model, work, uniforms, learning, temperature, top_k, typical, top_p, min_p, repeats, lengths
):
    """One byte for each of `uniforms`; `lengths`, float64 (n,), are their -log2 p before shaping.

    The picture and the overlay must have room for them. `repeats` is DRY's state, with room for
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
        lengths[index] = -np.log2(work.walk.reach[256 + value])
        if learning:
            for known in range(8):  # the walk has left other nodes in `work`
                _decision(model, work, (256 | value) >> (8 - known), known)
        take(model, work, value, learning)
        arrive(model, work)
        if dry:
            write(repeats, value)
    return out
