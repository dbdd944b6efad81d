"""From a primed compressor to continuations: `generate`, and `Writing` for those who stream.

Primed ──► Sampler ──chunks──► Writing (length, stop strings, bits) ──► Continuation
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compgen.compressor import Compressor
from compgen.conditionals.experts import ExpertPlan
from compgen.continuation import Continuation
from compgen.corpus import Corpus, Window
from compgen.errors import UsageError
from compgen.primed import Primed, default_corpus, prime
from compgen.reading import Reading
from compgen.registry import get_compressors
from compgen.sampling import SAMPLERS, Ancestral, Chunk, CopyGuard, Sampler, Shaping, Source
from compgen.sampling.side_by_side import ManyAtOnce, SideBySide
from compgen.tuning import Tuning
from compgen.versions import versions_of


@dataclass(frozen=True)
class Plan:
    """How continuations are drawn: everything about a run but the model and the prompt."""

    sampler: Sampler
    shaping: Shaping
    length: int = 200
    """Bytes to write."""
    stop: tuple[bytes, ...] = ()
    max_copy: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.length < 1:
            raise UsageError(f"-n must be 1 or more, not {self.length}")
        if not all(self.stop):
            raise UsageError("--stop needs a string of at least one character")

    def model_rng(self) -> np.random.Generator:
        """The generator for what samples share: which halves of the corpus experts see."""
        return np.random.default_rng([self.seed, 0])

    def sample_rng(self, sample: int) -> np.random.Generator:
        """Sample `sample`'s own generator: the n-th sample is the same however many are drawn."""
        return np.random.default_rng([self.seed, 1 + sample])


class Writing:
    """One continuation while it is being written.

    Iterate over it for its bytes as they come; ask for `result()` at any time.
    """

    def __init__(
        self, primed: Primed, plan: Plan, sample: int = 0, chunks: Iterator[Chunk] | None = None
    ) -> None:
        """`chunks` are the sample's, where it is written together with others."""
        self._given = chunks
        self._primed = primed
        self._plan = plan
        self._sample = sample
        self._data = bytearray()
        self._known_bits: float | None = 0.0
        self._stopped = False

    def __iter__(self) -> Iterator[bytes]:
        """Pieces of the continuation; bytes that may begin a stop string wait until they don't."""
        shown = 0
        for piece, bits in self._chunks():
            self._data += piece
            if self._known_bits is not None:
                self._known_bits = None if bits is None else self._known_bits + float(bits.sum())
            self._cut_at_stop(len(piece))
            done = self._stopped or len(self._data) >= self._plan.length
            safe = len(self._data) - (0 if done else self._held_back())
            if safe > shown:
                yield bytes(self._data[shown:safe])
                shown = safe
            if done:
                return

    @property
    def bits_so_far(self) -> float | None:
        """Bits of what is written, where the model gives them on the way."""
        return self._known_bits

    def __len__(self) -> int:
        return len(self._data)

    def result(self, *, interrupted: bool = False) -> Continuation:
        """What has been written, measured."""
        data = bytes(self._data)
        bits = self._known_bits
        if bits is None:
            bits = float(self._primed.conditional.bits([data])[0])
        primed = self._primed
        return Continuation(
            data=data,
            bits=bits,
            prompt=primed.prompt,
            compressor=primed.spec,
            reading=primed.reading,
            sampler=self._plan.sampler.name,
            seed=self._plan.seed,
            sample=self._sample,
            corpus_sha256=primed.prime.sha256,
            versions=versions_of(primed.compressors),
            stopped=self._stopped,
            interrupted=interrupted,
        )

    def _chunks(self) -> Iterator[tuple[bytes, np.ndarray | None]]:
        """The sampler's chunks, the last cut to the length that was asked for."""
        left = self._plan.length
        for chunk in self._given or self._own_chunks():
            data = chunk.data[:left]
            yield data, None if chunk.bits is None else chunk.bits[: len(data)]
            left -= len(data)

    def _own_chunks(self) -> Iterator[Chunk]:
        primed, plan = self._primed, self._plan
        guard = None if plan.max_copy is None else CopyGuard(primed.prime.data, plan.max_copy)
        source = Source(
            conditional=primed.conditional.writing(),
            compressor=primed.compressors[0],
            prime=primed.prime.data,
            prompt=primed.prompt,
            shaping=plan.shaping,
            guard=guard,
            limit=plan.length,
        )
        return plan.sampler.chunks(source, plan.sample_rng(self._sample))

    def _cut_at_stop(self, new: int) -> None:
        """End before the first stop string that the last `new` bytes complete."""
        longest = max(map(len, self._plan.stop), default=0)
        if not longest:
            return
        begin = max(0, len(self._data) - new - longest + 1)
        found = [at for stop in self._plan.stop if (at := self._data.find(stop, begin)) >= 0]
        if found:
            del self._data[min(found) :]
            self._stopped = True
            self._known_bits = None  # the bits of what was cut are not the sample's

    def _held_back(self) -> int:
        """How many bytes at the end might begin a stop string."""
        return max(
            (
                length
                for stop in self._plan.stop
                for length in range(1, len(stop))
                if self._data.endswith(stop[:length])
            ),
            default=0,
        )


