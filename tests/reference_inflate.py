"""A slow, plain reader of raw deflate streams (RFC 1951): what each block is made of, in bits."""

from dataclasses import dataclass, field

LENGTH_EXTRA = [0] * 8 + [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4 + [5] * 4 + [0]
DISTANCE_EXTRA = [0, 0] + [bits for bits in range(14) for _ in (0, 1)]
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
Token = tuple[int, int]
"""Literal/length symbol and distance symbol, -1 for none."""


@dataclass
class Block:
    """One block; `tokens` leaves its end-of-block symbol out."""

    kind: int
    literal_lengths: list[int]
    distance_lengths: list[int]
    tokens: list[Token] = field(default_factory=list)
    extra_bits: int = 0
    body_bits: int = 0


class _Bits:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> int:
        byte, bit = divmod(self.position, 8)
        self.position += count
        return int.from_bytes(self.data[byte : byte + 4], "little") >> bit & ((1 << count) - 1)


def _codes(lengths: list[int]) -> dict[tuple[int, int], int]:
    """(length, code) to symbol: RFC 1951, section 3.2.2."""
    codes, code = {}, 0
    for length in range(1, 16):
        for symbol, symbol_length in enumerate(lengths):
            if symbol_length == length:
                codes[length, code] = symbol
                code += 1
        code <<= 1
    return codes


def _symbol(bits: _Bits, codes: dict[tuple[int, int], int]) -> int:
    code = length = 0
    while (length, code) not in codes:
        code = code << 1 | bits.take(1)
        length += 1
        assert length <= 15
    return codes[length, code]


def _tables(bits: _Bits) -> tuple[list[int], list[int]]:
    literals, distances, sent = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
    lengths = [0] * 19
    for index in range(sent):
        lengths[ORDER[index]] = bits.take(3)
    codes = _codes(lengths)
    both: list[int] = []
    while len(both) < literals + distances:
        symbol = _symbol(bits, codes)
        if symbol < 16:
            both.append(symbol)
        elif symbol == 16:
            both += both[-1:] * (3 + bits.take(2))
        else:
            both += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
    return both[:literals], both[literals:]


def read(data: bytes) -> tuple[list[Block], int]:
    """The blocks of a raw stream, and the bit at which it ends."""
    bits, blocks, last = _Bits(data), list[Block](), False
    while not last:
        last, kind = bool(bits.take(1)), bits.take(2)
        if kind == 0:
            bits.position += -bits.position % 8
            size = bits.take(16)
            bits.position += 16 + 8 * size
            blocks.append(Block(kind, [], [], [], 0, 8 * size))
            continue
        static = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8, [5] * 30
        block = Block(kind, *(static if kind == 1 else _tables(bits)))
        literals, distances = _codes(block.literal_lengths), _codes(block.distance_lengths)
        start = bits.position
        while (symbol := _symbol(bits, literals)) != 256:
            distance = -1
            if symbol > 256:
                bits.take(LENGTH_EXTRA[symbol - 257])
                distance = _symbol(bits, distances)
                bits.take(DISTANCE_EXTRA[distance])
                block.extra_bits += LENGTH_EXTRA[symbol - 257] + DISTANCE_EXTRA[distance]
            block.tokens.append((symbol, distance))
        block.body_bits = bits.position - start
        blocks.append(block)
    return blocks, bits.position
