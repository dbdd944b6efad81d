"""How long the period of a sound is just before a place, and how periodic it is there.

──────────│◄── period ──►│           the last 25 ms are compared with those 25 ms that end
   ┌─────────── 25 ms ───┤           a period earlier: normalised cross-correlation, the
   │      ┌──────── 25 ms ─────┐     shortest of the periods that are nearly as good as the
───┴──────┴──────────────┴─────┤ place   best (a multiple of a period is one as well)
"""

import numpy as np
from numpy.typing import NDArray

LOWEST_PITCH, HIGHEST_PITCH = 70.0, 400.0
"""Hz: voices. What is outside has a multiple or a part of its period within."""
WINDOW = 0.025
"""Seconds."""
NEARLY = 0.9
QUIETEST = 1e3
"""Power that counts as silence, in squared steps of 16 bits: it has no period."""


class PitchMeter:
    """For one rate; `reach` is how many samples before a place it looks at."""

    def __init__(self, rate: int) -> None:
        self._window = max(2, round(WINDOW * rate))
        self._shortest = max(2, int(rate / HIGHEST_PITCH))
        self._longest = max(self._shortest + 1, round(rate / LOWEST_PITCH))
        self.reach = self._window + self._longest

    def before(self, wave: NDArray[np.float64], place: int) -> tuple[int, float]:
        """The period in samples, and how alike two of them are, at most 1.

        `wave` has at least `reach` samples before `place`.
        """
        heard = wave[place - self.reach : place]
        last = heard[self._longest :]
        # entry i is about what lies `longest - i` samples earlier; too short ones are cut off
        likeness = np.correlate(heard, last, "valid")
        summed = np.concatenate([[0.0], np.cumsum(heard**2)])
        energy = summed[self._window :] - summed[: -self._window]
        found = likeness / np.sqrt(energy * energy[-1] + (QUIETEST * self._window) ** 2)
        found = found[: self._longest - self._shortest + 1]
        best = found.max()
        at = int(np.flatnonzero(found >= NEARLY * best)[-1]) if best > 0 else int(found.argmax())
        while at + 1 < len(found) and found[at + 1] > found[at]:
            at += 1
        while at > 0 and found[at - 1] > found[at]:
            at -= 1
        return self._longest - at, float(found[at])
