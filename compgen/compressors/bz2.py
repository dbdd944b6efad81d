"""bzip2, by the standard library."""

import bz2
import sys
from dataclasses import dataclass

from compgen.compressor import Compressor
from compgen.compressors.streams import decompress_whole
from compgen.options import within

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

    @classmethod
    def library(cls) -> str:
        # libbz2 does not tell Python its version; the last one, 1.0.8, dates from 2019
        return f"libbz2 of Python {sys.version.split()[0]}"
