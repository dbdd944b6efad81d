"""Compiled inner loops: arrays in, arrays out, no I/O, no policy.

The modules here import numba (those named `*_format` hold constants and do not), so nothing
imports them before it needs them: a conditional imports its kernel inside the function that
builds it. Where numba cannot be imported, compressors fall back to readings without it.
"""

import functools


@functools.cache
def why_unavailable() -> str:
    """Why the kernels cannot run here, and what to do about it; empty if they can."""
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return f"numba cannot be imported ({error}); pip install numba"
    return ""
