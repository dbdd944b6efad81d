"""`SoundSpec`: one sound continued one way, by one seed."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np

from compgen._version import __version__
from compgen.experiment.fill import CodeLengths, FillRun, FillSpec
from compgen.experiment.way import NULL, Way
from compgen.imaging.norms import Norm
from compgen.media.samples import Samples
from compgen.media.sound_file import SoundFile, read_sound
from compgen.media.wav_file import wav_bytes
from compgen.registry import get_compressor
from compgen.sound.score import score_sound
from compgen.sound.take import Session, Take
from compgen.sound.units import UnitPlan
from compgen.versions import versions_of

WEIGHED = ("grain",)
"""Units whose proposals are weighed by a norm."""
PROPOSING = (*WEIGHED, "record")
"""Units that propose on their own and let the compressor choose."""
WARM_UP = 0.25
"""Seconds."""


@dataclass(frozen=True)
class SoundSpec(FillSpec):
    """What follows the beginning of one sound, and how it is made."""

    medium: ClassVar[str] = "audio"

    rate: int
    """Samples a second, to which it is resampled first."""
    given: int
    """Samples that are known."""
    length: int
    """Samples to make."""

    def execute(self, data: bytes) -> FillRun:
        """Continue the sound `data`. Raises CompgenError where that cannot be done."""
        samples = heard(data, self.rate).samples
        given, truth = samples[: self.given], samples[self.given :][: self.length]
        _warm_up(self.way, self.rate)
        compressor = get_compressor(self.way.compressor)
        take = _take(self.way, given, self.length, self.rate, self.seed)
        started = time.process_time()
        take.finish()
        seconds = time.process_time() - started
        choices = take.choices.as_dict() if take.choices.count else None
        story = {"spec": self.as_dict()} | ({"choices": choices} if choices else {})
        return FillRun(
            spec=self,
            sample=wav_bytes(take.made, self.rate, f"compgen {__version__}", story),
            seconds=seconds,
            choices=choices,
            code_lengths=CodeLengths(
                sample=score_sound(take.samples, self.rate, compressor).bits,
                truth=score_sound(np.concatenate([given, truth]), self.rate, compressor).bits,
            ),
            compressor=str(compressor),
            versions=versions_of([compressor]),
        )


def resolve(way: Way, rate: int) -> Way:
    """`way` with its unit and reading, and without a norm where that changes nothing.

    Raises UsageError where compressor, unit, reading and norm do not go together.
    """
    compressor = get_compressor(way.compressor)
    compressor.library()  # so that a missing package is told of before anything else
    plan = _plan(way)
    unit = plan.make(compressor, rate).name
    return replace(
        way,
        unit=unit,
        reading=str(plan.reading_of(compressor)),
        norm=way.norm if unit in WEIGHED or way.is_null else "",
    )


@lru_cache(maxsize=16)
def heard(data: bytes, rate: int, label: str = "the sound") -> SoundFile:
    """The sound, in one channel; the last few are kept. Raises as `read_sound`."""
    return read_sound(data, rate=rate, channels=1, label=label)


def _plan(way: Way) -> UnitPlan:
    return UnitPlan(
        unit=way.unit or None,
        reading=way.reading,
        norm=Norm(way.norm or Norm.TYPICAL),
        temperature=way.temperature,
        min_p=way.min_p,
    )


def _take(way: Way, given: Samples, length: int, rate: int, seed: int) -> Take:
    unit = _plan(way).make(get_compressor(way.compressor), rate)
    return Take(Session(given, length, rate, unit, blind=way.norm == NULL, seed=seed))


@lru_cache(maxsize=256)
def _warm_up(way: Way, rate: int) -> None:
    """Let what is compiled or loaded at first use be there before the clock starts."""
    time_axis = np.arange(round(WARM_UP * rate))
    tone = np.rint(8000 * np.sin(0.2 * time_axis)).astype(np.int16)[:, None]
    _take(way, tone, max(1, rate // 200), rate, 0).finish()
