"""Quote: no model at all, a piece of the corpus."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from compgen.errors import UsageError
from compgen.sampling.sampler import Chunk, Sampler, Source

PIECE = 256


class Quote(Sampler):
    """Copies the prime from a random place on, round and round.

    Good at: being real text, with every statistic of it. Bad at: everything that this tool is
    for. It is in comparisons to show which metrics a copy fools.
    """

    name: ClassVar[str] = "quote"

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        if source.guard is not None:
            raise UsageError("the sampler 'quote' does nothing but copy; leave --max-copy out")
        text = source.prime or source.prompt or bytes(source.alphabet)
        at = int(rng.integers(len(text)))
        while True:
            piece = text[at : at + PIECE]
            at = (at + len(piece)) % len(text)
            yield Chunk(piece)
