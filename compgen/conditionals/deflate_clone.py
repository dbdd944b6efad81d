"""zlib, faster: compress the context once and copy the compressor's state per candidate.

    context ──► compressobj ──┬── copy() ── compress(x₁) ── flush() ──► length
                (once)        ├── copy() ── compress(x₂) ── flush() ──► length
                              └── …

zlib's parse of a stream does not depend on how the input was cut into calls (it decides
nothing before it has seen MIN_LOOKAHEAD = 262 bytes or is told to flush; deflate.c,
`deflate_slow`), so this equals recompressing, candidate by candidate. Level 0 is the
exception (`deflate_stored` cuts its blocks by the calls) and takes the black box.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from compgen.conditional import Bits, Conditional
from compgen.conditionals.parallel import map_chunks
from compgen.reading import Reading


class DeflateClone(Conditional):
    """Reading `bytes` of zlib at levels 1 to 9.

    `start` makes a fresh `zlib.compressobj`, for any container.
    """

    reading = Reading.BYTES

    def __init__(self, start: Callable[[], Any], context: bytes = b"") -> None:
        self._state = start()
        self._emitted = len(self._state.compress(context))
        self._context_length: int | None = None

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self._context_length is None:
            (self._context_length,) = self._stream_lengths([b""])
        # zlib locks the state that is being copied, so each chunk copies from a copy
        lengths = map_chunks(self._stream_lengths, continuations, parallel=True)
        return 8.0 * (np.array(lengths, np.float64) - self._context_length)

    def advance(self, data: bytes) -> None:
        self._emitted += len(self._state.compress(data))
        self._context_length = None

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin._state = self._state.copy()
        twin._emitted = self._emitted
        twin._context_length = self._context_length
        return twin

    def _stream_lengths(self, continuations: Sequence[bytes]) -> list[int]:
        base = self._state.copy()
        lengths = []
        for continuation in continuations:
            state = base.copy()
            length = len(state.compress(continuation)) + len(state.flush())
            lengths.append(self._emitted + length)
        return lengths
