"""`SpanCoder`: what pieces of sound cost after another piece, under any compressor.

a format of sound (flac)   the samples, 16 bits each
everything else            µ-law levels, each less the one before it: 8 bits, near 0
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compgen.compressor import Compressor
from compgen.conditional import Bits
from compgen.errors import UnsupportedError
from compgen.media.mu_law import levels
from compgen.media.samples import Samples, pcm_bytes
from compgen.reading import Reading


def hears(compressor: Compressor) -> bool:
    """Whether it knows of sound: flac."""
    return any(option.name == "rate" for option in dataclasses.fields(compressor))


def fit(compressor: Compressor, rate: int, channels: int) -> Compressor:
    """`compressor` with its options for sound, if it has such, set to this sound's."""
    if not hears(compressor):
        return compressor
    wanted = {"rate": rate, "channels": channels, "bits": 16}
    for option in dataclasses.fields(compressor):
        given = getattr(compressor, option.name)
        if option.name in wanted and given not in (option.default, wanted[option.name]):
            raise UnsupportedError(
                f"{compressor}: this sound has {option.name}={wanted[option.name]}; leave the "
                "option out"
            )
    return dataclasses.replace(compressor, **wanted)


@dataclass(frozen=True)
class SpanCoder:
    """A compressor of bytes; one that knows of sound is told the rate and the channels."""

    compressor: Compressor
    reading: Reading | str
    rate: int
    dither: int = 0

    def __post_init__(self) -> None:
        if self.dither and hears(self.compressor):
            raise UnsupportedError(
                f"--dither {self.dither} puts letters before the sound, and "
                f"{self.compressor.name} would take them for samples: leave it out"
            )

    def added(self, base: Samples, spans: Sequence[Samples]) -> Bits:
        """How many bits each of `spans` adds to `base`, shape (n,)."""
        compressor = fit(self.compressor, self.rate, base.shape[1])
        if hears(compressor):
            context, pieces = pcm_bytes(base), [pcm_bytes(span) for span in spans]
        else:
            context = _residuals(base)
            pieces = [_residuals(np.concatenate([base[-1:], span])) for span in spans]
            pieces = [piece[len(base[-1:]) * base.shape[1] :] for piece in pieces]
        conditional = compressor.condition(context, reading=self.reading, dither=self.dither)
        return np.asarray(conditional.bits(pieces), np.float64)


def _residuals(samples: Samples) -> bytes:
    """Each µ-law level less the one before it in its channel, modulo 256."""
    ranks = levels(samples)
    before = np.full((1, samples.shape[1]), 128, np.uint8)
    return np.diff(ranks, axis=0, prepend=before).tobytes()
