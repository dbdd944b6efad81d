"""`Tape`: a sound that is being continued, and what may be looked at meanwhile."""

from dataclasses import dataclass, field

import numpy as np

from compgen.media.samples import Samples


@dataclass
class Tape:
    """What is known, and room for what is made up.

    known ──────────────────────┐ made ────────┐
    │ o o o o o o o o o o o o o │ o o o · · ·  │     `end` is where the next one goes
    └───────────────────────────┴──────────────┘
    """

    known: Samples
    length: int
    """How many samples are to be made."""
    rate: int
    corpus: tuple[Samples, ...] = ()
    """Other sounds, of the same rate and with as many channels."""
    samples: Samples = field(init=False)
    """The known part, and what is made up; zeros where nothing is yet."""
    end: int = field(init=False)

    def __post_init__(self) -> None:
        room = np.zeros((self.length, self.known.shape[1]), np.int16)
        self.samples = np.concatenate([self.known, room])
        self.end = len(self.known)

    @property
    def sources(self) -> list[Samples]:
        """What there is to copy from: the known part first, then the corpus."""
        return [self.known, *self.corpus]

    @property
    def done(self) -> int:
        """How many samples have been made."""
        return self.end - len(self.known)

    @property
    def missing(self) -> int:
        """How many samples are still to be made."""
        return self.length - self.done

    def append(self, samples: Samples) -> None:
        """Write as many of `samples` as there is room for."""
        fitting = samples[: self.missing]
        self.samples[self.end : self.end + len(fitting)] = fitting
        self.end += len(fitting)
