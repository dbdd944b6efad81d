"""Which bytes followed a context before, and how far back: exact sums in bounded work.

For an LZ77 decoder every earlier position j of a text, `distance` D = n - j before the next
byte's position n, is a source of matches with a weight w(D); how long its run of matching
bytes is, x[j-1] = x[n-1], x[j-2] = x[n-2], …, says which matches it may go on with. There are
too many to list (a tenth of a million after a common pair of bytes in 10 MB), so they are
summed in a trie of reversed contexts:

    root                 all positions                  next_weight[0, b] = Σ w(D) [x[j] = b]
     ├─ 'e'              positions after 'e'                   …
     │   ├─ 'h'          positions after "he"
     │   │   ├─ 't' ▒▒▒▒ leaf: at most `leaf_limit` positions after "the", newest first,
     │   │   └─ 's' ▒▒            chained through `older`: listed one by one, run by run
     │   └─ 'n' ▒▒▒
     └─ …

A context that occurs more often than `leaf_limit` times is an inner node, with one weight for
each next byte; a rarer one is a leaf. The sums hold for n = size, and a weight changes only
when its position moves past a border between two distance classes: one position at each of
some twenty borders, for every byte that is added (`merge`). Bytes after `size` (a tail, which
belongs to whoever looks) are listed, and so are the positions that they have moved past a
border since: `look` takes both into account, so that many readers share one trie.

Beyond MAX_DEPTH matching bytes a context may still occur without end (in zeros, say): there
only the FOLLOWED nearest positions are listed; the others count as runs of MAX_DEPTH - 1.

Source: the distance classes are those of RFC 8878, section 3.1.1.3.2.1.1 (offset codes); in
halves, those of RFC 7932, section 4 (distance codes without postfix or direct ones). The trie is
a suffix trie of the reversed text, cut off where contexts grow rare: the context tree of Rissanen
("A universal data compression system", 1983), with weights for counts.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

MAX_DEPTH = 24
"""Depth of the trie: how many bytes of context an inner node may have, plus one."""
FOLLOWED = 256
"""How many positions with a run of MAX_DEPTH or more are followed further."""
MAX_RUN = 131
"""Runs are counted up to here."""
PREFIX = 160
"""Bytes of the text before `size` that stand in front of a tail; more than MAX_RUN."""
LARGEST_TAIL = 320
"""Bytes that a tail may hold."""
LARGEST_LEAF = 4096
"""Upper limit of `leaf_limit`."""
LEVEL_NODES = 4096
"""About how many inner nodes one level of the trie may have."""
FIRST_NODES = 256
"""Nodes of an empty trie, and the least that it grows by."""
FIRST_ROOM = 8192
"""Bytes that a trie has room for beyond its text at least."""
CLASSES = 32
"""Distance classes: class c holds the distances 2^c - 3 … 2^(c+1) - 4, for c of 2 or more."""
HALF_CLASSES = 2 * CLASSES
"""With so many weights a class is half of that: 2c holds the nearer half of c, 2c + 1 the other."""
_LISTED = LARGEST_LEAF + MAX_DEPTH + LARGEST_TAIL * (HALF_CLASSES - 1)

_LOG = np.array([0] + [value.bit_length() - 1 for value in range(1, 256)], np.int64)


class Trie(NamedTuple):
    """N nodes over a text; node 0 is the root. Mutable, but only for its owner."""

    text: np.ndarray  # uint8 (capacity,)
    sizes: np.ndarray  # int64 (3,)           bytes indexed (`size`); nodes in use; leaf_limit
    older: np.ndarray  # int32 (capacity,)    the next older position of the same leaf, or -1
    child: np.ndarray  # int32 (N, 256)       > 0: inner node; 0: none; < 0: leaf, ~newest position
    leaf_size: np.ndarray  # int32 (N, 256)   positions in the leaf
    nearest: np.ndarray  # int32 (N,)         newest position with this context
    weight: np.ndarray  # float64 (N,)        weight of all its positions, at n = size
    next_weight: np.ndarray  # float64 (N, 256)  … of those that x[j] follows


LOOK = np.dtype(
    [
        ("now", np.int64),  # position of the next byte; -1: nothing looked up
        ("depth", np.int64),  # the last inner node's
        ("path", np.int64, MAX_DEPTH),  # inner nodes, by depth
        ("listed", np.int64),  # how many positions are listed below
        ("tails", np.int64),  # the first of them that are in the tail
        ("leaves", np.int64),  # … in the tail or in the leaf; the rest have moved past a border
        ("longest", np.int64),  # longest run of any position
        ("reach", np.float64, MAX_RUN + 2),  # weight of the positions with runs ≥ l
        ("nearest", np.int64, MAX_RUN + 2),  # smallest distance with a run ≥ l
        ("distance", np.int32, _LISTED),
        ("run", np.int32, _LISTED),
        ("byte", np.uint8, _LISTED),
        ("weight", np.float64, _LISTED),
        ("in_leaf", np.float64, MAX_RUN + 2),  # scratch of `look`
    ],
    align=True,
)
"""What is known of the earlier occurrences of the present context. A scratch record: (1,)."""


def empty_trie(text: bytes, leaf_limit: int | None = None) -> Trie:
    """A trie over the bytes `text`, none of them indexed yet: see `build`.

    `leaf_limit`: how many positions a leaf may have; by default 128, for long texts more, so
    that no level of the trie has much more than LEVEL_NODES inner nodes.
    """
    if leaf_limit is None:
        leaf_limit = min(max(128, len(text) // LEVEL_NODES), LARGEST_LEAF)
    capacity = len(text) + max(FIRST_ROOM, len(text) >> 3)
    nodes = FIRST_NODES
    trie = Trie(
        np.empty(capacity, np.uint8),
        np.array([0, 0, leaf_limit], np.int64),
        np.empty(capacity, np.int32),
        np.empty((nodes, 256), np.int32),
        np.empty((nodes, 256), np.int32),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.float64),
        np.empty((nodes, 256), np.float64),
    )
    trie.text[: len(text)] = np.frombuffer(text, np.uint8)
    return trie


def grown(trie: Trie) -> Trie:
    """A copy of a trie with room for more: half as many nodes again, and text."""
    size, nodes, _ = trie.sizes
    capacity = max(trie.text.size, size + max(FIRST_ROOM, size >> 3))
    per_node = (trie.child, trie.leaf_size, trie.nearest, trie.weight, trie.next_weight)
    return Trie(
        _extended(trie.text, trie.text.size, capacity),
        trie.sizes.copy(),
        _extended(trie.older, size, capacity),
        *(_extended(array, nodes, nodes + max(FIRST_NODES, nodes >> 1)) for array in per_node),
    )


def _extended(array: np.ndarray, used: int, capacity: int) -> np.ndarray:
    copy = np.empty((capacity, *array.shape[1:]), array.dtype)
    copy[:used] = array[:used]
    return copy


@njit(cache=True, nogil=True)
def distance_class(distance):
    """floor(log2(distance + 3)): zstd's offset code."""
    value = distance + 3
    if value < 1 << 8:
        return _LOG[value]
    if value < 1 << 16:
        return 8 + _LOG[value >> 8]
    if value < 1 << 24:
        return 16 + _LOG[value >> 16]
    return 24 + _LOG[value >> 24]


