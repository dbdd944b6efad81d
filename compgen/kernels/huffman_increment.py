"""The dynamic block of some counts plus one literal, for all 256 literals at once.

Rebuilding a code 256 times is the floor of an exact next-byte reading, unless the rebuilds
share their work. Three observations share most of it, and no bit is approximated:

1.  A literal that the block has already: its leaf and the nodes above it grow by one. Build
    the tree once and note, for every node, the first merge at which it wins a comparison
    that it would lose if its count were one higher. Before the first such merge of the leaf
    and of the nodes above it, every comparison comes out as before: by induction the run of
    `build_tree` is the same, and it can be resumed there from a copy of the heap.

2.  If there is no such merge at all, so are all code lengths the same: the body grows by the
    literal's own length, the description not at all, in O(length of the code).

3.  A literal that the block has not: comparisons never look at a leaf's symbol, only at its
    place in the heap, so all absent literals between the same two present ones ("a gap")
    give the same tree. The run-length coded description differs only by how the gap's zeros
    are cut in two, which has a handful of distinct results.

    literal   0   1   2   3   4   5   6   7   8   9  …  255 │ 256
    count     0   0   0   5   0   0   0   0   2   1       0 │   1 (end of block)
              └─ gap ─┘       └──── gap ──────┘        gap ─┘
                                  zeros │x│ zeros

Source: this project; `build_tree` and `scan_tree` are zlib's (trees.c), see huffman.py.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import CODE_LENGTHS, END_OF_BLOCK, LITERALS, LONGEST_CODE
from compgen.kernels.huffman import (
    COUNT_STEP,
    NODE_MASK,
    Tree,
    add_run,
    add_runs,
    build_tree,
    code_lengths,
    description_bits,
    fill_heap,
    make_tree,
    merge,
    merge_one,
)
from compgen.kernels.jit import kernel

STRIDE = 4
"""Merges between two copies of the heap."""
NEVER = 1 << 30
HEAPIFY = -1


class Increment(NamedTuple):
    """Scratch of `literal_increments`."""

    base: Tree  # the code of the counts as they are
    trial: Tree  # the code with one literal more
    meta: Tree  # the code-length code
    moves: np.ndarray  # int64 (580,)   first merge in which one more would move the node
    copies: np.ndarray  # int64 (73, 290)  the heap after every STRIDE merges
    codes: np.ndarray  # int64 (19,)    runs of the literal code under trial
    outside: np.ndarray  # int64 (19,)  the same without the gap
    splits: np.ndarray  # int64 (5, 3, 4)  description by the gap's zero symbols, -1: not known


def make_increment() -> Increment:
    """Scratch for blocks of any counts."""
    return Increment(
        make_tree(),
        make_tree(),
        make_tree(),
        np.zeros(2 * LITERALS + 8, np.int64),
        np.zeros((LITERALS // STRIDE + 2, LITERALS + 4), np.int64),
        np.zeros(CODE_LENGTHS, np.int64),
        np.zeros(CODE_LENGTHS, np.int64),
        np.zeros((5, 3, 4), np.int64),
    )


@kernel
def _note(entry, moved, now, moves):
    """Note that one more would move `entry` now, unless it would have been moved before."""
    if moved:
        node = entry & NODE_MASK
        moves[node] = min(moves[node], now)


@kernel
def _sink_watched(heap, size, slot, entry, now, moves):
    """`pqdownheap`, noting the nodes that win a comparison by less than one count."""
    child = slot << 1
    while child <= size:
        lesser = heap[child]
        if child < size:
            right = heap[child + 1]
            if right <= (lesser | NODE_MASK):
                _note(right, right + COUNT_STEP > (lesser | NODE_MASK), now, moves)
                lesser = right
                child += 1
            else:
                _note(lesser, right <= ((lesser + COUNT_STEP) | NODE_MASK), now, moves)
        if entry <= (lesser | NODE_MASK):
            _note(entry, entry + COUNT_STEP > (lesser | NODE_MASK), now, moves)
            break
        _note(lesser, entry <= ((lesser + COUNT_STEP) | NODE_MASK), now, moves)
        heap[slot] = lesser
        slot = child
        child = slot << 1
    heap[slot] = entry


@kernel
def _watched_tree(counts, scratch):
    """`build_tree` that fills `moves` and `copies` too; returns (bits, last, leaves)."""
    tree, moves, copies = scratch.base, scratch.moves, scratch.copies
    leaves, last = fill_heap(counts, LITERALS, tree)
    heap = tree.heap
    for node in range(moves.size):
        moves[node] = NEVER
    for slot in range(leaves >> 1, 0, -1):
        _sink_watched(heap, leaves, slot, heap[slot], HEAPIFY, moves)
    for now in range(leaves - 1):
        size = leaves - now
        if now % STRIDE == 0:
            for slot in range(1, size + 1):
                copies[now // STRIDE, slot] = heap[slot]
        least = heap[1]
        _sink_watched(heap, size - 1, 1, heap[size], now, moves)
        joined = merge_one(least, heap[1], LITERALS + now, now, tree)
        _sink_watched(heap, size - 1, 1, joined, now, moves)
    return code_lengths(counts, LITERALS, LONGEST_CODE, tree, leaves - 1), last, leaves


@kernel
def _first_move(symbol, root, tree, moves):
    """The first merge that one more of a present `symbol` would change."""
    node = symbol
    first = moves[node]
    while node != root:
        node = tree.parents[node]
        first = min(first, moves[node])
    return first


@kernel
def _resumed_tree(counts, symbol, leaves, first, scratch):
    """`build_tree` of counts that have one `symbol` more than the base's, from merge `first`."""
    base, tree = scratch.base, scratch.trial
    row = first // STRIDE
    done = row * STRIDE
    size = leaves - done
    for slot in range(1, size + 1):
        tree.heap[slot] = scratch.copies[row, slot]
    for index in range(2 * done):
        tree.order[index] = base.order[index]
    for node in range(LITERALS + done):
        tree.parents[node] = base.parents[node]
    node = symbol
    while base.parents[node] < LITERALS + done:
        node = base.parents[node]
    slot = 1
    while tree.heap[slot] & NODE_MASK != node:
        slot += 1
    tree.heap[slot] += COUNT_STEP
    merge(LITERALS, tree, size, done)
    for leaf in range(LITERALS):
        tree.lengths[leaf] = 0
    return code_lengths(counts, LITERALS, LONGEST_CODE, tree, leaves - 1)


