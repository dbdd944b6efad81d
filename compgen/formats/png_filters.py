"""The filters that stand before PNG's deflate, and how Pillow chooses among them.

    row ─┬─ 0 none          a byte as it is
         ├─ 2 up            less the byte above                 the first of these, in this order,
         ├─ 1 sub           less the byte one pixel to the left whose bytes, read as signed, have
         └─ 4 Paeth         less whichever of left, above and   the smallest sum of absolute values
                            upper left is nearest to left + above - upper left

Filter 3, the average, is Pillow's only with `optimize`, which compgen does not ask for. Sources:
PNG specification, third edition, section 9; Pillow, src/libImaging/ZipEncode.c, which has the
rule from libpng (minimum sum of absolute differences) and the order of its own.
"""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]
NONE, SUB, UP, PAETH = 0, 1, 2, 4
IN_ORDER = (NONE, UP, SUB, PAETH)
COST = np.minimum(np.arange(256), 256 - np.arange(256)).astype(np.int64)
"""The absolute value of a byte that is read as signed."""


def filtered(rows: Rows, above: Rows, pixel: int) -> Rows:
    """Each row with its filter before it, shape (…, n, width + 1).

    rows    raw bytes of one picture or several, shape (…, n, width)
    above   the row above the first of each, shape (width,); zeros at the top of the picture
    pixel   bytes in a pixel
    """
    first = np.broadcast_to(above, (*rows.shape[:-2], 1, rows.shape[-1]))
    previous = np.concatenate([first, rows[..., :-1, :]], axis=-2)
    tried = np.stack([apply(kind, rows, previous, pixel) for kind in IN_ORDER])
    chosen = COST[tried].sum(-1).argmin(0)[None, ..., None]  # of equals the first
    kinds = np.array(IN_ORDER, np.uint8)[chosen[0]]
    return np.concatenate([kinds, np.take_along_axis(tried, chosen, 0)[0]], axis=-1)


def apply(kind: int, rows: Rows, above: Rows, pixel: int) -> Rows:
    """`rows` by one filter, each with the row `above` it; shapes (…, width), modulo 256."""
    if kind == NONE:
        return rows
    if kind == UP:
        return rows - above
    left = np.zeros_like(rows)
    left[..., pixel:] = rows[..., :-pixel]
    if kind == SUB:
        return rows - left
    corner = np.zeros_like(rows)
    corner[..., pixel:] = above[..., :-pixel]
    return rows - _paeth(left, above, corner)


def _paeth(left: Rows, above: Rows, corner: Rows) -> Rows:
    """Section 9.4: of equally near ones left, then above."""
    a, b, c = (values.astype(np.int16) for values in (left, above, corner))
    to_left, to_above, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    take_left = (to_left <= to_above) & (to_left <= to_corner)
    return np.where(take_left, left, np.where(to_above <= to_corner, above, corner))
