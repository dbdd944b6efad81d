"""`Surroundings`: a block with a ring about it, and what of that may be looked at.

ring of width 2     o o o o o o o o
about a 4 x 4       o o o o o o o o        o  visible: filled already, and inside the picture
block               o o ? ? ? ? · ·        ?  the block
                    o o ? ? ? ? · ·        ·  not filled yet
"""

from dataclasses import dataclass

import numpy as np

from compgen.imaging.cells import Cell
from compgen.media.pixels import Mask, Pixels


@dataclass(frozen=True)
class Surroundings:
    """The window of a block: shapes (height + 2 ring, width + 2 ring, channels) and without the
    channels. What is not visible is 0."""

    pixels: Pixels
    visible: Mask

    @classmethod
    def of(cls, pixels: Pixels, seen: Mask, cell: Cell, ring: int) -> "Surroundings":
        """Those of `cell` in a picture of which `seen` may be looked at."""
        rows, columns = seen.shape
        height, width = cell.height + 2 * ring, cell.width + 2 * ring
        window = np.zeros((height, width, pixels.shape[2]), np.uint8)
        visible = np.zeros((height, width), np.bool_)
        top, left = cell.y - ring, cell.x - ring
        first_row, last_row = max(0, -top), min(height, rows - top)
        first_column, last_column = max(0, -left), min(width, columns - left)
        there = np.s_[first_row:last_row, first_column:last_column]
        here = np.s_[top + first_row : top + last_row, left + first_column : left + last_column]
        visible[there] = seen[here]
        window[there] = pixels[here]
        window[~visible] = 0
        return cls(window, visible)
