"""`DeflateMarginal`: what gunzip, fed with coin flips, writes after a context."""

import numpy as np

from compgen.conditionals.decoder_marginal import DecoderMarginal
from compgen.conditionals.marginal_tables import (
    UNSHAPED,
    DeflateOptions,
    TableKind,
    TokenShape,
)


class DeflateMarginal(DecoderMarginal):
    """The next-byte distribution of deflate's decoder, given that it has produced `context`.

    The sum over all parses of the context into literals and matches, and over everything that
    may follow, under the code tables of the encoder's own parse of the last window.

    `tables`: `fractional` (symbol counts) or `huffman` (2^-code length). `boundary` takes a
    token boundary for certain at the end of the context: the decoder has just begun to read.
    `shape` departs from the encoder's token distribution; see TokenShape.

    The distribution depends on the bytes alone, not on how they were split between `context`
    and `advance` (but for `boundary`, which is where the split was). Raises UsageError for
    options out of range. Source: DESIGN.md, section 2.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        level: int = 9,
        wbits: int = 15,
        memlevel: int = 8,
        filtered: bool = False,
        tables: TableKind = "fractional",
        boundary: bool = False,
        shape: TokenShape = UNSHAPED,
    ) -> None:
        super().__init__(
            [context if boundary else b""],
            np.ones(1),
            b"" if boundary else context,
            options=DeflateOptions(level, wbits, memlevel, filtered),
            tables=tables,
            shape=shape,
        )
