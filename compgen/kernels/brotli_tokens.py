"""A brotli decoder that keeps the commands: which literals, copies and words the encoder chose.

    stream       window │ meta-block │ meta-block │ …
    meta-block   header │ tables │ command │ command │ …
    command      symbol · extra bits │ literals │ distance symbol · extra bits
                 └ insert length, copy length ┘         │
                                                        ▼
                                   distance ≤ largest: copy      beyond: dictionary word

    ring         last 0 ◄ 1 ◄ 2 ◄ 3      pushed by every distance but symbol 0 and words

Three kinds of symbols (literals, commands, distances) are each divided into blocks; when the
count of a block has run out, a switch says of which type the next one is. A literal's prefix
code depends on its block type and the two bytes before it, a distance's on its block type and
the copy length.

Source: RFC 7932; the sections are named below.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompressorError
from compgen.formats.brotli_dictionary import dictionary
from compgen.kernels.brotli_format import (
    BLOCK_COUNTS,
    CODE_LENGTH_ORDER,
    COMMAND_COPY,
    COMMAND_INSERT,
    COMMANDS,
    CONTEXT_OF_LAST,
    CONTEXT_OF_SECOND,
    CONTEXTS,
    COPY_BASE,
    COPY_EXTRA,
    COUNT_BASE,
    COUNT_EXTRA,
    DISTANCE_CONTEXTS,
    IMPLICIT,
    INITIAL_RING,
    INSERT_BASE,
    INSERT_EXTRA,
    LITERALS,
    LONGEST_CODE,
    RING_OFFSET,
    RING_PLACE,
    RING_SYMBOLS,
)
from compgen.kernels.brotli_words import FORMS, LONGEST, LONGEST_FORM, SHORTEST, write_word
from compgen.kernels.jit import kernel

COMMAND = np.dtype(
    [
        ("symbol", np.int16),  # -1: no command but a meta-block that is not compressed
        ("insert", np.int32),  # literals
        ("copy", np.int32),  # copy length as coded; 0: the meta-block ends with the literals
        ("produced", np.int32),  # bytes that the copy or word gave
        ("distance_symbol", np.int16),  # -1: the symbol says it, or there is no copy
        ("distance", np.int32),
        ("word", np.int32),  # id of the dictionary word; -1: a copy
        ("command_type", np.uint8),
        ("distance_type", np.uint8),
    ],
    align=True,
)

META_BLOCK = np.dtype(
    [
        ("begin", np.int64),  # the first byte that it gave
        ("types", np.int64, 3),  # number of block types of literals, commands, distances
        ("type", np.int64, 3),  # the type in force
        ("before", np.int64, 3),  # the type before it
        ("left", np.int64, 3),  # how many symbols the block has left
        ("postfix", np.int64),
        ("direct", np.int64),
        ("mode", np.uint8, 256),  # context mode of each literal type
        ("literal_map", np.uint8, 256 * CONTEXTS),
        ("distance_map", np.uint8, 256 * DISTANCE_CONTEXTS),
    ],
    align=True,
)
"""What was in force at the end of a compressed meta-block."""

HEADERS, TABLES, SWITCHES, SYMBOLS, LITERAL_BITS, DISTANCE_BITS, PADDING = range(7)
"""What a bit is for: places in the counters."""
_LITERAL, _COMMAND, _DISTANCE = range(3)
_NEVER = 1 << 24
"""A block count that no meta-block uses up."""
_TREES = 256
_CODES = 3 * _TREES
"""Rows of Codes: the codes of literals, commands and distances, 256 at most of each, then those
of block types and block counts of the three kinds, of a context map, and of code lengths."""
_MAP_CODE, _LENGTH_CODE = _CODES + 6, _CODES + 7
_MARGIN = 64
"""Zero bytes after a stream, so that a read past its end stays in the array."""
_DAMAGED, _FULL = -1, -2

_INITIAL_RING = np.array(INITIAL_RING, np.int64)


class Codes(NamedTuple):
    """Prefix codes by row, and scratch: the functions below allocate nothing."""

    counts: np.ndarray  # int64 (rows, 16)  how many codes have each length; [0]: 1 if there is
    #                                       one symbol alone, whose code has no bits
    symbols: np.ndarray  # int16 (rows, 704)  by code length, then value
    lengths: np.ndarray  # int64 (704,)
    place: np.ndarray  # int64 (17,)
    order: np.ndarray  # int64 (256,)       the move-to-front list of a context map
    ring: np.ndarray  # int64 (4,)          the last distances
    word: np.ndarray  # uint8 (37,)


def _empty_codes() -> Codes:
    rows = _LENGTH_CODE + 1
    return Codes(
        np.empty((rows, LONGEST_CODE + 1), np.int64),
        np.empty((rows, COMMANDS), np.int16),
        np.empty(COMMANDS, np.int64),
        np.empty(LONGEST_CODE + 2, np.int64),
        np.empty(256, np.int64),
        np.empty(4, np.int64),
        np.empty(LONGEST_FORM, np.uint8),
    )


@dataclass(frozen=True)
class Parse:
    """A stream, taken apart."""

    data: bytes
    commands: NDArray[np.void]
    """COMMAND (N,), in stream order: their literals and copies add up to the data."""
    literal_types: NDArray[np.uint8]
    """(L,): the block type of each literal."""
    last: NDArray[np.void]
    """META_BLOCK (1,): the last compressed one; all zeros, with the mode LSB6, if there is none."""
    window: int
    """The largest distance of a copy."""
    bits: NDArray[np.int64]
    """(7,): bits of HEADERS, TABLES, … PADDING; they add up to the stream's."""


