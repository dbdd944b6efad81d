"""The conditional that any compressor has: recompress, and subtract two lengths.

    bits(x) = 8 · (len(compress(context + x)) - len(compress(context)))

Correct for candidates of any length, blind below a byte: most next bytes tie. It is the
oracle that every faster path is held to.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from compgen.compressor import Compressor
from compgen.conditional import Bits, Conditional
from compgen.conditionals.parallel import map_chunks
from compgen.reading import Reading


class BlackBox(Conditional):
    """Reading `bytes` of any compressor, by compressing the context anew with each candidate."""

    reading = Reading.BYTES

    def __init__(self, compressor: Compressor, context: bytes = b"") -> None:
        self._compressor = compressor
        self._context = bytes(context)
        self._context_length: int | None = None

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self._context_length is None:
            (self._context_length,) = self._stream_lengths([b""])
        lengths = map_chunks(self._stream_lengths, continuations, self._compressor.releases_gil)
        return 8.0 * (np.array(lengths, np.float64) - self._context_length)

    def advance(self, data: bytes) -> None:
        self._context += data
        self._context_length = None

    def fork(self) -> Self:
        return type(self)(self._compressor, self._context)

    def _stream_lengths(self, continuations: Sequence[bytes]) -> list[int]:
        compress, context = self._compressor.compress, self._context
        return [len(compress(context + continuation)) for continuation in continuations]
