"""Bits per byte of held-out text, in lanes side by side.

    held out  │ lane 0 │ lane 1 │ lane 2 │ …       each lane first reads the PRIMING bytes before
            ▔▔▔      ▔▔▔      ▔▔▔                  it (▔), which are not counted

Every held-out byte is counted at most once.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from compgen.neural.byte_model import ByteModel
from compgen.neural.corpus_split import Split

LANES = 64
SHORTEST_LANE = 64
PRIMING = 64
CHUNK = 128
"""Bytes of each lane that are read at once."""


@dataclass(frozen=True)
class HeldOut:
    """Lanes, int64 of shape (lanes, PRIMING + length)."""

    lanes: NDArray[np.int64]
    priming: int

    @property
    def size(self) -> int:
        """How many bytes are counted."""
        count, length = self.lanes.shape
        return int(count) * (int(length) - self.priming)

    def bits_per_byte(self, model: ByteModel) -> float:
        """Mean code length of the counted bytes, in bits."""
        tokens = torch.from_numpy(self.lanes).to(model.device)
        state = model.initial_state(len(tokens))
        total = torch.zeros((), device=model.device)
        with torch.inference_mode():
            for start in range(0, tokens.shape[1] - 1, CHUNK):
                read = tokens[:, start : start + CHUNK + 1]
                logits, state = model.forward(read[:, :-1], state)
                first = max(self.priming - 1 - start, 0)
                if first < logits.shape[1]:
                    total += functional.cross_entropy(
                        logits[:, first:].flatten(0, 1).float(),
                        read[:, 1 + first :].flatten(),
                        reduction="sum",
                    )
        return float(total) / math.log(2) / self.size


def held_out_of(corpus: Split, most: int) -> HeldOut | None:
    """Lanes spread evenly over the held-out text, of at most `most` bytes in all.

    None where too little is held out. Fewer than LANES bytes at its end may be left out.
    """
    size = corpus.held_out.size
    count = min(LANES, size // SHORTEST_LANE)
    priming = min(PRIMING, corpus.learned.size)
    if not count or not priming:
        return None
    text = np.concatenate([corpus.learned[corpus.learned.size - priming :], corpus.held_out])
    distance = size // count
    length = min(distance, most // count)
    places = np.arange(count)[:, None] * distance + np.arange(priming + length)
    return HeldOut(text[places].astype(np.int64), priming)
