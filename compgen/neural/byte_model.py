"""What both models are: bytes so far in, logits of the next byte out, with a state between.

state ──┐
tokens (B, T) ─► forward ─► logits (B, T, 256), state      logits[:, t] follow tokens[:, :t+1]
tokens (B,)   ─► step    ─► logits (B, 256)                changes the state in place
"""

from abc import abstractmethod
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from compgen.neural.config import AnyConfig


class State(Protocol):
    """What a model knows of the bytes that it has read, for B texts at once."""

    def detach(self) -> Self:
        """The same, cut off from the computation that made it."""

    def select(self, rows: Tensor) -> Self:
        """A copy of the texts `rows`, int64 of shape (n,), in that order; one may come twice."""


class ByteModel(nn.Module):
    """A model of bytes."""

    config: AnyConfig

    @abstractmethod
    def initial_state(self, batch: int) -> Any:
        """The state of `batch` texts of which nothing has been read."""

    @abstractmethod
    def forward(
        self, tokens: Tensor, state: Any = None, dropout: torch.Generator | None = None
    ) -> tuple[Tensor, Any]:
        """Logits (B, T, 256) of what follows each of `tokens`, int64 of shape (B, T), and the
        state after them. Without a state nothing has been read before. Where `dropout` is
        given it decides which units are hidden; without it none are."""

    @abstractmethod
    def step(self, tokens: Tensor, state: Any) -> Tensor:
        """Logits (B, 256) after one more byte of each text, int64 of shape (B,)."""

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device
