"""How zlib cuts a text into tokens: `deflate_slow` and `deflate_fast`, nothing emitted.

Source: zlib 1.2.11 to 1.3.1, deflate.c: `deflate_fast` (levels 1 to 3), `deflate_slow` (4 to
9), `fill_window`. The window and its chains: deflate_window.py.

    text   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│
           token │ token │ … token │ (match_available)
                              position              known

Three ways to parse, by what follows the known text:

    DECIDED  anything: stop before the first decision that later bytes could change
    FINAL    nothing: `deflate(Z_FINISH)`
    PROBE    one more byte, which lengthens no match, so it is a literal. `follows` is marked
             for each byte that would lengthen one instead. The literal itself is left out of
             the tokens, being the last.

How the input is cut into calls matters to zlib in one case: at position base + 2·window - 262
exactly, the window slides if `deflate` has not yet been given the rest of it. Here, as with
all input in one call, that position waits until it is known whether the rest comes.
"""

from typing import NamedTuple

import numpy as np

from compgen.kernels.deflate_format import (
    DISTANCE_CODE,
    END_OF_BLOCK,
    LENGTH_CODE,
    MIN_MATCH,
)
from compgen.kernels.deflate_window import (
    CHAIN,
    DECIDED,
    FAST,
    FILTERED,
    FINAL,
    LAZY,
    MIN_LOOKAHEAD,
    PROBE,
    SKIPPED,
    UNDECIDED,
    WINDOW,
    Dictionary,
    chain_head,
    hash_at,
    longest_match,
    text_byte,
)
from compgen.kernels.jit import kernel

TOO_FAR = 4096
"""deflate.c: a match of length 3 that is farther away than this is dropped (levels 4 to 9)."""
NO_DISTANCE = -1
ANY_THIRD = 256
"""Index into `follows`: a match of three may start two bytes before the unknown one."""

POSITION, BASE, AVAILABLE, LENGTH, START = range(5)
"""Fields of `state`, int64 (5,): the next position; the window's; `match_available`,
`match_length` and `match_start` of the position before."""


class Context(NamedTuple):
    """zlib's state after a context: read-only but for DECIDED, which moves it on."""

    state: np.ndarray  # int64 (5,)
    tail: np.ndarray  # uint8 (capacity,)  bytes from the frontier to `known`
    links: np.ndarray  # int32 (capacity,) chain links from the frontier to state[POSITION]
    dictionary: Dictionary


class Tokens(NamedTuple):
    """Parses, one after the other: the i-th is [starts[i]:starts[i + 1]]."""

    symbols: np.ndarray  # int32 (capacity,)    literal/length symbol
    distances: np.ndarray  # int32 (capacity,)  distance symbol, or NO_DISTANCE for a literal
    ends: np.ndarray  # int64 (capacity,)       position after the token
    bases: np.ndarray  # int64 (capacity,)      the window's base at that moment


def make_state() -> np.ndarray:
    """The parse of a stream that begins (`lm_init`)."""
    state = np.zeros(5, np.int64)
    state[LENGTH] = MIN_MATCH - 1
    return state


def make_tokens(capacity: int) -> Tokens:
    """Room for `capacity` tokens."""
    return Tokens(
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int64),
        np.empty(capacity, np.int64),
    )


@kernel
def _slide(position, base, known, mode, rules):
    """`fill_window`: the base before the decision at `position`, or UNDECIDED."""
    window = rules[WINDOW]
    beyond = position - base - (2 * window - MIN_LOOKAHEAD)
    if beyond < 0:
        return base
    if beyond == 0:
        total = known + 1 if mode == PROBE else known
        if total >= base + 2 * window:
            return base
        if mode == DECIDED:
            return np.int64(UNDECIDED)
    return base + window


