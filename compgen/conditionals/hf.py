"""Two conditionals of a language model over tokens.

HfConditional   p(next byte), summed over tokenisations     reading `marginal`
HfTokens        code length of the canonical tokenisation   reading `bits`
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from compgen.conditional import BYTES, Bits, Conditional, NextByteConditional
from compgen.hf.beam import Beam, advance, begin, next_byte
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.hf.token_model import Said, TokenModel

STRIDE = 256
"""Bytes from one anchor to the next."""
OVERLAP = 32
"""Bytes at least between the canonical tokens of an anchor and the anchor."""
NEAR = 3
"""Tokens after the context for which what follows is remembered: most candidates share them."""
REACH = 4
"""Bytes for each token of the window that an anchor looks back."""


class HfConditional(NextByteConditional):
    """A model over tokens that has read `context`, asked for bytes.

    Anchors. At every multiple of STRIDE bytes the beam is made anew: the text so far up to OVERLAP
    bytes before that place is taken in its canonical tokens, as many of the last as half a window
    holds, and the rest is read byte by byte. So a long context costs one pass and not one for
    each byte, and what is predicted depends on the text alone, not on how it came.

        text   │ canonical tokens │ byte by byte: the beam │ anchor │ byte by byte …
                                  └────── OVERLAP or more ──┘
    """

    reading = Reading.MARGINAL

    def __init__(self, model: "TokenModel", context: bytes = b"", *, width: int = 8) -> None:
        self._model = model
        self._width = width
        self._stride = min(STRIDE, max(model.window // 4, 1))
        self._text = b""
        """The last part of what has been read, as much as an anchor looks at."""
        self._size = 0
        self._beam: Beam = begin(model.read([]), model.trie)
        self.advance(model.vocabulary.before + context)

    def next_byte(self) -> Bits:
        return next_byte(self._beam)

    def advance(self, data: bytes) -> None:
        anchor = (self._size + len(data)) // self._stride * self._stride
        if anchor > self._size:
            skipped = anchor - self._size
            self._remember(data[:skipped])
            self._anchor()
            data = data[skipped:]
        self._walk(data)
        self._remember(data)

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        """Code length of each by the chain rule, in bits; what they begin with is read once."""
        lengths = np.zeros(len(continuations))
        path = [_Place(self, self.next_byte(), 0.0)]
        before = b""
        for index in sorted(range(len(continuations)), key=continuations.__getitem__):
            data = continuations[index]
            if not data:
                continue
            del path[_shared(before, data[:-1]) + 1 :]
            for value in data[len(path) - 1 : -1]:
                path.append(path[-1].after(value))
            lengths[index] = path[-1].cost + path[-1].said[data[-1]]
            before = data[:-1]
        return lengths

    def next_bytes(self, prefixes: Sequence[bytes]) -> Bits:
        grid = self.bits([prefix + byte for prefix in prefixes for byte in BYTES])
        return grid.reshape(len(prefixes), 256)

    def _walk(self, data: bytes) -> None:
        for value in data:
            self._beam = advance(self._beam, value, self._model, self._width)

    def _remember(self, data: bytes) -> None:
        self._text = (self._text + data)[-REACH * self._model.window :]
        self._size += len(data)

    def _anchor(self) -> None:
        model, text = self._model, self._text
        tokens = model.vocabulary.tokens(text)
        overlap = min(OVERLAP, self._stride)
        left = 0
        while tokens and left < overlap:
            left += len(model.vocabulary.spelling[tokens.pop()])
        said = model.read(tokens[-(model.window // 2) :])
        self._beam = begin(said, model.trie)
        self._walk(text[len(text) - left :])


class _Place(NamedTuple):
    """Somewhere in a continuation."""

    conditional: HfConditional
    said: Bits  # (256,)   its next byte
    cost: float  # of the continuation so far, in bits

    def after(self, value: int) -> "_Place":
        twin = self.conditional.fork()
        twin.advance(BYTES[value])
        return _Place(twin, twin.next_byte(), self.cost + float(self.said[value]))


class HfTokens(Conditional):
    """Code lengths: what a continuation adds to the canonical tokenisation of all.

    The tokenisation of the context may change with what follows, so a length may be negative. The
    tokens that stay are read once for all continuations; where they are more than a window, each
    token sees between half of it and all.
    """

    reading = Reading.BITS

    def __init__(self, model: "TokenModel", context: bytes = b"") -> None:
        self._model = model
        self._context = model.vocabulary.before
        self._tokens: list[int] = []
        self._lengths: Bits | None = None
        self._stems: dict[tuple[int, ...], Said] = {}
        """What follows the first n tokens of the context and some others, by n and those."""
        self.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self._lengths is None:
            self._lengths = self._model.code_lengths(self._tokens)
        before = float(self._lengths.sum())
        return np.array([self._length(data) - before for data in continuations], np.float64)

    def advance(self, data: bytes) -> None:
        self._context += data
        self._tokens = self._model.vocabulary.tokens(self._context)
        self._lengths = None
        self._stems = {}

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def _length(self, data: bytes) -> float:
        """Of the context and `data`, in bits."""
        assert self._lengths is not None
        tokens = self._model.vocabulary.tokens(self._context + data)
        kept = _shared(self._tokens, tokens)
        near = min(len(tokens), kept + NEAR)
        total = float(self._lengths[:kept].sum())
        for place in range(kept, near):
            total += self._model.cost(self._stem(tokens, kept, place).chances, tokens[place])
        if near < len(tokens):
            last = self._stem(tokens, kept, near)
            total += float(self._model.code_lengths_after(last, tokens[near:]).sum())
        return total

    def _stem(self, tokens: list[int], kept: int, place: int) -> "Said":
        """What follows the first `place` of `tokens`, of which the context has the first `kept`."""
        key = (kept, *tokens[kept:place])
        if key not in self._stems:
            if place == kept:
                self._stems[key] = self._model.read(tokens[:kept])
            else:
                before = self._stem(tokens, kept, place - 1)
                self._stems[key] = self._model.after(before, tokens[place - 1])
        return self._stems[key]


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens, or bytes, two begin with alike."""
    for place, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return place
    return min(len(one), len(other))
