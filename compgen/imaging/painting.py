"""`Painting`: one sample of a picture while it is being made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.imaging.canvas import Canvas
from compgen.imaging.choices import Choices
from compgen.imaging.unit import Unit
from compgen.media.pixels import Mask, Pixels


@dataclass(frozen=True)
class Sitting:
    """What all samples of one run share."""

    truth: Pixels
    """The picture; what is `unknown` of it is never looked at."""
    unknown: Mask
    unit: Unit
    corpus: tuple[Pixels, ...] = ()
    levels: int = 256
    blind: bool = False
    """The null score: proposals are drawn without the compressor."""
    seed: int = 0

    @property
    def given(self) -> Pixels:
        """The picture with its unknown part gray."""
        return Canvas.of(self.truth, self.unknown).pixels

    def rng(self, sample: int) -> np.random.Generator:
        """A sample's own generator: the n-th is the same however many are drawn."""
        return np.random.default_rng([self.seed, 1 + sample])


class Painting:
    """Iterate over it for how many pixels are filled; `pixels` is the picture at any time."""

    def __init__(self, sitting: Sitting, sample: int = 0) -> None:
        self._sitting = sitting
        self._sample = sample
        self._canvas = Canvas.of(sitting.truth, sitting.unknown, sitting.corpus, sitting.levels)
        self.choices = Choices(blind=sitting.blind)

    def __iter__(self) -> Iterator[int]:
        rng = self._sitting.rng(self._sample)
        yield from self._sitting.unit.fill(self._canvas, self.choices, rng)

    def __len__(self) -> int:
        return self._canvas.unknown_count

    @property
    def pixels(self) -> Pixels:
        """What there is, (height, width, channels)."""
        return self._canvas.pixels

    @property
    def filled(self) -> int:
        """How many pixels have been filled."""
        canvas = self._canvas
        return int(np.count_nonzero(canvas.filled & ~canvas.known))

    def finish(self) -> Pixels:
        """Fill all of it."""
        for _ in self:
            pass
        return self.pixels

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        unit = self._sitting.unit
        found: dict[str, Any] = {
            "unit": unit.name,
            "sample": self._sample,
            "seed": self._sitting.seed,
            "pixels_to_fill": len(self),
            "pixels_filled": self.filled,
        }
        if self.choices.count:
            found["choices"] = self.choices.as_dict()
        return found
