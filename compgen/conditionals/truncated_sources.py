"""The sources of truncated experts: primes, sorted by the bytes before each position."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compgen.conditionals.marginal_tables import TokenGrammar, longer_than
from compgen.kernels.deflate_format import DISTANCE_CODE, MAX_MATCH

if TYPE_CHECKING:
    from compgen.kernels.lz_marginal_truncated import Truncated


def sort_sources(
    primes: Sequence[bytes],
    grammars: Sequence[TokenGrammar],
    max_distance: int,
    contexts: NDArray[np.int64],
    shares: NDArray[np.float64],
) -> "Truncated":
    """Experts (prime, context length) with their `shares`, ready for the kernel.

    The last `max_distance` bytes of a prime are sources, but for its first eight bytes,
    which are context alone.
    """
    from compgen.kernels.lz_marginal_truncated import DEEPEST, Truncated, fill_rows

    keys, followings, weights, owners = [], [], [], []
    count = len(primes)
    unigram = np.zeros((count, 256))
    literal, length = np.zeros((count, 256)), np.zeros((count, MAX_MATCH + 1))
    for index, (prime, grammar) in enumerate(zip(primes, grammars, strict=True)):
        data = np.frombuffer(prime, np.uint8)[-max_distance - DEEPEST :]
        following = data[DEEPEST:]
        size = following.size
        key = np.zeros(size, np.uint64)
        for back in range(1, DEEPEST + 1):
            before = data[DEEPEST - back :][:size].astype(np.uint64)
            key |= before << np.uint64(64 - 8 * back)
        weight = grammar.distance[DISTANCE_CODE[np.arange(size, 0, -1)]]
        unigram[index] = np.bincount(following, weight, 256)
        keys.append(key)
        followings.append(following)
        weights.append(weight)
        owners.append(np.full(size, index))
        literal[index], length[index] = grammar.literal, grammar.length
    key = np.concatenate([*keys, np.zeros(0, np.uint64)])
    order = np.argsort(key, kind="stable")
    byte, child, first, end = _trie(key[order], int(contexts[-1]) if contexts.size else 0)
    reach, row, following, weight = fill_rows(
        first,
        end,
        np.concatenate([*owners, np.zeros(0, np.int64)])[order],
        np.concatenate([*followings, np.zeros(0, np.uint8)])[order],
        np.concatenate([*weights, np.zeros(0)])[order],
        count,
    )
    return Truncated(
        byte=byte,
        child=child,
        reach=reach,
        row=row,
        following=following,
        weight=weight,
        unigram=unigram,
        literal=literal,
        length=length,
        longer=longer_than(length),
        contexts=contexts,
        shares=shares,
    )


def _trie(
    key: NDArray[np.uint64], deepest: int
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """The trie of the sorted keys, `deepest` bytes deep, level by level.

    Returns each node's byte and first child (and one more, where the last child ends), and
    the part of the keys that lies below it: its first and its end.
    """
    firsts = [np.zeros(1, np.int64)]
    ends = [np.array([key.size])]
    levels = [np.zeros(1, np.uint8)]
    for depth in range(1, deepest + 1):
        prefix = key >> np.uint64(64 - 8 * depth)
        first = np.flatnonzero(np.diff(prefix, prepend=~prefix[:1]))
        firsts.append(first)
        ends.append(np.append(first[1:], key.size)[: first.size])
        levels.append((prefix[first] & np.uint64(255)).astype(np.uint8))
    level_start = np.cumsum([0] + [first.size for first in firsts])
    children = [
        level_start[depth + 1] + np.searchsorted(firsts[depth + 1], firsts[depth])
        for depth in range(deepest)
    ]
    nodes = level_start[-1]
    leaves = np.full(firsts[-1].size + 1, nodes)
    return (
        np.concatenate(levels),
        np.concatenate([*children, leaves]).astype(np.int32),
        np.concatenate(firsts),
        np.concatenate(ends),
    )
