"""zlib's window: its hash chains and the longest match in it.

Source: zlib 1.2.11 to 1.3.1, deflate.c: `longest_match`, `INSERT_STRING`, `UPDATE_HASH`,
`configuration_table`, `deflateInit2_`; deflate.h: MIN_LOOKAHEAD, MAX_DIST.

Positions are counted from the start of the stream. What lies before the `frontier` is in the
dictionary, which scoring only reads, so that forks and threads can share it. What lies after
it is in an overlay, where undoing a candidate means to unhook its positions from `newest`.

               dictionary (zlib's window, prev, head)  │  overlay
    text     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒│░░░░░░░░░░░
             window[position mod window size]          │ tail[position - frontier]
    chain    ◄── previous[position mod window size] ◄──│◄── links[position - frontier]
    by hash           head[hash]                       │          newest[hash]
                                                    frontier      │        │           │
                                                               position  known      candidate
                                                            decided ┘ undecided ┘

    base     the position that zlib's window index 0 stands for. zlib takes index 0 for "no
             match" and slides by one window when less than 262 bytes are left, so a position
             at or below `base` is never a source, nor can a block that began before it be
             stored. Any position at or below it, or -1, ends a chain.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import MAX_MATCH, MIN_MATCH
from compgen.kernels.jit import kernel

DECIDED, FINAL, PROBE = range(3)
"""What follows the known text; see deflate_parse.py."""

MIN_LOOKAHEAD = MAX_MATCH + MIN_MATCH + 1
UNDECIDED = -1
SKIPPED = -2
"""A link of a position that `deflate_fast` leaves out of its chains."""

NO_LINK = 0xFFFF
"""A distance beyond any window, which ends a chain."""

GOOD, LAZY, NICE, CHAIN, FAST, FILTERED, WINDOW, HASH_SHIFT, HASH_MASK, BLOCK_SYMBOLS = range(10)
"""Fields of `rules`, int64 (10,)."""

_CONFIGURATION = {
    1: (4, 4, 8, 4),
    2: (4, 5, 16, 8),
    3: (4, 6, 32, 32),
    4: (4, 4, 16, 16),
    5: (8, 16, 32, 32),
    6: (8, 16, 128, 128),
    7: (8, 32, 128, 256),
    8: (32, 128, 258, 1024),
    9: (32, 258, 258, 4096),
}
"""deflate.c, `configuration_table`: good, lazy, nice, chain."""


class Dictionary(NamedTuple):
    """What lies before the frontier, W the window size."""

    window: np.ndarray  # uint8 (W,)       the last W bytes, by position mod W
    head: np.ndarray  # int32 (hash size,) newest position of each hash
    previous: np.ndarray  # uint16 (W,)    how much older the next one of the same hash is


class Overlay(NamedTuple):
    """What lies after the frontier; index 0 is the frontier's."""

    tail: np.ndarray  # uint8 (capacity,)
    links: np.ndarray  # int32 (capacity,)  next older position of the same hash, or SKIPPED
    newest: np.ndarray  # int32 (hash size,) newest position of each hash, if at the frontier
    #                                        or after it; anything older means "see head"


def make_rules(level: int, wbits: int, memlevel: int, filtered: bool) -> np.ndarray:
    """`deflateInit2_`: the parameters of a stream, as one array."""
    good, lazy, nice, chain = _CONFIGURATION[level]
    hash_bits = memlevel + 7
    return np.array(
        [
            good,
            lazy,
            nice,
            chain,
            level <= 3,
            filtered,
            1 << wbits,
            (hash_bits + MIN_MATCH - 1) // MIN_MATCH,
            (1 << hash_bits) - 1,
            # one short of lit_bufsize, in every version: last_lit == lit_bufsize - 1 before
            # 1.2.12, sym_next == sym_end = 3 · (lit_bufsize - 1) since, and in 1.3.1's
            # LIT_MEM layout sym_end = lit_bufsize - 1
            (1 << (memlevel + 6)) - 1,
        ],
        np.int64,
    )


def make_dictionary(rules: np.ndarray) -> Dictionary:
    """An empty one."""
    window = int(rules[WINDOW])
    return Dictionary(
        np.zeros(window, np.uint8),
        np.full(int(rules[HASH_MASK]) + 1, -1, np.int32),
        np.full(window, NO_LINK, np.uint16),
    )


def make_overlay(hash_size: int, capacity: int) -> Overlay:
    """An empty one with room for `capacity` bytes."""
    return Overlay(
        np.zeros(capacity, np.uint8),
        np.zeros(capacity, np.int32),
        np.full(hash_size, -1, np.int32),
    )


@kernel
def _slot(position, mask):
    return np.uint64(position & mask)  # unsigned: numba need not ask whether it is negative


