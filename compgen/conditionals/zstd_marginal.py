"""`ZstdMarginal`: what a zstd decoder, fed with coin flips, writes after a context."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.conditionals.trie_marginal import Kernel, TrieMarginal


class ZstdMarginal(TrieMarginal):
    """The next-byte distribution of zstd's decoder, given that it has produced `context`.

    The sum over all parses of the context into sequences, and over everything that may follow,
    under fractional tables of libzstd's own parse; the grammar, and where it is not quite the
    format's, is compgen.kernels.zstd_marginal's. It begins at a boundary WARM_UP bytes before
    an anchor; the offset history is there a frame's first one.

    `level` and `long` are libzstd's, and so is the window that follows from them: 2 MB at level
    3, 8 MB at level 19, 2^long bytes. `leaf_limit` trades time for memory (see context_trie) and
    changes nothing else. Memory: 5 bytes for each of the context, and 4 KB for each of its own
    contexts that occur more than `leaf_limit` times, which is 16 MB at 1 MB or at 10 MB.

    Raises UsageError for options out of range. Source: DESIGN.md, section 2.
    """

    _grammar: NDArray[np.void]

    def __init__(
        self,
        context: bytes = b"",
        *,
        level: int = 3,
        long: int = 0,
        leaf_limit: int | None = None,
    ) -> None:
        from compgen.conditionals.zstd_grammar import ZstdOptions

        self._options = ZstdOptions(level, long)
        super().__init__(context, leaf_limit)

    def _compiled(self) -> Kernel:
        from compgen.kernels import zstd_marginal as kernel

        return Kernel(kernel.STATE, kernel.begin, kernel.next_byte)

    def _read_grammar(self, context: bytes) -> Any:
        from compgen.conditionals.zstd_grammar import sequence_grammar

        return sequence_grammar(context, self._options)

    def _distances(self) -> tuple[NDArray[np.float64], int]:
        record = self._grammar[0]
        return record["distance"], int(record["farthest"])
