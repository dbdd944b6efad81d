"""Whether a sample has the statistics of a picture: gradients, power spectrum, patches."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from compgen.media.pixels import Mask

Gray = NDArray[np.float64]
Values = NDArray[np.float64]
QUANTILES = (np.arange(400) + 0.5) / 400
PATCH = 5
DIRECTIONS = 64
SMALLEST_FOR_PATCHES = 4
FREQUENCIES = np.linspace(0.02, 0.5, 9)
"""Borders of the rings of frequencies, in cycles a pixel."""
FLOOR = 1e-3
"""Power below which a flat region's spectrum is not told apart, a pixel."""


def gradient_distance(sample: Gray, truth: Gray, region: Mask) -> float:
    """Wasserstein-1 distance between the steps to the right and downwards of sample and truth
    within `region`, in gray levels; the mean of both directions."""
    distances = []
    for axis in (0, 1):
        both = _neighbours(region, axis)
        if both.any():
            made, true = np.diff(sample, axis=axis)[both], np.diff(truth, axis=axis)[both]
            distances.append(wasserstein(made, true))
    return float(np.mean(distances)) if distances else float("nan")


def spectrum_distance(sample: Gray, truth: Gray, region: Mask) -> float:
    """Mean absolute difference of the logarithms, base 2, of the power in 8 rings of
    frequencies, over the bounding box of `region`."""
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if min(sample[box].shape) < 4:
        return float("nan")
    difference = np.abs(_spectrum(sample[box]) - _spectrum(truth[box]))
    return float(np.nanmean(difference))


def patch_distance(sample: Gray, region: Mask, other: Mask) -> float:
    """Sliced Wasserstein-2 distance between the 5 x 5 patches in `region` and those in `other`,
    over 64 fixed random directions, in gray levels (Rabin et al., SSVM 2011)."""
    here, there = _patches(sample, region), _patches(sample, other)
    if min(len(here), len(there)) < SMALLEST_FOR_PATCHES:
        return float("nan")
    directions = np.random.default_rng(0).standard_normal((PATCH**2, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    quantiles = (np.arange(200) + 0.5) / 200
    projected = [np.quantile(patches @ directions, quantiles, axis=0) for patches in (here, there)]
    return float(np.sqrt(((projected[0] - projected[1]) ** 2).mean()))


def wasserstein(left: Values, right: Values) -> float:
    """Wasserstein-1 distance of two samples of numbers, by 400 quantiles."""
    return float(np.abs(np.quantile(left, QUANTILES) - np.quantile(right, QUANTILES)).mean())


def _neighbours(region: Mask, axis: int) -> Mask:
    """Where a pixel and the next along `axis` both lie in `region`."""
    return region[1:] & region[:-1] if axis == 0 else region[:, 1:] & region[:, :-1]


def _patches(gray: Gray, region: Mask) -> Values:
    """Every patch that lies wholly in `region`, shape (n, 25)."""
    if min(gray.shape) < PATCH:
        return np.zeros((0, PATCH**2))
    whole = sliding_window_view(region, (PATCH, PATCH)).all((2, 3))
    return sliding_window_view(gray, (PATCH, PATCH))[whole].reshape(-1, PATCH**2)


def _spectrum(gray: Gray) -> Values:
    """log2 of the mean power in each ring of frequencies, by a Hann window; NaN for a ring
    without a frequency."""
    height, width = gray.shape
    windowed = (gray - gray.mean()) * np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.fft2(windowed)) ** 2 + FLOOR * height * width
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    rings = np.digitize(frequency, FREQUENCIES) - 1
    return np.array(
        [
            np.log2(power[rings == ring].mean()) if (rings == ring).any() else np.nan
            for ring in range(len(FREQUENCIES) - 1)
        ]
    )
