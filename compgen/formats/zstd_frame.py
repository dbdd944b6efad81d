"""The structure of a Zstandard stream (RFC 8878): where every bit of it goes.

    stream      frame | skippable frame, repeated
    frame       magic · header · block … block · [checksum]
    block       24-bit header · content
    content     raw bytes | one byte to repeat | literals section · sequences section
    literals    header · [Huffman tree description] · [jump table] · 1 or 4 bitstreams
    sequences   header · [FSE table] x 3 · bitstream

Nothing is decoded. A bitstream is read backwards and begins with a marker, a 1 bit above the
highest bit of information; so the last byte of a bitstream tells its length in bits:

    last byte   0 0 1 b b b b b      5 bits of information here, marker and padding above
                ────┘ └────────      9 - bit_length = 3 bits that carry nothing

Only an FSE table description has to be read to know where it ends (section 4.1.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from compgen.errors import CompressorError

MAGIC = 0xFD2FB528
SKIPPABLE_MAGIC = 0x184D2A50
"""The first of sixteen: the lowest four bits are free (section 3.1.2)."""

Span = tuple[int, int]
"""First byte, and the byte after the last."""


class BlockType(IntEnum):
    """Section 3.1.1.2.2."""

    RAW = 0
    RLE = 1
    COMPRESSED = 2


class LiteralsType(IntEnum):
    """Section 3.1.1.3.1.1."""

    RAW = 0
    RLE = 1
    COMPRESSED = 2
    TREELESS = 3


class Mode(IntEnum):
    """How one of the three FSE tables is given (section 3.1.1.3.2.1)."""

    PREDEFINED = 0
    RLE = 1
    COMPRESSED = 2
    REPEAT = 3


@dataclass(frozen=True, slots=True)
class Accounting:
    """Every bit of a stream, by what it is for; the five add up to 8 x its bytes."""

    headers: int = 0
    """Magic numbers; frame, block and section headers; jump tables; checksums; skippable frames."""
    tables: int = 0
    """Descriptions of Huffman trees and FSE tables, the single symbol of an RLE table included."""
    literals: int = 0
    """Literals as coded: Huffman bits, or 8 for each byte of a raw (once, of an RLE) section or
    block."""
    sequences: int = 0
    """The sequences' bitstream: starting states, codes and extra bits."""
    padding: int = 0
    """Bitstream markers and what fills their last bytes; the rest of a table's last byte."""

    @property
    def bits(self) -> int:
        """Information: everything but padding."""
        return self.headers + self.tables + self.payload

    @property
    def payload(self) -> int:
        """What was paid for literals and sequences alone."""
        return self.literals + self.sequences

    def __add__(self, other: "Accounting") -> "Accounting":
        return Accounting(
            self.headers + other.headers,
            self.tables + other.tables,
            self.literals + other.literals,
            self.sequences + other.sequences,
            self.padding + other.padding,
        )


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals section of a compressed block."""

    type: LiteralsType
    size: int
    """Bytes that it regenerates."""
    header: Span
    """Section header, and the jump table if there is one (they need not be adjacent)."""
    tree: Span
    """Huffman tree description; empty unless `type` is COMPRESSED."""
    jump_table: Span
    """Empty where there is one stream only."""
    streams: tuple[Span, ...]
    """Bitstreams; for raw and RLE literals the bytes themselves."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sequences section of a compressed block."""

    count: int
    header: Span
    modes: tuple[Mode, Mode, Mode]
    """Of literal lengths, offsets and match lengths, the order of the descriptions."""
    tables: tuple[Span, Span, Span]
    """Their descriptions; empty where the mode needs none."""
    table_bits: tuple[int, int, int]
    stream: Span
    """The bitstream; empty if there are no sequences."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a frame."""

    type: BlockType
    content: Span
    size: int
    """The header's Block_Size: bytes of content, or for RLE how often its byte repeats."""
    first: bool
    """Whether it opens a frame, so that nothing is left of earlier tables and offsets."""
    literals: Literals | None = field(default=None)
    sequences: Sequences | None = field(default=None)


