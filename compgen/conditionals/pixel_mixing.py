"""`PixelMixing`: context mixing over the bytes of a picture, an exact conditional.

    context ─► read, learning ─► Model ─┬─ next_byte   all 255 nodes, nothing changes
                                        ├─ advance     8 nodes a byte, learning, or frozen
                                        ├─ bits        the same on a fork
                                        └─ generate    both, in the compiled loop

Freezing. What is generated should teach the model nothing, or it drifts: to noise, or to
streaks. `freeze()` where the known part ends, `thaw()` where it goes on: frozen, the bytes are
neighbours of those that follow, and no more. They change no counter, weight or sum, and are
nothing that later pixels may look like.

Forks. The counters are shared: a fork that learns writes to an overlay (kernels/cm_store.py),
and so does from then on the one that was forked. What else is learned (some megabytes) is copied
before its first byte, if it learns; the picture so far, before its first byte in any case.

The text of docs/pixelcm.md says what the model is made of.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.errors import UsageError
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.pixelcm_state import Model
    from compgen.kernels.repeats import Repeats

STYLES = ("photo", "texture")
CHANNELS = (1, 3, 4)
MAX_WIDTH = 65535
BITS = 22
"""Logarithm of the number of counters: 16 MB of them."""
PIECE = 4096
"""Bytes that are read at a time: an overlay grows by what they may need."""
LINES_PER_BYTE = 40
"""More lines than reading one byte can change: 32 of counters, and 3 buckets."""


class PixelMixing(NextByteConditional):
    """A context-mixing model of a picture that has read `context`, its first bytes.

    width     pixels in a row
    channels  bytes in a pixel, which lie side by side: 1, 3 or 4
    style     "photo": all experts; "texture": the nearest contexts alone, which continue what
              they have seen and nothing else
    learn     False: `freeze()` after the context

    Its distributions are the same on every machine: see the kernels on their arithmetic.

    Raises UsageError where a value is out of range.
    """

    reading = Reading.MARGINAL
    penalises_repeats = True

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
        from compgen.kernels.pixelcm_node import work
        from compgen.kernels.pixelcm_state import fresh, layout

        self._style = style
        self._learn = True
        self._size = 0
        self._picture_is_shared = False
        self._learned_is_shared = False
        self._model: Model = fresh(layout(width, channels, BITS, style))
        arrive(self._model, work(channels))
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

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._size

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

    def probabilities(self) -> NDArray[np.float64]:
        """Probability of each of the 256 next bytes, shape (256,): to the bit the same anywhere.

        Each is the product of eight 16-bit integers in float64, in one order.
        """
        from compgen.kernels.pixelcm import next_byte
        from compgen.kernels.pixelcm_node import work

        found = np.empty(256)
        next_byte(self._model, work(self.channels), found)
        return found

    def next_byte(self) -> Bits:
        bits: Bits = -np.log2(self.probabilities())
        return bits

    def advance(self, data: bytes) -> None:
        self.code_lengths(data)

    def code_lengths(self, data: bytes) -> Bits:
        """Advance over `data`; returns -log2 p of each of its bytes, shape (n,)."""
        from compgen.kernels.pixelcm import READ

        return self._code(READ, np.frombuffer(bytearray(data), np.uint8), b"")[0]

    def encode(self, data: bytes) -> bytes:
        """Advance over `data`; returns it arithmetic-coded, bit by bit.

        Its length is within 0.01 % and 5 bytes of the sum of `code_lengths`.
        """
        from compgen.kernels.pixelcm import ENCODE

        return self._code(ENCODE, np.frombuffer(bytearray(data), np.uint8), b"")[1]

    def decode(self, stream: bytes, length: int) -> bytes:
        """Advance over the `length` bytes that `encode` made `stream` of; returns them.

        A damaged stream gives other bytes: a checksum is the container's.
        """
        from compgen.kernels.pixelcm import DECODE

        data = np.empty(length, np.uint8)
        self._code(DECODE, data, stream)
        return data.tobytes()

    def skip(self, data: bytes) -> None:
        """Advance over `data` as encoding it would."""
        self.advance(data)

    def _code(self, mode: int, data: NDArray[np.uint8], stream: bytes) -> tuple[Bits, bytes]:
        """See compgen/kernels/pixelcm.py; returns code lengths and what was encoded."""
        from compgen.kernels.pixelcm import ENCODE, TAIL, WORST, begin, code
        from compgen.kernels.pixelcm_node import work

        interval = begin(stream)
        coded = np.frombuffer(bytearray(stream), np.uint8)
        encoded = bytearray()
        if mode == ENCODE:
            coded = np.empty(WORST * min(PIECE, data.size), np.uint8)
        lengths = np.empty(data.size)
        scratch = work(self.channels)
        for start, piece in self._pieces(data):
            if mode == ENCODE:
                interval[3] = 0
            cost = lengths[start : start + piece.size]
            code(self._model, scratch, mode, self._learn, piece, cost, interval, coded)
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
        They are learned unless this was frozen.

        Shaping and drawing are compgen.distribution's: the bytes are those of the Python-level
        loop with the same uniforms.
        """
        from compgen.conditionals.decoder_marginal import no_repeats
        from compgen.kernels.pixelcm import generate
        from compgen.kernels.pixelcm_node import work

        scratch = work(self.channels)
        lengths = np.empty(uniforms.size)
        written = bytearray()
        for start, piece in self._pieces(np.array(uniforms, np.float64)):
            data = generate(
                self._model,
                scratch,
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

        store = self._model.store
        if 8 * int(store.used[0]) > len(store.base):
            self._model = self._model._replace(store=merged(store))
        self._picture_is_shared = self._learned_is_shared = True
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def _pieces(self, values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
        """`values`, one for each byte to come, in pieces that the model has room for."""
        for start in range(0, values.size, PIECE):
            piece = values[start : start + PIECE]
            self._own_picture(self._size + piece.size)
            if self._learn:
                self._own_learned(piece.size)
            self._size += piece.size
            yield start, piece

    def _own_picture(self, size: int) -> None:
        """Own the picture, with room for `size` bytes."""
        from compgen.kernels.pixelcm_state import copied, with_room

        picture = self._model.picture
        if self._picture_is_shared:
            picture = copied(picture)
        self._model = self._model._replace(picture=with_room(picture, self._model.layout, size))
        self._picture_is_shared = False

    def _own_learned(self, count: int) -> None:
        """Own everything that `count` more bytes teach, with room for it."""
        from compgen.kernels.cm_store import private

        store, learned = self._model.store, self._model.learned
        room = LINES_PER_BYTE * count
        is_private = store.slot.size > 0
        if self._learned_is_shared:
            learned = type(learned)(*(array.copy() for array in learned))
        if self._learned_is_shared or (is_private and int(store.used[0]) + room > store.key.size):
            store = private(store, room)
        self._model = self._model._replace(store=store, learned=learned)
        self._learned_is_shared = False
