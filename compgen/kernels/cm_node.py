"""One bit: what the contexts say, how the mixers weigh it, and what all of them learn from it.

    counter ─┬─ probability ─► stretch ───────────────┐
             ├─ probability - 1/2, linear ────────────┤   4 mixers, weights selected by
             └─ history ─► map ─► stretch ────────────┤   ─ the bits of this byte so far
      × 16 contexts                                   ├─► ─ the last byte              ─► mixer of
    match ─┬─ length ─► map ─► ± stretch ─────────────┤   ─ match length and order        mixers
           └─ probability - 1/2, linear ──────────────┤   ─ the byte before the last,        │
      × 2 lengths                                     │     whether in a word                ▼
    bias ─────────────────────────────────────────────┘             APM: orders 0, 1, 2; averaged

A mixer is one neuron: squash(Σ weight · input); its weights move by input · error. Everything
is integers (cm_tables.py), so the same bytes give the same probabilities on every machine.

Source: PAQ8 and lpaq by way of Mahoney, "Data Compression Explained" (logistic mixing, SSE or
APM, indirect models, adaptive rates; two layers of mixers as in paq8). Counters, histories and
constants are this project's.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_contexts import byte_at, enter, save_lines
from compgen.kernels.cm_jit import inlined, int64
from compgen.kernels.cm_state import (
    BIAS,
    CONTEXTS,
    FIRST_LENGTH,
    FIRST_POINTER,
    INPUTS,
    MATCHES,
    NETWORK,
    ORDER_1_CURVES,
    ORDER_2_CURVES,
    ORDERS,
    PER_CONTEXT,
    PER_MATCH,
    POSITION,
    RECENT,
    SET_START,
    SETS,
    SIZE,
    WORD,
    curve_points,
)
from compgen.kernels.cm_store import load, save
from compgen.kernels.cm_tables import (
    LARGEST_COUNT,
    LIMIT,
    LOGARITHMS,
    ONE,
    POINTS,
    STEP,
    tables,
)

MAP_LIMIT = 1023
"""A map's rate stops falling at 1 / MAP_LIMIT."""
COUNT_LIMIT = LARGEST_COUNT
LEAST_RATE, FIRST_RATE, RATE_HALVES = 14, 220, 16384
"""Learning rate of the mixers, in 1/16384: the last, the first, and when it is halfway."""
LEAST_BESIDE, FIRST_BESIDE = 28, 120
"""The last and the first beside a network."""
FINAL_RATE = 14
"""That of the mixer of mixers, in 1/16384."""
CURVE_RATE = 5
"""An APM point moves by 2^-CURVE_RATE of its error."""
BIAS_INPUT = 256
LN_8 = 34070
"""ln 8, times 2^14."""


class Work(NamedTuple):
    """Scratch of one walk; nothing in it outlives a byte."""

    stretch: np.ndarray  # the tables, cm_tables.Tables
    squash: np.ndarray
    rate: np.ndarray
    slow_rate: np.ndarray
    group: np.ndarray
    logarithm: np.ndarray
    point: np.ndarray  # uint16 (32,)   the identity curve
    lines: np.ndarray  # int64 (2, CONTEXTS)       which lines each half byte has
    active: np.ndarray  # uint32 (2, CONTEXTS, 16)
    inputs: np.ndarray  # int32 (8, INPUTS)   from here on: one row for each bit of a byte
    entry: np.ndarray  # int64 (8, CONTEXTS)   entries of the maps, -1: none
    match_entry: np.ndarray  # int64 (8, MATCHES)
    row: np.ndarray  # int64 (8, SETS)       rows of the weights
    said: np.ndarray  # int64 (8, SETS)      what each mixer says, stretched
    mix: np.ndarray  # int64 (8,)            the mixers' mix, stretched
    curve: np.ndarray  # int64 (8, 2)        lines of the APMs of orders 1 and 2
    curves: np.ndarray  # uint32 (2, 16)     what is in them
    line: np.ndarray  # uint32 (16,)
    reach: np.ndarray  # float64 (512,)   probability of each node of the tree
    network: np.ndarray  # int32 (257,)   cumulative frequencies by a network; zeros: no network