def account(stream: bytes) -> Accounting:
    """Where each bit of a whole Zstandard stream goes. Raises CompressorError if damaged.

    Damage that shows only on decoding is not noticed.
    """
    counted = padding = tables = literals = sequences = 0
    for block in blocks(stream):
        if block.literals is None or block.sequences is None:
            literals += 8 * (block.content[1] - block.content[0])
            continue
        if block.literals.type in (LiteralsType.RAW, LiteralsType.RLE):
            (span,) = block.literals.streams
            literals += 8 * (span[1] - span[0])
        else:
            for span in block.literals.streams:
                filler = _filler(stream, span)
                literals += 8 * (span[1] - span[0]) - filler
                padding += filler
        filler = _tree_filler(stream, block.literals.tree)
        tables += 8 * (block.literals.tree[1] - block.literals.tree[0]) - filler
        padding += filler
        for span, bits in zip(block.sequences.tables, block.sequences.table_bits, strict=True):
            tables += bits
            padding += 8 * (span[1] - span[0]) - bits
        if block.sequences.count:
            span = block.sequences.stream
            filler = _filler(stream, span)
            sequences += 8 * (span[1] - span[0]) - filler
            padding += filler
    counted = padding + tables + literals + sequences
    return Accounting(8 * len(stream) - counted, tables, literals, sequences, padding)


def information_bits(stream: bytes) -> int:
    """The `bits` reading: 8 x the stream's bytes less what carries no information."""
    return account(stream).bits


def payload_bits(stream: bytes) -> int:
    """The `payload` reading: bits of coded literals and sequences, headers and tables left out."""
    return account(stream).payload


def blocks(stream: bytes) -> Iterator[Block]:
    """The blocks of every frame, in order. Raises CompressorError if the structure is damaged."""
    at = 0
    try:
        while at < len(stream):
            magic = _little_endian(stream, at, 4)
            if magic & ~0xF == SKIPPABLE_MAGIC:
                at += 8 + _little_endian(stream, at + 4, 4)
                continue
            if magic != MAGIC:
                raise _damaged(at, "no frame begins here")
            at, checksum = _frame_header(stream, at + 4)
            first, last = True, False
            while not last:
                header = _little_endian(stream, at, 3)
                last = bool(header & 1)
                block = _block(stream, at + 3, header >> 1 & 3, header >> 3, first)
                at, first = block.content[1], False
                yield block
            at += checksum
    except IndexError:
        raise _damaged(len(stream), "the stream ends too early") from None
    if at != len(stream):
        raise _damaged(len(stream), "the stream ends too early")


def _frame_header(stream: bytes, at: int) -> tuple[int, int]:
    """Section 3.1.1.1: where the header ends, and how many bytes of checksum close the frame."""
    descriptor = stream[at]
    single_segment = descriptor >> 5 & 1
    content_size = (single_segment, 2, 4, 8)[descriptor >> 6]
    dictionary_id = (0, 1, 2, 4)[descriptor & 3]
    at += 1 + (1 - single_segment) + dictionary_id + content_size
    return at, 4 * (descriptor >> 2 & 1)


def _block(stream: bytes, at: int, block_type: int, size: int, first: bool) -> Block:
    if block_type == 3:
        raise _damaged(at - 3, "a reserved block type")
    end = at + (1 if block_type == BlockType.RLE else size)
    if end > len(stream):
        raise IndexError
    if block_type != BlockType.COMPRESSED:
        return Block(BlockType(block_type), (at, end), size, first)
    literals = _literals(stream, at)
    sequences = _sequences(stream, max(literals.streams[-1][1], literals.header[1]), end)
    return Block(BlockType.COMPRESSED, (at, end), size, first, literals, sequences)


def _literals(stream: bytes, at: int) -> Literals:
    """Section 3.1.1.3.1."""
    kind, size_format = stream[at] & 3, stream[at] >> 2 & 3
    if kind in (LiteralsType.RAW, LiteralsType.RLE):
        header_bytes, shift = ((1, 3), (2, 4), (1, 3), (3, 4))[size_format]
        size = _little_endian(stream, at, header_bytes) >> shift
        begin = at + header_bytes
        end = begin + (size if kind == LiteralsType.RAW else 1)
        empty = (begin, begin)
        return Literals(LiteralsType(kind), size, (at, begin), empty, empty, ((begin, end),))
    header_bytes, width = ((3, 10), (3, 10), (4, 14), (5, 18))[size_format]
    sizes = _little_endian(stream, at, header_bytes) >> 4
    size, compressed = sizes & (1 << width) - 1, sizes >> width
    begin = at + header_bytes
    end = begin + compressed
    tree = (begin, begin)
    if kind == LiteralsType.COMPRESSED:
        tree = (begin, begin + _tree_bytes(stream[begin]))
    if size_format == 0:
        jump_table = (tree[1], tree[1])
        streams: tuple[Span, ...] = ((tree[1], end),)
    else:
        jump_table = (tree[1], tree[1] + 6)
        cuts = [jump_table[1]]
        for entry in range(3):
            cuts.append(cuts[-1] + _little_endian(stream, tree[1] + 2 * entry, 2))
        cuts.append(end)
        streams = tuple(pairwise(cuts))
    if any(start >= stop for start, stop in streams):
        raise _damaged(at, "a literals section whose bitstreams overlap")
    return Literals(LiteralsType(kind), size, (at, begin), tree, jump_table, streams)


