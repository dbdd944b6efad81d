"""Which bytes each step learns from: a function of the seed and the step, so nothing need be
remembered to go on after an interruption.

    Streams    the text in B equal lanes, read side by side; a step goes on where the last stopped

               lane 0  ├─T─┼─T─┼─T─┼ …          a pass: all lanes, once; after it the text is
               lane 1  ├─T─┼─T─┼─T─┼ …          rotated by a random number of bytes
               step      0   1   2

    Windows    B sequences from anywhere
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.errors import InputError
from compgen.neural.corpus_split import Bytes


@dataclass(frozen=True)
class Batches(ABC):
    """Sequences of `length` bytes, `batch` at a time, of `data`."""

    data: Bytes
    batch: int
    length: int
    seed: int

    @abstractmethod
    def starts(self, step: int) -> NDArray[np.int64]:
        """Where the step's sequences start, shape (batch,)."""

    @abstractmethod
    def begins(self, step: int) -> bool:
        """Whether this step's sequences do not go on from those of the step before."""

    def at(self, step: int, rows: slice = slice(None)) -> NDArray[np.int64]:
        """The step's sequences, each with the byte after it, int64 of shape (B, length + 1)."""
        places = self.starts(step)[rows, None] + np.arange(self.length + 1)
        sequences: NDArray[np.int64] = self.data[places].astype(np.int64)
        return sequences


class Streams(Batches):
    """Lanes read side by side, for a model that carries its state over."""

    def starts(self, step: int) -> NDArray[np.int64]:
        turn, place = divmod(step, self._steps_in_a_pass)
        rotation = np.random.default_rng([self.seed, turn]).integers(self.data.size) if turn else 0
        lane = self.data.size // self.batch
        starts = np.arange(self.batch) * lane + place * self.length + rotation
        return starts % (self.data.size - self.length)

    def begins(self, step: int) -> bool:
        return step % self._steps_in_a_pass == 0

    @property
    def _steps_in_a_pass(self) -> int:
        return max((self.data.size // self.batch - 1) // self.length, 1)


class Windows(Batches):
    """Sequences from anywhere, for a model that starts anew each time."""

    def starts(self, step: int) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.seed, step])
        return rng.integers(0, self.data.size - self.length, self.batch)

    def begins(self, step: int) -> bool:  # noqa: ARG002
        return True


def fitting_batch(size: int, batch: int, length: int) -> int:
    """`batch`, or as many sequences as `size` bytes hold, if that is fewer.

    Raises InputError where not even one fits.
    """
    if size <= length:
        raise InputError(
            f"the corpus leaves {size:,} bytes to learn from, and one sequence takes "
            f"{length + 1:,}; give more text or lower --length"
        )
    return min(batch, size // (length + 1))
