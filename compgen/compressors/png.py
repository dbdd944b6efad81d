"""PNG (W3C recommendation, third edition), by Pillow: deflate over filtered rows."""

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from compgen.compressors.picture import Picture, codec_version
from compgen.errors import CompressorError
from compgen.kernels import why_unavailable
from compgen.options import within
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.conditional import Conditional

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHUNK_HEADER = struct.Struct(">I4s")
CHECKSUM = struct.Struct(">I")


@dataclass(frozen=True)
class Png(Picture):
    """The data as a PNG picture: each row is predicted from its neighbours, then deflated."""

    name = "png"
    readings: ClassVar[tuple[Reading, ...]] = (
        Reading.FROZEN,
        Reading.PAYLOAD,
        Reading.BITS,
        Reading.BYTES,
    )
    prime_bytes = 8_000  # 256 candidates, dithered, take about a quarter of a second on two cores

    level: int = within(0, 9, default=9)

    @property
    def window(self) -> int:
        return 1 << 15

    def prime_budget(self, reading: Reading) -> int:
        return self.prime_bytes if reading is Reading.BYTES else self.window - self.window // 12

    def obstacle(self, reading: Reading) -> str:
        if reading is Reading.BYTES:
            return ""
        if self.level == 0:
            return "level 0 stores the data as it is and codes nothing"
        return why_unavailable()

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        """`bits` is what Pillow's own stream takes; `payload` and `frozen` are the classic
        zlib's, whichever Pillow has."""
        if reading is Reading.BYTES:
            return super().read(context, reading)
        from compgen.conditionals.png_bits import OneRowBits, PngBits
        from compgen.conditionals.png_stream import is_classic, stream_bits

        if reading is Reading.BITS and not is_classic(self):
            return stream_bits(self, context)
        if self.width == 0:
            return OneRowBits(context, reading=reading, level=self.level, channels=self.channels)
        return PngBits(
            context, reading=reading, level=self.level, width=self.width, channels=self.channels
        )

    def _save_options(self) -> dict[str, Any]:
        return {"format": "PNG", "compress_level": self.level}

    def _check_integrity(self, picture: bytes) -> None:
        """Every chunk has its checksum, and the last one is the last thing.

            length │ type │ data … │ CRC-32 of type and data          (section 5.3)
               4       4    length     4 bytes

        Pillow does not look at the checksums of the image data.
        """
        if not picture.startswith(SIGNATURE):
            raise CompressorError("png: the stream is damaged: it does not begin like a PNG")
        position, kind = len(SIGNATURE), b""
        while kind != b"IEND":
            body = position + CHUNK_HEADER.size
            if body > len(picture):
                raise CompressorError(f"png: the stream is cut short after {len(picture)} bytes")
            length, kind = CHUNK_HEADER.unpack_from(picture, position)
            end = body + length
            if end + CHECKSUM.size > len(picture):
                raise CompressorError(f"png: the stream is cut short after {len(picture)} bytes")
            (checksum,) = CHECKSUM.unpack_from(picture, end)
            if zlib.crc32(picture[position + 4 : end]) != checksum:
                raise CompressorError(f"png: the stream is damaged at byte {position}")
            position = end + CHECKSUM.size
        if position != len(picture):
            raise CompressorError(
                f"png: {len(picture) - position} bytes follow the end of the stream"
            )

    @classmethod
    def library(cls) -> str:
        return f"zlib {codec_version('zlib')}"
