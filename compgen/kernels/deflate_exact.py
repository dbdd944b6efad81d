"""The stream's length with each of the 256 bytes at its end, without 256 parses or codes.

    parse (PROBE) ──► tokens ──► ledger + one literal ──► huffman_increment ──► 256 lengths
                  └─► the bytes that would lengthen a match: left to `measure_each`

A byte that lengthens no match leaves zlib's parse before it alone and is a literal; with it,
the open block has one symbol more, and the three kinds of block are compared as ever.

Source: zlib (trees.c, `_tr_flush_block`) by way of deflate_ledger.py; the rest is this project's.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import STATIC_LITERAL_LENGTH
from compgen.kernels.deflate_ledger import (
    CLOSED_BITS,
    CLOSED_PAYLOAD,
    EXTRA,
    STATIC_BITS,
    SYMBOLS,
    add_token,
    code_distances,
    copy_ledger,
    open_block_bits,
)
from compgen.kernels.deflate_window import BLOCK_SYMBOLS
from compgen.kernels.huffman_increment import Increment, literal_increments, make_increment
from compgen.kernels.jit import kernel


class Row(NamedTuple):
    """Scratch of `measure_rows`."""

    increment: Increment
    body: np.ndarray  # int64 (256,)
    description: np.ndarray  # int64 (256,)


def make_row() -> Row:
    """Scratch for rows of any context."""
    return Row(make_increment(), np.zeros(256, np.int64), np.zeros(256, np.int64))


@kernel
def measure_rows(
    ledger, rules, tokens, starts, bases, ends, first, stop, payload_only, work, coder, row,
    follows, lengths,
):  # fmt: skip
    """Length of the stream with each of several parses and then each byte at its end.

    starts, bases, ends, first, stop  the parses, of PROBE, as for `measure_each`; `ends` counts
                                      the unknown byte
    payload_only  measure the payload, else all bits
    follows       bool (n, 257)     all True is added where a block may close
    lengths       float64 (n, 256)  result; not for the bytes that `follows` marks
    """
    copy_ledger(ledger, work)
    sums, body, description = work.sums, row.body, row.description
    for parse in range(first, stop):
        count = starts[parse + 1] - starts[parse]
        if sums[SYMBOLS] + count + 1 >= rules[BLOCK_SYMBOLS]:
            for byte in range(256):
                follows[parse, byte] = True
            continue
        for index in range(starts[parse], starts[parse + 1]):
            add_token(work, tokens.symbols[index], tokens.distances[index], 1)
        rest = code_distances(work, coder) + sums[EXTRA]
        literal_increments(
            work.literals, coder.distance_runs, not payload_only, row.increment, body, description
        )
        for byte in range(256):
            payload = rest + body[byte]
            if payload_only:
                lengths[parse, byte] = sums[CLOSED_PAYLOAD] + payload
            else:
                dynamic = payload + description[byte]
                static = sums[STATIC_BITS] + STATIC_LITERAL_LENGTH[byte]
                bits = open_block_bits(sums, dynamic, static, ends[parse], bases[parse])
                lengths[parse, byte] = sums[CLOSED_BITS] + bits
        for index in range(starts[parse], starts[parse + 1]):
            add_token(work, tokens.symbols[index], tokens.distances[index], -1)
