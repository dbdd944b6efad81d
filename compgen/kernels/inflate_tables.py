"""The tokens of a raw deflate stream, counted: an inflate that writes nothing.

Source: RFC 1951, sections 3.2.2 (canonical Huffman codes), 3.2.3 to 3.2.7 (blocks).

    stream   ┌────────┬──────────────────────────┬──────────────────┐
             │ header │ code lengths (dynamic)   │ tokens … 256     │  … next block
             └────────┴──────────────────────────┴──────────────────┘
                              │                         │
                              ▼                         ▼
                     lengths of the last        counts[symbol] += 1  for tokens that start
                     coded block                at output positions first … end

Decoding is one table look-up per symbol: `table[next 15 bits] = symbol << 4 | length`.
"""

import numpy as np
from numba import njit

from compgen.kernels.deflate_format import (
    DISTANCE_BASE,
    DISTANCE_EXTRA,
    DISTANCES,
    END_OF_BLOCK,
    LENGTH_BASE,
    LENGTH_EXTRA,
    LITERALS,
)

MAX_CODE = 15
CODE_LENGTH_ORDER = np.array(
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15], np.int64
)
"""The order in which a dynamic header gives the code lengths of its own code (3.2.7)."""


@njit(cache=True, nogil=True)
def _peek(stream, bit, count):
    """`count` (at most 16) bits from position `bit` on, least significant first; 0 past the end."""
    value = np.int64(0)
    byte = bit >> 3
    for index in range(3):
        if byte + index < stream.shape[0]:
            value |= np.int64(stream[byte + index]) << (8 * index)
    return (value >> (bit & 7)) & ((1 << count) - 1)


@njit(cache=True, nogil=True)
def _fill_decoder(lengths, table):
    """Canonical codes of `lengths` into `table` (2^15,); False if they are over-subscribed."""
    counts = np.zeros(MAX_CODE + 1, np.int64)
    for symbol in range(lengths.shape[0]):
        counts[lengths[symbol]] += 1
    counts[0] = 0
    first = np.zeros(MAX_CODE + 2, np.int64)
    for length in range(1, MAX_CODE + 1):
        first[length + 1] = (first[length] + counts[length]) << 1
        if first[length] + counts[length] > 1 << length:
            return False
    table[:] = -1
    for symbol in range(lengths.shape[0]):
        length = lengths[symbol]
        if length == 0:
            continue
        code = first[length]
        first[length] += 1
        reversed_code = 0
        for _ in range(length):
            reversed_code = (reversed_code << 1) | (code & 1)
            code >>= 1
        for index in range(reversed_code, 1 << MAX_CODE, 1 << length):
            table[index] = (symbol << 4) | length
    return True


@njit(cache=True, nogil=True)
def _fixed_lengths(literal_lengths, distance_lengths):
    """The code lengths of block type 1 (3.2.6)."""
    literal_lengths[:144] = 8
    literal_lengths[144:256] = 9
    literal_lengths[256:280] = 7
    literal_lengths[280:] = 8
    distance_lengths[:] = 5


@njit(cache=True, nogil=True)
def _read_dynamic_header(stream, bit, table, literal_lengths, distance_lengths):
    """Code lengths of block type 2 (3.2.7); the position after them, or -1 where invalid."""
    literals = _peek(stream, bit, 5) + 257
    distances = _peek(stream, bit + 5, 5) + 1
    own = _peek(stream, bit + 10, 4) + 4
    bit += 14
    own_lengths = np.zeros(19, np.int64)
    for index in range(own):
        own_lengths[CODE_LENGTH_ORDER[index]] = _peek(stream, bit, 3)
        bit += 3
    if not _fill_decoder(own_lengths, table):
        return -1
    lengths = np.zeros(literals + distances, np.int64)
    filled = 0
    while filled < literals + distances:
        entry = table[_peek(stream, bit, MAX_CODE)]
        if entry < 0:
            return -1
        bit += entry & 15
        symbol = entry >> 4
        repeat, value = 1, symbol
        if symbol == 16:
            if filled == 0:
                return -1
            repeat, value = 3 + _peek(stream, bit, 2), lengths[filled - 1]
            bit += 2
        elif symbol == 17:
            repeat, value = 3 + _peek(stream, bit, 3), 0
            bit += 3
        elif symbol == 18:
            repeat, value = 11 + _peek(stream, bit, 7), 0
            bit += 7
        if filled + repeat > literals + distances:
            return -1
        lengths[filled : filled + repeat] = value
        filled += repeat
    literal_lengths[:] = 0
    distance_lengths[:] = 0
    literal_lengths[:literals] = lengths[:literals]
    distance_lengths[:distances] = lengths[literals:]
    return bit


