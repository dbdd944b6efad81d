"""What a byte of sound means: its rank among all bytes, and the amplitudes that it stands for.

          border[r]     border[r + 1]
    ──────────┼───── · ─────┼──────────      amplitude, quarters of a 16-bit step
                  centre[r]
    rank r = rank_of[byte]: the r-th lowest amplitude; bytes are coded by rank, so that the bits
    of a byte split amplitudes, not codes

mulaw     ITU-T G.711, as compgen.media.mu_law writes it: steps grow with the amplitude
linear    unsigned PCM of 8 bits, 128 is silence: a step is 256 of 16 bits
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LAWS = ("mulaw", "linear")
_BIAS = 132


class Law(NamedTuple):
    """How bytes stand for amplitudes; read-only."""

    rank_of: NDArray[np.uint8]  # (256,)
    byte_of: NDArray[np.uint8]  # (256,)   the inverse
    border: NDArray[np.int64]  # (257,)   between the ranks, quarters
    centre: NDArray[np.int64]  # (256,)   of each rank, quarters


@cache
def law(name: str) -> Law:
    """The law of that name, one of LAWS."""
    ranks = np.arange(256)
    if name == "mulaw":
        code = np.arange(128)  # of positive amplitudes, before it is inverted
        lowest = np.maximum((((code & 15) + 16) << ((code >> 4) + 3)) - _BIAS, 0)
        lower = np.concatenate([-np.append(lowest[1:], 32769)[::-1] + 1, lowest])
        byte_of = ~np.where(ranks < 128, 128 | (127 - ranks), ranks - 128).astype(np.uint8)
    else:
        lower = (ranks - 128) << 8
        byte_of = ranks.astype(np.uint8)
    border = np.append(4 * lower - 2, 4 * 32767 + 2).astype(np.int64)
    found = Law(
        np.argsort(byte_of).astype(np.uint8), byte_of, border, (border[1:] + border[:-1]) // 2
    )
    for table in found:
        table.flags.writeable = False
    return found
