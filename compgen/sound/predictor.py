"""`Predictor`: the next sample from the last ones, linearly, as speech coders and FLAC do it.

    predicted[t]  =  Σ_k a[k] · x[t - 1 - k]            residual[t]  =  x[t] - predicted[t]

By the autocorrelation method (Makhoul, Proc. IEEE 63 (1975)) the filter that makes sound of
residuals again is stable, whatever residuals it is fed: what is made up cannot run away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.media.samples import Samples

WHITE_NOISE = 1e-4
"""Power that is added, as a share, so that the equations of a pure tone have a solution."""
QUIETEST = 1.0
"""The same for silence, in squared steps of 16 bits."""


@dataclass(frozen=True)
class Predictor:
    """One filter for all channels."""

    coefficients: NDArray[np.float64]
    """Shape (order,), of the last sample first."""

    @classmethod
    def of(cls, sources: Sequence[Samples], order: int) -> "Predictor":
        """The best one on average for `sources`, shapes (length, channels)."""
        from scipy.linalg import solve_toeplitz

        correlation = np.zeros(order + 1)
        for source in sources:
            values = source.astype(np.float64)
            for lag in range(min(order + 1, len(values))):
                correlation[lag] += np.vdot(values[: len(values) - lag], values[lag:])
        correlation[0] = correlation[0] * (1 + WHITE_NOISE) + QUIETEST
        return cls(np.asarray(solve_toeplitz(correlation[:-1], correlation[1:]), np.float64))

    @property
    def order(self) -> int:
        """How many samples it looks at."""
        return len(self.coefficients)

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is predicted of each of `values`, shape (length, channels); silence before."""
        from scipy.signal import lfilter

        predicted: NDArray[np.float64] = lfilter([0.0, *self.coefficients], [1.0], values, axis=0)
        return predicted

    def next(self, last: NDArray[np.float64]) -> NDArray[np.float64]:
        """What follows the last `order` values, shape (order, channels): shape (channels,)."""
        return self.coefficients @ last[::-1]
