"""`NeuralConditional`: what a network says, alone.

    context ─► read ─► state ─┬─ frequencies ─► next_byte     whole numbers that sum to 2^24
                              ├─ step ─► advance, generate
                              ├─ lock-step over candidates ─► bits
                              └─ lock-step over lanes ─► encode, decode

A probability is a frequency out of 2^24, so code lengths, the coder and the sampler mean the same
numbers. The network has learned before; it does not learn while it reads.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.neural.engine import Bytes, Cumulative, Engine
from compgen.neural.lanes import ALONE, LaneRule
from compgen.neural.lockstep import read_together
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.repeats import Repeats
    from compgen.neural.portable import PortableGru
    from compgen.neural.portable_writer import PortableWriter

PRECISION = 24
PIECE = 4096
"""Bytes that are read between two looks at them: a row of frequencies for each."""


class NeuralConditional(NextByteConditional):
    """A network that has read `context`."""

    reading = Reading.MARGINAL
    lane_rule: ClassVar[LaneRule] = ALONE

    def __init__(self, engine: Engine[Any], context: bytes = b"") -> None:
        self._engine = engine
        self._state = engine.begin(1)
        self.advance(context)

    def next_byte(self) -> Bits:
        return _bits(np.diff(self._engine.frequencies(self._state)[0]))

    def advance(self, data: bytes) -> None:
        self.code_lengths(data)

    def weights(self) -> NDArray[np.float32]:
        """The frequencies less one, as the entropy coder takes them, shape (256,)."""
        weights: NDArray[np.float32] = self._weights(self._state, 1)[0]
        return weights

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._state = self._engine.choose(self._state, np.zeros(1, np.intp))
        return twin

    def code_lengths(self, data: bytes) -> Bits:
        """Advance over `data`; returns -log2 p of each of its bytes, shape (n,)."""
        values = np.frombuffer(bytearray(data), np.uint8)
        lengths = np.empty(values.size)
        for start in range(0, values.size, PIECE):
            piece = values[start : start + PIECE]
            expected = self._engine.read(self._state, piece)
            lengths[start : start + piece.size] = cost(expected, piece)
        return lengths

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        """Code length of each continuation, in bits, shape (n,); all read side by side."""
        short = [data for data in continuations if len(data) <= PIECE]
        expected = read_together(self._engine, self._state, short)
        lengths = np.empty(len(continuations))
        for index, data in enumerate(continuations):
            if len(data) <= PIECE:
                lengths[index] = cost(next(expected), np.frombuffer(data, np.uint8)).sum()
            else:
                lengths[index] = self.fork().code_lengths(data).sum()
        return lengths

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        """Code length of each prefix followed by each byte, in bits, shape (n, 256)."""
        rows = np.empty((len(prefixes), 256))
        longer = [prefix + b"\0" for prefix in prefixes]
        for row, expected, prefix in zip(
            rows, read_together(self._engine, self._state, longer), prefixes, strict=True
        ):
            so_far = cost(expected[:-1], np.frombuffer(prefix, np.uint8)).sum()
            row[:] = so_far + _bits(np.diff(expected[-1]))
        return rows

    # ------------------------------------------------------------------------ coding in lanes

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`, in lanes; returns it range-coded.

        Its length is the sum of -log2 p and at most 8 bytes more.
        """
        from compgen.coding.entropy_coder import ByteEncoder

        coder = ByteEncoder()
        values = np.frombuffer(data, np.uint8)
        for place, state in self._steps(len(data)):
            piece = values[place]
            coder.encode(piece.tobytes(), self._weights(state, piece.size))
            self._engine.step(state, piece)
        return coder.finish()

    def decode(self, stream: bytes, length: int) -> bytes:
        """Advance over the `length` bytes that `encode` made `stream` of; returns them.

        Raises CompressorError where no encoder can have written the stream; other damage gives
        other bytes.
        """
        from compgen.coding.entropy_coder import ByteDecoder

        coder = ByteDecoder(stream)
        values = np.empty(length, np.uint8)
        for place, state in self._steps(length):
            piece = coder.decode_each(self._weights(state, place.size))
            values[place] = piece
            self._engine.step(state, piece)
        coder.finish()
        return values.tobytes()

    def skip(self, data: bytes) -> None:
        """Advance over `data` as encoding it would."""
        values = np.frombuffer(data, np.uint8)
        for place, state in self._steps(len(data)):
            self._engine.step(state, values[place])

    def _steps(self, length: int) -> Iterator[tuple[NDArray[np.int64], Any]]:
        """Where the next byte of each lane stands, and the lanes' state, which the caller moves.

        The context goes on from the last lane.
        """
        starts, lengths = self.lane_rule.lanes(length)
        state = self._engine.choose(self._state, np.zeros(lengths.size, np.intp))
        for index in range(int(lengths[0])):
            yield starts[lengths > index] + index, state
        self._state = self._engine.choose(state, np.array([lengths.size - 1]))

    def _weights(self, state: Any, lanes: int) -> NDArray[np.float32]:
        """What the entropy coder codes the first lanes by: frequencies less one."""
        frequencies = np.diff(self._engine.frequencies(state)[:lanes], axis=1)
        weights: NDArray[np.float32] = (frequencies - 1).astype(np.float32)
        return weights


class PortableNeural(NeuralConditional):
    """One that is `portable`, and so has a compiled loop."""

    penalises_repeats = True
    _engine: "PortableGru"

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
        """As `ContextMixing.generate`."""
        from compgen.conditionals.decoder_marginal import no_repeats
        from compgen.kernels.gru_sample import generate

        data, lengths = generate(
            self._engine.weights,
            self._state,
            np.array(uniforms, np.float64)[None],
            float(temperature),
            int(top_k),
            float(typical),
            float(top_p),
            float(min_p),
            repeats or no_repeats(),
        )
        return data.tobytes(), lengths[0]

    @property
    def most_together(self) -> int:
        """How many continuations are written side by side at most."""
        from compgen.neural.portable_writer import ROOM

        return ROOM

    def many(
        self,
        count: int,
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> "PortableWriter":
        """As `compgen.sampling.side_by_side.ManyAtOnce`."""
        from compgen.neural.portable_writer import PortableWriter

        state = self._engine.choose(self._state, np.zeros(count, np.intp))
        options = (temperature, top_k, typical, top_p, min_p)
        return PortableWriter(self._engine.weights, state, *options)

    @classmethod
    def generate_together(
        cls,
        conditionals: Sequence[Self],
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> NDArray[np.uint8]:
        """Continue each by a row of uniforms, shape (n, n_bytes), in one batch; none moves.

        They must be of one engine. The bytes are those that each writes alone.
        """
        from compgen.conditionals.decoder_marginal import no_repeats
        from compgen.kernels.gru import joined
        from compgen.kernels.gru_sample import generate

        engine = conditionals[0]._engine
        data: NDArray[np.uint8]
        data, _ = generate(
            engine.weights,
            joined([conditional._state for conditional in conditionals]),
            np.array(uniforms, np.float64),
            float(temperature),
            int(top_k),
            float(typical),
            float(top_p),
            float(min_p),
            no_repeats(),
        )
        return data


def cost(expected: Cumulative, data: Bytes) -> Bits:
    """-log2 p of each byte, shape (n,), of which `expected` is what was expected."""
    places = np.arange(data.size)
    values = data.astype(np.intp)
    return _bits(expected[places, values + 1] - expected[places, values])


def _bits(frequencies: NDArray[np.int32]) -> Bits:
    bits: Bits = PRECISION - np.log2(frequencies)
    return bits
