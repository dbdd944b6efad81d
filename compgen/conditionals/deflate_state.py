"""`DeflateState`: where zlib is after a context, ready to parse any continuation of it.

                      shared by forks, copied before it is written to     kilobytes, own
    context ──►  Dictionary (window and hash chains, some 300 KB)    +    tail, state, ledger
                                             │
    candidates ──► parse_each ──► Parses ──► measured by a reading
                   in the thread's Workspace, which holds nothing between calls
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from compgen.kernels.deflate_exact import Row
    from compgen.kernels.deflate_ledger import Coder, Ledger
    from compgen.kernels.deflate_parse import Tokens
    from compgen.kernels.deflate_window import Overlay

_CHUNK = 1 << 16
"""Bytes of a context that are parsed at once, which bounds the memory that it takes."""
_OWNED_TAIL = 256
"""Decided bytes beside the dictionary: there are put into it when there are more …"""
_SHARED_TAIL = 2048
"""… or, while a fork has it too and it must be copied first, when there are many more."""
_POSITIONS = 1 << 30
"""Positions are 32-bit numbers; they start anew before they get there."""
_TOKENS = 1 << 16
"""Tokens in one batch of parses, unless one candidate may take more."""

_workspaces = threading.local()


@dataclass
class Workspace:
    """One thread's scratch for streams of one hash size."""

    overlay: "Overlay"
    tokens: "Tokens"
    ledger: "Ledger"
    coder: "Coder"
    row: "Row"

    @classmethod
    def get(cls, hash_size: int, text: int, tokens: int) -> "Workspace":
        """This thread's own, with room for `text` bytes and `tokens` tokens at least."""
        from compgen.kernels.deflate_exact import make_row
        from compgen.kernels.deflate_ledger import make_coder, make_ledger
        from compgen.kernels.deflate_parse import make_tokens
        from compgen.kernels.deflate_window import make_overlay

        mine: dict[int, Workspace] = _workspaces.__dict__
        if hash_size not in mine:
            overlay, room = make_overlay(hash_size, 1024), make_tokens(_TOKENS)
            mine[hash_size] = cls(overlay, room, make_ledger(), make_coder(), make_row())
        work = mine[hash_size]
        if len(work.overlay.tail) < text:
            larger = make_overlay(hash_size, 2 * text)
            work.overlay = larger._replace(newest=work.overlay.newest)
        if len(work.tokens.symbols) < tokens:
            work.tokens = make_tokens(2 * tokens)
        return work


@dataclass(frozen=True)
class Parses:
    """Parses first … stop - 1 of n; the arrays are as `parse_each` fills them."""

    first: int
    stop: int
    tokens: "Tokens"
    starts: NDArray[np.int64]
    bases: NDArray[np.int64]
    ends: NDArray[np.int64]
    """The position at which each text ends, shape (n,)."""
    follows: NDArray[np.bool_]
    """PROBE: the bytes after each that may belong to a match, shape (n, 257)."""