@njit(cache=True, nogil=True)
def count_tokens(stream, first, end):
    """Count the tokens of the raw deflate `stream`, uint8 (n,).

    Counted are the tokens that start at output positions `first` <= position < `end`; bytes of
    stored blocks count as literals. Returns

        literal_counts    int64 (286,)   literal/length symbols, without ends of blocks
        distance_counts   int64 (30,)
        literal_lengths   int64 (288,)   code lengths of the last block that has codes;
        distance_lengths  int64 (32,)      the fixed ones if there is none
        produced          int            bytes of output; -1 for a damaged stream
        bits              int            where the last block ends, before the padding
    """
    literal_counts = np.zeros(LITERALS, np.int64)
    distance_counts = np.zeros(DISTANCES, np.int64)
    literal_lengths = np.zeros(288, np.int64)
    distance_lengths = np.zeros(32, np.int64)
    _fixed_lengths(literal_lengths, distance_lengths)
    damaged = (literal_counts, distance_counts, literal_lengths, distance_lengths, -1, 0)

    literal_table = np.empty(1 << MAX_CODE, np.int64)
    distance_table = np.empty(1 << MAX_CODE, np.int64)
    total_bits = 8 * stream.shape[0]
    bit, position, final = 0, 0, 0
    while not final:
        if bit + 3 > total_bits:
            return damaged
        final = _peek(stream, bit, 1)
        kind = _peek(stream, bit + 1, 2)
        bit += 3
        if kind == 0:
            bit = (bit + 7) & ~7
            stored = _peek(stream, bit, 16)
            bit += 32
            if bit + 8 * stored > total_bits:
                return damaged
            for index in range(bit >> 3, (bit >> 3) + stored):
                if first <= position < end:
                    literal_counts[stream[index]] += 1
                position += 1
            bit += 8 * stored
            continue
        if kind == 1:
            _fixed_lengths(literal_lengths, distance_lengths)
        elif kind == 2:
            bit = _read_dynamic_header(
                stream, bit, literal_table, literal_lengths, distance_lengths
            )
        if bit < 0 or kind == 3:
            return damaged
        if not _fill_decoder(literal_lengths, literal_table):
            return damaged
        if not _fill_decoder(distance_lengths, distance_table):
            return damaged
        while True:
            entry = literal_table[_peek(stream, bit, MAX_CODE)]
            if entry < 0 or bit >= total_bits:
                return damaged
            bit += entry & 15
            symbol = entry >> 4
            if symbol == END_OF_BLOCK:
                break
            counted = first <= position < end
            if counted and symbol < LITERALS:
                literal_counts[symbol] += 1
            if symbol < END_OF_BLOCK:
                position += 1
                continue
            code = symbol - 257
            if code > 28:
                return damaged
            length = LENGTH_BASE[code] + _peek(stream, bit, LENGTH_EXTRA[code])
            bit += LENGTH_EXTRA[code]
            entry = distance_table[_peek(stream, bit, MAX_CODE)]
            if entry < 0 or (entry >> 4) >= DISTANCES:
                return damaged
            bit += entry & 15
            code = entry >> 4
            distance = DISTANCE_BASE[code] + _peek(stream, bit, DISTANCE_EXTRA[code])
            bit += DISTANCE_EXTRA[code]
            if distance > position:
                return damaged
            if counted:
                distance_counts[code] += 1
            position += length
    return literal_counts, distance_counts, literal_lengths, distance_lengths, position, bit
