"""`Canvas`: a picture that is being filled, and what may be looked at meanwhile."""

from dataclasses import dataclass, field

import numpy as np

from compgen.media.pixels import Mask, Pixels

UNFILLED = 128
"""What a pixel shows that has not been filled (yet): gray, and never the truth."""


@dataclass
class Canvas:
    """A picture with a part that is given, a part that has been filled, and the rest."""

    pixels: Pixels
    known: Mask
    """What was given."""
    filled: Mask
    """What was given or has been filled since."""
    corpus: tuple[Pixels, ...] = ()
    """Other pictures, with as many channels, wholly known."""
    levels: int = 256
    """How many values a channel has."""
    _unknown_count: int = field(init=False)

    def __post_init__(self) -> None:
        self._unknown_count = int(np.count_nonzero(~self.known))

    @classmethod
    def of(
        cls, truth: Pixels, unknown: Mask, corpus: tuple[Pixels, ...] = (), levels: int = 256
    ) -> "Canvas":
        """A fresh canvas: of `truth` only what is not `unknown` is taken over."""
        pixels = np.where(unknown[..., None], np.uint8(UNFILLED), truth)
        return cls(pixels, ~unknown, ~unknown, corpus, levels)

    @property
    def sources(self) -> list[tuple[Pixels, Mask]]:
        """Pictures and what is known of each: this one first, then the corpus."""
        others = [(picture, np.ones(picture.shape[:2], np.bool_)) for picture in self.corpus]
        return [(self.pixels, self.known), *others]

    @property
    def unknown_count(self) -> int:
        """How many pixels are to be filled in all."""
        return self._unknown_count
