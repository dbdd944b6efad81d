"""`Pixels`: a picture as an array, and what every part needs of one."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Shape (height, width, channels), uint8; 1 channel is gray, 3 are red, green and blue."""
Mask = NDArray[np.bool_]
"""Shape (height, width)."""

LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, as in Pillow's conversion to gray."""


def grayscale(pixels: Pixels) -> NDArray[np.float64]:
    """Brightness, 0 to 255, shape (height, width)."""
    values = pixels.astype(np.float64)
    gray: NDArray[np.float64] = values[..., 0] if values.shape[2] == 1 else values @ LUMA
    return gray


def posterise(pixels: Pixels, levels: int) -> Pixels:
    """Each value replaced by the nearest of `levels` evenly spaced ones."""
    values = level_values(levels)
    nearest = np.rint(np.arange(256) * ((levels - 1) / 255)).astype(np.intp)
    found: Pixels = values[nearest][pixels]
    return found


def level_values(levels: int) -> NDArray[np.uint8]:
    """The values of a picture with `levels` levels, 2 to 256, from black to white."""
    return np.rint(np.linspace(0, 255, levels)).astype(np.uint8)
