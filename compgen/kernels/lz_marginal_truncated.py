"""Decoder-marginals that know the last k <= 8 bytes alone, of many primes at once.

Such an expert has produced its prime and then, from a forced token boundary on, the last k
bytes of the history; its sources are the positions of the prime. It is the decoder-marginal
with a context cut off, and cannot copy more than it knows.

State. Only the bytes before a source matter, at most 8. All sources of all primes lie in one
trie, which is walked backwards from the last byte: a node is a context, and holds what
follows that context in each prime.

        "…said the·"         root ──' '──► [ ] ──'e'──► [e ] ──'h'──► [he ] ──'t'──► [the ]
                    next                    1             2              3              4  run
                                                                         │
                                   prime 0   reach   row: R .0031  w .0007  c .0002 …
                                   prime 1   reach   row: w .0011  R .0004 …
                                   …         (sum)   (what follows, and its weight)

    The nodes are numbered level by level, so that the children of one are neighbours; the
    reaches and the rows of a node lie side by side, in the order of the primes. A context that
    an expert does not know has an empty row there, and a reach of 0.

A run of at least l bytes ends at a source if and only if the source is below the node of the
last l bytes. The forward recursion over the k bytes needs the weight of the runs that ended
`back` bytes ago: the same walk with the newest `back` bytes left out.

Source: DESIGN.md, section 2 (the recursion); the suffix trie of the reversed primes, cut off
at 8 bytes, which is PPM's context trie (Moffat, IEEE Trans. Commun. 38, 1990).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from compgen.kernels.jit import kernel

DEEPEST = 8
"""Longest context: what a key holds."""
SHORTEST_RUN = 3
"""The shortest match of the format."""


class Truncated(NamedTuple):
    """A trie of N contexts, with E entries in its rows, over Q primes; C lengths. Read-only."""

    byte: np.ndarray  # uint8 (N,)           what stands before the parent's context
    child: np.ndarray  # int32 (N + 1,)      first child; they end where the next node's begin
    reach: np.ndarray  # float64 (N, Q)      weight of the sources below
    row: np.ndarray  # int32 (N·Q + 1,)      first entry; they end where the next row's begin
    following: np.ndarray  # uint8 (E,)      the byte that a source predicts
    weight: np.ndarray  # float64 (E,)       probability of the distances to such sources
    unigram: np.ndarray  # float64 (Q, 256)  the rows of the root, in full
    literal: np.ndarray  # float64 (Q, 256)  token probabilities, as in lz_marginal.Grammar
    length: np.ndarray  # float64 (Q, 259)
    longer: np.ndarray  # float64 (Q, 259)
    contexts: np.ndarray  # int64 (C,)       1 … 8, ascending
    shares: np.ndarray  # float64 (Q, C)     weight of each expert in the mixture


@njit(cache=True, nogil=True)
def fill_rows(first, end, prime, following, weight, primes):
    """Sum the weights of the sources first[i] … end[i] of each node i by prime and byte.

    Returns reach (N, Q), row (N·Q + 1,), following (E,), weight (E,) as in Truncated.
    """
    nodes = first.shape[0]
    capacity = 0
    for node in range(nodes):
        capacity += end[node] - first[node]
    reach = np.zeros((nodes, primes))
    row = np.empty(nodes * primes + 1, np.int32)
    row_following = np.empty(capacity, np.uint8)
    row_weight = np.empty(capacity)
    total = np.zeros((primes, 256))
    seen = np.empty((primes, 256), np.uint8)
    count = np.zeros(primes, np.int64)
    entries = 0
    for node in range(nodes):
        for index in range(first[node], end[node]):
            p, value = prime[index], following[index]
            if total[p, value] == 0:
                seen[p, count[p]] = value
                count[p] += 1
            total[p, value] += weight[index]
        for p in range(primes):
            row[node * primes + p] = entries
            for index in range(count[p]):
                value = seen[p, index]
                row_following[entries] = value
                row_weight[entries] = total[p, value]
                reach[node, p] += total[p, value]
                total[p, value] = 0.0
                entries += 1
            count[p] = 0
    row[nodes * primes] = entries
    return reach, row, row_following[:entries].copy(), row_weight[:entries].copy()


@kernel
def _walk(truncated, recent, depth, path):
    """Nodes of the last 0 … depth bytes of `recent` into path[0 … depth]; -1 where there is none.

    recent  uint64  the last bytes, the newest in the highest 8 bits
    """
    byte, child = truncated.byte, truncated.child
    path[: depth + 1] = -1
    node = 0
    path[0] = 0
    for length in range(1, depth + 1):
        wanted = np.uint8((recent >> np.uint64(64 - 8 * length)) & np.uint64(255))
        low, high = child[node], child[node + 1]
        end = high
        while low < high:
            middle = (low + high) >> 1
            if byte[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == end or byte[low] != wanted:
            return
        node = low
        path[length] = node


@njit(cache=True, nogil=True)
def add_truncated(truncated, recent, known, out):
    """Add the experts' shares of the next-byte probabilities to `out`, float64 (256,).

    recent  uint64   the last bytes, the newest in the highest 8 bits
    known   int      how many of them there are
    """
    contexts = truncated.contexts
    primes = truncated.literal.shape[0]
    deepest = min(contexts[-1], known)
    path = np.empty((DEEPEST + 1, DEEPEST + 1), np.int64)
    for back in range(max(1, deepest - SHORTEST_RUN + 1)):
        _walk(truncated, recent << np.uint64(8 * back), deepest - back, path[back])
    reach, shares = truncated.reach, truncated.shares
    boundaries = np.empty(DEEPEST + 1)
    gain = np.zeros((primes, DEEPEST + 1))
    for q in range(primes):
        literal, lengths, longer = truncated.literal[q], truncated.length[q], truncated.longer[q]
        literal_gain = 0.0
        for index in range(contexts.shape[0]):
            share = shares[q, index]
            if share == 0:
                continue
            depth = min(contexts[index], known)
            boundaries[depth] = 1.0
            for back in range(depth - 1, -1, -1):  # over the byte that is `back` before the last
                value = (recent >> np.uint64(56 - 8 * back)) & np.uint64(255)
                boundary = boundaries[back + 1] * literal[value]
                for length in range(SHORTEST_RUN, depth - back + 1):
                    node = path[back, length]
                    if node < 0:
                        break
                    boundary += boundaries[back + length] * lengths[length] * reach[node, q]
                boundaries[back] = boundary
            total = boundaries[0] * (1.0 - longer[0])
            for back in range(depth + 1):
                if path[0, back] < 0:
                    break
                total += boundaries[back] * longer[back] * reach[path[0, back], q]
            share /= total
            literal_gain += share * boundaries[0]
            for back in range(depth + 1):
                gain[q, back] += share * boundaries[back] * longer[back]
        unigram, everywhere = truncated.unigram[q], gain[q, 0]
        for value in range(256):
            out[value] += literal_gain * literal[value] + everywhere * unigram[value]

    row, following, weight = truncated.row, truncated.following, truncated.weight
    for length in range(1, deepest + 1):
        node = path[0, length]
        if node < 0:
            break
        for q in range(primes):
            factor = gain[q, length]
            for index in range(row[node * primes + q], row[node * primes + q + 1]):
                out[following[index]] += factor * weight[index]
