"""What a parse of zlib's is worth in bits: the whole stream, its payload, or frozen prices.

    Measure.lengths(state, candidates)  ──► one number each
    Measure.rows(state, prefixes)       ──► 256 numbers each, and the bytes that it leaves out
                                            because they may be part of a match

This module needs numba: import it where a measure is built.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits
from compgen.conditionals.deflate_state import DeflateState
from compgen.kernels.deflate_exact import measure_rows
from compgen.kernels.deflate_format import END_OF_BLOCK, LITERALS
from compgen.kernels.deflate_frozen import Prices, huffman_prices, price_each
from compgen.kernels.deflate_ledger import measure_each
from compgen.kernels.deflate_window import FINAL, PROBE

Data = NDArray[np.uint8]
Sizes = NDArray[np.int64]
Rows = tuple[Bits, NDArray[np.bool_]]

_NOTHING = np.zeros(0, np.uint8)
_ONE_EMPTY = np.zeros(1, np.int64)


class Measure(Protocol):
    """How candidates, given joined and with their sizes, are measured after a state."""

    def lengths(self, state: DeflateState, data: Data, sizes: Sizes) -> Bits:
        """Length with each candidate, in bits, shape (n,)."""

    def rows(self, state: DeflateState, data: Data, sizes: Sizes) -> Rows:
        """Length with each prefix and each byte after it, shape (n, 256), and a mask of the
        same shape: where it is set, the length is not known."""

    def advanced(self) -> None:
        """The state has moved on."""

    def fork(self) -> "Measure":
        """A measure for a fork of the state."""


class StreamLength:
    """The finished stream in bits, or its payload."""

    def __init__(self, payload: bool) -> None:
        self._payload = payload

    def lengths(self, state: DeflateState, data: Data, sizes: Sizes) -> Bits:
        bits, payloads = np.empty(len(sizes)), np.empty(len(sizes))
        for p in state.parse(FINAL, data, sizes):
            measure_each(
                *(state.ledger, state.rules, p.tokens, p.starts, p.bases, p.ends),
                *(p.first, p.stop, False, p.work.ledger, p.work.coder, bits, payloads),
            )
        return payloads if self._payload else bits

    def rows(self, state: DeflateState, data: Data, sizes: Sizes) -> Rows:
        rows, unknown = np.empty((len(sizes), 256)), np.zeros((0, 257), np.bool_)
        for p in state.parse(PROBE, data, sizes):
            unknown = p.follows
            measure_rows(
                *(state.ledger, state.rules, p.tokens, p.starts, p.bases, p.ends),
                *(p.first, p.stop, self._payload),
                *(p.work.ledger, p.work.coder, p.work.row, unknown, rows),
            )
        return rows, unknown[:, :256]

    def advanced(self) -> None:
        pass

    def fork(self) -> "StreamLength":
        return self


class TokenPrice:
    """The tokens that end the text, at the prices of the context's last two blocks."""

    def __init__(self, huffman: bool) -> None:
        self._huffman = huffman
        self._prices: Prices | None = None

    def lengths(self, state: DeflateState, data: Data, sizes: Sizes) -> Bits:
        tables = self._tables(state), self._huffman
        prices = np.empty((len(sizes), 1))
        for p in state.parse(FINAL, data, sizes):
            scratch = p.work.prices, p.work.totals
            price_each(*tables, p.tokens, p.starts, p.first, p.stop, False, *scratch, prices)
        return prices[:, 0]

    def rows(self, state: DeflateState, data: Data, sizes: Sizes) -> Rows:
        tables = self._tables(state), self._huffman
        rows, unknown = np.empty((len(sizes), 256)), np.zeros((0, 257), np.bool_)
        for p in state.parse(PROBE, data, sizes):
            unknown = p.follows
            scratch = p.work.prices, p.work.totals
            price_each(*tables, p.tokens, p.starts, p.first, p.stop, True, *scratch, rows)
        return rows, unknown[:, :256]

    def advanced(self) -> None:
        self._prices = None

    def fork(self) -> "TokenPrice":
        twin = TokenPrice(self._huffman)
        twin._prices = self._prices
        return twin

    def _tables(self, state: DeflateState) -> Prices:
        if self._prices is None:
            self._prices = self._read_tables(state)
        return self._prices

    def _read_tables(self, state: DeflateState) -> Prices:
        """Counts of what is decided; with Huffman codes, of the whole context's tokens."""
        ledger = state.ledger
        literals = ledger.literals + ledger.earlier_literals
        distances = ledger.distances + ledger.earlier_distances
        literals[END_OF_BLOCK] = 1
        literal_bits, distance_bits = np.zeros(LITERALS), np.zeros(len(distances))
        if self._huffman:
            (p,) = state.parse(FINAL, _NOTHING, _ONE_EMPTY)
            symbols, codes = p.tokens.symbols[: p.starts[1]], p.tokens.distances[: p.starts[1]]
            literal_bits = huffman_prices(literals + np.bincount(symbols, minlength=LITERALS))
            shown = np.bincount(codes[codes >= 0], minlength=len(distances))
            distance_bits = huffman_prices(distances + shown)
        return Prices(
            literals.astype(np.float64), distances.astype(np.float64), literal_bits, distance_bits
        )
