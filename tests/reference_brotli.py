"""A brotli decoder written from RFC 7932 alone: slow, plain, and counting every bit it reads.

It shares nothing with compgen.kernels.brotli_tokens, which it is there to check, but for the
words of the static dictionary (Appendix A, whose CRC-32 is checked) and the forms (Appendix B).
"""

import functools
import zlib
from dataclasses import dataclass, field

from compgen.formats.brotli_dictionary import FORMS, dictionary

INDEX_BITS = [0] * 4 + [10, 10, 11, 11] + [10] * 5 + [9, 9, 8, 7, 7, 8, 7, 7, 6, 6, 5, 5]
INSERTS = [
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 1), (8, 1), (10, 2), (14, 2), (18, 3),
    (26, 3), (34, 4), (50, 4), (66, 5), (98, 5), (130, 6), (194, 7), (322, 8), (578, 9),
    (1090, 10), (2114, 12), (6210, 14), (22594, 24),
]  # fmt: skip
COPIES = [
    (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 1), (12, 1), (14, 2),
    (18, 2), (22, 3), (30, 3), (38, 4), (54, 4), (70, 5), (102, 5), (134, 6), (198, 7), (326, 8),
    (582, 9), (1094, 10), (2118, 24),
]  # fmt: skip
COUNTS = [
    (1, 2), (5, 2), (9, 2), (13, 2), (17, 3), (25, 3), (33, 3), (41, 3), (49, 4), (65, 4),
    (81, 4), (97, 4), (113, 5), (145, 5), (177, 5), (209, 5), (241, 6), (305, 6), (369, 7),
    (497, 8), (753, 9), (1265, 10), (2289, 11), (4337, 12), (8433, 13), (16625, 24),
]  # fmt: skip
CELLS = [(0, 0), (0, 8), (0, 0), (0, 8), (8, 0), (8, 8), (0, 16), (16, 0), (8, 16), (16, 8), (16, 16)]  # noqa: E501  # fmt: skip
RING = [
    (0, 0), (1, 0), (2, 0), (3, 0), (0, -1), (0, 1), (0, -2), (0, 2), (0, -3), (0, 3), (1, -1),
    (1, 1), (1, -2), (1, 2), (1, -3), (1, 3),
]  # fmt: skip
UTF8_ASCII = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 8, 12, 16, 12, 12, 20, 12, 16, 24, 28, 12, 12, 32, 12, 36, 12, 44, 44, 44, 44, 44, 44, 44,
    44, 44, 44, 32, 32, 24, 40, 28, 12, 12, 48, 52, 52, 52, 48, 52, 52, 52, 48, 52, 52, 52, 52,
    52, 48, 52, 52, 52, 52, 52, 48, 52, 52, 52, 52, 52, 24, 12, 28, 12, 12, 12, 56, 60, 60, 60,
    56, 60, 60, 60, 56, 60, 60, 60, 60, 60, 56, 60, 60, 60, 60, 60, 56, 60, 60, 60, 60, 60, 24,
    12, 28, 12, 0,
]  # fmt: skip
CODE_LENGTH_ORDER = [1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15]

Code = dict[tuple[int, int], int]
"""(Length, code) to symbol; (0, 0) alone for a code of one symbol."""


class DamagedError(Exception):
    """The stream breaks a rule of the RFC."""


@dataclass
class Command:
    """One command; `copy` is 0 where the meta-block ends with its literals."""

    symbol: int
    literals: bytes
    copy: int = 0
    distance_symbol: int = -1
    distance: int = 0
    word: int = -1
    produced: bytes = b""


@dataclass
class Decoded:
    """What was read, and how many bits each kind of thing took."""

    data: bytearray = field(default_factory=bytearray)
    parse: list[Command] = field(default_factory=list)
    headers: int = 0
    tables: int = 0
    switches: int = 0
    commands: int = 0
    literals: int = 0
    distances: int = 0
    padding: int = 0
    end: int = 0
    """The bit after the last one that was read."""
    seen: set[str] = field(default_factory=set)
    """Which of the format's variants occurred, so that a test can ask for all of them."""


