"""`Conditional`: p(· | context), read off one compressor.

    p(x | c)  ∝  2^-(L(c + x) - L(c))

There are two ways to be one, and each gives the other for free:

    has code lengths   bits(continuations)  ──► next_byte() scores the 256 single bytes
    has a distribution next_byte()          ──► bits() is the chain rule over the bytes
                                                (class `NextByteConditional`)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compgen.distribution import normalise
from compgen.reading import Reading

Bits = NDArray[np.float64]
"""Code lengths in bits, float64, everywhere."""

BYTES: tuple[bytes, ...] = tuple(bytes([value]) for value in range(256))
"""The 256 single-byte continuations."""


class Conditional(ABC):
    """The distribution of what follows a context, as one compressor sees it.

    A conditional is mutable: `advance` moves its context on in place, and `fork` gives an
    independent copy, so a sampler advances one, and a beam forks many.
    """

    reading: Reading
    """The reading that is in force; never `auto`."""

    exact: bool = False
    """True where `next_byte` is the model's own distribution and `bits` its chain rule."""

    @abstractmethod
    def bits(self, continuations: Sequence[bytes]) -> Bits:
        """Code length of each continuation given the context, in bits, shape (n,).

        Lengths may be negative for a reading that is not exact (a longer input can compress
        to a shorter stream), and only their differences carry meaning for sampling.
        """

    @abstractmethod
    def advance(self, data: bytes) -> None:
        """Append `data` to the context, in place."""

    @abstractmethod
    def fork(self) -> Self:
        """An independent conditional with the same context, as cheaply as can be."""

    def writing(self) -> Self:
        """A fork that will write rather than read: one that learns may stop, since what it writes
        itself is no evidence."""
        return self.fork()

    def next_byte(self) -> Bits:
        """Normalised code length, -log2 p, of each of the 256 next bytes, shape (256,)."""
        return normalise(self.bits(BYTES))

    def next_byte_of(self, alphabet: bytes) -> Bits:
        """`next_byte` among the (distinct) bytes of `alphabet`, shape (256,), the others infinite.

        Where every candidate costs a compression, a small alphabet is a fast one.
        """
        bits = np.full(256, np.inf)
        candidates = [BYTES[value] for value in alphabet]
        bits[np.frombuffer(alphabet, np.uint8)] = normalise(self.bits(candidates))
        return bits

    def code_lengths(self, data: bytes) -> Bits:
        """-log2 p of each byte of `data` by `next_byte`, shape (n,); advances over it."""
        lengths = np.empty(len(data))
        for index, value in enumerate(data):
            lengths[index] = self.next_byte()[value]
            self.advance(BYTES[value])
        return lengths

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        """Code length of each prefix followed by each byte, in bits, shape (n, 256).

        One batched question for all prefixes: what a beam asks at every step.
        """
        grid = self.bits([prefix + byte for prefix in prefixes for byte in BYTES])
        return grid.reshape(len(prefixes), 256)


class NextByteConditional(Conditional):
    """A conditional whose own thing is `next_byte`; code lengths follow by the chain rule."""

    exact = True

    @abstractmethod
    def next_byte(self) -> Bits:
        """Normalised code length, -log2 p, of each of the 256 next bytes, shape (256,)."""

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        return chain_rule(self, continuations)

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        rows = np.empty((len(prefixes), 256))
        for row, prefix in zip(rows, prefixes, strict=True):
            state = self.fork()
            row[:] = state.code_lengths(prefix).sum() + state.next_byte()
        return rows


def chain_rule(conditional: Conditional, continuations: Sequence[bytes]) -> Bits:
    """-log2 p of each continuation as the sum over its bytes, in bits, shape (n,)."""
    single = conditional.next_byte() if any(len(data) == 1 for data in continuations) else None
    lengths = np.zeros(len(continuations))
    for index, data in enumerate(continuations):
        if single is not None and len(data) == 1:
            lengths[index] = single[data[0]]
        elif data:
            lengths[index] = conditional.fork().code_lengths(data).sum()
    return lengths
