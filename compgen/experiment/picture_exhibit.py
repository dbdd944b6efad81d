"""`PictureExhibit`: a picture of which a part is given, its forgeries, and what is measured."""

import hashlib
import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from compgen.experiment.exhibit import Exhibit, Figure, Sample
from compgen.experiment.fill import FillRun, FillSpec
from compgen.experiment.picture_spec import PictureSpec, cut
from compgen.experiment.way import Way
from compgen.media.image_file import read_image
from compgen.media.pixels import Mask, Pixels
from compgen.metrics.image import measure_image

FIGURES = (
    Figure(
        "gradient",
        "gradient",
        "lower",
        "Wasserstein-1 distance of the steps between neighbours from the truth's, gray levels",
        "noise of the right strength, and a mirror image: steps that are in the wrong place",
        wide=True,
    ),
    Figure(
        "spectrum",
        "spectrum",
        "lower",
        "mean difference of the power spectrum from the truth's, in factors of two",
        "a mirror image",
    ),
    Figure(
        "patches",
        "patches",
        "truth",
        "sliced Wasserstein distance of the 5 x 5 patches to those of the given part, gray levels",
        "a copy of the given part, which is nearer to it than the truth is",
        wide=True,
    ),
    Figure(
        "excess",
        "|Δbpp|",
        "lower",
        "bits per pixel in lossless WebP, off the truth's in either direction",
        "noise of the right strength; half noise and half flat",
        wide=True,
    ),
    Figure(
        "seam",
        "seam",
        "truth",
        "step across the border over the mean step within the given part; about 1 is right",
        "a mirror image, which has none",
    ),
    Figure(
        "copied",
        "copied",
        "truth",
        "share of the 4 x 4 patches that stand in the given part as they are",
        "noise: it copies nothing",
    ),
    Figure(
        "psnr",
        "PSNR*",
        "higher",
        "peak signal-to-noise ratio to the truth in dB; punishes diversity",
        "flat gray, which beats a good sample that is another one than the truth",
        form=".1f",
    ),
    Figure(
        "ssim",
        "SSIM*",
        "higher",
        "structural similarity to the truth; punishes diversity as well",
        "flat gray, where the truth is smooth",
    ),
)
FIELDS = {
    "gradient": "gradient_distance",
    "spectrum": "spectrum_distance",
    "patches": "patch_distance",
    "excess": "excess_bits_per_pixel",
    "seam": "seam_ratio",
    "copied": "copied_fraction",
    "psnr": "psnr",
    "ssim": "ssim",
}
"""Each figure's field of `ImageMeasures`."""


@dataclass(frozen=True)
class PictureExhibit(Exhibit):
    """A picture, its gap, and how it was read."""

    medium: ClassVar[str] = "image"
    figures: ClassVar[tuple[Figure, ...]] = FIGURES

    name: str
    data: bytes
    sha256: str
    pixels: Pixels
    unknown: Mask
    size: tuple[int, int] | None
    gray: bool
    keep: str

    @classmethod
    def read(
        cls, name: str, data: bytes, size: tuple[int, int] | None, gray: bool, keep: str
    ) -> Self:
        """Raises UsageError or InputError, with the name, for what cannot be used."""
        pixels, unknown = cut(data, size, gray, keep, name)
        return cls(name, data, hashlib.sha256(data).hexdigest(), pixels, unknown, size, gray, keep)

    @property
    def description(self) -> str:
        height, width, channels = self.pixels.shape
        colours = "gray" if channels == 1 else "RGB"
        return f"{width} x {height}, {colours}, {self.keep} given"

    @property
    def truth(self) -> Pixels:
        return self.pixels

    @property
    def gap(self) -> int:
        return int(np.count_nonzero(self.unknown))

    def spec(self, way: Way, seed: int) -> FillSpec:
        return PictureSpec(self.sha256, way, seed, self.size, self.gray, self.keep)

    def sample_of(self, run: FillRun) -> Pixels:
        pixels = read_image(run.sample).pixels
        return np.broadcast_to(pixels, self.pixels.shape)  # colours that are all gray: 1 channel

    def forgeries(self, seed: int) -> dict[str, Sample]:
        rng = np.random.default_rng([seed, 0])
        noise = rng.integers(256, size=self.pixels.shape)
        mean = self.pixels[~self.unknown].mean(axis=0)
        flat = np.rint(mean).astype(np.uint8)
        matched = mean + rng.normal(0, self._roughness(), self.pixels.shape)
        return {
            "a mirror image": self._filled(self._mirrored()),
            "flat": self._filled(np.broadcast_to(flat, self.pixels.shape)),
            "noise": self._filled(noise.astype(np.uint8)),
            "matched noise": self._filled(np.clip(np.rint(matched), 0, 255).astype(np.uint8)),
        }

    def measure(self, sample: Sample) -> dict[str, float]:
        found = measure_image(sample, self.pixels, self.unknown)
        figures = {name: float(getattr(found, field)) for name, field in FIELDS.items()}
        figures["excess"] = abs(figures["excess"])
        return {
            name: value if math.isfinite(value) else math.nan for name, value in figures.items()
        }

    def _filled(self, filling: Pixels) -> Pixels:
        """The picture with another one in its gap."""
        found: Pixels = np.where(self.unknown[..., None], filling, self.pixels)
        return found

    def _roughness(self) -> float:
        """The standard deviation of Gaussian noise whose steps between neighbours are as large as
        those within what is given: on average 2 / sqrt(pi) of it."""
        steps = [
            np.abs(np.diff(self.pixels.astype(np.float64), axis=axis))[both]
            for axis in (0, 1)
            if (both := _neighbours(~self.unknown, axis)).any()
        ]
        return float(np.concatenate([one.ravel() for one in steps]).mean() * np.sqrt(np.pi) / 2)

    def _mirrored(self) -> Pixels:
        """What is given, mirrored at its border, as often as it takes."""
        height, width = self.unknown.shape
        rows, columns = (~self.unknown).any(1), (~self.unknown).any(0)
        given = self.pixels[rows][:, columns]
        missing = (0, height - given.shape[0]), (0, width - given.shape[1]), (0, 0)
        found: Pixels = np.pad(given, missing, mode="symmetric")
        return found


def _neighbours(region: Mask, axis: int) -> Mask:
    """Where a pixel and the next along `axis` both lie in `region`."""
    return region[1:] & region[:-1] if axis == 0 else region[:, 1:] & region[:, :-1]
