"""Code length of a sample against the truth's: is it as complex as it should be?

The raw number misleads: lower is blander. What counts is how far it is from the truth's.
"""

from collections.abc import Callable

import numpy as np

from compgen.media.pixels import Mask, Pixels


def webp_bits(pixels: Pixels) -> float:
    """Bits of the picture in lossless WebP, at its default effort."""
    from compgen.compressors.webp import Webp

    _, width, channels = pixels.shape
    coder = Webp(width=width, channels=channels, method=4)
    return 8.0 * len(coder.compress(pixels.tobytes()))


def bits_per_pixel(pixels: Pixels) -> float:
    """Code length of the whole picture in lossless WebP, for each pixel with all its channels."""
    return webp_bits(pixels) / pixels[..., 0].size


def excess_bits_per_pixel(
    sample: Pixels, truth: Pixels, unknown: Mask, code_length: Callable[[Pixels], float]
) -> float:
    """Code length of `sample` less that of `truth`, in bits for each unknown pixel."""
    return (code_length(sample) - code_length(truth)) / int(np.count_nonzero(unknown))
