"""Measures of pictures: right where the right answer is known, and in the right direction."""

import numpy as np
import pytest

from compgen.media.pixels import Pixels
from compgen.metrics.image import ImageMeasures, measure_image
from compgen.metrics.image_statistics import wasserstein


def scene(side: int = 48) -> Pixels:
    """Waves with some noise, the same statistics everywhere."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:side, :side]
    light = 128 + 50 * np.sin(x / 2 + np.sin(y / 3)) + rng.normal(0, 6, (side, side))
    pixels: Pixels = np.clip(light, 0, 255).astype(np.uint8)[..., None]
    return pixels


TRUTH = scene()
UNKNOWN = np.zeros(TRUTH.shape[:2], np.bool_)
UNKNOWN[24:] = True


def filled(values: np.ndarray) -> Pixels:
    sample = TRUTH.copy()
    sample[UNKNOWN] = np.broadcast_to(values, TRUTH.shape)[UNKNOWN]
    return sample


def noise() -> Pixels:
    return filled(np.random.default_rng(4).integers(0, 256, TRUTH.shape, np.uint8))


def test_the_truth_is_right_by_every_measure() -> None:
    found = measure_image(TRUTH, TRUTH, UNKNOWN)
    assert found.gradient_distance == found.spectrum_distance == found.excess_bits_per_pixel == 0
    assert found.ssim == pytest.approx(1)
    assert found.psnr == float("inf")
    assert 0.5 < found.seam_ratio < 1.5
    assert found.as_dict()["psnr"] is None  # JSON has nothing infinite


def test_noise_and_flatness_are_wrong_in_opposite_directions() -> None:
    flat, noisy = (
        measure_image(one, TRUTH, UNKNOWN) for one in (filled(np.full((1, 1, 1), 128)), noise())
    )
    assert flat.excess_bits_per_pixel < -1 < 1 < noisy.excess_bits_per_pixel
    for found in (flat, noisy):
        assert found.gradient_distance > 5
        assert found.spectrum_distance > 1
        assert found.patch_distance > 10
    assert flat.psnr > noisy.psnr  # which is why it is no measure of samples


def test_known_values() -> None:
    unknown = np.array([[False] * 8] * 4 + [[True] * 8] * 4)
    truth = np.full((8, 8, 1), 100, np.uint8)
    sample = truth.copy()
    sample[unknown] = 110
    found = measure_image(sample, truth, unknown, code_length=lambda one: float(one.sum()))
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / 100))
    assert found.excess_bits_per_pixel == 10
    assert found.seam_ratio == (10 + 0.5) / 0.5
    assert found.gradient_distance == 0
    assert found.copied_fraction == 0


def test_copies_are_found() -> None:
    assert measure_image(filled(TRUTH[::-1]), TRUTH, UNKNOWN).copied_fraction == 0
    copied = TRUTH.copy()
    copied[24:] = TRUTH[:24]
    assert measure_image(copied, TRUTH, UNKNOWN).copied_fraction == 1


def test_a_seam_shows() -> None:
    shifted = filled(np.clip(TRUTH.astype(int) + 90, 0, 255).astype(np.uint8))
    assert measure_image(shifted, TRUTH, UNKNOWN).seam_ratio > 2


def test_wasserstein_is_the_distance_that_is_to_be_moved() -> None:
    values = np.random.default_rng(5).normal(size=1000)
    assert wasserstein(values, values) == 0
    assert wasserstein(values, values + 3) == pytest.approx(3)
    assert wasserstein(values[:500], values) < 0.2


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_small_pictures_have_no_measure_rather_than_an_error(side: int) -> None:
    tiny = TRUTH[:side, :side]
    everything = np.ones((side, side), np.bool_)
    found = measure_image(tiny, tiny, everything)
    assert isinstance(found, ImageMeasures)
    assert found.as_dict()["seam_ratio"] is None
