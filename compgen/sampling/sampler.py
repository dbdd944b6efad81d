"""`Sampler`: from a distribution to a continuation, chunk by chunk.

Source (conditional, prompt, shaping, …)  ──►  Sampler.chunks(rng)  ──►  bytes, endless
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.conditional import BYTES, Bits, Conditional
from compgen.sampling.copying import CopyGuard
from compgen.sampling.shaping import Shaping


class Chunk(NamedTuple):
    """Some bytes of a continuation, and what each cost under the model, where that is known."""

    data: bytes
    bits: NDArray[np.float64] | None = None
    """-log2 p of each byte given all before it, shape (len(data),), from an exact conditional."""


@dataclass
class Source:
    """What a sampler draws from: one sample's private view of a primed compressor."""

    conditional: Conditional
    """p(· | prime + prompt), this sample's own: samplers advance it."""
    compressor: Compressor
    prime: bytes
    """The part of the corpus that the compressor was given."""
    prompt: bytes
    shaping: Shaping = field(default_factory=Shaping)
    guard: CopyGuard | None = None
    alphabet: bytes = b""
    """The bytes among which a scorer looks, where each costs a compression: those that occur
    in prime and prompt, unless given."""

    limit: int | None = None
    """How many bytes will be asked for, if that is known: a sampler may work ahead."""

    def __post_init__(self) -> None:
        self.alphabet = self.alphabet or bytes(sorted(set(self.prime + self.prompt)))
        if not self.alphabet:
            self.alphabet = bytes(range(256))

    @property
    def context(self) -> bytes:
        """Prime and prompt: what the conditional has seen before the first byte."""
        return self.prime + self.prompt

    def next_byte(self) -> Bits:
        """Normalised code lengths of the next bytes that are worth asking for, shape (256,)."""
        if self.conditional.exact:
            return self.conditional.next_byte()
        return self.conditional.next_byte_of(self.alphabet)

    def next_bytes(self, prefixes: list[bytes]) -> Bits:
        """Code lengths of each prefix followed by each byte, shape (n, 256); inf if not asked."""
        if self.conditional.exact:
            return self.conditional.next_bytes(prefixes)
        columns = np.frombuffer(self.alphabet, np.uint8)
        candidates = [prefix + BYTES[value] for prefix in prefixes for value in self.alphabet]
        grid = np.full((len(prefixes), 256), np.inf)
        grid[:, columns] = self.conditional.bits(candidates).reshape(len(prefixes), -1)
        return grid

    def without_copies(self, bits: Bits, history: bytes) -> Bits:
        """`bits` with what the copy guard forbids made impossible; unless that is everything."""
        if self.guard is None:
            return bits
        guarded = np.where(self.guard.forbidden(history), np.inf, bits)
        return guarded if np.isfinite(guarded).any() else bits


class Sampler(ABC):
    """One way of drawing a continuation from a source."""

    name: ClassVar[str]

    @abstractmethod
    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        """The continuation in chunks of at least one byte, without end.

        Raises UnsupportedError where the source's compressor cannot be sampled this way.
        """
