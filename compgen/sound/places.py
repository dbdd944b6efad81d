"""Where a grain could be copied from: the places before which it sounds as it does here.

source   ──────│ before │ grain      │─────        compared are the samples `before` with
here     ──────│ end    │ ?                        the last ones: their squared distance
               └overlap─┘                          over their energy, so that both are in
                                                   the same phase of the same pitch
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compgen.media.samples import Samples, to_float

HOME_ENERGY = 0.3
"""How much the energy of a place counts against that of the end; it keeps loud places from
being unlike for their loudness alone (prototype)."""
SILENCE = 1e-3
"""Energy below which likeness means nothing; full scale is 1 a sample."""
SPACING = 0.0005
"""Seconds: two proposals are at least so far apart."""
FORBIDDEN = 0.001
"""Seconds: so near to its natural continuation no grain is taken, or all is one long copy."""


@dataclass(frozen=True, order=True)
class Home:
    """Where a proposal comes from: which source, and its first sample."""

    source: int
    start: int


class Places:
    """Every place in the sources where a grain of one length, and what is before it, is known."""

    def __init__(self, sources: Sequence[Samples], rate: int, overlap: int, grain: int) -> None:
        self._overlap = overlap
        self._grain = grain
        self._spacing = max(1, round(SPACING * rate))
        self._forbidden = max(1, round(FORBIDDEN * rate))
        self._sources = [to_float(source) for source in sources]
        self._counts = [max(0, len(source) - overlap - grain + 1) for source in sources]
        self._energies = [self._energy(source) for source in self._sources]
        self.count = sum(self._counts)
        """How many there are."""

    def nearest(self, end: Samples, most: int, last: Home | None) -> list[Home]:
        """The `most` places most like `end`, the last samples here, nearest first.

        `last` is where the grain before comes from: what follows it there is left out.
        """
        query = to_float(end)
        energy = float((query**2).sum()) + SILENCE
        unlike = np.concatenate(
            [
                self._distances(index, query, energy, last) if count else np.empty(0)
                for index, count in enumerate(self._counts)
            ]
        )
        borders = np.cumsum([0, *self._counts])
        homes: list[Home] = []
        while len(homes) < most:
            place = int(unlike.argmin())
            if not np.isfinite(unlike[place]):
                break
            source = int(np.searchsorted(borders, place, side="right")) - 1
            homes.append(Home(source, place - int(borders[source]) + self._overlap))
            low, high = int(borders[source]), int(borders[source + 1])
            unlike[max(low, place - self._spacing) : min(high, place + self._spacing + 1)] = np.inf
        return homes

    def _distances(
        self, index: int, query: NDArray[np.float64], energy: float, last: Home | None
    ) -> NDArray[np.float64]:
        from scipy.signal import correlate

        source, count = self._sources[index], self._counts[index]
        heard = source[: count + self._overlap - 1]
        likeness = sum(
            correlate(heard[:, channel], query[:, channel], mode="valid")
            for channel in range(query.shape[1])
        )
        home = self._energies[index]
        distances: NDArray[np.float64] = (energy + home - 2 * likeness) / (
            energy + HOME_ENERGY * home
        )
        if last is not None and last.source == index:
            natural = last.start + self._grain - self._overlap
            low = max(0, natural - self._forbidden)
            distances[low : max(0, natural + self._forbidden + 1)] = np.inf
        return distances

    def _energy(self, source: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the samples before each place."""
        summed = np.concatenate([[0.0], np.cumsum((source**2).sum(axis=1))])
        count = max(0, len(source) - self._overlap - self._grain + 1)
        found: NDArray[np.float64] = summed[self._overlap : self._overlap + count] - summed[:count]
        return np.maximum(found, 0.0) + SILENCE
