"""`TrieMarginal`: what decoder-marginals over a context trie have in common.

    context ─► refresh: grammar, trie ─► warm-up ─► state ─► advance ─► state …     (kernels)
                      ▲                     ▲                   │
                      └─ table points       └──── anchors ──────┘
                         4 per doubling           every 4096 bytes, and at table points

What is where, and who may change it:

    grammar   read-only, shared by forks
    trie      every position of the context but the last few: shared by forks, and changed in
              place only by a conditional that shares it with no one
    tail      the last few bytes, which are not in the trie yet: private
    state     forward variables: private

A fork copies tail and state. When its tail has grown to LARGEST_TAIL bytes and others still use
the trie, it takes a copy of it.

The distribution is a function of the context alone, however it was split between constructor
and `advance`. Two things make it so. At a table point the grammar is read anew off the encoder's
parse of all of the context. At an anchor the forward variables begin anew WARM_UP bytes before
it, from a boundary taken for certain: what came before is forgotten by then, and a long context
is conditioned on without running through it.
"""

import weakref
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.kernels.context_trie import Trie

ANCHOR = 4096
"""Bytes between anchors."""
WARM_UP = 256
"""Bytes over which the forward variables run before an anchor: commands of text are some ten
bytes long, so that what came before is forgotten."""
FIRST_TABLE_POINT = 64
"""Below this the tables are what is assumed beforehand: no parse says anything yet."""


def table_interval(length: int) -> int:
    """Bytes between table points at this length of context: four while it doubles."""
    return max(FIRST_TABLE_POINT, 1 << length.bit_length() >> 3)


def table_point(length: int) -> int:
    """The last table point at or before `length`."""
    return length - length % table_interval(length)


def next_table_point(length: int) -> int:
    """The first table point after `length`."""
    return table_point(length) + table_interval(length)


def anchor(length: int) -> int:
    """The last anchor at or before `length`."""
    return max(table_point(length), length - length % ANCHOR)


def next_anchor(length: int) -> int:
    """The first anchor after `length`."""
    interval = min(ANCHOR, table_interval(length))
    return length - length % interval + interval


class Kernel(NamedTuple):
    """What a format's kernels are begun with; the loops are compgen.kernels.trie_marginal's."""

    state: np.dtype[np.void]
    begin: Callable[..., None]
    next_byte: Callable[..., None]


