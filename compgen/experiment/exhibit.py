"""`Exhibit`: an input of a comparison of pictures or sounds, of which a part is given.

┌ given ─────────┬ gap ────────┐      the truth      what is really there
│ o o o o o o o  │ ? ? ? ? ? ? │      samples        what the ways put there
└────────────────┴─────────────┘      forgeries      what it takes to fool a figure
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from compgen.experiment.fill import FillRun, FillSpec
from compgen.experiment.way import Way

Sample = np.ndarray[Any, Any]
"""A whole picture, or what was made of a sound."""


@dataclass(frozen=True)
class Figure:
    """A column of the table."""

    name: str
    title: str
    better: Literal["lower", "higher", "truth"]
    """`truth`: the nearer to the truth's own value the better."""
    meaning: str
    fooled_by: str
    form: str = ".2f"
    wide: bool = False
    """Whether the table has room for its interval."""


class Exhibit(ABC):
    """One input, read and cut."""

    medium: ClassVar[str]
    figures: ClassVar[tuple[Figure, ...]]

    name: str
    sha256: str
    data: bytes
    """The file."""

    @property
    @abstractmethod
    def description(self) -> str:
        """In a phrase: how large, what is given."""

    @property
    @abstractmethod
    def truth(self) -> Sample:
        """As a sample would be that is right in everything."""

    @abstractmethod
    def spec(self, way: Way, seed: int) -> FillSpec:
        """What is run to fill the gap."""

    @abstractmethod
    def sample_of(self, run: FillRun) -> Sample:
        """The sample from the file that a run keeps."""

    @abstractmethod
    def forgeries(self, seed: int) -> Mapping[str, Sample]:
        """The baselines that no compressor has had a hand in, by their names."""

    @abstractmethod
    def measure(self, sample: Sample) -> dict[str, float]:
        """All figures but those of a run; NaN where one cannot be had."""

    @property
    @abstractmethod
    def gap(self) -> int:
        """How many pixels or samples, all channels of each, are to be filled."""
