"""Next byte by next byte: the sampler that a distribution was made for."""

import warnings
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import BYTES
from compgen.distribution import draw
from compgen.errors import CompgenWarning
from compgen.sampling.compiled import Compiled, CompiledDry
from compgen.sampling.sampler import Chunk, Sampler, Source

FIRST_BLOCK, LARGEST_BLOCK = 8, 4096
"""Bytes that the compiled loop writes at a time: few at first, so that text appears at once."""


class Ancestral(Sampler):
    """Draws each byte from p(· | everything before it), truncated.

    Good at: being right. At temperature 1 without truncation it is an exact sample of the
    model, whatever the model is. Bad at: models that know little of the single next byte.
    With the reading `bytes` most candidates tie and the output is soup; on bz2, which sorts
    its block and so predicts a byte from what follows it, it is noise, and warns of it
    (CompgenWarning, for every compressor that is `blind_ahead`). Without truncation
    (min-p) every model of text drifts into soup; one primed Lempel-Ziv model with truncation
    copies its corpus: mix experts against that.

    A conditional that has a compiled loop writes in blocks, the same bytes for the same seed;
    DRY included where the loop has it. What else looks at the text so far (the repetition
    penalty, the copy guard) takes the loop below.
    """

    name: ClassVar[str] = "ancestral"

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        if source.compressor.blind_ahead:
            warnings.warn(
                f"{source.compressor.name} drawn from byte by byte is noise: "
                f"{source.compressor.blind_ahead}; the sampler '"
                f"{source.compressor.default_sampler}' suits it",
                CompgenWarning,
                stacklevel=2,
            )
        conditional, shaping = source.conditional, source.shaping
        if shaping.repeat_penalty == 1 and source.guard is None:
            if shaping.dry_multiplier > 0:
                if isinstance(conditional, CompiledDry):
                    return self._dry_blocks(source, conditional, rng)
            elif isinstance(conditional, Compiled):
                return self._blocks(source, conditional.generate, rng)
        return self._steps(source, rng)

    @staticmethod
    def _steps(source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        history = source.prompt
        exact = source.conditional.exact
        while True:
            bits = source.next_byte()
            wanted = source.without_copies(bits, history)
            value = draw(source.shaping.apply(wanted, history), rng.random())
            history += BYTES[value]
            yield Chunk(BYTES[value], bits[value : value + 1] if exact else None)
            source.conditional.advance(BYTES[value])

    def _dry_blocks(
        self, source: Source, conditional: CompiledDry, rng: np.random.Generator
    ) -> Iterator[Chunk]:
        from compgen.kernels.repeats import start, with_room

        shaping = source.shaping
        repeats = start(
            source.prompt,
            multiplier=shaping.dry_multiplier,
            base=shaping.dry_base,
            allowed=shaping.dry_allowed_length,
            last_n=shaping.dry_penalty_last_n,
            breakers=shaping.dry_sequence_breakers,
        )

        def generate(
            uniforms: NDArray[np.float64], **options: float
        ) -> tuple[bytes, NDArray[np.float64]]:
            nonlocal repeats
            repeats = with_room(repeats, uniforms.size)
            return conditional.generate(uniforms, **options, repeats=repeats)  # type: ignore[arg-type]

        return self._blocks(source, generate, rng)

    @staticmethod
    def _blocks(
        source: Source,
        generate: Callable[..., tuple[bytes, NDArray[np.float64]]],
        rng: np.random.Generator,
    ) -> Iterator[Chunk]:
        shaping = source.shaping
        size, left = FIRST_BLOCK, source.limit
        while True:
            size = min(size, LARGEST_BLOCK) if left is None else min(size, LARGEST_BLOCK, left)
            data, bits = generate(
                rng.random(size),
                temperature=shaping.temperature,
                top_k=shaping.top_k,
                typical=shaping.typical_p,
                top_p=shaping.top_p,
                min_p=shaping.min_p,
            )
            yield Chunk(data, bits)
            left = None if left is None else max(left - size, 1)
            size *= 2
