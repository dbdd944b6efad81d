"""Rotary position embedding: keys and queries turned by angles that grow with their positions.

    (a, b) ─► (a cos + b sin, b cos − a sin)         so that q·k depends on their distance only

Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021.
"""

import torch
from torch import Tensor

LOWEST_FREQUENCY = 1e-4
"""In radians a byte; the highest is 1."""


def rotations(positions: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines, float32 of shape (T, size / 2), for positions, int64 of shape (T,).

    The angles are float64: in float32 they are off by 0.06 after a million bytes. MPS has none,
    so there they come from the CPU.
    """
    device = positions.device
    if device.type == "mps":
        positions = positions.cpu()
    exponents = torch.arange(size // 2, device=positions.device, dtype=torch.float64) / (size // 2)
    angles = positions[:, None].double() * LOWEST_FREQUENCY**exponents
    return angles.cos().float().to(device), angles.sin().float().to(device)


def rotate(vectors: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """`vectors`, (B, heads, T, size), each turned by the angles of its position."""
    first, second = vectors.chunk(2, -1)
    turned = (first * cosines + second * sines, second * cosines - first * sines)
    return torch.cat(turned, -1).to(vectors.dtype)
