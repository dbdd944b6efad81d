"""`DecoderMarginal`: the state machine behind deflate's decoder-marginals, one or many.

    primes ─┐                                          ┌─ next_byte / bits / next_bytes
    history ┴─► refresh: tables, window, chains ─► state ─► advance ─► state …   (kernels)
                 every few thousand bytes                └─ fork: a few references

What is where, and who may change it:

    Grammar, Window   shared by forks. The window is changed in place only by a state that
                      owns it: one that has copied it, or was never forked.
    State, Matches    values: `advance` replaces them, so a fork costs nothing at all.

A shared window is not copied before the private tail outgrows TAIL bytes: a beam that forks
at every step copies kilobytes a byte and the window never or rarely.

Refresh. At fixed points of the history (`refresh_point`) the tables are read anew off the
encoder's parse of the last window, and the boundary probabilities run anew over the last
WARM_UP bytes. Between two points nothing depends on how the bytes arrived: the distribution
is a function of (primes, history) alone, however the caller splits the history between
constructor and `advance`, and the decoder of an arithmetic coder sees what its encoder saw.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.conditionals.marginal_tables import (
    PARSED,
    DeflateOptions,
    TableKind,
    TokenShape,
    distance_borders,
    longer_than,
    token_grammar,
)
from compgen.conditionals.truncated_sources import sort_sources
from compgen.kernels.deflate_format import MAX_MATCH
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.lz_marginal import Grammar, Matches, State, Window
    from compgen.kernels.lz_marginal_truncated import Truncated
    from compgen.kernels.repeats import Repeats

WARM_UP = 2 * MAX_MATCH
"""Bytes over which boundary probabilities run before a refresh point, from a boundary taken
for certain: tokens of text are a few bytes long, so what came before is long forgotten."""
MEMORY = 8
"""Bytes of history that a truncated expert can know."""
TAIL = 32
"""Bytes that a state appends to a shared window before it copies the window."""
SPAN_TAIL = 96
"""Longest span that is scored on the shared window; longer ones are scored on a copy."""
SHORTEST_INTERVAL, LONGEST_INTERVAL = 16, 8192
"""Bytes between refresh points: a quarter of what there is to count, within these limits.

