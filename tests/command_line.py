"""The command line, in this process (fast) or in one of its own (with its signals and pipes)."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from compgen.cli.app import app

Words = Sequence[str | bytes | os.PathLike[str]]


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
    result = CliRunner().invoke(app, [os.fspath(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    ended = Ended(result.exit_code, result.stdout_bytes, result.stderr)
    assert not ok or ended.status == 0, ended
    return ended


def start(
    *words: str | bytes | os.PathLike[str],
    env: dict[str, str] | None = None,
    **settings: Any,
) -> subprocess.Popen[bytes]:
    """Start a process of its own, with pipes unless `settings` say otherwise."""
    channels = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "TERM")}
    return subprocess.Popen(
        [sys.executable, "-m", "compgen", *words],
        env=clean | {"TERM": "xterm-256color"} | (env or {}),
        **(channels | settings),
    )


def run(
    *words: str | bytes | os.PathLike[str],
    stdin: bytes | None = None,
    env: dict[str, str] | None = None,
    **settings: Any,
) -> Ended:
    """Run a process of its own to its end."""
    if stdin is not None:
        settings["stdin"] = subprocess.PIPE
    with start(*words, env=env, **settings) as process:
        try:
            out, err = process.communicate(stdin, timeout=60)
        except BaseException:
            process.kill()
            raise
    return Ended(process.returncode, out or b"", (err or b"").decode(errors="replace"))
