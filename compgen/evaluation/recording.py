"""Recordings as the paper's samples: one channel, 16 kHz, 8 bit, unsigned.

WAV, FLAC ─► channels' mean ─► 16 kHz ─► high byte of 16 bit ─► + 128 ─► whole pieces
"""

import io
import wave
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.errors import InputError, MissingPackageError

RATE = 16_000
"""Samples a second, LibriSpeech's."""
FLAC = b"fLaC"


def pieces_of(data: bytes, name: str, piece: int) -> tuple[bytes, str]:
    """The samples of a WAV or FLAC file, a byte each, whole pieces of `piece`; and what had to
    be changed besides the 8 bits, in words.

    Raises InputError if it cannot be read or is shorter than a piece, MissingPackageError for
    FLAC without soundfile.
    """
    samples, rate = _read_flac(data, name) if data.startswith(FLAC) else _read_wav(data, name)
    changed = []
    if samples.shape[1] > 1:
        changed.append(f"mixed down from {samples.shape[1]} channels")
        samples = samples.astype(np.int32).mean(axis=1, keepdims=True).round().astype(np.int16)
    mono = samples[:, 0]
    if rate != RATE and mono.size:
        changed.append(f"resampled from {rate:,} to {RATE:,} Hz")
        mono = _resample(mono, rate)
    whole = mono.size // piece * piece
    if not whole:
        raise InputError(
            f"{name} has {mono.size:,} samples at 16 kHz, less than one piece of {piece}"
        )
    return ((mono[:whole] >> 8) + 128).astype(np.uint8).tobytes(), ", ".join(changed)


def _read_wav(data: bytes, name: str) -> tuple[NDArray[np.int16], int]:
    """Samples, shape (n, channels), and their rate."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels = file.getsampwidth(), file.getnchannels()
            rate, raw = file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        reason = str(error) or "it ends too soon"
        raise InputError(f"{name} cannot be read as a WAV file: {reason}") from error
    if width not in (1, 2, 3, 4) or not rate:
        raise InputError(f"{name}: samples of {width} bytes at {rate} Hz cannot be read")
    raw = raw[: len(raw) // (width * channels) * width * channels]
    if width == 1:  # unsigned, where the wider ones are signed
        samples = (np.frombuffer(raw, np.uint8).astype(np.int16) - 128) << 8
    else:  # little-endian: the two highest bytes of each
        samples = np.frombuffer(raw, np.uint8).reshape(-1, width)[:, -2:].copy().view("<i2").ravel()
    return samples.astype(np.int16).reshape(-1, channels), rate


def _read_flac(data: bytes, name: str) -> tuple[NDArray[np.int16], int]:
    try:
        import soundfile
    except ImportError:
        raise MissingPackageError(
            f"{name}: FLAC needs soundfile: pip install 'compgen[audio]'"
        ) from None
    try:
        samples: Any
        samples, rate = soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise InputError(f"{name} cannot be read as a FLAC file: {error}") from error
    return np.asarray(samples, np.int16), int(rate)


def _resample(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(rate, RATE)
    found = resample_poly(samples.astype(np.float64), RATE // common, rate // common)
    return np.asarray(np.clip(found.round(), -(1 << 15), (1 << 15) - 1), np.int16)
