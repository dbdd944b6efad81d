"""zlib, faster: compress the context once and copy the compressor's state per candidate.

    context ──► compressobj ──┬── copy() ── compress(x₁) ── flush() ──► length
                (once)        ├── copy() ── compress(x₂) ── flush() ──► length
                              └── …

zlib decides nothing before it has seen MIN_LOOKAHEAD = 262 bytes or is told to flush
(deflate.c, `deflate_slow`), so its parse does not depend on how the input was cut into calls,
and this equals recompressing, candidate by candidate. With two exceptions: level 0
(`deflate_stored` cuts its blocks by the calls) takes the black box; and a call that ends one
byte before the buffer of two windows is full slides it early, which loses the farthest
distance, so no call for a context ends there: its last byte waits for the next.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from compgen.conditional import Bits, Conditional
from compgen.conditionals.parallel import map_chunks
from compgen.reading import Reading


class DeflateClone(Conditional):
    """Reading `bytes` of zlib at levels 1 to 9.

    `start` makes a fresh `zlib.compressobj`, for any container; `window` is its size in bytes.
    """

    reading = Reading.BYTES

    def __init__(self, start: Callable[[], Any], window: int, context: bytes = b"") -> None:
        self._state = start()
        self._window = window
        self._taken = 0
        self._waiting = b""
        self._emitted = 0
        self._context_length: int | None = None
        self.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self._context_length is None:
            (self._context_length,) = self._stream_lengths([b""])
        # zlib locks the state that is being copied, so each chunk copies from a copy
        lengths = map_chunks(self._stream_lengths, continuations, parallel=True)
        return 8.0 * (np.array(lengths, np.float64) - self._context_length)

    def advance(self, data: bytes) -> None:
        data = self._waiting + data
        slides_early = (self._taken + len(data) + 1) % self._window == 0
        end = len(data) - 1 if data and slides_early else len(data)
        self._emitted += len(self._state.compress(data[:end]))
        self._taken += end
        self._waiting = data[end:]
        self._context_length = None

    def fork(self) -> Self:
        twin = copy.copy(self)
        twin._state = self._state.copy()
        return twin

    def _stream_lengths(self, continuations: Sequence[bytes]) -> list[int]:
        base = self._state.copy()
        lengths = []
        for continuation in continuations:
            state = base.copy()
            length = len(state.compress(self._waiting + continuation)) + len(state.flush())
            lengths.append(self._emitted + length)
        return lengths
