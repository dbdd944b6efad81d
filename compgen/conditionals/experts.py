"""Experts: one compressor, primed with different halves of a corpus, at different contexts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 512
"""Corpora without paragraphs are halved in blocks of this many bytes."""
FEWEST_PARTS = 8


@dataclass(frozen=True)
class ExpertPlan:
    """How many experts, and what each sees.

    Expert i is primed with a random half of the corpus of its own and sees the last
    `contexts[i % len(contexts)]` bytes after it (0, or no contexts at all: everything).
    With `count` 0 there is one expert for each context, primed with the whole corpus.
    """

    count: int = 0
    contexts: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.count or self.contexts)

    def primes(self, corpus: bytes, rng: np.random.Generator) -> list[bytes]:
        """What primes each expert: a list as long as there are experts."""
        if not self.count:
            return [corpus] * len(self.contexts)
        parts = split_parts(corpus)
        return [_random_half(parts, rng) for _ in range(self.count)]

    def lengths(self) -> list[int]:
        """The context length of each expert, in bytes; 0 for all of it."""
        count = self.count or len(self.contexts)
        cycle = self.contexts or (0,)
        return [cycle[index % len(cycle)] for index in range(count)]


def split_parts(corpus: bytes) -> list[bytes]:
    """The corpus in paragraphs, or lines, or blocks: the first that gives enough parts.

    Joined, the parts are the corpus.
    """
    for border in (b"\n\n", b"\n"):
        parts = [part + border for part in corpus.split(border)]
        if len(parts) >= FEWEST_PARTS:
            parts[-1] = parts[-1][: -len(border)]
            return parts
    return [corpus[start : start + BLOCK] for start in range(0, len(corpus), BLOCK)] or [b""]


def _random_half(parts: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """Each part with probability one half, in a random order."""
    kept = np.flatnonzero(rng.random(len(parts)) < 0.5)
    if not kept.size:
        kept = rng.integers(len(parts), size=1)
    return b"".join(parts[index] for index in rng.permutation(kept))
