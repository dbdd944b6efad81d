"""Whether a sound is like another: spectrum, level, pitch, and what is copied.

spectrum   24 mel bands of the power in frames of 32 ms, in dB, averaged over the frames
level      root mean square, in dB of full scale, of the whole and of frames of 32 ms
pitch      the first high peak of the autocorrelation of frames of 40 ms, 70 to 400 Hz
copies     spans of 30 ms, one every 5 ms, that stand in the known part as they are
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from compgen.media.samples import Samples, mono, pcm_bytes

Wave = NDArray[np.float64]
"""Values from -1 to 1, shape (length,)."""
BANDS = 24
LOWEST_BAND = 80.0
FRAME, STEP = 0.032, 0.008
"""Seconds, of a spectrum."""
PITCH_FRAME, PITCH_STEP = 0.040, 0.020
LOWEST_PITCH, HIGHEST_PITCH = 70.0, 400.0
VOICED = 0.5
"""Correlation from which on a frame has a pitch."""
NEARLY = 0.9
"""Of the highest peak of the autocorrelation, what a shorter period's needs to be the pitch."""
COPY, COPY_STEP = 0.030, 0.005
FLOOR = 1e-7
"""Power of a band below which silence is not told apart."""
SILENCE = 1e-5
QUIET = 1e-3
"""Root mean square below which a frame is silent, as a share of full scale."""


@dataclass(frozen=True)
class SoundMeasures:
    """What was measured; NaN where a part is too short, silent, or has no pitch."""

    log_spectral_distance: float
    """Mean difference of the mean spectrum to the truth's, in dB. 0 is the truth's."""
    log_spectral_distance_known: float
    """The same to the known part."""
    truth_log_spectral_distance_known: float
    """What it is for the truth: so much may a good continuation differ."""
    level_difference: float
    """Loudness, sample less truth, in dB. 0 is right, and far below it is silence."""
    pitch: float
    """Median pitch in Hz of the frames that have one."""
    truth_pitch: float
    voiced_fraction: float
    """Share of frames that have a pitch."""
    truth_voiced_fraction: float
    copied_fraction: float
    """Share of spans of 30 ms that stand in the known part as they are."""
    level_distance: float
    """Wasserstein-1 distance between the levels of the frames and those of the truth's, in dB:
    the rhythm of loud and quiet, whenever it comes. 0 is the truth's."""
    pitch_distance: float
    """Wasserstein-1 distance between the pitches of the frames that have one and those of the
    truth's, in semitones. 0 is the truth's; NaN where either has none."""

    def as_dict(self) -> dict[str, float | None]:
        """For JSON, where there is no NaN and nothing infinite."""
        return {
            name: round(value, 5) if math.isfinite(value) else None
            for name, value in asdict(self).items()
        }

    def __str__(self) -> str:
        spectrum = (
            f"spectrum {self.log_spectral_distance:.1f} dB from the truth's, "
            f"{self.log_spectral_distance_known:.1f} from the known part's (the truth's own: "
            f"{self.truth_log_spectral_distance_known:.1f})"
        )
        voiced = (
            f"voiced {100 * self.voiced_fraction:.0f} % "
            f"(truth {100 * self.truth_voiced_fraction:.0f} %)"
        )
        copied = f"copied {100 * self.copied_fraction:.0f} %"
        pitched = ""
        if math.isfinite(self.pitch_distance):
            pitched = (
                f"; pitch {self.pitch:.0f} Hz (truth {self.truth_pitch:.0f}), "
                f"{self.pitch_distance:.1f} semitones apart"
            )
        return f"{spectrum}; level {self.level_difference:+.1f} dB; {voiced}{pitched}; {copied}"


def measure_sound(made: Samples, truth: Samples, known: Samples, rate: int) -> SoundMeasures:
    """Measure what was made after `known`, where `truth` follows; all with equal channels."""
    wave, true, given = mono(made), mono(truth), mono(known)
    spectra = [mel_spectrum(one, rate) for one in (wave, true, given)]
    pitches, voiced = pitches_of(wave, rate)
    truth_pitches, truth_voiced = pitches_of(true, rate)
    return SoundMeasures(
        log_spectral_distance=_apart(spectra[0], spectra[1]),
        log_spectral_distance_known=_apart(spectra[0], spectra[2]),
        truth_log_spectral_distance_known=_apart(spectra[1], spectra[2]),
        level_difference=level(wave) - level(true),
        pitch=_median(pitches),
        truth_pitch=_median(truth_pitches),
        voiced_fraction=voiced,
        truth_voiced_fraction=truth_voiced,
        copied_fraction=copied_fraction(made, known, rate),
        level_distance=_wasserstein(levels(wave, rate), levels(true, rate)),
        pitch_distance=12 * _wasserstein(np.log2(pitches), np.log2(truth_pitches)),
    )


