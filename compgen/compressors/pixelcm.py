"""`pixelcm`: context mixing of pictures, coded. The model is compgen.conditionals.pixel_mixing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compgen.compressors.model import ModelCompressor
from compgen.conditionals.pixel_mixing import CHANNELS, MAX_WIDTH, STYLES, PixelMixing
from compgen.errors import MissingPackageError
from compgen.kernels import why_unavailable
from compgen.options import one_of, within
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional

GRAY = Tuning(temperature=1.0, min_p=0.005)
COLOUR = Tuning(temperature=0.9, min_p=0.03)
TEXTURE = Tuning(temperature=1.0, min_p=0.3)


@dataclass(frozen=True)
class PixelMixer(ModelCompressor):
    """Context mixing for pictures: predictors, similar places and contexts in two dimensions."""

    name = "pixelcm"
    prime_bytes = 1 << 18  # read in some ten seconds

    width: int = within(1, MAX_WIDTH, default=256)
    """Pixels in a row."""
    channels: int = one_of(*CHANNELS, default=1)
    """Bytes in a pixel: 1 gray, 3 RGB, 4 RGB and alpha."""
    style: str = one_of(*STYLES, default="photo")
    """`texture` believes similar places alone: worse lengths, better textures."""

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        if self.style == "texture":
            return TEXTURE
        return GRAY if self.channels == 1 else COLOUR

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        if obstacle := why_unavailable():
            raise MissingPackageError(f"pixelcm: {obstacle}")
        return PixelMixing(context, width=self.width, channels=self.channels, style=self.style)
