"""Next byte by next byte: the sampler that a distribution was made for."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from compgen.conditional import BYTES
from compgen.distribution import draw
from compgen.sampling.sampler import Chunk, Sampler, Source


class Ancestral(Sampler):
    """Draws each byte from p(· | everything before it), truncated.

    Good at: being right. At temperature 1 without truncation it is an exact sample of the
    model, whatever the model is. Bad at: models that know little of the single next byte.
    With the reading `bytes` most candidates tie and the output is soup; on bz2, which sorts
    its block and so predicts a byte from what follows it, it is noise. Without truncation
    (min-p) every model of text drifts into soup; one primed Lempel-Ziv model with truncation
    copies its corpus: mix experts against that.
    """

    name: ClassVar[str] = "ancestral"

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        history = source.prompt
        exact = source.conditional.exact
        while True:
            bits = source.next_byte()
            wanted = source.without_copies(bits, history)
            value = draw(source.shaping.apply(wanted, history), rng.random())
            history += BYTES[value]
            yield Chunk(BYTES[value], bits[value : value + 1] if exact else None)
            source.conditional.advance(BYTES[value])
