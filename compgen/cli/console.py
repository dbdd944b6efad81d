"""Where the command line writes: the result to stdout, everything else to stderr.

stdout   the result alone: raw bytes into a pipe, safe text on a terminal, or JSON lines
stderr   notes, progress and errors, through rich, which honours NO_COLOR and a pipe
"""

import codecs
import contextlib
import json
import os
import sys
import unicodedata
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from compgen.errors import CompgenWarning, FailureError
from compgen.kernels import announce_compilation

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PROMPT_SHOWN = 2000
"""A terminal shows the last so many bytes of a prompt."""
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Characters that cannot be seen and that text needs: emoji and many scripts are joined by them."""


@cache
def notes() -> "Console":
    """The console for everything that is not the result."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@cache
def _errors() -> "Console":
    """The console for what is wrong, which is never quiet."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@cache
def results() -> "Console":
    """The console for results that are tables and charts."""
    from rich.console import Console

    return Console(highlight=False)


def can_redraw(screen: "Console") -> bool:
    """Whether `screen` can show a progress line and take it away again."""
    return screen.is_terminal and not screen.is_dumb_terminal


def show(chart: "RenderableType") -> None:
    """A table or a chart, as the result."""
    _require_stdout()
    screen = results()
    # not printed by rich itself, which ends the process in its own way when a pipe is closed
    with screen.capture() as captured:
        screen.print(chart)
    sys.stdout.write(captured.get())
    sys.stdout.flush()  # that it cannot be written is said first


def show_json(value: Any) -> None:
    """One line of JSON: UTF-8 whatever the locale is, as RFC 8259 wants it."""
    _require_stdout()
    line = json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"
    # a command line may hold bytes that are no UTF-8 (PEP 383); JSON writes them as \udcXX
    write_bytes(line.encode("utf-8", "backslashreplace"))


def write_bytes(data: bytes) -> None:
    """`data` on stdout as it is, now."""
    _require_stdout()
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def be_quiet(wanted: bool) -> None:
    """Whether from here on nothing is said on stderr but what is wrong."""
    notes().quiet = wanted


def note(message: str) -> None:
    """One dim line on stderr."""
    _say(notes(), message, "dim")


def warn(message: str) -> None:
    """One line on stderr that should be seen."""
    _say(notes(), f"note: {message}", "yellow")


def fail(message: str) -> None:
    """The one line that says what is wrong."""
    _say(_errors(), f"compgen: {message}", "red")


def _say(screen: "Console", message: str, style: str) -> None:
    try:
        screen.print(printable(message, keep=""), style=style, markup=False, soft_wrap=True)
    except OSError:  # nobody reads stderr: no reason to lose the result
        _discard(sys.stderr)


def route_warnings() -> None:
    """Show what the library warns of as notes, each once."""
    notes.cache_clear()  # a command that was quiet says nothing about the next one

    def show_warning(message: Warning | str, *_: object, **__: object) -> None:
        warn(str(message))

    _announce_compilation()
    warnings.showwarning = show_warning
    warnings.simplefilter("ignore")
    warnings.simplefilter("once", CompgenWarning)


@cache
def _announce_compilation() -> None:
    announce_compilation(
        lambda: note("compiling the kernels: once, some 10 to 30 seconds; later runs start at once")
    )


def printable(text: str, keep: str = "\n\t") -> str:
    """`text` with control characters made visible, so that no sample drives a terminal.

    That includes the invisible ones that turn the direction of writing. `keep`: which
    control characters stay.
    """
    return "".join(
        character if character in keep or _is_harmless(character) else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )


def _is_harmless(character: str) -> bool:
    return (
        character.isprintable()
        or unicodedata.category(character) == "Zs"  # spaces of other widths
        or character in JOINERS
    )


class ByteStream:
    """stdout for a continuation that comes in pieces.

    A pipe or a file gets the bytes as they are. A terminal gets the prompt first, and UTF-8
    that is never cut within a character, with what is not valid replaced and control
    characters made visible.
    """

    def __init__(self) -> None:
        _require_stdout()
        self.on_terminal = sys.stdout.isatty()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def prompt(self, data: bytes) -> None:
        """On a terminal, show what is being continued."""
        if not self.on_terminal:
            return
        shown = self._decoder.decode(data[-PROMPT_SHOWN:])
        if len(data) > PROMPT_SHOWN:
            shown = "…" + shown.lstrip("\N{REPLACEMENT CHARACTER}")  # perhaps half a character
        results().print(
            printable(shown), style="dim", markup=False, soft_wrap=True, end="", emoji=False
        )

    def write(self, data: bytes) -> None:
        """Show `data` now."""
        if self.on_terminal:
            sys.stdout.write(printable(self._decoder.decode(data)))
            sys.stdout.flush()
        else:
            write_bytes(data)

    def finish(self) -> None:
        """End the sample: on a terminal, show what is left of a character and end the line."""
        if self.on_terminal:
            sys.stdout.write(printable(self._decoder.decode(b"", final=True)) + "\n")
            sys.stdout.flush()
            self._decoder.reset()


def flush() -> None:
    """Write what stdout still holds."""
    if sys.stdout is not None:
        sys.stdout.flush()


def accept_any_encoding() -> None:
    """Let no character be an error that stdout or stderr cannot spell."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def discard_stdout() -> None:
    """After stdout has failed: let nothing try to write to it again, Python's exit included."""
    _discard(sys.stdout)


def _discard(stream: TextIO | None) -> None:
    """Send what a stream still holds, and all that will be written to it, nowhere."""
    with contextlib.suppress(OSError, AttributeError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, stream.fileno())  # type: ignore[union-attr]
        os.close(sink)


def _require_stdout() -> None:
    if sys.stdout is None:
        raise FailureError("standard output is closed; there is nowhere to write")
