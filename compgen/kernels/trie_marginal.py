"""The loops of a decoder-marginal over a context trie, whatever its format.

    feed      byte ──────────────────────────────────┐
    generate  next_byte ─► shape ─► draw ─► byte ────┴─► settle, where one is due ─► append

A format has kernels of its own for what stands in the middle, and declares them by `for_grammar`:
numba chooses among them by the type of the grammar, as C++ would among overloaded functions.
"""

import numpy as np
from numba import njit
from numba.extending import overload

from compgen.kernels.context_trie import PREFIX, merge
from compgen.kernels.lz_marginal_sample import draw, shape

MERGED = 16
"""Bytes between two merges of the tail into a trie that the state owns."""


def distances(grammar):
    """The probability of one explicit distance of each class, and the largest distance."""
    raise NotImplementedError


def append(trie, grammar, state, tail, scratch, value):
    """Append one byte to the tail and move the forward variables on by it."""
    raise NotImplementedError


def next_byte(trie, grammar, state, tail, scratch, out):
    """Probability of each next byte into `out` (256,)."""
    raise NotImplementedError


def for_grammar(is_its, its_distances, its_append, its_next_byte):
    """Declare a format's kernels, for grammars whose numba type `is_its` says is the format's."""

    @overload(distances)
    def _distances(grammar):
        def implementation(grammar):
            return its_distances(grammar)

        return implementation if is_its(grammar) else None

    @overload(append)
    def _append(trie, grammar, state, tail, scratch, value):  # noqa: ARG001
        def implementation(trie, grammar, state, tail, scratch, value):
            its_append(trie, grammar, state, tail, scratch, value)

        return implementation if is_its(grammar) else None

    @overload(next_byte)
    def _next_byte(trie, grammar, state, tail, scratch, out):  # noqa: ARG001
        def implementation(trie, grammar, state, tail, scratch, out):
            its_next_byte(trie, grammar, state, tail, scratch, out)

        return implementation if is_its(grammar) else None


@njit(cache=True, nogil=True)
def settle(trie, grammar, state, tail, scratch, until):
    """Merge the tail into the trie, up to position `until`; for the trie's owner.

    Returns whether all of it was merged; otherwise give the trie more room and call it again.
    """
    s = state[0]
    distance, farthest = distances(grammar)
    count = min(s.tail_size, until - trie.sizes[0])
    if count <= 0:
        return True
    merged = merge(trie, tail, count, distance, farthest)
    for index in range(PREFIX + s.tail_size - merged):
        tail[index] = tail[index + merged]
    s.tail_size -= merged
    scratch[0].now = -1
    return merged == count


@njit(cache=True, nogil=True)
def _append_or_settle(trie, grammar, state, tail, scratch, value, until):
    """Append a byte, after a merge where one is due. Returns whether there was room for it."""
    s = state[0]
    if s.tail_size >= MERGED and not settle(trie, grammar, state, tail, scratch, until):
        return False
    if PREFIX + s.tail_size == tail.shape[0]:
        return False
    append(trie, grammar, state, tail, scratch, value)
    return True


@njit(cache=True, nogil=True)
def feed(trie, grammar, state, tail, scratch, data, until, bits):
    """Append `data` (n,), as far as there is room; returns how many bytes.

    Whoever owns the trie gives `until`, up to where the tail is merged into it; others give 0.
    The code length of each byte goes into `bits` (n,), unless that is empty.
    """
    p = np.empty(256)
    for index in range(data.shape[0]):
        if bits.shape[0]:
            next_byte(trie, grammar, state, tail, scratch, p)
            bits[index] = -np.log2(p[data[index]])
        if not _append_or_settle(trie, grammar, state, tail, scratch, data[index], until):
            return index
    return data.shape[0]


@njit(cache=True, nogil=True)
def generate(
    trie,
    grammar,
    state,
    tail,
    scratch,
    uniforms,
    temperature,
    top_k,
    typical,
    top_p,
    min_p,
    until,
    out,
    bits,
):
    """Draw and append one byte for each of `uniforms` (n,), as far as there is room, into `out`,
    and what each cost before shaping, -log2 p, into `bits`.

    Shaping and drawing mirror compgen/distribution.py: the same uniform numbers give the same
    bytes on either path. Returns how many were drawn.
    """
    p = np.empty(256)
    model = np.empty(256)
    for index in range(uniforms.shape[0]):
        next_byte(trie, grammar, state, tail, scratch, p)
        model[:] = p
        shape(p, temperature, top_k, typical, top_p, min_p)
        value = np.uint8(draw(p, uniforms[index]))
        if not _append_or_settle(trie, grammar, state, tail, scratch, value, until):
            return index
        out[index] = value
        bits[index] = -np.log2(model[value])
    return uniforms.shape[0]
