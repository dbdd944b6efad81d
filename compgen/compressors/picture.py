"""Bytes laid out as a picture, so that an image format can compress them.

    header            picture
    ┌──────────────┐  ┌───────────── width pixels ─────────────┐
    │ true length, │  │ byte 0 │ byte 1 │ …                    │  `channels` bytes a pixel
    │ 8 bytes,     │  │ …                                      │
    │ little end.  │  │ … last byte ┊ the row above, repeated  │  (zeros if there is none)
    └──────────────┘  └────────────────────────────────────────┘

The header has a fixed size, so it cancels when lengths are subtracted. Width 0 is one row as
long as the data. Empty data is one row of zeros.
"""

import io
import struct
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compgen.compressor import Compressor
from compgen.errors import CompressorError, MissingPackageError
from compgen.options import one_of, within

if TYPE_CHECKING:
    from PIL.Image import Image

HEADER = struct.Struct("<Q")
MAX_PIXELS = 1 << 26
"""More are refused in both directions, so that a forged header cannot exhaust the memory.
Pillow warns of "decompression bombs" from 89 million pixels on."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Picture(Compressor):
    """What image formats have in common; a format adds its options and the methods below."""

    releases_gil = True

    width: int = within(0, MAX_PIXELS, default=0)
    """Pixels in a row; 0: one row as long as the data."""
    channels: int = one_of(*MODES, default=1)
    """Bytes in a pixel: 1 gray, 3 RGB, 4 RGB and alpha."""

    def compress(self, data: bytes) -> bytes:
        size = self._size(len(data))
        image = self._to_image(size, self._pad(data, size))
        picture = io.BytesIO()
        try:
            image.save(picture, **self._save_options())
        except OSError as error:  # Pillow's "encoder error"
            raise CompressorError(f"{self.name}: the encoder failed: {error}") from error
        return HEADER.pack(len(data)) + picture.getvalue()

    def decompress(self, data: bytes) -> bytes:
        if len(data) < HEADER.size:
            raise CompressorError(f"{self.name}: the stream is cut short after {len(data)} bytes")
        (length,) = HEADER.unpack_from(data)
        size = self._size(length)
        picture = data[HEADER.size :]
        self._check_integrity(picture)
        pixels = self._to_pixels(self._open(picture, size))
        if self._pad(pixels[:length], size) != pixels:
            raise CompressorError(f"{self.name}: the stream is damaged: the last row's padding")
        return pixels[:length]

    @abstractmethod
    def _save_options(self) -> dict[str, Any]:
        """Arguments of Pillow's `Image.save`, `format` among them."""

    @abstractmethod
    def _check_integrity(self, picture: bytes) -> None:
        """Raise CompressorError on what the format can tell is damaged, but Pillow accepts."""

    def _size(self, length: int) -> tuple[int, int]:
        """Width and height in pixels of the picture of `length` bytes."""
        pixels = max(1, -(-length // self.channels))
        width = self.width or pixels
        height = -(-pixels // width)
        if width * height > MAX_PIXELS:
            raise CompressorError(
                f"{self.name}: {length} bytes make a picture of {width} x {height} pixels; "
                f"the limit is {MAX_PIXELS} pixels"
            )
        return width, height

    def _pad(self, data: bytes, size: tuple[int, int]) -> bytes:
        """`data` with its last row filled up by the row above it, or zeros."""
        row = size[0] * self.channels
        missing = row * size[1] - len(data)
        above = data[len(data) - row :][:missing] if size[1] > 1 else bytes(missing)
        return data + above

    def _to_image(self, size: tuple[int, int], pixels: bytes) -> "Image":
        image: Image = pillow().frombytes(MODES[self.channels], size, pixels)
        return image

    def _to_pixels(self, image: "Image") -> bytes:
        """The inverse of `_to_image`. Raises CompressorError on a picture that it never makes."""
        if image.mode != MODES[self.channels]:
            raise CompressorError(
                f"{self.name}: the picture is {image.mode}, not {MODES[self.channels]}; "
                "is the option 'channels' the one that it was compressed with?"
            )
        return image.tobytes()

    def _open(self, picture: bytes, size: tuple[int, int]) -> "Image":
        image: Image
        try:
            image = pillow().open(io.BytesIO(picture), formats=[self._save_options()["format"]])
            if image.size == size:
                image.load()
        except Exception as error:  # Pillow's decoders raise whatever they stumble over
            raise CompressorError(f"{self.name}: the stream is damaged: {error}") from error
        if image.size != size:
            raise CompressorError(
                f"{self.name}: the picture has {image.width} x {image.height} pixels where the "
                f"header asks for {size[0]} x {size[1]}; is the stream damaged, or the option "
                "'width' or 'channels' not the one that it was compressed with?"
            )
        return image


def pillow() -> Any:
    """Pillow's `PIL.Image`, imported when it is first needed.

    Raises MissingPackageError where it is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingPackageError("pictures need Pillow: pip install pillow") from error
    return Image


def codec_version(codec: str) -> str:
    """The version of a library inside Pillow: `"webp"`, `"zlib"`.

    Raises MissingPackageError where Pillow is not installed or was built without it.
    """
    pillow()
    from PIL import features

    if not features.check(codec):
        raise MissingPackageError(f"this Pillow was built without {codec}: pip install pillow")
    return f"{features.version(codec)} (Pillow {features.version('pil')})"
