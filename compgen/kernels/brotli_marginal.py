"""The decoder-marginal of brotli: what a brotli decoder fed with coin flips writes next.

The decoder reads commands: an insert and a copy length, coded as one symbol, the literals, and a
distance that names a copy or a word of the static dictionary (RFC 7932, section 9.3). Under
frozen tables the probability of everything that it has written sums over all ways to cut the
text into commands, by the forward algorithm. After n bytes the decoder is in one of these states:

              ┌───────── copy of length L at distance D ─────────┐
              │   ┌────── word of the dictionary, in a form ─────┤
              ▼   ▼                                              │
         ┌──────────┐  insert 0                             ┌────┴─────┐
     ──► │ boundary │ ────────────────────────────────────► │   copy   │   one for each class
         │          │          ┌──────────────────┐  ends   │  begins  │   of copy lengths
         └──────────┘ ───────► │ inside a literal │ ──────► └──────────┘
                               │ run, 1 … 65, 66+ │
                               └──────────────────┘

    begins[n, c]  = Σ_l boundary[n-l] · p(l, c) · Π literal[context, x]
    boundary[n]   = Σ_L begins[n-L, class of L] · p(L | class) · Σ w(D)
                    over distances D that say x[n-L … n)
                  + the same with the last distances
                  + Σ begins[n-|word|] · p(word) over words that say x[n-|word| … n)
    p(next = b)   ∝ literal[context, b] · Σ_l boundary[n-l] · p(run > l) · Π literal
                  + what copies and words under way say

An explicit distance has the weight w(D) = p(symbol) · 2^-extra; its sums over thousands of
distances are compgen.kernels.context_trie's, those over words brotli_word_trie's.

Where this is not quite the format:

  * Distance symbols 0 to 15 name one of the last four distances, or one near them, and those
    depend on the whole parse: exactly, there is one state for every history. Each state keeps
    one here, that of its most probable parse (`best`: Viterbi's algorithm beside the forward
    one), as compgen.kernels.zstd_marginal does. Given the text so far it is a fact, so the
    grammar is a proper one.
  * From 66 literals, or copies of 102 bytes, on, the length is geometric, with the mean that the
    context has, and one number stands for each run, and each distance.
  * Distances have NPOSTFIX = 0 and NDIRECT = 0, whatever the stream has: their classes, the same
    for every copy length. How probable it is that a distance is explicit does depend on the copy
    length (the format's distance contexts), and so do the symbols 0 to 15.
  * A dictionary word lies behind the largest distance, which grows with every byte. Here it is
    that of the next table point, so that words keep their distances in between; and the words of
    one length and form, a run of distances, share their probability evenly. Which word it is
    does not depend on the insert length before it.
  * Blocks do not end: the types in force stay so. Nor do meta-blocks.

Source: RFC 7932; DESIGN.md, section 2.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from compgen.kernels.brotli_format import (
    COPY_BASE,
    COPY_EXTRA,
    DISTANCE_CONTEXTS,
    INITIAL_RING,
    INSERT_BASE,
    INSERT_EXTRA,
    RING_OFFSET,
    RING_PLACE,
    RING_SYMBOLS,
)
from compgen.kernels.brotli_word_trie import LEAF, WordTrie, word_byte
from compgen.kernels.brotli_words import LONGEST_FORM
from compgen.kernels.context_trie import PREFIX, look, weight_class
from compgen.kernels.jit import kernel
from compgen.kernels.trie_marginal import for_grammar

RUNS = 66
"""Literal runs shorter than this have a probability each: insert length codes 0 to 13."""
MATCHES = 102
"""Copies shorter than this have a probability each: copy length codes 0 to 16."""
INSERTS = 15
"""Classes of insert lengths: one for each code, and one for all from RUNS on."""
COPIES = 18
"""Classes of copy lengths: one for each code, and one for all from MATCHES on."""
IMPLICIT_COPIES = 16
"""Copy classes that a command symbol may join with the last distance."""
TREES = 64
"""Literal trees that the contexts of one block type can have."""
RING = 128
"""Positions remembered, a power of two above MATCHES and RUNS."""
REPEATED = RING_SYMBOLS * MATCHES
"""Copies at one of the last distances under way: up to sixteen begin at every position."""
LONG = 512
"""Distances of copies of MATCHES bytes or more under way."""
WORDS = LONGEST_FORM + 1
"""References to the dictionary under way: one set of words for every position they began at."""
HISTORY = 4
TINY = 2.0**-300
"""Below this everything is scaled up by its inverse: exactly, it is a power of two."""
HUGE = 1e300

TABLES = np.dtype(
    [
        ("literal", np.float64, (TREES, 256)),
        ("tree", np.uint8, TREES),  # of each literal context
        ("last", np.uint8, 256),  # the context is last[x[n-1]] | second[x[n-2]]
        ("second", np.uint8, 256),
        ("explicit", np.float64, (INSERTS, COPIES)),  # p(command symbol): with a distance symbol
        ("implicit", np.float64, (INSERTS, COPIES)),  # … with the last distance
        ("insert", np.float64, INSERTS),  # the sum of both over the copies
        ("run_longer", np.float64, RUNS),  # p(literal run of more than l)
        ("run_stops", np.float64),  # p(… of l | at least l), for l ≥ RUNS
        ("match_stops", np.float64),  # the same of copies, from MATCHES on
        ("ring", np.float64, (RING_SYMBOLS, DISTANCE_CONTEXTS)),  # p(distance symbol | copy length)
        ("share", np.float64, DISTANCE_CONTEXTS),  # p(distance symbol is explicit | copy length)
        ("farthest", np.int64),  # the window
    ],
    align=True,
)
"""Probabilities of the parts of a command. A record: (1,). Read-only."""


class Grammar(NamedTuple):
    """What the decoder believes about its next command. Read-only."""

    tables: np.ndarray  # TABLES (1,)
    distance: np.ndarray  # float64 (64,)  p(one distance of the half-octave class | explicit)
    words: WordTrie
    word: np.ndarray  # float64 (121, 25)  p(word | explicit), of one of a form and a copy length
    word_sums: np.ndarray  # float64 (K,)  of the words of every child in the trie


STATE = np.dtype(
    [
        ("tail_size", np.int64),
        # a boundary l bytes ago and literals since; and runs of RUNS or more under way
        ("open", np.float64, RUNS),
        ("open_best", np.float64, RUNS),
        ("long_run", np.float64),
        ("long_run_best", np.float64),
        ("long_run_history", np.int32, HISTORY),
        ("boundary_history", np.int32, (RING, HISTORY)),  # by position mod RING
        # "copy begins", by position mod RING: mass by copy class, and summed from a class on
        ("explicit", np.float64, (RING, COPIES)),
        ("implicit", np.float64, (RING, COPIES)),
        ("explicit_from", np.float64, (RING, COPIES + 1)),
        ("implicit_from", np.float64, (RING, COPIES + 1)),
        ("begins_best", np.float64, RING),  # of the best parse, before its command symbol
        ("begins_insert", np.int64, RING),  # its insert class
        ("begins_history", np.int32, (RING, HISTORY)),  # its last distances
        # under way: copies at one of the last distances, long copies, words
        ("repeats", np.int64),
        ("longs", np.int64),
        ("references", np.int64),
        ("repeat_distance", np.int32, REPEATED),
        ("repeat_length", np.int32, REPEATED),
        ("repeat_symbol", np.int32, REPEATED),
        ("long_distance", np.int32, LONG),
        ("long_history", np.int32, (LONG, HISTORY)),
        ("long_mass", np.float64, LONG),
        ("long_best", np.float64, LONG),
        ("reference_depth", np.int32, WORDS),  # bytes of the word so far
        ("reference_node", np.int32, WORDS),  # ≥ 0: node of the trie; < 0: leaf, ~its first word
        ("reference_alive", np.uint64, WORDS),  # which words of a leaf they may be
        # scratch: nothing is allocated while the variables move
        ("after", np.float64, INSERTS),
        ("history", np.int32, (1, HISTORY)),
        ("under_way", np.float64, MATCHES),
        ("in_leaf", np.float64, MATCHES),
    ],
    align=True,
)
"""What is private to a fork, but for the tail. `…_best` is the most probable parse alone, with
its own scale. A record: (1,)."""

_RUN_CLASS = (np.searchsorted(INSERT_BASE, np.arange(RUNS), "right") - 1).astype(np.int64)
_RUN_SHARE = 0.5 ** INSERT_EXTRA[_RUN_CLASS]
_COPY_CLASS = np.maximum(np.searchsorted(COPY_BASE, np.arange(MATCHES + 1), "right") - 1, 0)
_COPY_SHARE = 0.5 ** COPY_EXTRA[_COPY_CLASS]
_COPY_LONGER = np.array(
    [
        1 - (length + 1 - COPY_BASE[code]) * share if length >= 2 else 1.0
        for length, (code, share) in enumerate(zip(_COPY_CLASS, _COPY_SHARE, strict=True))
    ]
)
"""p(copy of more than l | the class of l), for l of 2 or more."""
_FIRST_HISTORY = np.array(INITIAL_RING, np.int32)
_NO_CONTEXT = np.ones(DISTANCE_CONTEXTS)
_EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)

assert INSERT_BASE[INSERTS - 1] == RUNS
assert COPY_BASE[COPIES - 1] == MATCHES


@kernel
def _distance_context(length):
    """Section 7.2, for copies of two bytes or more."""
    return min(length, 5) - 2


@kernel
def _longer(mass, sums, at, length, weight):
    """Mass of the copies of more than `length` bytes that began at ring place `at`.

    weight[c] is what a copy counts in distance context c; a context below 3 is one copy class.
    """
    if length < 4:
        total = weight[3] * sums[at, 3]
        for kind in range(max(length - 1, 0), 3):
            total += weight[kind] * mass[at, kind]
        return total
    kind = _COPY_CLASS[length]
    return weight[3] * (sums[at, kind + 1] + mass[at, kind] * _COPY_LONGER[length])


@kernel
def _enter_boundary(grammar, state, now, mass, best, first, second, third, fourth):
    """Store the boundary at `now`, and begin copies and words there."""
    s = state[0]
    t = grammar.tables[0]
    s.open[0] = mass
    s.open_best[0] = best
    at = now & (RING - 1)
    boundary_history = s.boundary_history
    boundary_history[at, 0] = first
    boundary_history[at, 1] = second
    boundary_history[at, 2] = third
    boundary_history[at, 3] = fourth

    open_mass = s.open
    open_best = s.open_best
    insert = t.insert
    after = s.after
    after[:] = 0.0
    found_value = 0.0
    found_best = 0.0
    found_run = 0
    for run in range(RUNS):
        kind = _RUN_CLASS[run]
        after[kind] += open_mass[run] * _RUN_SHARE[run]
        value = open_best[run] * _RUN_SHARE[run]
        if value * insert[kind] > found_value:
            found_value = value * insert[kind]
            found_best = value
            found_run = run
    after[INSERTS - 1] = s.long_run * t.run_stops
    value = s.long_run_best * t.run_stops
    begins_history = s.begins_history
    if value * insert[INSERTS - 1] > found_value:
        found_best = value
        s.begins_insert[at] = INSERTS - 1
        for place in range(HISTORY):
            begins_history[at, place] = s.long_run_history[place]
    else:
        s.begins_insert[at] = _RUN_CLASS[found_run]
        source = (now - found_run) & (RING - 1)
        for place in range(HISTORY):
            begins_history[at, place] = boundary_history[source, place]
    s.begins_best[at] = found_best

    explicit = s.explicit
    implicit = s.implicit
    p_explicit = t.explicit
    p_implicit = t.implicit
    for kind in range(COPIES):
        explicit[at, kind] = 0.0
        implicit[at, kind] = 0.0
    for run in range(INSERTS):
        weight = after[run]
        if weight > 0.0:
            for kind in range(COPIES):
                explicit[at, kind] += weight * p_explicit[run, kind]
                implicit[at, kind] += weight * p_implicit[run, kind]
    explicit_from = s.explicit_from
    implicit_from = s.implicit_from
    explicit_from[at, COPIES] = 0.0
    implicit_from[at, COPIES] = 0.0
    for kind in range(COPIES - 1, -1, -1):
        explicit_from[at, kind] = explicit_from[at, kind + 1] + explicit[at, kind]
        implicit_from[at, kind] = implicit_from[at, kind + 1] + implicit[at, kind]

    farthest = min(now, t.farthest)
    for symbol in range(RING_SYMBOLS):
        distance = begins_history[at, RING_PLACE[symbol]] + RING_OFFSET[symbol]
        if 1 <= distance <= farthest and s.repeats < REPEATED:
            index = s.repeats
            s.repeats += 1
            s.repeat_distance[index] = distance
            s.repeat_length[index] = 0
            s.repeat_symbol[index] = symbol
    index = s.references
    s.references += 1
    s.reference_depth[index] = 0
    s.reference_node[index] = 0


@kernel
def begin(trie, grammar, state, scratch):
    """A boundary for certain at n = trie.sizes[0] + tail_size, with a stream's first history."""
    s = state[0]
    s.open[:] = 0.0
    s.open_best[:] = 0.0
    s.long_run = 0.0
    s.long_run_best = 0.0
    s.long_run_history[:] = 0
    s.boundary_history[:] = 0
    s.explicit[:] = 0.0
    s.implicit[:] = 0.0
    s.explicit_from[:] = 0.0
    s.implicit_from[:] = 0.0
    s.begins_best[:] = 0.0
    s.begins_insert[:] = 0
    s.begins_history[:] = 0
    s.repeats = 0
    s.longs = 0
    s.references = 0
    now = trie.sizes[0] + s.tail_size
    scratch[0].now = -1
    h = _FIRST_HISTORY
    _enter_boundary(grammar, state, now, 1.0, 1.0, h[0], h[1], h[2], h[3])


