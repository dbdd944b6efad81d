"""The sequences of a Zstandard stream, decoded: which literals and matches its encoder chose.

Source: RFC 8878, sections 3.1.1.3.2 (sequences section) and 4.1 (FSE). The structure of the
stream, down to where each table and bitstream lies, is compgen.formats.zstd_frame's; only the
sequences' bitstream is read here. The literals themselves are not: a sequence says how many,
and the data are known.

    bitstream    … ⟨next states⟩ ⟨LL extra⟩ ⟨ML extra⟩ ⟨offset extra⟩ ⟨3 starting states⟩ 1 0 0
                 ◄───────────────── read backwards: `left` bits are still unread ────── marker

    FSE table    state ──► symbol[state], and after it
                 next state = baseline[state] + the next width[state] bits
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from compgen.errors import CompressorError
from compgen.formats.zstd_frame import Block, BlockType, Mode, blocks
from compgen.kernels.zstd_format import (
    LITERAL_LENGTH_BASE,
    LITERAL_LENGTH_DEFAULT,
    LITERAL_LENGTH_DEFAULT_LOG,
    LITERAL_LENGTH_EXTRA,
    MATCH_LENGTH_BASE,
    MATCH_LENGTH_DEFAULT,
    MATCH_LENGTH_DEFAULT_LOG,
    MATCH_LENGTH_EXTRA,
    OFFSET_CODES,
    OFFSET_DEFAULT,
    OFFSET_DEFAULT_LOG,
)

Table = tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""FSE decoding table: accuracy log; symbol, width and baseline of each state."""

_DEFAULTS = (
    (LITERAL_LENGTH_DEFAULT, LITERAL_LENGTH_DEFAULT_LOG),
    (OFFSET_DEFAULT, OFFSET_DEFAULT_LOG),
    (MATCH_LENGTH_DEFAULT, MATCH_LENGTH_DEFAULT_LOG),
)
_CODES = (LITERAL_LENGTH_BASE.size, OFFSET_CODES, MATCH_LENGTH_BASE.size)


@dataclass(frozen=True)
class Parse:
    """An encoder's parse: N runs of literals, each followed by a match, in stream order.

    A match length of 0 is no match: the literals at the end of a block, and raw blocks, which
    have no sequence of their own. An RLE block is one literal and a match at offset 1.
    """

    literal_length: NDArray[np.int64]
    """(N,)"""
    offset_value: NDArray[np.int64]
    """(N,): 1 to 3 repeat an offset, a larger one is the offset + 3; 0 without a match."""
    match_length: NDArray[np.int64]
    """(N,)"""

    def since(self, first: int) -> "Parse":
        """The parse without its first `first` sequences."""
        return Parse(
            self.literal_length[first:], self.offset_value[first:], self.match_length[first:]
        )


def parse(stream: bytes) -> Parse:
    """The parse that `stream` (frames without a dictionary) spells out.

    Raises CompressorError if the stream is damaged.
    """
    # eight bytes of padding, so that the bit reader may load whole words at the end
    data = np.frombuffer(bytearray(stream + bytes(8)), np.uint8)
    tables: list[Table | None] = [None, None, None]
    parts: list[NDArray[np.int64]] = []
    for block in blocks(stream):
        if block.first:
            tables = [None, None, None]
        if block.type is BlockType.RAW:
            parts.append(np.array([[block.size], [0], [0]], np.int64))
        elif block.type is BlockType.RLE:
            run = block.size - 1
            parts.append(np.array([[1], [1 if run else 0], [run]], np.int64))
        else:
            parts.append(_block_sequences(data, block, tables))
    together = np.concatenate([np.empty((3, 0), np.int64), *parts], axis=1)
    return Parse(together[0], together[1], together[2])


def _block_sequences(
    data: NDArray[np.uint8], block: Block, tables: list[Table | None]
) -> NDArray[np.int64]:
    """(3, N): literal lengths, offset values, match lengths; updates `tables`."""
    assert block.literals is not None
    assert block.sequences is not None
    section = block.sequences
    if not section.count:
        return np.array([[block.literals.size], [0], [0]], np.int64)
    for index, (mode, span) in enumerate(zip(section.modes, section.tables, strict=True)):
        if mode is Mode.PREDEFINED:
            tables[index] = _decoding_table(*_DEFAULTS[index])
        elif mode is Mode.RLE:
            zero = np.zeros(1, np.int64)
            tables[index] = (0, np.array([data[span[0]]], np.int64), zero, zero)
        elif mode is Mode.COMPRESSED:
            tables[index] = _decoding_table(*_read_description(data, span[0], _CODES[index]))
    out = np.zeros((3, section.count + 1), np.int64)
    chosen = [table for table in tables if table is not None]
    if len(chosen) < 3 or any(t[1].max() >= n for t, n in zip(chosen, _CODES, strict=True)):
        raise CompressorError("not a sound zstd stream: sequences without a table for them")
    literal, offset, match = chosen
    first, end = section.stream
    left = _decode_sequences(data, first, end, section.count, literal, offset, match, out)
    rest = block.literals.size - int(out[0].sum())
    if left != 0 or rest < 0:
        raise CompressorError("not a sound zstd stream: a sequences section that does not add up")
    out[0, -1] = rest
    return out if rest else out[:, :-1]


