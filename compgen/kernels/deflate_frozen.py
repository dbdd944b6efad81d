"""The price of tokens in the code tables that a context has built: reading `frozen`.

zlib still decides how the text is cut into tokens; only their price is another one. Each costs
what the symbols of the context's last two blocks (the open one and the one before it) say:

    huffman      the length of the symbol's code in the table that zlib would build of them
    fractional   the ideal adaptive code: a token adds -log2((n + a) / (N + m·a)), where n of
                 the N symbols so far were this one, m is the size of the alphabet and a is
                 PSEUDO_COUNT. (A Dirichlet-multinomial: the order of the tokens is all one.)

plus the extra bits. No headers, no end of block, no block borders. A symbol that has not
occurred costs -log2(a / (N + m·a)) in both, rounded up to whole bits in the first.

    counts  earlier block + open block ──► tokens one by one, each counted once priced ──► bits
                                           and all taken back before the next candidate

Source: this project.
"""

import math
from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import (
    DISTANCE_EXTRA,
    DISTANCES,
    END_OF_BLOCK,
    LENGTH_EXTRA,
    LITERALS,
    LONGEST_CODE,
)
from compgen.kernels.huffman import build_tree, make_tree
from compgen.kernels.jit import kernel

PSEUDO_COUNT = 0.1
_SMALL = 1e-200


class Prices(NamedTuple):
    """The tables of a context; of either kind only its half is used."""

    literals: np.ndarray  # float64 (286,)      counts of the last two blocks' tokens
    distances: np.ndarray  # float64 (30,)
    literal_bits: np.ndarray  # float64 (286,)  code lengths
    distance_bits: np.ndarray  # float64 (30,)


def make_prices() -> Prices:
    """Scratch for `price_each`."""
    return Prices(np.zeros(LITERALS), np.zeros(DISTANCES), np.zeros(LITERALS), np.zeros(DISTANCES))


def huffman_prices(counts: np.ndarray) -> np.ndarray:
    """Code lengths in the table that zlib would build, in bits, float64, shape of `counts`.

    counts  int64 (286,) or (30,); a symbol that does not occur gets an escape's length
    """
    tree = make_tree()
    build_tree(counts, counts.size, LONGEST_CODE, tree)
    smoothed = counts.sum() + PSEUDO_COUNT * counts.size
    escape = math.ceil(math.log2(smoothed / PSEUDO_COUNT))
    return np.where(counts > 0, tree.lengths[: counts.size], escape).astype(np.float64)


@kernel
def _price(tokens, start, stop, huffman, prices, totals):
    """Bits of tokens[start:stop]; `fractional` leaves them counted in prices and totals."""
    bits = 0.0
    likelihood = 1.0
    for index in range(start, stop):
        symbol, distance = tokens.symbols[index], tokens.distances[index]
        if distance >= 0:
            bits += LENGTH_EXTRA[symbol - END_OF_BLOCK - 1] + DISTANCE_EXTRA[distance]
        if huffman:
            bits += prices.literal_bits[symbol]
            if distance >= 0:
                bits += prices.distance_bits[distance]
            continue
        likelihood *= prices.literals[symbol] + PSEUDO_COUNT
        likelihood /= totals[0] + LITERALS * PSEUDO_COUNT
        prices.literals[symbol] += 1.0
        totals[0] += 1.0
        if distance >= 0:
            likelihood *= prices.distances[distance] + PSEUDO_COUNT
            likelihood /= totals[1] + DISTANCES * PSEUDO_COUNT
            prices.distances[distance] += 1.0
            totals[1] += 1.0
        if likelihood < _SMALL:  # one logarithm for many tokens
            bits -= np.log2(likelihood)
            likelihood = 1.0
    return bits - np.log2(likelihood)


@kernel
def _forget(tokens, start, stop, prices, totals):
    """Take back what `_price` has counted."""
    for index in range(start, stop):
        prices.literals[tokens.symbols[index]] -= 1.0
        totals[0] -= 1.0
        if tokens.distances[index] >= 0:
            prices.distances[tokens.distances[index]] -= 1.0
            totals[1] -= 1.0


@kernel
def price_each(prices, huffman, tokens, starts, first, stop, rows, mine, totals, bits):
    """Price of each of several parses, and with `rows` of each byte as a literal after it.

    starts, first, stop  the parses, as for `measure_each`
    mine, totals         scratch to count in, so that threads may share the tables: as `prices`,
                         and float64 (2,)
    bits                 float64 (n, 256), or (n, 1) without `rows`: result
    """
    totals[0] = totals[1] = 0.0
    for symbol in range(LITERALS):
        mine.literals[symbol] = prices.literals[symbol]
        mine.literal_bits[symbol] = prices.literal_bits[symbol]
        totals[0] += prices.literals[symbol]
    for distance in range(DISTANCES):
        mine.distances[distance] = prices.distances[distance]
        mine.distance_bits[distance] = prices.distance_bits[distance]
        totals[1] += prices.distances[distance]
    for parse in range(first, stop):
        price = _price(tokens, starts[parse], starts[parse + 1], huffman, mine, totals)
        if rows:
            total = totals[0] + LITERALS * PSEUDO_COUNT
            for byte in range(256):
                if huffman:
                    bits[parse, byte] = price + mine.literal_bits[byte]
                else:
                    likelihood = (mine.literals[byte] + PSEUDO_COUNT) / total
                    bits[parse, byte] = price - np.log2(likelihood)
        else:
            bits[parse, 0] = price
        if not huffman:
            _forget(tokens, starts[parse], starts[parse + 1], mine, totals)
