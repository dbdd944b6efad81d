"""Fractions of a byte from whole bytes, by dithering.

A stream's length is rounded up to a byte, and the rounding hides most of what one more
symbol costs. Put a short random prefix before the context and the bit at which the stream
ends moves by a random fraction of a byte; the mean over J prefixes is the length to 1/J of
a byte, for any compressor at all (subtractive dither, as in audio: Lipshitz, Wannamaker and
Vanderkooy, J. Audio Eng. Soc. 40 (1992)). It costs J times as much.
"""

from collections.abc import Callable, Sequence

import numpy as np

from compgen.conditional import Bits, Conditional
from compgen.conditionals.ensemble import Ensemble

PREFIX_LENGTH = 16
SEED = 1
LETTERS = b" etaoinshrdlu"


class Dithered(Ensemble[Conditional]):
    """The mean code length over J copies of the context behind different short prefixes."""

    @classmethod
    def of(
        cls, condition: Callable[[bytes], Conditional], context: bytes, prefixes: int
    ) -> "Dithered":
        """`condition` makes the plain conditional of each dithered context."""
        return cls([condition(prefix + context) for prefix in _prefixes(prefixes)])

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        mean: Bits = np.mean([member.bits(continuations) for member in self._members], axis=0)
        return mean


def _prefixes(count: int) -> list[bytes]:
    """Short runs of common letters, which code tables hardly notice: random bytes add symbols.

    The choice is fixed: a dithered conditional is a function of its context like any other.
    """
    rng = np.random.default_rng(SEED)
    letters = np.frombuffer(LETTERS, np.uint8)
    return [
        rng.choice(letters, int(rng.integers(1, PREFIX_LENGTH + 1))).tobytes() for _ in range(count)
    ]
