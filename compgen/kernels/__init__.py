"""Compiled inner loops: arrays in, arrays out, no I/O, no policy.

The modules here import numba (those named `*_format` hold constants and do not), so nothing
imports them before it needs them: a conditional imports its kernel inside the function that
builds it. Where numba cannot be imported, compressors fall back to readings without it.
"""

import functools
from collections.abc import Callable

_announcements: list[Callable[[], None]] = []


def announce_compilation(say: Callable[[], None]) -> None:
    """Call `say` once if a kernel has to be compiled: on a machine's first run, later runs
    find it in numba's cache. To be called before the first kernel is needed."""
    _announcements.append(say)


@functools.cache
def why_unavailable() -> str:
    """Why the kernels cannot run here, and what to do about it; empty if they can."""
    try:
        import numba  # noqa: F401
        from numba.core import event
    except ImportError as error:
        return f"numba cannot be imported ({error}); pip install numba"

    class Announcer(event.Listener):
        """Hears of compilations only, not of what is loaded from the cache."""

        def on_start(self, event: object) -> None:  # noqa: ARG002
            while _announcements:
                _announcements.pop()()

        def on_end(self, event: object) -> None:
            """Nothing to say."""

    event.register("numba:compile", Announcer())
    return ""