class Reader:
    """Bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.size, self.at = int.from_bytes(data, "little"), 8 * len(data), 0
        self.ahead, self.ahead_at = 0, 0

    def read(self, bits: int) -> int:
        if self.at + bits > self.size:
            raise DamagedError("read past the end")
        if self.at + bits > self.ahead_at + 4096 or self.at < self.ahead_at or not self.at:
            self.ahead, self.ahead_at = self.value >> self.at & (1 << 4096) - 1, self.at
        value = self.ahead >> self.at - self.ahead_at & (1 << bits) - 1
        self.at += bits
        return value

    def symbol(self, code: Code) -> int:
        if (0, 0) in code:
            return code[0, 0]
        value = 0
        for length in range(1, 16):
            value = value << 1 | self.read(1)
            if (length, value) in code:
                return code[length, value]
        raise DamagedError("no such code")

    def fill(self) -> int:
        """To the next byte, over zeros; returns how many."""
        bits = -self.at % 8
        if self.read(bits):
            raise DamagedError("fill bits")
        return bits


@functools.cache
def words() -> bytes:
    data = dictionary().words.tobytes()
    assert (len(data), zlib.crc32(data)) == (122_784, 0x5136CB04)
    return data


def word_text(length: int, word: int) -> bytes:
    """Section 8."""
    if not 4 <= length <= 24 or word >> INDEX_BITS[length] > 120:
        raise DamagedError("no such word")
    offset = sum(size << INDEX_BITS[size] for size in range(4, length))
    offset += length * (word % (1 << INDEX_BITS[length]))
    prefix, change, suffix = FORMS[word >> INDEX_BITS[length]]
    return prefix + changed(words()[offset : offset + length], change) + suffix


def changed(word: bytes, change: str) -> bytes:
    if change[0] == "-":
        return word[: max(0, len(word) - int(change[1]))]
    if change[0] == "+":
        return word[int(change[1]) :]
    letters = bytearray(word)
    at = 0
    while change != "I" and at < len(letters):
        if letters[at] < 192:
            letters[at] ^= 32 * (97 <= letters[at] <= 122)
            at += 1
        elif letters[at] < 224:
            letters[at + 1 : at + 2] = bytes(b ^ 32 for b in letters[at + 1 : at + 2])
            at += 2
        else:
            letters[at + 2 : at + 3] = bytes(b ^ 5 for b in letters[at + 2 : at + 3])
            at += 3
        if change == "F":
            break
    return bytes(letters)


def context_id(mode: int, last: int, second: int) -> int:
    """Section 7.1."""
    if mode == 0:
        return last & 63
    if mode == 1:
        return last >> 2
    if mode == 2:
        high = UTF8_ASCII[last] if last < 128 else (last & 1) + 2 * (last >= 192)
        if second < 128:
            low = 3 if 97 <= second <= 122 else 2 if chr(second).isalnum() else 33 <= second < 127
        else:
            low = 2 * (second >= 224)
        return high | low
    low, high = (
        sum(byte >= border for border in (1, 16, 64, 128, 192, 240, 255)) for byte in (second, last)
    )
    return high << 3 | low


def canonical(lengths: list[int]) -> Code:
    code: Code = {}
    value = 0
    for length in range(1, 16):
        for symbol, its in enumerate(lengths):
            if its == length:
                code[length, value] = symbol
                value += 1
        value <<= 1
    if value != 1 << 16:
        raise DamagedError("a code that is not complete")
    return code


def prefix_code(reader: Reader, alphabet: int, out: Decoded) -> Code:
    """Sections 3.4 and 3.5."""
    skip = reader.read(2)
    if skip == 1:
        used = reader.read(2) + 1
        symbols = [reader.read((alphabet - 1).bit_length()) for _ in range(used)]
        if len(set(symbols)) < used or max(symbols) >= alphabet:
            raise DamagedError("symbols of a simple code")
        out.seen.add(f"simple code of {used}")
        if used == 1:
            return {(0, 0): symbols[0]}
        depths = {2: [1, 1], 3: [1, 2, 2], 4: [2, 2, 2, 2]}[used]
        if used == 4 and reader.read(1):
            out.seen.add("simple code of 4, deep")
            depths = [1, 2, 3, 3]
        lengths = [0] * alphabet
        for symbol, depth in zip(symbols, depths, strict=True):
            lengths[symbol] = depth
        return canonical(lengths)
    out.seen.add(f"complex code, {skip} skipped")
    code_lengths = [0] * 18
    space = 32
    for symbol in CODE_LENGTH_ORDER[skip:]:
        pattern = 0
        for width in (1, 2, 3, 4):
            pattern |= reader.read(1) << width - 1
            found = {
                (2, 0b00): 0, (4, 0b0111): 1, (3, 0b011): 2, (2, 0b10): 3, (2, 0b01): 4,
                (4, 0b1111): 5,
            }.get((width, pattern))  # fmt: skip
            if found is not None:
                break
        assert found is not None
        code_lengths[symbol] = found
        space -= 32 >> found if found else 0
        if space <= 0:
            break
    used_lengths = [symbol for symbol, length in enumerate(code_lengths) if length]
    if len(used_lengths) == 1:
        out.seen.add("one code length")
        code: Code = {(0, 0): used_lengths[0]}
    else:
        code = canonical(code_lengths)
    lengths, space = [], 1 << 15
    before, repeat = 8, (-1, 0)
    while space > 0 and len(lengths) < alphabet:
        symbol = reader.symbol(code)
        if symbol < 16:
            lengths.append(symbol)
            repeat = (-1, 0)
            before = symbol or before
            space -= 1 << 15 - symbol if symbol else 0
            continue
        width = symbol - 14
        done = repeat[1] if repeat[0] == symbol else 0
        total = ((done - 2) << width if done else 0) + reader.read(width) + 3
        if done:
            out.seen.add(f"repeated {symbol}")
        repeat = (symbol, total)
        lengths += [before if symbol == 16 else 0] * (total - done)
        space -= (total - done) << 15 - before if symbol == 16 else 0
    if len(lengths) > alphabet or space:
        raise DamagedError("code lengths that do not add up")
    return canonical(lengths + [0] * (alphabet - len(lengths)))


def number(reader: Reader) -> int:
    if not reader.read(1):
        return 1
    width = reader.read(3)
    return (1 << width) + 1 + reader.read(width)


def context_map(reader: Reader, size: int, trees: int, out: Decoded) -> list[int]:
    """Section 7.3."""
    longest = reader.read(4) + 1 if reader.read(1) else 0
    code = prefix_code(reader, trees + longest, out)
    values: list[int] = []
    while len(values) < size:
        symbol = reader.symbol(code)
        if 0 < symbol <= longest:
            out.seen.add("run in a context map")
            values += [0] * ((1 << symbol) + reader.read(symbol))
        else:
            values.append(symbol - longest if symbol else 0)
    if len(values) > size:
        raise DamagedError("context map")
    if reader.read(1):
        out.seen.add("move to front")
        order = list(range(256))
        for index, place in enumerate(values):
            values[index] = order.pop(place)
            order.insert(0, values[index])
    return values


class Blocks:
    """One of the three categories of blocks of a meta-block."""

    def __init__(self, reader: Reader, out: Decoded) -> None:
        self.reader = reader
        start = reader.at
        self.types = number(reader)
        self.current, self.previous, self.left = 0, 1, 1 << 24
        out.headers += reader.at - start
        if self.types > 1:
            start = reader.at
            self.type_code = prefix_code(reader, self.types + 2, out)
            self.count_code = prefix_code(reader, 26, out)
            out.tables += reader.at - start
            start = reader.at
            self.left = self.count()
            out.headers += reader.at - start

    def count(self) -> int:
        base, extra = COUNTS[self.reader.symbol(self.count_code)]
        return base + self.reader.read(extra)

    def next(self, out: Decoded) -> int:
        """The block type of the next symbol."""
        if self.left == 0:
            start = self.reader.at
            symbol = self.reader.symbol(self.type_code)
            new = (self.previous, (self.current + 1) % self.types, symbol - 2)[min(symbol, 2)]
            out.seen.add(f"block type symbol {min(symbol, 2)}")
            if new >= self.types:
                raise DamagedError("block type")
            self.previous, self.current = self.current, new
            self.left = self.count()
            out.switches += self.reader.at - start
        self.left -= 1
        return self.current


def decode(stream: bytes, *, whole: bool = True) -> Decoded:
    """Decode one stream; of one that was flushed but not finished if not `whole`."""
    reader, out = Reader(stream), Decoded()
    if not reader.read(1):
        window = 16
    elif more := reader.read(3):
        window = 17 + more
    else:
        window = {0: 17, 2: 10, 3: 11, 4: 12, 5: 13, 6: 14, 7: 15}[reader.read(3)]
    out.headers += reader.at
    ring = [4, 11, 15, 16]
    while True:
        if not whole and reader.at >= reader.size - 7:
            break
        start = reader.at
        last = reader.read(1)
        if last and reader.read(1):
            out.headers += 2
            break
        nibbles = reader.read(2)
        if nibbles == 3:
            if not whole and reader.size - reader.at <= 10:
                reader.at = start
                break
            if reader.read(1):
                raise DamagedError("reserved bit")
            skipped = reader.read(2)
            length = reader.read(8 * skipped) + 1 if skipped else 0
            out.headers += reader.at - start + 8 * length
            out.padding += reader.fill()
            for _ in range(length):
                reader.read(8)
            out.seen.add("metadata")
            continue
        goal = len(out.data) + reader.read(16 + 4 * nibbles) + 1
        if not last and reader.read(1):
            out.headers += reader.at - start
            out.padding += reader.fill()
            length = goal - len(out.data)
            out.data += bytes(reader.read(8) for _ in range(length))
            out.literals += 8 * length
            out.parse.append(Command(-1, bytes(out.data[-length:])))
            out.seen.add("uncompressed")
            continue
        out.headers += reader.at - start
        meta_block(reader, out, ring, (1 << window) - 16, goal)
        if last:
            break
    out.end = reader.at
    if whole:
        out.padding += reader.fill()
        if reader.at != reader.size:
            raise DamagedError("bytes after the end")
    return out


def meta_block(reader: Reader, out: Decoded, ring: list[int], window: int, goal: int) -> None:
    """Sections 9.2, from the block types on, and 9.3."""
    literal, command, distance = (Blocks(reader, out) for _ in range(3))
    start = reader.at
    postfix = reader.read(2)
    direct = reader.read(4) << postfix
    modes = [reader.read(2) for _ in range(literal.types)]
    out.headers += reader.at - start
    out.seen |= {f"mode {mode}" for mode in modes}
    out.seen |= {f"postfix {postfix}"} if postfix else set()
    out.seen |= {"direct distances"} if direct else set()
    start = reader.at
    trees = number(reader)
    literal_map = [0] * 64 * literal.types
    if trees > 1:
        literal_map = context_map(reader, 64 * literal.types, trees, out)
    distance_trees = number(reader)
    distance_map = [0] * 4 * distance.types
    if distance_trees > 1:
        distance_map = context_map(reader, 4 * distance.types, distance_trees, out)
    literal_codes = [prefix_code(reader, 256, out) for _ in range(trees)]
    command_codes = [prefix_code(reader, 704, out) for _ in range(command.types)]
    alphabet = 16 + direct + (48 << postfix)
    distance_codes = [prefix_code(reader, alphabet, out) for _ in range(distance_trees)]
    out.tables += reader.at - start

    while len(out.data) < goal:
        code = command_codes[command.next(out)]
        start = reader.at
        symbol = reader.symbol(code)
        cell = CELLS[symbol >> 6]
        base, extra = INSERTS[cell[0] + (symbol >> 3 & 7)]
        insert = base + reader.read(extra)
        base, extra = COPIES[cell[1] + (symbol & 7)]
        copy = base + reader.read(extra)
        out.commands += reader.at - start
        for _ in range(insert):
            kind = literal.next(out)
            second, first = (b"\0\0" + out.data[-2:])[-2:]
            context = context_id(modes[kind], first, second)
            start = reader.at
            out.data.append(reader.symbol(literal_codes[literal_map[64 * kind + context]]))
            out.literals += reader.at - start
        made = Command(symbol, bytes(out.data[len(out.data) - insert :]))
        out.parse.append(made)
        if len(out.data) >= goal:
            break
        made.copy = copy
        made.distance = ring[0]
        if symbol >= 128:
            kind = distance.next(out)
            start = reader.at
            code = distance_codes[distance_map[4 * kind + min(copy, 5) - 2]]
            made.distance_symbol = value = reader.symbol(code)
            if value < 16:
                made.distance = ring[RING[value][0]] + RING[value][1]
                out.seen.add(f"ring {value}")
            elif value < 16 + direct:
                made.distance = value - 15
                out.seen.add("direct distance")
            else:
                value -= 16 + direct
                width = 1 + (value >> postfix + 1)
                offset = (2 + (value >> postfix & 1) << width) - 4 + reader.read(width)
                low = value & (1 << postfix) - 1
                made.distance = (offset << postfix) + low + direct + 1
            out.distances += reader.at - start
        if made.distance < 1:
            raise DamagedError("distance")
        farthest = min(window, len(out.data))
        if made.distance > farthest:
            made.word = made.distance - farthest - 1
            made.produced = word_text(copy, made.word)
            out.data += made.produced
            out.seen.add(f"word {FORMS[made.word >> INDEX_BITS[copy]][1][0]}")
        else:
            begin = len(out.data)
            for _ in range(copy):
                out.data.append(out.data[-made.distance])
            made.produced = bytes(out.data[begin:])
            if made.distance_symbol > 0:
                ring[:] = [made.distance, *ring[:3]]
    if len(out.data) != goal:
        raise DamagedError("more than the meta-block holds")
