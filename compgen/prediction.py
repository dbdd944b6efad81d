"""What a primed compressor thinks comes next, and how sharply it can tell."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.primed import Primed

TIE_DECIMALS = 9
"""Code lengths that agree to so many decimals tie: float arithmetic knows no more."""


@dataclass(frozen=True)
class Prediction:
    """A next-byte distribution and its resolution."""

    bits: NDArray[np.float64]
    """-log2 p of each byte, shape (256,), normalised."""
    compressor: str
    reading: str

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each byte, shape (256,)."""
        return np.exp2(-self.bits)

    @property
    def distinct_lengths(self) -> int:
        """How many different code lengths the 256 bytes have; 256 if none tie."""
        return int(np.unique(self.bits.round(TIE_DECIMALS)).size)

    @property
    def ties_for_best(self) -> int:
        """How many bytes share the lowest code length; 1 if the best is alone."""
        return ties_for_best(self.bits)

    @property
    def entropy(self) -> float:
        """Bits per byte that the model expects to pay."""
        p = self.probabilities
        possible = p > 0  # an impossible byte costs infinitely much and is never paid for
        return float(p[possible] @ self.bits[possible])

    def ranked(self) -> NDArray[np.intp]:
        """The 256 bytes, the most probable first, of equals the lower value."""
        return np.argsort(self.bits.round(TIE_DECIMALS), kind="stable")

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the fields of `compgen predict --json`, the most probable byte first."""
        p = self.probabilities
        return {
            "compressor": self.compressor,
            "reading": self.reading,
            "distinct_lengths": self.distinct_lengths,
            "ties_for_best": self.ties_for_best,
            "entropy_bits": self.entropy,
            "next": [
                {
                    "byte": int(value),
                    "text": bytes([value]).decode("latin-1") if value < 128 else None,
                    "bits": json_number(self.bits[value]),
                    "probability": float(p[value]),
                }
                for value in self.ranked()
            ],
        }


def json_number(value: float) -> float | None:
    """`value` as JSON can say it, which knows no infinity: None for what is not finite."""
    return float(value) if np.isfinite(value) else None


def ties_for_best(bits: NDArray[np.float64]) -> int:
    """How many candidates share the lowest code length."""
    rounded = bits.round(TIE_DECIMALS)
    return int(np.count_nonzero(rounded == rounded.min()))


def predict(primed: Primed) -> Prediction:
    """The distribution of the byte after prime and prompt."""
    return Prediction(primed.conditional.next_byte(), primed.spec, primed.reading)
