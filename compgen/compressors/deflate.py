"""gzip, zlib and raw deflate: one stream in three containers, all by the standard library.

    gzip     header (10 bytes) │ deflate stream │ CRC-32, length (8 bytes)     RFC 1952
    zlib     header  (2 bytes) │ deflate stream │ Adler-32      (4 bytes)     RFC 1950
    deflate                      deflate stream                               RFC 1951

What surrounds the stream is constant, so the three have the same code lengths, differences
of lengths that is; zlib and gzip also notice damage.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compgen.compressor import Compressor
from compgen.compressors.streams import decompress_whole
from compgen.options import one_of, within
from compgen.reading import Reading

if TYPE_CHECKING:
    import numpy as np

    from compgen.conditional import Conditional

STRATEGIES = {"default": zlib.Z_DEFAULT_STRATEGY, "filtered": zlib.Z_FILTERED}
LARGEST_WBITS = 15


@dataclass(frozen=True)
class Deflate(Compressor):
    """LZ77 and Huffman codes, the stream alone (RFC 1951); damage may go unnoticed."""

    name = "deflate"
    releases_gil = True

    level: int = within(0, 9, default=9)
    wbits: int = within(9, LARGEST_WBITS, default=LARGEST_WBITS)
    """Base-2 logarithm of the window: how far back a match can reach."""
    memlevel: int = within(1, 9, default=8)
    """A block ends after 2^(memlevel + 6) - 1 symbols."""
    strategy: str = one_of(*STRATEGIES, default="default")
    tables: str = one_of("fractional", "huffman", default="fractional")
    """Which code tables the readings `frozen` and `marginal` use: the ideal code lengths of
    the symbol counts, or the integer lengths of the Huffman code. Other readings ignore it."""

    @property
    def window(self) -> int:
        return 1 << self.wbits

    @property
    def prime_bytes(self) -> int:
        # The rest is for the prompt and what is generated. zlib itself looks back 262 bytes
        # less than the window (deflate.h, MAX_DIST).
        return self.window - self.window // 12

    def start(self) -> Any:
        """A fresh `zlib.compressobj` with these options."""
        return zlib.compressobj(
            self.level,
            zlib.DEFLATED,
            self._container(self.wbits),
            self.memlevel,
            STRATEGIES[self.strategy],
        )

    def compress(self, data: bytes) -> bytes:
        state = self.start()
        start: bytes = state.compress(data)
        rest: bytes = state.flush()
        return start + rest

    def decompress(self, data: bytes) -> bytes:
        # the largest window reads every stream, whatever window it was written with
        decoder = zlib.decompressobj(self._container(LARGEST_WBITS))
        return decompress_whole(self.name, decoder, data, (zlib.error,))

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        if self.level == 0:  # stored blocks are cut where the calls cut, so nothing can be cloned
            return super().read(context, reading)
        from compgen.conditionals.deflate_clone import DeflateClone

        return DeflateClone(self.start, context)

    def coin_flips(self, context: bytes, rng: "np.random.Generator") -> Iterator[bytes]:
        from compgen.formats.deflate_noise import coin_flips

        return coin_flips(context, self.level, STRATEGIES[self.strategy], rng)

    @classmethod
    def library(cls) -> str:
        zlib_ng = getattr(zlib, "ZLIBNG_VERSION", "")
        return f"zlib-ng {zlib_ng}" if zlib_ng else f"zlib {zlib.ZLIB_RUNTIME_VERSION}"

    @staticmethod
    def _container(wbits: int) -> int:
        """The `windowBits` of zlib, which names the container as well (zlib.h, deflateInit2)."""
        return -wbits


@dataclass(frozen=True)
class Zlib(Deflate):
    """LZ77 and Huffman codes in zlib's container, with a checksum (RFC 1950)."""

    name = "zlib"

    @staticmethod
    def _container(wbits: int) -> int:
        return wbits


@dataclass(frozen=True)
class Gzip(Deflate):
    """LZ77 and Huffman codes in gzip's container, with a checksum (RFC 1952)."""

    name = "gzip"

    @staticmethod
    def _container(wbits: int) -> int:
        return 16 + wbits
