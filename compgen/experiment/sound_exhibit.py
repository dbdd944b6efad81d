"""`SoundExhibit`: a sound whose beginning is given, its forgeries, and what is measured."""

import hashlib
import io
import math
import wave
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from compgen.errors import InputError
from compgen.experiment.exhibit import Exhibit, Figure, Sample
from compgen.experiment.fill import FillRun, FillSpec
from compgen.experiment.sound_spec import SoundSpec, heard
from compgen.experiment.way import Way
from compgen.media.samples import Samples
from compgen.metrics.sound import measure_sound

LEAST_GIVEN, LEAST_MADE = 0.2, 0.1
"""Seconds: below, no figure means anything."""
FIGURES = (
    Figure(
        "to_truth",
        "spectrum",
        "lower",
        "distance of the mean spectrum from the truth's, dB over 24 mel bands",
        "a quotation; and hiss of the right colour",
        form=".1f",
        wide=True,
    ),
    Figure(
        "to_known",
        "to given",
        "truth",
        "distance of the mean spectrum from the given part's, dB",
        "a quotation, which is nearer to it than the truth is",
        form=".1f",
        wide=True,
    ),
    Figure(
        "levels",
        "levels",
        "lower",
        "Wasserstein-1 distance of the loudness of the frames from the truth's, dB",
        "noise, switched on and off as the truth is",
        form=".1f",
        wide=True,
    ),
    Figure(
        "silent",
        "silent",
        "lower",
        "share of the samples that are more than 12 dB below the truth's loudness",
        "noise",
    ),
    Figure(
        "pitches",
        "pitches",
        "lower",
        "Wasserstein-1 distance of the pitches of the frames from the truth's, in semitones",
        "a hum that glides as the truth does",
        form=".1f",
    ),
    Figure(
        "voiced",
        "|voiced|",
        "lower",
        "share of the frames that have a pitch, off the truth's in either direction",
        "a hum of one tone, switched on and off",
    ),
    Figure(
        "copied",
        "copied",
        "truth",
        "share of the spans of 30 ms that stand in the given part as they are",
        "noise: it copies nothing",
    ),
)
SILENT = -12.0
"""dB below the truth's loudness."""


@dataclass(frozen=True)
class SoundExhibit(Exhibit):
    """A sound, and how it was read and cut."""

    medium: ClassVar[str] = "audio"
    figures: ClassVar[tuple[Figure, ...]] = FIGURES

    name: str
    data: bytes
    sha256: str
    given: Samples
    following: Samples
    """What is really there after it."""
    rate: int

    @classmethod
    def read(cls, name: str, data: bytes, rate: int, given: int, length: int | None = None) -> Self:
        """`given` samples at `rate` are known, and what follows is the truth, `length` samples
        of it at most. Raises UsageError or InputError, with the name, for what cannot be used."""
        samples = heard(data, rate, name).samples
        truth = samples[given:][:length]
        if given < LEAST_GIVEN * rate or len(truth) < LEAST_MADE * rate:
            raise InputError(
                f"{name}: {given / rate:.3g} s are given and {len(truth) / rate:.3g} s follow; "
                f"{LEAST_GIVEN:g} and {LEAST_MADE:g} s would do"
            )
        digest = hashlib.sha256(data).hexdigest()
        return cls(name, data, digest, samples[:given], truth, rate)

    @property
    def description(self) -> str:
        given, made = len(self.given) / self.rate, self.gap / self.rate
        return f"{given:.2f} s given, {made:.2f} s made, {self.rate:,} Hz"

    @property
    def truth(self) -> Samples:
        return self.following

    @property
    def gap(self) -> int:
        return len(self.following)

    def spec(self, way: Way, seed: int) -> FillSpec:
        return SoundSpec(self.sha256, way, seed, self.rate, len(self.given), len(self.following))

    def sample_of(self, run: FillRun) -> Samples:
        with wave.open(io.BytesIO(run.sample)) as file:
            raw = file.readframes(file.getnframes())
        return np.frombuffer(raw, "<i2").astype(np.int16)[:, None]

    def forgeries(self, seed: int) -> dict[str, Sample]:
        rng = np.random.default_rng([seed, 0])
        room = max(1, len(self.given) - len(self.following) + 1)
        start = int(rng.integers(room))
        piece = self.given[start : start + len(self.following)]
        quotation = np.resize(piece, self.following.shape)  # again from its start, if it is short
        loudness = float(np.sqrt((self.given.astype(np.float64) ** 2).mean()))
        noise = rng.normal(0, loudness, self.following.shape)
        return {
            "a quotation": quotation,
            "noise": np.clip(np.rint(noise), -32768, 32767).astype(np.int16),
        }

    def measure(self, sample: Sample) -> dict[str, float]:
        found = measure_sound(sample, self.following, self.given, self.rate)
        figures = {
            "to_truth": found.log_spectral_distance,
            "to_known": found.log_spectral_distance_known,
            "levels": found.level_distance,
            "silent": float(found.level_difference < SILENT),
            "pitches": found.pitch_distance,
            "voiced": abs(found.voiced_fraction - found.truth_voiced_fraction),
            "copied": found.copied_fraction,
        }
        return {
            name: value if math.isfinite(value) else math.nan for name, value in figures.items()
        }