@njit(cache=True, nogil=True)
def weight_class(distance, class_weight):
    """Which of the weights, CLASSES or HALF_CLASSES of them, is that of a distance."""
    octave = distance_class(distance)
    if class_weight.shape[0] == CLASSES:
        return octave
    return 2 * octave + (((distance + 3) >> (octave - 1)) & 1)


@njit(cache=True, nogil=True)
def class_begin(index, class_weight):
    """The smallest distance of a class."""
    if class_weight.shape[0] == CLASSES:
        return (1 << index) - 3
    return ((2 + (index & 1)) << ((index >> 1) - 1)) - 3


@njit(cache=True, nogil=True)
def _first_border(class_weight):
    """The class after that of distance 1."""
    return weight_class(1, class_weight) + 1


@njit(cache=True, nogil=True)
def _position_weight(position, now, class_weight, farthest):
    distance = now - position
    return class_weight[weight_class(distance, class_weight)] if distance <= farthest else 0.0


@njit(cache=True, nogil=True)
def _push(trie, node, symbol, position):
    """Put a position in front of a leaf."""
    head = trie.child[node, symbol]
    trie.older[position] = -1 if head == 0 else ~head
    trie.child[node, symbol] = ~position
    trie.leaf_size[node, symbol] += 1


@njit(cache=True, nogil=True)
def _split(trie, node, symbol, depth, now, class_weight, farthest):
    """Make a leaf, whose context has `depth` bytes, an inner node with leaves of its own."""
    size = trie.leaf_size[node, symbol]
    positions = np.empty(size, np.int64)
    position = np.int64(~trie.child[node, symbol])
    for index in range(size - 1, -1, -1):
        positions[index] = position
        position = trie.older[position]
    new = trie.sizes[1]
    trie.sizes[1] += 1
    trie.child[new] = 0
    trie.leaf_size[new] = 0
    trie.weight[new] = 0.0
    trie.next_weight[new] = 0.0
    trie.nearest[new] = positions[size - 1]
    for position in positions:
        weight = _position_weight(position, now, class_weight, farthest)
        trie.weight[new] += weight
        trie.next_weight[new, trie.text[position]] += weight
        if position - 1 - depth >= 0:
            _push(trie, new, trie.text[position - 1 - depth], position)
    trie.child[node, symbol] = new


