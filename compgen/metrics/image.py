"""All measures of a filled picture in one: `measure_image`.

sample ─┐
truth  ─┼─►  image_fidelity    PSNR, SSIM              punish diversity: see there
unknown ┘    image_statistics  gradients, spectrum, patches
             image_structure   seam, verbatim copies
             image_code_length |bits per pixel, sample less truth|
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

from compgen.media.pixels import Mask, Pixels, grayscale
from compgen.metrics.image_code_length import excess_bits_per_pixel, webp_bits
from compgen.metrics.image_fidelity import psnr, ssim
from compgen.metrics.image_statistics import (
    gradient_distance,
    patch_distance,
    spectrum_distance,
)
from compgen.metrics.image_structure import copied_fraction, seam_ratio


@dataclass(frozen=True)
class ImageMeasures:
    """What was measured; NaN where the region is too small for it."""

    gradient_distance: float
    """Wasserstein-1 distance of the gradients to the truth's, gray levels. 0 is the truth's."""
    spectrum_distance: float
    """Mean difference of the power spectrum to the truth's, in bits (factors of two)."""
    patch_distance: float
    """Sliced Wasserstein distance of 5 x 5 patches to those of the known part, gray levels."""
    seam_ratio: float
    """Mean step across the border, over the mean step within the known part. About 1 is right."""
    excess_bits_per_pixel: float
    """Code length of the sample less that of the truth, for each filled pixel. 0 is right."""
    copied_fraction: float
    """Share of 4 x 4 patches that stand in the known part as they are."""
    psnr: float
    """Peak signal-to-noise ratio in dB. Punishes diversity: flat gray beats a good sample."""
    ssim: float
    """Structural similarity. Punishes diversity as well, though less."""

    def as_dict(self) -> dict[str, float | None]:
        """For JSON, where there is no NaN and nothing infinite."""
        return {
            name: round(value, 5) if math.isfinite(value) else None
            for name, value in asdict(self).items()
        }


def measure_image(
    sample: Pixels,
    truth: Pixels,
    unknown: Mask,
    code_length: Callable[[Pixels], float] = webp_bits,
) -> ImageMeasures:
    """Measure `sample`, which shares all but the `unknown` pixels with `truth`.

    `code_length` gives the bits of a whole picture: lossless WebP unless told otherwise.
    """
    made, true, known = grayscale(sample), grayscale(truth), ~unknown
    return ImageMeasures(
        gradient_distance=gradient_distance(made, true, unknown),
        spectrum_distance=spectrum_distance(made, true, unknown),
        patch_distance=patch_distance(made, unknown, known),
        seam_ratio=seam_ratio(made, unknown),
        excess_bits_per_pixel=excess_bits_per_pixel(sample, truth, unknown, code_length),
        copied_fraction=copied_fraction(sample, unknown),
        psnr=psnr(made, true, unknown),
        ssim=ssim(made, true, unknown),
    )
