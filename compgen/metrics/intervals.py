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

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 is outside the interval; no interval excludes nothing."""
        return self.low > 0 or self.high < 0


def mean_of(values: NDArray[np.float64], rng: np.random.Generator) -> Mean:
    """The mean of independent values, with its bias-corrected bootstrap interval.

    NaN for no values. Where a value is infinite or NaN, so is the mean, and it has no interval.
    """
    if values.size == 0:
        return Mean(float("nan"), float("nan"), float("nan"))
    with np.errstate(invalid="ignore"):  # both infinities among them
        value = float(values.mean())
    if values.size < 2 or not np.isfinite(values).all():
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
    with np.errstate(invalid="ignore"):  # two infinities differ by what nobody knows
        return mean_of(ours - theirs, rng)


def paired_distance(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], rng: np.random.Generator
) -> Mean:
    """How much farther from 0 the mean of `ours` is than that of `theirs`: below 0 is nearer.

    The interval is of percentiles over resampled pairs: where a mean crosses 0 there is no
    slope, which the corrections of BCa take for granted.
    """
    value = abs(float(ours.mean())) - abs(float(theirs.mean())) if ours.size else float("nan")
    if ours.size < 2 or not np.isfinite([ours, theirs]).all():
        return Mean(value, float("nan"), float("nan"))
    drawn = rng.integers(ours.size, size=(RESAMPLES, ours.size))
    distances = np.abs(ours[drawn].mean(axis=1)) - np.abs(theirs[drawn].mean(axis=1))
    low, high = np.quantile(distances, [0.025, 0.975])
    return Mean(value, float(low), float(high))
