"""What a deflate stream has cost so far: tokens in, blocks closed, bits out.

Source: zlib 1.2.11 to 1.3.1, trees.c: `_tr_tally`, `_tr_flush_block`, `init_block`; deflate.c:
FLUSH_BLOCK. RFC 1951, section 3.2.3.

     closed blocks                        the open block
    ┌─────────────┬────────────────────┬─────────────────────┐
    │ …           │ earlier counts     │ counts, EXTRA,      │   a block closes after
    │             │ (the last closed)  │ STATIC_BITS, SYMBOLS│   BLOCK_SYMBOLS symbols
    └─────────────┴────────────────────┴─────────────────────┘
    0           CLOSED_BITS, CLOSED_PAYLOAD ▲ START

Two lengths are kept. `bits` is what zlib writes: of stored, static and dynamic the one that it
chooses, headers, code descriptions and alignment included. `payload` is what the symbols cost:
for every block the literal, length, distance and end-of-block symbols under the block's own
dynamic code, and the extra bits; also where zlib chose to store the block or to use the
static code, so that the payload has no cliff at the byte where that choice turns over.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import (
    CODE_LENGTHS,
    DISTANCE_EXTRA,
    DISTANCES,
    END_OF_BLOCK,
    LENGTH_EXTRA,
    LITERALS,
    LONGEST_CODE,
    STATIC_DISTANCE_LENGTH,
    STATIC_LITERAL_LENGTH,
)
from compgen.kernels.deflate_parse import NO_DISTANCE
from compgen.kernels.deflate_window import BLOCK_SYMBOLS, FAST
from compgen.kernels.huffman import (
    Tree,
    add_runs,
    block_bits,
    build_tree,
    description_bits,
    make_tree,
)
from compgen.kernels.jit import kernel

SYMBOLS, EXTRA, STATIC_BITS, BLOCK_START, CLOSED_BITS, CLOSED_PAYLOAD = range(6)
"""Fields of `Ledger.sums`."""

_SYMBOL_EXTRA = np.zeros(LITERALS, np.int64)
_SYMBOL_EXTRA[END_OF_BLOCK + 1 :] = LENGTH_EXTRA


class Ledger(NamedTuple):
    """The account of a stream."""

    sums: np.ndarray  # int64 (6,)
    literals: np.ndarray  # int64 (286,)  counts of the open block; its end of block is counted
    distances: np.ndarray  # int64 (30,)
    earlier_literals: np.ndarray  # int64 (286,)  counts of the block before it, or zero
    earlier_distances: np.ndarray  # int64 (30,)


class Coder(NamedTuple):
    """Scratch of a block's codes. The distance code is kept while its counts do not change."""

    tree: Tree
    runs: np.ndarray  # int64 (19,)             of both codes
    distance_runs: np.ndarray  # int64 (19,)
    coded_distances: np.ndarray  # int64 (31,)  the counts that it is for, and its bits


def make_ledger() -> Ledger:
    """The account of an empty stream."""
    ledger = Ledger(
        np.zeros(6, np.int64),
        np.zeros(LITERALS, np.int64),
        np.zeros(DISTANCES, np.int64),
        np.zeros(LITERALS, np.int64),
        np.zeros(DISTANCES, np.int64),
    )
    ledger.literals[END_OF_BLOCK] = 1
    ledger.sums[STATIC_BITS] = STATIC_LITERAL_LENGTH[END_OF_BLOCK]
    return ledger


def make_coder() -> Coder:
    """Scratch that knows no code yet."""
    return Coder(
        make_tree(),
        np.zeros(CODE_LENGTHS, np.int64),
        np.zeros(CODE_LENGTHS, np.int64),
        np.full(DISTANCES + 1, -1, np.int64),
    )


@kernel
def copy_ledger(source, target):
    """All of `source` into `target`, but for the earlier counts."""
    for field in range(source.sums.size):
        target.sums[field] = source.sums[field]
    for symbol in range(LITERALS):
        target.literals[symbol] = source.literals[symbol]
    for distance in range(DISTANCES):
        target.distances[distance] = source.distances[distance]


@kernel
def add_token(ledger, symbol, distance, sign):
    """Count a token in the open block (sign 1), or take it back (sign -1)."""
    sums = ledger.sums
    sums[SYMBOLS] += sign
    ledger.literals[symbol] += sign
    bits = STATIC_LITERAL_LENGTH[symbol]
    if distance >= 0:
        ledger.distances[distance] += sign
        extra = _SYMBOL_EXTRA[symbol] + DISTANCE_EXTRA[distance]
        bits += extra + STATIC_DISTANCE_LENGTH
        sums[EXTRA] += sign * extra
    sums[STATIC_BITS] += sign * bits


