"""How a block of data is split into lanes that are coded side by side.

    block  ├──── lane 0 ────┼──── lane 1 ────┼── … ──┼── lane n-1 ──┤
              ▼ one byte of each lane, then the next of each: one batched step

How many there are is a matter of the block's length alone, so both sides know it. Lengths differ
by one byte at most, and the longer lanes come first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


class LaneRule(NamedTuple):
    """One lane for every `least` bytes, from 1 to `most`."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"length // {self.least}, 1 to {self.most}"

    def lanes(self, length: int) -> tuple[Places, Places]:
        """Where each lane of a block begins, and how long it is, shapes (lanes,)."""
        lanes = min(max(length // self.least, 1), self.most)
        share, longer = divmod(length, lanes)
        lengths = np.where(np.arange(lanes) < longer, share + 1, share)
        return np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths


ALONE = LaneRule(4096, 64)
"""A network alone loses under half a percent to lanes, and gains by every one of them."""
MIXED = LaneRule(32768, 4)
"""Counts learn less from lanes that are far apart, and four fill the processor's registers."""
