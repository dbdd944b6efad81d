"""The state of the context-mixing model, and what of it a fork shares.

    ┌──────────── Store (cm_store.py): lines of 64 bytes, copied on write ───────────────┐
    │ counters   16 to a line: a line is what followed one context, for one half byte    │
    │ curves     order-1 and order-2 APM curves, 32 points of 16 bits each               │
    │ heads      where a hash of the last bytes was seen last: the match model's         │
    └────────────────────────────────────────────────────────────────────────────────────┘
    ┌──────────── Learned: 1 MB, copied whole before a fork's first byte ────────────────┐
    │ maps       history of a counter ─► probability, for each context                   │
    │ weights    of the mixers          final  of the mixer of mixers                    │
    │ match      length ─► probability that the predicted bit is right                   │
    │ registers  contexts of the next byte: hashes, match pointers, words, columns       │
    └────────────────────────────────────────────────────────────────────────────────────┘
    text       the bytes read, for the match model: those before the fork are shared

A line of counters: word 0 is a check of the context's hash; words 1 … 15 are the nodes of the
binary tree over the half byte's four bits, 1 the root, 2k and 2k+1 the children of k.

    node       probability of a 1, 16 bits │ the last bits seen here, 8 bits │ count, 8 bits
               (^ 32768)                     1 b b b b b b b, newest lowest (^ 1)

The exclusive-or lets a line of zeros be a line of counters that have seen nothing.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.cm_store import Store, owned
from compgen.kernels.cm_tables import LIMIT, ONE, tables

ORDERS = 7
"""Contexts 0 … 6: the last 0 … 6 bytes."""
CONTEXTS = 16
"""All hashed contexts; cm_contexts.py says what they are."""
MATCHES = 2
"""Match models: of long and of short minimal length."""
PER_CONTEXT = 3
"""Inputs of each context."""
PER_MATCH = 2
INPUTS = 56
"""Inputs of a mixer: 16 · 3 + 2 · 2 + 1, rounded up for vector units."""
BIAS = CONTEXTS * PER_CONTEXT + MATCHES * PER_MATCH
NETWORK = BIAS + 1
"""First of the inputs that a network fills, if there is one."""
SETS = 4
"""Mixers, each with weights that another context selects."""
SET_START = (0, 256, 256 + 2048, 256 + 2048 + 512)
"""First row of each mixer's weights."""
WEIGHT_ROWS = SET_START[-1] + 1024
HISTORIES = 1024
"""Histories (256) times groups of counts (4)."""
MATCH_LENGTHS = 64
ORDER_1_CURVES, ORDER_2_CURVES = 1 << 16, 1 << 16
HEAD_BITS = 18
"""Logarithm of the positions that each match model's table holds."""

UNPROVEN = 8
"""Beside a network, which knows something from the start, contexts begin with an eighth of their
weights: they have to earn more."""
JOINING = ONE // 3
"""The weight that a network begins with where the contexts have been counted for a while."""

# registers
(
    SIZE,  # bytes read
    POSITION,  # where in the text the next byte will stand
    RECENT,  # the last 8 bytes, newest lowest
    WORD,  # hash of the letters of the word that the next byte may continue, or 0
    WORD_1,  # the word before it
    WORD_2,
    COLUMN,  # bytes since the line began
    LINE_START,  # position of the line's first byte
    ABOVE_START,  # that of the line before
    FIRST_LENGTH,  # match lengths, then their pointers
) = range(10)
FIRST_POINTER = FIRST_LENGTH + MATCHES
FIRST_CONTEXT = FIRST_POINTER + MATCHES
REGISTERS = FIRST_CONTEXT + CONTEXTS


class Learned(NamedTuple):
    """What a fork copies whole. All integers."""

    maps: np.ndarray  # uint32 (CONTEXTS, 1024)   22 bits of probability, 10 of count
    weights: np.ndarray  # int32 (WEIGHT_ROWS, INPUTS)   16 bits after the point
    final: np.ndarray  # int32 (256, SETS)
    match: np.ndarray  # uint32 (MATCHES, 64)
    curve: np.ndarray  # uint16 (256, 32)   the order-0 APM
    registers: np.ndarray  # uint64 (REGISTERS,)