@kernel
def _long_index(s, distance):
    """Where copies of MATCHES bytes or more at this distance are kept; -1: no room."""
    for index in range(s.longs):
        if s.long_distance[index] == distance:
            return index
    if s.longs == LONG:
        return -1
    index = s.longs
    s.longs += 1
    s.long_distance[index] = distance
    s.long_mass[index] = 0.0
    s.long_best[index] = 0.0
    return index


@kernel
def _enter_long(s, distance, mass, best, start, pushes):
    """A copy that has grown to MATCHES bytes; `pushes`: its distance goes into the ring."""
    index = _long_index(s, distance)
    if index < 0:
        return
    s.long_mass[index] += mass
    if best > s.long_best[index]:
        s.long_best[index] = best
        _write_history(s.long_history, index, s.begins_history, start, distance, pushes)


@kernel
def _write_history(to, index, histories, start, distance, pushes):
    """The last distances after a copy, from those before it."""
    if pushes:
        to[index, 0] = distance
        for place in range(1, HISTORY):
            to[index, place] = histories[start, place - 1]
    else:
        for place in range(HISTORY):
            to[index, place] = histories[start, place]


@kernel
def append(trie, grammar, state, tail, scratch, value):
    """Append one byte to the tail and move the forward variables on by it."""
    s = state[0]
    t = grammar.tables[0]
    text = trie.text
    size = trie.sizes[0]
    end = PREFIX + s.tail_size
    literal = t.literal[t.tree[t.last[tail[end - 1]] | t.second[tail[end - 2]]], value]
    tail[end] = value
    s.tail_size += 1
    weight = grammar.distance
    look(trie, tail, s.tail_size, weight, t.farthest, scratch)
    seen = scratch[0]
    now = seen.now

    # literal runs go on
    open_mass = s.open
    open_best = s.open_best
    s.long_run = (s.long_run * (1.0 - t.run_stops) + open_mass[RUNS - 1]) * literal
    s.long_run_best *= 1.0 - t.run_stops
    if open_best[RUNS - 1] > s.long_run_best:
        s.long_run_best = open_best[RUNS - 1]
        at = (now - RUNS) & (RING - 1)
        for place in range(HISTORY):
            s.long_run_history[place] = s.boundary_history[at, place]
    s.long_run_best *= literal
    for run in range(RUNS - 1, 0, -1):
        open_mass[run] = open_mass[run - 1] * literal
        open_best[run] = open_best[run - 1] * literal

    mass = 0.0
    best = 0.0
    history = s.history
    history[:] = 0
    explicit = s.explicit
    implicit = s.implicit
    begins_best = s.begins_best
    begins_insert = s.begins_insert
    begins_history = s.begins_history
    p_explicit = t.explicit
    p_implicit = t.implicit
    share = t.share

    # copies at an explicit distance that end here
    for length in range(2, min(seen.longest, MATCHES - 1) + 1):
        at = (now - length) & (RING - 1)
        kind = _COPY_CLASS[length]
        factor = _COPY_SHARE[length] * share[_distance_context(length)]
        mass += explicit[at, kind] * factor * seen.reach[length]
        distance = seen.nearest[length]
        factor *= weight[weight_class(distance, weight)]
        candidate = begins_best[at] * p_explicit[begins_insert[at], kind] * factor
        if candidate > best:
            best = candidate
            _write_history(history, 0, begins_history, at, distance, True)

    # long copies: those that go on, then those that have got so long
    kept = 0
    long_distance = s.long_distance
    for index in range(s.longs):
        distance = long_distance[index]
        source = now - 1 - distance
        if (text[source] if source < size else tail[PREFIX + source - size]) == value:
            long_distance[kept] = distance
            s.long_mass[kept] = s.long_mass[index] * (1.0 - t.match_stops)
            s.long_best[kept] = s.long_best[index] * (1.0 - t.match_stops)
            if kept < index:
                for place in range(HISTORY):
                    s.long_history[kept, place] = s.long_history[index, place]
            kept += 1
    s.longs = kept
    if seen.longest >= MATCHES:
        at = (now - MATCHES) & (RING - 1)
        entering = explicit[at, COPIES - 1] * share[3]
        entering_best = begins_best[at] * p_explicit[begins_insert[at], COPIES - 1] * share[3]
        for index in range(seen.leaves):
            if seen.run[index] >= MATCHES:
                its = seen.weight[index]
                _enter_long(s, seen.distance[index], entering * its, entering_best * its, at, True)

    # copies at one of the last distances that go on, and may end here
    kept = 0
    repeat_distance = s.repeat_distance
    repeat_length = s.repeat_length
    repeat_symbol = s.repeat_symbol
    ring = t.ring
    for index in range(s.repeats):
        distance = repeat_distance[index]
        source = now - 1 - distance
        if (text[source] if source < size else tail[PREFIX + source - size]) != value:
            continue
        length = repeat_length[index] + 1
        symbol = repeat_symbol[index]
        at = (now - length) & (RING - 1)
        if length == MATCHES:
            kind = COPIES - 1
            chance = ring[symbol, 3]
            _enter_long(
                s,
                distance,
                explicit[at, kind] * chance,
                begins_best[at] * p_explicit[begins_insert[at], kind] * chance,
                at,
                symbol > 0,
            )
            continue
        if length >= 2:
            kind = _COPY_CLASS[length]
            factor = _COPY_SHARE[length]
            chance = ring[symbol, _distance_context(length)]
            ending = explicit[at, kind] * chance
            command = p_explicit[begins_insert[at], kind] * chance
            if symbol == 0:
                ending += implicit[at, kind]
                command = max(command, p_implicit[begins_insert[at], kind])
            mass += ending * factor
            candidate = begins_best[at] * command * factor
            if candidate > best:
                best = candidate
                _write_history(history, 0, begins_history, at, distance, symbol > 0)
        repeat_distance[kept] = distance
        repeat_length[kept] = length
        repeat_symbol[kept] = symbol
        kept += 1
    s.repeats = kept

    for index in range(s.longs):
        mass += s.long_mass[index] * t.match_stops
        candidate = s.long_best[index] * t.match_stops
        if candidate > best:
            best = candidate
            for place in range(HISTORY):
                history[0, place] = s.long_history[index, place]

    # words of the dictionary that go on, and may end here
    kept = 0
    words = grammar.words
    for index in range(s.references):
        node, alive = s.reference_node[index], s.reference_alive[index]
        node, alive = _follow(words, node, alive, s.reference_depth[index], value)
        if node == 0:
            continue
        depth = s.reference_depth[index] + 1
        ending, most, alive = _ending(words, grammar.word, node, alive, depth)
        if ending > 0.0:
            at = (now - depth) & (RING - 1)
            mass += s.explicit_from[at, 0] * ending
            command = 0.0
            for kind in range(COPIES):
                command += p_explicit[begins_insert[at], kind]
            candidate = begins_best[at] * command * most
            if candidate > best:
                best = candidate
                _write_history(history, 0, begins_history, at, 0, False)
        if node > 0 or alive:
            s.reference_node[kept] = node
            s.reference_alive[kept] = alive
            s.reference_depth[kept] = depth
            kept += 1
    s.references = kept

    _enter_boundary(
        grammar, state, now, mass, best, history[0, 0], history[0, 1], history[0, 2], history[0, 3]
    )
    at = now & (RING - 1)
    if s.explicit_from[at, 0] < TINY:
        s.long_run /= TINY
        _scale_up(s.open)
        _scale_up_rows(s.explicit)
        _scale_up_rows(s.implicit)
        _scale_up_rows(s.explicit_from)
        _scale_up_rows(s.implicit_from)
        _scale_up(s.long_mass[: s.longs])
    if s.begins_best[at] < TINY:
        s.long_run_best /= TINY
        _scale_up(s.open_best)
        _scale_up(s.begins_best)
        _scale_up(s.long_best[: s.longs])


