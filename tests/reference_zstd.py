"""A Zstandard decoder written from RFC 8878 alone: slow, plain, and counting every bit it reads.

It shares nothing with compgen.formats.zstd_frame, which it is there to check: that one tells
from the structure where a bitstream's information ends, this one decodes until nothing is left
and says how many bits it took. Each bitstream must be used up exactly, or it raises.
"""

from dataclasses import dataclass, field

LITERAL_LENGTHS = [(n, 0) for n in range(16)] + [
    (16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3), (48, 4), (64, 6),
    (128, 7), (256, 8), (512, 9), (1024, 10), (2048, 11), (4096, 12), (8192, 13), (16384, 14),
    (32768, 15), (65536, 16),
]  # fmt: skip
MATCH_LENGTHS = [(n + 3, 0) for n in range(32)] + [
    (35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3), (67, 4), (83, 4),
    (99, 5), (131, 7), (259, 8), (515, 9), (1027, 10), (2051, 11), (4099, 12), (8195, 13),
    (16387, 14), (32771, 15), (65539, 16),
]  # fmt: skip
DEFAULT_LITERAL_LENGTHS = (6, [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1,
    1, 1, -1, -1, -1, -1,
])  # fmt: skip
DEFAULT_OFFSETS = (5, [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
])  # fmt: skip
DEFAULT_MATCH_LENGTHS = (6, [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
])  # fmt: skip


Table = tuple[int, list[tuple[int, int, int]]]
"""Accuracy log; for each state its symbol, bits to read, and baseline."""
Tree = dict[tuple[int, int], int]
"""(Length, code) to symbol."""


class DamagedError(Exception):
    """The stream breaks a rule of the RFC."""


@dataclass
class Token:
    """One sequence: literals, then a match; or the literals that end a block (no match)."""

    literals: bytes
    length: int
    offset_value: int
    """As coded: 1 to 3 repeat an offset, more is the offset + 3; 0 where there is no match."""
    offset: int
    """As resolved."""
    repeats: bool
    """Whether the offset came out of the history."""


@dataclass
class Decoded:
    """What was read, and how many bits each kind of thing took."""

    data: bytearray = field(default_factory=bytearray)
    tokens: list[Token] = field(default_factory=list)
    headers: int = 0
    tables: int = 0
    literals: int = 0
    sequences: int = 0
    padding: int = 0
    seen: set[str] = field(default_factory=set)
    """Which of the format's variants occurred, so that a test can ask for all of them."""


class Forward:
    """A little-endian bitstream read from its start."""

    def __init__(self, data: bytes) -> None:
        self.value, self.size, self.at = int.from_bytes(data, "little"), 8 * len(data), 0

    def read(self, bits: int) -> int:
        if self.at + bits > self.size:
            raise DamagedError("read past the end of a forward bitstream")
        value = self.value >> self.at & (1 << bits) - 1
        self.at += bits
        return value


class Backward:
    """A bitstream read from its last bit down, past the zeros and the marker that open it."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)
        skipped = 0
        while True:
            self.left -= 1
            skipped += 1
            if skipped > 8 or self.left < 0:
                raise DamagedError("a bitstream without a marker")
            if self.value >> self.left & 1:
                break
        self.padding = skipped
        self.information = self.left

    def read(self, bits: int) -> int:
        if bits > self.left:
            raise DamagedError("read past the end of a backward bitstream")
        self.left -= bits
        return self.value >> self.left & (1 << bits) - 1

    def read_or_zeros(self, bits: int) -> tuple[int, bool]:
        """For the Huffman weights' last states: missing bits are 0. Also: was any missing?"""
        have = min(bits, self.left)
        return self.read(have) << bits - have, bits > have