@njit(cache=True, nogil=True)
def _insert(trie, position, now, class_weight, farthest):
    """Add a position, with the weight that it has at n = `now`, to every node of its context."""
    text = trie.text
    weight = _position_weight(position, now, class_weight, farthest)
    byte = text[position]
    node = 0
    depth = 0
    while True:
        trie.nearest[node] = position
        trie.weight[node] += weight
        trie.next_weight[node, byte] += weight
        if position - 1 - depth < 0:
            return
        symbol = text[position - 1 - depth]
        next_node = trie.child[node, symbol]
        if next_node <= 0:
            _push(trie, node, symbol, position)
            if trie.leaf_size[node, symbol] > trie.sizes[2] and depth + 1 < MAX_DEPTH:
                _split(trie, node, symbol, depth + 1, now, class_weight, farthest)
            return
        node = next_node
        depth += 1


@njit(cache=True, nogil=True)
def _move(trie, position, change):
    """Change the weight of a position that has moved past a border."""
    text = trie.text
    byte = text[position]
    node = 0
    for depth in range(MAX_DEPTH):
        trie.weight[node] += change
        trie.next_weight[node, byte] += change
        if position - 1 - depth < 0:
            return
        next_node = trie.child[node, text[position - 1 - depth]]
        if next_node <= 0:
            return
        node = next_node


@njit(cache=True, nogil=True)
def build(trie, size, class_weight, farthest):
    """Index text[:size] in an empty trie, from trie.sizes[0] on, as far as there are nodes.

    Returns whether it is done; otherwise give it more nodes and call it again.
    """
    if trie.sizes[1] == 0:
        trie.sizes[1] = 1
        trie.child[0] = 0
        trie.leaf_size[0] = 0
        trie.nearest[0] = -1
        trie.weight[0] = 0.0
        trie.next_weight[0] = 0.0
    while trie.sizes[0] < size:
        if trie.sizes[1] >= trie.child.shape[0]:
            return False
        _insert(trie, trie.sizes[0], size, class_weight, farthest)
        trie.sizes[0] += 1
    return True


@njit(cache=True, nogil=True)
def merge(trie, tail, count, class_weight, farthest):
    """Move the first `count` bytes after the prefix of `tail` into the trie; for its owner.

    Returns how many were moved: fewer where the trie has run out of nodes or text.
    """
    merged = 0
    while merged < count:
        size = trie.sizes[0]
        if trie.sizes[1] >= trie.child.shape[0] or size >= trie.text.shape[0]:
            break
        trie.text[size] = tail[PREFIX + merged]
        merged += 1
        size += 1
        # first the moves: a node that the insertion splits off has the new weights already
        for border in range(_first_border(class_weight), class_weight.shape[0]):
            distance = class_begin(border, class_weight)
            if distance > min(farthest, size):
                break
            _move(trie, size - distance, class_weight[border] - class_weight[border - 1])
        if farthest < size:
            _move(trie, size - farthest - 1, -class_weight[weight_class(farthest, class_weight)])
        _insert(trie, size - 1, size, class_weight, farthest)
        trie.sizes[0] = size
    return merged


@njit(cache=True, nogil=True)
def _text_run(trie, tail, end, position, run, limit):
    """Length of the run of a position in the trie, known to be at least `run`."""
    limit = min(limit, position)
    while run < limit and trie.text[position - 1 - run] == tail[end - 1 - run]:
        run += 1
    return run


