"""Distances between two sets of texts, by what they are made of."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def jensen_shannon(ours: Sequence[bytes], real: Sequence[bytes], width: int = 3) -> float:
    """Jensen-Shannon distance, 0 to 1, between the n-grams of two sets of texts.

    The square root of the divergence in bits (Endres and Schindelin 2003). Small samples are
    far from everything, real text too: it means something beside the distance of another sample
    of real text of the same size.
    """
    first, second = _grams(ours, width), _grams(real, width)
    if not first or not second:
        return 0.0 if first == second else 1.0
    ours_total, real_total = first.total(), second.total()
    divergence = 0.0
    for gram in first.keys() | second.keys():
        p, q = first[gram] / ours_total, second[gram] / real_total
        middle = (p + q) / 2
        for share in (p, q):
            if share:
                divergence += share * np.log2(share / middle) / 2
    return float(np.sqrt(min(max(divergence, 0.0), 1.0)))


def wasserstein(ours: Values, real: Values) -> float:
    """Wasserstein-1 distance between two samples of numbers, in their unit."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(ours, real))


def _grams(texts: Sequence[bytes], width: int) -> Counter[bytes]:
    return Counter(
        text[start : start + width] for text in texts for start in range(len(text) - width + 1)
    )
