"""`samplecm`: context mixing of sound, coded. The model is compgen.conditionals.sample_mixing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compgen.compressors.model import ModelCompressor
from compgen.conditionals.sample_mixing import CHANNELS, LAWS, SampleMixing
from compgen.errors import MissingPackageError
from compgen.kernels import why_unavailable
from compgen.options import one_of
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional

SOUND = Tuning(temperature=1.0, min_p=0.0)


@dataclass(frozen=True)
class SampleMixer(ModelCompressor):
    """Context mixing for sound: adaptive filters, similar places and contexts of samples."""

    name = "samplecm"
    prime_bytes = 1 << 18

    channels: int = one_of(*CHANNELS, default=1)
    """Bytes in a frame: 1 mono, 2 stereo."""
    law: str = one_of(*LAWS, default="mulaw")
    """What a byte stands for: G.711, as `cgen audio` writes it, or unsigned PCM of 8 bits."""

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return SOUND

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        if obstacle := why_unavailable():
            raise MissingPackageError(f"samplecm: {obstacle}")
        return SampleMixing(context, channels=self.channels, law=self.law)
