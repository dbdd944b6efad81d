"""A matrix product in float32 whose every sum is added up in one fixed order.

    out[lane, j] = ((bias[j] + x[lane, 0] · W[0, j]) + x[lane, 1] · W[1, j]) + …

              ┌─ TILE outputs ─┐
    W   tile 0│ 0 ───────────► │   a row: TILE outputs of one input, next to each other in memory,
              │ 1 ───────────► │   the lanes of vector code; the sums over rows stay in order, so
              │ … K - 1        │   no width of a vector unit and no number of lanes changes a bit
        tile 1│ …              │
              └────────────────┘   LANES lanes share a row while it is in a register

Vector code goes across outputs and never across a sum. Between two multiplications and
additions nothing is fused: numba asks LLVM for neither contraction nor `fastmath`.

Source: register blocking as in Goto and van de Geijn, "Anatomy of high-performance matrix
multiplication" (ACM TOMS 34, 2008), without their blocking of the sum.
"""

import numpy as np
from numpy.typing import NDArray

from compgen.kernels.jit import arithmetic

TILE = 128
LANES = 4
DEPTH = 16
"""A sum has a multiple of so many terms: zeros fill it up."""

Floats = NDArray[np.float32]


def padded(count: int, multiple: int) -> int:
    """`count`, rounded up to a multiple."""
    return -(-count // multiple) * multiple


def tiled(weights: Floats) -> Floats:
    """`weights`, shape (outputs, inputs), as the tiles of `product`: (tiles, K, TILE)."""
    outputs, inputs = weights.shape
    tiles = padded(outputs, TILE) // TILE
    square = np.zeros((padded(inputs, DEPTH), tiles * TILE), np.float32)
    square[:inputs, :outputs] = weights.T
    return np.ascontiguousarray(square.reshape(-1, tiles, TILE).transpose(1, 0, 2))


def filled(vector: Floats, count: int) -> Floats:
    """`vector` with zeros up to `count`."""
    longer = np.zeros(count, np.float32)
    longer[: vector.size] = vector
    return longer


@arithmetic
def product(x, tiles, bias, out):
    """`bias` + `x` · W into `out`.

    x      float32 (n, K)            K a multiple of DEPTH
    tiles  float32 (tiles, K, TILE)
    bias   float32 (tiles · TILE,)
    out    float32 (n, tiles · TILE)
    """
    whole = x.shape[0] - x.shape[0] % LANES
    for tile in range(tiles.shape[0]):
        first = tile * TILE
        for lane in range(0, whole, LANES):
            _four(x, lane, tiles[tile], bias, out, first)
        for lane in range(whole, x.shape[0]):
            _one(x[lane], tiles[tile], bias, out[lane], first)


@arithmetic
def _four(x, lane, w, bias, out, first):
    """LANES lanes from `lane`, four terms of each sum at a time."""
    last = first + TILE
    o0, o1 = out[lane, first:last], out[lane + 1, first:last]
    o2, o3 = out[lane + 2, first:last], out[lane + 3, first:last]
    for j in range(TILE):
        start = bias[first + j]
        o0[j] = start
        o1[j] = start
        o2[j] = start
        o3[j] = start
    for k in range(0, w.shape[0], 4):
        a0, a1, a2, a3 = x[lane, k], x[lane, k + 1], x[lane, k + 2], x[lane, k + 3]
        b0, b1, b2, b3 = x[lane + 1, k], x[lane + 1, k + 1], x[lane + 1, k + 2], x[lane + 1, k + 3]
        c0, c1, c2, c3 = x[lane + 2, k], x[lane + 2, k + 1], x[lane + 2, k + 2], x[lane + 2, k + 3]
        d0, d1, d2, d3 = x[lane + 3, k], x[lane + 3, k + 1], x[lane + 3, k + 2], x[lane + 3, k + 3]
        for j in range(TILE):
            w0, w1, w2, w3 = w[k, j], w[k + 1, j], w[k + 2, j], w[k + 3, j]
            o0[j] = (((o0[j] + a0 * w0) + a1 * w1) + a2 * w2) + a3 * w3
            o1[j] = (((o1[j] + b0 * w0) + b1 * w1) + b2 * w2) + b3 * w3
            o2[j] = (((o2[j] + c0 * w0) + c1 * w1) + c2 * w2) + c3 * w3
            o3[j] = (((o3[j] + d0 * w0) + d1 * w1) + d2 * w2) + d3 * w3


@arithmetic
def _one(x, w, bias, out, first):
    """One lane, DEPTH terms of each sum at a time: the same sums in the same order."""
    o = out[first : first + TILE]
    for j in range(TILE):
        o[j] = bias[first + j]
    for k in range(0, w.shape[0], DEPTH):
        x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
        x4, x5, x6, x7 = x[k + 4], x[k + 5], x[k + 6], x[k + 7]
        x8, x9, x10, x11 = x[k + 8], x[k + 9], x[k + 10], x[k + 11]
        x12, x13, x14, x15 = x[k + 12], x[k + 13], x[k + 14], x[k + 15]
        for j in range(TILE):
            total = ((o[j] + x0 * w[k, j]) + x1 * w[k + 1, j]) + x2 * w[k + 2, j]
            total = ((total + x3 * w[k + 3, j]) + x4 * w[k + 4, j]) + x5 * w[k + 5, j]
            total = ((total + x6 * w[k + 6, j]) + x7 * w[k + 7, j]) + x8 * w[k + 8, j]
            total = ((total + x9 * w[k + 9, j]) + x10 * w[k + 10, j]) + x11 * w[k + 11, j]
            total = ((total + x12 * w[k + 12, j]) + x13 * w[k + 13, j]) + x14 * w[k + 14, j]
            o[j] = total + x15 * w[k + 15, j]
