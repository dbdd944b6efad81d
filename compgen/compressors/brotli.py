"""Brotli (RFC 7932), by Google's `brotli`."""

from dataclasses import dataclass

import brotli

from compgen.compressor import Compressor
from compgen.errors import CompressorError
from compgen.options import one_of, within

MODES = {
    "generic": brotli.MODE_GENERIC,
    "text": brotli.MODE_TEXT,
    "font": brotli.MODE_FONT,
}


@dataclass(frozen=True)
class Brotli(Compressor):
    """LZ77, context-modelled literals and a built-in dictionary of web text.

    The default quality is 5: scoring recompresses, and 11 takes some fifty times as long for
    an eighth fewer bytes (30 KB of prose).
    """

    name = "brotli"
    releases_gil = True

    quality: int = within(0, 11, default=5)
    lgwin: int = within(10, 24, default=22)
    """Base-2 logarithm of the window."""
    mode: str = one_of(*MODES, default="generic")

    @property
    def window(self) -> int:
        return (1 << self.lgwin) - 16

    def compress(self, data: bytes) -> bytes:
        stream: bytes = brotli.compress(
            data, mode=MODES[self.mode], quality=self.quality, lgwin=self.lgwin
        )
        return stream

    def decompress(self, data: bytes) -> bytes:
        try:
            decoded: bytes = brotli.decompress(data)
        except brotli.error as error:
            # the library does not tell damage, a cut and trailing bytes apart
            raise CompressorError(f"brotli: the stream is damaged or cut short: {error}") from error
        return decoded

    @classmethod
    def library(cls) -> str:
        return f"brotli {brotli.__version__}"
