"""The decoder-marginal of Zstandard: what a zstd decoder fed with coin flips writes next.

The decoder reads sequences: a literal run's length l, l literals, an offset value v, a match
length L ≥ 3 (RFC 8878, section 3.1.1.4). Under frozen tables these are independent, so the
probability of everything that it has written sums over all ways to cut the text into sequences,
by the forward algorithm. After n bytes the decoder is in one of these states:

              ┌───────────── match of length L at distance D ──────────────┐
              ▼                                                            │
         ┌──────────┐  l = 0                                          ┌────┴─────┐
     ──► │ boundary │ ──────────────────────────────────────────────► │  match   │
         │          │  l > 0   ┌──────────────────┐  run ends         │  begins  │
         └──────────┘ ───────► │ inside a literal │ ────────────────► └──────────┘
                               │ run, 1 … 63, 64+ │
                               └──────────────────┘

    boundary[n]  = Σ_L begins[n-L] · p(L) · Σ w(D)          over distances D that say x[n-L … n)
                 + the same with repeated offsets
    begins[n]    = Σ_l boundary[n-l] · p(l) · Π literal[x]
    p(next = b)  ∝ literal[b] · Σ_l boundary[n-l] · p(run > l) · Π literal[x]
                 + Σ_D [x[n-D] = b] · Σ_l begins[n-l] · w(D) · p(match > l)

An explicit offset has the weight w(D) = p(offset code) · 2^-code; its sums over thousands of
distances are compgen.kernels.context_trie's. So far this is exact for the format.

Repeated offsets. v = 1, 2, 3 name one of the last three offsets (shifted by one where l = 0),
and those depend on the whole parse: exactly, there is one state for every history. As libzstd's
own optimal parser does (zstd_opt.c, ZSTD_compressBlock_opt_generic: opt[].rep), each state keeps
one history here, that of its most probable parse. That parse (`best`, Viterbi's algorithm beside
the forward one) chooses explicit offsets as libzstd does, the nearest for each length
(ZSTD_insertBtAndGetAllMatches), and of equals keeps the first. Given the text so far a state's
history is a fact, so the grammar is a proper one, only not quite the format's. What it costs,
measured against one state for each history (the 120 most probable of each): on English prose
0.0001 bits per byte, on 20-byte binary records 0.05; without any repeated offsets the records
cost 0.05 to 0.1 more again. In single places it can be bits.

Long runs and matches. From 64 literals, or a match of 131 bytes, on, the length codes cover
64 … 65536 lengths each; there the length is geometric, with the mean that the context has. So
one number per run, and per distance, stands for all of them, whatever their length. On
libzstd's own parses of prose, records, zeros and noise that is within 0.0002 bits per byte of
the length codes. Blocks, which end runs and matches after 128 KB, are left out.

Source: RFC 8878; DESIGN.md, section 2.
"""

import numpy as np
from numba import from_dtype, njit, types

from compgen.kernels.context_trie import (
    CLASSES,
    MAX_RUN,
    PREFIX,
    distance_class,
    look,
)
from compgen.kernels.trie_marginal import for_grammar

RUNS = 64
"""Literal runs shorter than this have a probability each."""
MATCHES = MAX_RUN
"""Match lengths below this have a probability each."""
RING = 256
"""Positions remembered, a power of two above MATCHES."""
REPEATED = 6 * MATCHES
"""Matches at a repeated offset under way: up to six begin at every position."""
LONG = 512
"""Distances of matches of MATCHES bytes or more under way."""
TINY = 2.0**-300
"""Below this everything is scaled up by its inverse: exactly, it is a power of two."""
HUGE = 1e300

GRAMMAR = np.dtype(
    [
        ("literal", np.float64, 256),
        ("run", np.float64, RUNS),  # p(literal run of l)
        ("run_longer", np.float64, RUNS),  # p(… of more than l)
        ("run_stops", np.float64),  # p(… of l | at least l), for l ≥ RUNS
        ("match", np.float64, MATCHES),  # p(match of L)
        ("match_longer", np.float64, MATCHES),  # p(… of more than L)
        ("match_stops", np.float64),  # p(… of L | at least L), for L ≥ MATCHES
        ("distance", np.float64, CLASSES),  # p(one distance of the class)
        ("repeat", np.float64, 3),  # p(offset value 1, 2, 3)
        ("farthest", np.int64),  # the window
    ],
    align=True,
)
"""Probabilities of the parts of a sequence. A record: (1,). Read-only."""