def _tree_bytes(header: int) -> int:
    """Bytes of a Huffman tree description, from the first of them (section 4.2.1.1)."""
    return 1 + (header if header < 128 else (header - 127 + 1) // 2)


def _tree_filler(stream: bytes, tree: Span) -> int:
    """Bits of a Huffman tree description that say nothing."""
    if tree[0] == tree[1]:
        return 0
    header = stream[tree[0]]
    if header >= 128:
        return 4 * ((header - 127) % 2)  # direct weights, two to a byte
    table_bits = fse_description_bits(stream, tree[0] + 1)
    return -table_bits % 8 + _filler(stream, tree)


def _sequences(stream: bytes, at: int, end: int) -> Sequences:
    """Section 3.1.1.3.2."""
    begin = at
    count = stream[at]
    at += 1
    if count == 255:
        count = _little_endian(stream, at, 2) + 0x7F00
        at += 2
    elif count >= 128:
        count = (count - 128 << 8) + stream[at]
        at += 1
    empty = (at, at)
    if not count:
        if at != end:
            raise _damaged(at, "a block goes on after its last section")
        none = (Mode.PREDEFINED, Mode.PREDEFINED, Mode.PREDEFINED)
        return Sequences(0, (begin, at), none, (empty, empty, empty), (0, 0, 0), empty)
    modes = stream[at]
    at += 1
    header = (begin, at)
    spans, lengths, kinds = [], [], []
    for shift in (6, 4, 2):
        mode = Mode(modes >> shift & 3)
        bits = 0
        if mode == Mode.RLE:
            bits = 8
        elif mode == Mode.COMPRESSED:
            bits = fse_description_bits(stream, at)
        kinds.append(mode)
        lengths.append(bits)
        spans.append((at, at + (bits + 7) // 8))
        at = spans[-1][1]
    if at >= end:
        raise _damaged(at, "a sequences section without its bitstream")
    return Sequences(
        count,
        header,
        (kinds[0], kinds[1], kinds[2]),
        (spans[0], spans[1], spans[2]),
        (lengths[0], lengths[1], lengths[2]),
        (at, end),
    )


def fse_description_bits(stream: bytes, at: int) -> int:
    """Bits of the FSE table description that begins at byte `at` (section 4.1.1).

    Probabilities are spent until none is left; how many bits the next one takes depends on how
    much is left, and the smallest values take one bit less.
    """
    window = int.from_bytes(stream[at : at + 128], "little")
    remaining = 1 << (window & 15) + 5
    bits = 4
    window >>= 4
    while remaining > 0:
        width = (remaining + 1).bit_length()  # values 0 … remaining + 1 must fit
        short_values = (1 << width) - 2 - remaining
        half = 1 << width - 1
        value = window & half - 1
        used = width - 1
        if value >= short_values:
            value = window & 2 * half - 1
            used = width
            if value >= half:
                value -= short_values
        window >>= used
        bits += used
        remaining -= abs(value - 1)
        if value == 1:  # probability 0, and a count of further zeros
            more = 3
            while more == 3:
                more = window & 3
                window >>= 2
                bits += 2
                if bits > 1024:
                    raise _damaged(at, "an FSE table without an end")
    if remaining < 0 or bits > 8 * (len(stream) - at):
        raise _damaged(at, "an FSE table that does not add up")
    return bits


def _filler(stream: bytes, span: Span) -> int:
    """Bits above the information in a bitstream's last byte: the marker, and zeros."""
    last = stream[span[1] - 1]
    if not last:
        raise _damaged(span[1] - 1, "a bitstream without its end marker")
    return 9 - last.bit_length()


def _little_endian(stream: bytes, at: int, size: int) -> int:
    if at + size > len(stream):
        raise IndexError
    return int.from_bytes(stream[at : at + size], "little")


def _damaged(at: int, what: str) -> CompressorError:
    return CompressorError(f"not a sound zstd stream: {what} (byte {at})")
