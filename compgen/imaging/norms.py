"""What a proposal's code length says, once it is known that it was a proposal.

Proposals come from the picture itself, so that the picture's taste is in them already. The
plain weight 2^-L counts it twice, and takes the blandest (DESIGN.md, section 5).

    typical      |L(c | here) - L(c | home)|         costs as much here as where it comes from
    importance   L(c | here) + log2 mean_j 2^-L(c | context_j)      divided by how likely it
                                                     is anywhere: importance sampling
    raw          L(c | here)                         the plain weight
    null         0                                   all alike: chosen without the compressor
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits


class Norm(StrEnum):
    """Names as `--norm` takes them."""

    TYPICAL = "typical"
    IMPORTANCE = "importance"
    RAW = "raw"
    NULL = "null"


def typical(here: Bits, home: Bits) -> Bits:
    """Bits of each proposal, shapes (n,)."""
    return np.abs(here - home)


def importance(here: Bits, elsewhere: NDArray[np.float64]) -> Bits:
    """Bits of each proposal from its lengths in m random contexts, shapes (n,) and (n, m)."""
    mean: Bits = np.logaddexp2.reduce(-elsewhere, axis=1) - np.log2(elsewhere.shape[1])
    return here + mean
