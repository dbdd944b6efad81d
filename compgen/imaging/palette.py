"""A few colours that stand for many: k-means from quantiles, the same for the same pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MOST_PIXELS = 20_000
"""A palette is found on a sample of so many pixels, evenly spread."""
_PIECE = 4096


@dataclass(frozen=True)
class Palette:
    """Colours, shape (n, channels), uint8."""

    values: NDArray[np.uint8]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], most: int) -> "Palette":
        """At most `most` colours for `pixels`, shape (m, channels); their own, if they are so
        few."""
        distinct = np.unique(pixels, axis=0)
        if len(distinct) <= most:
            return cls(distinct)
        sample = pixels[:: max(1, len(pixels) // MOST_PIXELS)].astype(np.float64)
        order = np.argsort(sample.sum(1), kind="stable")
        centres = sample[order[((np.arange(most) + 0.5) * len(sample) / most).astype(np.intp)]]
        for _ in range(ROUNDS):
            label = _nearest(sample, centres)
            count = np.bincount(label, minlength=most)
            for channel in range(sample.shape[1]):
                total = np.bincount(label, sample[:, channel], minlength=most)
                centres[:, channel] = np.where(
                    count, total / np.maximum(count, 1), centres[:, channel]
                )
        return cls(np.unique(np.rint(centres).astype(np.uint8), axis=0))

    def nearest(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The place in the palette of each pixel's nearest colour, shape (m,)."""
        return _nearest(pixels.astype(np.float64), self.values.astype(np.float64)).astype(np.uint8)


def _nearest(pixels: NDArray[np.float64], colours: NDArray[np.float64]) -> NDArray[np.intp]:
    pieces = [
        ((pixels[start : start + _PIECE, None] - colours[None]) ** 2).sum(2).argmin(1)
        for start in range(0, len(pixels), _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.intp)
