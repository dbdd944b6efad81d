"""Ctrl-C. It always means exit status 130 and never a traceback.

    imports, priming ──first byte──► writing ──► what there is, printed
    ends at once                     KeyboardInterrupt, once that is safe

Until there is something to keep, the process ends where it stands. After that an exception
is raised, but not where numba is about to leave a compiled kernel: it runs a few lines of
Python there (core/serialize.py, for one), does not look whether they raised, and goes on
with a null pointer.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
SHOW_CURSOR = "\x1b[?25h"
UNSAFE = ("numba.", "namedtuple_")
"""How the names of modules begin whose functions run inside a kernel's call."""

_waiting = False


def end_at_once() -> None:
    """From here on Ctrl-C ends the process; unless it is ignored, as under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def keep_what_there_is() -> None:
    """From here on Ctrl-C raises KeyboardInterrupt again: here, if it could not do so before.

    To be called for every piece that is worth keeping.
    """
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, _raise)
    if _waiting:
        raise KeyboardInterrupt


def _end(_number: int, _frame: FrameType | None) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)  # a progress line hides it
        sys.stderr.flush()
    os._exit(INTERRUPTED)


def _raise(_number: int, frame: FrameType | None) -> None:
    global _waiting
    if frame is not None and frame.f_globals.get("__name__", "").startswith(UNSAFE):
        _waiting = True
    else:
        raise KeyboardInterrupt
