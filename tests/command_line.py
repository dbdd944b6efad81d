"""The command line, in this process (fast) or in one of its own (with its signals and pipes)."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from typer.testing import CliRunner

from compgen.cli import console
from compgen.cli.app import app

IMPURE = (
    *("COLUMNS", "NO_COLOR", "FORCE_COLOR", "COLORTERM"),
    *("PYTHONIOENCODING", "PYTHONUNBUFFERED"),
)
"""What in the environment of the tests would change what is printed."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def cgen(*words: str | os.PathLike[str], stdin: bytes = b"", ok: bool = True) -> Ended:
    """Run a command in this process; it must succeed if `ok`."""
    console.results.cache_clear()  # a console learns its width when it is made
    console.notes.cache_clear()
    result = CliRunner().invoke(app, [os.fspath(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    ended = Ended(result.exit_code, result.stdout_bytes, result.stderr)
    assert not ok or ended.status == 0, ended
    return ended


def start(
    *words: str | bytes | os.PathLike[str],
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    env: Mapping[str, str] | None = None,
    shell: str = 'exec "$@"',
) -> subprocess.Popen[bytes]:
    """Start a process of its own; `shell` may redirect what a process cannot be given."""
    clean = {name: value for name, value in os.environ.items() if name not in IMPURE}

    def heed_ctrl_c() -> None:  # which a process started in the background would ignore
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "compgen", *words],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=clean | {"TERM": "xterm-256color"} | dict(env or {}),
        preexec_fn=heed_ctrl_c,
        bufsize=0,  # communicate() would not see what a buffered read has taken too much
    )


def run(
    *words: str | bytes | os.PathLike[str],
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    shell: str = 'exec "$@"',
) -> Ended:
    """Run a process of its own to its end."""
    channel = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    with start(*words, stdin=channel, env=env, shell=shell) as process:
        try:
            out, err = process.communicate(stdin, timeout=60)
        except BaseException:
            process.kill()
            raise
    return Ended(process.returncode, out, err.decode(errors="replace"))
