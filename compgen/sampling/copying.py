"""`CopyGuard`: never extend a verbatim copy of the corpus beyond N bytes.

With the last N bytes written at hand, a next byte b is forbidden if these N + 1 bytes stand
in the corpus. The corpus's (N+1)-grams are kept as sorted 64-bit polynomial hashes: 8 bytes
of memory per corpus byte, one binary search per question, and a hit is checked in the
corpus itself, so a collision never forbids anything.
"""

import numpy as np
from numpy.typing import NDArray

from compgen.errors import UsageError

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class CopyGuard:
    """Forbids verbatim copies of `corpus` longer than `longest` bytes."""

    def __init__(self, corpus: bytes, longest: int) -> None:
        if longest < 1:
            raise UsageError("--max-copy must be 1 or more")
        self._corpus = corpus
        self._longest = longest
        self._sorted = np.sort(_rolling(np.frombuffer(corpus, np.uint8), longest + 1))

    def forbidden(self, history: bytes) -> NDArray[np.bool_]:
        """Which next bytes would extend a copy too far, shape (256,). `history`: what was
        written so far, the prompt included (a prompt out of the corpus is copied from, too)."""
        mask = np.zeros(256, bool)
        suffix = history[-self._longest :]
        if len(suffix) < self._longest or not self._sorted.size:
            return mask
        grams = np.empty((256, self._longest + 1), np.uint8)
        grams[:, :-1] = np.frombuffer(suffix, np.uint8)
        grams[:, -1] = np.arange(256)
        hashes = _rows(grams)
        first = np.searchsorted(self._sorted, hashes)
        hit = self._sorted[np.minimum(first, self._sorted.size - 1)] == hashes
        for value in np.flatnonzero(hit):
            mask[value] = grams[value].tobytes() in self._corpus
        return mask

    def allowed_length(self, history: bytes, piece: bytes) -> int:
        """How many bytes of `piece` may be written after `history`."""
        written = history[-self._longest :]
        for length, value in enumerate(piece):
            if self.forbidden(written)[value]:
                return length
            written = (written + piece[length : length + 1])[-self._longest :]
        return len(piece)


def _rolling(data: NDArray[np.uint8], width: int) -> NDArray[np.uint64]:
    """The hash of every run of `width` bytes."""
    if data.size < width:
        return np.empty(0, np.uint64)
    hashes = np.zeros(data.size - width + 1, np.uint64)
    for offset in range(width):  # Horner's rule, in wrapping 64-bit arithmetic
        hashes *= MULTIPLIER
        hashes += data[offset : offset + hashes.size]
    return hashes


def _rows(grams: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The same hash of each row of `grams`."""
    hashes = np.zeros(len(grams), np.uint64)
    for column in grams.T:
        hashes *= MULTIPLIER
        hashes += column
    return hashes