STATE = np.dtype(
    [
        ("tail_size", np.int64),
        # a boundary l bytes ago and literals since; and runs of RUNS or more under way
        ("open", np.float64, RUNS),
        ("open_best", np.float64, RUNS),
        ("long_run", np.float64),
        ("long_run_best", np.float64),
        ("long_run_history", np.int32, 3),
        ("boundary_history", np.int32, (RUNS, 3)),  # by position mod RUNS
        # "match begins", by position mod RING; the last two offsets of its best parse
        ("begins", np.float64, RING),
        ("begins_best", np.float64, RING),
        ("begins_history", np.int32, (RING, 2)),
        # matches under way: at a repeated offset, and those of MATCHES bytes or more
        ("repeats", np.int64),
        ("longs", np.int64),
        ("repeat_distance", np.int32, REPEATED),
        ("repeat_length", np.int32, REPEATED),
        ("repeat_history", np.int32, (REPEATED, 3)),  # after the match
        ("repeat_mass", np.float64, REPEATED),
        ("repeat_best", np.float64, REPEATED),
        ("long_distance", np.int32, LONG),
        ("long_history", np.int32, (LONG, 3)),
        ("long_mass", np.float64, LONG),
        ("long_best", np.float64, LONG),
    ],
    align=True,
)
"""What is private to a fork, but for the tail. `…_best` is the most probable parse alone, with
its own scale. A record: (1,)."""


@njit(cache=True, nogil=True)
def _enter_boundary(grammar, state, now, mass, best, first, second, third):
    """Store the boundary at `now`, and begin matches there."""
    s = state[0]
    g = grammar[0]
    s.open[0] = mass
    s.open_best[0] = best
    at = now & (RUNS - 1)
    s.boundary_history[at, 0] = first
    s.boundary_history[at, 1] = second
    s.boundary_history[at, 2] = third

    after_literals = s.long_run * g.run_stops
    literals_best = s.long_run_best * g.run_stops
    best_run = RUNS
    for run in range(1, RUNS):
        after_literals += s.open[run] * g.run[run]
        candidate = s.open_best[run] * g.run[run]
        if candidate > literals_best:
            literals_best = candidate
            best_run = run
    at = (now - best_run) & (RUNS - 1)
    a, b, c = s.boundary_history[at, 0], s.boundary_history[at, 1], s.boundary_history[at, 2]
    if best_run == RUNS:
        a, b, c = s.long_run_history[0], s.long_run_history[1], s.long_run_history[2]
    at_once = mass * g.run[0]
    at_once_best = best * g.run[0]
    at = now & (RING - 1)
    s.begins[at] = at_once + after_literals
    if literals_best > at_once_best:
        s.begins_best[at] = literals_best
        s.begins_history[at, 0] = a
        s.begins_history[at, 1] = b
    else:
        s.begins_best[at] = at_once_best
        s.begins_history[at, 0] = first
        s.begins_history[at, 1] = second

    farthest = min(now, g.farthest)
    if after_literals > 0.0:
        _begin_repeat(state, farthest, a, a, b, c, after_literals, literals_best, g.repeat[0])
        _begin_repeat(state, farthest, b, b, a, c, after_literals, literals_best, g.repeat[1])
        _begin_repeat(state, farthest, c, c, a, b, after_literals, literals_best, g.repeat[2])
    if at_once > 0.0:
        a, b, c = first, second, third
        _begin_repeat(state, farthest, b, b, a, c, at_once, at_once_best, g.repeat[0])
        _begin_repeat(state, farthest, c, c, a, b, at_once, at_once_best, g.repeat[1])
        _begin_repeat(state, farthest, a - 1, a - 1, a, b, at_once, at_once_best, g.repeat[2])


@njit(cache=True, nogil=True)
def _begin_repeat(state, farthest, distance, first, second, third, mass, best, probability):
    s = state[0]
    if distance < 1 or distance > farthest or s.repeats == REPEATED:
        return
    index = s.repeats
    s.repeats += 1
    s.repeat_distance[index] = distance
    s.repeat_length[index] = 0
    s.repeat_history[index, 0] = first
    s.repeat_history[index, 1] = second
    s.repeat_history[index, 2] = third
    s.repeat_mass[index] = mass * probability
    s.repeat_best[index] = best * probability


