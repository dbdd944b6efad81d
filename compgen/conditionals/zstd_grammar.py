"""From context bytes to zstd's sequence grammar: what the decoder believes about its next sequence.

    context ──► libzstd's own parse ──► token walker ──► counts + prior ──► GRAMMAR
                (compressed stream)     (zstd_tokens)

The tables are fractional: (count + prior) / total, the code lengths that an arithmetic coder
would have, where zstd rounds literals to whole bits and the rest to 1/512. The prior, which
keeps everything possible, is the format's own predefined tables (RFC 8878, section
3.1.1.3.2.2), and for literals the uniform distribution.

A block's tables describe that block, 128 KB at most: so do these describe the end of the
context, and of a short context its second half, since the first had little to match with.
"""

from dataclasses import dataclass

import numpy as np
import zstandard
from numpy.typing import NDArray

from compgen.errors import CompressorError, UsageError
from compgen.kernels.context_trie import CLASSES
from compgen.kernels.zstd_format import (
    LARGEST_BLOCK,
    LITERAL_LENGTH_BASE,
    LITERAL_LENGTH_DEFAULT,
    LITERAL_LENGTH_EXTRA,
    MATCH_LENGTH_BASE,
    MATCH_LENGTH_DEFAULT,
    MATCH_LENGTH_EXTRA,
    OFFSET_DEFAULT,
    REPEATS,
)
from compgen.kernels.zstd_marginal import GRAMMAR, MATCHES, RUNS
from compgen.kernels.zstd_tokens import Parse, parse

LARGEST_WINDOW_LOG = 30
"""Distances are kept in 32 bits, and a larger window would be beyond reach of memory anyway."""
COUNTED = LARGEST_BLOCK
"""Bytes at the end of the context whose sequences are counted."""
PRIOR_LITERALS = 25.6
"""Weight of the uniform distribution of literals, in literals: 0.1 for each byte."""
PRIOR_SEQUENCES = 2.0
"""Weight of the predefined tables, in sequences."""
PRIOR_EXCESS = 64.0
"""What a run of RUNS literals or a match of MATCHES bytes is taken to have beyond that, on
average, before any was seen; it counts as one."""


@dataclass(frozen=True)
class ZstdOptions:
    """The options of libzstd's encoder that shape its parse. Raises UsageError if out of range."""

    level: int = 3
    long: int = 0
    """Base-2 logarithm of the window of long-distance matching; 0: off."""

    def __post_init__(self) -> None:
        lowest, highest = zstandard.WINDOWLOG_MIN, LARGEST_WINDOW_LOG
        if not -(1 << 17) <= self.level <= zstandard.MAX_COMPRESSION_LEVEL:
            raise UsageError(f"level is {self.level}; it must be at most 22")
        if self.long and not lowest <= self.long <= highest:
            raise UsageError(f"long is {self.long}; it must be 0 or from {lowest} to {highest}")

    @property
    def window(self) -> int:
        """How far back a match may reach: what libzstd takes for data of unknown size."""
        if self.long:
            return 1 << self.long
        return 1 << int(zstandard.ZstdCompressionParameters.from_level(self.level).window_log)

    def compress(self, data: bytes) -> bytes:
        """The zstd stream of `data`."""
        if not self.long:
            return zstandard.ZstdCompressor(level=self.level).compress(data)
        parameters = zstandard.ZstdCompressionParameters.from_level(
            self.level, window_log=self.long, enable_ldm=True
        )
        return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def sequence_grammar(context: bytes, options: ZstdOptions) -> NDArray[np.void]:
    """The grammar record (1,) of `context` as libzstd parses it.

    Raises CompressorError if the parse does not spell out the context.
    """
    found = parse(options.compress(context))
    produced = found.literal_length + found.match_length
    if produced.sum() != len(context):
        raise CompressorError(
            "libzstd's stream does not decode to the context: the token walker and this libzstd "
            "disagree about the format; please report it"
        )
    starts = np.cumsum(produced) - produced
    counted = min((len(context) + 1) // 2, COUNTED)
    first = max(0, int(np.searchsorted(starts, len(context) - counted, "right")) - 1)
    at = int(starts[first]) if first < starts.size else 0
    return grammar_of(found.since(first), context[at:], options.window)


def grammar_of(found: Parse, context: bytes, farthest: int) -> NDArray[np.void]:
    """The grammar record (1,) of a parse of `context`."""
    grammar = np.zeros(1, GRAMMAR)
    record = grammar[0]
    literals = np.bincount(_literals(found, context), minlength=256) + PRIOR_LITERALS / 256
    record["literal"] = literals / literals.sum()

    # The literals at a block's end belong to no sequence, but a decoder that reads on takes them
    # for a run like others: only so does noise, all literals, have the long runs that it has.
    runs = found.literal_length
    record["run"], record["run_longer"], record["run_stops"] = _lengths(
        runs, LITERAL_LENGTH_BASE, LITERAL_LENGTH_EXTRA, LITERAL_LENGTH_DEFAULT, RUNS
    )
    matched = found.match_length > 0
    matches = found.match_length[matched]
    matches = matches[matches >= MATCH_LENGTH_BASE[0]]
    record["match"], record["match_longer"], record["match_stops"] = _lengths(
        matches, MATCH_LENGTH_BASE, MATCH_LENGTH_EXTRA, MATCH_LENGTH_DEFAULT, MATCHES
    )
    values = found.offset_value[matched]
    codes = np.bincount(np.log2(values).astype(np.int64), minlength=CLASSES).astype(float)
    codes[: OFFSET_DEFAULT.size] += _prior(OFFSET_DEFAULT)
    per_value = codes / codes.sum() * 0.5 ** np.arange(CLASSES)
    record["distance"][2:] = per_value[2:]
    record["repeat"] = per_value[[0, 1, 1]]
    record["farthest"] = farthest
    return grammar


def _literals(found: Parse, context: bytes) -> NDArray[np.uint8]:
    """The bytes of `context` that the parse spells as literals."""
    is_literal = np.repeat(
        np.tile([True, False], found.literal_length.size),
        np.stack([found.literal_length, found.match_length], axis=1).ravel(),
    )
    literals: NDArray[np.uint8] = np.frombuffer(context, np.uint8)[is_literal]
    return literals


def _prior(default: NDArray[np.int64]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = np.abs(default) / np.abs(default).sum()
    return PRIOR_SEQUENCES * weights


def _lengths(
    lengths: NDArray[np.int64],
    base: NDArray[np.int64],
    extra: NDArray[np.int64],
    default: NDArray[np.int64],
    limit: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Probability of each length below `limit` (limit,), of more than it (limit,), and that a
    length of at least `limit` is over: one over its mean, counted from `limit` - 1."""
    codes = np.bincount(np.searchsorted(base, lengths, "right") - 1, minlength=base.size)
    probability = codes + _prior(default)
    probability /= probability.sum()
    exactly = np.zeros(limit)
    below = int(np.searchsorted(base, limit))
    for code in range(below):
        last = min(base[code] + (1 << extra[code]), limit)
        exactly[base[code] : last] = probability[code] * 0.5 ** extra[code]
    longer = np.append(np.cumsum(exactly[:0:-1])[::-1], 0.0) + probability[below:].sum()
    excess = lengths[lengths >= limit] - limit
    mean = (excess.sum() + PRIOR_EXCESS) / (excess.size + 1)
    return exactly, longer, 1 / (1 + mean)


assert LITERAL_LENGTH_BASE[25] == RUNS
assert MATCH_LENGTH_BASE[43] == MATCHES
assert REPEATS == 3
