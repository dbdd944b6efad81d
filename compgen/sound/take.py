"""`Take`: one sample of a sound while it is being made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.imaging.choices import Choices
from compgen.media.samples import Samples
from compgen.sound.tape import Tape
from compgen.sound.unit import Unit


@dataclass(frozen=True)
class Session:
    """What all takes of one run share."""

    known: Samples
    length: int
    """Samples to make."""
    rate: int
    unit: Unit
    corpus: tuple[Samples, ...] = ()
    blind: bool = False
    """The null score: proposals are drawn without the compressor."""
    seed: int = 0

    def rng(self, sample: int) -> np.random.Generator:
        """A take's own generator: the n-th is the same however many are drawn."""
        return np.random.default_rng([self.seed, 1 + sample])


class Take:
    """Iterate over it for how many samples are made; `samples` is the sound at any time."""

    def __init__(self, session: Session, sample: int = 0) -> None:
        self._session = session
        self._sample = sample
        self._tape = Tape(session.known, session.length, session.rate, session.corpus)
        self.choices = Choices(blind=session.blind)

    def __iter__(self) -> Iterator[int]:
        rng = self._session.rng(self._sample)
        yield from self._session.unit.fill(self._tape, self.choices, rng)

    def __len__(self) -> int:
        return self._session.length

    @property
    def samples(self) -> Samples:
        """What there is, the known part and what was made, (length, channels)."""
        return self._tape.samples[: self._tape.end]

    @property
    def made(self) -> Samples:
        """What was made."""
        return self.samples[len(self._session.known) :]

    def finish(self) -> Samples:
        """Make all of it."""
        for _ in self:
            pass
        return self.samples

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found: dict[str, Any] = {
            "unit": self._session.unit.name,
            "sample": self._sample,
            "seed": self._session.seed,
            "samples_known": len(self._session.known),
            "samples_to_make": len(self),
            "samples_made": len(self.made),
        }
        if self.choices.count:
            found["choices"] = self.choices.as_dict()
        return found
