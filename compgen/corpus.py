"""What primes a compressor: one or more files, of which only what fits its window is read.

    files ──► Corpus ──window first | last | relevant──► Prime ──► context = prime + prompt

Of a file only those parts are read that are used, so a corpus may be larger than memory. (It is
not mapped: random access to a mapping of a large file reads around every page, a hundred times
slower, and a file that shrinks under a mapping ends the process.)
"""

import contextlib
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.errors import InputError, UsageError
from compgen.reading import Reading

PIECE_BYTES = 4096
"""The size of the pieces among which `relevant` chooses."""
MOST_PIECES = 4096
"""`relevant` looks at no more pieces than this, spread evenly over the corpus (16 MB)."""
SHORTLIST = 256
"""The compressor itself judges no more pieces than this, the best of a quick judge's."""
PROMPT_TAIL = 512
"""As much of the prompt as `relevant` judges the pieces by."""
LARGEST_WHOLE = 256 << 20
"""A pipe, a prompt and a file to score are held in memory, and may not be larger than this."""


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


@dataclass(frozen=True)
class FilePart:
    """A file that looks like its bytes: it has a length and can be sliced."""

    path: Path
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, where: slice) -> bytes:
        start, stop, _ = where.indices(self.size)
        with _blaming(str(self.path)), self.path.open("rb") as file:
            file.seek(start)
            return file.read(max(stop - start, 0))


class Corpus:
    """Files (or bytes) one after another, read only where they are asked for."""

    def __init__(self, parts: Sequence[bytes | FilePart], label: str = "corpus") -> None:
        self._parts = [part for part in parts if len(part)]
        self.label = label

    @classmethod
    def of_files(cls, paths: Sequence[str | Path]) -> "Corpus":
        """The files, which stay unread. Raises UsageError if one is missing or a directory,
        InputError if one cannot be read or all are empty."""
        names = [str(path) for path in paths]
        if len(names) > 3:
            names[2:] = [f"{len(names) - 2} more files"]
        corpus = cls([_part(Path(path)) for path in paths], " + ".join(names))
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

        `relevant` takes the pieces given which the code length of the prompt is lowest, the
        most relevant last, nearest to the prompt; without a prompt it is `first`. Of a large
        corpus it looks at pieces spread evenly; deflate, with each as its dictionary, picks
        a shortlist, which the compressor itself puts in order. So the time it takes has a
        bound, whatever the compressor and the corpus.
        """
        size = len(self)
        if size <= budget:
            return Prime(self.read(0, size), f"all of {self.label} ({byte_count(size)})")
        if window is Window.RELEVANT and prompt and budget >= PIECE_BYTES:
            return self._relevant(compressor, budget, prompt[-PROMPT_TAIL:])
        if window is Window.LAST:
            return Prime(self.read(size - budget, size), self._portion("last", budget))
        return Prime(self.read(0, budget), self._portion("first", budget))

    def _portion(self, which: str, count: int) -> str:
        return f"the {which} {count:,} of {byte_count(len(self))} of {self.label}"

    def _relevant(self, compressor: Compressor, budget: int, prompt: bytes) -> Prime:
        count = -(-len(self) // PIECE_BYTES)
        looked_at = min(count, MOST_PIECES)
        starts = np.linspace(0, count - 1, looked_at).round().astype(np.int64) * PIECE_BYTES
        if looked_at > SHORTLIST:
            starts = self._ranked(starts, lambda piece: _dictionary_length(prompt, piece))

        reading = Reading.BYTES if Reading.BYTES in compressor.readings else Reading.AUTO

        def own_length(piece: bytes) -> float:
            return float(compressor.condition(piece, reading=reading, dither=0).bits([prompt])[0])

        starts[:SHORTLIST] = self._ranked(starts[:SHORTLIST], own_length)
        best = starts[: budget // PIECE_BYTES].tolist()
        pieces = [self.read(start, start + PIECE_BYTES) for start in reversed(best)]
        note = (
            f"the {len(pieces)} of {looked_at:,} pieces of {self.label} "
            "given which the prompt costs least"
        )
        return Prime(b"".join(pieces), note)

    def _ranked(
        self, starts: NDArray[np.int64], cost: Callable[[bytes], float]
    ) -> NDArray[np.int64]:
        """`starts` of pieces, the cheapest piece first; those that cost the same stay in order."""
        costs = [cost(self.read(start, start + PIECE_BYTES)) for start in starts.tolist()]
        return starts[np.argsort(costs, kind="stable")]


def read_whole(source: Path | BinaryIO) -> bytes:
    """All of a file or a stream, if it is no larger than LARGEST_WHOLE.

    Raises UsageError if it is missing or a directory, InputError if it cannot be read or is
    too large: which a pipe can be without end.
    """
    name = str(source) if isinstance(source, Path) else "standard input"
    with _blaming(name):
        if isinstance(source, Path):
            with source.open("rb") as file:
                return _read_whole(file, name)
        return _read_whole(source, name)


def _read_whole(file: BinaryIO, name: str) -> bytes:
    data = b""
    if _size(file) <= LARGEST_WHOLE:
        data = file.read(LARGEST_WHOLE + 1)
        if len(data) <= LARGEST_WHOLE:
            return data
    raise InputError(
        f"{name} is larger than {LARGEST_WHOLE >> 20} MB, the most that is held in memory; "
        "use a part of it, or name it as a corpus file, which is read only as far as it is used"
    )


def _part(path: Path) -> bytes | FilePart:
    """A file as a part of a corpus; what has no size, such as a pipe, is read at once."""
    with _blaming(str(path)), path.open("rb") as file:
        size = _size(file)
        return FilePart(path, size) if size else _read_whole(file, str(path))


def _size(file: BinaryIO) -> int:
    """How large a file says it is; 0 for a pipe, a device, or a stream that is no file."""
    try:
        return os.fstat(file.fileno()).st_size
    except io.UnsupportedOperation:
        return 0


@contextlib.contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Turn the errors of reading a file into ours."""
    try:
        yield
    except FileNotFoundError:
        raise UsageError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{name} is a directory; name a file in it") from None
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error


def byte_count(count: int) -> str:
    """`"1 byte"`, `"2,000 bytes"`."""
    return f"{count:,} byte{'' if count == 1 else 's'}"


def _dictionary_length(prompt: bytes, piece: bytes) -> int:
    """Bytes that deflate needs for `prompt` with `piece` as its preset dictionary."""
    state = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=piece)
    return len(state.compress(prompt)) + len(state.flush())
