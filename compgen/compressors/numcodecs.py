"""Any codec of the numcodecs registry (the codecs of Zarr).

    CRC-32 of the stream │ the codec's stream          (empty data: an empty stream)
          4 bytes

The checksum has a fixed size, so it cancels when lengths are subtracted. It is there because
codecs trust what they are given (Blosc reads on past the end of a stream that was cut), and
several cannot read their own stream of nothing.
"""

import contextlib
import functools
import math
import random
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Self

from compgen.compressor import Compressor
from compgen.errors import CompressorError, LossyError, MissingPackageError, SpecError
from compgen.options import split_pairs
from compgen.suggest import did_you_mean

CHECKSUM = struct.Struct("<I")
Value = int | float | bool | str
BYTE_ALIGNED = {"lz4", "lz4hc", "blosclz", "snappy"}
"""Codecs without an entropy coder: every symbol ends on a byte."""


@dataclass(frozen=True)
class Numcodecs(Compressor):
    """A codec of numcodecs, by its id and configuration: `numcodecs:id=blosc,cname=zstd`.

    The codec is tried on construction, and refused with a LossyError unless it gives back
    what it is given: the registry holds filters that do not.
    """

    name = "numcodecs"
    releases_gil = True

    id: str
    options: tuple[tuple[str, Value], ...] = field(default=())
    """The rest of the codec's configuration, as pairs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        options = {
            key: _coerce(value) if isinstance(value, str) else value for key, value in self.options
        }
        object.__setattr__(self, "options", tuple(sorted(options.items())))
        try:
            for probe in _probes():
                self.verify(probe)
        except LossyError:
            raise
        except CompressorError as error:
            raise LossyError(f"{error}; it does not take any bytes as they come") from error

    @property
    def default_dither(self) -> int:
        inner = dict(self.options).get("cname", "lz4") if self.id == "blosc" else self.id
        return 0 if inner in BYTE_ALIGNED else super().default_dither

    def compress(self, data: bytes) -> bytes:
        stream = self._apply("encode", data) if data else b""
        return CHECKSUM.pack(zlib.crc32(stream)) + stream

    def decompress(self, data: bytes) -> bytes:
        stream = data[CHECKSUM.size :]
        if data[: CHECKSUM.size] != CHECKSUM.pack(zlib.crc32(stream)):
            raise CompressorError("numcodecs: the stream is damaged or cut short")
        return self._apply("decode", stream) if stream else b""

    @classmethod
    def library(cls) -> str:
        return f"numcodecs {_numcodecs().__version__}"

    @classmethod
    def from_options(cls, text: str) -> Self:
        pairs = dict(split_pairs(cls.name, text))
        if "id" not in pairs:
            raise SpecError("numcodecs needs the id of a codec: numcodecs:id=lz4")
        return cls(pairs.pop("id"), tuple(pairs.items()))

    def __str__(self) -> str:
        return ",".join(
            [f"numcodecs:id={self.id}", *(f"{key}={value}" for key, value in self.options)]
        )

    def _apply(self, method: str, data: bytes) -> bytes:
        codec = _codec(self.id, self.options)
        import numpy as np
        from numcodecs.compat import ensure_bytes

        buffer = np.frombuffer(data, np.uint8)  # which every codec understands
        try:
            return bytes(ensure_bytes(getattr(codec, method)(buffer)))
        except Exception as error:  # each codec raises what it likes
            reason = (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
            raise CompressorError(f"numcodecs: '{self.id}' cannot {method}: {reason}") from error


@functools.lru_cache(maxsize=32)
def _codec(codec_id: str, options: tuple[tuple[str, Value], ...]) -> Any:
    """The codec itself. Codecs hold their configuration and no state, so threads share them."""
    registry = _numcodecs().registry
    known = {*registry.codec_registry, *getattr(registry, "entries", ())}
    if codec_id not in known:
        raise SpecError(
            f"numcodecs has no codec '{codec_id}'{did_you_mean(codec_id, known)}"
            f" (codecs: {', '.join(sorted(known))})"
        )
    try:
        return registry.get_codec({"id": codec_id, **dict(options)})
    except ImportError as error:
        raise MissingPackageError(
            f"numcodecs: '{codec_id}' needs a package of its own: {error}"
        ) from error
    except (TypeError, ValueError) as error:
        raise SpecError(f"numcodecs: '{codec_id}' refuses its options: {error}") from error


def _numcodecs() -> Any:
    try:
        import numcodecs
    except ImportError as error:
        raise MissingPackageError(
            "numcodecs is not installed: pip install 'compgen[numcodecs]'"
        ) from error
    return numcodecs


def _probes() -> list[bytes]:
    """Small data that a lossless codec of bytes must give back; odd lengths on purpose."""
    return [b"x", b"abc" * 333, bytes(range(256)), random.Random(0).randbytes(1001)]


def _coerce(text: str) -> Value:
    """A value of a spec as the number or truth value that it spells, or else as it is."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for convert in (int, float):
        with contextlib.suppress(ValueError):
            number = convert(text)
            return number if math.isfinite(number) else text
    return text
