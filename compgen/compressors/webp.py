"""Lossless WebP (RFC 9649), by Pillow and libwebp."""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compgen.compressors.picture import Picture, codec_version, pillow
from compgen.errors import CompressorError
from compgen.options import within

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE = 16383
"""Pixels: width and height have 14 bits each (RFC 9649, section 3.4)."""
LARGEST_WINDOW = (1 << 20) - 120
"""Pixels that a match can reach back."""
RIFF = struct.Struct("<4sI4s")


@dataclass(frozen=True)
class Webp(Picture):
    """The data as a lossless WebP picture: two-dimensional LZ77 and predictors over pixels.

    One channel is stored as equal red, green and blue, which WebP turns into one again at
    hardly any cost. A stream has no checksum, so damage may go unnoticed.
    """

    name = "webp"
    prime_bytes = 8_000  # 256 candidates take about a third of a second on two cores

    width: int = within(1, MAX_SIDE, default=256)
    """Pixels in a row; a picture has at most 16383 of them."""
    method: int = within(0, 6, default=1)
    """Effort from 0, fast, to 6."""
    quality: int = within(0, 100, default=75)
    """Effort as well, since nothing is lost: 100 is the slowest."""

    @property
    def default_dither(self) -> int:
        return 0  # a compression takes a millisecond

    @property
    def window(self) -> int:
        """In bytes; in pixels it depends on the width and the quality (libwebp,
        src/enc/backward_references_enc.c, `GetWindowSizeForHashChain`)."""
        rows = 1 << (4 + 2 * sum(self.quality > step for step in (25, 50)))
        pixels = LARGEST_WINDOW if self.quality > 75 else self.width * rows
        return min(pixels, LARGEST_WINDOW) * self.channels

    def _size(self, length: int) -> tuple[int, int]:
        width, height = super()._size(length)
        if height > MAX_SIDE:
            raise CompressorError(
                f"webp: {length} bytes make {height} rows of {width} pixels, and a WebP picture "
                f"has at most {MAX_SIDE}; give it more width, up to webp:width={MAX_SIDE}"
            )
        return width, height

    def _save_options(self) -> dict[str, Any]:
        return {
            "format": "WEBP",
            "lossless": True,
            "exact": True,  # or what lies under transparent pixels is lost
            "method": self.method,
            "quality": self.quality,
        }

    def _to_image(self, size: tuple[int, int], pixels: bytes) -> "Image":
        image = super()._to_image(size, pixels)
        return image.convert("RGB") if self.channels == 1 else image

    def _to_pixels(self, image: "Image") -> bytes:
        if self.channels == 4 and image.mode == "RGB":  # all opaque: WebP drops the alpha
            image = image.convert("RGBA")
        elif self.channels == 1 and image.mode == "RGB":
            gray = image.getchannel(0)
            if pillow().merge("RGB", [gray] * 3).tobytes() != image.tobytes():
                raise CompressorError("webp: the stream is damaged: it is not gray")
            image = gray
        return super()._to_pixels(image)

    def _check_integrity(self, picture: bytes) -> None:
        """The file says how long it is: `RIFF`, the length of what follows, `WEBP`, chunks."""
        if len(picture) < RIFF.size or RIFF.unpack_from(picture)[1] != len(picture) - 8:
            raise CompressorError("webp: the stream is damaged, cut short, or not the last thing")

    @classmethod
    def library(cls) -> str:
        return f"libwebp {codec_version('webp')}"