class DeflateState:
    """zlib's encoder after a context, its open block and the bits that the closed ones took.

    Threads may parse candidates after one state at the same time, as long as none advances it.
    """

    def __init__(self, level: int, wbits: int, memlevel: int, filtered: bool) -> None:
        from compgen.kernels.deflate_ledger import make_ledger
        from compgen.kernels.deflate_parse import Context, make_state
        from compgen.kernels.deflate_window import make_dictionary, make_rules

        self.rules: NDArray[np.int64] = make_rules(level, wbits, memlevel, filtered)
        self.ledger = make_ledger()
        self._frontier = 0
        self._known = 0
        self._owned = True
        self._context = Context(
            make_state(),
            np.zeros(0, np.uint8),
            np.zeros(0, np.int32),
            make_dictionary(self.rules),
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
        twin.ledger = type(self.ledger)(*(array.copy() for array in self.ledger))
        state, tail, links, dictionary = self._context
        used = self._known - self._frontier
        twin._context = type(self._context)(
            state.copy(), tail[:used].copy(), links[:used].copy(), dictionary
        )
        return twin

    def parse(
        self, mode: int, data: NDArray[np.uint8], sizes: NDArray[np.int64]
    ) -> Iterator[Parses]:
        """Parse the undecided tail with each candidate, in batches that share their arrays.

        mode        FINAL, PROBE or DECIDED, as for `parse_each`
        data,sizes  the candidates, joined, and the length of each, shape (n,)
        """
        from compgen.kernels.deflate_parse import parse_each
        from compgen.kernels.deflate_window import PROBE

        count = len(sizes)
        longest = self._known - self._frontier + int(sizes.max(initial=0))
        work = self.workspace(longest)
        offsets = np.zeros(count + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        starts, bases = np.empty(count + 1, np.int64), np.empty(count, np.int64)
        ends = self._known + sizes + (mode == PROBE)
        follows = np.zeros((count if mode == PROBE else 1, 257), np.bool_)
        place = self._context, self._frontier, self._known, self.rules, mode, data, offsets
        first = 0
        while first < count:
            stop = parse_each(*place, first, work.overlay, work.tokens, starts, bases, follows)
            yield Parses(first, stop, work.tokens, starts, bases, ends, follows)
            first = stop

    def workspace(self, text: int = 0) -> Workspace:
        """This thread's scratch, for `text` bytes beside the dictionary."""
        # a byte to probe with, three to hash, and a token more than bytes
        return Workspace.get(len(self._context.dictionary.head), text + 4, text + 1)

    @property
    def _decided(self) -> int:
        """How many bytes beside the dictionary are parsed."""
        return int(self._context.state[0]) - self._frontier

    def _append(self, chunk: NDArray[np.uint8]) -> None:
        from compgen.kernels.deflate_ledger import measure_each
        from compgen.kernels.deflate_window import DECIDED

        used = self._known - self._frontier
        self._reserve(used + len(chunk))
        self._context.tail[used : used + len(chunk)] = chunk
        self._known += len(chunk)
        work = self.workspace(used + len(chunk))
        nothing = np.zeros(0)
        for parses in self.parse(DECIDED, np.zeros(0, np.uint8), np.zeros(1, np.int64)):
            measure_each(
                *(self.ledger, self.rules, parses.tokens, parses.starts, parses.bases),
                *(parses.ends, 0, 1, True, work.ledger, work.coder, nothing, nothing),
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
        from compgen.kernels.deflate_window import absorb

        state, tail, links, dictionary = self._context
        if not self._owned:
            dictionary = type(dictionary)(*(array.copy() for array in dictionary))
            self._owned = True
        decided = self._decided
        absorb(self._frontier + decided, self._frontier, self.rules, dictionary, tail, links)
        rest = tail[decided : self._known - self._frontier]
        self._frontier += decided
        tail = np.zeros(len(rest) + 2 * _OWNED_TAIL, np.uint8)
        tail[: len(rest)] = rest
        self._context = type(self._context)(
            state, tail, np.zeros(len(tail), np.int32), dictionary
        )
        if self._frontier >= _POSITIONS:
            self._start_positions_anew()

    def _start_positions_anew(self) -> None:
        """Subtract windows from every position. All that is decided is in the dictionary, and
        the dictionary is this state's own."""
        from compgen.kernels.deflate_ledger import BLOCK_START
        from compgen.kernels.deflate_parse import BASE, POSITION, START
        from compgen.kernels.deflate_window import WINDOW

        state, _, _, dictionary = self._context
        window = int(self.rules[WINDOW])
        shift = int(state[BASE]) // window * window
        state[[POSITION, BASE, START]] -= shift
        self.ledger.sums[BLOCK_START] -= shift
        for positions in (dictionary.head, dictionary.previous):
            np.maximum(positions - shift, -1, out=positions)
        self._frontier -= shift
        self._known -= shift