@kernel
def text_byte(window, tail, frontier, position):
    """The byte at any position from a window before the frontier on."""
    if position >= frontier:
        return tail[position - frontier]
    return window[_slot(position, window.size - 1)]


@kernel
def hash_at(tail, index, rules):
    """`UPDATE_HASH` of three bytes; older ones are shifted out of the mask."""
    shift = rules[HASH_SHIFT]
    first = np.int64(tail[index]) << (2 * shift)
    second = np.int64(tail[index + 1]) << shift
    return (first ^ second ^ np.int64(tail[index + 2])) & rules[HASH_MASK]


@kernel
def chain_head(head, newest, frontier, hashed):
    """The newest position with a hash."""
    position = np.int64(newest[hashed])
    return position if position >= frontier else np.int64(head[hashed])


@kernel
def _match_length(window, tail, frontier, source, index, limit):
    """How many bytes at `source` equal those at tail[index:], at most `limit`."""
    length = 2
    if source < frontier:
        mask = window.size - 1
        within = min(limit, frontier - source)
        while length < within:
            if window[(source + length) & mask] != tail[index + length]:
                return length
            length += 1
    offset = source - frontier
    while length < limit and tail[offset + length] == tail[index + length]:
        length += 1
    return length


@kernel
def longest_match(
    window, previous, tail, links, frontier, position, source, base, best, rules, known, mode,
    follows,
):  # fmt: skip
    """`longest_match`: (length, start) of the best match longer than `best`, or (best, -1).

    `source` is the first position of the chain. A length of UNDECIDED: in mode DECIDED, more
    bytes could change the answer.
    """
    mask = window.size - 1
    index = position - frontier
    reach = known - position
    lookahead = reach
    if mode == PROBE:
        lookahead += 1
    elif mode == DECIDED:
        lookahead = max(reach, MIN_LOOKAHEAD)
    start = np.int64(-1)
    if best >= lookahead:
        return best, start
    if best >= reach and mode == DECIDED:
        return np.int64(UNDECIDED), start
    limit = min(MAX_MATCH, reach)
    open_end = reach < min(MAX_MATCH, lookahead)
    nice = min(rules[NICE], lookahead)
    chain = rules[CHAIN]
    if best >= rules[GOOD]:
        chain >>= 2
    oldest = max(base, position - (rules[WINDOW] - MIN_LOOKAHEAD))
    first = tail[index]
    second = tail[index + 1]
    before_end = tail[index + best - 1]
    known_end = best < reach  # in PROBE, the byte that would make a match longer may be unknown
    end = tail[index + best] if known_end else np.uint8(0)
    while True:
        if source + best < frontier:
            # all in the window: the loop that takes nearly all of the time
            while (
                window[_slot(source + best, mask)] != end
                or window[_slot(source + best - 1, mask)] != before_end
            ) and known_end:
                source -= np.int64(previous[_slot(source, mask)])
                chain -= 1
                if source <= oldest or chain == 0:
                    return best, start
            candidate = (
                window[_slot(source + best - 1, mask)] == before_end
                and window[_slot(source, mask)] == first
                and window[_slot(source + 1, mask)] == second
            )
        else:
            candidate = (
                (not known_end or text_byte(window, tail, frontier, source + best) == end)
                and text_byte(window, tail, frontier, source + best - 1) == before_end
                and text_byte(window, tail, frontier, source) == first
                and text_byte(window, tail, frontier, source + 1) == second
            )
        if candidate:
            length = np.int64(_match_length(window, tail, frontier, source, index, limit))
            if open_end and length == reach:
                if mode == DECIDED:
                    return np.int64(UNDECIDED), start
                follows[text_byte(window, tail, frontier, source + length)] = True
            if length > best:
                best = length
                start = source
                if length >= nice:
                    break
                before_end = tail[index + best - 1]
                known_end = best < reach
                end = tail[index + best] if known_end else np.uint8(0)
        if source >= frontier:
            source = np.int64(links[source - frontier])
        else:
            source -= np.int64(previous[_slot(source, mask)])
        chain -= 1
        if source <= oldest or chain == 0:
            break
    return best, start


@kernel
def absorb(position, frontier, rules, dictionary, tail, links):
    """Move what is before `position` into the dictionary; the caller moves the tail."""
    mask = rules[WINDOW] - 1
    for index in range(position - frontier):
        slot = (frontier + index) & mask
        dictionary.window[slot] = tail[index]
        if links[index] != SKIPPED:
            distance = frontier + index - np.int64(links[index])
            dictionary.previous[slot] = min(distance, NO_LINK)
            dictionary.head[hash_at(tail, index, rules)] = frontier + index
