"""What a picture costs as a picture, and how it compares with the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compgen.compressor import Compressor
from compgen.imaging.fitting import fit
from compgen.imaging.imagecodecs import ImageCodec
from compgen.media.pixels import Pixels


@dataclass(frozen=True)
class ImageScore:
    """The code length of a whole picture."""

    compressor: str
    """With the options that it got from the picture."""
    width: int
    height: int
    channels: int
    bits: float

    @property
    def bits_per_pixel(self) -> float:
        """Bits for each pixel, all its channels."""
        return self.bits / (self.width * self.height)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "compressor": self.compressor,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "code_length_bits": self.bits,
            "code_length_bits_per_pixel": self.bits_per_pixel,
        }


def score_image(pixels: Pixels, compressor: Compressor | ImageCodec) -> ImageScore:
    """Code `pixels` as a whole: what knows of rows is told how long they are."""
    height, width, channels = pixels.shape
    if isinstance(compressor, ImageCodec):
        return ImageScore(str(compressor), width, height, channels, _codec(compressor, pixels))
    fitted = fit(compressor, width, channels)
    bits = 8.0 * len(fitted.compress(np.ascontiguousarray(pixels).tobytes()))
    return ImageScore(str(fitted), width, height, channels, bits)


def _codec(codec: ImageCodec, pixels: Pixels) -> float:
    return float(codec.bits([pixels])[0])