def parse(stream: bytes) -> Parse:
    """Decode one whole stream. Raises CompressorError if it is damaged, or goes on."""
    words = dictionary()
    padded = np.frombuffer(bytearray(stream + bytes(_MARGIN)), np.uint8)
    codes = _empty_codes()
    capacity = 16 * len(stream) + 4096
    while True:
        out = np.empty(capacity + LONGEST_FORM, np.uint8)
        commands = np.empty(capacity // 2 + 16, COMMAND)
        literal_types = np.empty(capacity, np.uint8)
        last = np.zeros(1, META_BLOCK)
        bits = np.zeros(7, np.int64)
        status, count, literals, size, window = _decode(
            padded,
            8 * len(stream),
            words,
            capacity,
            codes,
            out,
            commands,
            literal_types,
            last,
            bits,
        )
        if status != _FULL:
            break
        capacity *= 8
    if status == _DAMAGED:
        raise CompressorError(f"not a sound brotli stream: damaged after {size} bytes of data")
    return Parse(
        out[:size].tobytes(),
        commands[:count].copy(),
        literal_types[:literals].copy(),
        last,
        window,
        bits,
    )


@kernel
def _peek(data, bit, count):
    """`count` bits (at most 32) from position `bit` on, the least significant first."""
    at = bit >> 3
    word = np.int64(data[at])
    for index in range(1, 5):
        word |= np.int64(data[at + index]) << (8 * index)
    return (word >> (bit & 7)) & ((np.int64(1) << count) - 1)


@kernel
def _symbol(data, bit, codes, row):
    """Decode a symbol with code `row`. Returns symbol (-1: there is no such code) and position.

    Bit by bit, highest first: the codes of each length are consecutive numbers, and follow those
    of the length before (section 3.2).
    """
    counts = codes.counts
    if counts[row, 0]:
        return np.int64(codes.symbols[row, 0]), bit
    word = _peek(data, bit, LONGEST_CODE)
    code = np.int64(0)
    first = np.int64(0)
    index = np.int64(0)
    for length in range(1, counts.shape[1]):  # of a constant, LLVM would unroll it at every call
        code |= word & 1
        word >>= 1
        count = counts[row, length]
        if code < first + count:
            return np.int64(codes.symbols[row, index + code - first]), bit + length
        index += count
        first = (first + count) << 1
        code <<= 1
    return np.int64(-1), bit


@kernel
def _build(codes, alphabet, row):
    """The canonical code of codes.lengths[:alphabet]. Returns whether it is complete."""
    lengths, counts, place = codes.lengths, codes.counts, codes.place
    for length in range(counts.shape[1]):
        counts[row, length] = 0
    for symbol in range(alphabet):
        counts[row, lengths[symbol]] += 1
    counts[row, 0] = 0
    place[1] = 0
    space = 0
    for length in range(1, counts.shape[1]):
        place[length + 1] = place[length] + counts[row, length]
        space += counts[row, length] << (LONGEST_CODE - length)
    for symbol in range(alphabet):
        length = lengths[symbol]
        if length:
            codes.symbols[row, place[length]] = symbol
            place[length] += 1
    return space == 1 << LONGEST_CODE


@kernel
def _single(codes, row, symbol):
    """The code of one symbol."""
    codes.counts[row, 0] = 1
    codes.symbols[row, 0] = symbol


@kernel
def _read_code(data, bit, end, alphabet, codes, row):
    """Read the description of a prefix code (sections 3.4, 3.5). Returns where it ends, or -1."""
    kind = _peek(data, bit, 2)
    bit += 2
    if kind == 1:
        return _read_simple_code(data, bit, alphabet, codes, row)
    bit = _read_length_code(data, bit, kind, codes)
    if bit < 0:
        return bit
    lengths = codes.lengths
    for symbol in range(alphabet):
        lengths[symbol] = 0
    space = 1 << LONGEST_CODE
    symbol = 0
    before = 8
    repeated = 0
    repeated_length = -1
    while symbol < alphabet and space > 0:
        if bit > end:
            return -1
        value, bit = _symbol(data, bit, codes, _LENGTH_CODE)
        if value < 0:
            return -1
        if value < 16:
            repeated = 0
            lengths[symbol] = value
            symbol += 1
            if value:
                before = value
                space -= (1 << LONGEST_CODE) >> value
            continue
        width = value - 14
        length = before if value == 16 else 0
        if repeated_length != length:
            repeated = 0
            repeated_length = length
        already = repeated
        if repeated:
            repeated = (repeated - 2) << width
        repeated += _peek(data, bit, width) + 3
        bit += width
        new = repeated - already
        if symbol + new > alphabet:
            return -1
        for _ in range(new):
            lengths[symbol] = length
            symbol += 1
        if length:
            space -= new << (LONGEST_CODE - length)
    if space != 0 or not _build(codes, alphabet, row):
        return -1
    return bit


@kernel
def _read_simple_code(data, bit, alphabet, codes, row):
    """Section 3.4: up to four symbols, named one by one."""
    width = 0
    while (1 << width) < alphabet:
        width += 1
    used = _peek(data, bit, 2) + 1
    bit += 2
    lengths = codes.lengths
    for symbol in range(alphabet):
        lengths[symbol] = 0
    depth = 0 if used == 1 else (1 if used == 2 else 2)
    first = np.int64(0)
    third = np.int64(0)
    fourth = np.int64(0)
    for index in range(used):
        symbol = _peek(data, bit, width)
        bit += width
        if symbol >= alphabet or lengths[symbol]:
            return -1
        lengths[symbol] = max(depth, 1)
        if index == 0:
            first = symbol
        elif index == 2:
            third = symbol
        elif index == 3:
            fourth = symbol
    if used == 1:
        _single(codes, row, first)
        return bit
    deep = used == 3
    if used == 4:
        deep = _peek(data, bit, 1) == 1
        bit += 1
    if deep:
        lengths[first] = 1
        if used == 4:
            lengths[third] = 3
            lengths[fourth] = 3
    _build(codes, alphabet, row)
    return bit


@kernel
def _read_length_code(data, bit, skipped, codes):
    """Section 3.5: the code of the code lengths, into its row."""
    lengths = codes.lengths
    for symbol in range(18):
        lengths[symbol] = 0
    space = 32
    used = 0
    for index in range(skipped, 18):
        pattern = _peek(data, bit, 4)
        if pattern & 3 == 0:
            length = 0
            bit += 2
        elif pattern & 3 < 3:
            length = 5 - (pattern & 3)
            bit += 2
        elif pattern & 7 == 3:
            length = 2
            bit += 3
        else:
            length = 1 if pattern == 7 else 5
            bit += 4
        lengths[CODE_LENGTH_ORDER[index]] = length
        if length:
            space -= 32 >> length
            used += 1
            if space <= 0:
                break
    if used == 0 or (used > 1 and space != 0):
        return -1
    if used > 1:
        _build(codes, 18, _LENGTH_CODE)
        return bit
    for symbol in range(18):
        if lengths[symbol]:
            _single(codes, _LENGTH_CODE, symbol)
    return bit


@kernel
def _read_number(data, bit):
    """1 to 256, as the numbers of block types and trees are coded (section 9.2)."""
    if not _peek(data, bit, 1):
        return np.int64(1), bit + 1
    width = _peek(data, bit + 1, 3)
    return (np.int64(1) << width) + 1 + _peek(data, bit + 4, width), bit + 4 + width


@kernel
def _read_map(data, bit, end, size, trees, codes, out):
    """A context map of `size` values (section 7.3) into `out`. Returns where it ends, or -1."""
    if trees == 1:
        for index in range(size):
            out[index] = 0
        return bit
    longest = np.int64(0)
    if _peek(data, bit, 1):
        longest = _peek(data, bit + 1, 4) + 1
        bit += 4
    bit += 1
    bit = _read_code(data, bit, end, trees + longest, codes, _MAP_CODE)
    if bit < 0:
        return bit
    index = 0
    while index < size:
        if bit > end:
            return -1
        value, bit = _symbol(data, bit, codes, _MAP_CODE)
        if value < 0:
            return -1
        run = np.int64(1)
        if 0 < value <= longest:
            run = (1 << value) + _peek(data, bit, value)
            bit += value
        if index + run > size:
            return -1
        for _ in range(run):
            out[index] = max(value - longest, 0)
            index += 1
    if _peek(data, bit, 1):
        order = codes.order
        for index in range(256):
            order[index] = index
        for index in range(size):
            place = np.int64(out[index])
            value = order[place]
            out[index] = value
            for position in range(place, 0, -1):
                order[position] = order[position - 1]
            order[0] = value
    return bit + 1


@kernel
def _read_count(data, bit, codes, block, kind):
    """The count of a new block; -1 if damaged. Returns the position after it."""
    code, bit = _symbol(data, bit, codes, _CODES + 3 + kind)
    if code < 0:
        block.left[kind] = -1
        return bit
    width = COUNT_EXTRA[code]
    block.left[kind] = COUNT_BASE[code] + _peek(data, bit, width)
    return bit + width


@kernel
def _count_down(data, bit, codes, block, kind, bits):
    """Before a symbol of one kind: switch blocks if its block is used up (section 6).

    block.left[kind] is negative afterwards if the stream is damaged.
    """
    if block.left[kind] == 0:
        before = bit
        symbol, bit = _symbol(data, bit, codes, _CODES + kind)
        old = block.type[kind]
        new = symbol - 2
        if symbol == 0:
            new = block.before[kind]
        elif symbol == 1:
            new = old + 1 if old + 1 < block.types[kind] else 0
        if symbol < 0 or new >= block.types[kind]:
            block.left[kind] = -1
            return bit
        block.before[kind] = old
        block.type[kind] = new
        bit = _read_count(data, bit, codes, block, kind)
        bits[SWITCHES] += bit - before
    block.left[kind] -= 1
    return bit


@kernel
def _read_tables(data, bit, end, codes, block, bits):
    """The header of a meta-block from the block types on (section 9.2), all zeros in `block`.

    Returns where it ends, or -1.
    """
    start = bit
    tables = np.int64(0)
    for kind in range(3):
        number, bit = _read_number(data, bit)
        block.types[kind] = number
        block.type[kind] = 0
        block.before[kind] = 1
        block.left[kind] = _NEVER
        if number == 1:
            continue
        before = bit
        alphabet = number + 2
        for row in range(_CODES + kind, _CODES + 6, 3):
            bit = _read_code(data, bit, end, alphabet, codes, row)
            if bit < 0:
                return bit
            alphabet = np.int64(BLOCK_COUNTS)
        tables += bit - before
        bit = _read_count(data, bit, codes, block, kind)
        if block.left[kind] < 0:
            return -1
    block.postfix = _peek(data, bit, 2)
    block.direct = _peek(data, bit + 2, 4) << block.postfix
    bit += 6
    for index in range(block.types[_LITERAL]):
        block.mode[index] = _peek(data, bit, 2)
        bit += 2

    before = bit
    literal_trees, bit = _read_number(data, bit)
    size = CONTEXTS * block.types[_LITERAL]
    bit = _read_map(data, bit, end, size, literal_trees, codes, block.literal_map)
    if bit < 0:
        return bit
    distance_trees, bit = _read_number(data, bit)
    size = DISTANCE_CONTEXTS * block.types[_DISTANCE]
    bit = _read_map(data, bit, end, size, distance_trees, codes, block.distance_map)
    if bit < 0:
        return bit
    count = literal_trees
    alphabet = np.int64(LITERALS)
    for category in range(3):
        if category == 1:
            count = block.types[_COMMAND]
            alphabet = np.int64(COMMANDS)
        elif category == 2:
            count = distance_trees
            alphabet = RING_SYMBOLS + block.direct + (48 << block.postfix)
        for index in range(count):
            bit = _read_code(data, bit, end, alphabet, codes, category * _TREES + index)
            if bit < 0:
                return bit
    tables += bit - before
    bits[TABLES] += tables
    bits[HEADERS] += bit - start - tables
    return bit


@kernel
def _decode(data, end, words, capacity, codes, out, commands, literal_types, last, bits):
    """Decode data[: end / 8] into `out`, as far as `capacity` bytes.

    Returns a status (0, _DAMAGED or _FULL), the number of commands, of literals and of bytes,
    and the window.
    """
    size = 0
    done = 0
    literals = 0
    bit = np.int64(0)
    width = np.int64(16)
    if _peek(data, bit, 1):
        width = np.int64(17)
        if _peek(data, 1, 3):
            width += _peek(data, 1, 3)
            bit += 4
        else:
            if _peek(data, 4, 3):
                width = 8 + _peek(data, 4, 3)
                if width == 9:
                    return _DAMAGED, done, literals, size, 0
            bit += 7
    else:
        bit += 1
    window = (np.int64(1) << width) - 16
    bits[HEADERS] += bit

    ring = codes.ring
    for place in range(4):
        ring[place] = _INITIAL_RING[place]
    block = last[0]

    final = np.int64(0)
    while not final:
        start = bit
        if bit >= end:
            return _DAMAGED, done, literals, size, window
        final = _peek(data, bit, 1)
        bit += 1
        if final:
            bit += 1
            if _peek(data, bit - 1, 1):
                bits[HEADERS] += bit - start
                break
        nibbles = 4 + _peek(data, bit, 2)
        bit += 2
        if nibbles == 7:
            if _peek(data, bit, 1):
                return _DAMAGED, done, literals, size, window
            skip_bytes = _peek(data, bit + 1, 2)
            bit += 3
            skipped = np.int64(0)
            if skip_bytes:
                skipped = _peek(data, bit, 8 * skip_bytes) + 1
                bit += 8 * skip_bytes
            bits[HEADERS] += bit - start + 8 * skipped
            bits[PADDING] += -bit & 7
            bit += (-bit & 7) + 8 * skipped
            if bit > end:
                return _DAMAGED, done, literals, size, window
            continue
        goal = size + _peek(data, bit, 4 * nibbles) + 1
        bit += 4 * nibbles
        if not final:
            bit += 1
            if _peek(data, bit - 1, 1):
                length = goal - size
                bits[HEADERS] += bit - start
                bits[PADDING] += -bit & 7
                bits[LITERAL_BITS] += 8 * length
                bit += -bit & 7
                if bit + 8 * length > end:
                    return _DAMAGED, done, literals, size, window
                if goal > capacity or done == commands.shape[0]:
                    return _FULL, done, literals, size, window
                for _ in range(length):
                    out[size] = data[bit >> 3]
                    literal_types[literals] = 0
                    literals += 1
                    size += 1
                    bit += 8
                raw = commands[done]
                raw.symbol = -1
                raw.insert = length
                raw.copy = 0
                raw.produced = 0
                raw.distance_symbol = -1
                raw.distance = 0
                raw.word = -1
                raw.command_type = 0
                raw.distance_type = 0
                done += 1
                continue
        if goal > capacity:
            return _FULL, done, literals, size, window

        bits[HEADERS] += bit - start
        block.begin = size
        bit = _read_tables(data, bit, end, codes, block, bits)
        if bit < 0:
            return _DAMAGED, done, literals, size, window

        # the commands (section 9.3)
        while size < goal:
            if done == commands.shape[0]:
                return _FULL, done, literals, size, window
            bit = _count_down(data, bit, codes, block, _COMMAND, bits)
            if block.left[_COMMAND] < 0:
                return _DAMAGED, done, literals, size, window
            before = bit
            symbol, bit = _symbol(data, bit, codes, _TREES + block.type[_COMMAND])
            if symbol < 0:
                return _DAMAGED, done, literals, size, window
            code = COMMAND_INSERT[symbol]
            insert = INSERT_BASE[code] + _peek(data, bit, INSERT_EXTRA[code])
            bit += INSERT_EXTRA[code]
            code = COMMAND_COPY[symbol]
            copy = COPY_BASE[code] + _peek(data, bit, COPY_EXTRA[code])
            bit += COPY_EXTRA[code]
            bits[SYMBOLS] += bit - before
            if size + insert > goal or bit > end:
                return _DAMAGED, done, literals, size, window
            command = commands[done]
            done += 1
            command.symbol = symbol
            command.insert = insert
            command.command_type = block.type[_COMMAND]

            for _ in range(insert):
                bit = _count_down(data, bit, codes, block, _LITERAL, bits)
                if block.left[_LITERAL] < 0:
                    return _DAMAGED, done, literals, size, window
                kind = block.type[_LITERAL]
                mode = block.mode[kind]
                first = out[size - 1] if size > 0 else np.uint8(0)
                second = out[size - 2] if size > 1 else np.uint8(0)
                context = CONTEXT_OF_LAST[mode, first] | CONTEXT_OF_SECOND[mode, second]
                tree = block.literal_map[CONTEXTS * kind + context]
                before = bit
                symbol, bit = _symbol(data, bit, codes, np.int64(tree))
                bits[LITERAL_BITS] += bit - before
                if symbol < 0 or bit > end:
                    return _DAMAGED, done, literals, size, window
                out[size] = symbol
                literal_types[literals] = kind
                literals += 1
                size += 1

            command.distance_symbol = -1
            command.distance = 0
            command.word = -1
            command.distance_type = block.type[_DISTANCE]
            if size == goal:  # the copy length says nothing
                command.copy = 0
                command.produced = 0
                break
            command.copy = copy
            distance = ring[0]
            if command.symbol >= IMPLICIT:
                bit = _count_down(data, bit, codes, block, _DISTANCE, bits)
                if block.left[_DISTANCE] < 0:
                    return _DAMAGED, done, literals, size, window
                kind = block.type[_DISTANCE]
                command.distance_type = kind
                tree = block.distance_map[DISTANCE_CONTEXTS * kind + min(copy, 5) - 2]
                before = bit
                symbol, bit = _symbol(data, bit, codes, 2 * _TREES + np.int64(tree))
                if symbol < 0:
                    return _DAMAGED, done, literals, size, window
                command.distance_symbol = symbol
                if symbol < RING_SYMBOLS:
                    distance = ring[RING_PLACE[symbol]] + RING_OFFSET[symbol]
                elif symbol < RING_SYMBOLS + block.direct:
                    distance = symbol - RING_SYMBOLS + 1
                else:
                    value = symbol - RING_SYMBOLS - block.direct
                    width = 1 + (value >> (block.postfix + 1))
                    high = value >> block.postfix
                    low = value & ((1 << block.postfix) - 1)
                    offset = ((2 + (high & 1)) << width) - 4 + _peek(data, bit, width)
                    bit += width
                    distance = (offset << block.postfix) + low + block.direct + 1
                bits[DISTANCE_BITS] += bit - before
            if distance < 1 or bit > end:
                return _DAMAGED, done, literals, size, window
            command.distance = distance
            farthest = min(window, size)
            if distance <= farthest:
                if command.distance_symbol > 0:
                    ring[3] = ring[2]
                    ring[2] = ring[1]
                    ring[1] = ring[0]
                    ring[0] = distance
                if size + copy > goal:
                    return _DAMAGED, done, literals, size, window
                for _ in range(copy):
                    out[size] = out[size - distance]
                    size += 1
                command.produced = copy
            else:
                word = distance - farthest - 1
                if not SHORTEST <= copy <= LONGEST or word >= FORMS << words.index_bits[copy]:
                    return _DAMAGED, done, literals, size, window
                command.word = word
                produced = write_word(words, copy, word, codes.word, 0)
                if size + produced > goal:
                    return _DAMAGED, done, literals, size, window
                for index in range(produced):
                    out[size + index] = codes.word[index]
                size += produced
                command.produced = produced
    bits[PADDING] += end - bit
    if end - bit > 7 or bit > end or _peek(data, bit, end - bit):
        return _DAMAGED, done, literals, size, window
    return 0, done, literals, size, window
