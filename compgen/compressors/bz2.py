"""bzip2, by the standard library."""

import bz2
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from compgen.compressor import Compressor
from compgen.compressors.streams import decompress_at_most, decompress_whole
from compgen.options import within
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.conditional import Conditional

BLOCK_UNIT = 100_000
"""A block holds `level` times as many bytes, less 19 (libbz2, bzlib.c)."""


@dataclass(frozen=True)
class Bz2(Compressor):
    """Burrows-Wheeler transform and Huffman codes.

    It sorts a block by what *follows* each byte, so one more byte at the end tells it next to
    nothing: its next-byte distribution is poor, multi-byte candidates fare better. Blocks are
    independent: past a block border, everything before is forgotten.
    """

    name = "bz2"
    readings: ClassVar[tuple[Reading, ...]] = (Reading.PAYLOAD, Reading.BITS, Reading.BYTES)
    default_sampler = "spans"
    blind_ahead = (
        "it sorts its block, so it predicts a byte from those that follow it, and nothing follows "
        "the next one yet"
    )
    prime_bytes = 16_000  # 256 candidates take about a fifth of a second on two cores
    releases_gil = True

    level: int = within(1, 9, default=9)

    @property
    def window(self) -> int:
        return self.level * BLOCK_UNIT

    def compress(self, data: bytes) -> bytes:
        return bz2.compress(data, self.level)

    def decompress(self, data: bytes) -> bytes:
        return decompress_whole(self.name, bz2.BZ2Decompressor(), data, (OSError, ValueError))

    def decompress_after(self, dictionary: bytes, stream: bytes, most: int) -> bytes:
        assert not dictionary
        decoder = bz2.BZ2Decompressor()
        return decompress_at_most(self.name, decoder, stream, (OSError, ValueError), most)

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        if reading is Reading.BYTES:
            return super().read(context, reading)
        from compgen.conditionals.stream_bits import StreamBits
        from compgen.formats.bzip2_stream import information_bits, payload_bits

        measure = payload_bits if reading is Reading.PAYLOAD else information_bits
        return StreamBits(
            self.compress, measure, context, reading=reading, parallel=self.releases_gil
        )

    @classmethod
    def library(cls) -> str:
        # libbz2 does not tell Python its version; the last one, 1.0.8, dates from 2019
        return f"libbz2 of Python {sys.version.split()[0]}"
