"""`BitwiseModel`: exact conditionals that code a byte as eight binary decisions, in a kernel.

    data ─► pieces ─┬─ room for what a piece teaches ─► kernel ─► code lengths, or a stream
                    └─ …                                  │
    uniforms ─► pieces ───────────────────────────────────┴─► bytes

What models differ in are five methods: `_scratch`, `_own`, `_look`, `_code_piece` and
`_generate_piece`. Their state is `_model`, a tuple of arrays that kernels write in place, whose
`store` forks share (compgen/kernels/cm_store.py).
"""

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.repeats import Repeats

PIECE = 4096
"""Bytes that are read at a time: an overlay grows by what they may need."""


class Coder(NamedTuple):
    """What the bit coder's kernels are told; see compgen/kernels/bit_coder.py."""

    mode: int
    interval: NDArray[np.int64]  # (4,)
    stream: NDArray[np.uint8]


class Shape(NamedTuple):
    """How a compiled loop shapes each distribution before it draws: compgen.distribution's."""

    temperature: float
    top_k: int
    typical: float
    top_p: float
    min_p: float
    repeats: "Repeats"


class BitwiseModel(NextByteConditional):
    """A model that reads, scores, codes and writes bytes in a compiled loop."""

    reading = Reading.MARGINAL
    penalises_repeats = True

    _model: Any
    _size: int
    _learn: bool

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._size

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each of the 256 next bytes, shape (256,): to the bit the same anywhere.

        Each is the product of eight 16-bit integers in float64, in one order.
        """
        found = np.empty(256)
        self._look(self._scratch(), found)
        return found

    def next_byte(self) -> Bits:
        bits: Bits = -np.log2(self.probabilities())
        return bits

    def advance(self, data: bytes) -> None:
        self.code_lengths(data)

    def code_lengths(self, data: bytes) -> Bits:
        """Advance over `data`; returns -log2 p of each of its bytes, shape (n,)."""
        from compgen.kernels.bit_coder import READ

        return self._code(READ, np.frombuffer(bytearray(data), np.uint8), b"")[0]

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`; returns it arithmetic-coded, bit by bit.

        Its length is within 0.01 % and 5 bytes of the sum of `code_lengths`.
        """
        from compgen.kernels.bit_coder import ENCODE

        return self._code(ENCODE, np.frombuffer(bytearray(data), np.uint8), b"")[1]

    def decode(self, stream: bytes, length: int) -> bytes:
        """Advance over the `length` bytes that `encode` made `stream` of; returns them.

        A damaged stream gives other bytes: a checksum is the container's.
        """
        from compgen.kernels.bit_coder import DECODE

        data = np.empty(length, np.uint8)
        self._code(DECODE, data, stream)
        return data.tobytes()

    def skip(self, data: bytes) -> None:
        """Advance over `data` as encoding it would."""
        self.advance(data)

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
        They are learned if `advance` would learn them.

        Shaping and drawing are compgen.distribution's: the bytes are those of the Python-level
        loop with the same uniforms.
        """
        from compgen.conditionals.decoder_marginal import no_repeats

        shape = Shape(
            float(temperature),
            int(top_k),
            float(typical),
            float(top_p),
            float(min_p),
            repeats or no_repeats(),
        )
        scratch = self._scratch()
        lengths = np.empty(uniforms.size)
        written = bytearray()
        for start, piece in self._pieces(np.array(uniforms, np.float64)):
            bits = lengths[start : start + piece.size]
            written += self._generate_piece(scratch, piece, shape, bits).tobytes()
        return bytes(written), lengths

    def fork(self) -> Self:
        from compgen.kernels.cm_store import merged

        store = self._model.store
        if 8 * int(store.used[0]) > len(store.base):
            self._model = self._model._replace(store=merged(store))
        self._share()
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def _code(
        self,
        mode: int,
        data: NDArray[np.uint8],
        stream: bytes,
        expected: NDArray[Any] | None = None,
    ) -> tuple[Bits, bytes]:
        """Advance over `data`, which is found out where `mode` is DECODE; returns code lengths
        and what was encoded.

        `expected` has a row for each byte, where what another model expects of it is known.
        """
        from compgen.kernels.bit_coder import ENCODE, TAIL, WORST, begin

        coder = Coder(mode, begin(stream), np.frombuffer(bytearray(stream), np.uint8))
        encoded = bytearray()
        if mode == ENCODE:
            coder = coder._replace(stream=np.empty(WORST * min(PIECE, data.size), np.uint8))
        lengths = np.empty(data.size)
        scratch = self._scratch()
        for start, piece in self._pieces(data):
            if mode == ENCODE:
                coder.interval[3] = 0
            here = slice(start, start + piece.size)
            rows = None if expected is None else expected[here]
            self._code_piece(scratch, coder, piece, lengths[here], rows)
            if mode == ENCODE:
                encoded += coder.stream[: coder.interval[3]].tobytes()
        # any number within the interval will do, and the decoder reads zeros past the end
        return lengths, bytes(encoded + int(coder.interval[1]).to_bytes(TAIL, "big"))

    def _pieces(self, values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
        """`values`, one for each byte to come, in pieces that the model has room for."""
        for start in range(0, values.size, PIECE):
            piece = values[start : start + PIECE]
            self._own(piece.size)
            self._size += piece.size
            yield start, piece

    @abstractmethod
    def _scratch(self) -> Any:
        """What a kernel needs besides the model, for one thread."""

    @abstractmethod
    def _share(self) -> None:
        """From here on a twin has the same arrays."""

    @abstractmethod
    def _own(self, count: int) -> None:
        """Own everything that `count` more bytes change, with room for them."""

    @abstractmethod
    def _look(self, scratch: Any, out: NDArray[np.float64]) -> None:
        """The probability of each next byte into `out`, shape (256,)."""

    @abstractmethod
    def _code_piece(
        self,
        scratch: Any,
        coder: Coder,
        piece: NDArray[np.uint8],
        lengths: NDArray[np.float64],
        expected: NDArray[Any] | None,
    ) -> None:
        """Move past `piece`, or find it out; the code lengths into `lengths`."""

    @abstractmethod
    def _generate_piece(
        self,
        scratch: Any,
        uniforms: NDArray[np.float64],
        shape: Shape,
        lengths: NDArray[np.float64],
    ) -> NDArray[np.uint8]:
        """A byte for each uniform number; their code lengths into `lengths`."""
