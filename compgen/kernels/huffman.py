"""zlib's Huffman codes, and the length of a deflate block, to the bit.

Source: zlib 1.2.11 to 1.3.1, trees.c: `build_tree`, `pqdownheap`, `gen_bitlen`, `scan_tree`,
`build_bl_tree`, `_tr_flush_block`. RFC 1951, section 3.2.7.

An optimal code's total length is unique, but a dynamic block also describes the code, symbol
by symbol, so ties must be broken exactly as zlib breaks them: by the order of its heap. An
entry of the heap is one integer, and the node is masked out of every comparison:

    63          15 14     10 9      0
    ┌─────────────┬─────────┬────────┐     a depth stays below 32 while the counts of an
    │    count    │  depth  │  node  │     alphabet sum to less than 3,500,000 (Fibonacci);
    └─────────────┴─────────┴────────┘     a block has 32,767 symbols at most

    counts ──► heap ──► order, parents ──► lengths ──► runs ──► code-length code ──► block bits
               merge    leaves and nodes   per symbol  scan_tree
               the two  in the order in
               least    which they left
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import (
    CODE_LENGTH_ORDER,
    CODE_LENGTHS,
    LITERALS,
    LONGEST_CODE_LENGTH_CODE,
)
from compgen.kernels.jit import kernel

COUNT_SHIFT = 15
DEPTH_STEP = 1 << 10
DEPTH_MASK = 31 << 10
NODE_MASK = DEPTH_STEP - 1
COUNT_STEP = 1 << COUNT_SHIFT

STORED, STATIC, DYNAMIC = range(3)
"""Block types, in the order of RFC 1951, section 3.2.3."""

_ONE = np.uint64(1)


class Tree(NamedTuple):
    """The scratch of one code under construction; `lengths` is the result."""

    heap: np.ndarray  # int64 (580,)     entries; heap[0] is not used
    order: np.ndarray  # int64 (580,)    nodes in the order in which they were merged
    parents: np.ndarray  # int64 (580,)
    lengths: np.ndarray  # int64 (580,)  code length of each node, leaves first
    census: np.ndarray  # int64 (17,)    number of leaves of each length


def make_tree() -> Tree:
    """Scratch for any of the three alphabets."""
    nodes = 2 * LITERALS + 8
    return Tree(
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(17, np.int64),
    )


@kernel
def _sink(heap, size, slot, entry):
    """`pqdownheap`: put `entry` at `slot` and restore the heap below it.

    Follows the lesser children to a leaf, then climbs; entries grow along that path, so this
    stops exactly where zlib's descent does, with half of its comparisons.
    """
    top = np.uint64(slot)
    hole = top
    last = np.uint64(size)
    child = hole << _ONE
    while child < last:
        left = heap[child]
        right = heap[child + _ONE]
        take_right = right <= (left | NODE_MASK)
        child += np.uint64(take_right)
        heap[hole] = right if take_right else left
        hole = child
        child = hole << _ONE
    if child == last:
        heap[hole] = heap[child]
        hole = child
    while hole > top:
        above = hole >> _ONE
        if entry > (heap[above] | NODE_MASK):
            break
        heap[hole] = heap[above]
        hole = above
    heap[hole] = entry


@kernel
def fill_heap(counts, symbols, tree):
    """The leaves, as an unordered heap. Returns (size, last symbol with a code).

    zlib wants two codes at least, and invents leaves of count 1 where there are fewer; they
    are never used, so they add nothing to a block's body.
    """
    size = 0
    last = -1
    for symbol in range(symbols):
        tree.lengths[symbol] = 0
        if counts[symbol] != 0:
            size += 1
            tree.heap[size] = (counts[symbol] << COUNT_SHIFT) | symbol
            last = symbol
    while size < 2:
        forced = 0
        if last < 2:
            last += 1
            forced = last
        size += 1
        tree.heap[size] = COUNT_STEP | forced
    return size, last


@kernel
def heapify(tree, size):
    """Make a heap of the first `size` entries."""
    for slot in range(size >> 1, 0, -1):
        _sink(tree.heap, size, slot, tree.heap[slot])


@kernel
def merge_one(least, second, node, merges, tree):
    """Record the new `node` above two entries, after `merges` others; returns its entry."""
    pair = np.uint64(merges) << _ONE
    left = np.uint64(least & NODE_MASK)
    right = np.uint64(second & NODE_MASK)
    tree.parents[left] = node
    tree.parents[right] = node
    tree.order[pair] = left
    tree.order[pair + _ONE] = right
    depth = max(least & DEPTH_MASK, second & DEPTH_MASK) + DEPTH_STEP
    return (((least >> COUNT_SHIFT) + (second >> COUNT_SHIFT)) << COUNT_SHIFT) | depth | node


@kernel
def merge(symbols, tree, size, done):
    """Merge the least two of the heap's `size` entries until one is left, `done` merges in."""
    heap = tree.heap
    while size >= 2:
        least = heap[1]
        size -= 1
        _sink(heap, size, 1, heap[size + 1])
        joined = merge_one(least, heap[1], symbols + done, done, tree)
        _sink(heap, size, 1, joined)
        done += 1


