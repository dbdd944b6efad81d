"""Whether a sample fits what it continues, and how much of it was copied from there."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from compgen.media.pixels import Mask, Pixels

Gray = NDArray[np.float64]
COPY = 4
"""Side of the patches that count as copied."""
STEP = 0.5
"""Gray levels added to both steps, so that flat pictures have a ratio, too."""


def seam_ratio(gray: Gray, unknown: Mask) -> float:
    """Mean absolute step across the border of `unknown`, over that within the known part.

    Rows and columns are measured apart, and the mean taken of those that have a border.
    """
    ratios = []
    for axis in (0, 1):
        step = np.abs(np.diff(gray, axis=axis))
        first, second = (
            (unknown[:-1], unknown[1:]) if axis == 0 else (unknown[:, :-1], unknown[:, 1:])
        )
        border, within = first != second, ~first & ~second
        if border.any() and within.any():
            ratios.append((step[border].mean() + STEP) / (step[within].mean() + STEP))
    return float(np.mean(ratios)) if ratios else float("nan")


def copied_fraction(pixels: Pixels, unknown: Mask) -> float:
    """Share of the 4 x 4 patches in the unknown part that occur in the known part, bit by bit."""
    if min(unknown.shape) < COPY:
        return float("nan")
    patches = sliding_window_view(pixels, (COPY, COPY), axis=(0, 1))
    inside = sliding_window_view(unknown, (COPY, COPY)).all((2, 3))
    outside = sliding_window_view(~unknown, (COPY, COPY)).all((2, 3))
    known = {patch.tobytes() for patch in patches[outside]}
    found = [patch.tobytes() in known for patch in patches[inside]]
    return float(np.mean(found)) if found else float("nan")