Half of that gains 0.001 bits per byte on text behind a prime, and twice as much work."""


def _intervals() -> list[int]:
    interval, intervals = SHORTEST_INTERVAL, []
    while interval <= LONGEST_INTERVAL:
        intervals.append(interval)
        interval *= 2
    return intervals


def _span(interval: int, known: int) -> tuple[int, float]:
    """The history lengths at which `interval` is in force, given `known` bytes before it."""
    low = 0 if interval == SHORTEST_INTERVAL else 4 * interval - known
    high = float("inf") if interval == LONGEST_INTERVAL else 8 * interval - known
    return max(0, low), high


def refresh_point(history: int, known: int) -> int:
    """The last refresh point at or before `history` bytes, with `known` bytes of prime.

    Refresh points are the multiples of an interval that is a quarter of known + history,
    rounded down to a power of two, and 0.
    """
    point = 0
    for interval in _intervals():
        low, high = _span(interval, known)
        last = int(min(history, high - 1)) // interval * interval
        if last >= low:
            point = max(point, last)
    return point


def next_refresh_point(history: int, known: int) -> int:
    """The first refresh point after `history` bytes, with `known` bytes of prime."""
    points = []
    for interval in _intervals():
        low, high = _span(interval, known)
        first = max(history // interval + 1, -(-low // interval)) * interval
        if first < high:
            points.append(first)
    return min(points)


class DecoderMarginal(NextByteConditional):
    """A mixture of decoder-marginals over primes that share a history; see the module.

    Window p sees primes[p] + history, with a token boundary where the history begins, and has
    the share shares[p] of the mixture; the rest is that of `truncated` experts, which see
    their own primes and the last few bytes, and which no refresh concerns.
    """

    reading = Reading.MARGINAL
    penalises_repeats = True

    def __init__(
        self,
        primes: Sequence[bytes],
        shares: NDArray[np.float64],
        history: bytes,
        *,
        options: DeflateOptions,
        tables: TableKind,
        shape: TokenShape,
        truncated: "Truncated | None" = None,
    ) -> None:
        self._options = options
        self._tables: TableKind = tables
        self._shape = shape
        self._shares = np.array(shares, np.float64)
        self._truncated = truncated or no_truncated()
        self._known = min((len(prime) for prime in primes), default=0)
        self._grammar: Grammar
        self._window: Window
        self._state: State
        self._matches: Matches
        self._owned = True
        self._length = refresh_point(len(history), self._known)
        start = history[: self._length]
        self._refresh([(prime, start) for prime in primes], start[-MEMORY:])
        self.advance(history[self._length :])

    @property
    def history_length(self) -> int:
        """Bytes of history so far."""
        return self._length

    def next_byte(self) -> Bits:
        from compgen.kernels.lz_marginal_mixture import next_byte

        probabilities = np.empty(256)
        next_byte(*self._model, np.empty((2, MAX_MATCH + 2)), probabilities)
        return -np.log2(probabilities)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        """Code length of each continuation by the chain rule, in bits, shape (n,)."""
        return self._score(continuations, rows=False)[0]

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        """Code length of each prefix followed by each byte, in bits, shape (n, 256)."""
        return self._score(prefixes, rows=True)[1]

    def advance(self, data: bytes) -> None:
        from compgen.kernels.lz_marginal import advance, unflat

        done = 0
        while done < len(data):
            room = self._next_refresh - self._length
            if not self._owned:
                left = TAIL - int(self._state.tail_size[0])
                if left == 0:
                    self._own()
                elif len(data) - done <= left:
                    room = min(room, left)
                else:
                    self._own()
            piece = data[done : done + room]
            after = advance(
                self._window,
                self._grammar,
                self._state,
                self._matches,
                np.frombuffer(bytearray(piece), np.uint8),
                self._owned,
            )
            self._state, self._matches = unflat(after)
            done += len(piece)
            self._moved(len(piece))

    def code_lengths(self, data: bytes) -> Bits:
        """Code length of each byte of `data`, shape (n,), compiled; advances over it."""
        from compgen.kernels.lz_marginal import unflat
        from compgen.kernels.lz_marginal_mixture import consume

        lengths = np.empty(len(data))
        done = 0
        while done < len(data):
            self._own()
            piece = data[done : done + self._next_refresh - self._length]
            bits, after = consume(*self._model, np.frombuffer(bytearray(piece), np.uint8))
            self._state, self._matches = unflat(after)
            lengths[done : done + len(piece)] = bits
            done += len(piece)
            self._moved(len(piece))
        return lengths

    def fork(self) -> Self:
        self._owned = False
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repeats: "Repeats | None" = None,
    ) -> tuple[bytes, Bits]:
        """One byte for each uniform number in [0, 1), in the compiled loop; advances over them.

        Returns the bytes and the code length of each, -log2 p before shaping, shape (n,).
        `repeats` is the state of DRY, to which the bytes are appended: it must have room.

        Shaping and drawing are compgen.distribution's: the bytes are those of the Python-level
        loop with the same uniforms.
        """
        from compgen.kernels.lz_marginal import unflat
        from compgen.kernels.lz_marginal_sample import generate

        pieces = []
        bits = np.empty(uniforms.size)
        done = 0
        while done < uniforms.size:
            self._own()
            piece = uniforms[done : done + self._next_refresh - self._length]
            data, cost, after = generate(
                *self._model,
                np.array(piece, np.float64),
                float(temperature),
                int(top_k),
                float(typical),
                float(top_p),
                float(min_p),
                repeats or no_repeats(),
            )
            self._state, self._matches = unflat(after)
            pieces.append(data.tobytes())
            bits[done : done + piece.size] = cost
            done += piece.size
            self._moved(piece.size)
        return b"".join(pieces), bits

    @property
    def _model(
        self,
    ) -> "tuple[Window, Grammar, State, Matches, NDArray[np.float64], Truncated]":
        return (
            self._window,
            self._grammar,
            self._state,
            self._matches,
            self._shares,
            self._truncated,
        )

    def _score(self, spans: Sequence[bytes], *, rows: bool) -> tuple[Bits, Bits]:
        from compgen.kernels.lz_marginal_mixture import score

        bits = np.empty(len(spans))
        grid = np.empty((len(spans) if rows else 0, 256))
        # A byte after a refresh point has a distribution of other tables, and the window is
        # only read here: spans that reach there, or are long, are scored on a copy.
        reach = min(SPAN_TAIL, self._next_refresh - self._length - rows)
        inside = [index for index, span in enumerate(spans) if len(span) <= reach]
        for index in set(range(len(spans))).difference(inside):
            twin = self.fork()
            bits[index] = twin.code_lengths(spans[index]).sum()
            if rows:
                grid[index] = bits[index] + twin.next_byte()
        if inside:
            chosen = [spans[index] for index in inside]
            offsets = np.cumsum([0] + [len(span) for span in chosen])
            found = np.empty((len(inside) if rows else 0, 256))
            bits[inside] = score(
                *self._model, np.frombuffer(bytearray(b"".join(chosen)), np.uint8), offsets, found
            )
            if rows:
                grid[inside] = found
        return bits, grid

    def _own(self) -> None:
        """Make the window this state's alone, with everything in it."""
        from compgen.kernels.lz_marginal import State, Window, absorb_tail

        if not self._owned:
            self._window = Window(*(array.copy() for array in self._window))
            self._state = State(*(array.copy() for array in self._state))
            absorb_tail(self._window, self._grammar, self._state)
            self._owned = True

    def _moved(self, count: int) -> None:
        """Account for `count` bytes appended; refresh where that is due."""
        self._length += count
        if self._length == self._next_refresh:
            tail = self._state.tail[: int(self._state.tail_size[0])].tobytes()
            rows = []
            for p, size in enumerate(self._window.size):
                row = self._window.data[p, :size].tobytes() + tail
                origin = int(self._window.origin[p])
                rows.append((row[:origin], row[origin:]))
            recent = int(self._state.recent[0]).to_bytes(MEMORY, "little")
            self._refresh(rows, recent[MEMORY - int(self._state.known[0]) :])

    def _refresh(self, rows: Sequence[tuple[bytes, bytes]], recent: bytes) -> None:
        """Tables, window and state afresh from each window's (prime, history).

        `recent` are the last MEMORY bytes of the history, or as many as there are.
        """
        from compgen.kernels.lz_marginal import Window, build, unflat

        self._next_refresh = next_refresh_point(self._length, self._known)
        farthest = self._options.max_distance
        self._grammar = self._read_grammar([prime + history for prime, history in rows])
        keep = max(PARSED, farthest + WARM_UP + 1)
        capacity = keep + self._next_refresh - self._length
        windows = len(rows)
        window = Window(
            data=np.zeros((windows, capacity), np.uint8),
            size=np.zeros(windows, np.int64),
            origin=np.zeros(windows, np.int64),
            head=np.empty((windows, 1 << 16), np.int32),
            previous=np.empty((windows, capacity), np.int32),
            stride=np.zeros((windows, capacity), np.int32),
            others=np.zeros((windows, capacity), np.int32),
            period=np.zeros(windows, np.int64),
            bigram=np.empty((windows, 256, 256)),
        )
        start = np.zeros(windows, np.int64)
        for p, (prime, history) in enumerate(rows):
            row = (prime + history)[-keep:]
            window.data[p, : len(row)] = np.frombuffer(row, np.uint8)
            window.size[p] = len(row)
            window.origin[p] = max(0, len(row) - len(history))
            start[p] = max(window.origin[p], len(row) - WARM_UP)
        self._window = window
        newest_highest = int.from_bytes(recent.rjust(MEMORY, b"\0"), "little")
        built = build(
            window,
            self._grammar,
            start,
            np.array([newest_highest], np.uint64),
            np.array([len(recent)], np.int64),
        )
        self._state, self._matches = unflat(built)
        self._owned = True

    def _read_grammar(self, rows: Sequence[bytes]) -> "Grammar":
        from compgen.kernels.lz_marginal import Grammar

        border = distance_borders(self._options.max_distance)
        windows = len(rows)
        literal = np.empty((windows, 256))
        length = np.empty((windows, MAX_MATCH + 1))
        distance = np.empty((windows, border.size))
        for p, row in enumerate(rows):
            found = token_grammar(row, self._options, tables=self._tables).shaped(self._shape)
            literal[p] = found.literal
            length[p] = found.length
            distance[p] = found.distance[: border.size]
        change = np.diff(distance, axis=1, append=0.0)
        return Grammar(literal, length, longer_than(length), distance, change, border)


@cache
def no_truncated() -> "Truncated":
    """No truncated experts at all."""
    return sort_sources([], [], 0, np.zeros(0, np.int64), np.zeros((0, 0)))


@cache
def no_repeats() -> "Repeats":
    """No penalty for repeats."""
    from compgen.kernels.repeats import none

    return none()
