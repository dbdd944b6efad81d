"""A 95 % interval of a mean by resampling whole clusters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95
BATCH = 1 << 20
"""Numbers drawn at a time, so that a large file needs no large memory."""


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both shares."""

    low: float
    high: float


def bootstrap_mean(
    values: NDArray[np.float64], clusters: NDArray[np.int64], rng: np.random.Generator
) -> Interval:
    """The percentile interval of the mean of `values`, shape (n,).

    Each resample draws as many clusters as there are, with replacement, and takes the mean of
    all values in them (Davison and Hinkley, Bootstrap Methods, 1997, section 3.8). Values that
    are independent of each other are clusters of one.
    """
    _, member = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(member)
    sums = np.bincount(member, weights=values)
    count = sizes.size
    means = []
    left = RESAMPLES
    while left:
        batch = min(left, max(1, BATCH // count))
        drawn = rng.integers(count, size=(batch, count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
        left -= batch
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(low), float(high))
