"""`Mixture`: the mean of several conditionals' probabilities.

    p(b | c) = (1/J) Σ_j p_j(b | c)

A Lempel-Ziv compressor follows one parse and so copies its corpus or loops. The mean over
experts that see different halves of the corpus and contexts of different lengths sums over
parses and matches: it is what makes such a compressor write rather than copy (DESIGN.md,
section 7). Several compressors mix as well: `gzip+zstd`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from compgen.conditional import Bits, Conditional, chain_rule
from compgen.conditionals.ensemble import Ensemble


class Mixture(Ensemble[Conditional]):
    """The arithmetic mean of probabilities, with fixed and equal weights.

    It is exact if all its members are: then `bits` is the chain rule over `next_byte`.
    Otherwise `bits` mixes each continuation's probability as a whole, -log2 mean 2^-bits,
    since the chain rule would score 256 candidates for every byte of every continuation.
    """

    def __init__(self, members: Sequence[Conditional]) -> None:
        super().__init__(members)
        self.exact = all(member.exact for member in members)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self.exact:
            return chain_rule(self, continuations)
        return self._mean(lambda member: member.bits(continuations))

    def next_byte(self) -> Bits:
        return self._mean(lambda member: member.next_byte())

    def next_byte_of(self, alphabet: bytes) -> Bits:
        if self.exact:
            return super().next_byte_of(alphabet)
        # each member is asked about these bytes alone, so each is normalised over them
        return self._mean(lambda member: member.next_byte_of(alphabet))

    def _mean(self, ask: Callable[[Conditional], Bits]) -> Bits:
        bits = np.stack([ask(member) for member in self._members])
        mean: Bits = np.log2(len(bits)) - np.logaddexp2.reduce(-bits, axis=0)
        return mean
