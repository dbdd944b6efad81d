"""The reading `bytes` of zlib without compressing anything: its exact bits, rounded up.

A finished deflate stream ends with the byte in which its last bit lies, so the replica's bits
(`DeflateBits`) tell its length, and one candidate costs a tenth of what copying zlib's state does.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from compgen.conditional import Bits, Conditional
from compgen.conditionals.deflate_bits import DeflateBits
from compgen.reading import Reading


class DeflateWholeBytes(Conditional):
    """8 times the length in bytes of what the classic zlib writes; see `DeflateBits`."""

    reading = Reading.BYTES

    def __init__(self, bits: DeflateBits) -> None:
        assert bits.reading is Reading.BITS
        self._bits = bits

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        length = self._bits.code_length()
        whole: Bits = _whole(length + self._bits.bits(continuations)) - _whole(np.array(length))
        return whole

    def advance(self, data: bytes) -> None:
        self._bits.advance(data)

    def fork(self) -> Self:
        return type(self)(self._bits.fork())


def _whole(bits: Bits) -> Bits:
    return 8 * np.ceil(bits / 8)