@kernel
def _parse_slow(state, frontier, rules, dictionary, overlay, tokens, count, known, mode, follows):
    """`deflate_slow`: a match is taken unless a longer one begins at the next byte."""
    window, head, previous = dictionary
    tail, links, newest = overlay
    symbols, distances, ends, bases = tokens
    position, base, available = state[POSITION], state[BASE], state[AVAILABLE]
    length, start = state[LENGTH], state[START]
    total = known + 1 if mode == PROBE else known
    farthest = rules[WINDOW] - MIN_LOOKAHEAD
    while True:
        slid = _slide(position, base, known, mode, rules)
        if slid == UNDECIDED:
            break
        base = slid
        if position >= total or (mode == DECIDED and known - position < MIN_MATCH):
            break
        hashable = known - position >= MIN_MATCH
        hashed = source = np.int64(0)
        prior_length, prior_start = length, start
        length = np.int64(MIN_MATCH - 1)
        if hashable:
            hashed = hash_at(tail, position - frontier, rules)
            source = chain_head(head, newest, frontier, hashed)
            if source > base and prior_length < rules[LAZY] and position - source <= farthest:
                length, found = longest_match(
                    window, previous, tail, links, frontier, position, source, base,
                    prior_length, rules, known, mode, follows,
                )  # fmt: skip
                if length == UNDECIDED:
                    length, start = prior_length, prior_start
                    break
                start = found
                if length <= 5 and (
                    rules[FILTERED] or (length == MIN_MATCH and position - start > TOO_FAR)
                ):
                    length = np.int64(MIN_MATCH - 1)
        elif mode == PROBE and known - position == MIN_MATCH - 1 and prior_length < MIN_MATCH:
            follows[ANY_THIRD] = True
        takes_prior = prior_length >= MIN_MATCH and length <= prior_length
        end = position - 1 + prior_length
        if mode == DECIDED and takes_prior and end + MIN_MATCH - 1 > known:
            length, start = prior_length, prior_start
            break
        if hashable:
            links[position - frontier] = source
            newest[hashed] = position
        if takes_prior:
            symbols[count] = END_OF_BLOCK + 1 + LENGTH_CODE[prior_length]
            distances[count] = DISTANCE_CODE[position - 1 - prior_start]
            ends[count] = end
            bases[count] = base
            count += 1
            for inside in range(position + 1, min(end, known - MIN_MATCH + 1)):
                hashed = hash_at(tail, inside - frontier, rules)
                links[inside - frontier] = chain_head(head, newest, frontier, hashed)
                newest[hashed] = inside
            available = 0
            length = np.int64(MIN_MATCH - 1)
            position = end
        else:
            if available:
                symbols[count] = text_byte(window, tail, frontier, position - 1)
                distances[count] = NO_DISTANCE
                ends[count] = position
                bases[count] = base
                count += 1
            available = 1
            position += 1
    if mode == FINAL and available:
        symbols[count] = text_byte(window, tail, frontier, position - 1)
        distances[count] = NO_DISTANCE
        ends[count] = position
        bases[count] = base
        count += 1
    state[POSITION], state[BASE], state[AVAILABLE] = position, base, available
    state[LENGTH], state[START] = length, start
    return count


@kernel
def _parse_fast(state, frontier, rules, dictionary, overlay, tokens, count, known, mode, follows):
    """`deflate_fast`: the first match is taken; what is inside a long one is not hashed."""
    window, head, previous = dictionary
    tail, links, newest = overlay
    symbols, distances, ends, bases = tokens
    position, base = state[POSITION], state[BASE]
    total = known + 1 if mode == PROBE else known
    farthest = rules[WINDOW] - MIN_LOOKAHEAD
    while True:
        slid = _slide(position, base, known, mode, rules)
        if slid == UNDECIDED:
            break
        base = slid
        if position >= total or (mode == DECIDED and known - position < MIN_MATCH):
            break
        hashable = known - position >= MIN_MATCH
        length = np.int64(MIN_MATCH - 1)
        start = np.int64(-1)
        if hashable:
            hashed = hash_at(tail, position - frontier, rules)
            source = chain_head(head, newest, frontier, hashed)
            if source > base and position - source <= farthest:
                length, start = longest_match(
                    window, previous, tail, links, frontier, position, source, base,
                    length, rules, known, mode, follows,
                )  # fmt: skip
                if length == UNDECIDED:
                    break
            inserts = MIN_MATCH <= length <= rules[LAZY]  # max_insert_length
            if mode == DECIDED and inserts and known - (position + length) < MIN_MATCH:
                break
            links[position - frontier] = source
            newest[hashed] = position
        elif mode == PROBE and known - position == MIN_MATCH - 1:
            follows[ANY_THIRD] = True
        if length >= MIN_MATCH:
            end = position + length
            symbols[count] = END_OF_BLOCK + 1 + LENGTH_CODE[length]
            distances[count] = DISTANCE_CODE[position - start]
            ends[count] = end
            bases[count] = base
            count += 1
            inserts = length <= rules[LAZY] and total - end >= MIN_MATCH
            for inside in range(position + 1, end):
                if inserts:
                    hashed = hash_at(tail, inside - frontier, rules)
                    links[inside - frontier] = chain_head(head, newest, frontier, hashed)
                    newest[hashed] = inside
                else:
                    links[inside - frontier] = SKIPPED
            position = end
        else:
            if position < known:
                symbols[count] = text_byte(window, tail, frontier, position)
                distances[count] = NO_DISTANCE
                ends[count] = position + 1
                bases[count] = base
                count += 1
            position += 1
    state[POSITION], state[BASE] = position, base
    return count


