"""The losses of a training: the latest ones smoothed, and a curve of at most `POINTS` points.

    losses ──► mean since the last point ──► point: step, seconds, rate, learned, held out
                                             at every twelfth the held-out text is looked at

Few enough to be saved with every state.
"""

import dataclasses
import math
from typing import Any

EVALUATIONS = 16
POINTS = 12 * EVALUATIONS
SMOOTHING = 0.98


@dataclasses.dataclass
class LossCurve:
    """All in bits per byte. JSON holds it between two runs."""

    smoothed: float | None = None
    reached: int = 0
    """Points so far, those included that were passed over."""
    total: float = 0.0
    count: int = 0
    """Of the losses since the last point."""
    points: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def add(self, loss: float) -> None:
        """The loss of one step, in nats."""
        bits = loss / math.log(2)
        before = bits if self.smoothed is None else self.smoothed
        self.smoothed = SMOOTHING * before + (1 - SMOOTHING) * bits
        self.total += bits
        self.count += 1

    def point_due(self, fraction: float) -> bool:
        """Whether `fraction` of the budget is past the next point."""
        return int(fraction * POINTS) > self.reached

    def look_due(self, fraction: float) -> bool:
        """Whether `fraction` of the budget is past the next look at the held-out text."""
        each = POINTS // EVALUATIONS
        return int(fraction * POINTS) // each > self.reached // each

    def note(
        self, fraction: float, step: int, seconds: float, rate: float, held_out: float | None
    ) -> None:
        """A point of the curve; `held_out` is None where nobody looked."""
        self.reached = int(fraction * POINTS)
        learned = self.total / max(self.count, 1)
        self.points.append(
            {
                "step": step,
                "seconds": round(seconds, 3),
                "rate_factor": rate,
                "learned": learned,
                "held_out": held_out,
            }
        )
        self.total, self.count = 0.0, 0

    def as_dict(self) -> dict[str, Any]:
        """What `LossCurve(**…)` is made of again."""
        return dataclasses.asdict(self)
