"""What primes a compressor: one or more files, of which only what fits its window is read.

    files ──mmap──► Corpus ──window first | last | relevant──► Prime ──► context = prime + prompt

A file is mapped, not read, so a corpus may be larger than memory.
"""

import hashlib
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from compgen.compressor import Compressor
from compgen.errors import InputError, UsageError
from compgen.reading import Reading

PIECE_BYTES = 4096
"""The size of the pieces among which `relevant` chooses."""
MOST_PIECES = 4096
"""`relevant` looks at no more pieces than this, spread evenly over the corpus (16 MB)."""
PROMPT_TAIL = 512
"""As much of the prompt as `relevant` judges the pieces by."""


class Window(StrEnum):
    """Which part of a corpus primes a compressor that cannot see all of it."""

    FIRST = "first"
    LAST = "last"
    RELEVANT = "relevant"


@dataclass(frozen=True)
class Prime:
    """The part of a corpus that a compressor is given, and how it was chosen."""

    data: bytes
    note: str

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of `data`."""
        return hashlib.sha256(self.data).hexdigest()


class Corpus:
    """Files (or bytes) one after another, read only where they are asked for."""

    def __init__(self, parts: Sequence[bytes | mmap.mmap], label: str = "corpus") -> None:
        self._parts = [part for part in parts if len(part)]
        self.label = label

    @classmethod
    def of_files(cls, paths: Sequence[str | Path]) -> "Corpus":
        """Map the files. Raises UsageError if one is missing or a directory, InputError if
        one cannot be read or all are empty."""
        corpus = cls([_map(Path(path)) for path in paths], ", ".join(map(str, paths)))
        if not len(corpus):
            raise InputError(f"{corpus.label} is empty; a corpus needs at least one byte")
        return corpus

    @classmethod
    def builtin(cls) -> "Corpus":
        """The English text in CPython's `pydoc_data.topics`, which every installation has.

        It differs a little between versions of Python, and so do samples from it.
        """
        try:
            from pydoc_data.topics import topics
        except ImportError as error:
            raise InputError(
                "this Python was installed without pydoc_data; name a text with --corpus FILE"
            ) from error
        return cls(["\n".join(topics.values()).encode()], "Python's pydoc topics")

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def read(self, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` of the corpus, as far as it reaches."""
        found = []
        for part in self._parts:
            if start < len(part) and stop > 0:
                found.append(part[max(start, 0) : stop])
            start, stop = start - len(part), stop - len(part)
        return b"".join(found)

    def prime(
        self, compressor: Compressor, budget: int, prompt: bytes, window: Window = Window.RELEVANT
    ) -> Prime:
        """At most `budget` bytes of the corpus, chosen by `window`.

        `relevant` takes the pieces given which the compressor's code length of the prompt is
        lowest, the most relevant last, nearest to the prompt; without a prompt it is `first`.
        """
        size = len(self)
        if size <= budget:
            return Prime(self.read(0, size), f"all {size:,} bytes of {self.label}")
        if window is Window.RELEVANT and prompt and budget >= PIECE_BYTES:
            return self._relevant(compressor, budget, prompt[-PROMPT_TAIL:])
        if window is Window.LAST:
            return Prime(self.read(size - budget, size), self._portion("the last", budget))
        return Prime(self.read(0, budget), self._portion("the first", budget))

    def _portion(self, which: str, count: int) -> str:
        return f"{which} {count:,} of {len(self):,} bytes of {self.label}"

    def _relevant(self, compressor: Compressor, budget: int, prompt: bytes) -> Prime:
        starts = np.arange(0, len(self), PIECE_BYTES)
        if starts.size > MOST_PIECES:
            starts = starts[np.linspace(0, starts.size - 1, MOST_PIECES).round().astype(np.int64)]
        cost = []
        for start in starts.tolist():
            piece = self.read(start, start + PIECE_BYTES)
            conditional = compressor.condition(piece, reading=Reading.BYTES)
            cost.append(float(conditional.bits([prompt])[0]))
        best = np.argsort(cost, kind="stable")[: budget // PIECE_BYTES]
        pieces = [self.read(starts[index], starts[index] + PIECE_BYTES) for index in best[::-1]]
        note = (
            f"the {best.size} of {starts.size} pieces of {self.label} ({PIECE_BYTES:,} bytes each) "
            "given which the prompt's code length is lowest"
        )
        return Prime(b"".join(pieces), note)


def _map(path: Path) -> bytes | mmap.mmap:
    """The file's bytes without reading them yet; a pipe is read, since it cannot be mapped."""
    try:
        with path.open("rb") as file:
            if not path.is_file():
                return file.read()
            if path.stat().st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; name the files in it") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
