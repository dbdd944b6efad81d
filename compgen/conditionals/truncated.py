"""A prime, and of what came after it only the last k bytes.

    prime │ history                      ──►   prime │ last k bytes of history
    ──────┼──────────────[……… k bytes]                                        ▲ predicts here

A match that began before the k bytes cannot be followed any further, so a truncated expert
chooses its sources afresh at every byte: alone it forgets, in a mixture it keeps the others
from copying.
"""

from collections.abc import Sequence
from typing import Self

from compgen.conditional import Bits, Conditional, chain_rule


class Truncated(Conditional):
    """`prime` (a conditional on the prime alone) seen through a context of `length` bytes."""

    def __init__(self, prime: Conditional, history: bytes, length: int) -> None:
        self._prime = prime
        self._length = length
        self._tail = history[-length:]
        self._current: Conditional | None = None
        self.reading = prime.reading
        self.exact = prime.exact

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self.exact:
            return chain_rule(self, continuations)
        return self._at_tail().bits(continuations)

    def next_byte(self) -> Bits:
        return self._at_tail().next_byte()

    def advance(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-self._length :]
        self._current = None

    def fork(self) -> Self:
        return type(self)(self._prime, self._tail, self._length)

    def _at_tail(self) -> Conditional:
        if self._current is None:
            self._current = self._prime.fork()
            self._current.advance(self._tail)
        return self._current
