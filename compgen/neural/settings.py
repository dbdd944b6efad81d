"""What a training is to be: with the corpus and the device it decides every weight."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from compgen.errors import UsageError
from compgen.neural.config import AnyConfig, GruConfig
from compgen.neural.presets import PRESETS, Preset
from compgen.neural.schedule import Budget
from compgen.suggest import did_you_mean

DEFAULT_MINUTES = 2.0
HELD_OUT = 0.05


@dataclass(frozen=True)
class Settings:
    """Raises UsageError on values that make no sense."""

    preset: str = "gru"
    steps: int | None = None
    minutes: float | None = None
    """Of CPU time on a CPU, else on the clock; where `steps` is None, too, DEFAULT_MINUTES."""
    batch: int | None = None
    length: int | None = None
    """None: the preset's."""
    dropout: float | None = None
    """Of a recurrent model; None: the preset's."""
    rate: float = 1.0
    """Multiplies the preset's learning rates."""
    held_out: float = HELD_OUT
    """The last part of every file that is not learned from, as a share."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise UsageError(
                f"there is no preset '{self.preset}'{did_you_mean(self.preset, PRESETS)} "
                f"(presets: {', '.join(PRESETS)})"
            )
        if self.steps is not None and self.minutes is not None:
            raise UsageError("give the budget in steps or in minutes, not both")
        for name in ("steps", "batch", "length"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} must be 1 or more, not {value}")
        for name in ("minutes", "rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise UsageError(f"{name} must be above 0, not {value}")
        if self.dropout is not None and not isinstance(self.recipe.config, GruConfig):
            raise UsageError("only the preset 'gru' has dropout")
        if not 0 <= self.held_out < 1:
            raise UsageError(f"the held-out share must be from 0 to below 1, not {self.held_out}")
        if self.seed < 0:
            raise UsageError(f"seed must be 0 or more, not {self.seed}")
        _ = self.config  # checks dropout

    @property
    def recipe(self) -> Preset:
        """The preset."""
        return PRESETS[self.preset]

    @property
    def config(self) -> AnyConfig:
        """The model that is trained, without provenance."""
        config = self.recipe.config
        if self.dropout is None or not isinstance(config, GruConfig):
            return config
        return dataclasses.replace(config, dropout=self.dropout)

    @property
    def budget(self) -> Budget:
        """When to stop."""
        if self.steps is not None:
            return Budget(steps=self.steps)
        return Budget(seconds=60 * (DEFAULT_MINUTES if self.minutes is None else self.minutes))

    def as_dict(self) -> dict[str, Any]:
        """Every option, made definite."""
        budget = self.budget
        return {
            "preset": self.preset,
            "steps": budget.steps,
            "minutes": None if budget.seconds is None else budget.seconds / 60,
            "batch": self.batch or self.recipe.batch,
            "length": self.length or self.recipe.length,
            "dropout": getattr(self.config, "dropout", None),
            "rate": self.rate,
            "held_out": self.held_out,
            "seed": self.seed,
        }
