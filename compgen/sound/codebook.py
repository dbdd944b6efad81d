"""A few vectors that stand for many: k-means from quantiles, the same for the same vectors."""

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MOST_VECTORS = 20_000
"""A codebook is found on so many of them, evenly spread."""
_PIECE = 4096

Vectors = NDArray[np.float64]
"""Shape (n, dimensions)."""


def codebook(vectors: Vectors, most: int) -> Vectors:
    """At most `most` vectors, in the order of their sums; fewer where there are fewer."""
    some = vectors[:: max(1, len(vectors) // MOST_VECTORS)]
    order = np.argsort(some.sum(axis=1), kind="stable")
    centres = some[order[((np.arange(most) + 0.5) * len(some) / most).astype(np.intp)]]
    for _ in range(ROUNDS):
        label = nearest(some, centres)
        count = np.bincount(label, minlength=most)[:, None]
        total = np.stack([np.bincount(label, part, minlength=most) for part in some.T], axis=1)
        centres = np.where(count, total / np.maximum(count, 1), centres)
    distinct = np.unique(centres, axis=0)
    return distinct[np.argsort(distinct.sum(axis=1), kind="stable")]


def nearest(vectors: Vectors, centres: Vectors) -> NDArray[np.intp]:
    """The place in `centres` of the nearest to each of `vectors`, shape (n,)."""
    pieces = [
        ((vectors[start : start + _PIECE, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for start in range(0, len(vectors), _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.intp)
