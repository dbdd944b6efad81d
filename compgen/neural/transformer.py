"""The transformer: pre-norm blocks, attention over the last `window` bytes.

    x ─► RMSNorm ─► qkv ─► q, k: RMSNorm, RoPE ─► attention ─► out ─┐
    │                                                               +─► x ─► the next block
    └───────────────────────────────────────────────────────────────┘
    x ─► RMSNorm ─► up ─► ReLU² ─► down ─► + x

`out`, `down` and the head start at zero: a block begins as the identity, and the first
prediction is uniform. Norms have no weights, matrices no biases.

Sources: Vaswani et al. 2017; RMSNorm, Zhang and Sennrich 2019; ReLU², So et al. 2021 (Primer);
norms of queries and keys, Henry et al. 2020; sliding window, Beltagy et al. 2020 (Longformer).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from compgen.neural.attention_cache import AttentionCache
from compgen.neural.byte_model import ByteModel
from compgen.neural.config import ALPHABET, TransformerConfig
from compgen.neural.rotary import rotate, rotations


class Block(nn.Module):
    """One layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.down.weight)

    def project(self, hidden: Tensor, turns: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Queries, keys and values of (B, T, width), each (B, heads, T, width / heads)."""
        batch, length, _ = hidden.shape
        parts = self.qkv(_normalise(hidden)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        return rotate(_normalise(query), *turns), rotate(_normalise(key), *turns), value

    def finish(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """What the block makes of (B, T, width) and of what attention found."""
        hidden = hidden + self.out(attended.transpose(1, 2).flatten(2))
        active = functional.relu(self.up(_normalise(hidden)))
        result: Tensor = hidden + self.down(active * active)  # faster than square()
        return result


class Transformer(ByteModel):
    """Names of parameters as in the checkpoint: embedding, blocks, head."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config: TransformerConfig = config
        self.embedding = nn.Embedding(ALPHABET, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.head = nn.Linear(config.width, ALPHABET, bias=False)
        nn.init.zeros_(self.head.weight)

    def initial_state(self, batch: int, dtype: torch.dtype = torch.float32) -> AttentionCache:
        size = self.config
        shape = (batch, size.heads, size.window, size.width // size.heads)

        def empty() -> list[Tensor]:
            return [torch.zeros(shape, dtype=dtype, device=self.device) for _ in self.blocks]

        return AttentionCache(empty(), empty(), torch.zeros((), dtype=torch.int64).to(self.device))

    def forward(
        self,
        tokens: Tensor,
        state: AttentionCache | None = None,
        dropout: torch.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Tensor, AttentionCache | None]:
        """As `ByteModel.forward`; a state is changed in place, and without one none is made."""
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        if state is not None:
            positions = positions + state.position
        turns = self._turns(positions)
        mask = self._mask(positions, state)
        hidden = _normalise(self.embedding(tokens))
        for layer, block in enumerate(self._blocks()):
            query, key, value = block.project(hidden, turns)
            keys, values = key, value
            if state is not None:
                keys = torch.cat([state.keys[layer].to(key.dtype), key], 2)
                values = torch.cat([state.values[layer].to(value.dtype), value], 2)
                state.put(layer, key, value)
            attended = functional.scaled_dot_product_attention(
                query, keys, values, attn_mask=mask, is_causal=mask is None
            )
            hidden = block.finish(hidden, attended)
        if state is not None:
            state.advance(tokens.shape[1])
        return self.head(_normalise(hidden)), state

    def step(self, tokens: Tensor, state: AttentionCache) -> Tensor:
        """As `forward` of one byte, without copying the cache."""
        turns = self._turns(state.position[None])
        filled = torch.arange(state.window, device=tokens.device) <= state.position
        hidden = _normalise(self.embedding(tokens[:, None]))
        for layer, block in enumerate(self._blocks()):
            query, key, value = block.project(hidden, turns)
            state.put(layer, key, value)
            keys, values = state.keys[layer].to(query.dtype), state.values[layer].to(query.dtype)
            attended = functional.scaled_dot_product_attention(
                query, keys, values, attn_mask=filled[None, None, None]
            )
            hidden = block.finish(hidden, attended)
        state.advance(1)
        logits: Tensor = self.head(_normalise(hidden[:, 0]))
        return logits

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def _turns(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return rotations(positions, self.config.width // self.config.heads)

    def _mask(self, positions: Tensor, state: AttentionCache | None) -> Tensor | None:
        """Which of the keys (remembered, then new) each of the new bytes sees; None: all before.

        bool of shape (T, window + T), or (T, T) without a state.
        """
        if state is None and positions.shape[0] <= self.config.window:
            return None
        held = positions if state is None else torch.cat([state.held_positions(), positions])
        distance = positions[:, None] - held[None, :]
        return (distance >= 0) & (distance < self.config.window) & (held[None, :] >= 0)


def _normalise(vectors: Tensor) -> Tensor:
    """RMSNorm over the last axis, without weights."""
    return functional.rms_norm(vectors, vectors.shape[-1:])