def fse_description(reader: Forward, most_symbols: int) -> tuple[int, list[int]]:
    """Section 4.1.1: accuracy log and normalised probabilities; -1 is "less than 1"."""
    accuracy = reader.read(4) + 5
    left = 1 << accuracy
    probabilities = []
    while left > 0:
        largest = left + 1
        bits = largest.bit_length()
        spare = (1 << bits) - 1 - largest
        value = reader.read(bits - 1)
        if value >= spare:
            value |= reader.read(1) << bits - 1
            if value >= 1 << bits - 1:
                value -= spare
        probability = value - 1
        probabilities.append(probability)
        left -= abs(probability)
        if probability == 0:
            repeat = 3
            while repeat == 3:
                repeat = reader.read(2)
                probabilities += [0] * repeat
    if left < 0 or len(probabilities) > most_symbols:
        raise DamagedError("an FSE table that does not add up")
    return accuracy, probabilities


def fse_table(accuracy: int, probabilities: list[int]) -> Table:
    """Section 4.1.1: for each state its symbol, bits to read, and baseline."""
    size = 1 << accuracy
    symbols = [-1] * size
    top = size
    for symbol, probability in enumerate(probabilities):
        if probability == -1:
            top -= 1
            symbols[top] = symbol
    position = 0
    for symbol, probability in enumerate(probabilities):
        for _ in range(max(probability, 0)):
            symbols[position] = symbol
            position = (position + (size >> 1) + (size >> 3) + 3) % size
            while position >= top:
                position = (position + (size >> 1) + (size >> 3) + 3) % size
    assert position == 0
    table = [(-1, -1, -1)] * size
    for symbol in range(len(probabilities)):
        states = [state for state in range(size) if symbols[state] == symbol]
        if not states:
            continue
        shares = 1
        while shares < len(states):
            shares *= 2
        doubles = shares - len(states)
        width = size // shares
        baseline = 0
        for state in states[doubles:] + states[:doubles]:
            share = 2 * width if state in states[:doubles] else width
            table[state] = (symbol, share.bit_length() - 1, baseline)
            baseline += share
        assert baseline == size
    return accuracy, table


def rle_table(symbol: int) -> Table:
    return 0, [(symbol, 0, 0)]


