"""Where the command line writes: the result to stdout, everything else to stderr.

stdout   the result alone: raw bytes into a pipe, safe text on a terminal, or JSON lines
stderr   notes, progress and errors, through rich, which honours NO_COLOR and a pipe
"""

import codecs
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@cache
def notes() -> "Console":
    """The console for everything that is not the result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@cache
def results() -> "Console":
    """The console for results that are tables and charts."""
    from rich.console import Console

    return Console(highlight=False)


def note(message: str) -> None:
    """One dim line on stderr."""
    notes().print(message, style="dim", markup=False, soft_wrap=True)


def warn(message: str) -> None:
    """One line on stderr that should be seen."""
    notes().print(f"note: {message}", style="yellow", markup=False, soft_wrap=True)


def fail(message: str) -> None:
    """The one line that says what is wrong."""
    notes().print(f"compgen: {message}", style="red", markup=False, soft_wrap=True)


def printable(text: str) -> str:
    """`text` with control characters made visible, so that no sample drives a terminal."""
    return "".join(
        character if character in "\n\t" or character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


class ByteStream:
    """stdout for a continuation that comes in pieces.

    A pipe or a file gets the bytes as they are. A terminal gets UTF-8 that is never cut
    within a character, with what is not valid replaced and control characters made visible.
    """

    def __init__(self) -> None:
        self.on_terminal = sys.stdout.isatty()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def write(self, data: bytes) -> None:
        """Show `data` now."""
        if self.on_terminal:
            sys.stdout.write(printable(self._decoder.decode(data)))
            sys.stdout.flush()
        else:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def finish(self) -> None:
        """End the sample: on a terminal, show what is left of a character and end the line."""
        if self.on_terminal:
            sys.stdout.write(printable(self._decoder.decode(b"", final=True)) + "\n")
            sys.stdout.flush()
            self._decoder.reset()


def discard_stdout() -> None:
    """After the reader has closed the pipe: let nothing try to write to it again."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
