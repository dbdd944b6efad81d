"""`ContextMixing`: online-learned logistic mixing of many contexts, an exact conditional.

    context ─► read, learning ─► Model ─┬─ next_byte   all 255 nodes, nothing changes
                                        ├─ advance     8 nodes a byte, learning
                                        ├─ bits        the same on a fork
                                        └─ generate    both, in the compiled loop

Forks. The tables of counters are tens of megabytes and shared: a fork writes to an overlay
of its own, line by line (compgen/kernels/cm_store.py), and the conditional that was forked does
too from then on. What is small (the mixers, the maps) is copied before the fork's first byte.
An overlay that has outgrown an eighth of the table is merged with it at the next fork.

The text of docs/cm.md says what the model is made of; compgen/kernels/cm_node.py is the model.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compgen.conditionals.bitwise import BitwiseModel, Coder, Shape
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.kernels.cm_node import Work
    from compgen.kernels.cm_state import Model
    from compgen.kernels.gru import Gru, Lanes

LEAST_BITS, DEFAULT_BITS, MOST_BITS = 12, 24, 30
LINES_PER_BYTE = 64
"""More lines than reading one byte can change: 32 of counters, 16 curves, 2 heads."""
SHORT_TAIL = 4096
"""Bytes after the shared text that a fork copies; beyond, the text is shared anew."""


class ContextMixing(BitwiseModel):
    """A context-mixing model in the line of PAQ8 and lpaq that has read `context`.

    bits    logarithm of the number of counters: a table of 4 · 2^bits bytes, and 10 MB
    learn   whether `advance` learns; without, the model is that of the context, and only what
            it looks at moves on (words, matches within the context, …)

    The model counts in integers, so that `probabilities` are the same on every machine.

    Raises UsageError where `bits` is not between 12 and 30.
    """

    def __init__(
        self, context: bytes = b"", *, bits: int = DEFAULT_BITS, learn: bool = True
    ) -> None:
        if not LEAST_BITS <= bits <= MOST_BITS:
            raise UsageError(
                f"the table of a context-mixing model has 2^{LEAST_BITS} to 2^{MOST_BITS} "
                f"counters; bits={bits} is out of range"
            )
        from compgen.kernels.cm_contexts import set_contexts

        self._bits = bits
        self._learn = True
        self._size = 0
        self._shared = False
        self._model: Model = self._fresh(bits)
        set_contexts(self._model)
        self.advance(context)
        self._learn = learn

    def __repr__(self) -> str:
        return f"ContextMixing(bits={self._bits}, learn={self._learn}, size={self._size})"

    def _fresh(self, bits: int) -> "Model":
        """A model that has read nothing."""
        from compgen.kernels.cm_state import fresh

        return fresh(bits)

    def _tell(self, scratch: "Work") -> None:
        """Tell `scratch` what a network expects next, if there is one."""

    def _expected(self, data: NDArray[np.uint8]) -> NDArray[np.int32]:  # noqa: ARG002
        """Move a network over `data`, if there is one; returns what it expects of each byte."""
        return np.empty((0, 257), np.int32)

    def _network(self) -> "tuple[Gru, Lanes]":
        """A network for the compiled loop; of no lanes if there is none."""
        from compgen.kernels.gru import lanes, nothing

        return nothing(), lanes(nothing(), 0)

    def _scratch(self) -> "Work":
        from compgen.kernels.cm_node import work

        return work()

    def _look(self, scratch: "Work", out: NDArray[np.float64]) -> None:
        from compgen.kernels.cm import next_byte

        self._tell(scratch)
        next_byte(self._model, scratch, out)

    def _code_piece(
        self,
        scratch: "Work",
        coder: Coder,
        piece: NDArray[np.uint8],
        lengths: NDArray[np.float64],
        expected: NDArray[Any] | None,
    ) -> None:
        """`expected` is what a network expects of each byte, where that has been found out."""
        from compgen.kernels.cm import code
        from compgen.kernels.cm_state import no_lanes

        code(
            self._model,
            scratch,
            coder.mode,
            self._learn,
            piece,
            lengths,
            coder.interval,
            coder.stream,
            self._expected(piece) if expected is None else expected,
            no_lanes(),
        )

    def _generate_piece(
        self,
        scratch: "Work",
        uniforms: NDArray[np.float64],
        shape: Shape,
        lengths: NDArray[np.float64],
    ) -> NDArray[np.uint8]:
        from compgen.kernels.cm import generate

        network, state = self._network()
        written: NDArray[np.uint8] = generate(
            self._model, scratch, network, state, uniforms, self._learn, *shape, lengths
        )
        return written

    def _share(self) -> None:
        tail = self._model.tail
        known = self._size - len(self._model.text)
        if known > SHORT_TAIL:
            text = np.concatenate([self._model.text, tail[:known]])
            self._model = self._model._replace(text=text, tail=tail[:0])
        self._shared = True

    def _own(self, count: int) -> None:
        self._make_room(count, count)

    def _make_room(self, count: int, text: int) -> None:
        """Own everything that `count` more bytes change, with room for them, and for `text`
        more bytes of text."""
        from compgen.kernels.cm_store import private

        model = self._model
        store, learned, tail = model.store, model.learned, model.tail
        known = self._size - len(model.text)
        if self._shared:
            if self._learn:
                learned = type(learned)(*(array.copy() for array in learned))
            else:
                learned = learned._replace(registers=learned.registers.copy())
        room = LINES_PER_BYTE * count
        is_private = store.slot.size > 0
        if self._learn and (
            self._shared or (is_private and int(store.used[0]) + room > store.key.size)
        ):
            store = private(store, room)
        if self._shared or known + text > tail.size:
            tail = np.zeros(max(known + text, 2 * known, 64), np.uint8)
            tail[:known] = model.tail[:known]
        self._model = model._replace(store=store, learned=learned, tail=tail)
        self._shared = False
