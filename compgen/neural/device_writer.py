"""`DeviceWriter`: n continuations at once, written where the model is.

    uniforms (n, k) ─► device ─┐
    logits ─► shape ─► draw ───┴─► bytes, one of each ─► step ─┐       one recorded step a byte
      ▲                 └──► their code lengths                │
      └────────────────────────────────────────────────────────┘   after BLOCK bytes: to the host

Uniform numbers come from the host, a row for each continuation: a seed gives the same text as
the sampler that draws on the host, except where two roundings part. Penalties on what has been
written (DRY, repetition) and the copy guard look at the text so far: they need that sampler.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compgen.neural.cuda_graph import Step
from compgen.neural.device_shaping import PRECISION, TOTAL, Options, draw, frequencies, truncate
from compgen.neural.numerics import repeatable
from compgen.neural.torch_engine import Lanes, TorchEngine

BLOCK = 64
"""Bytes of each continuation between two looks from the host."""


class DeviceWriter:
    """Continues each lane of a state, which is its own from now on."""

    def __init__(self, engine: TorchEngine, state: Lanes, options: Options) -> None:
        self._engine = engine
        self._options = options
        (self._part,) = state.parts
        lanes, place = self._part.count, engine.device
        # MPS has no float64: shaping is done on the host there, beside the same memory
        self._aside = torch.device("cpu") if place.type == "mps" else place
        with repeatable(place, engine.threads):
            self._uniforms = torch.zeros(lanes, BLOCK, dtype=torch.float64, device=self._aside)
            self._written = torch.zeros(lanes, BLOCK, dtype=torch.int64, device=self._aside)
            self._chances = torch.ones(lanes, BLOCK, dtype=torch.int64, device=self._aside)
            self._column = torch.zeros(1, dtype=torch.int64, device=self._aside)
        self._step = Step(self._move, place)

    def write(self, uniforms: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """A byte for each of `uniforms`, shape (n, k): uint8 (n, k), and what each cost before
        shaping, -log2 p, float64 (n, k)."""
        lanes, count = uniforms.shape
        data = np.empty((lanes, count), np.uint8)
        chances = np.empty((lanes, count), np.int64)
        for start in range(0, count, BLOCK):
            block = slice(start, min(start + BLOCK, count))
            width = block.stop - block.start
            with repeatable(self._engine.device, self._engine.threads):
                self._uniforms[:, :width] = self._tensor(uniforms[:, block])
                self._column.zero_()
                for _ in range(width):
                    self._step()
                data[:, block] = self._written[:, :width].to("cpu").numpy()
                chances[:, block] = self._chances[:, :width].to("cpu").numpy()
        return data, PRECISION - np.log2(chances)

    def _move(self) -> None:
        part = self._part
        counts = frequencies(part.logits.to(self._aside))
        p = truncate(counts.double() / TOTAL, self._options)
        values = draw(p, self._uniforms.index_select(1, self._column)[:, 0])
        chosen = counts.gather(1, values[:, None])
        self._written.index_copy_(1, self._column, values[:, None])
        self._chances.index_copy_(1, self._column, chosen)
        self._column += 1
        part.logits.copy_(self._engine.model.step(values.to(self._engine.device), part.model))

    def _tensor(self, values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._aside)
