"""`Unit`: in what pieces a compressor is asked to fill a canvas."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from compgen.imaging.canvas import Canvas
from compgen.imaging.choices import Choices
from compgen.sampling.shaping import Shaping


class Unit(ABC):
    """A way of filling a canvas: pixel, record, row or block."""

    name: ClassVar[str]
    shaping: Shaping
    """What happens to the weights of candidates before one is drawn."""

    @abstractmethod
    def fill(self, canvas: Canvas, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        """Fill what is unknown, in place; yields how many pixels are filled, now and then.

        Every choice among proposals is entered in `choices`. Raises UsageError where nothing
        is known that the unit could go by.
        """
