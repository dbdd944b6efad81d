"""From context bytes to deflate's token grammar: what the decoder believes about its next token.

    context ──► zlib's own parse ──► token walker ──► counts or code lengths ──► TokenGrammar
                (raw deflate)        (inflate_tables)

The parse is the running zlib's, so the grammar is right for zlib-ng and the others too, and
where its blocks happen to end plays no part in it.
"""

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompressorError, UsageError
from compgen.kernels.deflate_format import (
    DISTANCE_BASE,
    DISTANCE_EXTRA,
    DISTANCES,
    END_OF_BLOCK,
    LENGTH_CODE,
    LENGTH_EXTRA,
    LITERALS,
    MAX_MATCH,
    MIN_MATCH,
)

TableKind = Literal["fractional", "huffman"]

PSEUDO_COUNT = 0.1
"""Added to every symbol's count, so that no token is impossible."""
LONGEST_CODE = 15
"""Code length, in bits, that a symbol without a code is taken to have in `huffman` tables."""
COUNTED = 1 << 14
"""Bytes at the end of the context whose tokens are counted."""
PARSED = (1 << 15) + COUNTED
"""Bytes at the end of the context that are parsed: every token that counts has a whole window
behind it. Tokens with less hold more literals than what is to come: counting those of the
last 32 KB alone costs 0.03 bits per byte on English text (benchmarks/deflate_marginal.py)."""
MIN_LOOKAHEAD = MAX_MATCH + MIN_MATCH + 1
"""zlib's deflate.h: the distance that its encoders keep from the end of the window."""


@dataclass(frozen=True)
class DeflateOptions:
    """The options of zlib's encoder that shape its parse. Raises UsageError if out of range."""

    level: int = 9
    wbits: int = 15
    memlevel: int = 8
    filtered: bool = False

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("level", self.level, 1, 9),
            ("wbits", self.wbits, 9, 15),
            ("memlevel", self.memlevel, 1, 9),
        ):
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}; it must be between {low} and {high}")

    @property
    def window(self) -> int:
        """Window size in bytes."""
        return 1 << self.wbits

    @property
    def max_distance(self) -> int:
        """The longest distance that the encoder uses.

        The format allows the whole window, but zlib refills its buffer in steps and searches
        no further than MAX_DIST = window - MIN_LOOKAHEAD (deflate.h), so that a full match's
        look-ahead is always there: the last 262 distances never occur in a stream of its.
        """
        return self.window - MIN_LOOKAHEAD

    def compress(self, data: bytes) -> bytes:
        """The raw deflate stream (no header, no checksum) of `data`."""
        strategy = zlib.Z_FILTERED if self.filtered else zlib.Z_DEFAULT_STRATEGY
        encoder = zlib.compressobj(self.level, zlib.DEFLATED, -self.wbits, self.memlevel, strategy)
        return encoder.compress(data) + encoder.flush()


@dataclass(frozen=True)
class TokenShape:
    """Departures from the encoder's own token distribution; the defaults change nothing.

    match_weight         odds of a match against a literal, times this
    literal_temperature  flattens (> 1) or sharpens the distribution of literals
    length_temperature   the same for match lengths
    """

    match_weight: float = 1.0
    literal_temperature: float = 1.0
    length_temperature: float = 1.0

    def __post_init__(self) -> None:
        if not min(self.match_weight, self.literal_temperature, self.length_temperature) > 0:
            raise UsageError(f"{self}: every number must be positive")


UNSHAPED = TokenShape()
"""The encoder's own token distribution."""
FLAT_LENGTHS = TokenShape(match_weight=3.0, length_temperature=20.0)
"""Long matches as likely as short ones: a truncated expert then trusts the longest context
that it has. Best for mixtures that generate (benchmarks/generation_quality.py)."""


