"""compgen.distribution on a device: n next-byte distributions at once, none of which comes back.

    logits ─► frequencies ─► top-k ─► typical ─► top-p ─► min-p ─► temperature ─► a byte each

Operation by operation that file, on tensors of shape (n, 256), float64, without a branch on what
they hold: a CUDA graph can record all of it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

PRECISION = 24
TOTAL = 1 << PRECISION
_SCALE = 1 << 30


@dataclass(frozen=True)
class Options:
    """Those of `compgen.distribution`; the defaults keep everything as it is."""

    temperature: float = 1.0
    top_k: int = 0
    typical: float = 1.0
    top_p: float = 1.0
    min_p: float = 0.0


def frequencies(logits: Tensor) -> Tensor:
    """Whole numbers that sum to 2^24, at least 1 each, int64 (n, 256), of logits, (n, 256).

    The rule is that of compgen/kernels/softmax.py; another exponential may round otherwise.
    """
    logits = logits.float()
    likely = torch.exp(logits - logits.amax(-1, keepdim=True))
    counts = (likely * _SCALE).to(torch.int64)
    scale = (TOTAL - 256) / counts.sum(-1, keepdim=True).double()
    shares = (counts.double() * scale).to(torch.int64)
    missing = (TOTAL - 256) - shares.sum(-1, keepdim=True)
    largest = shares.argmax(-1, keepdim=True)
    return shares.scatter_add(-1, largest, missing) + 1


def truncate(p: Tensor, options: Options) -> Tensor:
    """The truncations, then the temperature: `Shaping.truncate`, of each row."""
    if 0 < options.top_k < p.shape[-1]:
        p = _top_k(p, options.top_k)
    if options.typical < 1:
        p = _typical(p, options.typical)
    if options.top_p < 1:
        order = torch.sort(p, dim=-1, descending=True, stable=True).indices
        p = _prefix(p, order, options.top_p)
    if options.min_p > 0:
        least = options.min_p * p.amax(-1, keepdim=True)
        p = _renormalised(torch.where(p >= least, p, torch.zeros_like(p)))
    return _temper(p, options.temperature)


def draw(p: Tensor, uniforms: Tensor) -> Tensor:
    """The byte of each row that its number in [0, 1) picks, int64 (n,); `distribution.draw`."""
    cumulative = p.cumsum(-1)
    target = uniforms[:, None] * cumulative[:, -1:]
    index = (cumulative <= target).sum(-1)
    # rounding at the very top of the cumulative sum: the last that is possible
    places = torch.arange(p.shape[-1], device=p.device)
    last = torch.where(p > 0, places, torch.zeros_like(places)).amax(-1)
    return torch.minimum(index, last)


def _top_k(p: Tensor, k: int) -> Tensor:
    order = torch.sort(p, dim=-1, descending=True, stable=True).indices
    kept = torch.zeros_like(p).scatter_(-1, order[..., :k], 1.0)
    few = (p > 0).sum(-1, keepdim=True) <= k
    return torch.where(few, p, _renormalised(p * kept))


def _typical(p: Tensor, mass: float) -> Tensor:
    alive = p > 0
    surprise = torch.where(alive, -torch.log2(torch.where(alive, p, torch.ones_like(p))), torch.inf)
    entropy = torch.where(alive, p * surprise, torch.zeros_like(p)).sum(-1, keepdim=True)
    order = torch.sort((surprise - entropy).abs(), dim=-1, stable=True).indices
    return _prefix(p, order, mass)


def _prefix(p: Tensor, order: Tensor, mass: float) -> Tensor:
    """The first of `order` that hold `mass`, at least one."""
    ahead = p.gather(-1, order).cumsum(-1)
    kept = torch.cat([torch.ones_like(ahead[..., :1]), (ahead[..., :-1] < mass).to(p.dtype)], -1)
    return _renormalised(p * torch.zeros_like(p).scatter_(-1, order, kept))


def _temper(p: Tensor, temperature: float) -> Tensor:
    if temperature == 1:
        return p
    if temperature == 0:
        return torch.zeros_like(p).scatter_(-1, p.argmax(-1, keepdim=True), 1.0)
    return _renormalised((p / p.amax(-1, keepdim=True)) ** (1 / temperature))


def _renormalised(weights: Tensor) -> Tensor:
    return weights / weights.cumsum(-1)[..., -1:]
