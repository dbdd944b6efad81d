"""Multiple choice by code length: the ending that costs fewest bits after the context.

    base  = p(· | prime)               unconditional: bits(" " + ending)
      └─ fork, advance over context ─► conditional:   bits(" " + ending)

Both are kept for every ending; `compgen.evaluation.accuracy` makes scores of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.conditional import Conditional
from compgen.evaluation.priming import Priming
from compgen.evaluation.question import Question
from compgen.reading import Reading


@dataclass(frozen=True)
class Scored:
    """What the endings of one question cost."""

    row: int
    bits: NDArray[np.float64]
    """Of each ending after prime and context, in bits, shape (endings,)."""
    unconditional: NDArray[np.float64]
    """Of each ending after the prime alone, in bits, shape (endings,)."""


class Judge:
    """One compressor under one reading, which scores questions one after the other.

    The last prime's conditional is kept: where many questions have the same prime, it is read
    once. Raises UnsupportedError for a reading that the compressor lacks.
    """

    def __init__(
        self,
        compressor: Compressor,
        reading: Reading | str = Reading.AUTO,
        dither: int | None = None,
    ) -> None:
        self.compressor = compressor
        self.reading = compressor.resolve(reading)
        self._asked = reading
        self._dither = dither
        self._kept: tuple[bytes, Conditional] | None = None

    @property
    def dither(self) -> int:
        """Over how many prefixes code lengths are averaged; 0: they are not."""
        if self._dither is not None:
            return self._dither
        unasked = self._asked == Reading.AUTO and self.reading is Reading.BYTES
        return self.compressor.default_dither if unasked else 0

    def score(self, question: Question, prime: bytes) -> Scored:
        """The bits of the question's endings. Raises LossyError if the first prime and context
        do not survive the compressor."""
        context = question.context.encode()
        if self._kept is None:
            self.compressor.verify(prime + context)
        if self._kept is None or self._kept[0] != prime:
            primed = self.compressor.condition(prime, reading=self.reading, dither=self.dither)
            self._kept = prime, primed
        base = self._kept[1]
        given = base.fork()
        given.advance(context)
        endings = question.continuations
        return Scored(question.row, given.bits(endings), base.bits(endings))


def choose(judge: Judge, questions: Sequence[Question], primer: Priming) -> Iterator[Scored]:
    """The scores of the questions, in their order, as they come."""
    for question in questions:
        yield judge.score(question, primer(question))
