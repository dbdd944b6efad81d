"""Does a model mean what it says? Of the bytes that it gives 30 %, do 30 % come?

next_byte at many positions ─┬─► reliability: (probability given, share that came) by bin
                             ├─► rank of the true byte: 1 is top-1
                             └─► ties for the best
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 10
RANKS = 16


class Reliability(NamedTuple):
    """What was predicted, and what came of it, in bins of probability."""

    given: NDArray[np.float64]  # (bins,)   mean probability; NaN: nothing in the bin
    came: NDArray[np.float64]  # (bins,)   share that came true
    predictions: NDArray[np.int64]  # (bins,)   how many are in it

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of the two, by how much is in a bin
        (Naeini et al. 2015)."""
        known = self.predictions > 0
        distance = np.abs(self.given[known] - self.came[known])
        return float((distance * self.predictions[known]).sum() / max(1, self.predictions.sum()))


def reliability(bits: NDArray[np.float64], true: NDArray[np.uint8]) -> Reliability:
    """From distributions as code lengths, shape (n, 256), and the bytes that came, shape (n,).

    Every byte of every distribution is a prediction. The bins are even in the logarithm of the
    odds, from 2^-9 to 1 - 2^-9: most of 256 probabilities are small.
    """
    probabilities = np.exp2(-bits)
    came = np.zeros(probabilities.shape, bool)
    came[np.arange(true.size), true.astype(np.intp)] = True
    edge = np.log2(2.0**9 - 1)
    borders = 1 / (1 + np.exp2(-np.linspace(-edge, edge, BINS - 1)))
    which = np.searchsorted(borders, probabilities, "right")
    count = np.bincount(which.ravel(), minlength=BINS)
    with np.errstate(invalid="ignore"):
        given = np.bincount(which.ravel(), probabilities.ravel(), BINS) / count
        share = np.bincount(which.ravel(), came.ravel().astype(float), BINS) / count
    return Reliability(given, share, count)


def ranks(bits: NDArray[np.float64], true: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Rank of the byte that came, 1 for the most probable, ties sharing their mean, shape (n,)."""
    own = bits[np.arange(true.size), true.astype(np.intp)][:, None]
    better, level = (bits < own).sum(axis=1), (bits == own).sum(axis=1)
    result: NDArray[np.float64] = 1 + better + (level - 1) / 2
    return result
