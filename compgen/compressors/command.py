"""Any program that compresses its standard input to its standard output."""

import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from typing import Self

from compgen.compressor import Compressor
from compgen.errors import CompressorError, SpecError
from compgen.options import within

TIMEOUT = "timeout="
BAR = re.compile(r"(?<!\S)\|(?!\S)")


@dataclass(frozen=True)
class Command(Compressor):
    """An external program: `command:xz -9 -c`, or `command:xz -9 -c | xz -dc`.

    After the bar stands the program that decompresses; without one it is `<program> -dc`.
    The command lines are split like a shell's (quotes, backslashes) and run without one: no
    pipes, no redirections, no variables. `command:timeout=60 xz -9 -c` allows each run 60
    seconds instead of 30.
    """

    name = "command"
    prime_bytes = 8_000  # a process for each of 256 candidates: about a second on two cores
    releases_gil = True

    encoder: str
    decoder: str = ""
    timeout: float = within(0.001, default=30.0)
    """Seconds that one run may take."""

    def __post_init__(self) -> None:
        super().__post_init__()
        words = _split(self.encoder)
        if not words:
            raise SpecError("command needs a command line: command:xz -9 -c")
        decoder = _split(self.decoder) or [words[0], "-dc"]
        # one spelling for one command, so that equal commands are equal
        object.__setattr__(self, "encoder", shlex.join(words))
        object.__setattr__(self, "decoder", shlex.join(decoder))

    @property
    def default_dither(self) -> int:
        return 0  # each compression is a process

    def compress(self, data: bytes) -> bytes:
        return self._run(self.encoder, data)

    def decompress(self, data: bytes) -> bytes:
        return self._run(self.decoder, data)

    @classmethod
    def from_options(cls, text: str) -> Self:
        first, _, rest = text.strip().partition(" ")
        encoder, decoder = _split_at_bar(rest if first.startswith(TIMEOUT) else text)
        if not first.startswith(TIMEOUT):
            return cls(encoder, decoder)
        try:
            return cls(encoder, decoder, float(first.removeprefix(TIMEOUT)))
        except ValueError:
            raise SpecError(f"command: '{first}' is not a number of seconds") from None

    def __str__(self) -> str:
        timeout = "" if self.timeout == type(self).timeout else f"{TIMEOUT}{self.timeout} "
        return f"command:{timeout}{self.encoder} | {self.decoder}"

    def _run(self, command: str, data: bytes) -> bytes:
        words = shlex.split(command)
        try:
            finished = subprocess.run(
                words, input=data, capture_output=True, timeout=self.timeout, check=False
            )
        except FileNotFoundError as error:
            raise CompressorError(
                f"command: there is no program '{words[0]}'; install it, or check PATH"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise CompressorError(
                f"command: {words[0]} took longer than {self.timeout:g} seconds; "
                "command:timeout=SECONDS … allows more"
            ) from error
        except OSError as error:
            raise CompressorError(f"command: {words[0]} cannot be run: {error.strerror}") from error
        if finished.returncode:
            complaint = finished.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise CompressorError(
                f"command: {words[0]} {_describe_status(finished.returncode)}"
                + (f": {complaint}" if complaint else "")
            )
        return finished.stdout


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:  # "No closing quotation"
        raise SpecError(f"command: {error} in '{command}'") from error
    if _split_at_bar(command)[1]:
        raise SpecError(
            f"command: '{command}' is a pipe, and there is no shell to run it; write "
            "command:sh -c '… | …' | sh -c '… | …'"
        )
    return words


def _split_at_bar(text: str) -> tuple[str, str]:
    """What stands before and after the first bar that is a word of its own and not quoted."""
    for bar in BAR.finditer(text):
        try:
            shlex.split(text[: bar.start()])
        except ValueError:  # a quotation is open: the bar belongs to it
            continue
        return text[: bar.start()], text[bar.end() :]
    return text, ""


def _describe_status(status: int) -> str:
    """The exit status of a process; a negative one is the signal that ended it."""
    if status > 0:
        return f"failed with exit status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
