"""What a training is to be: with the corpus and the device it decides every weight."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from compgen.errors import UsageError
from compgen.neural.config import AnyConfig, GruConfig, TransformerConfig
from compgen.neural.medium import FILES, Medium
from compgen.neural.presets import PRESETS, Preset
from compgen.neural.schedule import Budget
from compgen.suggest import did_you_mean

DEFAULT_MINUTES = 2.0
HELD_OUT = 0.05
ROWS = 2
"""Rows of a picture that attention reaches back at least, if MOST_WINDOW bytes suffice."""
MOST_WINDOW = 1024


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
    medium: Medium = FILES
    """What the corpus is made of."""

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
        if isinstance(config, TransformerConfig):
            rows = min(ROWS * self.medium.row, MOST_WINDOW)
            return dataclasses.replace(config, window=max(config.window, rows))
        if self.dropout is None:
            return config
        return dataclasses.replace(config, dropout=self.dropout)

    @property
    def sequence(self) -> int:
        """Bytes in a sequence."""
        config = self.config
        least = 2 * config.window if isinstance(config, TransformerConfig) else 0  # as in presets
        return self.length or max(self.recipe.length, least)

    @property
    def doubt(self) -> str | None:
        """Why this model is likely to be a bad one of its medium; None: nothing is known."""
        row, config = self.medium.row, self.config
        if not row:
            return None
        if isinstance(config, GruConfig):
            return (
                "a recurrent network of bytes hardly remembers the pixel above; --preset 0.2M and "
                "larger see it"
            )
        if config.window <= row:
            return (
                f"a row is {row:,} bytes and the network sees {config.window:,}: not the pixel "
                "above; make the pictures narrower, or gray"
            )
        return None

    @property
    def budget(self) -> Budget:
        """When to stop."""
        if self.steps is not None:
            return Budget(steps=self.steps)
        return Budget(seconds=60 * (DEFAULT_MINUTES if self.minutes is None else self.minutes))

    def as_dict(self) -> dict[str, Any]:
        """Every option, made definite."""
        budget = self.budget
        options: dict[str, Any] = {
            "preset": self.preset,
            "steps": budget.steps,
            "minutes": None if budget.seconds is None else budget.seconds / 60,
            "batch": self.batch or self.recipe.batch,
            "length": self.sequence,
            "dropout": getattr(self.config, "dropout", None),
            "rate": self.rate,
            "held_out": self.held_out,
            "seed": self.seed,
        }
        if self.medium != FILES:  # a training that an older version began goes on
            options["medium"] = self.medium.as_dict()
        return options
