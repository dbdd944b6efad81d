"""The window about a block on which code lengths are taken, and the same window elsewhere.

    here                       at a proposal's home
    ┌───────────────┐          ┌───────────────┐
    │ o o o o o o o │          │ o o o o o o o │     o  what both show
    │ o o o ? ? · · │          │ o o o # # · · │     ?  the block, a candidate pasted into it
    │ o o o ? ? · · │          │ o o o # # · · │     #  the candidate where it comes from
    └───────────────┘          └───────────────┘     ·  not filled here, so hidden there as well

What is hidden shows the nearest pixel that is not. The block's base is the window with the
block hidden, too: a candidate costs what it adds to that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.media.pixels import Mask, Pixels


@dataclass(frozen=True)
class Geometry:
    """A window relative to its block's upper left pixel, and what can be seen in it."""

    top: int
    left: int
    height: int
    width: int
    """Of the block."""
    visible: Mask
    """What was filled before the block, shape of the window; nothing of the block itself."""

    @classmethod
    def about(cls, filled: Mask, y: int, x: int, height: int, width: int, reach: int) -> "Geometry":
        """The window of `reach` pixels about a block, without margins where nothing is filled."""
        rows, columns = filled.shape
        top, bottom = max(0, y - reach), min(rows, y + height + reach)
        left, right = max(0, x - reach), min(columns, x + width + reach)
        seen = filled[top:bottom, left:right].copy()
        seen[y - top : y - top + height, x - left : x - left + width] = False
        while bottom > y + height and not seen[bottom - 1 - top].any():
            bottom -= 1
        while top < y and not seen[0].any():
            top, seen = top + 1, seen[1:]
        seen = seen[: bottom - top]
        while right > x + width and not seen[:, right - 1 - left].any():
            right -= 1
        while left < x and not seen[:, 0].any():
            left, seen = left + 1, seen[:, 1:]
        return cls(top - y, left - x, height, width, seen[:, : right - left])

    @property
    def key(self) -> tuple[int, int, int, int, tuple[int, ...], bytes]:
        """The same for equal geometries."""
        packed = np.packbits(self.visible).tobytes()
        return self.top, self.left, self.height, self.width, self.visible.shape, packed

    def base(self, pixels: Pixels, known: Mask, y: int, x: int) -> tuple[Pixels, slice, slice]:
        """The window of a picture about (y, x), all that is hidden filled in, and where the block
        lies in it. It is smaller at the border of the picture."""
        rows, columns = known.shape
        top, left = y + self.top, x + self.left
        first_row, first_column = max(0, -top), max(0, -left)
        last_row = min(self.visible.shape[0], rows - top)
        last_column = min(self.visible.shape[1], columns - left)
        here = np.s_[
            top + first_row : top + last_row,
            left + first_column : left + last_column,
        ]
        seen = self.visible[first_row:last_row, first_column:last_column] & known[here]
        block_row, block_column = -self.top - first_row, -self.left - first_column
        return (
            filled_in(pixels[here], seen),
            slice(block_row, block_row + self.height),
            slice(block_column, block_column + self.width),
        )


def filled_in(pixels: Pixels, seen: Mask) -> Pixels:
    """Every pixel that is not `seen` replaced by the nearest that is (middle gray: by none)."""
    if seen.all():
        return pixels.copy()
    if not seen.any():
        return np.full_like(pixels, 128)
    from scipy.ndimage import distance_transform_edt

    nearest: NDArray[np.intp] = distance_transform_edt(
        ~seen, return_distances=False, return_indices=True
    )
    found: Pixels = pixels[nearest[0], nearest[1]]
    return found