def work() -> Work:
    """Scratch for one thread."""
    constant = tables()
    return Work(
        *constant,
        point=curve_points(),
        lines=np.zeros((2, CONTEXTS), np.int64),
        active=np.zeros((2, CONTEXTS, 16), np.uint32),
        inputs=np.zeros((8, INPUTS), np.int32),
        entry=np.zeros((8, CONTEXTS), np.int64),
        match_entry=np.zeros((8, MATCHES), np.int64),
        row=np.zeros((8, SETS), np.int64),
        said=np.zeros((8, SETS), np.int64),
        mix=np.zeros(8, np.int64),
        curve=np.zeros((8, 2), np.int64),
        curves=np.zeros((2, 16), np.uint32),
        line=np.zeros(16, np.uint32),
        reach=np.zeros(512),
        network=np.zeros(257, np.int32),
    )


@inlined
def _clamped(x, limit):
    return min(max(x, -limit), limit)


@inlined
def _gather(model, work, bit_index, half, node, so_far, known):
    """Inputs of the mixers at a node; returns how many of the orders 1 … 6 know it."""
    inputs, stretch = work.inputs[bit_index], work.stretch
    entries, match_entries = work.entry[bit_index], work.match_entry[bit_index]
    maps = model.learned.maps
    orders = 0
    for context in range(CONTEXTS):
        value = int64(work.active[half, context, node])
        count = value & 255
        at = context * PER_CONTEXT
        if count == 0:
            inputs[at] = 0
            inputs[at + 1] = 0
            inputs[at + 2] = 0
            entries[context] = -1
            continue
        if context < ORDERS:
            orders += 1
        probability = (value >> 16) ^ 32768
        entry = ((value >> 8) & 255) ^ 1 | (work.group[count] << 8)
        indirect = int64(maps[context, entry]) >> 10
        entries[context] = entry
        inputs[at] = stretch[probability >> 4]
        inputs[at + 1] = stretch[indirect >> 10]
        inputs[at + 2] = (probability - 32768) >> 5
    r = model.learned.registers
    for which in range(MATCHES):
        at = CONTEXTS * PER_CONTEXT + which * PER_MATCH
        length = int64(r[FIRST_LENGTH + which])
        inputs[at] = 0
        inputs[at + 1] = 0
        match_entries[which] = -1
        if length > 0:
            predicted = int64(byte_at(model, int64(r[FIRST_POINTER + which]))) | 256
            if predicted >> (8 - known) == so_far:
                bit = (predicted >> (7 - known)) & 1
                bucket = length if length < 32 else min(32 + ((length - 32) >> 3), 63)
                probability = int64(model.learned.match[which, bucket]) >> 10
                match_entries[which] = bucket * 2 + bit
                strength = int64(stretch[probability >> 10])
                linear = (probability - (1 << 21)) >> 11
                inputs[at] = strength if bit else -strength
                inputs[at + 1] = linear if bit else -linear
    inputs[BIAS] = BIAS_INPUT
    if work.network[256] > 0:
        first = (so_far << (8 - known)) & 255
        half_way = first + (128 >> known)
        after = half_way + (128 >> known)
        zero = int64(work.network[half_way] - work.network[first])
        one = int64(work.network[after] - work.network[half_way])
        said = _logarithm(work, one) - _logarithm(work, zero)
        said = _clamped(said >> 6, LIMIT)
        inputs[NETWORK] = said
        inputs[NETWORK + 1] = (int64(work.squash[said + LIMIT]) - 32768) >> 5
        inputs[NETWORK + 2] = said * orders // ORDERS
    return orders


