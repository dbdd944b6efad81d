"""`Analysis`: what can be said of every sample of a sound from those before it.

    samples ─┬─► predictor ─► predicted, residual ─┐
             ├─► pitch ─► period, likeness ────────┼─► nine figures, far to near:
             └─► loudness ─────────────────────────┘
                          ┌ a period ago ┐
    loudness   likeness   r[-1]  r[+1]  r[0]       r[t-3]  r[t-2]  predicted  r[t-1]     x[t] ?
    (20 ms)

A Lempel-Ziv compressor knows equal and different, and nothing near. Of two moments of a voice
no twenty samples are equal, but the residuals a period ago and just now are alike, coarsely.
"""

import numpy as np
from numpy.typing import NDArray

from compgen.media.samples import Samples
from compgen.sound.pitch import PitchMeter
from compgen.sound.predictor import Predictor

FIGURES = 9
AMPLITUDES = slice(2, None)
"""Which of them are companded amplitudes."""
PREDICTED = 7
"""Which of them is the prediction."""
LOUDNESS = 0.020
"""Seconds."""
HOP = 0.005
"""Seconds between two looks at the pitch."""
LOUDEST, QUIETEST = 32767.0, -32768.0


class Analysis:
    """One sound, silence before it, and room for more samples behind it."""

    def __init__(self, samples: Samples, room: int, rate: int, predictor: Predictor) -> None:
        self._predictor = predictor
        self._pitch = PitchMeter(rate)
        self._loudness = max(1, round(LOUDNESS * rate))
        self._hop = max(1, round(HOP * rate))
        self._reach = max(self._pitch.reach, self._loudness, predictor.order)
        length, channels = samples.shape
        self._start = self._reach
        self._end = self._start + length
        whole = self._end + room
        self._values = np.zeros((whole, channels))
        self._values[self._start : self._end] = samples
        self._predicted = np.zeros((whole, channels))
        self._predicted[: self._end] = predictor.predict(self._values[: self._end])
        self._residual = self._values - self._predicted
        # the figures are of the mean of the channels
        self._wave = self._values.mean(axis=1)
        self._mean_predicted = self._predicted.mean(axis=1)
        self._mean_residual = self._residual.mean(axis=1)
        self._period = np.zeros(whole, np.intp)
        self._likeness = np.zeros(whole)
        for place in range(self._start, self._end, self._hop):
            self._look_at_pitch(place)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Each sample less what was predicted, shape (length, channels)."""
        return self._residual[self._start : self._end]

    def past(self) -> NDArray[np.float64]:
        """The figures of every sample that there is, shape (length, 9)."""
        return self._figures(self._start, self._end)

    def ahead(self) -> NDArray[np.float64]:
        """The figures of the sample that comes next, shape (9,)."""
        place = self._end
        if (place - self._start) % self._hop == 0:
            self._look_at_pitch(place)
        last = self._values[place - self._predictor.order : place]
        self._predicted[place] = self._predictor.next(last)
        self._mean_predicted[place] = self._predicted[place].mean()
        figures: NDArray[np.float64] = self._figures(place, place + 1)[0]
        return figures

    def append(self, residual: NDArray[np.float64]) -> Samples:
        """Add the sample of a residual, shape (channels,), after `ahead`; what it is, (1,
        channels)."""
        place = self._end
        values = np.clip(np.rint(self._predicted[place] + residual), QUIETEST, LOUDEST)
        self._values[place] = values
        self._residual[place] = values - self._predicted[place]
        self._wave[place] = values.mean()
        self._mean_residual[place] = self._residual[place].mean()
        self._end += 1
        sample: Samples = values.astype(np.int16)[None]
        return sample

    def _look_at_pitch(self, place: int) -> None:
        found = self._pitch.before(self._wave, place)
        self._period[place : place + self._hop], self._likeness[place : place + self._hop] = found

    def _figures(self, start: int, stop: int) -> NDArray[np.float64]:
        residual = self._mean_residual
        earlier = np.arange(start, stop) - self._period[start:stop]
        return np.stack(
            [
                self._level(start, stop),
                self._likeness[start:stop],
                compand(residual[earlier - 1]),
                compand(residual[earlier + 1]),
                compand(residual[earlier]),
                compand(residual[start - 3 : stop - 3]),
                compand(residual[start - 2 : stop - 2]),
                compand(self._mean_predicted[start:stop]),
                compand(residual[start - 1 : stop - 1]),
            ],
            axis=1,
        )

    def _level(self, start: int, stop: int) -> NDArray[np.float64]:
        """The loudness of 20 ms before each place, in powers of two."""
        length = self._loudness
        summed = np.concatenate([[0.0], np.cumsum(self._wave[start - length : stop - 1] ** 2)])
        power = (summed[length:] - summed[: stop - start]) / length
        level: NDArray[np.float64] = np.log2(1 + np.sqrt(np.maximum(power, 0.0)))
        return level


def compand(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square roots with signs: loud values are told apart less finely than quiet ones."""
    return np.copysign(np.sqrt(np.abs(values)), values)


def expand(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `compand`."""
    return np.copysign(values * values, values)