@dataclass(frozen=True)
class TokenGrammar:
    """Probabilities of deflate's tokens: literals and lengths together sum to 1.

    literal   (256,)  probability of each literal
    length    (259,)  probability of a match of each length; 0 below 3
    distance  (30,)   probability of each single distance of a distance code's range
    """

    literal: NDArray[np.float64]
    length: NDArray[np.float64]
    distance: NDArray[np.float64]

    def shaped(self, shape: TokenShape) -> "TokenGrammar":
        """This grammar with the departures of `shape`."""
        if shape == UNSHAPED:
            return self
        match = self.length.sum() * shape.match_weight
        literal = 1 - self.length.sum()
        return TokenGrammar(
            _tempered(self.literal, shape.literal_temperature) * literal / (literal + match),
            _tempered(self.length, shape.length_temperature) * match / (literal + match),
            self.distance,
        )


def token_grammar(
    context: bytes, options: DeflateOptions, *, tables: TableKind = "fractional"
) -> TokenGrammar:
    """The token grammar at the end of `context`, as `options` parses its last PARSED bytes.

    `tables`: `fractional` takes (count + 0.1) / total over the tokens that start in the last
    COUNTED bytes, the codes that an arithmetic coder would have; `huffman` takes 2^-length,
    the codes of the last block.

    The end of a block emits nothing, and the block after it is taken to have the same tables:
    it is no token of the grammar, and the others share its probability.
    """
    from compgen.kernels.inflate_tables import count_tokens

    parsed = context[-PARSED:]
    stream = np.frombuffer(bytearray(options.compress(parsed)), np.uint8)
    walked = count_tokens(stream, max(0, len(parsed) - COUNTED), len(parsed))
    literal_counts, distance_counts, literal_lengths, distance_lengths, produced, _ = walked
    if produced != len(parsed):
        raise CompressorError(
            f"zlib's stream decodes to {produced} of {len(parsed)} bytes: the token walker and "
            "this zlib disagree about the format; please report it"
        )
    if tables == "fractional":
        symbols = _fractional(literal_counts)
        distances = _fractional(distance_counts)
    elif tables == "huffman":
        symbols = _from_lengths(literal_lengths[:LITERALS])
        distances = _from_lengths(distance_lengths[:DISTANCES])
        distances /= distances.sum()
    else:
        raise UsageError(f"tables is {tables!r}; it must be 'fractional' or 'huffman'")
    symbols[END_OF_BLOCK] = 0.0
    symbols /= symbols.sum()
    return TokenGrammar(symbols[:256].copy(), _lengths(symbols), distances * 0.5**DISTANCE_EXTRA)


def _fractional(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    smoothed = counts.astype(np.float64) + PSEUDO_COUNT
    total: float = smoothed.sum()
    return smoothed / total


def _from_lengths(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = 0.5 ** np.where(lengths == 0, LONGEST_CODE, lengths)
    return weights


def _lengths(symbols: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each match length, shape (259,)."""
    codes = LENGTH_CODE[MIN_MATCH:]
    length = np.zeros(MAX_MATCH + 1)
    length[MIN_MATCH:] = symbols[257 + codes] * 0.5 ** LENGTH_EXTRA[codes]
    # An encoder spells 258 with code 285 alone; to a decoder, 284 with all extra bits set is
    # a match of 258 as well, and this is the decoder's distribution.
    length[MAX_MATCH] += symbols[257 + 27] * 0.5 ** LENGTH_EXTRA[27]
    return length


def _tempered(weights: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """weights^(1/T), normalised; zeros stay zeros."""
    powered: NDArray[np.float64] = weights ** (1 / temperature)
    total: float = powered.sum()
    return powered / total


def distance_borders(max_distance: int) -> NDArray[np.int64]:
    """Last distance of each distance code's range, up to `max_distance`, shape (codes in use,).

    A position's weight as a match source changes when it moves past one of these.
    """
    bases = DISTANCE_BASE[max_distance >= DISTANCE_BASE]
    borders: NDArray[np.int64] = np.append(bases[1:] - 1, max_distance)
    return borders


def longer_than(length: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of a match of more than L bytes, from that of exactly L: shape (..., 259)."""
    longer = np.zeros_like(length)
    longer[..., :-1] = np.cumsum(length[..., :0:-1], axis=-1)[..., ::-1]
    return longer