def mel_spectrum(wave: Wave, rate: int) -> Wave:
    """Mean power in dB of each band over the frames, shape (24,); NaN for less than a frame."""
    length = round(FRAME * rate)
    if len(wave) < length:
        return np.full(BANDS, np.nan)
    frames = sliding_window_view(wave, length)[:: max(1, round(STEP * rate))]
    window = np.hanning(length)
    power = np.abs(np.fft.rfft(frames * window, axis=1) / window.sum()) ** 2
    bands = power @ _filters(length, rate).T
    mean: Wave = (10 * np.log10(bands + FLOOR)).mean(axis=0)
    return mean


def level(wave: Wave) -> float:
    """Root mean square in dB of full scale; silence is -100."""
    if not len(wave):
        return float("nan")
    return float(20 * np.log10(max(SILENCE, np.sqrt((wave**2).mean()))))


def levels(wave: Wave, rate: int) -> Wave:
    """The level of each frame of 32 ms, shape (n,); no lower than -60: what is quieter is all
    one silence."""
    length = round(FRAME * rate)
    if len(wave) < length:
        return np.empty(0)
    frames = sliding_window_view(wave, length)[:: max(1, round(STEP * rate))]
    found: Wave = 20 * np.log10(np.maximum(QUIET, np.sqrt((frames**2).mean(axis=1))))
    return found


def pitch_statistics(wave: Wave, rate: int) -> tuple[float, float]:
    """The median pitch in Hz of the frames that have one, and their share."""
    found, share = pitches_of(wave, rate)
    return _median(found), share


def pitches_of(wave: Wave, rate: int) -> tuple[Wave, float]:
    """The pitch in Hz of each frame that has one, shape (n,), and their share."""
    length = round(PITCH_FRAME * rate)
    if len(wave) < length:
        return np.empty(0), float("nan")
    frames = sliding_window_view(wave, length)[:: round(PITCH_STEP * rate)]
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(frames, 2 * length, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :length]
    first, last = int(rate / HIGHEST_PITCH), min(length - 1, round(rate / LOWEST_PITCH))
    lags = np.arange(first, last + 1)
    energy = correlation[:, :1]
    overlapping = 1 - lags / length  # the fewer samples overlap, the lower it would be
    peaks = correlation[:, lags] / (energy + length * SILENCE**2) / overlapping
    # a multiple of a period is one as well: of those nearly as good, the shortest is meant
    padded = np.pad(peaks, ((0, 0), (1, 1)), constant_values=-np.inf)
    summits = (peaks >= padded[:, :-2]) & (peaks >= padded[:, 2:])
    best = (summits & (peaks >= NEARLY * peaks.max(axis=1, keepdims=True))).argmax(axis=1)
    voiced = (peaks.max(axis=1) >= VOICED) & (energy[:, 0] > length * SILENCE)
    found: Wave = rate / lags[best[voiced]]
    return found, float(voiced.mean())


def copied_fraction(made: Samples, known: Samples, rate: int) -> float:
    """Share of the spans of 30 ms that stand in `known` as they are; NaN for less than one."""
    length = round(COPY * rate)
    starts = range(0, len(made) - length + 1, max(1, round(COPY_STEP * rate)))
    if not starts:
        return float("nan")
    frame = 2 * known.shape[1]
    haystack = pcm_bytes(known)
    return float(
        np.mean([_stands(pcm_bytes(made[at : at + length]), haystack, frame) for at in starts])
    )


def _stands(needle: bytes, haystack: bytes, frame: int) -> bool:
    """Whether `needle` is in `haystack`, from a whole sample on."""
    at = haystack.find(needle)
    while at >= 0 and at % frame:
        at = haystack.find(needle, at + 1)
    return at >= 0


def _median(values: Wave) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _wasserstein(one: Wave, other: Wave) -> float:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(one, other)) if len(one) and len(other) else float("nan")


def _apart(one: Wave, other: Wave) -> float:
    return float(np.abs(one - other).mean())


def _filters(length: int, rate: int) -> Wave:
    """Triangles, evenly spaced in mel, over the frequencies of a spectrum, shape (24, n)."""
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    mel = 2595 * np.log10(1 + frequencies / 700)
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (LOWEST_BAND, rate / 2))
    points = np.linspace(low, high, BANDS + 2)
    width = points[1] - points[0]
    rising = (mel - points[:-2, None]) / width
    falling = (points[2:, None] - mel) / width
    filters: Wave = np.maximum(0, np.minimum(rising, falling))
    return filters
