"""How the inner functions of the context-mixing model are compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.core.options import DefaultOptions

_WITHOUT_RUNTIME: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


int64: Any = np.int64
"""For the type checker: in a compiled function 64-bit integers and literals are one type."""


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel (jit.py) that becomes part of its caller.

    The model is some forty arrays, seven words each: as arguments of a call they would be
    copied, hundreds of words, for every bit.
    """
    compiled: Callable[..., Any] = njit(
        cache=True, nogil=True, forceinline=True, **_WITHOUT_RUNTIME
    )(function)
    return compiled