@kernel
def code_distances(ledger, coder):
    """Bits of the open block's distance symbols; their code's runs are in the coder."""
    coded, runs = coder.coded_distances, coder.distance_runs
    known = True
    for distance in range(DISTANCES):
        known &= coded[distance] == ledger.distances[distance]
        coded[distance] = ledger.distances[distance]
    if not known:
        bits, last = build_tree(ledger.distances, DISTANCES, LONGEST_CODE, coder.tree)
        coded[DISTANCES] = bits
        for code in range(CODE_LENGTHS):
            runs[code] = 0
        add_runs(coder.tree.lengths, 0, last + 1, runs)
    return coded[DISTANCES]


@kernel
def open_block_bits(sums, dynamic, static, end, base):
    """Bits of the open block, given what the bodies of two kinds would take."""
    start = sums[BLOCK_START]
    return block_bits(dynamic, static, end - start, start >= base, sums[CLOSED_BITS])


@kernel
def stream_length(ledger, end, base, coder):
    """(bits, payload) of the stream if its open block is the last and closes at `end`."""
    sums, runs = ledger.sums, coder.runs
    payload = code_distances(ledger, coder) + sums[EXTRA]
    bits, last = build_tree(ledger.literals, LITERALS, LONGEST_CODE, coder.tree)
    payload += bits
    for code in range(CODE_LENGTHS):
        runs[code] = coder.distance_runs[code]
    add_runs(coder.tree.lengths, 0, last + 1, runs)
    dynamic = payload + description_bits(runs, coder.tree)
    bits = open_block_bits(sums, dynamic, sums[STATIC_BITS], end, base)
    return sums[CLOSED_BITS] + bits, sums[CLOSED_PAYLOAD] + payload


@kernel
def _open_block(ledger, start, bits, payload):
    """`init_block`, the blocks before it having taken `bits` and `payload`."""
    sums = ledger.sums
    sums[CLOSED_BITS] = bits
    sums[CLOSED_PAYLOAD] = payload
    sums[BLOCK_START] = start
    sums[SYMBOLS] = 0
    sums[EXTRA] = 0
    sums[STATIC_BITS] = STATIC_LITERAL_LENGTH[END_OF_BLOCK]
    for symbol in range(LITERALS):
        ledger.earlier_literals[symbol] = ledger.literals[symbol]
        ledger.literals[symbol] = symbol == END_OF_BLOCK
    for distance in range(DISTANCES):
        ledger.earlier_distances[distance] = ledger.distances[distance]
        ledger.distances[distance] = 0


@kernel
def measure_each(
    ledger, rules, tokens, starts, bases, ends, first, stop, keep, work, coder, bits, payloads
):  # fmt: skip
    """Length of the stream with each of several parses at its end.

    starts, bases, ends  int64, of parse i: where it begins in `tokens`, the window's base after
                         it, and the position at which the text ends
    first, stop          the parses to measure
    keep                 do not measure; leave the (only) parse's tokens in `ledger`
    bits, payloads       float64, result
    """
    if not keep:
        copy_ledger(ledger, work)
    account = ledger if keep else work
    sums = account.sums
    for parse in range(first, stop):
        count = starts[parse + 1] - starts[parse]
        closes = keep or sums[SYMBOLS] + count >= rules[BLOCK_SYMBOLS]
        for index in range(starts[parse], starts[parse + 1]):
            distance = tokens.distances[index]
            add_token(account, tokens.symbols[index], distance, 1)
            if sums[SYMBOLS] == rules[BLOCK_SYMBOLS]:
                # deflate_slow does not ask whether the text's very last literal fills the block
                at_end = index == starts[parse + 1] - 1 and distance == NO_DISTANCE
                if keep or rules[FAST] or not at_end:
                    end = tokens.ends[index]
                    length, payload = stream_length(account, end, tokens.bases[index], coder)
                    _open_block(account, end, length, payload)
        if keep:
            break
        length, payload = stream_length(account, ends[parse], bases[parse], coder)
        bits[parse] = length
        payloads[parse] = payload
        if closes:
            copy_ledger(ledger, work)
        else:
            for index in range(starts[parse], starts[parse + 1]):
                add_token(account, tokens.symbols[index], tokens.distances[index], -1)
