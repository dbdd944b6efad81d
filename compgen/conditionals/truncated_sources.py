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
    from compgen.kernels.lz_marginal_truncated import DEEPEST, Truncated

    keys, followings, weights, sums = [], [], [], []
    count = len(primes)
    unigram, bigram = np.zeros((count, 256)), np.zeros((count, 256, 256))
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
        np.add.at(unigram[index], following, weight)
        np.add.at(bigram[index], (data[DEEPEST - 1 : -1][:size], following), weight)
        order = np.argsort(key, kind="stable")
        keys.append(key[order])
        followings.append(following[order])
        weights.append(weight[order])
        sums.append(np.append(0.0, np.cumsum(weight[order])))
        literal[index], length[index] = grammar.literal, grammar.length
    return Truncated(
        key=np.concatenate([*keys, np.zeros(0, np.uint64)]),
        following=np.concatenate([*followings, np.zeros(0, np.uint8)]),
        weight=np.concatenate([*weights, np.zeros(0)]),
        before=np.concatenate([*sums, np.zeros(0)]),
        start=np.cumsum([0] + [key.size for key in keys]),
        unigram=unigram,
        bigram=bigram,
        literal=literal,
        length=length,
        longer=longer_than(length),
        contexts=contexts,
        shares=shares,
    )
