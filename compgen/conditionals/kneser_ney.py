"""`KneserNey`: interpolated modified Kneser-Ney over bytes, counted as it reads.

    p_n(b | the n-1 bytes before) = (count - D(count) + left · p_{n-1}(b | one byte less)) / total
    p_0(b) = 1/256

For the longest n-grams `count` is how often one occurred, for shorter ones before how many
different bytes. So a new occurrence moves one count, and the next shorter one only where the
n-gram is new:

    … q u i c k     6-gram "quick": seen before ─► count + 1, done
                                    new ─► count 1, and 5-gram "uick": new? ─► …

Forks share what was counted: a fork writes to a layer of its own.

Source: Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling"
(Harvard TR-10-98, 1998), sections 3 and 4.1.6.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, NextByteConditional
from compgen.errors import UsageError
from compgen.reading import Reading

MOST_ORDER = 16
MOST_LAYERS = 8

Followers = dict[int, int]
"""The count of each byte after one context."""


class KneserNey(NextByteConditional):
    """An n-gram model of `order` bytes (`order` - 1 of context) that has read `context`.

    It goes on counting what it reads. Raises UsageError where `order` is not from 1 to 16.
    """

    reading = Reading.MARGINAL

    def __init__(self, context: bytes = b"", *, order: int = 6) -> None:
        if not 1 <= order <= MOST_ORDER:
            raise UsageError(f"an n-gram has from 1 to {MOST_ORDER} bytes, not {order}")
        self._order = order
        self._layers: list[dict[bytes, Followers]] = [{}]
        # of each length, how many n-grams have a count of 1, 2, 3, 4: rows of 5; of 0, none
        self._of_counts = [[0] * 5 for _ in range(order + 1)]
        self._recent = b""
        self._size = 0
        self.advance(context)

    def next_byte(self) -> Bits:
        probabilities = np.full(256, 1 / 256)
        for length in range(1, self._order + 1):
            if length - 1 > len(self._recent):
                break
            followers = self._followers(self._recent[len(self._recent) - length + 1 :])
            if not followers:
                break  # nor has a longer context been seen
            values = np.fromiter(followers.keys(), np.intp, len(followers))
            counts = np.fromiter(followers.values(), np.int64, len(followers))
            discounts = self._discounts(length)[np.minimum(counts, 3)]
            probabilities *= discounts.sum()
            probabilities[values] += counts - discounts
            probabilities /= counts.sum()
        bits: Bits = -np.log2(probabilities)
        return bits

    def advance(self, data: bytes) -> None:
        text = self._recent + data
        for end in range(len(self._recent), len(text)):
            self._count(text, end)
        self._size += len(data)
        self._recent = text[max(0, len(text) - self._order + 1) :] if self._order > 1 else b""

    def fork(self) -> Self:
        if self._layers[-1]:
            if len(self._layers) == MOST_LAYERS:
                merged: dict[bytes, Followers] = {}
                for layer in self._layers[1:]:
                    merged.update(layer)
                self._layers = [self._layers[0], merged]
            self._layers = [*self._layers, {}]
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._layers = [*self._layers[:-1], {}]
        twin._of_counts = [row.copy() for row in self._of_counts]
        return twin

    def _count(self, text: bytes, end: int) -> None:
        """Count the byte at `end` after all its contexts."""
        value = text[end]
        for length in range(min(self._order, end + 1), 0, -1):
            followers = self._own_followers(text[end - length + 1 : end])
            before = followers.get(value, 0)
            followers[value] = before + 1
            if before <= 4:
                of_counts = self._of_counts[length]
                if before:
                    of_counts[before] -= 1
                if before < 4:
                    of_counts[before + 1] += 1
            if before:
                return

    def _discounts(self, length: int) -> NDArray[np.float64]:
        """What is taken off a count of 0, 1, 2, and 3 or more, shape (4,)."""
        of_counts = self._of_counts[length]
        once, twice = max(1, of_counts[1]), max(1, of_counts[2])
        share = once / (once + 2 * twice)
        discounts = [0.0]
        for count in (1, 2, 3):
            ratio = of_counts[count + 1] / max(1, of_counts[count])
            discounts.append(min(max(count - (count + 1) * share * ratio, 0.05 * count), count))
        return np.array(discounts)

    def _followers(self, context: bytes) -> Followers:
        for layer in reversed(self._layers):
            if (found := layer.get(context)) is not None:
                return found
        return {}

    def _own_followers(self, context: bytes) -> Followers:
        """As `_followers`, to be changed: of this conditional alone."""
        own = self._layers[-1]
        if (found := own.get(context)) is None:
            found = own[context] = dict(self._followers(context))
        return found
