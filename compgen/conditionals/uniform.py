"""`UniformBytes`: every byte costs eight bits, whatever was before it."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from compgen.conditional import Bits, NextByteConditional
from compgen.reading import Reading


class UniformBytes(NextByteConditional):
    """The distribution of one who knows nothing."""

    reading = Reading.MARGINAL

    def next_byte(self) -> Bits:
        return np.full(256, 8.0)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        return np.array([8.0 * len(data) for data in continuations], np.float64)

    def code_lengths(self, data: bytes) -> Bits:
        return np.full(len(data), 8.0)

    def advance(self, data: bytes) -> None:
        """There is nothing to remember."""

    def fork(self) -> Self:
        return type(self)()