class TrieMarginal(NextByteConditional):
    """The next-byte distribution of a decoder, given that it has produced `context`.

    A format gives its grammar and its kernel. `leaf_limit` trades time for memory (see
    context_trie) and changes nothing else. Memory: 5 bytes for each of the context, and 4 KB for
    each of its own contexts that occur more than `leaf_limit` times.
    """

    reading = Reading.MARGINAL

    def __init__(self, context: bytes, leaf_limit: int | None) -> None:
        self._kernel = self._compiled()
        self._scratch: NDArray[np.void] | None = None
        self._users: weakref.WeakSet[TrieMarginal] = weakref.WeakSet()
        self._leaf_limit = leaf_limit
        self._refresh(context[: anchor(len(context))])
        self.advance(context[self._length :])

    @abstractmethod
    def _compiled(self) -> Kernel:
        """The format's kernel."""

    @abstractmethod
    def _read_grammar(self, context: bytes) -> Any:
        """The grammar at a table point."""

    @abstractmethod
    def _distances(self) -> tuple[NDArray[np.float64], int]:
        """The present grammar's weight of each distance class, and the window."""

    @property
    def context_length(self) -> int:
        """Bytes of context so far."""
        return self._length

    def next_byte(self) -> Bits:
        probabilities = np.empty(256)
        self._kernel.next_byte(*self._model(), probabilities)
        return -np.log2(probabilities)

    def code_lengths(self, data: bytes) -> Bits:
        """Code length of each byte of `data`, shape (n,), compiled; advances over it."""
        bits = np.empty(len(data))
        self._feed(data, bits)
        return bits

    def advance(self, data: bytes) -> None:
        self._feed(data, np.empty(0))

    def generate(
        self,
        uniforms: NDArray[np.float64],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        typical: float = 1.0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> tuple[bytes, Bits]:
        """One byte for each uniform number in [0, 1), in the compiled loop; advances over them.

        Returns the bytes and the code length of each, -log2 p before shaping, shape (n,).

        Shaping and drawing are compgen.distribution's: the bytes are those of the Python-level
        loop with the same uniforms.
        """
        from compgen.kernels.trie_marginal import generate

        shape = (float(temperature), int(top_k), float(typical), float(top_p), float(min_p))
        out = np.empty(uniforms.size, np.uint8)
        bits = np.empty(uniforms.size)
        done = 0
        while done < uniforms.size:
            room = next_anchor(self._length) - self._length
            piece = np.array(uniforms[done : done + room], np.float64)
            count = generate(
                *self._model(), piece, *shape, self._merge_until(), out[done:], bits[done:]
            )
            done += count
            self._moved(count, stuck=count < piece.size)
        return out.tobytes(), bits

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._tail = self._tail.copy()
        twin._state = self._state.copy()
        twin._scratch = None
        self._users.add(twin)
        return twin

    def _feed(self, data: bytes, bits: Bits) -> None:
        """Advance over `data`, from anchor to anchor, and note the code lengths in `bits`, (n,),
        unless that is empty."""
        from compgen.kernels.trie_marginal import feed

        pending = np.frombuffer(bytearray(data), np.uint8)
        done = 0
        while done < len(data):
            piece = pending[done : done + next_anchor(self._length) - self._length]
            count = feed(*self._model(), piece, self._merge_until(), bits[done:])
            done += count
            self._moved(count, stuck=count < len(piece))

    def _moved(self, count: int, *, stuck: bool) -> None:
        """Account for `count` bytes appended, and do what is due: more room, a fresh start."""
        self._length += count
        if self._length == anchor(self._length) and count:
            if self._length == table_point(self._length):
                self._refresh(self._text())
            else:
                self._begin_anew()
        elif stuck:
            self._make_room()

    def _model(self) -> "tuple[Trie, Any, NDArray[np.void], NDArray[np.uint8], NDArray[np.void]]":
        if self._scratch is None:
            from compgen.kernels.context_trie import LOOK

            scratch = np.empty(1, LOOK)
            scratch["now"] = -1
            self._scratch = scratch
        return self._trie, self._grammar, self._state, self._tail, self._scratch

    def _text(self) -> bytes:
        from compgen.kernels.context_trie import PREFIX

        size, tail_size = int(self._trie.sizes[0]), int(self._state["tail_size"][0])
        indexed = self._trie.text[:size].tobytes()
        return indexed + self._tail[PREFIX : PREFIX + tail_size].tobytes()

    @property
    def _owned(self) -> bool:
        return len(self._users) == 1

    def _merge_until(self) -> int:
        """Up to where the tail goes into the trie: not past the next warm-up's start."""
        return next_anchor(self._length) - WARM_UP if self._owned else 0

    def _refresh(self, context: bytes) -> None:
        """Everything afresh, at an anchor."""
        from compgen.kernels.context_trie import build, empty_trie, grown

        self._grammar = self._read_grammar(context[: table_point(len(context))])
        trie = empty_trie(context, self._leaf_limit)
        size = max(0, len(context) - WARM_UP)
        while not build(trie, size, *self._distances()):
            trie = grown(trie)
        self._own(trie)
        self._length = len(context)
        self._begin(context[size:])

    def _begin_anew(self) -> None:
        """Forward variables afresh, at an anchor that is not a table point."""
        self._begin(self._text()[int(self._trie.sizes[0]) :])

    def _begin(self, tail: bytes) -> None:
        """Run the forward variables over the last WARM_UP bytes of the context.

        `tail`: what is not in the trie, at least as much as that, or all of the context.
        """
        from compgen.kernels.context_trie import LARGEST_TAIL, PREFIX
        from compgen.kernels.trie_marginal import feed

        size = int(self._trie.sizes[0])
        before = self._trie.text[max(0, size - PREFIX) : size]
        ahead = max(0, len(tail) - WARM_UP)
        known = np.frombuffer(bytearray(tail), np.uint8)
        self._state = np.zeros(1, self._kernel.state)
        self._state["tail_size"] = ahead
        self._tail = np.zeros(PREFIX + LARGEST_TAIL, np.uint8)
        self._tail[PREFIX - before.size : PREFIX] = before
        self._tail[PREFIX : PREFIX + ahead] = known[:ahead]
        self._scratch = None
        trie, grammar, state, _, scratch = self._model()
        self._kernel.begin(trie, grammar, state, scratch)
        feed(*self._model(), known[ahead:], 0, np.empty(0))

    def _make_room(self) -> None:
        """A larger trie for its owner; for another, a trie of its own."""
        from compgen.kernels.context_trie import grown

        self._own(grown(self._trie))
        self._scratch = None

    def _own(self, trie: "Trie") -> None:
        """Use `trie`, which nobody else does."""
        self._trie = trie
        self._users.discard(self)
        self._users = weakref.WeakSet([self])
