"""The compiled sampling loop of a recurrent network: n continuations in one batch.

frequencies ─► DRY ─► top-k ─► typical ─► top-p ─► min-p ─► temperature ─► draw ─┐
    ▲           (one continuation only)                                         │
    └──────────────────────────── step, all lanes ◄─────────────────────────────┘
"""

import numpy as np
from numba import njit

from compgen.kernels.gru import step
from compgen.kernels.lz_marginal_sample import draw, shape
from compgen.kernels.repeats import penalise, write
from compgen.kernels.softmax import PRECISION, TOTAL, frequencies


@njit(cache=True, nogil=True)
def generate(gru, state, uniforms, temperature, top_k, typical, top_p, min_p, repeats):
    """One byte in each of n lanes for each of `uniforms`, float64 (n, n_bytes).

    `state` moves on. `repeats` is DRY's state; if it is on, there is one lane, and room for the
    bytes that are appended. Returns the bytes, uint8 (n, n_bytes), and what each cost before
    shaping, -log2 p, float64 (n, n_bytes).
    """
    lanes, count = uniforms.shape
    out = np.empty((lanes, count), np.uint8)
    lengths = np.empty((lanes, count))
    drawn = np.empty(lanes, np.uint8)
    cumulative = np.empty((lanes, 257), np.int32)
    p = np.empty(256)
    longest = np.empty(256, np.int64)
    dry = repeats.multiplier > 0
    for index in range(count):
        frequencies(state.logits, cumulative)
        for lane in range(lanes):
            sums = cumulative[lane]
            for value in range(256):
                p[value] = (sums[value + 1] - sums[value]) / TOTAL
            if dry:
                penalise(repeats, p, longest)
            shape(p, temperature, top_k, typical, top_p, min_p)
            value = draw(p, uniforms[lane, index])
            drawn[lane] = value
            out[lane, index] = value
            lengths[lane, index] = PRECISION - np.log2(sums[value + 1] - sums[value])
            if dry:
                write(repeats, value)
        step(gru, state, drawn)
    return out, lengths
