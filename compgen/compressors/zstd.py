"""Zstandard (RFC 8878), by `zstandard`."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import zstandard

from compgen.compressor import Compressor
from compgen.compressors.streams import decompress_whole
from compgen.errors import CompressorError, SpecError
from compgen.kernels import why_unavailable
from compgen.options import within
from compgen.reading import Reading
from compgen.tuning import LEMPEL_ZIV, Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional

DEFAULT_DECODER_LOG = 27
"""The window that every decoder must accept (ZSTD_WINDOWLOG_LIMIT_DEFAULT)."""
LARGEST_DICTIONARY = 8 << 20
"""As much of what came before a block of a file is handed to the library."""
LARGEST_PRIME = 4 << 20
"""As much of a corpus as primes the reading `marginal` by default, whatever the window."""

_per_thread = threading.local()


@dataclass(frozen=True)
class Zstd(Compressor):
    """LZ77, Huffman-coded literals and FSE-coded sequences.

    The default level is 3, the library's own: scoring recompresses, and 19 takes some fifty
    times as long for a twelfth fewer bytes (30 KB of prose). Neither the content size (whose
    field grows with it) nor a checksum is written: they would only shift the lengths.
    """

    name = "zstd"
    readings: ClassVar[tuple[Reading, ...]] = (
        Reading.MARGINAL,
        Reading.PAYLOAD,
        Reading.BITS,
        Reading.BYTES,
    )
    releases_gil = True

    level: int = within(-7, 22, default=3)
    long: int = within(0, zstandard.WINDOWLOG_MAX, default=0)
    """Base-2 logarithm of the window of long-distance matching; 0: off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.long < zstandard.WINDOWLOG_MIN:
            raise SpecError(
                f"zstd: long={self.long} is not 0 (off) or a whole number "
                f"from {zstandard.WINDOWLOG_MIN} to {zstandard.WINDOWLOG_MAX}"
            )

    @property
    def window(self) -> int:
        if self.long:
            return 1 << self.long
        return 1 << int(zstandard.ZstdCompressionParameters.from_level(self.level).window_log)

    def prime_budget(self, reading: Reading) -> int:
        if reading is Reading.MARGINAL:
            return min(self.window, LARGEST_PRIME)
        return super().prime_budget(reading)

    def tuning(self, reading: Reading) -> Tuning:
        if reading is Reading.MARGINAL:
            return LEMPEL_ZIV
        return Tuning()

    def obstacle(self, reading: Reading) -> str:
        if reading is Reading.MARGINAL:
            return why_unavailable()
        return super().obstacle(reading)

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        if reading is Reading.MARGINAL:
            from compgen.conditionals.zstd_marginal import ZstdMarginal

            return ZstdMarginal(context, level=self.level, long=self.long)
        if reading is Reading.BYTES:
            return super().read(context, reading)
        from compgen.conditionals.stream_bits import StreamBits
        from compgen.formats.zstd_frame import information_bits, payload_bits

        measure = information_bits if reading is Reading.BITS else payload_bits
        return StreamBits(self.compress, measure, context, reading=reading, parallel=True)

    def compress(self, data: bytes) -> bytes:
        return self._compressor().compress(data)

    def decompress(self, data: bytes) -> bytes:
        largest = 1 << max(self.long, DEFAULT_DECODER_LOG)
        decoder = zstandard.ZstdDecompressor(max_window_size=largest).decompressobj()
        return decompress_whole(self.name, decoder, data, (zstandard.ZstdError,))

    @property
    def dictionary_bytes(self) -> int:
        return min(self.window, LARGEST_DICTIONARY)

    def compress_after(self, dictionary: bytes, data: bytes) -> bytes:
        if not dictionary:
            return self.compress(data)
        return self._new_compressor(_raw_dictionary(dictionary)).compress(data)

    def decompress_after(self, dictionary: bytes, stream: bytes, most: int) -> bytes:
        decoder = zstandard.ZstdDecompressor(
            dict_data=_raw_dictionary(dictionary) if dictionary else None,
            max_window_size=1 << DEFAULT_DECODER_LOG,  # no larger one for a block of a file
        )
        try:
            with decoder.stream_reader(stream) as reader:
                data: bytes = reader.read(most + 1)
        except zstandard.ZstdError as error:
            raise CompressorError(f"zstd: the stream is damaged: {error}") from error
        if len(data) > most:
            raise CompressorError(f"zstd: more than {most} bytes come out of the stream")
        return data

    @classmethod
    def library(cls) -> str:
        version = ".".join(map(str, zstandard.ZSTD_VERSION))
        return f"libzstd {version} (zstandard {zstandard.__version__})"

    def _compressor(self) -> zstandard.ZstdCompressor:
        """The compressor of this thread: threads cannot share one, and a new one costs a
        quarter of the time that level 3 needs for 30 KB. Each thread keeps its latest only.
        """
        if getattr(_per_thread, "options", None) != self:
            _per_thread.compressor = self._new_compressor()
            _per_thread.options = self
        compressor: zstandard.ZstdCompressor = _per_thread.compressor
        return compressor

    def _new_compressor(
        self, dictionary: zstandard.ZstdCompressionDict | None = None
    ) -> zstandard.ZstdCompressor:
        if not self.long:  # by the level alone the library suits its tables to the input's size
            return zstandard.ZstdCompressor(
                level=self.level, dict_data=dictionary, write_content_size=False
            )
        parameters = zstandard.ZstdCompressionParameters.from_level(
            self.level, window_log=self.long, enable_ldm=True, write_content_size=False
        )
        return zstandard.ZstdCompressor(compression_params=parameters, dict_data=dictionary)


def _raw_dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    """What came before, as it is: no tables, no magic number (RFC 8878, section 5)."""
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
