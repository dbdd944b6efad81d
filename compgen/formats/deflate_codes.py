"""The code tables at the head of a deflate block (RFC 1951, section 3.2).

bit 0       BFINAL
bits 1, 2   BTYPE: 0 stored, 1 fixed tables, 2 dynamic tables
dynamic     HLIT 5, HDIST 5, HCLEN 4, code-length code lengths 3 each, then the
            literal/length and distance code lengths, run-length and Huffman coded
"""

from dataclasses import dataclass

STORED, FIXED, DYNAMIC = range(3)
CODE_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
FIXED_LITERALS = (8,) * 144 + (9,) * 112 + (7,) * 24 + (8,) * 8
FIXED_DISTANCES = (5,) * 30


@dataclass(frozen=True)
class BlockHead:
    """A block's header, as bits and as what they mean. Lengths are empty for a stored block."""

    kind: int
    bits: tuple[int, ...]
    """The header's bits in stream order, BFINAL first."""
    literal_lengths: tuple[int, ...] = ()
    distance_lengths: tuple[int, ...] = ()


class BitReader:
    """The bits of a byte string, least significant first (RFC 1951, section 3.1.1)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def bit(self) -> int:
        """The next bit. Raises IndexError past the end."""
        byte = self._data[self.position >> 3]
        bit = byte >> (self.position & 7) & 1
        self.position += 1
        return bit

    def number(self, width: int) -> int:
        """The next `width` bits as a number, least significant bit first."""
        return sum(self.bit() << place for place in range(width))


def canonical_codes(lengths: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Code lengths to {(length, code): symbol} (RFC 1951, section 3.2.2)."""
    codes = {}
    code = 0
    for length in range(1, max(lengths, default=0) + 1):
        for symbol, symbol_length in enumerate(lengths):
            if symbol_length == length:
                codes[length, code] = symbol
                code += 1
        code <<= 1
    return codes


def read_block_head(stream: bytes) -> BlockHead:
    """The head of the first block of a raw deflate stream."""
    reader = BitReader(stream)
    reader.bit()
    kind = reader.number(2)
    literals: tuple[int, ...] = ()
    distances: tuple[int, ...] = ()
    if kind == FIXED:
        literals, distances = FIXED_LITERALS, FIXED_DISTANCES
    elif kind == DYNAMIC:
        literals, distances = _dynamic_lengths(reader)
    replay = BitReader(stream)
    bits = tuple(replay.bit() for _ in range(reader.position))
    return BlockHead(kind, bits, literals, distances)


def _dynamic_lengths(reader: BitReader) -> tuple[tuple[int, ...], tuple[int, ...]]:
    literal_count = 257 + reader.number(5)
    distance_count = 1 + reader.number(5)
    code_lengths = [0] * 19
    for place in range(4 + reader.number(4)):
        code_lengths[CODE_LENGTH_ORDER[place]] = reader.number(3)
    codes = canonical_codes(tuple(code_lengths))
    lengths: list[int] = []
    while len(lengths) < literal_count + distance_count:
        symbol = read_symbol(reader, codes)
        if symbol < 16:
            lengths.append(symbol)
        elif symbol == 16:
            lengths += [lengths[-1]] * (3 + reader.number(2))
        else:
            lengths += [0] * (3 + reader.number(3) if symbol == 17 else 11 + reader.number(7))
    return tuple(lengths[:literal_count]), tuple(lengths[literal_count:])


def read_symbol(reader: BitReader, codes: dict[tuple[int, int], int]) -> int:
    """The symbol whose code comes next; Huffman codes start with their most significant bit.

    Raises ValueError on bits that are no code.
    """
    code = 0
    for length in range(1, 16):
        code = code << 1 | reader.bit()
        if (length, code) in codes:
            return codes[length, code]
    raise ValueError("these bits are no Huffman code")
