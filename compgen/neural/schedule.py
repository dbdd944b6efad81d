"""How long to train, and how fast to learn at each moment of it.

    rate  ▲   ________________
          │  /                ╲ ___             up over 20 steps, flat for half of the budget,
          │ /                      ╲___         then down to nothing at its end
          └──────────┬──────────┬──────► fraction of the budget
                    1/4        1/2

So a budget has to be known at the beginning.
"""

from dataclasses import dataclass

WARM_UP = 20
DECAY = 0.5


@dataclass(frozen=True)
class Budget:
    """A number of steps, or of seconds as `devices.clock_of` counts them; one of the two."""

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        assert (self.steps is None) != (self.seconds is None), self

    def fraction(self, step: int, seconds: float) -> float:
        """How much is spent, from 0 to 1, after `step` steps and `seconds`."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        return min(seconds / (self.seconds or 1.0), 1.0)


def rate_factor(step: int, fraction: float) -> float:
    """What the highest learning rate is multiplied by before step number `step`."""
    return min(1.0, (step + 1) / WARM_UP) * min(1.0, (1.0 - fraction) / DECAY)