class Model(NamedTuple):
    """Everything that the kernels see."""

    lines: int  # lines of counters, a power of two; the curves and heads follow them
    store: Store
    learned: Learned
    text: np.ndarray  # uint8 (N,)  shared
    tail: np.ndarray  # uint8       this model's own; byte N + i of the text is tail[i]


def all_lines(bits: int) -> int:
    """Lines of a store of 2^bits counters, the curves and the heads."""
    heads = MATCHES * (1 << HEAD_BITS) // 16
    return (1 << bits) // 16 + ORDER_1_CURVES + ORDER_2_CURVES + heads


def learned(*, network: bool = False) -> Learned:
    """The state that has read nothing; with `network`, weights for one's inputs."""
    return Learned(
        maps=np.tile(_first_maps(), (CONTEXTS, 1)),
        weights=_first_weights(network),
        final=np.full((256, SETS), ONE // SETS, np.int32),
        match=_first_match(),
        curve=np.tile(curve_points(), (256, 1)),
        registers=np.zeros(REGISTERS, np.uint64),
    )


def join_network(model: Model) -> None:
    """Let a network have a say from now on, in a model whose mixers have learned without."""
    model.learned.weights[:, NETWORK] = JOINING


def fresh(bits: int, *, network: bool = False) -> Model:
    """A model that has read nothing, of 2^bits counters, before its first context is set.

    With `network`, one that is told what a network predicts (cm_node.Work.network).
    """
    nothing = np.empty(0, np.uint8)
    store = owned(all_lines(bits))
    return Model((1 << bits) // 16, store, learned(network=network), nothing, nothing)


def no_lanes() -> np.ndarray:
    """The registers of no lanes, uint64 (0, REGISTERS); see cm.code."""
    return np.empty((0, REGISTERS), np.uint64)


def side_by_side(registers: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The registers of lanes that begin at `starts` beyond the text so far, uint64 (n, REGISTERS).

    Each goes on from the same contexts; but the first's alone are where the text says.
    """
    lanes = np.tile(registers, (len(starts), 1))
    lanes[:, POSITION] += np.asarray(starts, np.uint64)
    lanes[1:, FIRST_LENGTH : FIRST_LENGTH + MATCHES] = 0
    lanes[1:, COLUMN] = 0
    lanes[1:, LINE_START] = lanes[1:, POSITION]
    lanes[1:, ABOVE_START] = lanes[1:, POSITION]
    return lanes


def curve_points() -> np.ndarray:
    """The identity as an APM curve, uint16 (32,)."""
    squash = tables().squash
    return squash[np.arange(32) * (2 * LIMIT // 31)].astype(np.uint16)


def _first_maps() -> np.ndarray:
    """A first guess: (ones + 0.2) / (bits + 0.4), the newest bit counting one and a half."""
    maps = np.empty(HISTORIES, np.uint32)
    for history in range(256):
        length = max(history, 1).bit_length() - 1
        ones = 2 * (history ^ (1 << length)).bit_count() if history else 0
        total = 2 * length
        if length:
            ones += history & 1
            total += 1
        for group in range(4):
            probability = ((10 * ones + 4) << 22) // (10 * total + 8)
            maps[group * 256 + history] = min(max(probability, 1 << 8), (1 << 22) - (1 << 8)) << 10
    return maps


def _first_weights(network: bool) -> np.ndarray:
    weights = np.zeros((WEIGHT_ROWS, INPUTS), np.int32)
    contexts = CONTEXTS * PER_CONTEXT
    weights[:, 0:contexts:PER_CONTEXT] = ONE // 8
    weights[:, 1:contexts:PER_CONTEXT] = ONE // 6
    weights[:, contexts : contexts + MATCHES * PER_MATCH : PER_MATCH] = ONE // 4
    if network:
        weights //= UNPROVEN
        weights[:, NETWORK] = ONE - ONE // UNPROVEN // 2
    return weights


def _first_match() -> np.ndarray:
    match = np.zeros((MATCHES, MATCH_LENGTHS), np.uint32)
    for length in range(MATCH_LENGTHS):
        match[:, length] = ((length + 2) * (1 << 22) // (length + 3)) << 10
    return match
