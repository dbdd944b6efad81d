"""`FreezingModel`: a bitwise model that can be told to learn nothing from what it reads.

Freezing. What is generated should teach a model nothing, or it drifts: to noise, or to a
standstill. `freeze()` where the known part ends, `thaw()` where it goes on: frozen, the bytes are
neighbours of those that follow, and no more. They change no counter, weight or sum, and are
nothing that what comes later may look like.

Forks. The counters are shared: a fork that learns writes to an overlay (kernels/cm_store.py),
and so does from then on the one that was forked. What else is learned (some megabytes) is copied
before its first byte, if it learns; what it has read, before its first byte in any case.
"""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.conditionals.bitwise import BitwiseModel, Coder, Shape


class FreezingModel(BitwiseModel):
    """One whose `_model` has `learned`, a tuple of arrays that only learning changes."""

    lines_per_byte = 40
    """More lines than reading one byte can change: 32 of counters, and 3 buckets."""

    _seen_is_shared: bool
    _learned_is_shared: bool

    @property
    def learn(self) -> bool:
        """Whether `advance` learns."""
        return self._learn

    def freeze(self) -> None:
        """Learn nothing from the bytes that follow; they are neighbours only."""
        self._learn = False

    def thaw(self) -> None:
        """Learn from the bytes that follow, as before `freeze`."""
        self._learn = True

    def _share(self) -> None:
        self._seen_is_shared = self._learned_is_shared = True

    def _own(self, count: int) -> None:
        self._own_seen(self._size + count, copy=self._seen_is_shared)
        self._seen_is_shared = False
        if self._learn:
            self._own_learned(count)

    @abstractmethod
    def _own_seen(self, size: int, *, copy: bool) -> None:
        """Have room for `size` bytes in all in what every fork copies; `copy`: do so now."""

    def _own_learned(self, count: int) -> None:
        """Own everything that `count` more bytes teach, with room for it."""
        from compgen.kernels.cm_store import private

        store, learned = self._model.store, self._model.learned
        room = self.lines_per_byte * count
        is_private = store.slot.size > 0
        if self._learned_is_shared:
            learned = type(learned)(*(array.copy() for array in learned))
        if self._learned_is_shared or (is_private and int(store.used[0]) + room > store.key.size):
            store = private(store, room)
        self._model = self._model._replace(store=store, learned=learned)
        self._learned_is_shared = False

    @abstractmethod
    def _loops(self) -> Any:
        """The module of its compiled loops: `next_byte`, `code` and `generate`."""

    def _look(self, scratch: Any, out: NDArray[np.float64]) -> None:
        self._loops().next_byte(self._model, scratch, out)

    def _code_piece(
        self,
        scratch: Any,
        coder: Coder,
        piece: NDArray[np.uint8],
        lengths: NDArray[np.float64],
        expected: NDArray[Any] | None,  # noqa: ARG002
    ) -> None:
        mode, interval, stream = coder
        self._loops().code(
            self._model, scratch, mode, self._learn, piece, lengths, interval, stream
        )

    def _generate_piece(
        self,
        scratch: Any,
        uniforms: NDArray[np.float64],
        shape: Shape,
        lengths: NDArray[np.float64],
    ) -> NDArray[np.uint8]:
        written: NDArray[np.uint8] = self._loops().generate(
            self._model, scratch, uniforms, self._learn, *shape, lengths
        )
        return written
