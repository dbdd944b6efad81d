"""Where a block could be copied from: the places whose surroundings are most like its own.

Compared are the pixels of the block and its ring (surroundings.py) that are filled here and known
there: the mean squared difference (Efros and Leung, ICCV 1999; blocks: Efros and Freeman,
SIGGRAPH 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.media.pixels import Mask, Pixels

ENOUGH = 0.7
"""A place qualifies if it has this share at least of the pixels that the best place has to
compare: a border, or an unknown part, is not likeness."""


@dataclass(frozen=True, order=True)
class Home:
    """Where a proposal comes from: which source, and its upper left pixel."""

    source: int
    y: int
    x: int


class Places:
    """Every place in the sources where a block of one shape is wholly known."""

    def __init__(
        self, sources: Sequence[tuple[Pixels, Mask]], height: int, width: int, ring: int
    ) -> None:
        self._fields = [_Field(pixels, known, height, width, ring) for pixels, known in sources]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(int(np.count_nonzero(field.eligible)) for field in self._fields)

    def nearest(
        self, window: Pixels, visible: Mask, most: int, rng: np.random.Generator
    ) -> list[Home]:
        """The `most` places most like `window`, a block with its ring, where it is `visible`.

        Of equals, and where nothing is visible, a random choice.
        """
        compared = [(field, *field.compare(window, visible)) for field in self._fields]
        largest = max(int(count[field.eligible].max(initial=0)) for field, _, count in compared)
        unlike = [
            np.where(
                field.eligible & (count >= ENOUGH * largest), total / np.maximum(count, 1), np.inf
            ).reshape(-1)
            for field, total, count in compared
        ]
        joined = np.concatenate(unlike)
        possible = np.flatnonzero(np.isfinite(joined))
        if len(possible) > most:
            ties = rng.random(len(possible))
            possible = possible[np.lexsort((ties, joined[possible]))[:most]]
        borders = np.cumsum([0, *map(len, unlike)])
        homes = []
        for place in possible.tolist():
            source = int(np.searchsorted(borders, place, side="right")) - 1
            columns = self._fields[source].eligible.shape[1]
            y, x = divmod(place - int(borders[source]), columns)
            homes.append(Home(source, y, x))
        return homes


class _Field:
    """The places of one source. Arrays are over upper left pixels."""

    def __init__(self, pixels: Pixels, known: Mask, height: int, width: int, ring: int) -> None:
        rows, columns = known.shape
        self._shape = max(0, rows - height + 1), max(0, columns - width + 1)
        margin = ((ring, ring), (ring, ring))
        self._known = np.pad(known, margin)
        values = np.pad(pixels * known[..., None], (*margin, (0, 0))).astype(np.int32)
        self._values = np.moveaxis(values, 2, 0).copy()
        self.eligible = np.ones(self._shape, np.bool_)
        for y in range(ring, ring + height):
            for x in range(ring, ring + width):
                self.eligible &= self._at(self._known, y, x)

    def compare(self, window: Pixels, visible: Mask) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The sum of squared differences at each place, and over how many pixels it goes."""
        total = np.zeros(self._shape, np.int64)
        count = np.zeros(self._shape, np.int32)
        for y, x in np.argwhere(visible).tolist():
            known = self._at(self._known, y, x)
            count += known
            for channel, value in enumerate(window[y, x].tolist()):
                difference = self._at(self._values[channel], y, x) - value
                difference *= difference
                difference *= known
                total += difference
        return total, count

    def _at(self, array: NDArray[np.generic], y: int, x: int) -> NDArray[np.generic]:
        """What lies at (y, x) of the window at each place."""
        rows, columns = self._shape
        return array[y : y + rows, x : x + columns]
