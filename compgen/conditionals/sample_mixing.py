"""`SampleMixing`: context mixing over the bytes of a sound, an exact conditional.

    context ─► heard, learning ─► Model ─┬─ next_byte   all 255 nodes, nothing changes
                                         ├─ advance     8 nodes a byte, learning, or frozen
                                         ├─ bits        the same on a fork
                                         └─ generate    both, in the compiled loop

The text of docs/samplecm.md says what the model is made of; compgen/conditionals/freezing.py,
what freezing and forking mean.
"""

from typing import TYPE_CHECKING, Any, Self

from compgen.conditionals.freezing import FreezingModel
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.kernels.samplecm_state import Model

LAWS = ("mulaw", "linear")
CHANNELS = (1, 2)
BITS = 22
"""Logarithm of the number of counters: 16 MB of them."""


class SampleMixing(FreezingModel):
    """A context-mixing model of a sound that has heard `context`, its first bytes.

    channels  bytes in a frame, which lie side by side: 1, 2
    law       what a byte stands for: "mulaw", G.711; "linear", unsigned PCM of 8 bits
    learn     False: `freeze()` after the context

    Its distributions are the same on every machine: see the kernels on their arithmetic.

    Raises UsageError where a value is out of range.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        channels: int = 1,
        law: str = "mulaw",
        learn: bool = True,
    ) -> None:
        if channels not in CHANNELS:
            raise UsageError(f"a sound has 1 or 2 channels; channels={channels} is neither")
        if law not in LAWS:
            raise UsageError(f"the laws are {' and '.join(LAWS)}; law={law} is neither")
        from compgen.kernels.samplecm import arrive
        from compgen.kernels.samplecm_state import fresh, layout

        self._law = law
        self._learn = True
        self._size = 0
        self._seen_is_shared = False
        self._learned_is_shared = False
        self._model: Model = fresh(layout(channels, BITS, law))
        arrive(self._model, self._scratch(), True)
        self.advance(context)
        self._learn = learn

    def __repr__(self) -> str:
        return (
            f"SampleMixing(channels={self.channels}, law={self._law!r}, learn={self._learn}, "
            f"size={self._size})"
        )

    @property
    def channels(self) -> int:
        """Bytes in a frame."""
        return self._model.layout.channels

    def writing(self) -> Self:
        """A frozen fork: what it writes teaches it nothing."""
        twin = self.fork()
        twin.freeze()
        return twin

    def _scratch(self) -> Any:
        from compgen.kernels.samplecm import work

        return work()

    def _own_seen(self, size: int, *, copy: bool) -> None:
        from compgen.kernels.samplecm_state import with_room

        sound = self._model.sound
        if copy:
            sound = type(sound)(*(array.copy() for array in sound))
        self._model = self._model._replace(sound=with_room(sound, size))

    def _own_learned(self, count: int) -> None:
        from compgen.kernels.samplecm_state import with_filters

        super()._own_learned(count)
        learned = with_filters(self._model.learned, self._model.sound.wave.shape[1])
        self._model = self._model._replace(learned=learned)

    def _loops(self) -> Any:
        from compgen.kernels import samplecm

        return samplecm
