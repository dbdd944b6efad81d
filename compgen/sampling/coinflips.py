"""Feed the decoder coin flips."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from compgen.sampling.sampler import Chunk, Sampler, Source


class CoinFlips(Sampler):
    """Random bits through the real decoder, behind the code tables of the context.

    Good at: the plainest proof that a decoder is a generative model. It is an exact sample,
    at temperature 1 and from a token boundary, of the reading `marginal` with Huffman
    tables, at the cost of decompressing. Bad at: text. Nothing can be truncated, so it is
    token soup; temperature, top-p and the like do not apply. Of the built-in formats only
    deflate (gzip, zlib) lets one set both history and tables.
    """

    name: ClassVar[str] = "coinflips"

    def chunks(self, source: Source, rng: np.random.Generator) -> Iterator[Chunk]:
        history = source.context
        for piece in source.compressor.coin_flips(source.context, rng):
            kept = piece
            if source.guard is not None:
                kept = piece[: source.guard.allowed_length(history, piece)]
                history = (history + kept)[-65536:]
            if kept:
                yield Chunk(kept)
