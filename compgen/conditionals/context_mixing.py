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

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.errors import UsageError
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.cm_node import Work
    from compgen.kernels.cm_state import Model
    from compgen.kernels.gru import Gru, Lanes
    from compgen.kernels.repeats import Repeats

LEAST_BITS, DEFAULT_BITS, MOST_BITS = 12, 24, 30
PIECE = 4096
"""Bytes that are read at a time: an overlay grows by what they may need."""
LINES_PER_BYTE = 64
"""More lines than reading one byte can change: 32 of counters, 16 curves, 2 heads."""
SHORT_TAIL = 4096
"""Bytes after the shared text that a fork copies; beyond, the text is shared anew."""


class ContextMixing(NextByteConditional):
    """A context-mixing model in the line of PAQ8 and lpaq that has read `context`.

    bits    logarithm of the number of counters: a table of 4 · 2^bits bytes, and 10 MB
    learn   whether `advance` learns; without, the model is that of the context, and only what
            it looks at moves on (words, matches within the context, …)

    The model counts in integers, so that `probabilities` are the same on every machine.

    Raises UsageError where `bits` is not between 12 and 30.
    """

    reading = Reading.MARGINAL
    penalises_repeats = True

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

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._size

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each of the 256 next bytes, shape (256,): to the bit the same anywhere.

        Each is the product of eight 16-bit integers in float64, in one order.
        """
        from compgen.kernels.cm import next_byte
        from compgen.kernels.cm_node import work

        found = np.empty(256)
        scratch = work()
        self._tell(scratch)
        next_byte(self._model, scratch, found)
        return found

    def next_byte(self) -> Bits:
        bits: Bits = -np.log2(self.probabilities())
        return bits

    def advance(self, data: bytes) -> None:
        self.code_lengths(data)

    def code_lengths(self, data: bytes) -> Bits:
        """Advance over `data`; returns -log2 p of each of its bytes, shape (n,)."""
        from compgen.kernels.cm import READ

        return self._code(READ, np.frombuffer(bytearray(data), np.uint8), b"")[0]

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`; returns it arithmetic-coded, bit by bit.

        Its length is within 0.01 % and 5 bytes of the sum of `code_lengths`.
        """
        from compgen.kernels.cm import ENCODE

        return self._code(ENCODE, np.frombuffer(bytearray(data), np.uint8), b"")[1]

    def decode(self, stream: bytes, length: int) -> bytes:
        """Advance over the `length` bytes that `encode` made `stream` of; returns them.

        A damaged stream gives other bytes: a checksum is the container's.
        """
        from compgen.kernels.cm import DECODE

        data = np.empty(length, np.uint8)
        self._code(DECODE, data, stream)
        return data.tobytes()

    def skip(self, data: bytes) -> None:
        """Advance over `data` as encoding it would."""
        self.advance(data)

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

    def _code(
        self,
        mode: int,
        data: NDArray[np.uint8],
        stream: bytes,
        expected: NDArray[np.int32] | None = None,
    ) -> tuple[Bits, bytes]:
        """See compgen/kernels/cm.py; returns code lengths and what was encoded.

        `expected` is what a network expects of each byte, where that has been found out.
        """
        from compgen.kernels.cm import ENCODE, TAIL, WORST, begin, code
        from compgen.kernels.cm_node import work
        from compgen.kernels.cm_state import no_lanes

        interval = begin(stream)
        coded = np.frombuffer(bytearray(stream), np.uint8)
        encoded = bytearray()
        if mode == ENCODE:
            coded = np.empty(WORST * min(PIECE, data.size), np.uint8)
        lengths = np.empty(data.size)
        scratch = work()
        for start, piece in self._pieces(data):
            if mode == ENCODE:
                interval[3] = 0
            cost = lengths[start : start + piece.size]
            if expected is None:
                network = self._expected(piece)
            else:
                network = expected[start : start + piece.size]
            code(
                self._model,
                scratch,
                mode,
                self._learn,
                piece,
                cost,
                interval,
                coded,
                network,
                no_lanes(),
            )
            if mode == ENCODE:
                encoded += coded[: interval[3]].tobytes()
        # any number within the interval will do, and the decoder reads zeros past the end
        return lengths, bytes(encoded + int(interval[1]).to_bytes(TAIL, "big"))

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repeats: "Repeats | None" = None,
    ) -> tuple[bytes, Bits]:
        """One byte for each uniform number in [0, 1), in the compiled loop; advances over them.

        Returns the bytes and the code length of each, -log2 p before shaping, shape (n,).
        `repeats` is the state of DRY, to which the bytes are appended: it must have room.

        Shaping and drawing are compgen.distribution's: the bytes are those of the Python-level
        loop with the same uniforms.
        """
        from compgen.conditionals.decoder_marginal import no_repeats
        from compgen.kernels.cm import generate
        from compgen.kernels.cm_node import work

        scratch = work()
        lengths = np.empty(uniforms.size)
        written = bytearray()
        network, state = self._network()
        for start, piece in self._pieces(np.array(uniforms, np.float64)):
            data = generate(
                self._model,
                scratch,
                network,
                state,
                piece,
                self._learn,
                float(temperature),
                int(top_k),
                float(typical),
                float(top_p),
                float(min_p),
                repeats or no_repeats(),
                lengths[start : start + piece.size],
            )
            written += data.tobytes()
        return bytes(written), lengths

    def fork(self) -> Self:
        from compgen.kernels.cm_store import merged

        store, tail = self._model.store, self._model.tail
        if 8 * int(store.used[0]) > len(store.base):
            self._model = self._model._replace(store=merged(store))
        known = self._size - len(self._model.text)
        if known > SHORT_TAIL:
            text = np.concatenate([self._model.text, tail[:known]])
            self._model = self._model._replace(text=text, tail=tail[:0])
        self._shared = True
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def _pieces(self, values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
        """`values`, one for each byte to come, in pieces that the model has room for."""
        for start in range(0, values.size, PIECE):
            piece = values[start : start + PIECE]
            self._make_room(piece.size, piece.size)
            self._size += piece.size
            yield start, piece

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
