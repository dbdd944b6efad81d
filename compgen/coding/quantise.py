"""Next-byte distributions as the whole numbers that an entropy coder codes by.

A byte of frequency f costs 24 - log2 f bits. That is at most 2.2e-5 bits more than -log2 p
(256 of 2^24 parts go to keeping every byte possible), and never more than 24 bits.

Where portability ends: the same float64 code lengths give the same frequencies on every
machine (compgen.kernels.quantise says why), but two machines may not agree on the code
lengths. A conditional that sums and takes logarithms in floating point can differ in the last
place between versions of numpy, of numba and of the C library. Of 256 code lengths that are
off by a relative 1e-15, one crosses to another frequency at every 10^7th position or so.
Decoding needs the same ones at every position: `fingerprint` tells at once where a model is
another one, a checksum at the end of the block where it strays on the way.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits
from compgen.errors import CompressorError, MissingPackageError
from compgen.kernels import why_unavailable

Weights = NDArray[np.float32]
"""Frequencies less one, shape (256,) or (n, 256), whole numbers that sum to 2^24 - 256.

constriction gives a symbol floor(weight · scale) + 1, where scale = (2^24 - 256) / sum = 1:
that is how whole frequencies are handed to it."""


def quantise(bits: Bits, weights: Weights) -> None:
    """Fill `weights`, shape (256,), from the normalised code lengths `bits`, shape (256,).

    Raises CompressorError where they are no distribution, MissingPackageError without numba.
    """
    if obstacle := why_unavailable():
        raise MissingPackageError(f"coding needs numba: {obstacle}")
    from compgen.kernels.quantise import quantise as fill

    if not fill(bits, weights):
        raise CompressorError("the next-byte distribution sums to more than 1: nothing to code by")


def frequencies(bits: Bits) -> NDArray[np.int64]:
    """How often each of the 256 bytes comes in 2^24: at least once. Raises as `quantise`."""
    weights = np.empty(256, np.float32)
    quantise(bits, weights)
    return weights.astype(np.int64) + 1


def fingerprint(weights: Weights, before: int) -> int:
    """CRC-32 of weights as little-endian integers, carried on from `before`."""
    return zlib.crc32(weights.astype("<u4").tobytes(), before)
