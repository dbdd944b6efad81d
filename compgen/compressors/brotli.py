"""Brotli (RFC 7932), by Google's `brotli`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import brotli

from compgen.compressor import Compressor
from compgen.errors import CompressorError
from compgen.kernels import why_unavailable
from compgen.options import one_of, within
from compgen.reading import Reading
from compgen.tuning import LEMPEL_ZIV, Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional

MODES = {
    "generic": brotli.MODE_GENERIC,
    "text": brotli.MODE_TEXT,
    "font": brotli.MODE_FONT,
}


LARGEST_PRIME = 4 << 20
"""As much of a corpus as primes the reading `marginal` by default, whatever the window."""


@dataclass(frozen=True)
class Brotli(Compressor):
    """LZ77, context-modelled literals and a built-in dictionary of web text.

    The default quality is 5: scoring recompresses, and 11 takes some fifty times as long for
    an eighth fewer bytes (30 KB of prose).
    """

    name = "brotli"
    readings: ClassVar[tuple[Reading, ...]] = (
        Reading.MARGINAL,
        Reading.BITS,
        Reading.PAYLOAD,
        Reading.BYTES,
    )
    releases_gil = True

    quality: int = within(0, 11, default=5)
    lgwin: int = within(10, 24, default=22)
    """Base-2 logarithm of the window."""
    mode: str = one_of(*MODES, default="generic")

    @property
    def window(self) -> int:
        return (1 << self.lgwin) - 16

    def prime_budget(self, reading: Reading) -> int:
        if reading is Reading.MARGINAL:
            return min(self.window, LARGEST_PRIME)
        return super().prime_budget(reading)

    def tuning(self, reading: Reading) -> Tuning:
        return LEMPEL_ZIV if reading is Reading.MARGINAL else Tuning()

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

    def decompress_after(self, dictionary: bytes, stream: bytes, most: int) -> bytes:
        """Stops within 32 KB of `most` from brotli 1.2 on, whose decoder has a limit."""
        assert not dictionary
        decoder = brotli.Decompressor()
        try:
            data: bytes = decoder.process(stream, output_buffer_limit=most + 1)
            while len(data) <= most and not decoder.can_accept_more_data():
                data += decoder.process(b"", output_buffer_limit=most + 1)
        except TypeError:  # brotli 1.1
            return super().decompress_after(dictionary, stream, most)
        except brotli.error as error:
            raise CompressorError(f"brotli: the stream is damaged: {error}") from error
        if len(data) > most:
            raise CompressorError(f"brotli: more than {most} bytes come out of the stream")
        if not decoder.is_finished():
            raise CompressorError(f"brotli: the stream is cut short after {len(stream)} bytes")
        return data

    def obstacle(self, reading: Reading) -> str:
        if reading is not Reading.BYTES:
            return why_unavailable()
        return super().obstacle(reading)

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        if reading is Reading.MARGINAL:
            from compgen.conditionals.brotli_marginal import BrotliMarginal

            return BrotliMarginal(context, compress=self.compress, window=self.window)
        if reading is Reading.BYTES:
            return super().read(context, reading)
        from compgen.conditionals.stream_bits import StreamBits
        from compgen.formats.brotli_stream import information_bits, payload_bits

        measure = payload_bits if reading is Reading.PAYLOAD else information_bits
        return StreamBits(
            self.compress, measure, context, reading=reading, parallel=self.releases_gil
        )

    @classmethod
    def library(cls) -> str:
        return f"brotli {brotli.__version__}"