@kernel
def _follow(words, node, alive, depth, value):
    """Where a reference is after its byte `depth`, which is `value`: node 0 if nowhere.

    (No reference comes back to the root.) `alive` counts in leaves only.
    """
    if node >= 0:
        for index in range(words.child_start[node], words.child_start[node + 1]):
            if words.child_byte[index] == value:
                return words.child[index], _EVERY >> np.uint64(64 - words.child_words[index])
        return np.int32(0), np.uint64(0)
    left = np.uint64(0)
    place = 0
    while alive >> np.uint64(place):
        bit = np.uint64(1) << np.uint64(place)
        if alive & bit and word_byte(words, ~node + place, depth) == value:
            left |= bit
        place += 1
        if place == LEAF:
            break
    return (node, left) if left else (np.int32(0), left)


@kernel
def _ending(words, weight, node, alive, depth):
    """Of the words at a node or leaf that end after `depth` bytes: their weights' sum, and the
    largest; and which words of a leaf do not end."""
    total = 0.0
    most = 0.0
    if node >= 0:
        first = words.ends_at[node]
        for word in range(first, first + words.ends[node]):
            its = weight[words.word_form[word], words.word_length[word]]
            total += its
            most = max(most, its)
        return total, most, alive
    for place in range(LEAF):
        bit = np.uint64(1) << np.uint64(place)
        if alive & bit and word_byte(words, ~node + place, depth) < 0:
            its = weight[words.word_form[~node + place], words.word_length[~node + place]]
            total += its
            most = max(most, its)
            alive ^= bit
    return total, most, alive


