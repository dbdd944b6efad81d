"""The next-byte distribution of one or many decoder-marginals, in one kernel.

The byte b follows with a probability proportional to

    alpha[n]·literal[b] + Σ_{l>=0} alpha[n-l]·longer[l]·(weight of the sources of b with run >= l)

        │◄────── l ──────►│ b          a token that started l bytes ago goes on through b
    ────┴─────────────────┴───  n

and the mixture is the mean over the windows, each with its share, and over the experts that
know the last bytes alone (lz_marginal_truncated). Source: DESIGN.md, section 2.
"""

import numpy as np
from numba import njit

from compgen.kernels.deflate_format import MAX_MATCH
from compgen.kernels.jit import kernel
from compgen.kernels.lz_marginal import (
    RING,
    absorb,
    append,
    bigram_row,
    compacted,
    copied,
    empty_matches,
    flat,
    push,
    remember,
)
from compgen.kernels.lz_marginal_truncated import add_truncated


@kernel
def _all_sources(grammar, p, n):
    """Weight of all sources at n: every distance up to n."""
    border, distance = grammar.border, grammar.distance[p]
    total = 0.0
    low = 0
    for index in range(border.shape[0]):
        high = min(n, border[index])
        if high <= low:
            break
        total += (high - low) * distance[index]
        low = high
    return total


@kernel
def _sum(values):
    """The sum of 256 values, in four lanes: one lane would wait for each addition."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for index in range(0, 256, 4):
        a += values[index]
        b += values[index + 1]
        c += values[index + 2]
        d += values[index + 3]
    return (a + b) + (c + d)


@kernel
def _add_window(window, grammar, state, matches, p, share, work, out):
    """Add the share of window p to `out`."""
    row, gain = work[0], work[1]
    n = window.size[p] + state.tail_size[0]
    reach, alpha, longer = state.reach[p], state.alpha[p], grammar.longer[p]
    longest = 0
    boundary = alpha[n & (RING - 1)]
    gain[0] = boundary * longer[0]
    total = boundary * (1.0 - longer[0]) + gain[0] * _all_sources(grammar, p, n)
    if n > 0:
        longest = 1
        bigram_row(window, grammar, state, p, row)
        gain[1] = alpha[(n - 1) & (RING - 1)] * longer[1]
        total += gain[1] * _sum(row)
    while 0 < longest < MAX_MATCH and reach[longest + 1] > 0:
        longest += 1
        back = alpha[(n - longest) & (RING - 1)]
        gain[longest] = back * longer[longest]
        total += gain[longest] * reach[longest]
    scale = share / total

    literal, unigram = grammar.literal[p], state.unigram[p]
    literals, everywhere = scale * boundary, scale * gain[0]
    for value in range(256):
        out[value] += literals * literal[value] + everywhere * unigram[value]
    if longest == 0:
        return
    after_one = scale * gain[1]
    for value in range(256):
        out[value] += after_one * row[value]
    if longest == 1:
        return
    gain[1] = 0.0
    for length in range(2, longest + 1):
        gain[length] = gain[length - 1] + scale * gain[length]
    # locals: numba counts references on every access to an array in a tuple
    size, data, tail = window.size[p], window.data[p], state.tail
    positions, runs, weights = matches.position, matches.run, matches.weight
    for index in range(matches.starts[p], matches.starts[p] + matches.counts[p]):
        position = positions[index] + 1
        source = data[position] if position < size else tail[position - size]
        out[source] += weights[index] * gain[runs[index]]


@njit(cache=True, nogil=True)
def next_byte(window, grammar, state, matches, shares, truncated, work, out):
    """Probabilities of the 256 next bytes into `out`; they sum to 1.

    shares     float64 (P,)      the windows' shares of the mixture
    truncated  Truncated         the other experts, with theirs
    work       float64 (2, 260)  scratch
    """
    out[:] = 0.0
    for p in range(shares.shape[0]):
        _add_window(window, grammar, state, matches, p, shares[p], work, out)
    if truncated.shares.shape[0] > 0:
        add_truncated(truncated, state.recent[0], state.known[0], out)
    scale = 1.0 / _sum(out)
    for value in range(256):
        out[value] *= scale


@njit(cache=True, nogil=True)
def score(window, grammar, state, matches, shares, truncated, data, offsets, rows):
    """Code lengths of spans by the chain rule, from one shared state that is only read.

    Span i is data[offsets[i]:offsets[i + 1]]. Returns float64 (spans,) bits. Where `rows`,
    float64 (spans, 256), has any rows, row i receives the code lengths of span i followed by
    each byte.
    """
    spans = offsets.shape[0] - 1
    windows = window.size.shape[0]
    longest = 0
    for index in range(spans):
        longest = max(longest, offsets[index + 1] - offsets[index])
    own = copied(state, state.tail_size[0] + longest)
    even = empty_matches(windows, grammar.border[-1])
    odd = empty_matches(windows, grammar.border[-1])
    work = np.empty((2, MAX_MATCH + 2))
    first = np.empty(256)
    out = np.empty(256)
    next_byte(window, grammar, state, matches, shares, truncated, work, first)
    bits = np.zeros(spans)
    for index in range(spans):
        begin, end = offsets[index], offsets[index + 1]
        last = end if rows.shape[0] > 0 else end - 1
        old = matches
        distribution = first
        if last > begin:
            own.tail_size[0] = state.tail_size[0]
            own.unigram[:] = state.unigram
            own.alpha[:] = state.alpha
            own.recent[:] = state.recent
            own.known[:] = state.known
        for step in range(begin, end):
            value = data[step]
            bits[index] -= np.log2(distribution[value])
            if step == last:
                break
            new = even if (step - begin) % 2 == 0 else odd
            for p in range(windows):
                append(window, grammar, own, old, new, p, value)
            remember(own, value)
            push(own, value)
            old = new
            next_byte(window, grammar, own, old, shares, truncated, work, out)
            distribution = out
        if rows.shape[0] > 0:
            for value in range(256):
                rows[index, value] = bits[index] - np.log2(distribution[value])
    return bits


@njit(cache=True, nogil=True)
def consume(window, grammar, state, matches, shares, truncated, data):
    """Code length of each byte of `data`, uint8 (n,), in bits, and the state and matches after it,
    `flat`.

    The window must be owned, and the tail empty.
    """
    windows = window.size.shape[0]
    state = copied(state, 0)
    even = empty_matches(windows, grammar.border[-1])
    odd = empty_matches(windows, grammar.border[-1])
    work = np.empty((2, MAX_MATCH + 2))
    out = np.empty(256)
    old = matches
    bits = np.empty(data.shape[0])
    for index in range(data.shape[0]):
        value = data[index]
        next_byte(window, grammar, state, old, shares, truncated, work, out)
        bits[index] = -np.log2(out[value])
        new = even if index % 2 == 0 else odd
        for p in range(windows):
            append(window, grammar, state, old, new, p, value)
            absorb(window, grammar, p, value)
        remember(state, value)
        old = new
    return bits, flat(state, compacted(old))
