"""What a training says while it runs, and when it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compgen.neural.config import AnyConfig


@dataclass(frozen=True)
class Progress:
    """How a training stands."""

    step: int
    fraction: float
    """Of the budget, from 0 to 1."""
    seconds: float
    """Of the budget's kind of time, all runs together."""
    learned_bits: float
    """Bits per byte of what was learned from lately, before it was learned from."""
    held_out_bits: float | None
    """Bits per byte when the held-out text was last looked at; None: not yet, or none held out."""
    rate_factor: float
    """Of the highest learning rate."""
    bytes_per_second: float
    """In this run."""
    evaluated: bool
    """Whether the held-out text was looked at just now."""


@dataclass(frozen=True)
class Outcome:
    """What came of a training."""

    config: AnyConfig
    """With the provenance of the kept weights."""
    sha256: str
    """Of the checkpoint."""
    history: list[dict[str, Any]]
    """The loss curve."""

    @property
    def held_out_bits(self) -> float | None:
        """Bits per byte of the kept weights on held-out text; None: none was held out."""
        bits: float | None = self.config.provenance["held_out_bits_per_byte"]
        return bits


Observe = Callable[[Progress], None]
"""Told after every step (or few); what it raises ends the training, which is saved first."""