@njit(cache=True, nogil=True)
def begin(trie, grammar, state, scratch):
    """A boundary for certain at n = trie.sizes[0] + tail_size, with a frame's first history."""
    s = state[0]
    s.open[:] = 0.0
    s.open_best[:] = 0.0
    s.long_run = 0.0
    s.long_run_best = 0.0
    s.long_run_history[:] = 0
    s.boundary_history[:] = 0
    s.begins[:] = 0.0
    s.begins_best[:] = 0.0
    s.begins_history[:] = 0
    s.repeats = 0
    s.longs = 0
    now = trie.sizes[0] + s.tail_size
    scratch[0].now = -1
    _enter_boundary(grammar, state, now, 1.0, 1.0, 1, 4, 8)


@njit(cache=True, nogil=True)
def _long_index(s, distance):
    """Where matches of MATCHES bytes or more at this distance are kept; -1: no room."""
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


@njit(cache=True, nogil=True)
def _enter_long(s, distance, mass, best, first, second, third):
    index = _long_index(s, distance)
    if index >= 0:
        s.long_mass[index] += mass
        if best > s.long_best[index]:
            s.long_best[index] = best
            s.long_history[index, 0] = first
            s.long_history[index, 1] = second
            s.long_history[index, 2] = third


@njit(cache=True, nogil=True)
def _copy_history(histories, to, source):
    for place in range(3):
        histories[to, place] = histories[source, place]


@njit(cache=True, nogil=True)
def append(trie, grammar, state, tail, scratch, value):
    """Append one byte to the tail and move the forward variables on by it."""
    s = state[0]
    g = grammar[0]
    text = trie.text
    size = trie.sizes[0]
    tail[PREFIX + s.tail_size] = value
    s.tail_size += 1
    look(trie, tail, s.tail_size, g.distance, g.farthest, scratch)
    seen = scratch[0]
    now = seen.now

    # literal runs go on
    literal = g.literal[value]
    onward = s.open[RUNS - 1] * g.run_longer[RUNS - 1]
    onward_best = s.open_best[RUNS - 1] * g.run_longer[RUNS - 1]
    s.long_run = (s.long_run * (1.0 - g.run_stops) + onward) * literal
    s.long_run_best *= 1.0 - g.run_stops
    if onward_best > s.long_run_best:
        s.long_run_best = onward_best
        at = (now - RUNS) & (RUNS - 1)
        for place in range(3):
            s.long_run_history[place] = s.boundary_history[at, place]
    s.long_run_best *= literal
    for run in range(RUNS - 1, 0, -1):
        s.open[run] = s.open[run - 1] * literal
        s.open_best[run] = s.open_best[run - 1] * literal

    mass = 0.0
    best = 0.0
    first, second, third = np.int32(0), np.int32(0), np.int32(0)

    # matches at an explicit offset that end here
    for length in range(3, min(seen.longest, MATCHES - 1) + 1):
        at = (now - length) & (RING - 1)
        mass += s.begins[at] * g.match[length] * seen.reach[length]
        distance = seen.nearest[length]
        weight = g.distance[distance_class(distance)]
        candidate = s.begins_best[at] * g.match[length] * weight
        if candidate > best:
            best = candidate
            first = np.int32(distance)
            second = s.begins_history[at, 0]
            third = s.begins_history[at, 1]

    # matches of MATCHES bytes or more: those that go on, then those that have got so long
    kept = 0
    for index in range(s.longs):
        distance = s.long_distance[index]
        source = now - 1 - distance
        if (text[source] if source < size else tail[PREFIX + source - size]) == value:
            s.long_distance[kept] = distance
            s.long_mass[kept] = s.long_mass[index] * (1.0 - g.match_stops)
            s.long_best[kept] = s.long_best[index] * (1.0 - g.match_stops)
            if kept < index:
                _copy_history(s.long_history, kept, index)
            kept += 1
    s.longs = kept
    if seen.longest >= MATCHES:
        at = (now - MATCHES) & (RING - 1)
        entering = s.begins[at] * g.match_longer[MATCHES - 1]
        entering_best = s.begins_best[at] * g.match_longer[MATCHES - 1]
        for index in range(seen.leaves):
            if seen.run[index] >= MATCHES:
                _enter_long(
                    s,
                    seen.distance[index],
                    entering * seen.weight[index],
                    entering_best * seen.weight[index],
                    seen.distance[index],
                    s.begins_history[at, 0],
                    s.begins_history[at, 1],
                )

    # matches at a repeated offset that go on, and may end here
    kept = 0
    repeat_distance = s.repeat_distance
    repeat_length = s.repeat_length
    repeat_mass = s.repeat_mass
    repeat_best = s.repeat_best
    match = g.match
    for index in range(s.repeats):
        distance = repeat_distance[index]
        source = now - 1 - distance
        if (text[source] if source < size else tail[PREFIX + source - size]) != value:
            continue
        length = repeat_length[index] + 1
        if length == MATCHES:
            goes_on = g.match_longer[MATCHES - 1]
            _enter_long(
                s,
                distance,
                repeat_mass[index] * goes_on,
                repeat_best[index] * goes_on,
                s.repeat_history[index, 0],
                s.repeat_history[index, 1],
                s.repeat_history[index, 2],
            )
            continue
        if length >= 3:
            mass += repeat_mass[index] * match[length]
            candidate = repeat_best[index] * match[length]
            if candidate > best:
                best = candidate
                first = s.repeat_history[index, 0]
                second = s.repeat_history[index, 1]
                third = s.repeat_history[index, 2]
        repeat_length[kept] = length
        if kept < index:
            repeat_distance[kept] = distance
            repeat_mass[kept] = repeat_mass[index]
            repeat_best[kept] = repeat_best[index]
            _copy_history(s.repeat_history, kept, index)
        kept += 1
    s.repeats = kept

    for index in range(s.longs):
        mass += s.long_mass[index] * g.match_stops
        candidate = s.long_best[index] * g.match_stops
        if candidate > best:
            best = candidate
            first = s.long_history[index, 0]
            second = s.long_history[index, 1]
            third = s.long_history[index, 2]

    _enter_boundary(grammar, state, now, mass, best, first, second, third)
    at = now & (RING - 1)
    if s.begins[at] < TINY:
        s.long_run /= TINY
        _scale_up(s.open)
        _scale_up(s.begins)
        _scale_up(s.repeat_mass[: s.repeats])
        _scale_up(s.long_mass[: s.longs])
    if s.begins_best[at] < TINY:
        s.long_run_best /= TINY
        _scale_up(s.open_best)
        _scale_up(s.begins_best)
        _scale_up(s.repeat_best[: s.repeats])
        _scale_up(s.long_best[: s.longs])