def huffman_tree(data: bytes, out: Decoded) -> tuple[Tree, int]:
    """Section 4.2.1: code (a string of bits) to symbol, and the bytes that it took."""
    header = data[0]
    if header >= 128:
        out.seen.add("direct weights")
        count = header - 127
        nibbles = Forward(data[1 : 1 + (count + 1) // 2])
        weights = []
        for _ in range((count + 1) // 2):
            low, high = nibbles.read(4), nibbles.read(4)
            weights += [high, low]
        out.tables += 8 + 4 * count
        if count % 2:
            out.padding += 4
        weights = weights[:count]
        used = 1 + (count + 1) // 2
    else:
        out.seen.add("FSE weights")
        used = 1 + header
        reader = Forward(data[1:used])
        accuracy, table = fse_table(*fse_description(reader, 256))
        description_bytes = -(-reader.at // 8)
        out.tables += 8 + reader.at
        out.padding += 8 * description_bytes - reader.at
        stream = Backward(data[1 + description_bytes : used])
        out.tables += stream.information
        out.padding += stream.padding
        states = [stream.read(accuracy), stream.read(accuracy)]
        weights = []
        turn = 0
        while True:
            symbol, bits, baseline = table[states[turn]]
            weights.append(symbol)
            value, missing = stream.read_or_zeros(bits)
            states[turn] = baseline + value
            turn ^= 1
            if missing:
                weights.append(table[states[turn]][0])
                break
    total = sum(1 << weight - 1 for weight in weights if weight)
    depth = total.bit_length()
    rest = (1 << depth) - total
    if rest & rest - 1:
        raise DamagedError("Huffman weights that do not add up to a power of two")
    weights.append(rest.bit_length())
    codes, code = {}, 0
    for weight in range(1, depth + 1):
        length = depth + 1 - weight
        for symbol, its_weight in enumerate(weights):
            if its_weight == weight:
                codes[length, code >> weight - 1] = symbol
                code += 1 << weight - 1
    return codes, used


def huffman_stream(data: bytes, codes: Tree, count: int, out: Decoded) -> bytes:
    stream = Backward(data)
    decoded = bytearray()
    for _ in range(count):
        code = length = 0
        while (length, code) not in codes:
            if length > 11:
                raise DamagedError("no such Huffman code")
            code = code << 1 | stream.read(1)
            length += 1
        decoded.append(codes[length, code])
    if stream.left:
        raise DamagedError("bits are left in a Huffman stream")
    out.literals += stream.information
    out.padding += stream.padding
    return bytes(decoded)


def literals_section(
    data: bytes, tree: Tree | None, out: Decoded
) -> tuple[bytes, int, Tree | None]:
    """Section 3.1.1.3.1: the literals, the bytes used, and the tree in force after it."""
    kind, size_format = data[0] & 3, data[0] >> 2 & 3
    if kind < 2:
        header = Forward(data[:3])
        header.read(2)
        if size_format in (0, 2):
            header.read(1)
            size = header.read(5)
        else:
            header.read(2)
            size = header.read(12 if size_format == 1 else 20)
        out.headers += header.at
        at = header.at // 8
        if kind == 0:
            out.seen.add("raw literals")
            out.literals += 8 * size
            return data[at : at + size], at + size, tree
        out.seen.add("RLE literals")
        out.literals += 8
        return data[at : at + 1] * size, at + 1, tree
    header = Forward(data[:5])
    header.read(4)
    width = {0: 10, 1: 10, 2: 14, 3: 18}[size_format]
    size, compressed = header.read(width), header.read(width)
    out.headers += header.at
    at = header.at // 8
    end = at + compressed
    if kind == 2:
        tree, used = huffman_tree(data[at:end], out)
        at += used
    else:
        out.seen.add("treeless literals")
    if tree is None:
        raise DamagedError("no Huffman tree to repeat")
    if size_format == 0:
        out.seen.add("one stream")
        return huffman_stream(data[at:end], tree, size, out), end, tree
    out.seen.add("four streams")
    jump = Forward(data[at : at + 6])
    out.headers += 48
    at += 6
    sizes = [jump.read(16) for _ in range(3)]
    sizes.append(end - at - sum(sizes))
    literals = bytearray()
    quarter = (size + 3) // 4
    for index, stream_bytes in enumerate(sizes):
        count = quarter if index < 3 else size - 3 * quarter
        literals += huffman_stream(data[at : at + stream_bytes], tree, count, out)
        at += stream_bytes
    return bytes(literals), end, tree


def sequences_section(
    data: bytes, tables: list[Table | None], out: Decoded
) -> list[tuple[int, int, int]]:
    """Section 3.1.1.3.2: (literal length, offset value, match length) of each sequence."""
    at = 1
    count = data[0]
    if count == 255:
        count, at = data[1] + (data[2] << 8) + 0x7F00, 3
    elif count > 127:
        count, at = (count - 128 << 8) + data[1], 2
    out.headers += 8 * at
    if count == 0:
        if at != len(data):
            raise DamagedError("bytes are left in a block")
        return []
    modes = data[at]
    at += 1
    out.headers += 8
    defaults = (DEFAULT_LITERAL_LENGTHS, DEFAULT_OFFSETS, DEFAULT_MATCH_LENGTHS)
    limits = (36, 32, 53)
    for index, name in enumerate(("literal lengths", "offsets", "match lengths")):
        mode = modes >> 6 - 2 * index & 3
        out.seen.add(f"{name} {('predefined', 'RLE', 'compressed', 'repeat')[mode]}")
        if mode == 0:
            tables[index] = fse_table(*defaults[index])
        elif mode == 1:
            tables[index] = rle_table(data[at])
            at += 1
            out.tables += 8
        elif mode == 2:
            reader = Forward(data[at:])
            tables[index] = fse_table(*fse_description(reader, limits[index]))
            used = -(-reader.at // 8)
            out.tables += reader.at
            out.padding += 8 * used - reader.at
            at += used
    chosen = [table for table in tables if table is not None]
    if len(chosen) < 3:
        raise DamagedError("a repeated table that never was")
    stream = Backward(data[at:])
    states = [stream.read(accuracy) for accuracy, _ in chosen]
    sequences = []
    for number in range(count):
        literal_code, offset_code, match_code = (
            table[state][0] for state, (_, table) in zip(states, chosen, strict=True)
        )
        offset_value = (1 << offset_code) + stream.read(offset_code)
        base, bits = MATCH_LENGTHS[match_code]
        length = base + stream.read(bits)
        base, bits = LITERAL_LENGTHS[literal_code]
        sequences.append((base + stream.read(bits), offset_value, length))
        if number < count - 1:
            for index in (0, 2, 1):
                _, bits, baseline = chosen[index][1][states[index]]
                states[index] = baseline + stream.read(bits)
    if stream.left:
        raise DamagedError("bits are left in the sequences' bitstream")
    out.sequences += stream.information
    out.padding += stream.padding
    return sequences


def execute(
    sequences: list[tuple[int, int, int]], literals: bytes, history: list[int], out: Decoded
) -> None:
    """Section 3.1.1.4: copy literals and matches, keep the offset history."""
    at = 0
    for literal_length, value, length in sequences:
        run = bytes(literals[at : at + literal_length])
        if len(run) != literal_length:
            raise DamagedError("more literals wanted than there are")
        at += literal_length
        out.data += run
        if value > 3:
            offset = value - 3
            history[:] = [offset, history[0], history[1]]
        else:
            index = value - 1 if literal_length else value
            out.seen.add(f"repeat {index + 1}" if index < 3 else "repeat 1 minus 1")
            offset = history[index] if index < 3 else history[0] - 1
            if offset == 0:
                raise DamagedError("offset 0")
            history[:] = [offset] + [old for i, old in enumerate(history) if i != min(index, 2)]
        if offset > len(out.data):
            raise DamagedError("an offset past the start")
        for _ in range(length):
            out.data.append(out.data[-offset])
        out.tokens.append(Token(run, length, value, offset, value <= 3))
    if at < len(literals):
        rest = bytes(literals[at:])
        out.data += rest
        out.tokens.append(Token(rest, 0, 0, 0, False))


def decode(stream: bytes) -> Decoded:
    """Decode a frame without a dictionary; the content size is checked if it is given."""
    out = Decoded()
    reader = Forward(stream[:18])
    if reader.read(32) != 0xFD2FB528:
        raise DamagedError("not a frame")
    reader.read(2)  # dictionary ID flag
    checksum = reader.read(1)
    reader.read(2)
    single_segment = reader.read(1)
    content_flag = reader.read(2)
    if not single_segment:
        reader.read(8)
    field_bytes = (single_segment, 2, 4, 8)[content_flag]
    content_size = reader.read(8 * field_bytes) + (256 if content_flag == 1 else 0)
    out.headers += reader.at
    at = reader.at // 8
    tree: Tree | None = None
    tables: list[Table | None] = [None, None, None]
    history = [1, 4, 8]
    last = 0
    while not last:
        header = Forward(stream[at : at + 3])
        last, kind, size = header.read(1), header.read(2), header.read(21)
        out.headers += 24
        at += 3
        if kind == 0:
            out.seen.add("raw block")
            content = stream[at : at + size]
            out.literals += 8 * size
            out.data += content
            out.tokens.append(Token(bytes(content), 0, 0, 0, False))
            at += size
        elif kind == 1:
            out.seen.add("RLE block")
            out.literals += 8
            out.data += stream[at : at + 1] * size
            out.tokens.append(Token(stream[at : at + 1], size - 1, 0, 1, False))
            at += 1
        elif kind == 2:
            block = stream[at : at + size]
            literals, used, tree = literals_section(block, tree, out)
            sequences = sequences_section(block[used:], tables, out)
            execute(sequences, literals, history, out)
            at += size
        else:
            raise DamagedError("reserved block type")
    out.headers += 32 * checksum
    at += 4 * checksum
    if at != len(stream):
        raise DamagedError("bytes after the frame")
    if field_bytes and content_size != len(out.data):
        raise DamagedError("not the content size that the header gives")
    return out
