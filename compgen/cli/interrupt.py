"""Ctrl-C. It always means exit status 130 and never a traceback.

    imports, priming ──first byte──► writing ──► what there is, printed
    ends at once                     KeyboardInterrupt, once that is safe

Until there is something to keep, the process ends where it stands. After that an exception
is raised, but not where it would do harm: not while bytes are being written, which might be
counted as unwritten, and not where numba is about to leave a compiled kernel. It runs a few
lines of Python there (core/serialize.py, for one), does not look whether they raised, and
goes on with a null pointer.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130
SHOW_CURSOR = "\x1b[?25h"
UNSAFE = ("numba.", "namedtuple_")
"""How the names of modules begin whose functions run inside a kernel's call."""


class _Pending:
    """Whether Ctrl-C has to wait, and whether it does."""

    held = False
    waiting = False


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
    if _Pending.waiting:
        _Pending.waiting = False
        raise KeyboardInterrupt


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Ctrl-C waits for the next `keep_what_there_is`; a second one does not wait."""
    _Pending.held = True
    try:
        yield
    finally:
        _Pending.held = False


def _end(_number: int, _frame: FrameType | None) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)  # a progress line hides it
        sys.stderr.flush()
    os._exit(INTERRUPTED)


def _raise(_number: int, frame: FrameType | None) -> None:
    unsafe = frame is not None and frame.f_globals.get("__name__", "").startswith(UNSAFE)
    if unsafe or (_Pending.held and not _Pending.waiting):
        _Pending.waiting = True
    else:
        raise KeyboardInterrupt
