"""FLAC (RFC 9639), by soundfile and libFLAC.

    header             sound
    ┌───────────────┐  ┌───────────── samples, interleaved ──────────────┐
    │ true length   │  │ left, right, left, right, … ┊ zeros             │  `bits` a sample
    │ checksum      │  │                             ┊ up to a whole one │
    └───────────────┘  └─────────────────────────────────────────────────┘

Bytes are samples as WAV files hold them: little end first, signed, but those of 8 bits are
unsigned. The header has 8 bytes and 4, little end first: a fixed size, which cancels when lengths
are subtracted. The checksum is the CRC-32 of all but itself, since FLAC does not say where it
ends, and libsndfile does not look at the sums that it has.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.errors import CompressorError, MissingPackageError
from compgen.options import one_of, within

HEADER = struct.Struct("<QI")
SUBTYPES = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}
MAX_SAMPLES = 1 << 28
"""More are refused in both directions, so that a forged header cannot exhaust the memory."""


@dataclass(frozen=True)
class Flac(Compressor):
    """The data as sound: each block linearly predicted, its residual Rice-coded."""

    name = "flac"
    prime_bytes = 8_000

    rate: int = within(1, 65_535, default=16_000)
    """Samples a second: it chooses nothing but a few bits of each frame's header."""
    channels: int = within(1, 8, default=1)
    bits: int = one_of(*SUBTYPES, default=16)
    """Of a sample."""

    def compress(self, data: bytes) -> bytes:
        frame = self.channels * self.bits // 8
        count = max(1, -(-len(data) // frame))
        if count * self.channels > MAX_SAMPLES:
            raise CompressorError(f"flac: {len(data)} bytes are too many samples")
        package = soundfile()
        padded = data + bytes(count * frame - len(data))
        file = io.BytesIO()
        try:
            package.write(
                file,
                self._to_samples(padded),
                self.rate,
                format="FLAC",
                subtype=SUBTYPES[self.bits],
            )
        except package.LibsndfileError as error:
            raise CompressorError(f"flac: the encoder failed: {error.error_string}") from error
        stream = file.getvalue()
        return HEADER.pack(len(data), _checksum(len(data), stream)) + stream

    def decompress(self, data: bytes) -> bytes:
        if len(data) < HEADER.size:
            raise CompressorError(f"flac: the stream is cut short after {len(data)} bytes")
        length, checksum = HEADER.unpack_from(data)
        stream = data[HEADER.size :]
        if checksum != _checksum(length, stream):
            raise CompressorError(
                "flac: the stream is damaged, cut short, or not the last thing: its checksum is "
                "another"
            )
        count = max(1, -(-length // (self.channels * self.bits // 8)))
        if count * self.channels > MAX_SAMPLES:
            raise CompressorError(f"flac: {length} bytes are too many samples")
        found = self._to_bytes(self._read(stream, count))
        if any(found[length:]):
            raise CompressorError("flac: the stream is damaged: the last sample's padding")
        return found[:length]

    def _read(self, stream: bytes, count: int) -> NDArray[Any]:
        """`count` samples of each channel, shape (count, channels), the highest bits used."""
        package = soundfile()
        dtype = "int32" if self.bits == 24 else "int16"
        try:
            with package.SoundFile(io.BytesIO(stream)) as file:
                shape = file.frames, file.channels, file.subtype
                wanted = count, self.channels, SUBTYPES[self.bits]
                samples = file.read(dtype=dtype, always_2d=True) if shape == wanted else None
        except Exception as error:  # libsndfile's, and what a damaged header brings about
            reason = str(error).partition("\n")[0]
            raise CompressorError(f"flac: the stream is damaged: {reason}") from error
        if samples is None:
            raise CompressorError(
                f"flac: the stream holds {shape[0]} samples of {shape[1]} channels, {shape[2]}, "
                f"where {wanted[0]} of {wanted[1]}, {wanted[2]}, are due; is it damaged, or an "
                "option not the one that it was compressed with?"
            )
        found: NDArray[Any] = samples
        return found

    def _to_samples(self, data: bytes) -> NDArray[Any]:
        """Samples in the highest bits of 16 or 32, shape (n, channels)."""
        if self.bits == 16:
            values = np.frombuffer(data, "<i2").astype(np.int16)
        elif self.bits == 8:
            values = (np.frombuffer(data, np.uint8) ^ 128).astype(np.int16) << 8
        else:
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            values = wide.view("<i4")[:, 0].astype(np.int32)
        return values.reshape(-1, self.channels)

    def _to_bytes(self, samples: NDArray[Any]) -> bytes:
        """The inverse of `_to_samples`."""
        if self.bits == 16:
            return samples.astype("<i2").tobytes()
        if self.bits == 8:
            return ((samples >> 8).astype(np.uint8) ^ 128).tobytes()
        wide = np.ascontiguousarray(samples, "<i4").view(np.uint8).reshape(-1, 4)
        return wide[:, 1:].tobytes()

    @classmethod
    def library(cls) -> str:
        return f"libsndfile {soundfile().__libsndfile_version__}"


def _checksum(length: int, stream: bytes) -> int:
    return zlib.crc32(stream, zlib.crc32(length.to_bytes(8, "little")))


def soundfile() -> Any:
    """The package soundfile, imported when it is first needed.

    Raises MissingPackageError where it, or the libsndfile that it needs, is not installed.
    """
    try:
        import soundfile as package
    except (ImportError, OSError) as error:  # OSError: without libsndfile
        raise MissingPackageError(
            "FLAC, and sound files other than plain WAV, need soundfile: "
            "pip install 'compgen[audio]'"
        ) from error
    return package
