"""`NeuralMixing`: a network and context mixing, each byte's bits mixed in the logistic domain.

    network ─► frequencies of 256 bytes ─► of the bit, at each of the 8 (or 255) nodes ─┐
    contexts ─► counters, histories, matches ───────────────────────────────────────────┴► mixers

The network generalises, the counts adapt: they learn from all that is read, and the mixers, whom
to believe. All of it is whole numbers from the network's frequencies on.

Coding in lanes. The lanes of a block (compgen/neural/lanes.py) move side by side, a byte each; the
network takes one batched step for all. There is one context mixing for all of them: each lane has
its own contexts, and all learn in the same counters, mixers and match models, lane 0 first.

    text   ···context│ lane 0 ► ░░░░░│ lane 1 ► ░░░░░│ lane 2 ► ░░░░│     ░ not known yet

A byte of the text stands where it will stand in the end, so a match may run on from one lane into
the next. Where it is not known yet, both sides read zeros.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits
from compgen.conditionals.bitwise import PIECE
from compgen.conditionals.context_mixing import DEFAULT_BITS, ContextMixing
from compgen.neural.engine import Cumulative, Engine
from compgen.neural.lanes import MIXED, LaneRule, Places
from compgen.neural.lockstep import read_together

if TYPE_CHECKING:
    from compgen.kernels.cm_node import Work
    from compgen.kernels.cm_state import Model
    from compgen.kernels.gru import Gru, Lanes
    from compgen.neural.portable import PortableGru

SHARED = (1 << 24) - 256
"""What the weights of an entropy coder sum to."""

NEAR = 2048
"""Bytes of the corpus's end that the network reads: its memory does not reach further."""
STEPS = 64
"""Steps of all lanes between two looks at how much room there is."""


class Side(NamedTuple):
    """One side of the coder, in the middle of a block."""

    work: "Work"
    registers: NDArray[np.uint64]  # (lanes, REGISTERS)   each lane's contexts
    state: Any  # the engine's, of all lanes
    interval: NDArray[np.int64]  # (4,)   of the arithmetic coder; see cm.code
    coded: NDArray[np.uint8]  # the stream, or room for what STEPS steps can write


