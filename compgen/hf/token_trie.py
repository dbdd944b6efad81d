"""The tokens' spellings as a trie: sorted, every prefix is a range of neighbours.

rank   spelling        node b"th": ranks 1 … 4, of which 1 ends here
 0     b"t"            its children: b"the" (2 … 3), b"tha" does not exist, b"thy" (4)
 1     b"th"
 2     b"the"
 3     b"then"
 4     b"thy"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Chances = NDArray[np.float64]
"""Probabilities of all ordinary tokens, in the order of their ranks, shape (vocabulary,)."""


@dataclass(frozen=True)
class Node:
    """A string of bytes that some token begins with."""

    low: int
    high: int
    """The tokens that begin with it are those of ranks low … high - 1,"""
    ends: int
    """and of those the first `ends` are it."""
    values: NDArray[np.int64]
    """The bytes that may follow, ascending, shape (children,)."""
    borders: NDArray[np.int64]
    """The rank at which each of those begins, shape (children,)."""
    children: "dict[int, Node]" = field(default_factory=dict, repr=False)
    """Those that have been asked for."""


class TokenTrie:
    """All spellings of a vocabulary."""

    def __init__(self, spelling: Mapping[int, bytes]) -> None:
        ranked = sorted(spelling.items(), key=lambda entry: (entry[1], entry[0]))
        self.tokens = np.array([token for token, _ in ranked], np.int64)
        """The token of each rank."""
        self._spellings = [data for _, data in ranked]
        self.longest = max(map(len, self._spellings))
        """Bytes of the longest token."""
        self.root = self._node(0, len(ranked), 0)

    def child(self, node: Node, depth: int, value: int) -> Node | None:
        """What `node`, a string of `depth` bytes, becomes by one more; None: no token."""
        if value not in node.children:
            place = int(np.searchsorted(node.values, value))
            if place == node.values.size or node.values[place] != value:
                return None
            last = place + 1 == node.values.size
            high = node.high if last else int(node.borders[place + 1])
            node.children[value] = self._node(int(node.borders[place]), high, depth + 1)
        return node.children[value]

    def _node(self, low: int, high: int, depth: int) -> Node:
        ends = low
        while ends < high and len(self._spellings[ends]) == depth:
            ends += 1
        following = np.fromiter(
            (data[depth] for data in self._spellings[ends:high]), np.int64, high - ends
        )
        values, first = np.unique(following, return_index=True)
        return Node(low, high, ends - low, values, ends + first)


def continuations(node: Node, chances: Chances) -> NDArray[np.float64]:
    """The probability of each byte after `node` within a token, shape (256,): they sum to that of
    all tokens which begin with it and are longer."""
    found = np.zeros(256)
    if node.values.size:
        found[node.values] = np.add.reduceat(chances[: node.high], node.borders)
    return found
