"""From logits to whole frequencies of 256 bytes that sum to 2^24, the same on every machine.

logit ─► e^(logit - the largest)   float32, portable_math
      ─► · 2^30, rounded down      an integer: their sum has no order to depend on
      ─► · (2^24 - 256) / sum      float64, rounded down; what is missing goes to the largest
      ─► + 1                       every byte stays possible
      ─► cumulative                (257,): 0, f[0], f[0] + f[1], …, 2^24
"""

import numpy as np

from compgen.kernels.jit import arithmetic
from compgen.kernels.portable_math import exp

PRECISION = 24
TOTAL = 1 << PRECISION
_SHARED = float(TOTAL - 256)
_SCALE = np.float32(1 << 30)


@arithmetic
def frequencies(logits, cumulative):
    """Rows of `logits`, float32 (n, 256), as rows of `cumulative`, int32 (n, 257)."""
    for row in range(logits.shape[0]):
        said, sums = logits[row], cumulative[row]
        most = said[0]
        for value in range(1, 256):
            most = said[value] if said[value] > most else most
        total = np.int64(1)  # if all is NaN, no division by zero; else beyond any precision
        for value in range(256):
            count = np.int32(exp(said[value] - most) * _SCALE)
            sums[value + 1] = count
            total += np.int64(count)
        scale = _SHARED / np.float64(total)
        given = np.int64(0)
        for value in range(1, 257):
            share = np.int32(np.float64(sums[value]) * scale)
            sums[value] = share
            given += np.int64(share)
        largest = 1
        for value in range(2, 257):
            if sums[value] > sums[largest]:
                largest = value
        sums[0] = 0
        sums[largest] += np.int32((TOTAL - 256) - given)
        for value in range(1, 257):
            sums[value] += sums[value - 1] + np.int32(1)
