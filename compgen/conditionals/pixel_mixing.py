"""`PixelMixing`: context mixing over the bytes of a picture, an exact conditional.

    context ─► read, learning ─► Model ─┬─ next_byte   all 255 nodes, nothing changes
                                        ├─ advance     8 nodes a byte, learning, or frozen
                                        ├─ bits        the same on a fork
                                        └─ generate    both, in the compiled loop

The text of docs/pixelcm.md says what the model is made of; compgen/conditionals/freezing.py, what
freezing and forking mean.
"""

from typing import TYPE_CHECKING, Any

from compgen.conditionals.freezing import FreezingModel
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.kernels.pixelcm_state import Model

STYLES = ("photo", "texture")
CHANNELS = (1, 3, 4)
MAX_WIDTH = 65535
BITS = 22
"""Logarithm of the number of counters: 16 MB of them."""


class PixelMixing(FreezingModel):
    """A context-mixing model of a picture that has read `context`, its first bytes.

    width     pixels in a row
    channels  bytes in a pixel, which lie side by side: 1, 3 or 4
    style     "photo": all experts; "texture": the nearest contexts alone, which continue what
              they have seen and nothing else
    learn     False: `freeze()` after the context

    Its distributions are the same on every machine: see the kernels on their arithmetic.

    Raises UsageError where a value is out of range.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        width: int,
        channels: int = 1,
        style: str = "photo",
        learn: bool = True,
    ) -> None:
        if not 1 <= width <= MAX_WIDTH:
            raise UsageError(f"a picture is 1 to {MAX_WIDTH} pixels wide; width={width} is not")
        if channels not in CHANNELS:
            raise UsageError(f"a picture has 1, 3 or 4 channels; channels={channels} is not one")
        if style not in STYLES:
            raise UsageError(f"the styles are {' and '.join(STYLES)}; style={style} is not one")
        from compgen.kernels.pixelcm import arrive
        from compgen.kernels.pixelcm_state import fresh, layout

        self._style = style
        self._learn = True
        self._size = 0
        self._seen_is_shared = False
        self._learned_is_shared = False
        self._model: Model = fresh(layout(width, channels, BITS, style))
        arrive(self._model, self._scratch())
        self.advance(context)
        self._learn = learn

    def __repr__(self) -> str:
        return (
            f"PixelMixing(width={self.width}, channels={self.channels}, style={self._style!r}, "
            f"learn={self._learn}, size={self._size})"
        )

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self._model.layout.width

    @property
    def channels(self) -> int:
        """Bytes in a pixel."""
        return self._model.layout.channels

    def _scratch(self) -> Any:
        from compgen.kernels.pixelcm_node import work

        return work(self.channels)

    def _own_seen(self, size: int, *, copy: bool) -> None:
        from compgen.kernels.pixelcm_state import copied, with_room

        picture = copied(self._model.picture) if copy else self._model.picture
        self._model = self._model._replace(picture=with_room(picture, self._model.layout, size))

    def _loops(self) -> Any:
        from compgen.kernels import pixelcm

        return pixelcm
