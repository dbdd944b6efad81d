"""`MarginalMixture`: the mean of many decoder-marginals, in one kernel."""

import math
from collections.abc import Sequence

import numpy as np

from compgen.conditionals.decoder_marginal import MEMORY, DecoderMarginal
from compgen.conditionals.marginal_tables import (
    UNSHAPED,
    DeflateOptions,
    TableKind,
    TokenShape,
    token_grammar,
)
from compgen.conditionals.truncated_sources import sort_sources
from compgen.errors import UsageError


class MarginalMixture(DecoderMarginal):
    """The arithmetic mean of the next-byte probabilities of deflate decoder-marginals.

    Expert i has the prime primes[i mod P] and the context length contexts[i mod C]:

        0         DeflateMarginal of the prime and the whole history, which is a source of
                  matches like the prime
        1 … 8     the decoder has produced the prime, and then the last so many bytes of the
                  history from a forced token boundary on; the prime alone is a source, so
                  what was generated cannot be copied again

    There are `experts` of them, by default lcm(P, C): every pair that the rule makes, once.
    Experts of one prime share its window and one search for the matches.

    Random halves of a corpus as primes and contexts of a few bytes make text that neither
    copies nor loops (DESIGN.md, section 7; benchmarks/generation_quality.py). Raises
    UsageError without primes or contexts, or for options out of range.
    """

    def __init__(
        self,
        primes: Sequence[bytes],
        contexts: Sequence[int],
        history: bytes = b"",
        *,
        experts: int | None = None,
        level: int = 9,
        wbits: int = 15,
        memlevel: int = 8,
        filtered: bool = False,
        tables: TableKind = "fractional",
        shape: TokenShape = UNSHAPED,
    ) -> None:
        if not primes or not contexts:
            raise UsageError("a mixture needs at least one prime and one context length")
        count = math.lcm(len(primes), len(contexts)) if experts is None else experts
        if count < 1:
            raise UsageError(f"a mixture of {count} experts; there must be at least one")
        if not all(0 <= context <= MEMORY for context in contexts):
            raise UsageError(
                f"context lengths are {list(contexts)}; each must be 0 (the whole history) "
                f"or between 1 and {MEMORY}"
            )
        options = DeflateOptions(level, wbits, memlevel, filtered)
        lengths = sorted({0, *contexts})
        shares = np.zeros((len(primes), len(lengths)))
        for expert in range(count):
            context = contexts[expert % len(contexts)]
            shares[expert % len(primes), lengths.index(context)] += 1 / count
        whole = np.flatnonzero(shares[:, 0]).tolist()
        short = np.flatnonzero(shares[:, 1:].sum(axis=1)).tolist()
        truncated = None
        if short:
            chosen = [primes[index] for index in short]
            truncated = sort_sources(
                chosen,
                [token_grammar(prime, options, tables=tables).shaped(shape) for prime in chosen],
                options.max_distance,
                np.array(lengths[1:], np.int64),
                shares[short, 1:],
            )
        super().__init__(
            [primes[index] for index in whole],
            shares[whole, 0],
            history,
            options=options,
            tables=tables,
            shape=shape,
            truncated=truncated,
        )
