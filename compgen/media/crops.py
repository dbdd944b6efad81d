"""Pieces of a picture of one size, many more than it has room for side by side.

┌───────────────────────┐    each at a scale of its own, from that at which the whole picture
│ ┌───┐      ┌────────┐ │    is one piece to the picture's own (its logarithm is uniform), in
│ └───┘ ┌─┐  │        │ │    a place of its own, mirrored or not
│       └─┘  └────────┘ │
└───────────────────────┘
"""

from typing import TYPE_CHECKING

import numpy as np

from compgen.compressors.picture import pillow
from compgen.errors import UsageError
from compgen.media.pixels import Pixels

if TYPE_CHECKING:
    from numpy.random import Generator


def crops(pixels: Pixels, size: tuple[int, int], count: int, rng: "Generator") -> list[Pixels]:
    """So many pieces, `size` (width, height) each; lower where the picture is too flat for that.

    Raises UsageError where the picture is narrower than a piece.
    """
    height, width, channels = pixels.shape
    wide, high = size
    if width < wide:
        raise UsageError(f"{width} pixels in a row do not hold a piece of {wide}; lower --size")
    smallest = min(1.0, max(wide / width, high / height))
    image = pillow().fromarray(pixels[..., 0] if channels == 1 else pixels)
    found = []
    for _ in range(count):
        scale = smallest ** rng.random()
        box_width, box_height = wide / scale, min(high / scale, height)
        left, top = rng.random() * (width - box_width), rng.random() * (height - box_height)
        rows = max(1, round(box_height * scale))
        box = (left, top, min(left + box_width, width), top + box_height)
        piece = np.asarray(image.resize((wide, rows), pillow().Resampling.LANCZOS, box=box))
        piece = piece.reshape(rows, wide, channels)
        found.append(piece[:, ::-1] if rng.random() < 0.5 else piece)
    return found