@inlined
def _logarithm(work, value):
    """ln of a whole number from 1 to 2^24, times 2^14."""
    result = 0
    for _ in range(4):
        if value >= LOGARITHMS:
            value >>= 3
            result += LN_8
    return result + int64(work.logarithm[value])


@inlined
def predict(model, work, bit_index, half, node, so_far, known):
    """Probability that the next bit is 1, of 65536, 1 … 65535.

    bit_index  0 … 7: the row of `work` that `learn` will find this bit in
    half    0 or 1: which half byte, whose lines of counters are active[half]
    node    1 … 15: the node of the half byte's tree
    so_far  1 … 255: 1 and then the bits of the byte so far
    known   how many those are
    """
    orders = _gather(model, work, bit_index, half, node, so_far, known)
    learned = model.learned
    r = learned.registers
    last = int64(r[RECENT] & np.uint64(255))
    second = int64((r[RECENT] >> np.uint64(8)) & np.uint64(255))
    longest = 0
    for which in range(MATCHES):
        if work.match_entry[bit_index, which] >= 0:
            longest = max(longest, int64(r[FIRST_LENGTH + which]))
    bucket = 0
    if longest > 0:
        bucket = 1 + (longest > 7) + (longest > 11) + (longest > 15) + (longest > 23)
        bucket += (longest > 31) + (longest > 63)
    row = work.row[bit_index]
    row[0] = SET_START[0] + so_far
    row[1] = SET_START[1] + last * 8 + known
    row[2] = SET_START[2] + (bucket * 8 + orders) * 8 + known
    row[3] = SET_START[3] + second * 4 + (r[WORD] != np.uint64(0)) * 2 + (known > 3)
    weights, squash, inputs = learned.weights, work.squash, work.inputs[bit_index]
    total = 0
    for k in range(SETS):
        dot = 0
        chosen = weights[row[k]]
        for i in range(INPUTS):
            dot += int64(inputs[i]) * int64(chosen[i])
        said = _clamped(dot >> 16, LIMIT)
        work.said[bit_index, k] = said
        total += said * int64(learned.final[so_far, k])
    mix = _clamped(total >> 16, LIMIT)
    probability = int64(squash[mix + LIMIT])
    work.mix[bit_index] = mix
    curves = model.lines
    line = work.curve[bit_index]
    line[0] = curves + (last << 8) + so_far
    hashed = (so_far * 0x9E35 + last * 0x3D4D5 + second * 0x1F35B5) >> 2
    line[1] = curves + ORDER_1_CURVES + (hashed & (ORDER_2_CURVES - 1))
    load(model.store, line[0], work.curves[0])
    load(model.store, line[1], work.curves[1])
    j = min((mix + LIMIT) // STEP, POINTS - 2)
    part = mix + LIMIT - j * STEP
    low, high = int64(learned.curve[so_far, j]), int64(learned.curve[so_far, j + 1])
    refined = (low * (STEP - part) + high * part) // STEP
    first = (_point(work, 0, j) * (STEP - part) + _point(work, 0, j + 1) * part) // STEP
    second_ = (_point(work, 1, j) * (STEP - part) + _point(work, 1, j + 1) * part) // STEP
    probability = (5 * probability + refined + 5 * first + 5 * second_ + 8) >> 4
    return min(max(probability, 1), ONE - 1)


@inlined
def _point(work, curve, j):
    """Point j of a curve of order 1 or 2."""
    word = int64(work.curves[curve, j >> 1])
    return ((word >> ((j & 1) * 16)) & 65535) ^ int64(work.point[j])


@inlined
def _moved(value, target, shift):
    return value + ((target - value + (1 << (shift - 1))) >> shift)


@inlined
def learn(model, work, bit_index, half, node, so_far, bit):
    """Move everything that `predict` looked at towards the bit that came."""
    learned = model.learned
    target = bit << 16
    size = int64(learned.registers[SIZE])
    least, most = LEAST_RATE, FIRST_RATE
    if work.network[256] > 0:
        least, most = LEAST_BESIDE, FIRST_BESIDE
    rate = least + (most - least) * RATE_HALVES // (size + RATE_HALVES)
    inputs, weights = work.inputs[bit_index], learned.weights
    mix = work.mix[bit_index]
    error = target - int64(work.squash[mix + LIMIT])
    for k in range(SETS):
        said = work.said[bit_index, k]
        learned.final[so_far, k] += (said * error * FINAL_RATE + (1 << 21)) >> 22
        step = np.int32(((target - int64(work.squash[said + LIMIT])) * rate) >> 6)
        chosen = weights[work.row[bit_index, k]]
        for i in range(INPUTS):  # 32 bits hold all of it: eight lanes instead of four
            change = np.int32(np.int32(inputs[i] * step) + np.int32(1 << 15))
            chosen[i] = np.int32(chosen[i] + np.int32(change >> 16))
    maps = learned.maps
    for context in range(CONTEXTS):
        value = int64(work.active[half, context, node])
        entry = work.entry[bit_index, context]
        if entry >= 0:
            maps[context, entry] = _map_moved(work, int64(maps[context, entry]), bit, MAP_LIMIT)
        count = value & 255
        history = ((value >> 8) & 255) ^ 1
        history = (history << 1) | bit
        if history > 255:
            history = 128 | (history & 127)
        probability = (value >> 16) ^ 32768
        probability += ((target - probability) * int64(work.rate[count]) + 32768) >> 16
        probability = min(max(probability, 1), ONE - 1)
        count = min(count + 1, COUNT_LIMIT)
        work.active[half, context, node] = np.uint32(
            ((probability ^ 32768) << 16) | ((history ^ 1) << 8) | count
        )
    for which in range(MATCHES):
        entry = work.match_entry[bit_index, which]
        if entry >= 0:
            right = int64((entry & 1) == bit)
            bucket = entry >> 1
            old = int64(learned.match[which, bucket])
            learned.match[which, bucket] = _map_moved(work, old, right, 255)
    j = (mix + LIMIT + STEP // 2) // STEP
    full = bit * 65535
    learned.curve[so_far, j] = _moved(int64(learned.curve[so_far, j]), full, CURVE_RATE + 1)
    for curve in range(2):
        load(model.store, work.curve[bit_index, curve], work.curves[curve])
        moved = _moved(_point(work, curve, j), full, CURVE_RATE) ^ int64(work.point[j])
        word = int64(work.curves[curve, j >> 1])
        shift = (j & 1) * 16
        word = (word & ~(65535 << shift)) | (moved << shift)
        work.curves[curve, j >> 1] = np.uint32(word)
        save(model.store, work.curve[bit_index, curve], work.curves[curve])


@inlined
def _map_moved(work, entry, bit, limit):
    """A map's entry, moved towards the bit at the rate of its count, and counted."""
    count = entry & 1023
    probability = entry >> 10
    change = (((bit << 22) - probability) * int64(work.slow_rate[count])) >> 16
    probability = min(max(probability + change, 64), (1 << 22) - 64)
    return np.uint32((probability << 10) | min(count + 1, limit))


@inlined
def take(model, work, value, learning):
    """Move past the byte `value`, learning from it where `predict` has seen its eight bits.

    Learning waits for the end of the byte: so all 255 nodes of the byte's tree have the
    probabilities of one and the same state, and the tree can be walked without copying it.
    """
    if learning:
        so_far = 1
        for half in range(2):
            node = 1
            for depth in range(4):
                known = 4 * half + depth
                bit = (value >> (7 - known)) & 1
                learn(model, work, known, half, node, so_far, bit)
                so_far = 2 * so_far + bit
                node = 2 * node + bit
        for half in range(2):
            save_lines(model, work.lines[half], work.active[half])
    position = int64(model.learned.registers[POSITION])
    model.tail[position - model.text.shape[0]] = value
    enter(model, value, work.line, learning)
