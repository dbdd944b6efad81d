"""The decoder-marginal of an LZ77 format: what a decoder fed with coin flips writes next.

A decoder reads tokens, a literal b with probability literal[b], or a match of length L with
probability length[L] at a distance D with probability distance[D]. Given that it has written
x[0..n), the probability of a token boundary after n bytes sums over all parses:

    alpha[n+1] = alpha[n]·literal[x_n] + Σ_L alpha[n+1-L]·length[L]·reach[L]
    reach[L]   = Σ distance[D]  over the D whose run of matching bytes that ends at x_n is >= L

and the next byte comes from a token that starts here or is under way (lz_marginal_mixture).
Source: the forward algorithm over deflate's token grammar (RFC 1951, section 3.2.5);
DESIGN.md, section 2.

State. P windows run side by side over one shared history (a mixture's experts; P = 1 else):

                     origin: the history begins, at a token boundary
                        │
     data[p]  ▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│ tail ▒▒▒▒│ next byte: position n
              0                                 size[p]   n = size[p] + tail_size
              └── chained by bigram, counted ───┘└ scanned ┘
                  in bigram[p]: shared by forks    private

     border:  D = 1 2 3 4 │5 6│7 8│9 … 12│ …  │max    distance classes: a position's weight
                         ◄──── positions move ────     changes only when it moves past a border

Runs of 0 and 1 are summed in histograms (unigram, bigram) that change at the 31 borders only;
runs of 2 and more are listed (Matches), newest first, found by merging the bigram's chain with
the previous list: the work per byte is the number of bigram matches in the window.

Where text repeats itself with a period of up to 258 bytes, as generated text may for ever,
nearly every position would match. There, positions whose last 258 bytes are alike, and whose
next byte is, have the same run for ever: one of them, the newest, stands for all in the chain.

     previous ◄────────────────┐
        ····|·h·|·h·|·h·|·h·|·[h]·   stride = the period, others = 4
              └──►└──►└──►└──►┘      out of the chain: stride = -period, towards the newest
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from compgen.kernels.deflate_format import DISTANCE_CODE, MAX_MATCH
from compgen.kernels.jit import kernel

RING = 512
"""Boundary probabilities kept, a power of two above MAX_MATCH."""
UNDERFLOW = 1e-100
"""Below this, the ring of boundary probabilities is scaled up by its inverse."""

LOOK_FOR_PERIOD = 64
"""Bytes between two looks for a period, where there is none: a power of two."""
LINK, GROUP = 9, 1
"""Layout of a link; see `_link`."""

_CLASS = DISTANCE_CODE.astype(np.uint8)


class Grammar(NamedTuple):
    """Token probabilities of each window, C distance classes in use. Read-only."""

    literal: np.ndarray  # float64 (P, 256)
    length: np.ndarray  # float64 (P, 259)  probability of a match of exactly this length
    longer: np.ndarray  # float64 (P, 259)  … of a match of more than this length
    distance: np.ndarray  # float64 (P, C)  probability of one distance of the class
    change: (
        np.ndarray
    )  # float64 (P, C)    distance[c + 1] - distance[c], and at last -distance[C-1]
    border: np.ndarray  # int64 (C,)        last distance of each class; the last one: maximum


class Window(NamedTuple):
    """Sources of matches, shared by forks; only a state that owns it may `absorb` into it."""

    data: np.ndarray  # uint8 (P, capacity)
    size: np.ndarray  # int64 (P,)
    origin: np.ndarray  # int64 (P,)           position of the forced token boundary
    head: np.ndarray  # int32 (P, 65536)       last position at which a bigram ends, or -1
    previous: np.ndarray  # int32 (P, capacity)  the one before it; see `_link`
    stride: np.ndarray  # int32 (P, capacity)    a position stands for so many `others`, stride
    others: np.ndarray  # int32 (P, capacity)      apart; or (< 0) one -stride later does for it
    period: np.ndarray  # int64 (P,)           of the last 258 bytes and as many more, or 0
    bigram: np.ndarray  # float64 (P, 256, 256)  weight of the sources of y after x, at n = size


class Matches(NamedTuple):
    """Positions whose last two bytes or more are the last ones, newest first, ragged by window."""

    position: np.ndarray  # int32 (entries,)  of the source's last byte; the next one is predicted
    run: np.ndarray  # int32 (entries,)       matching bytes, 2 … 258
    weight: np.ndarray  # float64 (entries,)  probability of the distance
    starts: np.ndarray  # int64 (P,)
    counts: np.ndarray  # int64 (P,)


class State(NamedTuple):
    """What is private to a fork: small, and treated as a value by `advance`."""

    tail: np.ndarray  # uint8 (T,)        bytes since the window's `size`
    tail_size: np.ndarray  # int64 (1,)
    unigram: np.ndarray  # float64 (P, 256)  weight of the sources of each byte, at n
    alpha: np.ndarray  # float64 (P, RING)   boundary probabilities, at position mod RING, scaled
    reach: np.ndarray  # float64 (P, 260)    weight of the runs of at least so many bytes, from 2
    recent: np.ndarray  # uint64 (1,)        the last 8 bytes, the newest in the highest 8 bits
    known: np.ndarray  # int64 (1,)          bytes of history, 8 at most


@kernel
def byte_at(window, state, p, position):
    """The byte of window `p` at `position`, which may lie in the tail."""
    size = window.size[p]
    if position < size:
        return window.data[p, position]
    return state.tail[position - size]


@kernel
def append(window, grammar, state, old, new, p, value):
    """Append one byte to window `p`: matches, boundary probability, unigram weights.

    `new` receives the matches; the caller then stores the byte itself (`absorb` or `push`).
    """
    size = window.size[p]
    n = size + state.tail_size[0]
    data, tail = window.data[p], state.tail
    reach = state.reach[p]
    reach[:] = 0.0
    end = new.starts[p]
    longest = 0
    if n > 0:
        before = data[n - 1] if n <= size else tail[n - 1 - size]
        end, longest = _merge(window, grammar, tail, old, new, p, n, before, value, reach)
    new.counts[p] = end - new.starts[p]
    for length in range(longest - 1, 1, -1):
        reach[length] += reach[length + 1]

    alpha = state.alpha[p]
    boundary = alpha[n & (RING - 1)] * grammar.literal[p, value]
    lengths = grammar.length[p]
    for length in range(3, longest + 1):
        boundary += alpha[(n + 1 - length) & (RING - 1)] * lengths[length] * reach[length]
    alpha[(n + 1) & (RING - 1)] = boundary
    if boundary < UNDERFLOW:
        # An entry that overflows here is one that no run reaches: a run of l bytes that ends
        # here makes the boundary at least length·distance, some 1e-15, times the one l bytes ago.
        for index in range(RING):
            alpha[index] = min(alpha[index] / UNDERFLOW, 1e300)

    unigram = state.unigram[p]
    unigram[value] += grammar.distance[p, 0]
    border, change = grammar.border, grammar.change[p]
    for index in range(border.shape[0]):
        position = n - border[index]
        if position < 0:
            break
        source = data[position] if position < size else tail[position - size]
        unigram[source] += change[index]


@kernel
def _merge(window, grammar, tail, old, new, p, n, before, value, reach):
    """List the sources of (before, value) newest first, with runs from the list one byte ago.

    Returns the end of the new list and the longest run, and adds each weight to reach[run].
    """
    # numba counts references on every access to an array in a tuple: none of that in the loop
    size, data = window.size[p], window.data[p]
    previous, distance, border = window.previous[p], grammar.distance[p], grammar.border
    old_position, old_run = old.position, old.run
    new_position, new_run, new_weight = new.position, new.run, new.weight
    cursor = old.starts[p]
    old_end = cursor + old.counts[p]
    end = new.starts[p]
    longest = 0
    oldest = max(1, n - border[-1])
    newest = n - 1
    third = np.int64(-1)
    if n >= 2:
        third = np.int64(data[n - 2] if n - 2 < size else tail[n - 2 - size])
    # distances grow from entry to entry, and their classes with them
    code = 0
    weight, last = distance[0], border[0]
    pairs = 0.0
    chained = np.int64(window.head[p, (np.int64(before) << 8) | np.int64(value)])
    while True:
        alone = True
        if newest >= size and newest >= oldest:  # the tail has no chains: it is scanned
            here = newest
            newest -= 1
            if tail[here - size] != value:
                continue
            if (tail[here - size - 1] if here > size else data[here - 1]) != before:
                continue
            preceding = np.int64(-2)
            if here >= 2:
                preceding = np.int64(data[here - 2] if here <= size + 1 else tail[here - 2 - size])
        else:
            here = chained
            if here < oldest:
                break
            link = np.int64(previous[here])
            chained = (link >> LINK) - 1
            alone = (link & GROUP) == 0
            preceding = (link >> 1) & 255
        if n - here > last:
            while n - here > border[code]:
                code += 1
            weight, last = distance[code], border[code]
        new_position[end] = here
        run = 2
        # compared first, so that the list is searched for the few that it holds
        if preceding == third and here >= 2:
            while cursor < old_end and old_position[cursor] >= here:
                cursor += 1
            found = cursor
            if cursor == old_end or old_position[cursor] != here - 1:
                found = _stand_in(window.stride[p], old_position, old.starts[p], old_end, here - 1)
            if found >= 0:
                run = min(old_run[found] + 1, MAX_MATCH)
            longest = max(longest, run)
        all_weight = weight
        if not alone:
            stride, others = window.stride[p, here], window.others[p, here]
            all_weight = _weight_of_all(distance, border, n - here, stride, others)
        new_run[end] = run
        new_weight[end] = all_weight
        end += 1
        if run == 2:  # most are: summed in a register
            pairs += all_weight
        else:
            reach[run] += all_weight
    reach[2] += pairs
    if end > new.starts[p]:
        longest = max(longest, 2)
    return end, longest


@kernel
def _stand_in(stride, position, first, end, wanted):
    """The entry of the list that stands for a position that has left its chain; -1 if none."""
    while wanted < stride.shape[0] and stride[wanted] < 0:
        wanted -= stride[wanted]
        low, high = first, end
        while low < high:  # newest first
            middle = (low + high) >> 1
            if position[middle] > wanted:
                low = middle + 1
            else:
                high = middle
        if low < end and position[low] == wanted:
            return low
    return -1


@kernel
def _weight_of_all(distance, border, nearest, stride, others):
    """Sum of the weights of the distance `nearest` and the `others` beyond, `stride` apart."""
    last = min(nearest + others * stride, border[-1])
    total = 0.0
    index = np.int64(_CLASS[nearest])
    while nearest <= last:
        among = (min(border[index], last) - nearest) // stride + 1
        if among > 0:
            total += among * distance[index]
            nearest += among * stride
        index += 1
    return total


@kernel
def remember(state, value):
    """Note an appended byte among the last ones: once, after the windows have it."""
    newest = np.uint64(value) << np.uint64(56)
    state.recent[0] = (state.recent[0] >> np.uint64(8)) | newest
    state.known[0] = min(state.known[0] + 1, 8)


@kernel
def push(state, value):
    """Store an appended byte in the private tail."""
    state.tail[state.tail_size[0]] = value
    state.tail_size[0] += 1


@kernel
def _link(position, preceding):
    """A position, or -1, with the byte before the bigram that ends where the link is from.

    bit 31 … 9         8 … 1        0
    position + 1   preceding   GROUP: stands for others, too
    """
    return ((np.int64(position) + 1) << LINK) | (np.int64(preceding) << 1)


@kernel
def _chain(window, p, value):
    """Store a byte in the window and its bigram in the chains, weights apart."""
    n = window.size[p]
    data = window.data[p]
    data[n] = value
    window.previous[p, n] = _link(-1, 0)
    window.size[p] = n + 1
    if n == 0:
        return
    key = (np.int64(data[n - 1]) << 8) | np.int64(value)
    last = window.head[p, key]
    window.head[p, key] = n
    window.previous[p, n] = _link(last, data[n - 2] if n >= 2 else 0)
    period = window.period[p]
    if period > 0:
        if data[n - period] == value:
            _stand_for(window, p, n - 1, period)
        else:
            window.period[p] = 0
    elif (n & (LOOK_FOR_PERIOD - 1)) == 0:
        window.period[p] = _find_period(data, n)


@kernel
def _find_period(data, n):
    """The shortest period of the 258 bytes that end at n and as many before them; 0 if none."""
    for period in range(1, MAX_MATCH + 1):
        if n - (MAX_MATCH - 1) - period < 0:
            break
        length = 0
        while length < MAX_MATCH and data[n - length] == data[n - length - period]:
            length += 1
        if length == MAX_MATCH:
            return period
    return 0


@kernel
def _stand_for(window, p, newer, period):
    """Let a position stand for the one a period ago, and for all that this one stands for.

    The last 258 bytes and the next byte are the same at both.
    """
    previous, stride = window.previous[p], window.stride[p]
    older = newer - period
    if stride[older] not in (0, period):
        return
    after = newer
    while (previous[after] >> LINK) - 1 != older:
        after = (previous[after] >> LINK) - 1
    below = (1 << LINK) - 1
    previous[after] = (previous[older] & ~below) | (previous[after] & below)
    previous[newer] |= GROUP
    stride[older] = -period
    stride[newer] = period
    window.others[p, newer] = window.others[p, older] + 1


@kernel
def absorb(window, grammar, p, value):
    """Store an appended byte in the window itself: for the one state that owns it."""
    n = window.size[p]
    data = window.data[p]
    _chain(window, p, value)
    if n == 0:
        return
    bigram, border, change = window.bigram[p], grammar.border, grammar.change[p]
    bigram[data[n - 1], value] += grammar.distance[p, 0]
    for index in range(border.shape[0]):
        position = n - border[index]
        if position < 1:
            break
        bigram[data[position - 1], data[position]] += change[index]


@kernel
def absorb_tail(window, grammar, state):
    """Move the private tail into the window: for the one state that owns it."""
    for p in range(window.size.shape[0]):
        for index in range(state.tail_size[0]):
            absorb(window, grammar, p, state.tail[index])
    state.tail_size[0] = 0


@kernel
def bigram_row(window, grammar, state, p, row):
    """Weight of the sources of each byte after the last one, at n, into `row` (256,).

    The window's histogram, corrected for what has moved past a border since, and the tail.
    """
    size = window.size[p]
    n = size + state.tail_size[0]
    last = byte_at(window, state, p, n - 1)
    counted = window.bigram[p, last]
    for value in range(256):  # a slice would be copied twice
        row[value] = counted[value]
    data = window.data[p]
    if n == size:
        return
    border, change = grammar.border, grammar.change[p]
    for index in range(border.shape[0]):
        farthest = border[index]
        for position in range(max(1, size - farthest), min(size, n - farthest)):
            if data[position - 1] == last:
                row[data[position]] += change[index]
    for position in range(max(1, size, n - border[-1]), n):
        if byte_at(window, state, p, position - 1) == last:
            weight = grammar.distance[p, _CLASS[n - position]]
            row[byte_at(window, state, p, position)] += weight


@njit(cache=True, nogil=True)
def empty_matches(windows, capacity):
    """Room for `capacity` matches of each window."""
    start = np.arange(windows) * capacity
    return Matches(
        np.empty(windows * capacity, np.int32),
        np.empty(windows * capacity, np.int32),
        np.empty(windows * capacity, np.float64),
        start,
        np.zeros(windows, np.int64),
    )


@njit(cache=True, nogil=True)
def compacted(matches):
    """The same matches without the room between the windows."""
    total = matches.counts.sum()
    start = np.cumsum(matches.counts) - matches.counts
    position = np.empty(total, np.int32)
    run = np.empty(total, np.int32)
    weight = np.empty(total, np.float64)
    for p in range(start.shape[0]):
        for index in range(matches.counts[p]):
            position[start[p] + index] = matches.position[matches.starts[p] + index]
            run[start[p] + index] = matches.run[matches.starts[p] + index]
            weight[start[p] + index] = matches.weight[matches.starts[p] + index]
    return Matches(position, run, weight, start, matches.counts.copy())


@njit(cache=True, nogil=True)
def copied(state, tail_capacity):
    """An independent copy of a state, with room for a tail of `tail_capacity` bytes."""
    tail = np.empty(tail_capacity, np.uint8)
    tail[: state.tail_size[0]] = state.tail[: state.tail_size[0]]
    return State(
        tail,
        state.tail_size.copy(),
        state.unigram.copy(),
        state.alpha.copy(),
        state.reach.copy(),
        state.recent.copy(),
        state.known.copy(),
    )


@njit(cache=True, nogil=True)
def flat(state, matches):
    """Both as one plain tuple of arrays: how a kernel returns them to Python; see `unflat`.

    numba makes a NamedTuple by calling Python, where Ctrl-C may raise, and does not look
    whether it did (box_namedtuple, numba/core/boxing.py): a null pointer in the result.
    """
    return (
        (
            state.tail,
            state.tail_size,
            state.unigram,
            state.alpha,
            state.reach,
            state.recent,
            state.known,
        ),
        (matches.position, matches.run, matches.weight, matches.starts, matches.counts),
    )


def unflat(values: tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]) -> tuple[State, Matches]:
    """The state and the matches that `flat` took apart."""
    return State(*values[0]), Matches(*values[1])


@njit(cache=True, nogil=True)
def build(window, grammar, start, recent, known):
    """Index window.data[p, :size[p]], run the boundary probabilities from `start[p]` on.

    The window's `stride`, `others` and `period` must be 0.
    A token boundary is taken for certain at `start`; `recent` and `known` are the state's.
    Returns the state at n = size (with an empty tail) and its matches, `flat`.
    """
    windows = window.size.shape[0]
    farthest = grammar.border[-1]
    state = State(
        np.empty(0, np.uint8),
        np.zeros(1, np.int64),
        np.zeros((windows, 256)),
        np.zeros((windows, RING)),
        np.zeros((windows, MAX_MATCH + 2)),
        recent,
        known,
    )
    old = empty_matches(windows, farthest)
    new = empty_matches(windows, farthest)
    window.head[:] = -1
    window.bigram[:] = 0.0
    for p in range(windows):
        total = window.size[p]
        data = window.data[p]
        window.size[p] = 0
        for n in range(start[p]):
            _chain(window, p, data[n])
        state.alpha[p, start[p] & (RING - 1)] = 1.0
        for n in range(start[p], total):
            append(window, grammar, state, old, new, p, data[n])
            _chain(window, p, data[n])
            # the new list of window p becomes its old one; the others stay where they are
            first, count = new.starts[p], new.counts[p]
            old.position[first : first + count] = new.position[first : first + count]
            old.run[first : first + count] = new.run[first : first + count]
            old.weight[first : first + count] = new.weight[first : first + count]
            old.counts[p] = count
        unigram = state.unigram[p]
        unigram[:] = 0.0
        for distance in range(1, min(total, farthest) + 1):
            position = total - distance
            weight = grammar.distance[p, _CLASS[distance]]
            unigram[data[position]] += weight
            if position > 0:
                window.bigram[p, data[position - 1], data[position]] += weight
    return flat(state, compacted(old))


@njit(cache=True, nogil=True)
def advance(window, grammar, state, matches, data, owned):
    """The state and matches after `data`, uint8 (n,), `flat`.

    Owned: the bytes go into the window, and the tail must be empty. Otherwise the window is
    only read, and the bytes go into a copy of the tail.
    """
    windows = window.size.shape[0]
    state = copied(state, state.tail_size[0] + (0 if owned else data.shape[0]))
    even = empty_matches(windows, grammar.border[-1])
    odd = empty_matches(windows, grammar.border[-1])
    old = matches
    for index in range(data.shape[0]):
        new = even if index % 2 == 0 else odd
        for p in range(windows):
            append(window, grammar, state, old, new, p, data[index])
            if owned:
                absorb(window, grammar, p, data[index])
        remember(state, data[index])
        if not owned:
            push(state, data[index])
        old = new
    return flat(state, compacted(old))