@njit(cache=True, nogil=True)
def look(trie, tail, tail_size, class_weight, farthest, scratch):
    """Find every position that the bytes before n = size + tail_size say something about.

    `tail` (PREFIX + …,) holds the PREFIX bytes before `size` (as far as there are that many)
    and the tail. The positions of inner nodes are summed in the trie; `scratch` (1,) LOOK
    receives the nodes' path and lists the others:

        tails    run and weight; counted in no node
        leaves   run and weight; counted in the nodes of the path for runs up to `depth`
        moved    run (up to `depth`) and change of weight since n = size

    and sums them all in `reach` and `nearest`.
    """
    seen = scratch[0]
    size = trie.sizes[0]
    now = size + tail_size
    end = PREFIX + tail_size
    seen.now = now
    reach = seen.reach
    nearest = seen.nearest
    listed_run = seen.run
    listed_weight = seen.weight

    depth = 0
    path = seen.path
    path[0] = 0
    leaf = 0
    while depth < now:
        leaf = trie.child[path[depth], tail[end - 1 - depth]]
        if leaf <= 0:
            break
        depth += 1
        path[depth] = leaf
    seen.depth = depth

    listed = 0
    followed = 0
    longest = 0
    for position in range(now - 1, max(size, now - farthest) - 1, -1):
        at = PREFIX + position - size
        run = 0
        limit = min(MAX_RUN, position)
        while run < limit and tail[at - 1 - run] == tail[end - 1 - run]:
            run += 1
        if run >= MAX_DEPTH:
            if followed == FOLLOWED:
                run = MAX_DEPTH - 1
            else:
                followed += 1
        seen.distance[listed] = now - position
        listed_run[listed] = run
        seen.byte[listed] = tail[at]
        listed_weight[listed] = class_weight[weight_class(now - position, class_weight)]
        listed += 1
        while longest < run:
            longest += 1
            nearest[longest] = now - position
    seen.tails = listed

    for level in range(longest + 1, depth + 1):
        distance = now - trie.nearest[path[level]]
        if distance > farthest:
            break
        longest = level
        nearest[level] = distance

    if leaf < 0:
        position = ~leaf
        while position >= 0 and now - position <= farthest:
            run = _text_run(trie, tail, end, position, depth + 1, MAX_RUN)
            if run >= MAX_DEPTH:
                if followed == FOLLOWED:
                    if depth + 1 >= MAX_DEPTH:
                        break
                    run = MAX_DEPTH - 1
                else:
                    followed += 1
            seen.distance[listed] = now - position
            listed_run[listed] = run
            seen.byte[listed] = trie.text[position]
            listed_weight[listed] = class_weight[weight_class(now - position, class_weight)]
            listed += 1
            while longest < run:
                longest += 1
                nearest[longest] = now - position
            position = trie.older[position]
    seen.leaves = listed
    seen.longest = longest

    if tail_size:
        for border in range(_first_border(class_weight), class_weight.shape[0] + 1):
            distance = class_begin(border, class_weight)
            change = -class_weight[border - 1]
            last = distance > farthest
            if last:
                distance = farthest + 1
            else:
                change += class_weight[border]
            if distance > now:
                break
            for position in range(max(0, size - distance + 1), min(size - 1, now - distance) + 1):
                seen.distance[listed] = 0
                listed_run[listed] = _text_run(trie, tail, end, position, 0, depth)
                seen.byte[listed] = trie.text[position]
                listed_weight[listed] = change
                listed += 1
            if last:
                break
    seen.listed = listed

    # Where the newest position of a node is out of the window, its sums are 0 but for rounding,
    # and `longest` is less than `depth`.
    top = max(longest, depth)
    in_leaf = seen.in_leaf
    in_leaf[: top + 1] = 0.0
    reach[: top + 1] = 0.0
    for index in range(seen.tails):
        reach[listed_run[index]] += listed_weight[index]
    for index in range(seen.tails, seen.leaves):
        in_leaf[listed_run[index]] += listed_weight[index]
    for index in range(seen.leaves, listed):
        reach[listed_run[index]] += listed_weight[index]
    for level in range(top, 0, -1):
        reach[level - 1] += reach[level]
        in_leaf[level - 1] += in_leaf[level]
    for level in range(top + 1):
        reach[level] += trie.weight[path[level]] if level <= depth else in_leaf[level]
