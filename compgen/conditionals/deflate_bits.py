"""`DeflateBits`: deflate's code lengths below the byte, from a replica of zlib's encoder.

    context ──► DeflateState ──┬── candidate ── parse to the end ── tokens ──► bits    measure_each
                               ├── …                                       ├─► payload measure_each
                               │                                           └─► frozen  price_each
                               └── all 256 bytes at once                       …_rows

Nothing is emitted, and nothing but the undecided tail of the context is parsed again. The
replica is of the classic zlib, 1.2.11 to 1.3.1; whether the running one is classic,
`compgen.conditionals.zlib_probe.is_classic_zlib` tells.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import BYTES, Bits, Conditional
from compgen.conditionals.deflate_state import DeflateState
from compgen.distribution import normalise
from compgen.errors import UnsupportedError, UsageError
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.deflate_frozen import Prices

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
        self.reading = reading
        self._integer_tables = integer_tables
        self._state = DeflateState(level, wbits, memlevel, filtered)
        self._length: float | None = None
        self._prices: Prices | None = None
        self.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        data, sizes = _packed(continuations)
        single = sizes == 1
        if np.count_nonzero(single) < _ROW_PAYS:
            return self._lengths(data, sizes) - self._reference()
        lengths = np.empty(len(sizes))
        lengths[single] = self._rows([b""])[0, data[(np.cumsum(sizes) - 1)[single]]]
        if not single.all():
            lengths[~single] = self._lengths(data[np.repeat(~single, sizes)], sizes[~single])
        return lengths - self._reference()

    def next_byte(self) -> Bits:
        return normalise(self._rows([b""])[0])

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        return self._rows(prefixes) - self._reference()

    def code_length(self) -> float:
        """Length of the context's own finished raw deflate stream, in bits.

        For `bits`, rounded up to bytes, the length of what zlib writes; for `payload` its
        payload. The tables of a context are those of its own blocks, so that for `frozen` too.
        """
        bits, payload = self._measured(*_packed([b""]))
        return float(bits[0] if self.reading is Reading.BITS else payload[0])

    def advance(self, data: bytes) -> None:
        self._state.advance(data)
        self._length = None
        self._prices = None

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._state = self._state.fork()
        return twin

    def _lengths(self, data: NDArray[np.uint8], sizes: NDArray[np.int64]) -> Bits:
        """Length of the stream, or price of the tokens that end it, with each candidate."""
        if self.reading is Reading.FROZEN:
            return self._priced(data, sizes, self._tables())
        bits, payloads = self._measured(data, sizes)
        return bits if self.reading is Reading.BITS else payloads

    def _measured(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int64]
    ) -> tuple[Bits, Bits]:
        from compgen.kernels.deflate_ledger import measure_each
        from compgen.kernels.deflate_window import FINAL

        state, work = self._state, self._state.workspace()
        bits, payloads = np.empty(len(sizes)), np.empty(len(sizes))
        for p in state.parse(FINAL, data, sizes):
            measure_each(
                *(state.ledger, state.rules, p.tokens, p.starts, p.bases, p.ends),
                *(p.first, p.stop, False, work.ledger, work.coder, bits, payloads),
            )
        return bits, payloads

    def _priced(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int64], prices: "Prices"
    ) -> Bits:
        from compgen.kernels.deflate_frozen import price_each
        from compgen.kernels.deflate_window import FINAL

        lengths = np.empty((len(sizes), 1))
        for p in self._state.parse(FINAL, data, sizes):
            tables = prices, self._integer_tables
            price_each(*tables, p.tokens, p.starts, p.first, p.stop, False, lengths)
        return lengths[:, 0]

    def _rows(self, prefixes: Sequence[bytes]) -> Bits:
        """The same with each prefix and each byte after it, shape (n, 256)."""
        from compgen.kernels.deflate_exact import measure_rows
        from compgen.kernels.deflate_frozen import price_each
        from compgen.kernels.deflate_window import PROBE

        rows = np.empty((len(prefixes), 256))
        state, work = self._state, self._state.workspace()
        tables = (self._tables(), self._integer_tables) if self.reading is Reading.FROZEN else ()
        in_matches = np.zeros((0, 256), np.bool_)
        for p in state.parse(PROBE, *_packed(prefixes)):
            if tables:
                price_each(*tables, p.tokens, p.starts, p.first, p.stop, True, rows)
            else:
                measure_rows(
                    *(state.ledger, state.rules, p.tokens, p.starts, p.bases, p.ends),
                    *(p.first, p.stop, self.reading is Reading.PAYLOAD),
                    *(work.ledger, work.coder, work.row, p.follows, rows),
                )
            in_matches = p.follows[:, :256]
        where = np.nonzero(in_matches)
        rows[where] = self._lengths(
            *_packed([prefixes[i] + BYTES[byte] for i, byte in zip(*where, strict=True)])
        )
        return rows

    def _reference(self) -> float:
        """What `bits` subtracts."""
        if self._length is None:
            self._length = float(self._lengths(*_packed([b""]))[0])
        return self._length

    def _tables(self) -> "Prices":
        """The code tables of the context's last two blocks."""
        if self._prices is None:
            self._prices = self._read_tables()
        return self._prices

    def _read_tables(self) -> "Prices":
        from compgen.kernels.deflate_format import END_OF_BLOCK, LITERALS
        from compgen.kernels.deflate_frozen import Prices, huffman_prices
        from compgen.kernels.deflate_window import FINAL

        ledger = self._state.ledger
        literals = ledger.literals + ledger.earlier_literals
        distances = ledger.distances + ledger.earlier_distances
        literals[END_OF_BLOCK] = 1
        literal_bits, distance_bits = np.zeros(0), np.zeros(0)
        if self._integer_tables:
            (p,) = self._state.parse(FINAL, *_packed([b""]))
            symbols, codes = p.tokens.symbols[: p.starts[1]], p.tokens.distances[: p.starts[1]]
            shown = literals + np.bincount(symbols, minlength=LITERALS)
            literal_bits = huffman_prices(shown)
            shown = distances + np.bincount(codes[codes >= 0], minlength=len(distances))
            distance_bits = huffman_prices(shown)
        return Prices(
            literals.astype(np.float64), distances.astype(np.float64), literal_bits, distance_bits
        )


def _packed(candidates: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Candidates joined, and their lengths."""
    sizes = np.fromiter(map(len, candidates), np.int64, len(candidates))
    return np.frombuffer(b"".join(candidates), np.uint8), sizes