@kernel
def _copy(source, target):
    for index in range(source.size):
        target[index] = source[index]


@kernel
def _same_lengths(tree, other):
    same = True
    for symbol in range(LITERALS):
        same &= tree.lengths[symbol] == other.lengths[symbol]
    return same


@kernel
def literal_increments(counts, distance_runs, describe, scratch, body, description):
    """Body and description of a dynamic block of `counts` with one literal more, each literal.

    counts         int64 (286,)  of the block so far, its end-of-block symbol included
    distance_runs  int64 (19,)   code-length symbols of the block's distance code
    describe       whether `description` is wanted
    body           int64 (256,)  result: Σ count × length over the literal/length alphabet
    description    int64 (256,)  result: bits of the two codes' description
    """
    base, trial, codes = scratch.base, scratch.trial, scratch.codes
    bits, last, leaves = _watched_tree(counts, scratch)
    described = 0
    if describe:
        _copy(distance_runs, codes)
        add_runs(base.lengths, 0, last + 1, codes)
        described = description_bits(codes, scratch.meta)
    gap = 0
    for literal in range(END_OF_BLOCK + 1):
        if counts[literal] == 0:
            continue
        if gap < literal:
            _fill_gap(counts, gap, literal, distance_runs, describe, scratch, body, description)
        gap = literal + 1
        if literal == END_OF_BLOCK:
            break
        description[literal] = described
        first = _first_move(literal, LITERALS + leaves - 2, base, scratch.moves)
        if first == NEVER:
            body[literal] = bits + base.lengths[literal]
            continue
        counts[literal] += 1
        if first == HEAPIFY:
            body[literal], _ = build_tree(counts, LITERALS, LONGEST_CODE, trial)
        else:
            body[literal] = _resumed_tree(counts, literal, leaves, first, scratch)
        counts[literal] -= 1
        if describe and not _same_lengths(base, trial):
            _copy(distance_runs, codes)
            add_runs(trial.lengths, 0, last + 1, codes)
            description[literal] = description_bits(codes, scratch.meta)


@kernel
def _fill_gap(counts, start, stop, distance_runs, describe, scratch, body, description):
    """`literal_increments` of the absent literals start … stop - 1; `stop` is present."""
    trial, codes, outside, splits = scratch.trial, scratch.codes, scratch.outside, scratch.splits
    lengths = trial.lengths
    counts[start] = 1
    bits, last = build_tree(counts, LITERALS, LONGEST_CODE, trial)
    counts[start] = 0
    for literal in range(start, stop):
        body[literal] = bits
    if not describe:
        return
    length = lengths[start]
    lengths[start] = 0
    _copy(distance_runs, outside)
    add_runs(lengths, 0, start, outside)
    add_runs(lengths, stop, last + 1, outside)
    for zeros in range(splits.shape[0]):
        for short in range(splits.shape[1]):
            for long in range(splits.shape[2]):
                splits[zeros, short, long] = -1
    for literal in range(start, stop):
        joins_left = literal == start and start > 0 and lengths[start - 1] == length
        joins_right = literal == stop - 1 and lengths[stop] == length
        if joins_left or joins_right:
            _copy(distance_runs, codes)
            lengths[literal] = length
            add_runs(lengths, 0, last + 1, codes)
            lengths[literal] = 0
            description[literal] = description_bits(codes, scratch.meta)
            continue
        for code in range(CODE_LENGTHS):
            codes[code] = 0
        add_run(0, literal - start, codes)
        add_run(0, stop - 1 - literal, codes)
        zeros, short, long = codes[0], codes[17], codes[18]
        if splits[zeros, short, long] < 0:
            codes[length] += 1
            for code in range(CODE_LENGTHS):
                codes[code] += outside[code]
            splits[zeros, short, long] = description_bits(codes, scratch.meta)
        description[literal] = splits[zeros, short, long]
