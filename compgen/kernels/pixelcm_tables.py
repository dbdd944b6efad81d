"""Tables of the picture model, built of integers alone: the same on every machine.

    bell(x)      cumulative distribution of a residual whose scale is 1, 24 bits:
                 7/8 logistic and 1/8 logistic four times as wide, for the tail
    fine(d)      where a bit's border lies from a prediction: 32 steps on either side,
                 of 1/4 pixel value near it and of 16 far away
    level(e)     size of an error, in sixteen steps of about a factor 1.5

Source: the constants are this project's; the logarithm and its inverse are cm_tables.py's.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compgen.kernels.cm_tables import tables

BELL_BITS = 24
"""Bits of a cumulative probability."""
BELL_STEPS = 16
"""Points of the bell in one unit of scale, between which it is interpolated."""
BELL_REACH = 40
"""It ends at this many units."""
BELL_LIMIT = BELL_REACH * BELL_STEPS
FINE = 64
"""Values of `fine`."""
LEVELS = 16
"""Values of `level`."""
_FINE_STEPS = ((32, 4), (64, 8), (128, 16), (256, 32), (512, 64), (1024, 128), (2048, 256))
_LEVEL_BORDERS = (5, 9, 14, 20, 28, 38, 52, 70, 94, 126, 170, 230, 310, 440, 700)
_FRACTION = 200


class Tables(NamedTuple):
    """Everything that never changes."""

    bell: NDArray[np.int32]  # (2 · BELL_LIMIT + 2,)
    fine: NDArray[np.int32]  # (512,)   of |d| / 4, d in sixteenths of a pixel value: 0 … 31
    level: NDArray[np.int32]  # (1024,)  of an error in sixteenths
    stretch: NDArray[np.int16]  # cm_tables.Tables
    squash: NDArray[np.int32]
    slow_rate: NDArray[np.int32]
    logarithm: NDArray[np.int32]


def _logistic() -> list[int]:
    """1 / (1 + e^-x) at x = k / (4 · BELL_STEPS), k = 0 … 4 · BELL_LIMIT, of 2^32."""
    one, unit = 1 << _FRACTION, 4 * BELL_STEPS
    step, term, index = one, one, 1
    while term:  # e^(1 / unit), a Taylor series
        term //= unit * index
        step += term
        index += 1
    power, found = one, []
    for _ in range(4 * BELL_LIMIT + 1):
        found.append((power << 32) // (power + one))
        power = power * step >> _FRACTION
    return found


def _bell() -> NDArray[np.int32]:
    logistic = _logistic()
    upper = [(7 * logistic[4 * k] + logistic[k]) >> (35 - BELL_BITS) for k in range(BELL_LIMIT + 1)]
    lower = [(1 << BELL_BITS) - value for value in upper[:0:-1]]
    return np.array([*lower, *upper, upper[-1]], np.int32)


def _fine() -> NDArray[np.int32]:
    found = np.full(512, FINE // 2 - 1, np.int32)
    place = start = 0
    for end, step in _FINE_STEPS:
        for distance in range(start, end, step):
            found[distance // 4 : (distance + step) // 4] = place
            place += 1
        start = end
    return found


@cache
def picture_tables() -> Tables:
    """The tables; their arrays are read-only."""
    common = tables()
    found = Tables(
        bell=_bell(),
        fine=_fine(),
        level=np.searchsorted(_LEVEL_BORDERS, np.arange(1024), side="right").astype(np.int32),
        stretch=common.stretch,
        squash=common.squash,
        slow_rate=common.slow_rate,
        logarithm=common.logarithm,
    )
    for table in found:
        table.flags.writeable = False
    return found
