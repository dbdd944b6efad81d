"""How kernels are compiled."""

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core.options import DefaultOptions

_WITHOUT_RUNTIME: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that allocates nothing, without counting references to its arrays.

    numba counts a reference whenever an array is passed on or taken out of a tuple, atomically:
    a parser that does so at every byte spends most of its time on it. `_nrt=False` turns the
    runtime that would allocate and count off; the caller holds the arrays. (It is private to
    numba; where it is gone, the kernels are slower and their results the same.)
    """
    compiled: Callable[..., Any] = njit(cache=True, nogil=True, **_WITHOUT_RUNTIME)(function)
    return compiled


def arithmetic(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `kernel` in which a division by zero gives what IEEE 754 says, and raises nothing.

    The check for zero would be a branch, and a loop with a branch does not become vector code.
    """
    compiled: Callable[..., Any] = njit(
        cache=True, nogil=True, error_model="numpy", **_WITHOUT_RUNTIME
    )(function)
    return compiled
