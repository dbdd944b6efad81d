"""`Counted`: how many candidates a sampler has had scored."""

from collections.abc import Sequence
from typing import Self

from compgen.conditional import Bits, Conditional


class Counted(Conditional):
    """Another conditional, with a tally that its forks share.

    A conditional that has the distribution itself scores no candidates: asking it is free.
    """

    def __init__(self, inner: Conditional, tally: list[int]) -> None:
        self._inner = inner
        self._tally = tally
        self.reading = inner.reading
        self.exact = inner.exact

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        self._count(len(continuations))
        return self._inner.bits(continuations)

    def next_byte(self) -> Bits:
        self._count(256)
        return self._inner.next_byte()

    def next_byte_of(self, alphabet: bytes) -> Bits:
        self._count(len(alphabet))
        return self._inner.next_byte_of(alphabet)

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        self._count(256 * len(prefixes))
        return self._inner.next_bytes(prefixes)

    def advance(self, data: bytes) -> None:
        self._inner.advance(data)

    def fork(self) -> Self:
        return type(self)(self._inner.fork(), self._tally)

    def _count(self, candidates: int) -> None:
        if not self.exact:
            self._tally[0] += candidates
