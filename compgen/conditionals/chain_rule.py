"""`ByChainRule`: any conditional as an exact one, by its next-byte distribution.

A conditional that has only code lengths of its own gives a distribution of the single next
byte by scoring the 256. An entropy coder driven by it codes by the chain rule over these,
whatever the lengths of longer continuations say: that model is this conditional.
"""

from typing import Self

from compgen.conditional import Bits, Conditional, NextByteConditional
from compgen.reading import Reading


class ByChainRule(NextByteConditional):
    """The distribution by which `conditional` codes, byte by byte."""

    reading = Reading.MARGINAL

    def __init__(self, conditional: Conditional) -> None:
        self._conditional = conditional

    def next_byte(self) -> Bits:
        return self._conditional.next_byte()

    def advance(self, data: bytes) -> None:
        self._conditional.advance(data)

    def fork(self) -> Self:
        return type(self)(self._conditional.fork())