@kernel
def _load(context, frontier, known, rules, overlay):
    """Copy a context's tail into the overlay and hook what is decided of it."""
    tail, links, newest = overlay
    from_tail, from_links = context.tail, context.links
    for index in range(known - frontier):
        tail[index] = from_tail[index]
    for index in range(context.state[POSITION] - frontier):
        links[index] = from_links[index]
        if links[index] != SKIPPED:
            newest[hash_at(tail, index, rules)] = frontier + index


@kernel
def _unload(position, frontier, rules, overlay):
    """Leave no position in `newest`, which the next context would take for its own."""
    tail, links, newest = overlay
    for index in range(position - frontier):
        if links[index] != SKIPPED:
            newest[hash_at(tail, index, rules)] = -1


@kernel
def _unhook(overlay, frontier, start, stop, rules):
    """Undo the insertion of positions start … stop - 1, the newest."""
    tail, links, newest = overlay
    for index in range(stop - frontier - 1, start - frontier - 1, -1):
        link = links[index]
        if link != SKIPPED:
            newest[hash_at(tail, index, rules)] = link if link >= frontier else -1


@kernel
def _mark_third_bytes(state, frontier, known, rules, dictionary, overlay, follows):
    """Mark the bytes that make a match of three with the two before them."""
    window, head, previous = dictionary
    tail, links, newest = overlay
    mask = window.size - 1
    index = known - 2 - frontier
    oldest = max(state[BASE], known - 2 - rules[WINDOW])
    for third in range(256):
        tail[index + 2] = third
        source = chain_head(head, newest, frontier, hash_at(tail, index, rules))
        chain = rules[CHAIN]
        while source > oldest and chain > 0:
            if (
                text_byte(window, tail, frontier, source) == tail[index]
                and text_byte(window, tail, frontier, source + 1) == tail[index + 1]
                and text_byte(window, tail, frontier, source + 2) == third
            ):
                follows[third] = True
                break
            if source >= frontier:
                source = np.int64(links[source - frontier])
            else:
                source -= np.int64(previous[source & mask])
            chain -= 1


@kernel
def parse_each(
    context, frontier, known, rules, mode, data, offsets, first,
    state, overlay, tokens, starts, bases, follows,
):  # fmt: skip
    """Parse what is not decided of a context, followed by each candidate in turn.

    known    the position after the context's last byte
    mode     DECIDED (one empty candidate; moves the context's state and links on), FINAL or
             PROBE (there is one unknown byte after each candidate)
    data, offsets  uint8, int64 (n + 1,)  candidate i is data[offsets[i]:offsets[i + 1]]
    first    the candidate to begin with
    state, overlay, tokens  scratch and result; there must be room for the first parse: tokens for
             known - state[POSITION] + its length + 1, overlay for 3 bytes beyond the text
    starts   int64 (n + 1,)     result: where each parse begins in `tokens`
    bases    int64 (n,)         result: the window's base at the end of each
    follows  bool (n, 257)      result of PROBE

    Returns the next candidate, which is n unless the tokens were full.
    """
    dictionary, tail = context.dictionary, overlay.tail
    decided = context.state[POSITION]
    _load(context, frontier, known, rules, overlay)
    count = 0
    candidate = first
    while candidate < bases.size:
        start, stop = offsets[candidate], offsets[candidate + 1]
        end = known + stop - start
        if count + end - decided + 1 > tokens.symbols.size:
            break
        for index in range(start, stop):
            tail[known - frontier + index - start] = data[index]
        for field in range(state.size):
            state[field] = context.state[field]
        starts[candidate] = count
        row = follows[candidate % follows.shape[0]]
        if rules[FAST]:
            count = _parse_fast(
                state, frontier, rules, dictionary, overlay, tokens, count, end, mode, row
            )
        else:
            count = _parse_slow(
                state, frontier, rules, dictionary, overlay, tokens, count, end, mode, row
            )
        bases[candidate] = state[BASE]
        starts[candidate + 1] = count
        candidate += 1
        if mode == DECIDED:
            break
        _unhook(overlay, frontier, decided, end - MIN_MATCH + 1, rules)
        if mode == PROBE and row[ANY_THIRD]:
            _mark_third_bytes(context.state, frontier, end, rules, dictionary, overlay, row)
    if mode == DECIDED:
        for index in range(decided - frontier, state[POSITION] - frontier):
            context.links[index] = overlay.links[index]
        for field in range(state.size):
            context.state[field] = state[field]
    _unload(context.state[POSITION], frontier, rules, overlay)
    return candidate
