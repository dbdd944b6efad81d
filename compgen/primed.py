"""`Primed`: compressors that have read their corpus and the prompt, ready to be asked.

spec(s) ─┐
corpus  ─┼─►  Primed  ──►  conditional p(· | prime + prompt)  ──►  sample, predict, score
prompt  ─┘
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compgen.compressor import Compressor
from compgen.conditional import Conditional
from compgen.conditionals.experts import ExpertPlan
from compgen.conditionals.mixture import Mixture
from compgen.corpus import Corpus, Prime, Window
from compgen.errors import InputError, UsageError
from compgen.reading import Reading


@dataclass(frozen=True)
class Primed:
    """One or several compressors behind a prime and a prompt."""

    compressors: tuple[Compressor, ...]
    readings: tuple[Reading, ...]
    prime: Prime
    prompt: bytes
    conditional: Conditional
    """p(· | prime + prompt); fork it before you advance it."""

    @property
    def spec(self) -> str:
        """The full spec, `gzip+zstd:level=19` for several."""
        return "+".join(map(str, self.compressors))

    @property
    def reading(self) -> str:
        """The reading in force; joined by `+` where several compressors differ in it."""
        return "+".join(dict.fromkeys(self.readings))


def default_corpus(compressors: Sequence[Compressor]) -> Corpus | None:
    """What primes where no corpus is named: the text that every installation has; nothing,
    where all have learned before."""
    if all(compressor.has_learned for compressor in compressors):
        return None
    return Corpus.builtin()


def prime(
    compressors: Sequence[Compressor],
    corpus: Corpus | None,
    prompt: bytes = b"",
    *,
    reading: Reading | str = Reading.AUTO,
    dither: int | None = None,
    experts: ExpertPlan | None = None,
    window: Window = Window.RELEVANT,
    prime_bytes: int | None = None,
    rng: np.random.Generator | None = None,
) -> Primed:
    """Choose the prime, check that the compressors are lossless on it, and condition them.

    Without a corpus nothing primes them, and the prompt is all that they have seen.
    `prime_bytes` None takes as much of the corpus as the compressors see by default, and
    twice that for experts, each of which sees a half. `rng` chooses the halves.

    Raises UnsupportedError for a reading that a compressor lacks, InputError for an empty
    corpus, LossyError if a compressor does not give back the prime.
    """
    if prime_bytes is not None and prime_bytes < 1:
        raise UsageError("--prime-bytes must be 1 or more")
    plan = experts or ExpertPlan()
    readings = tuple(compressor.resolve(reading) for compressor in compressors)
    budget = prime_bytes
    if budget is None:
        budget = max(
            compressor.prime_budget(definite)
            for compressor, definite in zip(compressors, readings, strict=True)
        )
        budget *= 2 if plan.count else 1
    chosen = Prime(b"", "nothing")
    if corpus is not None:
        if not len(corpus):
            raise InputError(f"{corpus.label} is empty; a corpus needs at least one byte")
        chosen = corpus.prime(compressors[0], budget, prompt, window)
    members = []
    for compressor, definite in zip(compressors, readings, strict=True):
        compressor.verify(chosen.data)
        if plan:
            if dither:
                raise UsageError("--dither and --experts exclude each other: choose one")
            primes = plan.primes(chosen.data, rng or np.random.default_rng())
            members.append(compressor.mix(primes, plan.lengths(), prompt, definite))
        else:
            members.append(compressor.after(chosen.data, prompt, reading=reading, dither=dither))
    conditional = members[0] if len(members) == 1 else Mixture(members)
    return Primed(tuple(compressors), readings, chosen, prompt, conditional)
