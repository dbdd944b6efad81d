"""What a sound costs.

a format of sound (flac)   the samples as they are, 16 bits each
everything else            µ-law codes, 8 bits each, channels interleaved: what the unit
                           `sample` asks for
"""

from dataclasses import dataclass
from typing import Any

from compgen.compressor import Compressor
from compgen.media.mu_law import encode
from compgen.media.samples import Samples, pcm_bytes
from compgen.sound.fitting import fit_samples
from compgen.sound.span_coder import fit, hears

MOST_RATE = 65_535
"""FLAC's streamable subset; a faster sound is coded as if it were slower, bit for bit alike but
for its header."""


@dataclass(frozen=True)
class SoundScore:
    """The code length of a whole sound."""

    compressor: str
    """With the options that it got from the sound."""
    coded_as: str
    """What was coded: 16-bit samples or µ-law."""
    rate: int
    length: int
    """Samples of each channel."""
    channels: int
    bits: float

    @property
    def bits_per_sample(self) -> float:
        """Bits for each sample of each channel."""
        return self.bits / (self.length * self.channels)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "compressor": self.compressor,
            "coded_as": self.coded_as,
            "rate": self.rate,
            "samples": self.length,
            "channels": self.channels,
            "code_length_bits": self.bits,
            "code_length_bits_per_sample": self.bits_per_sample,
        }


def score_sound(samples: Samples, rate: int, compressor: Compressor) -> SoundScore:
    """Code `samples`, shape (length, channels), as a whole.

    Raises UnsupportedError for a compressor with options that are another sound's.
    """
    length, channels = samples.shape
    if hears(compressor):
        fitted, coded_as = fit(compressor, min(rate, MOST_RATE), channels), "16-bit samples"
        data = pcm_bytes(samples)
    else:
        fitted, coded_as = fit_samples(compressor, channels), "8-bit µ-law"
        data = encode(samples).tobytes()
    bits = 8.0 * len(fitted.compress(data))
    return SoundScore(str(fitted), coded_as, rate, length, channels, bits)
