"""The scores of a multiple-choice run in a file, so that a killed run goes on where it ended.

    {"compgen": "choose", "version": …, "file_sha256": …, "runs": [{…}, …], …}     what was asked
    {"run": 0, "row": 0, "bits": […], "unconditional": […]}                        one line a
    {"run": 0, "row": 1, …                                                         scored question

A line is appended by one write, and a line without its end, which is what a kill can leave, is
cut off. The first line must be the one of this run: a file of other questions, another
compressor or another prime is refused, as is one that another process is writing.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from compgen.errors import InputError, UsageError
from compgen.evaluation.choice import Scored
from compgen.prediction import json_number

BEGINNING = b'{"compgen":'
Key = tuple[int, int]
"""Which run, which row."""


class Journal:
    """Opens or makes the file; a context manager. Without a path it keeps nothing."""

    def __init__(self, path: Path | None, asked: Mapping[str, Any]) -> None:
        """Raises UsageError if the file is of another run, InputError if it is no journal."""
        self.done: dict[Key, Scored] = {}
        self._path = path
        self._file = -1
        if path is None:
            return
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            self._lock(path)
            self._resume(path, dict(asked))
        except BaseException:
            os.close(self._file)
            raise

    def add(self, run: int, scored: Scored) -> None:
        """Note a score: it is there after this, whatever becomes of the process."""
        self.done[run, scored.row] = scored
        if self._file < 0:
            return
        self._append(
            {
                "run": run,
                "row": scored.row,
                "bits": [json_number(bits) for bits in scored.bits],
                "unconditional": [json_number(bits) for bits in scored.unconditional],
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file >= 0:
            os.close(self._file)

    def _append(self, value: Mapping[str, Any]) -> None:
        line = json.dumps(value, allow_nan=False).encode() + b"\n"
        written = os.write(self._file, line)
        if written < len(line):  # a full disk; the next run cuts the piece off
            raise OSError(28, "no space left on the device", str(self._path))

    def _lock(self, path: Path) -> None:
        """One process at a time, where the system can hold that."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{path} is being written by another run; wait, or use another file"
            ) from None
        except OSError:  # a file system without locks
            return

    def _resume(self, path: Path, asked: dict[str, Any]) -> None:
        with contextlib.closing(os.fdopen(os.dup(self._file), "rb")) as file:
            file.seek(0)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and data[: len(BEGINNING)] != BEGINNING[: len(data)]:
            raise InputError(f"{path} is not a file that cgen choose wrote; name another --out")
        lines = whole.splitlines()
        if not lines:
            os.ftruncate(self._file, 0)
            self._append(asked)
            return
        self._compare(path, lines[0], asked)
        if len(whole) < len(data):
            os.ftruncate(self._file, len(whole))
        for number, line in enumerate(lines[1:], start=2):
            try:
                row = json.loads(line)
                bits, unconditional = _lengths(row["bits"]), _lengths(row["unconditional"])
                self.done[int(row["run"]), int(row["row"])] = Scored(
                    int(row["row"]), bits, unconditional
                )
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path}, line {number}: not a score that cgen choose wrote; remove the line"
                ) from None

    @staticmethod
    def _compare(path: Path, line: bytes, asked: dict[str, Any]) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict) or "compgen" not in found:
            raise InputError(f"{path} is not a file that cgen choose wrote; name another --out")
        differing = [key for key in {**asked, **found} if asked.get(key) != found.get(key)]
        if differing:
            raise UsageError(
                f"{path} holds another run, which differs in: {', '.join(differing)}; name "
                "another --out, or ask for the same"
            )


def _lengths(values: list[float | None]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Code lengths as they were; JSON knows no infinity, so null is one."""
    return np.array([np.inf if value is None else value for value in values], np.float64)
