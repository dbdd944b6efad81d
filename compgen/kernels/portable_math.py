"""exp, sigmoid and tanh in float32 that are to the bit the same on every IEEE 754 machine.

    e^x  =  2^k · e^f        k = round(x · log2 e),  f = x - k · ln 2,  |f| <= 0.347
            │     └── 1 + f + f² · (a polynomial of degree 4)
            └── k written into the exponent's bits

A library's exp differs from the next one's in the last place. These use additions,
multiplications, divisions and conversions alone, whose results IEEE 754 fixes; numba, without
`fastmath`, neither reorders them nor fuses a multiplication with an addition. They have no
branch, so a loop over an array becomes vector code, element by element the same.

    largest error        exp: 1.5e-7, relative    sigmoid: 1.2e-7    tanh: 2.0e-7, both absolute

(tests/test_neural_kernels.py measures them; the polynomial's own share is 4e-9.) What is not a
number counts as the lower end of the range, so that no weights, however bad, give a NaN.

Source: range reduction after Cody and Waite, "Software Manual for the Elementary Functions"
(1980), chapter 6; the polynomial was fitted for this project to the least largest relative
error, with the two first coefficients held at 1, so that e^0 = 1.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from compgen.kernels.jit import arithmetic

LEAST, MOST = np.float32(-87.0), np.float32(87.0)
"""Arguments of exp are held between these: the result stays clear of denormal numbers, which
some programs have the processor treat as zero."""

_LOG2_E = np.float32(1.44269504)
_LN2_HIGH = np.float32(0.693359375)  # 355/512: k times it is exact
_LN2_LOW = np.float32(-0.00021219444)
_C2 = np.float32(0.49999994)
_C3 = np.float32(0.16666521)
_C4 = np.float32(0.04166839)
_C5 = np.float32(0.008368745)
_C6 = np.float32(0.001381454)
_ROUND = np.float32(12582912.0)
"""1.5 · 2^23: adding and subtracting it rounds to a whole number."""
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)


def _reinterpreted(_context: Any, _bits: Any) -> Any:
    """The float32 whose bits are those of an int32."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


_float_of_bits: Any = intrinsic(_reinterpreted)


@arithmetic
def exp(x):
    """e^x, float32, for x held between LEAST and MOST."""
    x = x if x > LEAST else LEAST  # this way round a NaN becomes LEAST
    x = x if x < MOST else MOST
    k = (x * _LOG2_E + _ROUND) - _ROUND
    f = (x - k * _LN2_HIGH) - k * _LN2_LOW
    q = (((_C6 * f + _C5) * f + _C4) * f + _C3) * f + _C2
    power = _float_of_bits(np.int32((np.int32(k) + np.int32(127)) << np.int32(23)))
    return (_ONE + (f + (f * f) * q)) * power


@arithmetic
def sigmoid(x):
    """1 / (1 + e^-x), float32."""
    return _ONE / (_ONE + exp(-x))


@arithmetic
def tanh(x):
    """The hyperbolic tangent, float32."""
    return _ONE - _TWO / (_ONE + exp(_TWO * x))
