"""Decoder-marginals that know the last k bytes alone: what a prime says of a short context.

The decoder has produced a prime, which never changes, and then k bytes from a forced token
boundary on. Only the prime is a source of matches, and distances are counted to its end; so
the distribution is a function of the last k bytes, and there is no state but them.

    recent   ┌────┬────┬────┬─ … ─┬────┐   the last 8 bytes, the newest highest
    uint64   │n-1 │n-2 │n-3 │     │n-8 │
             └────┴────┴────┴─ … ─┴────┘
    key      sorted: the sources q of the prime by x[q-1], x[q-2] …

        ····│·[··········· last byte agrees ···········]·│····   narrowed byte by byte:
        ····│·····[···· last two ····]···················│····   runs >= l are an interval,
        ····│·········[· three ·]························│····   and `before` sums its weight

The forward recursion over the k bytes needs the weight of the runs that end `back` bytes ago:
the same search with the newest `back` bytes shifted out of the key.

Source: DESIGN.md, section 2 (the recursion); a suffix array of the reversed prime, cut off at
8 bytes (Manber and Myers, SIAM J. Comput. 22, 1993).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

DEEPEST = 8
"""Longest context: what a key holds."""


class Truncated(NamedTuple):
    """Q primes with S sources in all, and C context lengths. Read-only."""

    key: np.ndarray  # uint64 (S,)         bytes before each source, sorted within a prime
    following: np.ndarray  # uint8 (S,)      the source: the byte that it predicts
    weight: np.ndarray  # float64 (S,)       probability of its distance
    before: np.ndarray  # float64 (S + Q,)   sums of the weights before each, and all, per prime
    start: np.ndarray  # int64 (Q + 1,)
    unigram: np.ndarray  # float64 (Q, 256)  weight of the sources of each byte
    bigram: np.ndarray  # float64 (Q, 256, 256)  … of y after x
    literal: np.ndarray  # float64 (Q, 256)  token probabilities, as in lz_marginal.Grammar
    length: np.ndarray  # float64 (Q, 259)
    longer: np.ndarray  # float64 (Q, 259)
    contexts: np.ndarray  # int64 (C,)       1 … 8, ascending
    shares: np.ndarray  # float64 (Q, C)     weight of each expert in the mixture


@njit(cache=True, nogil=True)
def _lower_bound(key, low, high, wanted):
    while low < high:
        middle = (low + high) >> 1
        if key[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _reach(truncated, q, recent, depth, reach, interval):
    """Weight of the runs of at least l bytes, l = 1 … depth, into reach[l]; their intervals."""
    key, before = truncated.key, truncated.before
    low, high = truncated.start[q], truncated.start[q + 1]
    reach[: depth + 1] = 0.0
    interval[: depth + 2] = high  # empty
    for length in range(1, depth + 1):
        unit = np.uint64(1) << np.uint64(64 - 8 * length)
        wanted = (recent // unit) * unit
        low = _lower_bound(key, low, high, wanted)
        end = wanted + unit
        if end > wanted:  # else the bytes are all 255, and the interval ends where it did
            high = _lower_bound(key, low, high, end)
        if low == high:
            break
        interval[length, 0] = low
        interval[length, 1] = high
        reach[length] = before[high + q] - before[low + q]


@njit(cache=True, nogil=True)
def add_truncated(truncated, recent, known, work, out):
    """Add the experts' shares of the next-byte probabilities to `out`, float64 (256,).

    recent  uint64   the last bytes, the newest in the highest 8 bits
    known   int      how many of them there are
    work    float64 (12, 260)  scratch
    """
    gain, boundaries, reach = work[0], work[1], work[2 : 2 + DEEPEST]
    interval = np.empty((DEEPEST + 2, 2), np.int64)
    contexts = truncated.contexts
    deepest = min(contexts[-1], known)
    for q in range(truncated.start.shape[0] - 1):
        literal, lengths, longer = truncated.literal[q], truncated.length[q], truncated.longer[q]
        # oldest first, so that the intervals left are those of the runs that end now
        for back in range(max(0, deepest - 3), -1, -1):
            shifted = recent << np.uint64(8 * back)
            _reach(truncated, q, shifted, deepest - back, reach[back], interval)
        first, last = truncated.start[q], truncated.start[q + 1]
        reach[0, 0] = truncated.before[last + q] - truncated.before[first + q]

        gain[: deepest + 1] = 0.0
        literal_gain = 0.0
        for index in range(contexts.shape[0]):
            share = truncated.shares[q, index]
            if share == 0:
                continue
            depth = min(contexts[index], known)
            boundaries[depth] = 1.0
            for back in range(depth - 1, -1, -1):  # over the byte that is `back` before the last
                value = (recent >> np.uint64(56 - 8 * back)) & np.uint64(255)
                boundary = boundaries[back + 1] * literal[value]
                for length in range(3, depth - back + 1):
                    boundary += boundaries[back + length] * lengths[length] * reach[back, length]
                boundaries[back] = boundary
            total = boundaries[0] * (1.0 - longer[0])
            for back in range(depth + 1):
                total += boundaries[back] * longer[back] * reach[0, back]
            share /= total
            literal_gain += share * boundaries[0]
            for back in range(depth + 1):
                gain[back] += share * boundaries[back] * longer[back]

        unigram = truncated.unigram[q]
        everywhere = gain[0]
        for value in range(256):
            out[value] += literal_gain * literal[value] + everywhere * unigram[value]
        if deepest == 0:
            continue
        row = truncated.bigram[q, recent >> np.uint64(56)]
        after_one = gain[1]
        for value in range(256):
            out[value] += after_one * row[value]
        following, weight = truncated.following, truncated.weight
        total = 0.0
        for length in range(2, deepest + 1):  # an interval less the next one, which lies in it
            total += gain[length]
            low, high = interval[length, 0], interval[length, 1]
            inner_low, inner_high = high, high
            if length < deepest and interval[length + 1, 0] < interval[length + 1, 1]:
                inner_low, inner_high = interval[length + 1, 0], interval[length + 1, 1]
            for index in range(low, inner_low):
                out[following[index]] += total * weight[index]
            for index in range(inner_high, high):
                out[following[index]] += total * weight[index]
