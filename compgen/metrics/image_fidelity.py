"""How near a sample is to the truth, pixel by pixel. Both measures punish diversity: a good
sample that is another one than the truth scores worse than a blur."""

import numpy as np
from numpy.typing import NDArray

from compgen.media.pixels import Mask

Gray = NDArray[np.float64]
SSIM_WINDOW = 7
K1, K2 = 0.01, 0.03


def psnr(sample: Gray, truth: Gray, region: Mask) -> float:
    """Peak signal-to-noise ratio over `region`, in dB; infinite for equals."""
    error = float(((sample - truth)[region] ** 2).mean())
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(sample: Gray, truth: Gray, region: Mask) -> float:
    """Mean structural similarity over `region`, with a uniform 7 x 7 window
    (Wang et al., IEEE Transactions on Image Processing 13, 2004)."""
    from scipy.ndimage import uniform_filter

    def mean(values: Gray) -> Gray:
        filtered: Gray = uniform_filter(values, SSIM_WINDOW, mode="reflect")
        return filtered

    unbiased = SSIM_WINDOW**2 / (SSIM_WINDOW**2 - 1)
    mean_sample, mean_truth = mean(sample), mean(truth)
    variance_sample = unbiased * (mean(sample**2) - mean_sample**2)
    variance_truth = unbiased * (mean(truth**2) - mean_truth**2)
    covariance = unbiased * (mean(sample * truth) - mean_sample * mean_truth)
    c1, c2 = (K1 * 255) ** 2, (K2 * 255) ** 2
    similarity = ((2 * mean_sample * mean_truth + c1) * (2 * covariance + c2)) / (
        (mean_sample**2 + mean_truth**2 + c1) * (variance_sample + variance_truth + c2)
    )
    return float(similarity[region].mean())
