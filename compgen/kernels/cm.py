"""The context-mixing model over bytes: read, score, code, look at all 256 next bytes, write.

                        1                       a byte is 8 binary decisions, the highest bit
                0 ┌─────┴─────┐ 1               first; the lines of counters of every context
             10 ┌─┴─┐       ┌─┴─┐ 11            are looked up at the root and after 4 bits:
             …                 …                twice a byte where it is known, 1 + 16 times
                                                where all 255 nodes are visited

Code lengths are those of the product of the eight 16-bit probabilities, multiplied in float64
in the same order in `next_byte` and in `code`.
"""

import numpy as np
from numba import njit

from compgen.kernels.bit_coder import READ, code_bit
from compgen.kernels.cm_contexts import find_lines
from compgen.kernels.cm_jit import int64
from compgen.kernels.cm_node import predict, take
from compgen.kernels.cm_state import REGISTERS, SIZE
from compgen.kernels.gru import step
from compgen.kernels.jit import kernel
from compgen.kernels.lz_marginal_sample import draw, shape
from compgen.kernels.repeats import penalise, write
from compgen.kernels.softmax import frequencies

_ONE = 1 / 65536


@kernel
def _decision(model, work, so_far, known):
    """`predict` along one path, after the bits `so_far`, of which `known` are known."""
    half = known >> 2
    depth = known & 3
    if depth == 0:
        find_lines(model, so_far, work.lines[half], work.active[half])
    node = (1 << depth) | (so_far & ((1 << depth) - 1))
    return predict(model, work, known, half, node, so_far, known)


@kernel
def code(model, work, mode, learning, data, lengths, interval, stream, network, registers):
    """Move past `data`, uint8 (n,), which is known or, if `mode` is DECODE, found out.

    lengths   float64 (n,)   result: -log2 p, byte by byte
    interval  int64 (4,)     of the coder; see bit_coder.py, on `stream`, too
    network   int32 (n, 257) what a network predicts for each byte, cumulative frequencies of
                             2^24; or (0, 257), if there is none
    registers uint64 (n, REGISTERS)  of n lanes that stand side by side: each byte is one's next,
                             whose contexts these are; or (0, REGISTERS): the bytes follow one
                             another, by the model's own registers
    """
    low, high, current, position = interval[0], interval[1], interval[2], interval[3]
    own = model.learned.registers
    lanes, networks = registers.shape[0], network.shape[0]
    for index in range(data.shape[0]):
        if lanes:  # what all have read is known to each
            size = own[SIZE]
            for register in range(REGISTERS):
                own[register] = registers[index, register]
            own[SIZE] = size
        if networks:
            for place in range(257):
                work.network[place] = network[index, place]
        value = int64(data[index])
        probability = 1.0
        so_far = 1
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
        if lanes:
            for register in range(REGISTERS):
                registers[index, register] = own[register]
    interval[0], interval[1], interval[2], interval[3] = low, high, current, position


@kernel
def next_byte(model, work, out):
    """Probability of each next byte into `out`, float64 (256,); changes nothing but `work`."""
    find_lines(model, 1, work.lines[0], work.active[0])
    reach = work.reach
    reach[1] = 1.0
    for node in range(1, 16):
        known = 0
        while node >> (known + 1):
            known += 1
        one = predict(model, work, 0, 0, node, node, known)
        reach[2 * node] = reach[node] * ((65536 - one) * _ONE)
        reach[2 * node + 1] = reach[node] * (one * _ONE)
    for upper in range(16, 32):
        find_lines(model, upper, work.lines[1], work.active[1])
        for node in range(1, 16):
            known = 0
            while node >> (known + 1):
                known += 1
            so_far = (upper << known) | (node - (1 << known))
            one = predict(model, work, 0, 1, node, so_far, 4 + known)
            reach[2 * so_far] = reach[so_far] * ((65536 - one) * _ONE)
            reach[2 * so_far + 1] = reach[so_far] * (one * _ONE)
    for value in range(256):
        out[value] = reach[256 + value]


@njit(cache=True, nogil=True)
def generate(
    model,
    work,
    gru,
    state,
    uniforms,
    learning,
    temperature,
    top_k,
    typical,
    top_p,
    min_p,
    repeats,
    lengths,
):
    """One byte for each of `uniforms`; `lengths`, float64 (n,), are their -log2 p before shaping.

    The tail and the overlay must have room for them. `gru` is a network and `state` its one
    lane, which moves on, or no lane: there is no network. `repeats` is DRY's state, with room
    for the bytes that are appended to it, if it is on. Returns the bytes, uint8 (n,).
    """
    p = np.empty(256)
    out = np.empty(uniforms.shape[0], np.uint8)
    longest = np.empty(256, np.int64)
    dry = repeats.multiplier > 0
    networks = state.logits.shape[0]
    cumulative = np.empty((1, 257), np.int32)
    for index in range(uniforms.shape[0]):
        if networks:
            frequencies(state.logits, cumulative)
            work.network[:] = cumulative[0]
        next_byte(model, work, p)
        if dry:
            penalise(repeats, p, longest)
        shape(p, temperature, top_k, typical, top_p, min_p)
        value = draw(p, uniforms[index])
        out[index] = value
        lengths[index] = -np.log2(work.reach[256 + value])
        if learning:
            for known in range(8):  # the walk has left other nodes in `work`
                _decision(model, work, (256 | value) >> (8 - known), known)
        take(model, work, value, learning)
        if networks:
            step(gru, state, out[index : index + 1])
        if dry:
            write(repeats, value)
    return out
