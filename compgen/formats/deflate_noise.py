"""gunzip, fed coin flips: what zlib's decoder makes of random bits after a context.

    context ──► zlib ──► the header of its block: the code tables that the context deserves
                              │
    zlib.decompressobj(zdict=context)  ◄── header ◄── coin flips, without end
                              │
                              ▼
                         text, of a kind

The bits are watched on their way, token by token, and a token that would end the block or
reach back past the context is flipped anew: the rest of what the decoder says is its own.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from compgen.formats.deflate_codes import (
    FIXED,
    FIXED_DISTANCES,
    FIXED_LITERALS,
    STORED,
    BitReader,
    BlockHead,
    canonical_codes,
    read_block_head,
    read_symbol,
)
from compgen.kernels.deflate_format import (
    DISTANCE_BASE,
    DISTANCE_EXTRA,
    END_OF_BLOCK,
    LENGTH_BASE,
    LENGTH_EXTRA,
)

WINDOW = 32768
FIXED_HEAD = BlockHead(FIXED, (0, 1, 0), FIXED_LITERALS, FIXED_DISTANCES)
FLIPS_AT_ONCE = 4096
LONGEST_TOKEN = 15 + 5 + 15 + 13
"""Bits of the longest token: length code, its extra bits, distance code, its extra bits."""


def coin_flips(
    context: bytes, level: int, strategy: int, rng: np.random.Generator
) -> Iterator[bytes]:
    """What the decoder says, a few bytes at a time, without end."""
    window = context[-WINDOW:]
    # memLevel 9 holds 32,767 symbols a block: the whole window in one block, under one table
    state = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    head = read_block_head(state.compress(window) + state.flush())
    if head.kind == STORED:
        head = FIXED_HEAD
    decoder = zlib.decompressobj(-15, zdict=window)
    pending = [0, *head.bits[1:]]  # BFINAL = 0: this block never ends
    history = len(window)
    for token in _tokens(head, rng):
        if token.distance > history:
            continue
        pending += token.bits
        history = min(history + token.length, WINDOW)
        whole = len(pending) // 8 * 8
        if whole:
            said = decoder.decompress(np.packbits(pending[:whole], bitorder="little").tobytes())
            del pending[:whole]
            if said:
                yield said


class Token(NamedTuple):
    """A literal (length 1, distance 0) or a match, and the bits that spell it."""

    bits: list[int]
    length: int
    distance: int


def _tokens(head: BlockHead, rng: np.random.Generator) -> Iterator[Token]:
    """Coin flips read as tokens under the tables of `head`, the ends of the block left out."""
    literals = canonical_codes(head.literal_lengths)
    distances = canonical_codes(head.distance_lengths)
    while True:
        flips = rng.bytes(FLIPS_AT_ONCE)
        reader = BitReader(flips)
        # what is left over at the end is thrown away whole: its value was never looked at
        while reader.position + LONGEST_TOKEN <= 8 * FLIPS_AT_ONCE:
            start = reader.position
            try:
                length, distance = _read_token(reader, literals, distances)
            except ValueError:
                continue  # an incomplete code: these bits mean nothing to the decoder
            if length:
                replay = BitReader(flips)
                replay.position = start
                bits = [replay.bit() for _ in range(reader.position - start)]
                yield Token(bits, length, distance)


def _read_token(
    reader: BitReader,
    literals: dict[tuple[int, int], int],
    distances: dict[tuple[int, int], int],
) -> tuple[int, int]:
    """Length and distance of the next token: (1, 0) is a literal, (0, 0) the block's end."""
    symbol = read_symbol(reader, literals)
    if symbol == END_OF_BLOCK:
        return 0, 0
    if symbol < END_OF_BLOCK:
        return 1, 0
    code = symbol - 257
    if code >= len(LENGTH_EXTRA):
        raise ValueError("286 and 287 stand for no length")
    length = int(LENGTH_BASE[code]) + reader.number(int(LENGTH_EXTRA[code]))
    code = read_symbol(reader, distances)
    return length, int(DISTANCE_BASE[code]) + reader.number(int(DISTANCE_EXTRA[code]))