@njit(cache=True, nogil=True)
def _read_description(data, at, most_symbols):
    """The FSE table description at byte `at`: probabilities (-1: less than 1), accuracy log."""
    bit = 8 * at
    log = (data[at] & 15) + 5
    bit += 4
    remaining = 1 << log
    probabilities = np.zeros(most_symbols, np.int64)
    symbol = 0
    while remaining > 0 and symbol < most_symbols:
        width = 1
        while (1 << width) <= remaining + 1:
            width += 1
        half = 1 << (width - 1)
        short_values = 2 * half - 2 - remaining
        value = _forward(data, bit, width)
        if (value & (half - 1)) < short_values:
            value &= half - 1
            bit += width - 1
        else:
            if value >= half:
                value -= short_values
            bit += width
        probabilities[symbol] = value - 1
        symbol += 1
        remaining -= abs(value - 1)
        if value == 1:
            more = 3
            while more == 3:
                more = _forward(data, bit, 2)
                bit += 2
                symbol += more
    return probabilities, log


@njit(cache=True, nogil=True)
def _forward(data, bit, count):
    """`count` bits (at most 16) from position `bit` on, least significant first."""
    at = bit >> 3
    word = np.int64(data[at]) | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2]) << 16
    return (word >> (bit & 7)) & ((1 << count) - 1)


@njit(cache=True, nogil=True)
def _backward(data, first, left, count):
    """The top `count` bits (at most 31) of the `left` that begin at byte `first`."""
    bit = 8 * first + left - count
    at = bit >> 3
    word = np.int64(0)
    for index in range(5):
        word |= np.int64(data[at + index]) << (8 * index)
    return (word >> (bit & 7)) & ((np.int64(1) << count) - 1)


@njit(cache=True, nogil=True)
def _decoding_table(probabilities, log):
    """Spread the symbols over 2^log states (section 4.1.1)."""
    size = 1 << log
    symbol_of = np.empty(size, np.int64)
    width = np.empty(size, np.int64)
    baseline = np.empty(size, np.int64)
    top = size
    for symbol in range(probabilities.shape[0]):
        if probabilities[symbol] == -1:
            top -= 1
            symbol_of[top] = symbol
    step = (size >> 1) + (size >> 3) + 3
    state = 0
    for symbol in range(probabilities.shape[0]):
        for _ in range(probabilities[symbol]):
            symbol_of[state] = symbol
            state = (state + step) & (size - 1)
            while state >= top:
                state = (state + step) & (size - 1)
    # A symbol with n states numbers them n, n + 1, …, 2n - 1 in state order: the number,
    # shifted up by `width` bits, falls into the table's range [size, 2·size).
    number = np.abs(probabilities)
    for state in range(size):
        n = number[symbol_of[state]]
        number[symbol_of[state]] += 1
        bits = 0
        while (n << (bits + 1)) < 2 * size:
            bits += 1
        width[state] = bits
        baseline[state] = (n << bits) - size
    return log, symbol_of, width, baseline


@njit(cache=True, nogil=True)
def _decode_sequences(data, first, end, count, literal, offset, match, out):
    """Decode `count` sequences of data[first:end] into `out` (3, ≥ count).

    Returns how many bits are left of the bitstream: 0, or it is damaged.
    """
    left = 8 * (end - first) - 1
    while left >= 0 and not (data[first + (left >> 3)] >> (left & 7)) & 1:
        left -= 1
    logs = literal[0] + offset[0] + match[0]
    if left < logs:
        return -1
    left -= literal[0]
    literal_state = _backward(data, first, left + literal[0], literal[0])
    left -= offset[0]
    offset_state = _backward(data, first, left + offset[0], offset[0])
    left -= match[0]
    match_state = _backward(data, first, left + match[0], match[0])
    for index in range(count):
        literal_code = literal[1][literal_state]
        offset_code = offset[1][offset_state]
        match_code = match[1][match_state]
        needed = offset_code + MATCH_LENGTH_EXTRA[match_code] + LITERAL_LENGTH_EXTRA[literal_code]
        if index + 1 < count:
            needed += literal[2][literal_state] + match[2][match_state] + offset[2][offset_state]
        if left < needed:
            return -1
        out[1, index] = (1 << offset_code) + _backward(data, first, left, offset_code)
        left -= offset_code
        bits = MATCH_LENGTH_EXTRA[match_code]
        out[2, index] = MATCH_LENGTH_BASE[match_code] + _backward(data, first, left, bits)
        left -= bits
        bits = LITERAL_LENGTH_EXTRA[literal_code]
        out[0, index] = LITERAL_LENGTH_BASE[literal_code] + _backward(data, first, left, bits)
        left -= bits
        if index + 1 < count:
            bits = literal[2][literal_state]
            literal_state = literal[3][literal_state] + _backward(data, first, left, bits)
            left -= bits
            bits = match[2][match_state]
            match_state = match[3][match_state] + _backward(data, first, left, bits)
            left -= bits
            bits = offset[2][offset_state]
            offset_state = offset[3][offset_state] + _backward(data, first, left, bits)
            left -= bits
    return left
