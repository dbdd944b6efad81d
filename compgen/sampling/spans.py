"""Spans: let the context propose, let the compressor choose."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compgen.conditional import BYTES
from compgen.distribution import draw, probabilities
from compgen.errors import UsageError
from compgen.sampling.sampler import Chunk, Sampler, Source


@dataclass(frozen=True)
class Spans(Sampler):
    """Proposes what followed earlier occurrences of the last few bytes, `horizon` bytes each,
    scores the proposals as wholes, draws one by 2^-bits (shaped), writes `commit` bytes of it.

    The suffix backs off from `longest` bytes to one until it finds at least two different
    proposals (or all that there are); at most `proposals` are scored.

    Good at: looking like language with any compressor at all, bz2 included, and cheaply
    (some code lengths a byte). Bad at: telling what the compressor knows. The proposals
    already are language, and choosing among them blindly looks as good (the null score:
    DESIGN.md, section 7). And it quotes: almost every byte is copied. Use `max_copy`.
    """

    name: ClassVar[str] = "spans"
    horizon: int = 8
    commit: int = 4
    proposals: int = 32
    longest: int = 8

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise UsageError("--horizon must be 1 or more")
        if not 1 <= self.commit <= self.horizon:
            raise UsageError(
                f"--commit must be between 1 and the horizon ({self.horizon}), not {self.commit}"
            )

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        text = bytearray(source.context)
        while True:
            spans = self._propose(bytes(text), source, rng)
            if not spans:  # nothing to go by: one byte of the alphabet, by its code length
                spans = self._single_bytes(source, bytes(text))
            bits = source.conditional.bits(spans)
            chosen = spans[draw(source.shaping.truncate(probabilities(bits)), rng.random())]
            committed = chosen[: self.commit]
            text += committed
            yield Chunk(committed)
            source.conditional.advance(committed)

    def _propose(self, text: bytes, source: Source, rng: np.random.Generator) -> list[bytes]:
        """Distinct spans that followed the longest suffix of `text` that has some."""
        best: list[bytes] = []
        for length in range(min(self.longest, len(text) - 1), 0, -1):
            spans: dict[bytes, None] = {}
            for at in _occurrences(text, text[-length:]):
                span = text[at + length : at + length + self.horizon]
                if source.guard is not None:
                    span = span[: source.guard.allowed_length(text, span)]
                if span:
                    spans[span] = None
            if len(spans) > len(best):
                best = list(spans)
            if len(best) > 1:
                break
        # a shorter span costs less for being short, so spans compete at one length
        whole = [span for span in best if len(span) == self.horizon]
        best = whole or list({span[: min(map(len, best))]: None for span in best})
        if len(best) > self.proposals:
            picked = rng.choice(len(best), self.proposals, replace=False)
            best = [best[index] for index in np.sort(picked)]
        return best

    @staticmethod
    def _single_bytes(source: Source, text: bytes) -> list[bytes]:
        singles = [BYTES[value] for value in source.alphabet]
        if source.guard is None:
            return singles
        forbidden = source.guard.forbidden(text)
        return [single for single in singles if not forbidden[single[0]]] or singles


def _occurrences(text: bytes, suffix: bytes) -> Iterator[int]:
    """Where `suffix` stands in `text` before its end."""
    at = text.find(suffix)
    while 0 <= at < len(text) - len(suffix):
        yield at
        at = text.find(suffix, at + 1)