def writings(primed: Primed, plan: Plan, samples: int) -> Iterator[Writing]:
    """The samples of a plan, in order; written together where the conditional can."""
    conditional = primed.conditional
    together = 1
    if (
        isinstance(conditional, ManyAtOnce)
        and isinstance(plan.sampler, Ancestral)
        and plan.max_copy is None
        and not plan.shaping.penalises
    ):
        together = conditional.most_together
    for first in range(0, samples, together):
        group = range(first, min(first + together, samples))
        if len(group) == 1 or not isinstance(conditional, ManyAtOnce):
            yield from (Writing(primed, plan, sample) for sample in group)
            continue
        generators = [plan.sample_rng(sample) for sample in group]
        side_by_side = SideBySide(conditional, plan.shaping, generators, plan.length)
        for place, sample in enumerate(group):
            yield Writing(primed, plan, sample, side_by_side.chunks(place))


def generate(
    prompt: str | bytes = b"",
    *,
    compressor: str | Compressor = "gzip",
    corpus: Corpus | bytes | str | Path | Sequence[str | Path] | None = None,
    n: int = 200,
    samples: int = 1,
    seed: int | None = None,
    sampler: str | Sampler | None = None,
    shaping: Shaping | None = None,
    reading: Reading | str = Reading.AUTO,
    experts: int | None = None,
    contexts: Sequence[int] | None = None,
    dither: int | None = None,
    max_copy: int | None = None,
    stop: Sequence[str | bytes] = (),
    window: Window | str = Window.RELEVANT,
    prime_bytes: int | None = None,
) -> list[Continuation]:
    """Continuations of `prompt`, `n` bytes each, from any compressor.

    >>> from compgen import generate
    >>> generate("The ", compressor="gzip", n=100, seed=1)[0].text  # doctest: +SKIP

    Args:
        prompt: what to continue; a str is UTF-8.
        compressor: a compressor, or a spec such as `zstd:level=19` or `gzip+zstd`.
        corpus: what primes it: bytes, a path, several paths, a `Corpus`, or None for the
            English text in Python's own documentation, or nothing where the compressor is a
            model that has learned before.
        n: bytes to write.
        samples: how many continuations.
        seed: the same seed, the same bytes; None draws one, which each continuation records.
        sampler: a name (`ancestral`, `beam`, `spans`, `coinflips`), a `Sampler`, or None for
            the compressor's default.
        shaping: temperature, truncation and penalties; None for what suits the compressor.
        reading: how code lengths are read.
        experts, contexts: the mixture: how many halves of the corpus (0: one model of all of
            it), contexts of how many bytes. Without either: what suits the compressor.
        dither: average the `bytes` reading over so many prefixes (0: off); None for what suits a
            compressor of which whole bytes are all that can be read.
        max_copy: never extend a verbatim copy of the corpus beyond so many bytes.
        stop: strings that end a continuation; they are not part of it.
        window: which part of a corpus larger than the window is used.
        prime_bytes: how much of the corpus is used; None for the compressor's default.

    Raises:
        CompgenError: see `compgen.errors`.
    """
    compressors = (
        (compressor,) if isinstance(compressor, Compressor) else get_compressors(compressor)
    )
    if samples < 1:
        raise UsageError(f"samples must be 1 or more, not {samples}")
    chosen = choose_sampler(sampler, compressors[0])
    mixture = None
    if experts is not None or contexts is not None:
        mixture = ExpertPlan(experts or 0, tuple(contexts or ()))
    tuning = tuned(compressors, chosen, reading, mixture)
    plan = Plan(
        sampler=chosen,
        shaping=shaping or shaped(tuning),
        length=n,
        stop=tuple(_as_bytes(text) for text in stop),
        max_copy=max_copy,
        seed=fresh_seed() if seed is None else seed,
    )
    primed = prime(
        compressors,
        default_corpus(compressors) if corpus is None else as_corpus(corpus),
        _as_bytes(prompt),
        reading=reading,
        dither=dither,
        experts=mixture or ExpertPlan(tuning.experts, tuning.contexts),
        window=Window(window),
        prime_bytes=prime_bytes,
        rng=plan.model_rng(),
    )
    continuations = []
    for writing in writings(primed, plan, samples):
        for _ in writing:
            pass
        continuations.append(writing.result())
    return continuations


def tuned(
    compressors: Sequence[Compressor],
    sampler: Sampler,
    reading: Reading | str,
    experts: ExpertPlan | None,
) -> Tuning:
    """The defaults for what was not asked for: the compressor's own for ancestral sampling
    from it alone, the general ones as soon as experts (or none) are named."""
    if experts is None and len(compressors) == 1 and isinstance(sampler, Ancestral):
        (compressor,) = compressors
        return compressor.tuning(compressor.resolve(reading))
    return Tuning()


def shaped(tuning: Tuning) -> Shaping:
    """The shaping that a tuning asks for."""
    return Shaping(
        temperature=tuning.temperature,
        min_p=tuning.min_p,
        dry_multiplier=tuning.dry_multiplier,
        dry_allowed_length=tuning.dry_allowed_length,
    )


def choose_sampler(sampler: str | Sampler | None, compressor: Compressor) -> Sampler:
    """A sampler by name, with its defaults; None is the compressor's own default."""
    if isinstance(sampler, Sampler):
        return sampler
    name = sampler or compressor.default_sampler
    if name not in SAMPLERS:
        raise UsageError(f"no sampler is called {name!r}; there are: {', '.join(SAMPLERS)}")
    return SAMPLERS[name]()


def fresh_seed() -> int:
    """A seed nobody chose, short enough to read aloud."""
    return int(np.random.default_rng().integers(1 << 32))


def as_corpus(corpus: Corpus | bytes | str | Path | Sequence[str | Path]) -> Corpus:
    """Whatever names a corpus, as one."""
    if isinstance(corpus, Corpus):
        return corpus
    if isinstance(corpus, bytes):
        return Corpus([corpus])
    if isinstance(corpus, str | Path):
        return Corpus.of_files([corpus])
    return Corpus.of_files(corpus)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
