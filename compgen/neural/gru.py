"""The recurrent model: one GRU layer, small enough to learn a text in two minutes on one core.

                     ┌───────── h (hidden) ◄────────┐
                     ▼                              │
    byte ─► embedding ─► reset, update, new gates ──┴─► dropout ─► head ─► 256 logits

Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014, in
torch's variant (the reset gate acts after the matrix): docs.pytorch.org, torch.nn.GRU.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from compgen.neural.byte_model import ByteModel
from compgen.neural.config import ALPHABET, GruConfig


@dataclass
class GruState:
    """The hidden units, float32 of shape (1, B, hidden)."""

    hidden: Tensor

    def detach(self) -> "GruState":
        return GruState(self.hidden.detach())

    def select(self, rows: Tensor) -> "GruState":
        return GruState(self.hidden.index_select(1, rows))


class Gru(ByteModel):
    """Names of parameters as in the checkpoint: embedding, rnn, head."""

    def __init__(self, config: GruConfig) -> None:
        super().__init__()
        self.config: GruConfig = config
        self.embedding = nn.Embedding(ALPHABET, config.embedding)
        self.rnn = nn.GRU(config.embedding, config.hidden, batch_first=True)
        self.head = nn.Linear(config.hidden, ALPHABET)

    def initial_state(self, batch: int) -> GruState:
        return GruState(torch.zeros(1, batch, self.config.hidden, device=self.device))

    def forward(
        self,
        tokens: Tensor,
        state: GruState | None = None,
        dropout: torch.Generator | None = None,
    ) -> tuple[Tensor, GruState]:
        hidden = None if state is None else state.hidden
        outputs, hidden = self.rnn(self.embedding(tokens), hidden)
        if dropout is not None and self.config.dropout:
            outputs = _drop(outputs, self.config.dropout, dropout)
        return self.head(outputs), GruState(hidden)

    def step(self, tokens: Tensor, state: GruState) -> Tensor:
        outputs, hidden = self.rnn(self.embedding(tokens[:, None]), state.hidden)
        state.hidden.copy_(hidden)
        logits: Tensor = self.head(outputs[:, 0])
        return logits


def _drop(outputs: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Dropout whose randomness is the caller's own, unlike that of torch's."""
    kept = torch.empty_like(outputs).bernoulli_(1 - share, generator=generator)
    return outputs * kept / (1 - share)
