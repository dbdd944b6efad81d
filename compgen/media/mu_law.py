"""µ-law: 16-bit samples in 8 bits, as ITU-T G.711 codes them (the segments, not the formula).

sign   exponent      mantissa
┌───┬───┬───┬───┬───┬───┬───┬───┐      magnitude, 15 bits, plus a bias of 132:
│ s │ e   e   e │ m   m   m   m │      its highest bit gives e, the four below it m
└───┴───┴───┴───┴───┴───┴───┴───┘      and all eight bits are sent inverted
"""

import numpy as np
from numpy.typing import NDArray

BIAS = 132
CLIP = 32635


def encode(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """The code of each sample, of any shape."""
    values = samples.astype(np.int32)
    magnitude = np.minimum(np.abs(values), CLIP) + BIAS
    exponent = np.frexp(magnitude.astype(np.float64))[1] - 8  # 2^7 … 2^14: 0 … 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    code = np.where(values < 0, 128, 0) | exponent << 4 | mantissa
    inverted: NDArray[np.uint8] = ~code.astype(np.uint8)
    return inverted


def decode(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The middle of each code's interval."""
    code = (~codes).astype(np.int32)
    exponent, mantissa = code >> 4 & 7, code & 15
    magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


def levels(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """The codes' rank instead, 0 the lowest and 255 the highest, so that neighbours are near."""
    code = ~encode(samples)
    return np.where(code & 128, 255 - code, 128 + (code & 127)).astype(np.uint8)
