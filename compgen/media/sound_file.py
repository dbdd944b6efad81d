"""Any sound: WAV of 8, 16 or 24 bits by Python alone, FLAC and others where soundfile is.

file ─► depth ─► channels ─► rate ─► Samples, notes

8, 24, 32 bit, float   in 16 bits        more than 2 channels   mixed into one
"""

import io
import wave
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compgen.compressors.flac import soundfile
from compgen.errors import InputError, UsageError
from compgen.media.samples import FULL_SCALE, Samples, from_float

LARGEST_WORK = 1 << 22
"""Samples a channel that are worked on: some four minutes at 16,000 Hz."""
LARGEST_READ = 1 << 27
"""Samples, of all channels, that are decoded at all."""
LARGEST_FILE = 1 << 30
"""Bytes."""
SHORTEST_WAV = 44
"""Bytes: RIFF, fmt and data without any samples."""
USUAL_RATE = 16_000
"""What is faster is resampled to this, unless `--rate` says otherwise."""
LOUDEST = 1 + 1 / FULL_SCALE
"""Of floats, which may go beyond 1; what 16 bits would round away is nothing to tell of."""
FOUND_RATES = 100, 1_000_000


@dataclass(frozen=True)
class SoundFile:
    """A sound that was read."""

    samples: Samples
    rate: int
    """Samples a second."""
    notes: tuple[str, ...]
    """What is not as it was in the file, one phrase each."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate


def looks_like_a_sound(data: bytes) -> bool:
    """Whether a file begins as WAV and FLAC do."""
    wav = data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE"
    return wav or data.startswith(b"fLaC")


def read_sound(
    source: Path | bytes,
    *,
    rate: int | None = None,
    channels: int | None = None,
    any_rate: bool = False,
    label: str | None = None,
) -> SoundFile:
    """Read a sound from a file, or from a file's bytes, at a rate and with 1 or 2 channels.

    `any_rate` is for what is not going to be worked on: without `rate` it stays at its own,
    however long it is.

    Raises UsageError for a missing file, a directory and what is too long to be worked on,
    InputError for what is no sound, or a damaged one, MissingPackageError where soundfile is
    needed.
    """
    label = label or ("the input" if isinstance(source, bytes) else str(source))
    data = source if isinstance(source, bytes) else _file_bytes(source, label)
    if not data:
        raise InputError(f"{label} is empty; a sound is wanted")
    values, found_rate, notes = _decoded(data, label)
    if not len(values):
        raise InputError(f"{label}: a sound of no length; there is nothing to go by")
    if not FOUND_RATES[0] <= found_rate <= FOUND_RATES[1]:
        raise InputError(f"{label}: {found_rate} samples a second are no sound")
    found_channels = values.shape[1]
    if found_channels > 2 or channels == 1 < found_channels:
        values = values.mean(axis=1, keepdims=True)
        notes.append(f"{found_channels} channels mixed into one")
    wanted = rate or (found_rate if any_rate else min(found_rate, USUAL_RATE))
    length = -(-len(values) * wanted // found_rate)
    if length > LARGEST_WORK and not any_rate:
        raise UsageError(
            f"{label}: {length:,} samples are more than the {LARGEST_WORK:,} that can be worked "
            "on; cut the sound, or give a lower --rate"
        )
    if np.abs(values).max() > LOUDEST:
        notes.append("louder than full scale: clipped")
    if wanted != found_rate:
        values = _resampled(values, found_rate, wanted)
        notes.append(f"resampled from {found_rate:,} Hz")
    if channels is not None and values.shape[1] < channels:
        values = values.repeat(channels, axis=1)
    return SoundFile(from_float(values), wanted, tuple(notes))


def _file_bytes(path: Path, label: str) -> bytes:
    if not path.exists():
        raise UsageError(f"{label}: no such file")
    if path.is_dir():
        raise UsageError(f"{label} is a directory; name a file in it")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(f"{label}: {path.stat().st_size:,} bytes are too many; cut the sound")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{label}: {error.strerror or error}") from error


def _decoded(data: bytes, label: str) -> tuple[NDArray[np.float64], int, list[str]]:
    """Values from -1 to 1, shape (length, channels), samples a second, and notes."""
    if data.startswith(b"RIFF"[: len(data)]) and len(data) < SHORTEST_WAV:
        raise InputError(f"{label}: the sound is cut short within its header")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        try:
            found = _plain_wav(data, label)
        except (wave.Error, EOFError):
            found = None  # a format that only soundfile knows: float, extensible, ADPCM
        if found is not None:
            return found
    return _by_soundfile(data, label)


def _plain_wav(data: bytes, label: str) -> tuple[NDArray[np.float64], int, list[str]] | None:
    with wave.open(io.BytesIO(data)) as file:
        channels, width = file.getnchannels(), file.getsampwidth()
        frames = file.getnframes()
        if width > 3 or not channels:
            return None
        if min(frames, len(data) // (channels * width)) * channels > LARGEST_READ:
            raise UsageError(f"{label}: {frames:,} samples are too many to decode; cut it")
        raw = file.readframes(min(frames, len(data)))
        rate = file.getframerate()
    found = len(raw) // (channels * width)
    if found < frames:
        raise InputError(
            f"{label}: the sound is cut short: {found:,} of {frames:,} samples are there"
        )
    if width == 1:
        values = (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) / 128
    elif width == 2:
        values = np.frombuffer(raw, "<i2").astype(np.float64) / (1 << 15)
    else:
        parts = np.frombuffer(raw, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = (parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24) >> 8
        values = whole.astype(np.float64) / (1 << 23)
    notes = [] if width == 2 else [f"{8 * width} bits made 16"]
    return values.reshape(-1, channels), rate, notes


def _by_soundfile(data: bytes, label: str) -> tuple[NDArray[np.float64], int, list[str]]:
    package = soundfile()
    try:
        with package.SoundFile(io.BytesIO(data)) as file:
            frames, rate, subtype = file.frames, file.samplerate, file.subtype
            if frames * file.channels > LARGEST_READ:
                raise UsageError(f"{label}: {frames:,} samples are too many to decode; cut it")
            values = file.read(dtype="float64", always_2d=True)
    except package.LibsndfileError as error:
        reason = str(error.error_string).partition("\n")[0]
        raise InputError(f"{label} is no sound that can be read: {reason}") from error
    if len(values) < frames:
        raise InputError(
            f"{label}: the sound is cut short: {len(values):,} of {frames:,} samples are there"
        )
    if not np.isfinite(values).all():
        raise InputError(f"{label}: not all of its samples are numbers (NaN or infinite)")
    notes = [] if subtype == "PCM_16" else [f"{subtype.lower().replace('_', ' ')} made 16 bits"]
    return values, int(rate), notes


def _resampled(values: NDArray[np.float64], rate: int, wanted: int) -> NDArray[np.float64]:
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    found: NDArray[np.float64] = resample_poly(values, wanted // common, rate // common, axis=0)
    return found
