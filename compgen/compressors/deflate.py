"""gzip, zlib and raw deflate: one stream in three containers, all by the standard library.

    gzip     header (10 bytes) │ deflate stream │ CRC-32, length (8 bytes)     RFC 1952
    zlib     header  (2 bytes) │ deflate stream │ Adler-32      (4 bytes)     RFC 1950
    deflate                      deflate stream                               RFC 1951

What surrounds the stream is constant, so the three have the same code lengths, differences
of lengths that is; zlib and gzip also notice damage.
"""

import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from compgen.compressor import Compressor
from compgen.compressors.streams import decompress_at_most, decompress_whole
from compgen.errors import CompgenWarning
from compgen.kernels import why_unavailable
from compgen.options import one_of, within
from compgen.reading import Reading
from compgen.tuning import LEMPEL_ZIV, Tuning

if TYPE_CHECKING:
    import numpy as np

    from compgen.conditional import Conditional

STRATEGIES = {"default": zlib.Z_DEFAULT_STRATEGY, "filtered": zlib.Z_FILTERED}
LARGEST_WBITS = 15


@dataclass(frozen=True)
class Deflate(Compressor):
    """LZ77 and Huffman codes, the stream alone (RFC 1951); damage may go unnoticed."""

    name = "deflate"
    readings: ClassVar[tuple[Reading, ...]] = (
        Reading.MARGINAL,
        Reading.FROZEN,
        Reading.PAYLOAD,
        Reading.BITS,
        Reading.BYTES,
    )
    releases_gil = True

    level: int = within(0, 9, default=9)
    wbits: int = within(9, LARGEST_WBITS, default=LARGEST_WBITS)
    """Base-2 logarithm of the window: how far back a match can reach."""
    memlevel: int = within(1, 9, default=8)
    """A block ends after 2^(memlevel + 6) - 1 symbols."""
    strategy: str = one_of(*STRATEGIES, default="default")
    tables: Literal["fractional", "huffman"] = "fractional"
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

    @property
    def dictionary_bytes(self) -> int:
        return self.window

    def compress_after(self, dictionary: bytes, data: bytes) -> bytes:
        """Always a raw deflate stream: gzip's container has no place for a dictionary."""
        state = zlib.compressobj(
            self.level,
            zlib.DEFLATED,
            -self.wbits,
            self.memlevel,
            STRATEGIES[self.strategy],
            dictionary,
        )
        start: bytes = state.compress(data)
        rest: bytes = state.flush()
        return start + rest

    def decompress_after(self, dictionary: bytes, stream: bytes, most: int) -> bytes:
        decoder = zlib.decompressobj(-LARGEST_WBITS, dictionary)
        return decompress_at_most(self.name, decoder, stream, (zlib.error,), most)

    def obstacle(self, reading: Reading) -> str:
        if reading is Reading.BYTES:
            return ""
        if self.level == 0:
            return "level 0 stores the data as it is and codes nothing"
        return why_unavailable()

    def tuning(self, reading: Reading) -> Tuning:
        if reading is Reading.MARGINAL:
            return LEMPEL_ZIV
        return Tuning()

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        if reading is Reading.MARGINAL:
            from compgen.conditionals.deflate_marginal import DeflateMarginal

            return DeflateMarginal(context, **self._parse_options, tables=self.tables)
        if reading is not Reading.BYTES:
            return self._replicate(context, reading)
        if self.level == 0:  # stored blocks are cut where the calls cut, so nothing can be cloned
            return super().read(context, reading)
        from compgen.conditionals.deflate_clone import DeflateClone

        return DeflateClone(self.start, self.window, context)

    def whole_bytes(self, context: bytes) -> "Conditional":
        """The reading `bytes`, for one who asks thousands of times: the same numbers at a tenth
        of the price, once the kernels are there."""
        if self.level == 0 or why_unavailable():
            return self.read(context, Reading.BYTES)
        from compgen.conditionals import zlib_probe
        from compgen.conditionals.deflate_bits import DeflateBits
        from compgen.conditionals.deflate_whole_bytes import DeflateWholeBytes

        if not zlib_probe.is_classic_zlib():
            return self.read(context, Reading.BYTES)
        return DeflateWholeBytes(DeflateBits(context, **self._parse_options))

    def _replicate(self, context: bytes, reading: Reading) -> "Conditional":
        """`bits`, `payload` and `frozen` by the replica of the classic zlib's encoder."""
        from compgen.conditionals import zlib_probe

        if not zlib_probe.is_classic_zlib():
            cure = "what the classic algorithm would need is what you get"
            if reading is Reading.BITS:
                cure = "its own streams are measured, which takes compressing them"
            warnings.warn(
                f"this Python's zlib ({self.library()}) is not the classic one, whose encoder "
                f"the reading '{reading}' replicates: {cure}",
                CompgenWarning,
                stacklevel=3,
            )
            if reading is Reading.BITS:
                from compgen.conditionals.deflate_stream import stream_bits
                from compgen.conditionals.marginal_tables import DeflateOptions

                return stream_bits(context, DeflateOptions(**self._parse_options))
        from compgen.conditionals.deflate_bits import DeflateBits

        return DeflateBits(
            context,
            reading=reading,
            **self._parse_options,
            integer_tables=self.tables == "huffman",
        )

    def mix(
        self, primes: Sequence[bytes], lengths: Sequence[int], history: bytes, reading: Reading
    ) -> "Conditional":
        if reading is not Reading.MARGINAL:
            return super().mix(primes, lengths, history, reading)
        from compgen.conditionals.marginal_mixture import MarginalMixture
        from compgen.conditionals.marginal_tables import FLAT_LENGTHS

        return MarginalMixture(
            primes if len(set(primes)) > 1 else primes[:1],
            lengths,
            history,
            experts=len(primes),
            **self._parse_options,
            tables=self.tables,
            shape=FLAT_LENGTHS,
        )

    def coin_flips(self, context: bytes, rng: "np.random.Generator") -> Iterator[bytes]:
        from compgen.formats.deflate_noise import coin_flips

        return coin_flips(context, self.level, STRATEGIES[self.strategy], rng)

    @classmethod
    def library(cls) -> str:
        zlib_ng = getattr(zlib, "ZLIBNG_VERSION", "")
        return f"zlib-ng {zlib_ng}" if zlib_ng else f"zlib {zlib.ZLIB_RUNTIME_VERSION}"

    @property
    def _parse_options(self) -> dict[str, Any]:
        """What decides the encoder's parse, as the conditionals take it."""
        return {
            "level": self.level,
            "wbits": self.wbits,
            "memlevel": self.memlevel,
            "filtered": self.strategy == "filtered",
        }

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
