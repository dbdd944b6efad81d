"""Means with their uncertainty, by the bootstrap."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


class Mean(NamedTuple):
    """A mean and its 95 % interval; the interval is NaN for fewer than two values."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the length of the interval: the figure after ±."""
        return (self.high - self.low) / 2


def mean_of(values: NDArray[np.float64], rng: np.random.Generator) -> Mean:
    """The mean of independent values, with its bias-corrected bootstrap interval.

    NaN for no values.
    """
    if values.size == 0:
        return Mean(float("nan"), float("nan"), float("nan"))
    value = float(values.mean())
    if values.size < 2:
        return Mean(value, float("nan"), float("nan"))
    if np.ptp(values) == 0:
        return Mean(value, value, value)
    from scipy.stats import bootstrap

    found = bootstrap(
        (values,), np.mean, n_resamples=RESAMPLES, vectorized=True, method="BCa", rng=rng
    ).confidence_interval
    return Mean(value, float(found.low), float(found.high))


def paired_difference(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], rng: np.random.Generator
) -> Mean:
    """The mean of `ours - theirs`, value by value: what two rows of a table differ by, where they
    continue the same prompts."""
    return mean_of(ours - theirs, rng)