@kernel
def _scale_up(values):
    # What would overflow is so much more probable than now that no copy can reach back to it.
    for index in range(values.shape[0]):
        values[index] = min(values[index] / TINY, HUGE)


@kernel
def _scale_up_rows(values):
    for row in range(values.shape[0]):
        for index in range(values.shape[1]):
            values[row, index] = min(values[row, index] / TINY, HUGE)


@kernel
def next_byte(trie, grammar, state, tail, scratch, out):
    """Probability of each next byte into `out` (256,)."""
    s = state[0]
    t = grammar.tables[0]
    seen = scratch[0]
    text = trie.text
    size = trie.sizes[0]
    now = size + s.tail_size
    if seen.now != now:
        look(trie, tail, s.tail_size, grammar.distance, t.farthest, scratch)

    mass = s.long_run * (1.0 - t.run_stops) * t.insert[INSERTS - 1]
    for run in range(RUNS):
        mass += s.open[run] * t.run_longer[run]
    end = PREFIX + s.tail_size
    literal = t.literal[t.tree[t.last[tail[end - 1]] | t.second[tail[end - 2]]]]
    for value in range(256):
        out[value] = mass * literal[value]

    # under_way[l]: copies that have begun at most l bytes ago and go on
    under_way = s.under_way
    in_leaf = s.in_leaf  # … but more than `depth` bytes ago
    explicit = s.explicit
    explicit_from = s.explicit_from
    share = t.share
    total = 0.0
    beyond = 0.0
    depth = seen.depth
    for length in range(min(max(seen.longest, depth), MATCHES - 1) + 1):
        at = (now - length) & (RING - 1)
        mass = _longer(explicit, explicit_from, at, length, share)
        total += mass
        under_way[length] = total
        if length <= depth:
            row = trie.next_weight[seen.path[length]]
            for value in range(256):
                out[value] += mass * row[value]
        else:
            beyond += mass
        in_leaf[length] = beyond
    for index in range(seen.tails):
        length = min(seen.run[index], MATCHES - 1)
        out[seen.byte[index]] += seen.weight[index] * under_way[length]
    for index in range(seen.tails, seen.leaves):
        length = min(seen.run[index], MATCHES - 1)
        out[seen.byte[index]] += seen.weight[index] * in_leaf[length]
    for index in range(seen.leaves, seen.listed):
        out[seen.byte[index]] += seen.weight[index] * under_way[seen.run[index]]

    repeat_distance = s.repeat_distance
    repeat_length = s.repeat_length
    repeat_symbol = s.repeat_symbol
    ring = t.ring
    implicit = s.implicit
    implicit_from = s.implicit_from
    for index in range(s.repeats):
        source = now - repeat_distance[index]
        value = text[source] if source < size else tail[PREFIX + source - size]
        length = repeat_length[index]
        symbol = repeat_symbol[index]
        at = (now - length) & (RING - 1)
        out[value] += _longer(explicit, explicit_from, at, length, ring[symbol])
        if symbol == 0:
            out[value] += _longer(implicit, implicit_from, at, length, _NO_CONTEXT)
    for index in range(s.longs):
        source = now - s.long_distance[index]
        value = text[source] if source < size else tail[PREFIX + source - size]
        out[value] += s.long_mass[index] * (1.0 - t.match_stops)

    words = grammar.words
    word = grammar.word
    word_sums = grammar.word_sums
    for index in range(s.references):
        node = s.reference_node[index]
        reached = s.reference_depth[index]
        mass = explicit_from[(now - reached) & (RING - 1), 0]
        if node >= 0:
            for child in range(words.child_start[node], words.child_start[node + 1]):
                out[words.child_byte[child]] += mass * word_sums[child]
            continue
        alive = s.reference_alive[index]
        for place in range(LEAF):
            if (alive >> np.uint64(place)) & np.uint64(1):
                at = ~node + place
                weight = word[words.word_form[at], words.word_length[at]]
                out[word_byte(words, at, reached)] += mass * weight

    total = 0.0
    for value in range(256):
        total += out[value]
    for value in range(256):
        out[value] /= total


@njit(cache=True, nogil=True)
def _distances(grammar):
    return grammar.distance, grammar.tables[0].farthest


def _is_its(grammar):
    return getattr(grammar, "instance_class", None) is Grammar


for_grammar(_is_its, _distances, append, next_byte)
