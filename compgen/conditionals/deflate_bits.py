"""`DeflateBits`: deflate's code lengths below the byte, from a replica of zlib's encoder.

    context ──► DeflateState ──┬── candidate ── parse to the end ── tokens ──► Measure ──► bits
                               ├── …
                               └── all 256 bytes in one parse, but those that lengthen a match

Nothing is emitted, and nothing but the undecided tail of the context is parsed again. The
replica is of the classic zlib, 1.2.11 to 1.3.1; whether the running one is classic,
`compgen.conditionals.zlib_probe.is_classic_zlib` tells.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import BYTES, Bits, Conditional
from compgen.distribution import normalise
from compgen.errors import UnsupportedError, UsageError
from compgen.reading import Reading

READINGS = (Reading.BITS, Reading.PAYLOAD, Reading.FROZEN)

_ROW_PAYS = 48
"""From so many single bytes on, measuring all 256 together is faster than one by one."""


class DeflateBits(Conditional):
    """Readings `bits`, `payload` and `frozen` of zlib's raw deflate stream, levels 1 to 9.

    bits     of `zlib.compressobj(level, DEFLATED, -wbits, memlevel, strategy)`, fed with context
             and continuation in one call and flushed: the bit at which the finished stream ends.
    payload  its literal, length, distance and end-of-block symbols and extra bits, every block
             under its own dynamic code, whichever way zlib chose to write it. A block that
             ends within a continuation adds one end-of-block symbol, and no more.
    frozen   the continuation's tokens at the prices of the context's last two blocks:
             fractional (adaptive, ideal), or with `integer_tables` by Huffman code length.

    `bits(x)` is the length for context + x minus the length for the context, so the empty
    continuation costs 0. Contexts may be of any length; what is kept is a window, the open
    block's counts and some hundred bytes. Threads may score one object at the same time, as
    long as none advances it.

    Raises UsageError for options that zlib does not have, UnsupportedError for another reading,
    ImportError without numba. Source: zlib, deflate.c and trees.c; DESIGN.md, section 2.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        reading: Reading = Reading.BITS,
        level: int = 9,
        wbits: int = 15,
        memlevel: int = 8,
        filtered: bool = False,
        integer_tables: bool = False,
    ) -> None:
        if reading not in READINGS:
            raise UnsupportedError(f"DeflateBits reads {', '.join(READINGS)}, not '{reading}'")
        for name, value, least, most in (
            ("level", level, 1, 9),
            ("wbits", wbits, 9, 15),
            ("memlevel", memlevel, 1, 9),
        ):
            if not least <= value <= most:
                raise UsageError(f"deflate has {name} {least} to {most}, not {value}")
        from compgen.conditionals.deflate_measures import Measure, StreamLength, TokenPrice
        from compgen.conditionals.deflate_state import DeflateState

        self.reading = reading
        self._state = DeflateState(level, wbits, memlevel, filtered)
        self._stream: Measure = StreamLength(payload=reading is not Reading.BITS)
        self._measure: Measure = (
            TokenPrice(integer_tables) if reading is Reading.FROZEN else self._stream
        )
        self._reference: float | None = None
        self._state.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if continuations is BYTES:
            row: Bits = self.next_bytes([b""])[0]
            return row
        data, sizes = _packed(continuations)
        single = sizes == 1
        if np.count_nonzero(single) < _ROW_PAYS:
            lengths = self._measure.lengths(self._state, data, sizes)
            lengths -= self._subtrahend()
            return lengths
        lengths = np.empty(len(sizes))
        lengths[single] = self._rows([b""])[0, data[(sizes.cumsum() - 1)[single]]]
        if not single.all():
            rest = data[np.repeat(~single, sizes)], sizes[~single]
            lengths[~single] = self._measure.lengths(self._state, *rest)
        lengths -= self._subtrahend()
        return lengths

    def next_byte(self) -> Bits:
        return normalise(self._rows([b""])[0])

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        rows = self._rows(prefixes)
        rows -= self._subtrahend()
        return rows

    def code_length(self) -> float:
        """Length of the context's own finished raw deflate stream, in bits.

        For `bits`, rounded up to bytes, the length of what zlib writes; for `payload` its
        payload. The tables of a context are those of its own blocks, so that for `frozen` too.
        """
        return float(self._stream.lengths(self._state, *_packed([b""]))[0])

    def advance(self, data: bytes) -> None:
        self._state.advance(data)
        self._measure.advanced()
        self._reference = None

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._state = self._state.fork()
        twin._measure = self._measure.fork()
        return twin

    def _rows(self, prefixes: Sequence[bytes]) -> Bits:
        """Length with each prefix and each byte after it, shape (n, 256)."""
        rows, unknown = self._measure.rows(self._state, *_packed(prefixes))
        where = unknown.nonzero()
        extended = [prefixes[i] + BYTES[byte] for i, byte in zip(*where, strict=True)]
        if extended:
            rows[where] = self._measure.lengths(self._state, *_packed(extended))
        return rows

    def _subtrahend(self) -> float:
        """Length without any continuation."""
        if self._reference is None:
            self._reference = float(self._measure.lengths(self._state, *_packed([b""]))[0])
        return self._reference


def _packed(candidates: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Candidates joined, and their lengths."""
    sizes = np.fromiter(map(len, candidates), np.int64, len(candidates))
    return np.frombuffer(b"".join(candidates), np.uint8), sizes