@kernel
def build_tree(counts, symbols, longest, tree):
    """`build_tree` and `gen_bitlen`: the code lengths of `counts`, none above `longest`.

    Returns (bits, last): the sum of count × length, and the last symbol that has a code.
    """
    leaves, last = fill_heap(counts, symbols, tree)
    heapify(tree, leaves)
    merge(symbols, tree, leaves, 0)
    return code_lengths(counts, symbols, longest, tree, leaves - 1), last


@kernel
def code_lengths(counts, symbols, longest, tree, merges):
    """`gen_bitlen`: lengths from the tree's `order` and `parents`; returns Σ count × length."""
    order, parents, lengths, census = tree.order, tree.parents, tree.lengths, tree.census
    for length in range(census.size):
        census[length] = 0
    lengths[symbols + merges - 1] = 0  # the root
    bits = np.int64(0)
    too_long = 0
    for index in range(2 * merges - 1, -1, -1):
        node = np.uint64(order[index])
        length = lengths[np.uint64(parents[node])] + 1
        if length > longest:
            length = longest
            too_long += 1
        lengths[node] = length
        if node < np.uint64(symbols):
            census[length] += 1
            bits += counts[node] * length
    if too_long == 0:
        return bits
    while too_long > 0:
        length = longest - 1
        while census[length] == 0:
            length -= 1
        census[length] -= 1  # one leaf moves down,
        census[length + 1] += 2  # and one that was too long becomes its brother
        census[longest] -= 1
        too_long -= 2
    index = -1
    for length in range(longest, 0, -1):
        remaining = census[length]
        while remaining != 0:
            index += 1
            node = order[index]
            if node >= symbols:
                continue
            bits += (length - lengths[node]) * counts[node]
            lengths[node] = length
            remaining -= 1
    return bits


@kernel
def add_run(length, run, codes):
    """`scan_tree`'s symbols for `run` equal code lengths in a row, added to `codes`, (19,)."""
    if length == 0:
        while run >= 11:
            codes[18] += 1
            run -= min(run, 138)
        if run >= 3:
            codes[17] += 1
        else:
            codes[0] += run
        return
    first = min(run, 7)
    if first < 4:
        codes[length] += first
    else:
        codes[length] += 1
        codes[16] += 1
    run -= first
    while run > 0:
        part = min(run, 6)
        if part < 3:
            codes[length] += part
        else:
            codes[16] += 1
        run -= part


@kernel
def add_runs(lengths, start, stop, codes):
    """`scan_tree` over lengths[start:stop], which no run may cross."""
    while start < stop:
        length = lengths[start]
        end = start + 1
        while end < stop and lengths[end] == length:
            end += 1
        add_run(length, end - start, codes)
        start = end


@kernel
def description_bits(codes, tree):
    """`build_bl_tree`: the bits that describe two codes, `codes` being their runs, (19,)."""
    bits, _ = build_tree(codes, CODE_LENGTHS, LONGEST_CODE_LENGTH_CODE, tree)
    sent = CODE_LENGTHS
    while sent > 4 and tree.lengths[CODE_LENGTH_ORDER[sent - 1]] == 0:
        sent -= 1
    repeats = 2 * codes[16] + 3 * codes[17] + 7 * codes[18]
    return bits + repeats + 3 * sent + 5 + 5 + 4


@kernel
def block_type(dynamic, static, stored_bytes, can_store):
    """`_tr_flush_block`'s choice between three lengths (the first two in bits, no header)."""
    dynamic_bytes = (dynamic + 3 + 7) >> 3
    static_bytes = (static + 3 + 7) >> 3
    if can_store and stored_bytes + 4 <= min(dynamic_bytes, static_bytes):
        return STORED
    return STATIC if static_bytes <= dynamic_bytes else DYNAMIC


@kernel
def block_bits(dynamic, static, stored_bytes, can_store, offset):
    """Length of a block with its header that starts at bit `offset` of the stream."""
    kind = block_type(dynamic, static, stored_bytes, can_store)
    if kind == STORED:
        return 3 + (-(offset + 3) & 7) + 32 + 8 * stored_bytes
    return 3 + (static if kind == STATIC else dynamic)
