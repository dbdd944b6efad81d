"""Tables of the context-mixing model, built of integers alone: the same on every machine.

    probability    16 bits: 1 … 65535 of 65536
    stretch(p)     ln(p / (1 - p)), 8 bits after the point: -LIMIT … LIMIT
    squash(x)      its inverse

exp is a Taylor series in integers of 200 bits after the point, so that no rounding of a
platform's libm can decide a table entry.

Source: the logistic domain of PAQ7 and later (Mahoney, "Data Compression Explained", on logistic
mixing); widths and tables are this project's.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ONE = 1 << 16
"""Probability 1."""
UNIT = 256
"""Stretched 1."""
POINTS = 32
"""Points of an APM curve, evenly spaced in the stretched domain."""
STEP = 184
"""Stretched distance of two points."""
LIMIT = STEP * (POINTS - 1) // 2
"""Largest stretched value, 2852: a probability of 0.95 / 65536."""
STRETCH_BITS = 12
"""Bits of a probability that `stretch` is looked up by."""
LARGEST_COUNT = 255
LOGARITHMS = 4096
"""Whole numbers of which there is a logarithm in the tables."""
LOGARITHM_UNIT = 1 << 14
"""ln of e in that table."""
_FRACTION = 200


class Tables(NamedTuple):
    """Everything that never changes."""

    stretch: NDArray[np.int16]  # (4096,)     of a probability's upper 12 bits
    squash: NDArray[np.int32]  # (2·LIMIT+1,)  of x + LIMIT
    rate: NDArray[np.int32]  # (256,)         65536 / (n + 1.5), after n observations
    slow_rate: NDArray[np.int32]  # (1024,)   65536 / (n + 1.5), for maps
    group: NDArray[np.int32]  # (256,)        0 … 3: how often more than a history can tell
    logarithm: NDArray[np.int32]  # (4096,)   ln n · 2^14; of 0 as of 1


def _exponentials() -> list[int]:
    """e^(k / UNIT) for k = 0 … LIMIT, times 2^200, in integers."""
    one = 1 << _FRACTION
    step, term, index = one, one, 1
    while term:
        term //= UNIT * index
        step += term
        index += 1
    powers = [one]
    for _ in range(LIMIT):
        powers.append(powers[-1] * step >> _FRACTION)
    return powers


def _logarithms() -> NDArray[np.int32]:
    """ln n = ln(n - 1) + 2 artanh(1 / (2n - 1)), a series in integers of 200 bits."""
    found = np.zeros(LOGARITHMS, np.int32)
    sum_so_far = 0
    for n in range(2, LOGARITHMS):
        odd = 2 * n - 1
        term, index = (2 << _FRACTION) // odd, 1
        while term:
            sum_so_far += term // index
            term //= odd * odd
            index += 2
        found[n] = (sum_so_far * LOGARITHM_UNIT + (1 << (_FRACTION - 1))) >> _FRACTION
    return found


@cache
def tables() -> Tables:
    """The tables; their arrays are read-only."""
    powers = _exponentials()
    one = 1 << _FRACTION
    fine = np.empty(2 * LIMIT + 1, np.int64)  # squash with 32 bits
    for k, power in enumerate(powers):
        upper = (power << 32) // (power + one)
        fine[LIMIT + k] = upper
        fine[LIMIT - k] = (1 << 32) - upper
    squash = np.clip((fine + (1 << 15)) >> 16, 1, ONE - 1).astype(np.int32)
    centres = (2 * np.arange(1 << STRETCH_BITS, dtype=np.int64) + 1) << (31 - STRETCH_BITS)
    above = np.searchsorted(fine, centres)
    below = above - 1
    nearer = np.where(fine[above] - centres < centres - fine[below], above, below)
    counts = np.arange(1024, dtype=np.int64)
    found = Tables(
        stretch=(nearer - LIMIT).astype(np.int16),
        squash=squash,
        rate=(2 * ONE // (2 * counts[: LARGEST_COUNT + 1] + 3)).astype(np.int32),
        slow_rate=(2 * ONE // (2 * counts + 3)).astype(np.int32),
        group=np.digitize(counts[: LARGEST_COUNT + 1], [8, 24, 96]).astype(np.int32),
        logarithm=_logarithms(),
    )
    for table in found:
        table.flags.writeable = False
    return found
