"""`DeflateState`: where zlib is after a context, ready to parse any continuation of it.

                      shared by forks, copied before it is written to     kilobytes, own
    context ──►  Dictionary (window and hash chains, some 220 KB)    +    tail, state, ledger
                                             │
    candidates ──► parse_each ──► Parses ──► measured by a reading (deflate_measures.py)
                   in the thread's Workspace, which holds nothing between calls

This module needs numba: import it where a state is built.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compgen.kernels.deflate_exact import Row, make_row
from compgen.kernels.deflate_frozen import Prices, make_prices
from compgen.kernels.deflate_ledger import (
    BLOCK_START,
    Coder,
    Ledger,
    make_coder,
    make_ledger,
    measure_each,
)
from compgen.kernels.deflate_parse import (
    BASE,
    POSITION,
    START,
    Context,
    Tokens,
    make_state,
    make_tokens,
    parse_each,
)
from compgen.kernels.deflate_window import (
    DECIDED,
    PROBE,
    WINDOW,
    Dictionary,
    Overlay,
    absorb,
    make_dictionary,
    make_overlay,
    make_rules,
)

_CHUNK = 1 << 13
"""Bytes of a context that are parsed at once: the dictionary is faster than what is beside it."""
_OWNED_TAIL = 256
"""Decided bytes beside the dictionary: they are put into it when there are more …"""
_SHARED_TAIL = 2048
"""… or, while a fork has it too and it must be copied first, when there are many more."""
_POSITIONS = 1 << 30
"""Positions are 32-bit numbers; they start anew before they get there."""
_TOKENS = 1 << 16
"""Tokens in one batch of parses, unless one candidate may take more."""

_NO_DATA = np.zeros(0, np.uint8)
_NO_SIZE = np.zeros(1, np.int64)
_NO_LENGTHS = np.zeros(0)
_NO_ROW = np.zeros((1, 257), np.bool_)

_thread = threading.local()


@dataclass
class Workspace:
    """One thread's scratch for streams of one hash size."""

    state: NDArray[np.int64]
    overlay: Overlay
    tokens: Tokens
    ledger: Ledger
    coder: Coder
    row: Row
    prices: Prices
    totals: NDArray[np.float64]

    @classmethod
    def get(cls, hash_size: int, text: int, tokens: int) -> "Workspace":
        """This thread's own, with room for `text` bytes and `tokens` tokens at least."""
        mine: dict[int, Workspace] | None = getattr(_thread, "workspaces", None)
        if mine is None:
            mine = _thread.workspaces = {}
        if hash_size not in mine:
            mine[hash_size] = cls(
                make_state(),
                make_overlay(hash_size, 1024),
                make_tokens(_TOKENS),
                make_ledger(),
                make_coder(),
                make_row(),
                make_prices(),
                np.zeros(2),
            )
        work = mine[hash_size]
        if len(work.overlay.tail) < text:
            larger = make_overlay(hash_size, 2 * text)
            work.overlay = larger._replace(newest=work.overlay.newest)
        if len(work.tokens.symbols) < tokens:
            work.tokens = make_tokens(2 * tokens)
        return work


@dataclass(frozen=True, slots=True)
class Parses:
    """Parses first … stop - 1 of n; the arrays are as `parse_each` fills them."""

    first: int
    stop: int
    tokens: Tokens
    starts: NDArray[np.int64]
    bases: NDArray[np.int64]
    ends: NDArray[np.int64]
    """The position at which each text ends, shape (n,)."""
    follows: NDArray[np.bool_]
    """PROBE: the bytes after each that may belong to a match, shape (n, 257)."""
    work: Workspace
    """The thread's, free for measuring but for the tokens."""


