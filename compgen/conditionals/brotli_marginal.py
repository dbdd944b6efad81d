"""`BrotliMarginal`: what a brotli decoder, fed with coin flips, writes after a context."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compgen.conditionals.trie_marginal import Kernel, TrieMarginal, next_table_point

if TYPE_CHECKING:
    from compgen.kernels.brotli_marginal import Grammar


class BrotliMarginal(TrieMarginal):
    """The next-byte distribution of brotli's decoder, given that it has produced `context`.

    The sum over all parses of the context into commands, and over everything that may follow:
    literals in their contexts, copies, and the words of the static dictionary in all their forms.
    The tables are those of brotli's own parse, fractional; the grammar, and where it is not
    quite the format's, is compgen.kernels.brotli_marginal's. It begins at a boundary WARM_UP
    bytes before an anchor; the last distances are there a stream's first ones.

    `compress` and `window`, the largest distance of a copy, are those of brotli's encoder with
    the options that are meant. `leaf_limit` trades time for memory (see context_trie) and changes
    nothing else. Memory: as TrieMarginal, 1.3 MB for the words' weights, and once for all 10 MB
    for the words.

    Source: DESIGN.md, section 2.
    """

    _grammar: "Grammar"

    def __init__(
        self,
        context: bytes = b"",
        *,
        compress: Callable[[bytes], bytes],
        window: int,
        leaf_limit: int | None = None,
    ) -> None:
        self._compress = compress
        self._window = window
        super().__init__(context, leaf_limit)

    def _compiled(self) -> Kernel:
        from compgen.kernels import brotli_marginal as kernel

        return Kernel(kernel.STATE, kernel.begin, kernel.next_byte)

    def _read_grammar(self, context: bytes) -> "Grammar":
        from compgen.conditionals.brotli_grammar import command_grammar

        largest = min(next_table_point(len(context)), self._window)
        return command_grammar(context, self._compress, self._window, largest)

    def _distances(self) -> tuple[NDArray[np.float64], int]:
        return self._grammar.distance, int(self._grammar.tables[0]["farthest"])
