"""From code lengths to probabilities, and the truncations that turn soup into text.

    code lengths ─► probabilities ─► top-k ─► typical ─► top-p ─► min-p ─► temperature ─► a byte

Pure numpy on one next-byte distribution, shape (256,) as a rule. The names and the order
are llama.cpp's (common/sampling.cpp, src/llama-sampling.cpp): truncations look at the
model's own probabilities, renormalised after each, and the temperature comes last.
The compiled loop of `compgen.sampling.compiled` mirrors this file operation by operation.
"""

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompressorError

Probabilities = NDArray[np.float64]


def normalise(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Code lengths shifted by one constant so that the sum of 2^-bits is 1.

    Raises CompressorError on NaN, or where no candidate has a finite length.
    """
    shortest = bits.min()
    if not np.isfinite(shortest):
        raise CompressorError("no candidate has a finite code length; the scorer is broken")
    shifted: NDArray[np.float64] = bits - shortest
    normalised: NDArray[np.float64] = shifted + np.log2(np.exp2(-shifted).sum())
    return normalised


def probabilities(bits: NDArray[np.float64]) -> Probabilities:
    """2^-bits, normalised to sum to 1."""
    weights = np.exp2(bits.min() - bits)
    return _renormalised(weights)


def top_k(p: Probabilities, k: int) -> Probabilities:
    """Keep the k most probable; of equals the lower byte value. k = 0 keeps all."""
    if k <= 0 or k >= np.count_nonzero(p):
        return p
    kept = np.argsort(-p, kind="stable")[:k]
    return _only(p, kept)


def typical(p: Probabilities, mass: float) -> Probabilities:
    """Locally typical sampling (Meister et al., TACL 2023): those whose surprise is nearest
    to the entropy, until they hold `mass`. 1 keeps all."""
    if mass >= 1:
        return p
    surprise = np.full(p.shape, np.inf)
    alive = p > 0
    surprise[alive] = -np.log2(p[alive])
    entropy = float(p[alive] @ surprise[alive])
    order = np.argsort(np.abs(surprise - entropy), kind="stable")
    return _only(p, order[: _smallest_prefix(p[order], mass)])


def top_p(p: Probabilities, mass: float) -> Probabilities:
    """Nucleus sampling (Holtzman et al., ICLR 2020): the smallest set of the most probable
    whose probability reaches `mass`. 1 keeps all."""
    if mass >= 1:
        return p
    order = np.argsort(-p, kind="stable")
    return _only(p, order[: _smallest_prefix(p[order], mass)])


def min_p(p: Probabilities, fraction: float) -> Probabilities:
    """Keep those at least `fraction` times as probable as the most probable
    (Nguyen et al., ICLR 2025). 0 keeps all."""
    if fraction <= 0:
        return p
    return _renormalised(np.where(p >= fraction * p.max(), p, 0.0))


def temper(p: Probabilities, temperature: float) -> Probabilities:
    """p^(1/T), normalised; T = 0 is the most probable alone, of equals the lowest."""
    if temperature == 1:
        return p
    if temperature == 0:
        greedy = np.zeros_like(p)
        greedy[p.argmax()] = 1.0
        return greedy
    return _renormalised((p / p.max()) ** (1 / temperature))


def draw(p: Probabilities, uniform: float) -> int:
    """The index that `uniform` in [0, 1) picks, by inverting the cumulative sum in index order.

    One uniform number a draw, so that a seed fixes the sample whatever the code path.
    """
    cumulative = np.cumsum(p)
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    if index >= p.size or p[index] == 0:  # rounding at the very top of the cumulative sum
        index = int(np.flatnonzero(p)[-1])
    return index


def _smallest_prefix(sorted_p: Probabilities, mass: float) -> int:
    """How many leading entries are needed for a sum of at least `mass` (at least one)."""
    return min(int(np.searchsorted(np.cumsum(sorted_p), mass)) + 1, sorted_p.size)


def _only(p: Probabilities, kept: NDArray[np.intp]) -> Probabilities:
    truncated = np.zeros_like(p)
    truncated[kept] = p[kept]
    return _renormalised(truncated)


def _renormalised(weights: Probabilities) -> Probabilities:
    # cumsum, not sum: numpy sums pairwise, the compiled loop in order, and both must agree
    normalised: Probabilities = weights / np.cumsum(weights)[-1]
    return normalised