class NeuralMixing(ContextMixing):
    """A network mixed with a context-mixing model; both have read `corpus` and `context`.

    The corpus is read to count, and the network is not asked: it may have learned from that very
    text, and would seem better than it is on what follows. (Of the corpus it reads the end alone,
    so as to be in the midst of it.) In `context` both are mixed, and the mixers learn.

    Options and errors are those of `ContextMixing`; `learn` says whether counters and mixers do.
    """

    lane_rule: ClassVar[LaneRule] = MIXED

    def __init__(
        self,
        engine: Engine[Any],
        context: bytes = b"",
        *,
        corpus: bytes = b"",
        bits: int = DEFAULT_BITS,
        learn: bool = True,
    ) -> None:
        self._engine = engine
        self._state = engine.begin(1)
        self._counting = bool(corpus)
        super().__init__(corpus, bits=bits)
        if corpus:
            self._join(corpus)
        self.advance(context)
        self._learn = learn

    def _join(self, corpus: bytes) -> None:
        """The corpus has been counted: from here on the network is asked, too."""
        from compgen.kernels.cm_state import join_network

        self._counting = False
        join_network(self._model)
        self._engine.read(self._state, np.frombuffer(bytearray(corpus[-NEAR:]), np.uint8))

    def writing(self) -> Self:
        twin = self.fork()
        twin.freeze()
        return twin

    def freeze(self) -> None:
        """From here on `advance` teaches counters and mixers nothing; the network reads on."""
        self._learn = False

    def thaw(self) -> None:
        """Learn from what follows, as before `freeze`."""
        if not self._learn:
            self._learn = True
            self._shared = True  # frozen, it owns nothing of what learning changes

    def fork(self) -> Self:
        twin = super().fork()
        twin._state = self._engine.choose(self._state, np.zeros(1, np.intp))
        return twin

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        """Code length of each continuation, in bits, shape (n,)."""
        single = self.next_byte() if any(len(data) == 1 for data in continuations) else None
        together = [data for data in continuations if 1 < len(data) <= PIECE]
        expected = read_together(self._engine, self._state, together)
        lengths = np.zeros(len(continuations))
        for index, data in enumerate(continuations):
            if single is not None and len(data) == 1:
                lengths[index] = single[data[0]]
            elif len(data) > PIECE:
                lengths[index] = self.fork().code_lengths(data).sum()
            elif data:
                lengths[index] = self.fork()._lengths_of(data, next(expected)).sum()
        return lengths

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`, in lanes; returns it arithmetic-coded, bit by bit."""
        from compgen.kernels.bit_coder import ENCODE

        return self._code_lanes(ENCODE, np.frombuffer(bytearray(data), np.uint8), b"")

    def decode(self, stream: bytes, length: int) -> bytes:
        from compgen.kernels.bit_coder import DECODE

        data = np.empty(length, np.uint8)
        self._code_lanes(DECODE, data, stream)
        return data.tobytes()

    def skip(self, data: bytes) -> None:
        from compgen.kernels.bit_coder import READ

        self._code_lanes(READ, np.frombuffer(bytearray(data), np.uint8), b"")

    def weights(self) -> NDArray[np.float32]:
        """The probabilities in whole 2^-24ths, less one each, shape (256,), for an entropy coder.

        Multiplying and rounding down are the same everywhere; what is missing to the sum, some
        256 of 2^24, goes to the most probable (of equals, the first).
        """
        weights = np.floor(self.probabilities() * SHARED)
        weights[weights.argmax()] += SHARED - weights.sum()
        return weights.astype(np.float32)

    def _code_lanes(self, mode: int, data: NDArray[np.uint8], stream: bytes) -> bytes:
        """As `_code`, in lanes; returns what was encoded."""
        from compgen.kernels.bit_coder import ENCODE, TAIL, WORST, begin
        from compgen.kernels.cm_node import work
        from compgen.kernels.cm_state import SIZE, side_by_side

        starts, lengths = self.lane_rule.lanes(data.size)
        lanes = lengths.size
        self._make_room(0, data.size)
        side = Side(
            work(),
            side_by_side(self._model.learned.registers, starts),
            self._engine.choose(self._state, np.zeros(lanes, np.intp)),
            begin(stream),
            np.frombuffer(bytearray(stream), np.uint8)
            if mode != ENCODE
            else np.empty(WORST * lanes * STEPS, np.uint8),
        )
        encoded = bytearray()
        for first in range(0, int(lengths[0]), STEPS):
            last = min(first + STEPS, int(lengths[0]))
            self._make_room(lanes * (last - first), 0)
            if mode == ENCODE:
                side.interval[3] = 0
            self._take_steps(mode, side, data, starts, lengths, first, last)
            if mode == ENCODE:
                encoded += side.coded[: side.interval[3]].tobytes()
        self._size += data.size
        own = self._model.learned.registers
        read = own[SIZE]
        own[:] = side.registers[-1]
        own[SIZE] = read
        self._state = self._engine.choose(side.state, np.array([lanes - 1]))
        return bytes(encoded + int(side.interval[1]).to_bytes(TAIL, "big"))

    def _take_steps(
        self,
        mode: int,
        side: "Side",
        data: NDArray[np.uint8],
        starts: Places,
        lengths: Places,
        first: int,
        last: int,
    ) -> None:
        """Move all lanes from step `first` on to `last`."""
        from compgen.kernels.cm import code

        unused = np.empty(lengths.size)
        for index in range(first, last):
            places = starts[lengths > index] + index
            piece = data[places]
            code(
                self._model,
                side.work,
                mode,
                self._learn,
                piece,
                unused,
                side.interval,
                side.coded,
                self._engine.frequencies(side.state)[: piece.size],
                side.registers[: piece.size],
            )
            data[places] = piece
            self._engine.step(side.state, piece)

    def _lengths_of(self, data: bytes, expected: Cumulative) -> Bits:
        """Code length of each byte, of which `expected` is what the network expects.

        The network stays where it is: there is nothing more to ask after this.
        """
        from compgen.kernels.bit_coder import READ

        return self._code(READ, np.frombuffer(bytearray(data), np.uint8), b"", expected)[0]

    def _fresh(self, bits: int) -> "Model":
        from compgen.kernels.cm_state import fresh

        return fresh(bits, network=not self._counting)

    def _tell(self, scratch: "Work") -> None:
        scratch.network[:] = self._engine.frequencies(self._state)[0]

    def _expected(self, data: NDArray[np.uint8]) -> Cumulative:
        if self._counting:
            return super()._expected(data)
        return self._engine.read(self._state, data)


class PortableMixing(NeuralMixing):
    """One whose network is `portable`, and so has compiled loops."""

    _engine: "PortableGru"

    def _take_steps(
        self,
        mode: int,
        side: "Side",
        data: NDArray[np.uint8],
        starts: Places,
        lengths: Places,
        first: int,
        last: int,
    ) -> None:
        from compgen.kernels.cm_lanes import code_lanes

        code_lanes(
            self._model,
            side.work,
            mode,
            self._learn,
            self._engine.weights,
            side.state,
            data,
            starts,
            lengths,
            first,
            last,
            side.interval,
            side.coded,
            side.registers,
            np.empty((lengths.size, 257), np.int32),
            np.empty(lengths.size, np.uint8),
            np.empty(lengths.size),
        )

    def _network(self) -> "tuple[Gru, Lanes]":
        return self._engine.weights, self._state