class DeflateState:
    """zlib's encoder after a context, its open block and the bits that the closed ones took.

    Threads may parse candidates after one state at the same time, as long as none advances it.
    """

    def __init__(self, level: int, wbits: int, memlevel: int, filtered: bool) -> None:
        self.rules: NDArray[np.int64] = make_rules(level, wbits, memlevel, filtered)
        self.ledger = make_ledger()
        self._frontier = 0
        self._known = 0
        self._owned = True
        self._context = Context(
            make_state(), _NO_DATA, np.zeros(0, np.int32), make_dictionary(self.rules)
        )

    def advance(self, data: bytes) -> None:
        """Append `data` to the context, in place."""
        for start in range(0, len(data), _CHUNK):
            self._append(np.frombuffer(data[start : start + _CHUNK], np.uint8))

    def fork(self) -> Self:
        """An independent copy; the dictionary is shared until one of the two outgrows it."""
        self._owned = False
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.ledger = Ledger(*(array.copy() for array in self.ledger))
        state, tail, links, dictionary = self._context
        used = self._known - self._frontier
        twin._context = Context(state.copy(), tail[:used].copy(), links[:used].copy(), dictionary)
        return twin

    def parse(
        self, mode: int, data: NDArray[np.uint8], sizes: NDArray[np.int64]
    ) -> Iterator[Parses]:
        """Parse the undecided tail with each candidate, in batches that share their arrays.

        mode         FINAL or PROBE, as for `parse_each`
        data, sizes  the candidates, joined, and the length of each, shape (n,)
        """
        count = len(sizes)
        work = self._workspace(self._known - self._frontier + int(sizes.max(initial=0)))
        offsets = np.zeros(count + 1, np.int64)
        sizes.cumsum(out=offsets[1:])
        starts, bases = np.empty(count + 1, np.int64), np.empty(count, np.int64)
        ends = sizes + (self._known + (mode == PROBE))
        follows = np.zeros((count, 257), np.bool_) if mode == PROBE else _NO_ROW
        place = self._context, self._frontier, self._known, self.rules, mode, data, offsets
        scratch = work.state, work.overlay, work.tokens, starts, bases, follows
        first = 0
        while first < count:
            stop = parse_each(*place, first, *scratch)
            yield Parses(first, stop, work.tokens, starts, bases, ends, follows, work)
            first = stop

    def _workspace(self, text: int) -> Workspace:
        """This thread's scratch, for `text` bytes beside the dictionary."""
        # a byte to probe with, three to hash, and a token more than bytes
        return Workspace.get(len(self._context.dictionary.head), text + 4, text + 1)

    @property
    def _decided(self) -> int:
        """How many bytes beside the dictionary are parsed."""
        return int(self._context.state[POSITION]) - self._frontier

    def _append(self, chunk: NDArray[np.uint8]) -> None:
        used = self._known - self._frontier
        self._reserve(used + len(chunk))
        self._context.tail[used : used + len(chunk)] = chunk
        self._known += len(chunk)
        work = self._workspace(used + len(chunk))
        starts, bases = np.zeros(2, np.int64), np.zeros(1, np.int64)
        parse_each(
            *(self._context, self._frontier, self._known, self.rules, DECIDED),
            *(_NO_DATA, starts, 0, work.state, work.overlay, work.tokens, starts, bases, _NO_ROW),
        )
        if starts[1]:
            measure_each(
                *(self.ledger, self.rules, work.tokens, starts, bases, bases, 0, 1, True),
                *(work.ledger, work.coder, _NO_LENGTHS, _NO_LENGTHS),
            )
        if self._decided >= (_OWNED_TAIL if self._owned else _SHARED_TAIL):
            self._absorb()

    def _reserve(self, size: int) -> None:
        tail, links = self._context.tail, self._context.links
        if size > len(tail):
            more = max(size, 2 * len(tail), 2 * _OWNED_TAIL) - len(tail)
            self._context = self._context._replace(
                tail=np.concatenate([tail, np.zeros(more, np.uint8)]),
                links=np.concatenate([links, np.zeros(more, np.int32)]),
            )

    def _absorb(self) -> None:
        """Put what is decided into the dictionary, which is copied if a fork has it too."""
        state, tail, links, dictionary = self._context
        if not self._owned:
            dictionary = Dictionary(*(array.copy() for array in dictionary))
            self._owned = True
        decided = self._decided
        absorb(self._frontier + decided, self._frontier, self.rules, dictionary, tail, links)
        rest = tail[decided : self._known - self._frontier]
        self._frontier += decided
        tail = np.zeros(len(rest) + 2 * _OWNED_TAIL, np.uint8)
        tail[: len(rest)] = rest
        self._context = Context(state, tail, np.zeros(len(tail), np.int32), dictionary)
        if self._frontier >= _POSITIONS:
            self._start_positions_anew()

    def _start_positions_anew(self) -> None:
        """Subtract windows from every position. All that is decided is in the dictionary, and
        the dictionary is this state's own."""
        state, _, _, dictionary = self._context
        window = int(self.rules[WINDOW])
        shift = int(state[BASE]) // window * window
        state[[POSITION, BASE, START]] -= shift
        self.ledger.sums[BLOCK_START] -= shift
        np.maximum(dictionary.head - shift, -1, out=dictionary.head)
        self._frontier -= shift
        self._known -= shift
