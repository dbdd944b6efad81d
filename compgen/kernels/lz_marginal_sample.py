"""The compiled sampling loop over decoder-marginals: shape, draw, append, again.

    next_byte ─► DRY ─► top-k ─► typical ─► top-p ─► min-p ─► temperature ─► draw ─► append ─┐
        ▲                                                                            absorb │
        └────────────────────────────────────────────────────────────────────────────────────┘

The shaping mirrors compgen/distribution.py operation by operation and sum by sum, so that the
same uniform numbers give the same bytes on either path.
"""

import numpy as np
from numba import njit

from compgen.kernels.deflate_format import MAX_MATCH
from compgen.kernels.lz_marginal import (
    absorb,
    append,
    compacted,
    copied,
    empty_matches,
    flat,
    remember,
)
from compgen.kernels.lz_marginal_mixture import next_byte
from compgen.kernels.repeats import penalise, write


@njit(cache=True, nogil=True)
def _renormalise(p):
    total = 0.0
    for value in range(p.shape[0]):
        total += p[value]
    for value in range(p.shape[0]):
        p[value] /= total


@njit(cache=True, nogil=True)
def _keep(p, order, count):
    """Keep the first `count` of `order`, renormalised."""
    for index in range(count, order.shape[0]):
        p[order[index]] = 0.0
    _renormalise(p)


@njit(cache=True, nogil=True)
def _smallest_prefix(p, order, mass):
    total = 0.0
    for index in range(order.shape[0]):
        total += p[order[index]]
        if total >= mass:
            return index + 1
    return order.shape[0]


@njit(cache=True, nogil=True)
def shape(p, temperature, top_k, typical, top_p, min_p):
    """Truncate and temper probabilities (256,) in place; see compgen/distribution.py."""
    if 0 < top_k < np.count_nonzero(p):
        _keep(p, np.argsort(-p, kind="mergesort"), top_k)
    if typical < 1:
        surprise = np.full(p.shape[0], np.inf)
        for value in range(p.shape[0]):
            if p[value] > 0:
                surprise[value] = -np.log2(p[value])
        entropy = 0.0
        for value in range(p.shape[0]):
            if p[value] > 0:
                entropy += p[value] * surprise[value]
        order = np.argsort(np.abs(surprise - entropy), kind="mergesort")
        _keep(p, order, _smallest_prefix(p, order, typical))
    if top_p < 1:
        order = np.argsort(-p, kind="mergesort")
        _keep(p, order, _smallest_prefix(p, order, top_p))
    if min_p > 0:
        least = min_p * p.max()
        for value in range(p.shape[0]):
            if p[value] < least:
                p[value] = 0.0
        _renormalise(p)
    if temperature == 0:
        best = p.argmax()
        p[:] = 0.0
        p[best] = 1.0
    elif temperature != 1:
        most = p.max()
        for value in range(p.shape[0]):
            if p[value] > 0:
                p[value] = (p[value] / most) ** (1 / temperature)
        _renormalise(p)


@njit(cache=True, nogil=True)
def draw(p, uniform):
    """The first byte whose cumulative probability exceeds `uniform` times the total."""
    total = 0.0
    for value in range(p.shape[0]):
        total += p[value]
    threshold = uniform * total
    cumulative = 0.0
    last = 0
    for value in range(p.shape[0]):
        cumulative += p[value]
        if cumulative > threshold and p[value] > 0:
            return value
        if p[value] > 0:
            last = value
    return last


@njit(cache=True, nogil=True)
def generate(
    window,
    grammar,
    state,
    matches,
    shares,
    truncated,
    uniforms,
    temperature,
    top_k,
    typical,
    top_p,
    min_p,
    repeats,
):
    """One byte for each of `uniforms`; the window must be owned, and the tail empty.

    `repeats` is DRY's state, with room for the bytes that are appended to it, if it is on.
    Returns the bytes, uint8 (n,), what each cost before shaping, -log2 p, float64 (n,), and
    the state and matches after them, `flat`.
    """
    windows = window.size.shape[0]
    state = copied(state, 0)
    even = empty_matches(windows, grammar.border[-1])
    odd = empty_matches(windows, grammar.border[-1])
    work = np.empty((2, MAX_MATCH + 2))
    p = np.empty(256)
    out = np.empty(uniforms.shape[0], np.uint8)
    bits = np.empty(uniforms.shape[0])
    model = np.empty(256)
    longest = np.empty(256, np.int64)
    dry = repeats.multiplier > 0
    old = matches
    for index in range(uniforms.shape[0]):
        next_byte(window, grammar, state, old, shares, truncated, work, p)
        model[:] = p
        if dry:
            penalise(repeats, p, longest)
        shape(p, temperature, top_k, typical, top_p, min_p)
        value = draw(p, uniforms[index])
        out[index] = value
        bits[index] = -np.log2(model[value])
        new = even if index % 2 == 0 else odd
        for expert in range(windows):
            append(window, grammar, state, old, new, expert, np.uint8(value))
            absorb(window, grammar, expert, np.uint8(value))
        remember(state, value)
        if dry:
            write(repeats, value)
        old = new
    return out, bits, flat(state, compacted(old))
