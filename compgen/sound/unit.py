"""`Unit`: in what pieces a compressor is asked to continue a tape."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from compgen.imaging.choices import Choices
from compgen.sampling.shaping import Shaping
from compgen.sound.tape import Tape


class Unit(ABC):
    """A way of filling a tape: sample, record or grain."""

    name: ClassVar[str]
    shaping: Shaping
    """What happens to the weights of candidates before one is drawn."""

    @abstractmethod
    def fill(self, tape: Tape, choices: Choices, rng: np.random.Generator) -> Iterator[int]:
        """Fill the tape to its end, in place; yields how many samples are made, now and then.

        Every choice among proposals is entered in `choices`. Raises UsageError where too
        little is known for the unit to go by.
        """
