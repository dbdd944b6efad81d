"""Several continuations of one context at once, for a conditional that can write them so.

    conditional ─ many(n) ─► Writer ─ write(uniforms) ─► a byte of each, then the next of each …
                                          ▲
    sample i's own generator ─ row i ─────┘      so it is the sample that would be written alone,
                                                 up to rounding

What looks at the text so far (penalties, the copy guard) writes one after another.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from compgen.sampling.sampler import Chunk
from compgen.sampling.shaping import Shaping

FIRST_BLOCK, LARGEST_BLOCK = 8, 512
"""Bytes of each that are written at a time: few at first, so that text appears at once."""


class Writer(Protocol):
    """n continuations in the middle of being written."""

    def write(self, uniforms: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """A byte for each of `uniforms`, shape (n, k): uint8 (n, k), and what each cost before
        shaping, -log2 p, float64 (n, k)."""


@runtime_checkable
class ManyAtOnce(Protocol):
    """A conditional that writes several continuations side by side."""

    @property
    def most_together(self) -> int:
        """How many there is room for."""

    def many(
        self,
        count: int,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> Writer:
        """`count` continuations, of which nothing is written yet; this one stays where it is."""


class SideBySide:
    """Samples of one context, each written as far as any of them has been asked for."""

    def __init__(
        self,
        conditional: ManyAtOnce,
        shaping: Shaping,
        generators: Sequence[np.random.Generator],
        limit: int,
    ) -> None:
        """One for each of the generators, `limit` bytes long; there has to be room for them."""
        self._conditional = conditional
        self._shaping = shaping
        self._generators = list(generators)
        self._limit = limit
        self._writer: Writer | None = None
        self._blocks: list[tuple[NDArray[np.uint8], NDArray[np.float64]]] = []
        self._written = 0

    def chunks(self, sample: int) -> Iterator[Chunk]:
        """What is written of a sample, from its beginning to the limit."""
        number = 0
        while number < len(self._blocks) or self._written < self._limit:
            if number == len(self._blocks):
                self._write()
            data, lengths = self._blocks[number]
            yield Chunk(data[sample].tobytes(), lengths[sample])
            number += 1

    def _write(self) -> None:
        shaping = self._shaping
        if self._writer is None:
            self._writer = self._conditional.many(
                len(self._generators),
                temperature=shaping.temperature,
                top_k=shaping.top_k,
                typical=shaping.typical_p,
                top_p=shaping.top_p,
                min_p=shaping.min_p,
            )
        size = min(FIRST_BLOCK << len(self._blocks), LARGEST_BLOCK, self._limit - self._written)
        uniforms = np.array([generator.random(size) for generator in self._generators])
        self._blocks.append(self._writer.write(uniforms))
        self._written += size
