"""Beam search over code lengths: look ahead, then commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from compgen.distribution import draw, probabilities
from compgen.errors import UsageError
from compgen.sampling.sampler import Chunk, Sampler, Source


@dataclass(frozen=True)
class Beam(Sampler):
    """Keeps the `width` cheapest continuations for `horizon` bytes, draws one by 2^-bits
    (shaped), writes its first `commit` bytes and starts again.

    Good at: making something of a reading that is blind at one byte, since over some bytes
    the lengths do differ. Bad at: writing. The cheapest continuation of a Lempel-Ziv
    compressor is one long match, so a beam quotes its corpus (80 % of its bytes are inside
    copies of 12 or more) or loops. It costs width x alphabet x horizon / commit code lengths
    a byte: the slowest sampler. For comparison and for teaching.
    """

    name: ClassVar[str] = "beam"
    width: int = 8
    horizon: int = 8
    commit: int = 4

    def __post_init__(self) -> None:
        if self.width < 1 or self.horizon < 1:
            raise UsageError("--beam-width and --horizon must be 1 or more")
        if not 1 <= self.commit <= self.horizon:
            raise UsageError(
                f"--commit must be between 1 and the horizon ({self.horizon}), not {self.commit}"
            )

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        history = source.prompt
        while True:
            beams, bits = self._search(source, history)
            chosen = beams[draw(source.shaping.truncate(probabilities(bits)), rng.random())]
            committed = chosen[: self.commit]
            history += committed
            yield Chunk(committed)
            source.conditional.advance(committed)

    def _search(self, source: Source, history: bytes) -> tuple[list[bytes], np.ndarray]:
        beams, bits = [b""], np.zeros(1)
        for _ in range(self.horizon):
            grid = source.next_bytes(beams)
            for row, beam in zip(grid, beams, strict=True):
                row[:] = source.without_copies(row, history + beam)
            cheapest = np.argsort(grid, axis=None, kind="stable")[: self.width]
            cheapest = cheapest[np.isfinite(grid.flat[cheapest])]
            rows, values = np.divmod(cheapest, 256)
            beams = [
                beams[row] + bytes([value])
                for row, value in zip(rows.tolist(), values.tolist(), strict=True)
            ]
            bits = grid.flat[cheapest]
        return beams, bits
