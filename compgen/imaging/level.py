"""`Leveller`: proposals at the level of the place where they are to be pasted.

at home  12 14 11        here  42 45 40        What a proposal brings is texture; how bright it
         13 │20 24             43 │ ?  ?       is, the pixels know that touch the block. So it is
         11 │17 22             42 │ ?  ?       moved by the median of the steps from there to here
                                               (here: 30), and pasted as 50 54 / 47 52.

The median is the step under which what touches the block is least unlike here and there, in
absolute differences. In a drawing most pixels that touch are equal, and nothing moves. What has
moved takes the nearest of the known colours: a drawing keeps its colours, a picture of few levels
its levels, and none drifts to a tint of its own.

An exact copy betrays itself, besides: an encoder that looks for repetitions finds its runs again
and pays next to nothing for them, and the eye finds its edges.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compgen.imaging.cells import Cell
from compgen.imaging.surroundings import Surroundings
from compgen.media.pixels import Mask, Pixels

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

TOUCHING = 1
"""How wide the ring is that tells the level."""


class Leveller:
    """Moves proposals from their homes' level to another place's."""

    def __init__(self, sources: Sequence[tuple[Pixels, Mask]]) -> None:
        channels = sources[0][0].shape[2]
        known = np.concatenate([pixels[mask].reshape(-1, channels) for pixels, mask in sources])
        self._colours = np.unique(known, axis=0)

    def move(self, patch: Pixels, home: Surroundings, here: Surroundings) -> Pixels:
        """`patch`, cut out between `home`, as it goes between `here`."""
        step = level_step(home, here)
        if not step.any():
            return patch
        _, nearest = self._tree.query((patch + step).reshape(-1, patch.shape[2]))
        moved: Pixels = self._colours[nearest].reshape(patch.shape)
        return moved

    @cached_property
    def _tree(self) -> "cKDTree":
        from scipy.spatial import cKDTree

        return cKDTree(self._colours.astype(np.float64))


def touching(pixels: Pixels, seen: Mask, cell: Cell) -> Surroundings:
    """What touches a block, and nothing of the block itself."""
    found = Surroundings.of(pixels, seen, cell, TOUCHING)
    found.visible[TOUCHING:-TOUCHING, TOUCHING:-TOUCHING] = False
    return found


def level_step(home: Surroundings, here: Surroundings) -> NDArray[np.int16]:
    """The median step from what is visible at home to the same here, in gray levels, shape
    (channels,); 0 where there is nothing to compare.

    Of an even number of steps everything between the middle two is a median: the smallest move
    is taken.
    """
    both = home.visible & here.visible
    if not both.any():
        return np.zeros(home.pixels.shape[2], np.int16)
    steps = np.sort(here.pixels[both].astype(np.int16) - home.pixels[both], axis=0)
    lower, upper = steps[(len(steps) - 1) // 2], steps[len(steps) // 2]
    least: NDArray[np.int16] = np.maximum(lower, np.minimum(upper, 0))
    return least
