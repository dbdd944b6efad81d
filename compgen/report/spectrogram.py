"""Spectrograms, as pictures: what was known and what was made, with a line between."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compgen.media.pixels import Pixels
from compgen.media.samples import Samples, mono
from compgen.report.contact_sheet import contact_sheet

FRAME, STEP = 0.032, 0.004
"""Seconds."""
QUIETEST, LOUDEST = -100.0, -30.0
"""dB of full scale, of black and of the brightest colour."""
COLOURS = np.array(
    [(0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21),
     (250, 193, 39), (252, 255, 164)], float
)  # fmt: skip
"""Dark to bright, evenly in lightness (the map "inferno" of matplotlib, CC0)."""
SHOWN_BEFORE = 1.5
"""Seconds of the known part that are shown at most."""
LINE = (0, 220, 220)


def spectrogram(samples: Samples, rate: int, join: int) -> Pixels:
    """Frequency upwards, 0 to half the rate; a dashed line before sample `join`."""
    power = _power_in_db(mono(samples), rate)
    shade = np.clip((power - QUIETEST) / (LOUDEST - QUIETEST), 0, 1) * (len(COLOURS) - 1)
    scale = np.arange(len(COLOURS))
    pixels = np.stack([np.interp(shade, scale, COLOURS[:, one]) for one in range(3)], axis=2)
    picture: Pixels = np.rint(pixels[::-1]).astype(np.uint8)
    column = round(join / max(1, round(STEP * rate)))
    if 0 < column < picture.shape[1]:
        dashes = np.arange(picture.shape[0]) % 8 < 4
        picture[dashes, column] = LINE
    return picture


def spectrogram_sheet(
    sounds: Sequence[Samples], names: Sequence[str], rate: int, join: int
) -> Pixels:
    """One below the other, each with its name; what is long before `join` is left out."""
    first = max(0, join - round(SHOWN_BEFORE * rate))
    pictures = [spectrogram(sound[first:], rate, join - first) for sound in sounds]
    return contact_sheet([[picture] for picture in pictures], names=names)


def _power_in_db(wave: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Power in each frequency at each step, shape (frequencies, steps)."""
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    length = max(8, round(FRAME * rate))
    wave = np.pad(wave, (0, max(0, length - len(wave))))
    transform = ShortTimeFFT(hann(length), max(1, round(STEP * rate)), rate, scale_to="magnitude")
    magnitude = np.abs(transform.stft(wave, p0=0, p1=-(-len(wave) // transform.hop)))
    found: NDArray[np.float64] = 20 * np.log10(magnitude + 1e-10)
    return found
