"""`Choices`: what the compressor changed about choosing among the same proposals blindly.

Proposals that are taken from a picture look like that picture whoever chooses among them. So
every choice is made twice, by the compressor's weights and by equal ones, with the same
uniform number: where the two agree, the compressor changed nothing. (The null score.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.distribution import Probabilities, draw

NOTHING = 0.95
"""From this share of the largest possible entropy on, the weights are as good as equal."""


@dataclass
class Choices:
    """A record of every choice among proposals, and the way to make one."""

    blind: bool = False
    """Take the blind choice, not the compressor's: the null score itself."""
    count: int = 0
    proposals: int = 0
    agreements: int = 0
    entropy: float = 0.0
    """Bits, summed over the choices."""
    largest_entropy: float = 0.0

    def make(self, p: Probabilities, rng: np.random.Generator) -> int:
        """Draw one of the proposals by `p`, or blindly, and enter what the other way was."""
        uniform = rng.random()
        weighed = draw(p, uniform)
        unweighed = draw(np.full(len(p), 1 / len(p)), uniform)
        alive = p[p > 0]
        self.count += 1
        self.proposals += len(p)
        self.agreements += weighed == unweighed
        self.entropy -= float(alive @ np.log2(alive))
        self.largest_entropy += float(np.log2(len(p)))
        return unweighed if self.blind else weighed

    @property
    def agreement(self) -> float:
        """How often the compressor's choice was the blind one, 0 to 1."""
        return self.agreements / self.count if self.count else 1.0

    @property
    def changes_nothing(self) -> bool:
        """Whether the compressor's weights were as good as equal."""
        return self.count > 0 and self.entropy >= NOTHING * self.largest_entropy

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        count = max(self.count, 1)
        return {
            "choices": self.count,
            "proposals_each": round(self.proposals / count, 2),
            "agreement_with_null": round(self.agreement, 4),
            "entropy_bits": round(self.entropy / count, 3),
            "largest_entropy_bits": round(self.largest_entropy / count, 3),
            "compressor_changes_nothing": self.changes_nothing,
        }

    def __str__(self) -> str:
        count = max(self.count, 1)
        return (
            f"{self.count:,} choices among {self.proposals / count:.1f} proposals, entropy "
            f"{self.entropy / count:.2f} of {self.largest_entropy / count:.2f} bits; the null "
            f"score (the same proposals, drawn blindly) agrees in {100 * self.agreement:.0f} %"
        )
