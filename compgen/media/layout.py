"""In which order a picture's bytes are: where channels lie. For gray there is only one order.

interleaved   R G B  R G B  R G B │ R G B  R G B  R G B │     pixel by pixel
raster        R R R  G G G  B B B │ R R R  G G G  B B B │     row by row
planar        R R R  R R R │ G G G  G G G │ B B B  B B B      channel by channel
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Layout(StrEnum):
    """Names as `--layout` takes them."""

    INTERLEAVED = "interleaved"
    RASTER = "raster"
    PLANAR = "planar"


AXES = {Layout.INTERLEAVED: (0, 1, 2), Layout.RASTER: (0, 2, 1), Layout.PLANAR: (2, 0, 1)}


def byte_order(shape: tuple[int, int, int], layout: Layout) -> NDArray[np.intp]:
    """Indices into the flat (height, width, channels) array, in the layout's order, shape (n,)."""
    indices = np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)
    return indices.transpose(AXES[layout]).reshape(-1)
