"""`Samples`: a sound as an array, and its bytes."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"""Shape (length, channels), int16; 1 channel is mono, 2 are left and right."""

FULL_SCALE = 32768.0


def from_float(values: NDArray[np.float64]) -> Samples:
    """Values from -1 to 1 in 16 bits; what is louder is clipped."""
    scaled = np.rint(values * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def to_float(samples: Samples) -> NDArray[np.float64]:
    """Values from -1 to 1, of the same shape."""
    return samples.astype(np.float64) / FULL_SCALE


def mono(samples: Samples) -> NDArray[np.float64]:
    """The mean of the channels, from -1 to 1, shape (length,)."""
    mean: NDArray[np.float64] = to_float(samples).mean(axis=1)
    return mean


def pcm_bytes(samples: Samples) -> bytes:
    """16 bits a sample, little end first, channels interleaved: what a WAV file holds."""
    return np.ascontiguousarray(samples, "<i2").tobytes()
