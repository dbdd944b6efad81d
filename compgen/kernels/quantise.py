"""From code lengths to whole weights, with nothing that rounds differently elsewhere.

    -log2 p      x = 3.2                                     256 of them, float64
       │         2^-x = 2^-3 · 2^-0.2                        the second by a polynomial
       ▼
    weight       floor(2^-x · (2^24 - 256))                  a whole number from 0
       │         + what is missing to 2^24 - 256, to the largest (of equals, the first)
       ▼
    frequency    weight + 1                                  from 1; they sum to 2^24

IEEE 754 fixes the result of each addition and multiplication, and without `fastmath` LLVM
neither reorders nor fuses them (it fuses where a front end asks for `llvm.fmuladd`, and numba
does not). A library's `exp2` differs by a unit in the last place from one to the next; so the
polynomial here: the Taylor series of 2^-f, f in [0, 1), to the 11th power, whose remainder is
(ln 2)^12 / 12! = 2.6e-11. The same float64 code lengths give the same weights on every machine.

Source: the rounding of probabilities that keeps every symbol possible is constriction's own
(R. Bamler, "Understanding Entropy Coding With Asymmetric Numeral Systems", 2022, section 3.2).
"""

import math

import numpy as np
from numba import njit

PRECISION = 24
"""Bits of a frequency: the precision of constriction's range coder."""
TOTAL = 1 << PRECISION
SHARED = TOTAL - 256
"""What the weights sum to: the total, less one for each byte."""

_SERIES = tuple((-math.log(2)) ** n / math.factorial(n) for n in range(12))
_HALVES = np.array([2.0**-n for n in range(PRECISION + 1)])


@njit(cache=True, nogil=True)
def quantise(bits, weights):
    """Fill `weights`, shape (256,), float32 (it holds whole numbers to 2^24), from `bits`, -log2 p.

    Returns whether that was a distribution: False where the probabilities sum to so much more
    than 1 that the largest cannot make up for it. What is not finite has the weight 0.
    """
    total = 0
    most = 0
    for symbol in range(256):
        length = bits[symbol]
        weight = 0
        if length < PRECISION + 1:  # neither infinite nor NaN
            length = max(length, 0.0)
            whole = int(length)
            fraction = length - whole
            power = _SERIES[11]
            for n in range(10, -1, -1):
                power = power * fraction + _SERIES[n]
            weight = int(power * _HALVES[whole] * SHARED)
        weights[symbol] = weight
        total += weight
        if weights[symbol] > weights[most]:
            most = symbol
    largest = int(weights[most]) + SHARED - total
    weights[most] = largest
    return largest >= 0