@njit(cache=True, nogil=True)
def _scale_up(values):
    # What would overflow is so much more probable than now that no match can reach back to it.
    for index in range(values.shape[0]):
        values[index] = min(values[index] / TINY, HUGE)


@njit(cache=True, nogil=True)
def next_byte(trie, grammar, state, tail, scratch, out):
    """Probability of each next byte into `out` (256,)."""
    s = state[0]
    g = grammar[0]
    seen = scratch[0]
    text = trie.text
    size = trie.sizes[0]
    now = size + s.tail_size
    if seen.now != now:
        look(trie, tail, s.tail_size, g.distance, g.farthest, scratch)

    literal = s.long_run * (1.0 - g.run_stops)
    for run in range(RUNS):
        literal += s.open[run] * g.run_longer[run]
    for value in range(256):
        out[value] = literal * g.literal[value]

    # under_way[l]: matches that have begun at most l bytes ago and go on
    under_way = np.empty(MATCHES + 1)
    in_leaf = np.empty(MATCHES + 1)  # … but more than `depth` bytes ago
    total = 0.0
    beyond = 0.0
    depth = seen.depth
    for length in range(min(max(seen.longest, depth), MATCHES - 1) + 1):
        mass = s.begins[(now - length) & (RING - 1)] * g.match_longer[length]
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
    repeat_mass = s.repeat_mass
    match_longer = g.match_longer
    for index in range(s.repeats):
        source = now - repeat_distance[index]
        value = text[source] if source < size else tail[PREFIX + source - size]
        out[value] += repeat_mass[index] * match_longer[repeat_length[index]]
    for index in range(s.longs):
        source = now - s.long_distance[index]
        value = text[source] if source < size else tail[PREFIX + source - size]
        out[value] += s.long_mass[index] * (1.0 - g.match_stops)

    total = 0.0
    for value in range(256):
        total += out[value]
    for value in range(256):
        out[value] /= total


@njit(cache=True, nogil=True)
def _distances(grammar):
    return grammar[0].distance, grammar[0].farthest


def _is_its(grammar):
    return isinstance(grammar, types.Array) and grammar.dtype == from_dtype(GRAMMAR)


for_grammar(_is_its, _distances, append, next_byte)
