"""What a transformer remembers: keys and values of the last `window` bytes, in a ring.

    position p ─► slot p mod window

    slot      0    1    2    3    4         window 5, nine bytes read (0 … 8)
    holds     5    6    7    8    4         the next one overwrites 4

Its size does not grow with the text. The position is a tensor on the device, and every shape is
fixed, so that a step can be captured in a CUDA graph.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class AttentionCache:
    """Keys and values of every layer, each (B, heads, window, width / heads)."""

    keys: list[Tensor]
    values: list[Tensor]
    position: Tensor
    """How many bytes have been read: int64, shape ()."""

    @property
    def window(self) -> int:
        """How many bytes are remembered."""
        return self.keys[0].shape[2]

    def detach(self) -> "AttentionCache":
        return AttentionCache(
            [key.detach() for key in self.keys],
            [value.detach() for value in self.values],
            self.position,
        )

    def select(self, rows: Tensor) -> "AttentionCache":
        return AttentionCache(
            [key.index_select(0, rows) for key in self.keys],
            [value.index_select(0, rows) for value in self.values],
            self.position.clone(),
        )

    def held_positions(self) -> Tensor:
        """The position that each slot holds, int64 of shape (window,); negative: none yet."""
        last = self.position - 1
        slots = torch.arange(self.window, device=last.device)
        return last - torch.remainder(last - slots, self.window)

    def put(self, layer: int, keys: Tensor, values: Tensor) -> None:
        """Remember the last of `keys` and `values`, (B, heads, T, …), from `position` on.

        The position itself stays until `advance`, as every layer starts from the same.
        """
        count = keys.shape[2]
        kept = min(count, self.window)
        positions = self.position + torch.arange(count - kept, count, device=self.position.device)
        slots = torch.remainder(positions, self.window)
        self.keys[layer].index_copy_(2, slots, keys[:, :, -kept:].to(self.keys[layer].dtype))
        self.values[layer].index_copy_(2, slots, values[:, :, -kept:].to(self.values[layer].dtype))

    def advance(self, count: int) -> None:
        """`count` bytes have been put into every layer."""
        self.position += count
